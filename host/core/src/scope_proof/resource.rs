//! Which resources lie within the scopes.

use super::pattern::Pattern;
use crate::access::{Access, Scope};

/// The part of an S3 ARN after `arn:<partition>:s3:::`.
fn s3_part(arn: &str) -> Option<&str> {
    let (partition, rest) = arn.strip_prefix("arn:")?.split_once(':')?;
    is_partition(partition).then(|| rest.strip_prefix("s3:::")).flatten()
}

fn is_partition(text: &str) -> bool {
    text == "aws"
        || text.strip_prefix("aws-").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
}

/// Whether an object ARN, perhaps with globs, lies within a scope that has the right.
pub(super) fn objects_within(arn: &str, scopes: &[Scope], right: impl Fn(Access) -> bool) -> bool {
    let Some((bucket, key)) = s3_part(arn).and_then(|part| part.split_once('/')) else { return false };
    let Some(pattern) = Pattern::with_globs(key) else { return false };
    scopes
        .iter()
        .any(|scope| is_bucket_of(scope, bucket) && right(scope.access) && pattern.lies_below(scope.location.key()))
}

/// The bucket of a bucket ARN, if a scope with the right is in it.
pub(super) fn bucket_within<'a>(arn: &'a str, scopes: &[Scope], right: impl Fn(Access) -> bool) -> Option<&'a str> {
    let bucket = s3_part(arn)?;
    scopes.iter().any(|scope| is_bucket_of(scope, bucket) && right(scope.access)).then_some(bucket)
}

/// Whether a listing below the pattern lies within a scope of the bucket that has the right.
pub(super) fn prefix_within(pattern: &Pattern, bucket: &str, scopes: &[Scope], right: impl Fn(Access) -> bool) -> bool {
    scopes
        .iter()
        .any(|scope| is_bucket_of(scope, bucket) && right(scope.access) && pattern.lies_below(scope.location.key()))
}

/// Whether the whole bucket is a scope that has the right.
pub(super) fn whole_bucket(bucket: &str, scopes: &[Scope], right: impl Fn(Access) -> bool) -> bool {
    scopes.iter().any(|scope| is_bucket_of(scope, bucket) && right(scope.access) && scope.location.key().is_empty())
}

/// Bucket names of locations hold no glob and no `$`, so equality is all there is to it.
fn is_bucket_of(scope: &Scope, bucket: &str) -> bool {
    matches!(scope.location.scheme(), "s3" | "s3a" | "s3n") && scope.location.authority() == bucket
}

/// Whether the text names one KMS key: `arn:<partition>:kms:<region>:<account>:key/<id>`.
pub(super) fn is_key_arn(arn: &str) -> bool {
    let mut parts = arn.split(':');
    let (Some("arn"), Some(partition), Some("kms"), Some(region), Some(account), Some(key), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    is_partition(partition)
        && plain(region)
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && key.strip_prefix("key/").is_some_and(plain)
}
