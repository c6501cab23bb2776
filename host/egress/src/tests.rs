mod server;
mod trust;

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, Method};
use pangolin_core::egress::{EgressDenied, EgressPolicy};
use url::Url;

use self::server::Server;
use crate::{EgressClient, EgressError, Limits, Request, Resolve, Response};

/// Answers each question about a name with the next list of addresses, the last one for ever.
#[derive(Debug, Default)]
struct Scripted(Mutex<BTreeMap<String, Vec<Vec<IpAddr>>>>);

impl Scripted {
    fn new(names: &[(&str, &[&[&str]])]) -> Arc<Self> {
        let parse = |answers: &[&[&str]]| {
            answers.iter().map(|list| list.iter().map(|address| address.parse().unwrap()).collect()).collect()
        };
        Arc::new(Self(Mutex::new(names.iter().map(|(name, answers)| ((*name).to_owned(), parse(answers))).collect())))
    }
}

impl Resolve for Scripted {
    fn resolve(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let mut names = self.0.lock().unwrap();
        let answer = match names.get_mut(&host) {
            Some(answers) if answers.len() > 1 => Ok(answers.remove(0)),
            Some(answers) => Ok(answers[0].clone()),
            None => Err(io::Error::other("unknown name")),
        };
        Box::pin(async move { answer })
    }
}

fn policy(ranges: &str, operator: &[&str]) -> Arc<EgressPolicy> {
    let operator: Vec<Url> = operator.iter().map(|text| text.parse().unwrap()).collect();
    Arc::new(EgressPolicy::new(EgressPolicy::parse_ranges(ranges).unwrap(), &operator, true))
}

fn request(url: &str) -> Request {
    Request { method: Method::GET, url: url.parse().unwrap(), headers: HeaderMap::new(), body: Bytes::new() }
}

const LIMITS: Limits = Limits { timeout: Duration::from_secs(5), max_response_bytes: 1000 };

async fn get(client: &EgressClient, url: &str) -> Result<Response, EgressError> {
    client.execute(request(url), LIMITS).await
}

#[tokio::test]
async fn an_allowed_server_answers() {
    let server = Server::start("HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-length: 5\r\n\r\nhello").await;
    let client = EgressClient::new(policy("127.0.0.0/8", &[])).unwrap();
    let response = get(&client, &server.url("/path?q=1")).await.unwrap();
    assert_eq!((response.status.as_u16(), response.body.as_ref()), (200, b"hello".as_ref()));
    assert_eq!(response.headers["x-a"], "b");
    let seen = server.requests();
    assert!(seen[0].starts_with("GET /path?q=1 HTTP/1.1\r\n"), "{seen:?}");
    assert!(!seen[0].to_lowercase().contains("accept-encoding"), "{seen:?}");
}

