//! A strict STS on loopback: recomputes each signature by its own hand, reads the form, and
//! answers as it was told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::service::testing::Peer;

pub(super) const OWN_KEYS: (&str, &str) = ("AKIDWAREHOUSE", "warehouse/secret+key=0");
pub(super) const HOST_KEYS: (&str, &str) = ("AKIDHOST", "host/secret+key=0");
/// 2026-01-01T00:00:00Z.
pub(super) const NOW_MS: i64 = 1_767_225_600_000;

/// What it answers to a request with a good signature.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    Session,
    Fault(u16, String, String),
    S3Fault(u16, &'static str),
    Body(&'static str),
    Raw(&'static str),
}

impl Answer {
    pub(super) fn fault(status: u16, code: &str, message: &str) -> Self {
        Self::Fault(status, code.to_owned(), message.to_owned())
    }

    fn text(&self) -> String {
        match self {
            Self::Session => reply(200, &session()),
            Self::Fault(status, code, message) => reply(*status, &fault(code, message)),
            Self::S3Fault(status, code) => {
                reply(*status, &format!("<Error><Code>{code}</Code><Message>no</Message></Error>"))
            }
            Self::Body(body) => reply(200, body),
            Self::Raw(text) => (*text).to_owned(),
        }
    }
}

type Form = BTreeMap<String, String>;

pub(super) struct FakeSts {
    peer: Peer,
    seen: Arc<Mutex<Vec<(String, Form)>>>,
}

impl FakeSts {
    pub(super) async fn start(answer: Answer) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        let peer = Peer::answering(move |request| match check(request) {
            Ok((signer, form)) => {
                log.lock().unwrap().push((signer, form));
                answer.text()
            }
            Err(code) => reply(403, &fault(code, "The request signature we calculated does not match")),
        })
        .await;
        Self { peer, seen }
    }

    pub(super) fn url(&self) -> String {
        self.peer.url("/")
    }

    /// The forms of requests with a good signature.
    pub(super) fn forms(&self) -> Vec<Form> {
        self.seen.lock().unwrap().iter().map(|(_, form)| form.clone()).collect()
    }

    /// Whose signatures these were.
    pub(super) fn signers(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|(signer, _)| signer.clone()).collect()
    }
}

/// The signer and the form, or the code of the refusal.
fn check(request: &str) -> Result<(String, Form), &'static str> {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST / HTTP/1.1\r\n"), "{head}");
    let headers: BTreeMap<String, &str> = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    let form: Form = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    assert_eq!((form["Action"].as_str(), form["Version"].as_str()), ("AssumeRole", "2011-06-15"));

    let authorization = headers["authorization"].strip_prefix("AWS4-HMAC-SHA256 ").unwrap();
    let parts: BTreeMap<&str, &str> = authorization.split(", ").filter_map(|part| part.split_once('=')).collect();
    let (id, scope) = parts["Credential"].split_once('/').unwrap();
    let secret =
        [OWN_KEYS, HOST_KEYS].iter().find(|keys| keys.0 == id).map(|keys| keys.1).ok_or("InvalidClientTokenId")?;
    let [date, region, "sts", "aws4_request"] = scope.split('/').collect::<Vec<_>>()[..] else { panic!("{scope}") };
    assert_eq!((date, headers["x-amz-date"]), ("20260101", "20260101T000000Z"));

    let signed = parts["SignedHeaders"];
    assert!(signed.split(';').any(|name| name == "host"), "{signed}");
    let canonical_headers: String =
        signed.split(';').map(|name| format!("{name}:{}\n", headers[name].trim())).collect();
    let canonical = format!("POST\n/\n\n{canonical_headers}\n{signed}\n{}", hex::encode(Sha256::digest(body)));
    let to_sign =
        format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{}", headers["x-amz-date"], hex::encode(Sha256::digest(canonical)));
    let key = ["aws4_request", "sts", region, date]
        .iter()
        .rev()
        .fold(format!("AWS4{secret}").into_bytes(), |key, part| mac(&key, part));
    if hex::encode(mac(&key, &to_sign)) == parts["Signature"] {
        Ok((id.to_owned(), form))
    } else {
        Err("SignatureDoesNotMatch")
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn reply(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn fault(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>req-1</RequestId></ErrorResponse>"
    )
}

fn session() -> String {
    "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
     <AccessKeyId>ASIASESSION</AccessKeyId><SecretAccessKey>session-secret</SecretAccessKey>\
     <SessionToken>session-token-1</SessionToken><Expiration>2026-01-01T00:30:00Z</Expiration></Credentials>\
     <PackedPolicySize>7</PackedPolicySize></AssumeRoleResult>\
     <ResponseMetadata><RequestId>req-0</RequestId></ResponseMetadata></AssumeRoleResponse>"
        .to_owned()
}
