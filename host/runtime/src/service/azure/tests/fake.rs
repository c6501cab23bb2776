//! A strict authority and storage account on loopback: reads the form, the token and the XML by its
//! own hand, and answers as it was told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::service::testing::Peer;

pub(super) const TENANT: &str = "7f0c0d5e-0000-4000-8000-000000000001";
pub(super) const CLIENT: &str = "7f0c0d5e-0000-4000-8000-000000000002";
pub(super) const SECRET: &str = "Q~app+secret/with=odd&signs ~";
pub(super) const ASSERTION: &str = "eyJhbGciOiJub25lIn0.assertion.of-the-host";
pub(super) const TOKEN: &str = "eyJ0eXAiOiJKV1QifQ.access-token.of-the-app";
/// 2026-01-01T00:00:00Z.
pub(super) const NOW_MS: i64 = 1_767_225_600_000;

/// What it answers instead, where that is told.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    pub(super) authority: Option<String>,
    pub(super) storage: Option<String>,
    /// Life of tokens in seconds, and of keys whatever was asked for.
    pub(super) token_seconds: Option<u32>,
    pub(super) key_expires: Option<&'static str>,
    /// Answers are kept back for so long.
    pub(super) slow_ms: u64,
}

pub(super) struct Fake {
    peer: Peer,
    told: Arc<Mutex<Told>>,
}

impl Fake {
    pub(super) async fn start() -> Self {
        let told = Arc::new(Mutex::new(Told { token_seconds: Some(3600), ..Told::default() }));
        let state = told.clone();
        let peer = Peer::answering(move |request| answer(request, &state.lock().unwrap().clone())).await;
        Self { peer, told }
    }

    pub(super) fn tell(&self, told: Told) {
        *self.told.lock().unwrap() = Told { token_seconds: told.token_seconds.or(Some(3600)), ..told };
    }

    pub(super) fn authority(&self) -> String {
        self.peer.url("")
    }

    pub(super) fn endpoint(&self) -> String {
        self.peer.url("/acct")
    }

    /// Requests for tokens, and for keys.
    pub(super) fn asked(&self) -> (usize, usize) {
        let requests = self.peer.requests();
        let tokens = requests.iter().filter(|request| request.contains("/oauth2/v2.0/token ")).count();
        (tokens, requests.len() - tokens)
    }

    pub(super) fn requests(&self) -> Vec<String> {
        self.peer.requests()
    }
}

fn answer(request: &str, told: &Told) -> String {
    std::thread::sleep(std::time::Duration::from_millis(told.slow_ms));
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let line = head.lines().next().unwrap();
    let headers: BTreeMap<String, &str> = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    if line == format!("POST /{TENANT}/oauth2/v2.0/token HTTP/1.1") {
        return token(&headers, body, told);
    }
    assert_eq!(line, "POST /acct?restype=service&comp=userdelegationkey HTTP/1.1");
    key(&headers, body, told)
}

fn token(headers: &BTreeMap<String, &str>, body: &str, told: &Told) -> String {
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    assert!(!headers.contains_key("authorization"));
    if let Some(told) = &told.authority {
        return told.clone();
    }
    assert!(!body.contains('+'), "not every server takes + for a space: {body}");
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    assert_eq!((form["grant_type"].as_str(), form["client_id"].as_str()), ("client_credentials", CLIENT));
    assert_eq!(form["scope"], "https://storage.azure.com/.default");
    let proven = match (form.get("client_secret"), form.get("client_assertion")) {
        (Some(secret), None) => form.len() == 4 && secret == SECRET,
        (None, Some(assertion)) => {
            let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
            form.len() == 5 && assertion == ASSERTION && form["client_assertion_type"] == kind
        }
        _ => false,
    };
    if !proven {
        return refusal(401, 7_000_215, "Invalid client secret provided.");
    }
    let life = told.token_seconds.unwrap();
    let body =
        format!(r#"{{"token_type":"Bearer","expires_in":{life},"ext_expires_in":{life},"access_token":"{TOKEN}"}}"#);
    reply(200, "", &body)
}

fn key(headers: &BTreeMap<String, &str>, body: &str, told: &Told) -> String {
    assert_eq!(headers["x-ms-version"], "2021-12-02");
    if let Some(told) = &told.storage {
        return told.clone();
    }
    if headers["authorization"] != format!("Bearer {TOKEN}") {
        return storage_fault(401, "InvalidAuthenticationInfo");
    }
    let between = |name: &str| {
        let (_, rest) = body.split_once(&format!("<{name}>")).unwrap();
        rest.split_once(&format!("</{name}>")).unwrap().0.to_owned()
    };
    assert!(body.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?><KeyInfo><Start>"), "{body}");
    let (start, expiry) = (between("Start"), between("Expiry"));
    assert_eq!((start.len(), expiry.len()), (20, 20), "{body}");
    let expiry = told.key_expires.map_or(expiry, str::to_owned);
    let body = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><UserDelegationKey><SignedOid>oid-1</SignedOid><SignedTid>{TENANT}</SignedTid>\
         <SignedStart>{start}</SignedStart><SignedExpiry>{expiry}</SignedExpiry><SignedService>b</SignedService>\
         <SignedVersion>2021-12-02</SignedVersion><Value>{}</Value></UserDelegationKey>",
        key_value()
    );
    reply(200, "", &body)
}

/// The delegation key, base64.
pub(super) fn key_value() -> String {
    STANDARD.encode([7_u8; 32])
}

pub(super) fn reply(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

/// A refusal in Entra's form.
pub(super) fn refusal(status: u16, code: u32, text: &str) -> String {
    let body = format!(
        r#"{{"error":"invalid_client","error_description":"AADSTS{code}: {text} Trace ID: t-1 Correlation ID: c-1","error_codes":[{code}],"trace_id":"t-1"}}"#
    );
    reply(status, "content-type: application/json\r\n", &body)
}

/// A refusal in the form of Azure Storage.
pub(super) fn storage_fault(status: u16, code: &str) -> String {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>Not so.\nRequestId:r-1</Message></Error>"
    );
    reply(status, &format!("x-ms-error-code: {code}\r\nx-ms-request-id: r-1\r\n"), &body)
}
