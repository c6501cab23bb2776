//! A strict Google on loopback: checks each assertion by the public key, each exchange by its form,
//! and answers as it was told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::service::testing::Peer;

pub(super) const PEM: &str = include_str!("../../../../../../tests/fixtures/signing/test-key.pem");
pub(super) const EMAIL: &str = "vending@acme-lake.iam.gserviceaccount.com";
pub(super) const KEY_ID: &str = "0123456789abcdef";
pub(super) const SUBJECT: &str = "header.workload.signature";
pub(super) const AUDIENCE: &str =
    "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q";
/// 2026-01-01T00:00:00Z.
pub(super) const NOW_MS: i64 = 1_767_225_600_000;

pub(super) type Form = BTreeMap<String, String>;

/// What a server answers to a good request, in place of a token.
#[derive(Debug, Clone, Default)]
pub(super) struct Orders {
    pub(super) token: Option<String>,
    pub(super) sts: Option<String>,
    pub(super) impersonation: Option<String>,
}

#[derive(Debug, Default)]
struct State {
    orders: Orders,
    minted: u32,
    seen: Vec<(String, Form)>,
}

pub(super) struct FakeGoogle {
    peer: Peer,
    state: Arc<Mutex<State>>,
}

impl FakeGoogle {
    pub(super) async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let of_peer = state.clone();
        let peer = Peer::answering(move |request| answer(&mut of_peer.lock().unwrap(), request)).await;
        Self { peer, state }
    }

    pub(super) async fn with(orders: Orders) -> Self {
        let fake = Self::start().await;
        fake.order(orders);
        fake
    }

    pub(super) fn order(&self, orders: Orders) {
        self.state.lock().unwrap().orders = orders;
    }

    pub(super) fn url(&self, path: &str) -> String {
        self.peer.url(path)
    }

    /// Paths of the good requests.
    pub(super) fn paths(&self) -> Vec<String> {
        self.state.lock().unwrap().seen.iter().map(|(path, _)| path.clone()).collect()
    }

    /// Forms of the good requests to STS.
    pub(super) fn exchanges(&self) -> Vec<Form> {
        let state = self.state.lock().unwrap();
        state.seen.iter().filter(|(path, _)| path == "/v1/token").map(|(_, form)| form.clone()).collect()
    }

    /// Everything that arrived, good or not.
    pub(super) fn requests(&self) -> usize {
        self.peer.requests().len()
    }
}

pub(super) fn reply(status: u16, body: &Value) -> String {
    raw(status, "", &body.to_string())
}

pub(super) fn raw(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{headers}content-length: {length}\r\n\r\n{body}")
}

pub(super) fn oauth_error(status: u16, error: &str, description: &str) -> String {
    reply(status, &json!({ "error": error, "error_description": description }))
}

