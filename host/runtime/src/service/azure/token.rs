//! The client-credentials grant: from a client secret or a federated token to an access token for
//! storage.

mod fault;

use http::HeaderMap;
use pangolin_core::clock::UnixMillis;
use pangolin_core::secret::Secret;
use pangolin_core::strategy::{StrategyError, StrategyErrorKind as Kind};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::Value;

use super::cache::Ends;
use super::exchange::{self, Answer, Exchange};
use super::identity::{Identity, Proof};

/// What the token is for.
pub(super) const RESOURCE: &str = "https://storage.azure.com/";
const SCOPE: &str = "https://storage.azure.com/.default";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A federated token has a few kilobytes.
const MAX_ASSERTION: usize = 64 * 1024;
/// No token of Azure lives longer.
const MAX_LIFE_SECONDS: i64 = 2 * 86_400;

/// Some servers do not take `+` for a space in a form, so there is none.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An access token for storage.
#[derive(Debug)]
pub(super) struct StorageToken {
    pub(super) token: Secret<String>,
    pub(super) expires_at: UnixMillis,
}

impl Ends for StorageToken {
    fn expires_at(&self) -> UnixMillis {
        self.expires_at
    }
}

/// Asks the authority.
pub(super) async fn request(exchange: &Exchange<'_>, identity: &Identity) -> Result<StorageToken, StrategyError> {
    let asked_at = exchange.clock.now();
    let (name, secret) = match &identity.proof {
        Proof::Secret(secret) => ("client_secret", secret.clone()),
        Proof::Federated(file) => ("client_assertion", assertion(file).await?),
    };
    let form = "application/x-www-form-urlencoded";
    let body = body(identity, name, &secret);
    let answer = exchange.post(identity.token_url(), form, HeaderMap::new(), body).await;
    let token = match &answer {
        Ok(answer) if answer.status == 200 => read(answer, asked_at),
        Ok(answer) => Err(fault::of_answer(answer, identity)),
        Err(error) => Err(fault::of_egress(error)),
    };
    token.map_err(|error| exchange::without(error, &secret))
}

#[expect(clippy::disallowed_methods, reason = "the secret goes into the token request, to the checked authority")]
fn body(identity: &Identity, name: &str, secret: &Secret<String>) -> String {
    let mut fields = vec![("grant_type", "client_credentials"), ("client_id", &identity.client_id), ("scope", SCOPE)];
    if identity.is_hosts() {
        fields.push(("client_assertion_type", ASSERTION));
    }
    fields.push((name, secret.expose()));
    let fields = fields.into_iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, FORM)));
    fields.collect::<Vec<_>>().join("&")
}

/// The token of the file as it is now: who puts it there renews it.
async fn assertion(file: &std::path::Path) -> Result<Secret<String>, StrategyError> {
    let missing = |why: &str| {
        let message =
            format!("the host's federated token (AZURE_FEDERATED_TOKEN_FILE) {why}: check the projected token");
        StrategyError::new(Kind::Unavailable, "federated-token-missing", message)
    };
    let text = tokio::fs::read_to_string(file).await.map_err(|_| missing("cannot be read"))?;
    let token = text.trim();
    if token.is_empty() || token.len() > MAX_ASSERTION || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(missing("is no token"));
    }
    Ok(Secret::from(token))
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: Value,
    token_type: String,
}

fn read(answer: &Answer, asked_at: UnixMillis) -> Result<StorageToken, StrategyError> {
    let granted: Granted =
        serde_json::from_slice(&answer.body).map_err(|_| fault::unreadable("its answer is not that of a grant"))?;
    let Granted { access_token, expires_in, token_type } = granted;
    let token = Secret::new(access_token);
    let seconds = match &expires_in {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    };
    let seconds = seconds.filter(|seconds| (1..=MAX_LIFE_SECONDS).contains(seconds));
    match seconds {
        Some(seconds) if token_type.eq_ignore_ascii_case("bearer") && is_token(&token) => {
            Ok(StorageToken { token, expires_at: asked_at.plus_seconds(seconds) })
        }
        _ => Err(fault::unreadable("its token is not one that works")),
    }
}

#[expect(clippy::disallowed_methods, reason = "looks at the form only")]
fn is_token(token: &Secret<String>) -> bool {
    let text = token.expose();
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
}
