//! The session policy: what the scopes say, and nothing beyond. Pure.
//!
//! A session can do what its role and this policy both allow. The policy is compact ASCII JSON,
//! has no wildcard in an action, and puts the scopes of one access into one statement, since STS
//! counts its bytes.

use pangolin_plugin_sdk::{Access, ErrorKind, Scope, VendError};

use crate::config::Kms;
use document::{Document, Statement};

pub(crate) mod budget;
mod document;
mod escape;
#[cfg(test)]
mod proof;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod tests;

/// A scope of S3 in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place<'a> {
    bucket: &'a str,
    /// With its trailing `/`; empty for the whole bucket.
    key: &'a str,
    access: Access,
}

/// Writes the policy.
///
/// # Errors
/// There is no scope, or one that cannot be written. There is never a policy without limits.
pub(crate) fn build(partition: &str, scopes: &[Scope], kms: &Kms) -> Result<String, VendError> {
    let places = places(scopes)?;
    let mut document = Document::new();
    for access in distinct(&places, |place| place.access) {
        let of_access = places.iter().filter(|place| place.access == access);
        let resources = of_access.map(|place| object_arn(partition, place)).collect();
        document.allow(&Statement { actions: object_actions(access), resources, conditions: Vec::new() });
    }
    for (bucket, write) in distinct(&places, |place| (place.bucket, place.access.write)) {
        document.allow(&listing(partition, bucket, write, &places));
    }
    let buckets = distinct(&places, |place| bucket_arn(partition, place.bucket));
    document.allow(&Statement { actions: vec!["s3:GetBucketLocation"], resources: buckets, conditions: Vec::new() });
    for statement in keys(partition, kms, &places) {
        document.allow(&statement);
    }
    Ok(document.finish())
}

/// The scopes in their parts, without those that lie within another of at least that access.
fn places(scopes: &[Scope]) -> Result<Vec<Place<'_>>, VendError> {
    let mut places: Vec<Place<'_>> = Vec::with_capacity(scopes.len());
    for scope in scopes {
        let place = place(scope)?;
        if places.iter().any(|other| other.covers(&place)) {
            continue;
        }
        places.retain(|other| !place.covers(other));
        places.push(place);
    }
    if places.is_empty() {
        return Err(VendError::new(
            ErrorKind::Internal,
            "no-scope",
            "the request has no scope to limit the session to",
        ));
    }
    Ok(places)
}

fn place(scope: &Scope) -> Result<Place<'_>, VendError> {
    let refused = |code, message: &str| VendError::unsupported(code, format!("{message}: {}", scope.location));
    let parts = scope
        .parts()
        .ok_or_else(|| refused("bad-location", "the location is not a directory such as s3://bucket/path/"))?;
    if !matches!(parts.scheme, "s3" | "s3a" | "s3n") {
        return Err(refused("scheme-unsupported", "AwsSts serves s3, s3a and s3n only"));
    }
    let is_bucket_character = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    if !parts.authority.bytes().all(is_bucket_character) {
        return Err(refused("bad-location", "the location has no valid bucket name"));
    }
    if !scope.access.read {
        return Err(refused("access-unsupported", "a session without read is of no use to a table"));
    }
    Ok(Place { bucket: parts.authority, key: parts.key, access: scope.access })
}

impl Place<'_> {
    fn covers(&self, other: &Self) -> bool {
        self.bucket == other.bucket && other.key.starts_with(self.key) && self.access.union(other.access) == self.access
    }
}

/// Values in the order of their first appearance.
fn distinct<'a, T: PartialEq>(places: &[Place<'a>], value: impl Fn(&Place<'a>) -> T) -> Vec<T> {
    let mut values = Vec::with_capacity(places.len());
    for place in places {
        let value = value(place);
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

fn object_actions(access: Access) -> Vec<&'static str> {
    let mut actions = vec!["s3:GetObject"];
    if access.write {
        actions.extend(["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]);
    }
    if access.delete {
        actions.push("s3:DeleteObject");
    }
    actions
}

/// Lists below the keys only. `key/*` is enough: `*` also stands for nothing. `key` without its
/// `/` would list the names of its neighbours too. The whole bucket needs no condition.
fn listing(partition: &str, bucket: &str, write: bool, places: &[Place<'_>]) -> Statement {
    let of_group = || places.iter().filter(|place| place.bucket == bucket && place.access.write == write);
    let mut actions = vec!["s3:ListBucket"];
    if write {
        actions.push("s3:ListBucketMultipartUploads");
    }
    let prefixes = of_group().map(|place| escape::iam(place.key) + "*").collect();
    let conditions =
        if of_group().any(|place| place.key.is_empty()) { Vec::new() } else { vec![("s3:prefix", prefixes)] };
    Statement { actions, resources: vec![bucket_arn(partition, bucket)], conditions }
}

/// Reading needs `Decrypt`, writing `GenerateDataKey`, and finishing an upload in parts both.
fn keys(partition: &str, kms: &Kms, places: &[Place<'_>]) -> Vec<Statement> {
    let actions = |write| if write { vec!["kms:Decrypt", "kms:GenerateDataKey"] } else { vec!["kms:Decrypt"] };
    match kms {
        Kms::None => Vec::new(),
        Kms::Named(arns) => {
            let writes = places.iter().any(|place| place.access.write);
            vec![Statement { actions: actions(writes), resources: arns.clone(), conditions: Vec::new() }]
        }
        Kms::ByEncryptionContext => distinct(places, |place| place.access.write)
            .into_iter()
            .map(|write| Statement {
                actions: actions(write),
                resources: vec!["*".to_owned()],
                conditions: by_context(partition, places.iter().filter(|place| place.access.write == write)),
            })
            .collect(),
    }
}

/// Through S3 only, and for the scopes' own objects. S3 Bucket Keys have the bucket as their
/// context in place of the object; S3 still asks for the right to the object itself.
fn by_context<'a>(partition: &str, places: impl Iterator<Item = &'a Place<'a>>) -> Vec<(&'static str, Vec<String>)> {
    let mut services = vec!["s3.*.amazonaws.com".to_owned()];
    if partition == "aws-cn" {
        services.push("s3.*.amazonaws.com.cn".to_owned());
    }
    let mut contexts: Vec<String> = Vec::new();
    for place in places {
        for arn in [object_arn(partition, place), bucket_arn(partition, place.bucket)] {
            if !contexts.contains(&arn) {
                contexts.push(arn);
            }
        }
    }
    vec![("kms:ViaService", services), ("kms:EncryptionContext:aws:s3:arn", contexts)]
}

fn object_arn(partition: &str, place: &Place<'_>) -> String {
    format!("arn:{partition}:s3:::{}/{}*", place.bucket, escape::iam(place.key))
}

fn bucket_arn(partition: &str, bucket: &str) -> String {
    format!("arn:{partition}:s3:::{bucket}")
}