fn answer(state: &mut State, request: &str) -> String {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let target = lines.next().unwrap().strip_suffix(" HTTP/1.1").unwrap();
    let headers: BTreeMap<String, &str> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    let form = || -> Form {
        assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
        url::form_urlencoded::parse(body.as_bytes()).into_owned().collect()
    };
    let token = |state: &mut State, kind: &str| {
        state.minted += 1;
        json!({ "access_token": format!("ya29.{kind}-token-{}", state.minted), "expires_in": 3_599, "token_type": "Bearer" })
    };
    match target {
        "POST /token" => {
            let form = form();
            if let Err(refusal) = assertion(&form, headers["host"]) {
                return oauth_error(400, "invalid_grant", refusal);
            }
            state.seen.push(("/token".to_owned(), form));
            state.orders.token.clone().unwrap_or_else(|| reply(200, &token(state, "wide")))
        }
        "POST /v1/token" => {
            let form = form();
            let kind = exchange(&form);
            state.seen.push(("/v1/token".to_owned(), form));
            state.orders.sts.clone().unwrap_or_else(|| reply(200, &token(state, kind)))
        }
        "POST /v1/projects/-/serviceAccounts/vending@acme-lake.iam.gserviceaccount.com:signBlob" => {
            assert!(headers["authorization"].starts_with("Bearer ya29.federated-token-"), "{headers:?}");
            let body: Value = serde_json::from_str(body).unwrap();
            let text = String::from_utf8(STANDARD.decode(body["payload"].as_str().unwrap()).unwrap()).unwrap();
            assert!(text.starts_with("GOOG4-RSA-SHA256\n20260101T000000Z\n"), "{text}");
            state.seen.push(("/sign".to_owned(), Form::new()));
            let good = json!({ "keyId": "k", "signedBlob": STANDARD.encode(b"signed") });
            state.orders.impersonation.clone().unwrap_or_else(|| reply(200, &good))
        }
        "POST /v1/projects/-/serviceAccounts/vending@acme-lake.iam.gserviceaccount.com:generateAccessToken" => {
            assert!(headers["authorization"].starts_with("Bearer ya29.federated-token-"), "{headers:?}");
            let body: Value = serde_json::from_str(body).unwrap();
            assert_eq!(body, json!({ "scope": [super::SCOPE], "lifetime": "3600s" }));
            state.seen.push(("/impersonate".to_owned(), Form::new()));
            let good = json!({ "accessToken": "ya29.wide-token-i", "expireTime": "2026-01-01T00:59:00Z" });
            state.orders.impersonation.clone().unwrap_or_else(|| reply(200, &good))
        }
        "GET /subject" => {
            assert_eq!(headers["x-probe"], "operator");
            raw(200, "", &json!({ "value": SUBJECT }).to_string())
        }
        metadata if metadata.starts_with("GET /computeMetadata/v1/instance/service-accounts/default/token?scopes=") => {
            assert_eq!(headers["metadata-flavor"], "Google");
            state.seen.push(("/metadata".to_owned(), Form::new()));
            let good = token(state, "wide").to_string();
            state.orders.token.clone().unwrap_or_else(|| raw(200, "Metadata-Flavor: Google\r\n", &good))
        }
        other => panic!("{other}"),
    }
}

/// Checks what the token server checks.
fn assertion(form: &Form, host: &str) -> Result<(), &'static str> {
    assert_eq!(form.len(), 2, "{form:?}");
    assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let (signed, signature) = form["assertion"].rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let read = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let header = read(header);
    assert_eq!((header["alg"].as_str(), header["typ"].as_str()), (Some("RS256"), Some("JWT")));
    let at = NOW_MS / 1000;
    let claims = read(claims);
    let issued = claims["iat"].as_i64().unwrap();
    assert_eq!(claims.as_object().unwrap().len(), 5, "{claims}");
    assert_eq!(claims["iss"], EMAIL);
    assert_eq!(claims["scope"], super::SCOPE);
    assert_eq!(claims["aud"], format!("http://{host}/token"));
    assert!(issued >= at && claims["exp"] == issued + 3_600, "{claims}");
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key_pair().public_key().as_ref().to_vec());
    public.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).map_err(|_| "Invalid JWT Signature.")
}

/// Checks what STS checks; the kind of the token that it mints.
fn exchange(form: &Form) -> &'static str {
    assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:token-exchange");
    assert_eq!(form["requested_token_type"], "urn:ietf:params:oauth:token-type:access_token");
    if let Some(options) = form.get("options") {
        assert_eq!(form.len(), 5, "{form:?}");
        assert_eq!(form["subject_token_type"], "urn:ietf:params:oauth:token-type:access_token");
        assert!(form["subject_token"].starts_with("ya29."), "{form:?}");
        assert!(serde_json::from_str::<Value>(options).unwrap()["accessBoundary"].is_object());
        return "narrow";
    }
    assert_eq!(form.len(), 6, "{form:?}");
    assert_eq!(form["audience"], AUDIENCE);
    assert_eq!(form["scope"], super::SCOPE);
    assert_eq!(form["subject_token_type"], "urn:ietf:params:oauth:token-type:jwt");
    assert_eq!(form["subject_token"], SUBJECT);
    "federated"
}

fn key_pair() -> RsaKeyPair {
    let text: String = PEM.lines().filter(|line| !line.starts_with("-----")).collect();
    RsaKeyPair::from_pkcs8(&STANDARD.decode(text).unwrap()).unwrap()
}

/// The JSON key as Google makes it.
pub(super) fn json_key(token_uri: &str) -> String {
    json!({
        "type": "service_account",
        "project_id": "acme-lake",
        "private_key_id": KEY_ID,
        "private_key": PEM,
        "client_email": EMAIL,
        "token_uri": token_uri,
    })
    .to_string()
}
