//! AWS: a `Deny` on the role for sessions that were issued before.

use serde_json::{Value, json};

use super::{Advice, Known, has_files, plain};
use crate::clock::UnixMillis;
use crate::location::Location;
use crate::revocation::Revocation;

/// Sessions that one statement names; a role's inline policies have 10,240 characters in all.
const MOST_SESSIONS: usize = 80;

pub(super) fn of_role(
    revocation: &Revocation,
    arn: String,
    endpoint: Option<&str>,
    known: &Known,
    before: UnixMillis,
) -> Advice {
    let name = arn.rsplit('/').next().unwrap_or_default();
    let command = format!(
        "aws iam put-role-policy --role-name {} --policy-name pangolin-revocation-{} --policy-document file://policy.json",
        plain(name),
        revocation.id
    );
    let action = match endpoint {
        None => "put this policy on the role: it ends these sessions within seconds and no other's; take it off again \
                 when they have ended"
            .to_owned(),
        Some(host) => format!(
            "the sessions were issued by '{host}': put this policy on the role there if it knows IAM's conditions; \
             where it does not, rotate the keys that the warehouse assumes the role with"
        ),
    };
    let statements = if has_files(revocation) {
        of_locations(partition(&arn), &revocation.locations, before)
    } else {
        vec![of_sessions(&known.sessions, before)]
    };
    Advice {
        service: "aws",
        credential: "assumed-role",
        issuer: arn,
        count: known.count,
        recallable: !statements.is_empty(),
        until: known.latest.filter(|_| known.endless == 0),
        action,
        policy: Some(json!({ "Version": "2012-10-17", "Statement": statements })),
        command: Some(command),
    }
}

/// Everything, for sessions of these names. More than a policy has room for: for every session.
fn of_sessions(sessions: &[String], before: UnixMillis) -> Value {
    let mut condition = json!({ "DateLessThan": issued_before(before) });
    if sessions.len() <= MOST_SESSIONS
        && let Value::Object(operators) = &mut condition
    {
        let names: Vec<String> = sessions.iter().map(|name| format!("*:{}", literal(name))).collect();
        operators.insert("StringLike".to_owned(), json!({ "aws:userid": names }));
    }
    json!({
        "Sid": "PangolinRevokedPrincipal", "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition,
    })
}

/// The objects, and listing them, for every session.
fn of_locations(partition: &str, locations: &[Location], before: UnixMillis) -> Vec<Value> {
    let in_s3 = || locations.iter().filter(|location| matches!(location.scheme(), "s3" | "s3a" | "s3n"));
    if in_s3().next().is_none() {
        return Vec::new();
    }
    let objects: Vec<String> = in_s3()
        .map(|location| format!("arn:{partition}:s3:::{}/{}*", location.authority(), directory(location)))
        .collect();
    let mut statements = vec![json!({
        "Sid": "PangolinRevokedObjects", "Effect": "Deny", "Action": "s3:*", "Resource": objects,
        "Condition": { "DateLessThan": issued_before(before) },
    })];
    let mut buckets: Vec<&str> = in_s3().map(Location::authority).collect();
    buckets.sort_unstable();
    buckets.dedup();
    for (number, bucket) in buckets.into_iter().enumerate() {
        let of_bucket = || in_s3().filter(|location| location.authority() == bucket);
        let mut condition = json!({ "DateLessThan": issued_before(before) });
        if of_bucket().all(|location| !location.key().is_empty())
            && let Value::Object(operators) = &mut condition
        {
            let prefixes: Vec<String> = of_bucket().map(|location| format!("{}*", directory(location))).collect();
            operators.insert("StringLike".to_owned(), json!({ "s3:prefix": prefixes }));
        }
        statements.push(json!({
            "Sid": format!("PangolinRevokedListing{number}"), "Effect": "Deny",
            "Action": ["s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions"],
            "Resource": format!("arn:{partition}:s3:::{bucket}"), "Condition": condition,
        }));
    }
    statements
}

/// The key with its slash, as a pattern; empty for the whole bucket.
fn directory(location: &Location) -> String {
    let key = location.key();
    if key.is_empty() { String::new() } else { format!("{}/", literal(key)) }
}

/// A text as a pattern that matches nothing else.
fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '*' => pattern.push_str("${*}"),
            '?' => pattern.push_str("${?}"),
            '$' => pattern.push_str("${$}"),
            other => pattern.push(other),
        }
    }
    pattern
}

/// AWS counts the time of issue in whole seconds.
fn issued_before(at: UnixMillis) -> Value {
    let second = UnixMillis((at.0.div_euclid(1000) + 1) * 1000);
    json!({ "aws:TokenIssueTime": second.to_rfc3339() })
}

fn partition(arn: &str) -> &str {
    let named = arn.strip_prefix("arn:").and_then(|rest| rest.split_once(':'));
    named.map_or("aws", |(partition, _)| partition)
}
