//! Requests that a guest sends through `http`, and how it tells what came back.

use pangolin_core::strategy::StrategyError;

use crate::image::{Image, Record, Slice};

/// How the host is asked to authenticate a request.
#[derive(Clone)]
pub(crate) enum Auth {
    None,
    /// Slots of identifier, key and token, then service and region.
    Sigv4(&'static str, &'static str, Option<&'static str>, &'static str, &'static str),
    Bearer(&'static str),
    /// User and slot.
    Basic(&'static str, &'static str),
    /// Name and slot, as in the ones after it.
    Header(&'static str, &'static str),
    FormField(&'static str, &'static str),
    JsonField(&'static str, &'static str),
    Authorization(&'static str, &'static str),
}

/// One request.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) auth: Auth,
    /// Slot and pointer.
    pub(crate) captures: Vec<(&'static str, &'static str)>,
    pub(crate) timeout_ms: Option<u32>,
}

/// Where the answer to a request lies.
const ANSWER: u32 = 1280;

/// One request; `REQUEST` is where it lies. Its answer is at 1280, by the form of `result`.
pub(crate) const SEND: &str = "(call $send (i32.const REQUEST) (i32.const 1280))";

/// Answers with an error that says what came back: the body or the reason is the message, status or
/// kind stands where the time to retry would, and the code says which.
pub(crate) const REPORT: &str = "
    (i32.store8 (i32.const 1536) (i32.const 1))
    (i32.store8 (i32.const 1540) (i32.const 3))
    (i32.store (i32.const 1544) (i32.const 1600)) (i32.store (i32.const 1548) (i32.const 4))
    (i32.store8 (i32.const 1560) (i32.const 1))
    (if (i32.load8_u (i32.const 1280))
      (then
        (i32.store (i32.const 1600) (i32.const 0x6c696166))
        (i32.store (i32.const 1564) (i32.load8_u (i32.const 1284)))
        (i32.store (i32.const 1552) (i32.load (i32.const 1288)))
        (i32.store (i32.const 1556) (i32.load (i32.const 1292))))
      (else
        (i32.store (i32.const 1600) (i32.const 0x656e6f64))
        (i32.store (i32.const 1564) (i32.load16_u (i32.const 1284)))
        (i32.store (i32.const 1552) (i32.load (i32.const 1296)))
        (i32.store (i32.const 1556) (i32.load (i32.const 1300)))))
    (return (i32.const 1536))";

/// WAT that logs the body of the answer, or the reason why there is none.
pub(crate) const LOG_IT: &str = "
    (if (i32.load8_u (i32.const 1280))
      (then (call $log (i32.const 2) (i32.load (i32.const 1288)) (i32.load (i32.const 1292))))
      (else (call $log (i32.const 2) (i32.load (i32.const 1296)) (i32.load (i32.const 1300)))))";

/// What came back of a guest's request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Back {
    /// An answer, with its status and its body.
    Answer(u32, String),
    /// None: the number of `failure-kind`, and the reason.
    Refused(u32, String),
    /// The guest was stopped: code and text.
    Stopped(String, String),
}

pub(crate) const DENIED: u32 = 0;
pub(crate) const INVALID: u32 = 1;
pub(crate) const TIMEOUT: u32 = 5;
pub(crate) const TOO_LARGE: u32 = 6;
pub(crate) const PROTOCOL: u32 = 7;

impl Back {
    /// What a guest's report says.
    pub(crate) fn of(error: &StrategyError) -> Self {
        let (code, text) = (error.code.clone(), error.message.clone());
        match (code.as_str(), error.retry_after_ms) {
            ("done", Some(status)) => Self::Answer(status, text),
            ("fail", Some(kind)) => Self::Refused(kind, text),
            _ => Self::Stopped(code, text),
        }
    }

    /// Whether the host refused it so.
    pub(crate) fn is_refused(&self, kind: u32) -> bool {
        matches!(self, Self::Refused(given, _) if *given == kind)
    }
}

impl Ask {
    pub(crate) fn get(url: impl Into<String>) -> Self {
        Self {
            method: "GET",
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            auth: Auth::None,
            captures: Vec::new(),
            timeout_ms: None,
        }
    }

    pub(crate) fn with(self, auth: Auth) -> Self {
        Self { method: "POST", auth, ..self }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { method: "POST", body: body.into(), ..self }
    }

    /// The record in memory.
    pub(crate) fn write(&self, image: &mut Image) -> u32 {
        assert_eq!(ANSWER, 1280, "the address in the texts above");
        let mut text = |text: &str| image.text(text.as_bytes());
        let (method, url) = (text(self.method), text(&self.url));
        let auth = |record: Record, text: &mut dyn FnMut(&str) -> Slice| match self.auth {
            Auth::None => record,
            Auth::Sigv4(id, key, token, service, region) => {
                let record = record.u8(32, 1).slice(36, text(id)).slice(44, text(key));
                let record = match token {
                    Some(token) => record.u8(52, 1).slice(56, text(token)),
                    None => record,
                };
                record.slice(64, text(service)).slice(72, text(region))
            }
            Auth::Bearer(slot) => record.u8(32, 2).slice(36, text(slot)),
            Auth::Basic(name, slot) => record.u8(32, 3).slice(36, text(name)).slice(44, text(slot)),
            Auth::Header(name, slot) => record.u8(32, 4).slice(36, text(name)).slice(44, text(slot)),
            Auth::FormField(name, slot) => record.u8(32, 5).slice(36, text(name)).slice(44, text(slot)),
            Auth::JsonField(name, slot) => record.u8(32, 6).slice(36, text(name)).slice(44, text(slot)),
            Auth::Authorization(name, slot) => record.u8(32, 7).slice(36, text(name)).slice(44, text(slot)),
        };
        let record = auth(Record::new(108).slice(0, method).slice(8, url), &mut text);
        let pairs = |pairs: Vec<(&str, &str)>, image: &mut Image| {
            let pairs = pairs.into_iter().map(|(one, two)| {
                Record::new(16).slice(0, image.text(one.as_bytes())).slice(8, image.text(two.as_bytes()))
            });
            let pairs = pairs.collect();
            image.list(pairs)
        };
        let headers = pairs(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(), image);
        let captures = pairs(self.captures.clone(), image);
        let body = image.text(&self.body);
        let record = record.slice(16, headers).slice(24, body).slice(80, captures);
        let record = match self.timeout_ms {
            Some(ms) => record.u8(100, 1).u32(104, ms),
            None => record,
        };
        image.record(record)
    }
}
