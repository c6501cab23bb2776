//! Keys and tokens of an issuer, and its answers in the place of the network.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
};
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pangolin_egress::{EgressClient, EgressError, Request, Response, Upstream};
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use super::ISSUER;

pub(super) enum Key {
    Rsa(Box<RsaKeyPair>),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

pub(super) static RSA: LazyLock<Key> =
    LazyLock::new(|| Key::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())));

pub(super) fn p256() -> Key {
    Key::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
}

pub(super) fn ed25519() -> Key {
    Key::Ed25519(Ed25519KeyPair::generate().unwrap())
}

pub(super) fn b64(data: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(data)
}

/// The members of an object.
pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("no object: {other}"),
    }
}

impl Key {
    /// The public half, with these members beside it.
    pub(super) fn jwk(&self, more: Value) -> Value {
        let mut jwk = match self {
            Self::Rsa(pair) => {
                let public = pair.public_key();
                let bytes = |number: aws_lc_rs::signature::RsaPublicKeyComponents<Vec<u8>>| (number.n, number.e);
                let (n, e) = bytes(public.into());
                json!({"kty": "RSA", "n": b64(n), "e": b64(e)})
            }
            Self::P256(pair) => {
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "x": b64(&point[1..33]), "y": b64(&point[33..])})
            }
            Self::Ed25519(pair) => json!({"kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key())}),
        };
        let members = jwk.as_object_mut().unwrap();
        members.extend(object(more));
        members.retain(|_, value| !value.is_null());
        jwk
    }

    fn sign(&self, message: &[u8], algorithm: &str) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                match algorithm {
                    "PS256" => pair.sign(&RSA_PSS_SHA256, &random, message, &mut signature).unwrap(),
                    _ => pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap(),
                }
                signature
            }
            Self::P256(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// A token with this header and these claims.
    pub(super) fn token(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        let signature = self.sign(message.as_bytes(), header["alg"].as_str().unwrap());
        format!("{message}.{}", b64(signature))
    }

    /// A token of the key with this name.
    pub(super) fn signed(&self, algorithm: &str, name: Option<&str>) -> String {
        let mut header = json!({"alg": algorithm});
        if let Some(name) = name {
            header["kid"] = json!(name);
        }
        self.token(&header, &json!({"iss": ISSUER, "sub": "ada"}))
    }
}

/// What the issuer answers, and how often it was asked.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) discovery: Mutex<Value>,
    pub(super) keys: Mutex<(u16, String)>,
    /// What the keys' answer says of how long it may be kept.
    pub(super) cache_control: Mutex<Option<&'static str>>,
    pub(super) asked: AtomicUsize,
    pub(super) urls: Mutex<Vec<String>>,
    /// Each answer to the discovery takes one of these.
    pub(super) open: Semaphore,
}

impl Answers {
    pub(super) fn new(keys: &[Value]) -> Arc<Self> {
        Arc::new(Self {
            discovery: Mutex::new(json!({"issuer": ISSUER, "jwks_uri": "https://keys.example/jwks?v=1"})),
            keys: Mutex::new((200, json!({"keys": keys}).to_string())),
            cache_control: Mutex::default(),
            asked: AtomicUsize::new(0),
            urls: Mutex::default(),
            open: Semaphore::new(1_000),
        })
    }

    pub(super) fn publish(&self, keys: &[Value]) {
        *self.keys.lock().unwrap() = (200, json!({"keys": keys}).to_string());
    }

    pub(super) fn fail(&self) {
        self.keys.lock().unwrap().0 = 503;
    }

    pub(super) fn times(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(super) fn client(self: &Arc<Self>) -> EgressClient {
        EgressClient::answered_by(Arc::default(), self.clone()).unwrap()
    }
}

#[async_trait::async_trait]
impl Upstream for Answers {
    async fn answer(&self, request: Request) -> Result<Response, EgressError> {
        self.urls.lock().unwrap().push(request.url.to_string());
        let mut headers = HeaderMap::new();
        let (status, body) = if request.url.path().ends_with("/.well-known/openid-configuration") {
            self.asked.fetch_add(1, Ordering::SeqCst);
            self.open.acquire().await.unwrap().forget();
            (200, self.discovery.lock().unwrap().to_string())
        } else {
            let said = *self.cache_control.lock().unwrap();
            headers.extend(said.map(|text| (header::CACHE_CONTROL, HeaderValue::from_static(text))));
            self.keys.lock().unwrap().clone()
        };
        Ok(Response { status: StatusCode::from_u16(status).unwrap(), headers, body: Bytes::from(body) })
    }
}
