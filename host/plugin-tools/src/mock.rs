//! `pangolin plugin mock`: the upstream of a scenario as a server on loopback, for a host that runs
//! the component.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use pangolin_core::clock::SystemClock;
use pangolin_core::secret::REDACTED;
use pangolin_egress::{Request, Response};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use crate::run::is_sensitive;
use crate::scenario::Scenario;
use crate::shown::printable;
use crate::upstream::{Reach, Scripted};

/// Bytes of a request's body.
const MAX_BODY: usize = 1 << 20;
/// A client that sends no whole head, or no whole body, within this goes.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections at a time.
const MOST_CONNECTIONS: usize = 64;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The scenario.
    scenario: PathBuf,
    /// Port on 127.0.0.1; 0: any that is free.
    #[arg(long, default_value_t = 9_099)]
    port: u16,
    /// Life that answers give, in seconds. A host refuses one that is longer than it asked for.
    #[arg(long, default_value_t = 900)]
    ttl: u32,
}

pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let scenario = Scenario::read(&arguments.scenario)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port))
        .await
        .with_context(|| format!("port {} of 127.0.0.1 cannot be used", arguments.port))?;
    let upstream = Scripted::new(scenario.upstream, Arc::new(SystemClock), Reach::PathOnly, arguments.ttl);
    crate::printed::out(&format!("listening on http://{}\n", listener.local_addr()?))?;
    serve(listener, Arc::new(upstream)).await
}

async fn serve(listener: TcpListener, upstream: Arc<Scripted>) -> anyhow::Result<()> {
    let places = Arc::new(tokio::sync::Semaphore::new(MOST_CONNECTIONS));
    loop {
        let place = places.clone().acquire_owned().await?;
        let (stream, _) = listener.accept().await?;
        let upstream = upstream.clone();
        tokio::spawn(async move {
            connection(stream, &upstream).await;
            drop(place);
        });
    }
}

/// One connection; that a client goes away is no fault.
async fn connection(stream: TcpStream, upstream: &Scripted) {
    let service = service_fn(async |request| Ok::<_, Infallible>(answer(request, upstream).await));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(READ_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    drop(served);
}

async fn answer(request: http::Request<Incoming>, upstream: &Scripted) -> http::Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    // What is announced is not waited for.
    let is_large = body.size_hint().lower() > MAX_BODY as u64;
    let reading = tokio::time::timeout(READ_TIMEOUT, Limited::new(body, MAX_BODY).collect());
    let body = if is_large { None } else { reading.await.ok().and_then(Result::ok) };
    let Some(body) = body else { return refused(413, "the body is larger than 1 MiB, or was not sent in time") };
    let path = head.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let Ok(url) = Url::parse(&format!("http://127.0.0.1{path}")) else { return refused(400, "the path is none") };
    let request = Request { method: head.method, url, headers: head.headers, body: body.to_bytes() };
    let answer = upstream.reply(&request).await;
    // Whoever reads may stop early.
    let _printed = crate::printed::out(&told(&request, answer.as_ref().ok()));
    match answer {
        Ok(Response { status, headers, body }) => {
            let mut response = http::Response::new(Full::new(body));
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            response
        }
        Err(error) => refused(502, &error.to_string()),
    }
}

fn refused(status: u16, why: &str) -> http::Response<Full<Bytes>> {
    let mut response = http::Response::new(Full::new(Bytes::from(format!("{why}\n"))));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    response
}

/// A request and what became of it, without what has the name of a secret.
fn told(request: &Request, answer: Option<&Response>) -> String {
    let path = match request.url.query() {
        Some(query) => format!("{}?{}", request.url.path(), masked_form(query.as_bytes())),
        None => request.url.path().to_owned(),
    };
    let status = answer.map_or("no answer in the scenario".to_owned(), |answer| answer.status.as_u16().to_string());
    let mut out = format!("{} {} -> {status}\n", request.method, printable(&path, 500));
    for (name, value) in &request.headers {
        let shown =
            if is_sensitive(name.as_str()) { REDACTED.into() } else { String::from_utf8_lossy(value.as_bytes()) };
        out.push_str(&format!("  {name}: {}\n", printable(&shown, 200)));
    }
    if !request.body.is_empty() {
        out.push_str(&format!("  {}\n", printable(&masked_body(&request.body), 2_000)));
    }
    out
}

fn masked_body(body: &[u8]) -> String {
    match serde_json::from_slice::<Value>(body) {
        Ok(mut value) => {
            mask_members(&mut value);
            value.to_string()
        }
        Err(_) if body.contains(&b'=') => masked_form(body),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    }
}

fn mask_members(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                if is_sensitive(name) { *value = Value::from(REDACTED) } else { mask_members(value) }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(mask_members),
        _ => {}
    }
}

fn masked_form(form: &[u8]) -> String {
    let fields = url::form_urlencoded::parse(form).map(|(name, value)| {
        if is_sensitive(&name) { format!("{name}={REDACTED}") } else { format!("{name}={value}") }
    });
    fields.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests;
