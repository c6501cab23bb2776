//! The client: a service user that shows its id and key, in the form or by HTTP Basic.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use pangolin_core::audit::{AuditResult, RequestContext};
use pangolin_core::id::UserId;
use pangolin_core::secret::Secret;
use serde_json::json;
use url::form_urlencoded;

use super::fault::{Challenge, OAuthError};
use super::form::TokenForm;
use crate::audited::Event;
use crate::auth::api_key::{self, Holder};
use crate::auth::refusal::{Refusal, Refused};
use crate::auth::throttle;
use crate::error::ApiError;
use crate::state::AppState;

/// What a client shows for itself. No `Debug`: it holds secrets.
pub(super) enum Shown {
    Nothing,
    Client(Credentials),
    Bearer(Secret<String>),
}

/// Id and key. Iceberg's clients may be configured with the key alone; it says whose it is.
pub(super) struct Credentials {
    pub(super) id: Option<String>,
    pub(super) secret: Secret<String>,
}

impl Shown {
    /// What the header and the form show. A client authenticates in one way.
    pub(super) fn of(headers: &HeaderMap, form: &TokenForm) -> Result<Self, OAuthError> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let value = values.next();
        if values.next().is_some() {
            return Err(OAuthError::invalid_request("more than one Authorization header"));
        }
        let (scheme, rest) = value.map(split).unwrap_or_default();
        if scheme.eq_ignore_ascii_case("basic") {
            if form.client_secret.is_some() {
                return Err(OAuthError::invalid_request("the client authenticates by Basic or in the form, not both"));
            }
            let credentials = basic(rest).ok_or_else(|| OAuthError::invalid_client(Challenge::Basic))?;
            if form.client_id.is_some() && form.client_id != credentials.id {
                return Err(OAuthError::invalid_request("client_id is another one than that of Basic"));
            }
            return Ok(Self::Client(credentials));
        }
        // Java's clients send the token that they have beside the credentials of the form.
        if let Some(secret) = &form.client_secret {
            return Ok(Self::Client(Credentials { id: form.client_id.clone(), secret: secret.clone() }));
        }
        if scheme.eq_ignore_ascii_case("bearer") {
            return Ok(Self::Bearer(Secret::from(rest)));
        }
        Ok(Self::Nothing)
    }
}

/// Scheme and rest of an `Authorization` header.
fn split(value: &HeaderValue) -> (&str, &str) {
    let text = value.to_str().unwrap_or_default();
    text.split_once(' ').map_or((text, ""), |(scheme, rest)| (scheme, rest.trim()))
}

/// RFC 6749 §2.3.1: id and key are form-encoded before they are joined. Java and DuckDB leave
/// that out, which is the same for a UUID and a key.
fn basic(encoded: &str) -> Option<Credentials> {
    let text = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
    let text = Secret::from(String::from_utf8(text).ok()?);
    let (id, secret) = halves(&text);
    if secret.is_empty() {
        return None;
    }
    Some(Credentials { id: id.map(decoded), secret: Secret::from(decoded(secret)) })
}

/// Java shows a credential without a colon as it is: the key alone.
#[expect(clippy::disallowed_methods, reason = "the credentials are taken apart, and go back into custody")]
fn halves(text: &Secret<String>) -> (Option<&str>, &str) {
    let text = text.expose();
    text.split_once(':').map_or((None, text.as_str()), |(id, secret)| (Some(id), secret))
}

fn decoded(part: &str) -> String {
    // As the value of a form without a name.
    form_urlencoded::parse(format!("={}", part.replace('&', "%26")).as_bytes())
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

/// Judges a client. The key is looked up by its hash and then compared with the id, so an unknown
/// client and a wrong key take the same way. A good key is never shut out by the guesses of
/// others: 32 random bytes are not guessed.
pub(super) async fn authenticate(
    state: &AppState,
    context: &RequestContext,
    credentials: &Credentials,
) -> Result<Holder, OAuthError> {
    let claimed = credentials.id.as_deref().map(str::parse::<UserId>);
    let refused = match api_key::holder(state, &credentials.secret).await? {
        Ok(holder) if claimed.as_ref().is_none_or(|id| *id == Ok(holder.principal.user_id)) => return Ok(holder),
        Ok(_) => Refusal::Malformed.into(),
        Err(refused) => refused,
    };
    Err(refuse(state, context, claimed.and_then(Result::ok), &refused, Challenge::Basic).await?)
}

/// Counts and records somebody who is not let in. Once a client or source is closed there are no
/// more rows: nobody fills the trail from outside.
pub(super) async fn refuse(
    state: &AppState,
    context: &RequestContext,
    claimed: Option<UserId>,
    refused: &Refused,
    challenge: Challenge,
) -> Result<OAuthError, ApiError> {
    let now = state.clock.now();
    // A source of its own: programs that try again and again do not shut out people's logins.
    let keys = [
        format!("client:{}", claimed.map(|id| id.to_string()).unwrap_or_default()),
        format!("client-source:{}", throttle::source(context)),
    ];
    if let Some(seconds) = state.throttle.closed(&keys, now) {
        return Ok(ApiError::too_many(seconds).into());
    }
    state.throttle.failed(&keys, now);
    let error = OAuthError::invalid_client(challenge);
    let shown = refused.whose.as_ref().map(|whose| json!({"kind": whose.kind.as_str(), "id": whose.credential_id}));
    let metadata = json!({"reason": refused.reason.as_str(), "credential": shown});
    let event = Event::new("issue_token", "token").metadata(metadata);
    // Read from the database whether there is such a user or not: it takes as long.
    let known = match claimed {
        Some(id) => state.store.user(id).await?,
        None => None,
    };
    let (event, who) = match (&refused.whose, &known) {
        (Some(whose), _) => (event.tenant(whose.tenant_id), (Some(whose.user_id), whose.username.clone())),
        (None, Some(user)) => (event.tenant(user.tenant_id), (None, user.username.clone())),
        (None, None) => (event, (None, claimed.map(|id| id.to_string()).unwrap_or_default())),
    };
    let event = event.name(&who.1);
    let why = format!("{}: {}", error.description(), refused.reason.as_str());
    let row = event.finish(state, (who.0, &who.1), context, AuditResult::Denied, Some(why));
    state.audit.record(row).await?;
    Ok(error)
}