#[tokio::test]
async fn a_literal_is_refused_before_any_connection() {
    let server = Server::start("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let client = EgressClient::new(policy("", &[])).unwrap();
    let error = get(&client, &server.url("/")).await.unwrap_err();
    assert!(matches!(error, EgressError::Denied(EgressDenied::Address { .. })), "{error}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_with_the_address() {
    let server = Server::start("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let names = Scripted::new(&[
        ("inside.example", &[&["127.0.0.1", "::1"]]),
        ("metadata.example", &[&["169.254.169.254"]]),
        ("nowhere.example", &[&[]]),
    ]);
    let client = EgressClient::with_resolver(policy("", &[]), names).unwrap();
    for name in ["inside.example", "metadata.example"] {
        let error = get(&client, &format!("http://{name}:{}/", server.port())).await.unwrap_err();
        assert!(matches!(error, EgressError::Denied(EgressDenied::Address { .. })), "{error:?}");
        assert!(error.to_string().contains("PANGOLIN_EGRESS_ALLOW"), "{error}");
    }
    for name in ["nowhere.example", "unknown.example"] {
        let error = get(&client, &format!("http://{name}/")).await.unwrap_err();
        assert!(matches!(error, EgressError::Dns { .. }), "{error:?}");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn rebinding_gains_nothing() {
    // The name is allowed at first; each new connection asks again and is judged again.
    let server = Server::start("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await;
    let names = Scripted::new(&[("turn.example", &[&["127.0.0.2"], &["127.0.0.1"]])]);
    let client = EgressClient::with_resolver(policy("127.0.0.2/32", &[]), names).unwrap();
    let url = format!("http://turn.example:{}/", server.port());
    let first = get(&client, &url).await;
    assert!(!matches!(first, Err(EgressError::Denied(_))), "{first:?}");
    let seen = server.requests().len();
    let error = get(&client, &url).await.unwrap_err();
    assert!(matches!(error, EgressError::Denied(_)), "{error:?}");
    assert_eq!(server.requests().len(), seen);
}

#[tokio::test]
async fn refused_addresses_are_dropped_and_the_rest_is_used() {
    let server = Server::start("HTTP/1.1 204 No Content\r\n\r\n").await;
    let names = Scripted::new(&[("mixed.example", &[&["10.255.255.1", "127.0.0.1"]])]);
    let client = EgressClient::with_resolver(policy("127.0.0.1/32", &[]), names).unwrap();
    let response = get(&client, &format!("http://mixed.example:{}/", server.port())).await.unwrap();
    assert_eq!(response.status.as_u16(), 204);
}

#[tokio::test]
async fn an_operators_origin_is_reached_and_its_other_ports_are_not() {
    let server = Server::start("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let other = Server::start("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let names = Scripted::new(&[("minio.internal", &[&["127.0.0.1"]])]);
    let origin = format!("http://minio.internal:{}", server.port());
    let client = EgressClient::with_resolver(policy("", &[&origin]), names).unwrap();
    assert!(get(&client, &format!("{origin}/b/k")).await.is_ok());
    let error = get(&client, &format!("http://minio.internal:{}/", other.port())).await.unwrap_err();
    assert!(matches!(error, EgressError::Denied(_)), "{error:?}");
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn redirects_are_answers() {
    let server =
        Server::start("HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n").await;
    let client = EgressClient::new(policy("127.0.0.0/8", &[])).unwrap();
    assert_eq!(get(&client, &server.url("/")).await.unwrap().status.as_u16(), 302);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn bodies_are_bounded_with_and_without_a_declared_length() {
    let client = EgressClient::new(policy("127.0.0.0/8", &[])).unwrap();
    let declared = Server::start("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nabc").await;
    let body = "x".repeat(2000);
    let chunked =
        Server::start(&format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7d0\r\n{body}\r\n0\r\n\r\n"))
            .await;
    for server in [declared, chunked] {
        let error = get(&client, &server.url("/")).await.unwrap_err();
        assert!(matches!(error, EgressError::TooLarge { limit: 1000, .. }), "{error:?}");
    }
    let gzip = Server::start("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc").await;
    assert_eq!(get(&client, &gzip.url("/")).await.unwrap().body.as_ref(), b"abc");
}

#[tokio::test]
async fn faults_are_told_apart() {
    let client = EgressClient::new(policy("127.0.0.0/8", &[])).unwrap();
    let silent = Server::start("").await;
    let quick = Limits { timeout: Duration::from_millis(100), ..LIMITS };
    let error = client.execute(request(&silent.url("/?token=hush")), quick).await.unwrap_err();
    assert!(matches!(error, EgressError::Timeout { .. }), "{error:?}");
    assert!(!error.to_string().contains("hush"));

    let nonsense = Server::start("SSH-2.0-OpenSSH\r\n\r\n").await;
    let error = get(&client, &nonsense.url("/")).await.unwrap_err();
    assert!(matches!(error, EgressError::Protocol { .. }), "{error:?}");

    let no_tls = nonsense.url("/").replace("http:", "https:");
    let error = get(&client, &no_tls).await.unwrap_err();
    assert!(matches!(error, EgressError::Tls { .. }), "{error:?}");

    let port = {
        let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        gone.local_addr().unwrap().port()
    };
    let error = get(&client, &format!("http://127.0.0.1:{port}/")).await.unwrap_err();
    assert!(matches!(error, EgressError::Connect { .. }), "{error:?}");
}

#[tokio::test]
async fn the_operators_client_has_no_address_policy() {
    let server = Server::start("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let client = EgressClient::operator().unwrap();
    assert!(get(&client, &server.url("/latest/meta-data")).await.is_ok());
}
