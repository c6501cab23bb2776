//! `AssumeRole` of AWS STS.

use pangolin_egress::Request;
use serde_json::Value;

use super::{Form, header};
use crate::scenario::Instants;
use crate::upstream::Reply;

pub(super) fn sts(request: &Request, form: &Form, instants: &Instants) -> Option<Reply> {
    if form.get("Action") != Some("AssumeRole") {
        return None;
    }
    let signature = header(request, "authorization");
    if !signature.starts_with("AWS4-HMAC-SHA256 ") || !signature.contains("Signature=") {
        return Some(fault(403, "MissingAuthenticationToken", "the request is not signed"));
    }
    let policy = form.get("Policy").and_then(|text| serde_json::from_str::<Value>(text).ok());
    let has_statements =
        |policy: Value| policy.get("Statement").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
    if !policy.is_some_and(has_statements) {
        return Some(fault(400, "MalformedPolicyDocument", "the request has no session policy"));
    }
    if form.get("RoleArn").is_none() || form.get("RoleSessionName").is_none() {
        return Some(fault(400, "ValidationError", "RoleArn and RoleSessionName are needed"));
    }
    // Never longer than asked for; shorter where the upstream is told to give less.
    let asked = form.get("DurationSeconds").and_then(|text| text.parse().ok()).unwrap_or(3_600);
    let expires = Instants { ttl_seconds: instants.ttl_seconds.min(asked), ..*instants }.expires().to_rfc3339();
    let body = format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\
         <AssumedRoleUser><AssumedRoleId>AROAEXAMPLE:example</AssumedRoleId>\
         <Arn>arn:aws:sts::123456789012:assumed-role/example/example</Arn></AssumedRoleUser><Credentials>\
         <AccessKeyId>ASIAEXAMPLEEXAMPLE00</AccessKeyId>\
         <SecretAccessKey>minted+secret/access+key+of+the+example0</SecretAccessKey>\
         <SessionToken>minted-session-token-of-the-example//////////</SessionToken>\
         <Expiration>{expires}</Expiration></Credentials>\
         <PackedPolicySize>12</PackedPolicySize></AssumeRoleResult>\
         <ResponseMetadata><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ResponseMetadata>\
         </AssumeRoleResponse>"
    );
    Some(Reply { says_expiry: true, ..Reply::new(200, body).typed("text/xml") })
}

fn fault(status: u16, code: &str, message: &str) -> Reply {
    let body = format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    );
    Reply::new(status, body).typed("text/xml")
}
