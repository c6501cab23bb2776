//! The registered claims: for whom a token is, and when.

use pangolin_core::clock::UnixMillis;
use serde_json::{Map, Value};

use crate::auth::Refusal;
use crate::config::IssuerSettings;

/// How far the issuer's clock may run ahead of ours; for the start only, never for the end.
const LEEWAY_SECONDS: f64 = 60.0;

/// Whether the verified claims are of the issuer, for this host, and for now.
pub(super) fn check(claims: &Map<String, Value>, settings: &IssuerSettings, now: UnixMillis) -> Result<(), Refusal> {
    if claims.get("iss").and_then(Value::as_str) != Some(settings.issuer.as_str()) {
        return Err(Refusal::Malformed);
    }
    let for_us = |value: &Value| value.as_str().is_some_and(|text| settings.audience.iter().any(|own| own == text));
    let audience = match claims.get("aud") {
        Some(Value::Array(values)) => values.iter().any(for_us),
        Some(value) => for_us(value),
        None => false,
    };
    // RFC 7800: the token is good only together with a proof that this host does not ask for.
    if !audience || claims.contains_key("cnf") {
        return Err(Refusal::Malformed);
    }
    let seconds = now.0 as f64 / 1000.0;
    match claims.get("exp").and_then(Value::as_f64) {
        Some(end) if end > seconds => {}
        Some(_) => return Err(Refusal::Expired),
        None => return Err(Refusal::Malformed),
    }
    match claims.get("nbf").map(Value::as_f64) {
        None => Ok(()),
        Some(Some(start)) if start <= seconds + LEEWAY_SECONDS => Ok(()),
        Some(_) => Err(Refusal::Malformed),
    }
}

/// What the operator compares when a token that the issuer signed is refused.
pub(super) fn shown(claims: &Map<String, Value>) -> String {
    let named = ["aud", "exp", "nbf"].map(|name| (name, claims.get(name).cloned().unwrap_or(Value::Null)));
    let text = Value::Object(named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()).to_string();
    text.chars().take(512).collect()
}

/// A whole number of seconds, as an instant.
pub(super) fn instant(claims: &Map<String, Value>, name: &str) -> Option<UnixMillis> {
    let seconds = claims.get(name)?.as_f64()?;
    // A number that is no instant saturates.
    Some(UnixMillis((seconds * 1000.0) as i64))
}
