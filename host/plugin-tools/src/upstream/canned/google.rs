//! Google's token endpoint, and its exchange of a token for a narrower one.

use serde_json::{Value, json};

use super::Form;
use crate::scenario::Instants;
use crate::upstream::Reply;

pub(super) fn token(form: &Form) -> Option<Reply> {
    if form.get("grant_type") != Some("urn:ietf:params:oauth:grant-type:jwt-bearer") {
        return None;
    }
    if form.get("assertion").is_none_or(|assertion| assertion.split('.').count() != 3) {
        return Some(refused("invalid_grant", "the assertion is no signed token"));
    }
    let granted =
        json!({ "token_type": "Bearer", "expires_in": 3_600, "access_token": "google-wide-token-of-the-example" });
    Some(Reply::new(200, granted.to_string()).typed("application/json"))
}

pub(super) fn exchange(form: &Form, instants: &Instants) -> Option<Reply> {
    if form.get("grant_type") != Some("urn:ietf:params:oauth:grant-type:token-exchange") {
        return None;
    }
    let boundary = form.get("options").and_then(|text| serde_json::from_str::<Value>(text).ok());
    if boundary.is_none_or(|boundary| boundary.get("accessBoundary").is_none()) {
        return Some(refused("invalid_request", "the options have no access boundary"));
    }
    if form.get("subject_token").is_none() {
        return Some(refused("invalid_grant", "there is no token to narrow"));
    }
    let granted = json!({
        "token_type": "Bearer",
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "expires_in": instants.ttl_seconds,
        "access_token": "google-narrow-token-of-the-example",
    });
    Some(Reply { says_expiry: true, ..Reply::new(200, granted.to_string()).typed("application/json") })
}

fn refused(code: &str, message: &str) -> Reply {
    Reply::new(400, json!({ "error": code, "error_description": message }).to_string()).typed("application/json")
}
