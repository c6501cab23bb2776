//! Entra's token endpoint, and the delegation keys of a storage account.

use pangolin_core::clock::UnixMillis;
use pangolin_egress::Request;
use serde_json::json;

use super::{Form, header};
use crate::scenario::Instants;
use crate::upstream::Reply;

/// Of a key: 32 bytes.
const KEY: &str = "ZXhhbXBsZS1kZWxlZ2F0aW9uLWtleS1vZi0zMi1ieXQ=";

pub(super) fn token(request: &Request, form: &Form) -> Option<Reply> {
    if !request.url.path().ends_with("/oauth2/v2.0/token") || form.get("grant_type") != Some("client_credentials") {
        return None;
    }
    let is_proved = form.get("client_secret").is_some() || form.get("client_assertion").is_some();
    if form.get("client_id").is_none() || !is_proved {
        let refused = json!({ "error": "invalid_client", "error_description": "the app did not prove itself" });
        return Some(Reply::new(401, refused.to_string()).typed("application/json"));
    }
    let granted =
        json!({ "token_type": "Bearer", "expires_in": 3_600, "access_token": "azure-access-token-of-the-example" });
    Some(Reply::new(200, granted.to_string()).typed("application/json"))
}

pub(super) fn delegation_key(request: &Request, instants: &Instants) -> Option<Reply> {
    let query = request.url.query().unwrap_or_default();
    if !query.contains("comp=userdelegationkey") {
        return None;
    }
    if !header(request, "authorization").starts_with("Bearer ") {
        let refused = "<?xml version=\"1.0\"?><Error><Code>NoAuthenticationInformation</Code></Error>";
        return Some(Reply::new(401, refused).typed("application/xml"));
    }
    let body = String::from_utf8_lossy(&request.body);
    let element = |name: &str| {
        let (_, rest) = body.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(text, _)| text.to_owned())
    };
    let start = element("Start").unwrap_or_else(|| seconds(instants.now));
    let key = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><UserDelegationKey>\
         <SignedOid>11111111-1111-1111-1111-111111111111</SignedOid>\
         <SignedTid>22222222-2222-2222-2222-222222222222</SignedTid>\
         <SignedStart>{start}</SignedStart><SignedExpiry>{}</SignedExpiry><SignedService>b</SignedService>\
         <SignedVersion>2022-11-02</SignedVersion><Value>{KEY}</Value></UserDelegationKey>",
        seconds(instants.expires())
    );
    Some(Reply { says_expiry: true, ..Reply::new(200, key).typed("application/xml") })
}

/// `2026-01-31T09:30:00Z`.
fn seconds(at: UnixMillis) -> String {
    format!("{}Z", at.to_rfc3339().get(..19).unwrap_or_default())
}
