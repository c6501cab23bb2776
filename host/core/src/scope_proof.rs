//! Proof that what is minted is no wider than what was authorised (PRODUCT A20). A strategy cannot
//! over-grant, even if it wants to.
//!
//! The check of a session policy understands a small part of IAM's language and refuses everything
//! else:
//!
//! - `Version` is `2012-10-17`; no unknown or repeated keys; no `NotAction`, `NotResource` or
//!   `Principal`; no wildcard in an action.
//! - Objects: `s3:GetObject` with read; `s3:PutObject`, `s3:AbortMultipartUpload` and
//!   `s3:ListMultipartUploadParts` with write; `s3:DeleteObject` with delete; on
//!   `arn:…:s3:::bucket/key/…` where `key/` is a scope's key.
//! - Buckets: `s3:ListBucket` with read and `s3:ListBucketMultipartUploads` with write, where
//!   `StringLike` or `StringEquals` on `s3:prefix` keeps every value below a scope's `key/`. The
//!   bare `key` is refused: a listing of prefix `orders` shows the names of `orders2` as well.
//!   `s3:GetBucketLocation` with read.
//! - Keys: `kms:Decrypt` with read or write, `kms:GenerateDataKey` with write, on named key ARNs,
//!   or on `*` with conditions on both `kms:ViaService` (S3) and
//!   `kms:EncryptionContext:aws:s3:arn` (objects of a scope, or the bucket itself, which is the
//!   context of S3 Bucket Keys; S3 still asks for the object's own permission).
//! - `Deny` statements narrow and may say anything that is well-formed in these terms.

mod azure_sas;
mod boundary;
mod condition;
mod json;
mod pattern;
mod resource;
mod statement;
#[cfg(test)]
mod tests;
mod too_wide;

pub use self::azure_sas::{AzureSasProof, SasResource, SasTooWide, azure_sas};
pub use self::boundary::{BoundaryProof, BoundaryTooWide, access_boundary};
use self::json::Json;
use self::statement::Statement;
pub use self::too_wide::TooWide;
use crate::access::Scope;

/// No session policy that a cloud accepts is longer; a bound for the parser.
const MAX_BYTES: usize = 64 * 1024;

/// A session policy that was checked. Made by [`session_policy`] only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionPolicyProof(String);

impl SessionPolicyProof {
    /// The policy as it was checked, and as it is to be sent.
    #[must_use]
    pub fn policy(&self) -> &str {
        &self.0
    }

    /// The policy, for the audit row.
    #[must_use]
    pub fn into_policy(self) -> String {
        self.0
    }
}

/// Checks that a session policy opens nothing beyond the scopes.
///
/// # Errors
/// [`TooWide`] says which part is wider, or not understood.
pub fn session_policy(policy_json: &str, scopes: &[Scope]) -> Result<SessionPolicyProof, TooWide> {
    if policy_json.len() > MAX_BYTES {
        return Err(TooWide::Malformed("it is longer than 64 KiB".to_owned()));
    }
    let members = Json::parse(policy_json)?.into_object("the policy")?;
    let mut version = None;
    let mut statements = None;
    for (name, value) in members {
        match name.as_str() {
            "Version" => version = Some(value.into_text("Version")?),
            "Id" => drop(value.into_text("Id")?),
            "Statement" => statements = Some(value.into_list()),
            _ => return Err(TooWide::unknown_key("the policy", &name)),
        }
    }
    // Under the older version `${*}` is no escape but text with a glob.
    if version.as_deref() != Some("2012-10-17") {
        return Err(TooWide::Version);
    }
    let statements = statements.unwrap_or_default();
    if statements.is_empty() {
        return Err(TooWide::Malformed("it has no statement".to_owned()));
    }
    for statement in statements {
        Statement::parse(statement)?.check(scopes)?;
    }
    Ok(SessionPolicyProof(policy_json.to_owned()))
}
