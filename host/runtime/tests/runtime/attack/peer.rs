//! Servers on loopback that do not behave, and a resolver that changes its mind.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use pangolin_core::egress::EgressPolicy;
use pangolin_egress::{EgressClient, Resolve};
use tokio::net::{TcpListener, TcpStream};

/// How a server answers.
#[derive(Debug, Clone)]
pub(super) enum Manner {
    /// With these bytes, and then it hangs up.
    Says(String),
    /// With these bytes, and then these again and again, with a pause after each.
    Repeats(String, String, Duration),
}

/// One server.
pub(super) struct Peer {
    pub(super) port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    pub(super) async fn start(manner: Manner) -> Self {
        Self::at("127.0.0.1:0", manner).await
    }

    pub(super) async fn at(address: &str, manner: Manner) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (log, manner) = (log.clone(), manner.clone());
                tokio::spawn(async move { serve(stream, &log, manner).await });
            }
        });
        Self { port, seen }
    }

    pub(super) fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(stream: TcpStream, log: &Mutex<Vec<String>>, manner: Manner) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        stream.readable().await.unwrap();
        match stream.try_read(&mut buffer) {
            Ok(read) => {
                log.lock().unwrap().push(String::from_utf8_lossy(&buffer[..read]).into_owned());
                break;
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
    match manner {
        Manner::Says(bytes) => drop(write(&stream, &bytes).await),
        Manner::Repeats(first, then, pause) => {
            let mut bytes = first;
            while write(&stream, &bytes).await.is_some() {
                tokio::time::sleep(pause).await;
                bytes.clone_from(&then);
            }
        }
    }
}

/// None: the other side is gone.
async fn write(stream: &TcpStream, bytes: &str) -> Option<()> {
    let mut rest = bytes.as_bytes();
    while !rest.is_empty() {
        stream.writable().await.ok()?;
        match stream.try_write(rest) {
            Ok(written) => rest = &rest[written..],
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return None,
        }
    }
    Some(())
}

/// Answers each question about a name with the next list of addresses, the last one for ever.
#[derive(Debug)]
struct Fickle(Mutex<BTreeMap<String, Vec<Vec<IpAddr>>>>);

impl Resolve for Fickle {
    fn resolve(&self, host: String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
        let mut names = self.0.lock().unwrap();
        let answer = match names.get_mut(&host) {
            Some(answers) if answers.len() > 1 => Ok(answers.remove(0)),
            Some(answers) => Ok(answers[0].clone()),
            None => Err(std::io::Error::other("unknown name")),
        };
        Box::pin(async move { answer })
    }
}

/// A client to which these ranges are allowed, and that resolves these names so.
pub(super) fn client(ranges: &str, names: &[(&str, &[&[&str]])]) -> EgressClient {
    let policy = EgressPolicy::new(EgressPolicy::parse_ranges(ranges).unwrap(), &[], true);
    let parse = |answers: &[&[&str]]| {
        answers.iter().map(|list| list.iter().map(|address| address.parse().unwrap()).collect()).collect()
    };
    let names = names.iter().map(|(name, answers)| ((*name).to_owned(), parse(answers))).collect();
    EgressClient::with_resolver(Arc::new(policy), Arc::new(Fickle(Mutex::new(names)))).unwrap()
}
