//! What answers in the place of the network, and remembers every byte that it got.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use pangolin_core::egress::EgressPolicy;
use pangolin_egress::{EgressClient, EgressError, Request, Response, Upstream};

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) host: String,
    /// Method, URL, headers and body.
    pub(crate) bytes: Vec<u8>,
}

impl Seen {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

type Script = Box<dyn Fn(&Seen) -> Response + Send + Sync>;

/// The servers of a test.
pub(crate) struct Cloud {
    script: Script,
    seen: Mutex<Vec<Seen>>,
    remembers: bool,
}

impl std::fmt::Debug for Cloud {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cloud")
    }
}

/// An answer of status 200.
pub(crate) fn answer(body: impl Into<Bytes>) -> Response {
    Response { status: StatusCode::OK, headers: HeaderMap::new(), body: body.into() }
}

/// The answer with one header more.
pub(crate) fn beside(mut answer: Response, name: &'static str, value: &str) -> Response {
    answer.headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    answer
}

impl Cloud {
    pub(crate) fn answering(script: impl Fn(&Seen) -> Response + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { script: Box::new(script), seen: Mutex::default(), remembers: true })
    }

    /// One that does not fill the memory.
    pub(crate) fn forgetting(script: impl Fn(&Seen) -> Response + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { script: Box::new(script), seen: Mutex::default(), remembers: false })
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// A client whose requests end here; everything else of it is as ever.
    pub(crate) fn client(self: &Arc<Self>) -> EgressClient {
        EgressClient::answered_by(Arc::new(EgressPolicy::default()), self.clone()).unwrap()
    }
}

#[async_trait::async_trait]
impl Upstream for Cloud {
    async fn answer(&self, request: Request) -> Result<Response, EgressError> {
        let mut bytes = format!("{} {}\r\n", request.method, request.url).into_bytes();
        for (name, value) in &request.headers {
            bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        bytes.extend(b"\r\n");
        bytes.extend(&request.body);
        let seen = Seen { host: request.url.host_str().unwrap().to_owned(), bytes };
        if self.remembers {
            self.seen.lock().unwrap().push(seen.clone());
        }
        Ok((self.script)(&seen))
    }
}
