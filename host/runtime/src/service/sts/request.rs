//! What a guest asks of STS, checked before anything is sent.

use std::collections::BTreeMap;

use aws_sdk_sts::types::Tag;
use pangolin_core::strategy::{StrategyError, StrategyErrorKind};
use serde_json::{Value, json};

use super::super::slot::KeySlots;

/// Who assumes the role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Base {
    /// The host's own identity.
    Host,
    /// Keys of the warehouse.
    Slots(KeySlots),
}

/// One AssumeRole. Mirrors `assume-role-request` of the WIT.
#[derive(Debug, Clone)]
pub(crate) struct AssumeRole {
    pub(crate) base: Base,
    pub(crate) role_arn: String,
    pub(crate) session_name: String,
    pub(crate) external_id: Option<String>,
    pub(crate) duration_seconds: u32,
    pub(crate) policy: String,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) region: Option<String>,
    pub(crate) endpoint: Option<String>,
}

/// STS's bound on the plain text of a session policy.
const MAX_POLICY: usize = 2_048;
/// STS's bound on session tags.
const MAX_TAGS: usize = 50;

impl AssumeRole {
    /// Refuses what STS would refuse, with a text that says which part.
    pub(super) fn check(&self) -> Result<(), StrategyError> {
        let wrong = |code, message: String| Err(StrategyError::new(StrategyErrorKind::InvalidConfig, code, message));
        if !self.role_arn.starts_with("arn:") || self.role_arn.len() > 2_048 || !is_graphic(&self.role_arn) {
            return wrong(
                "role-invalid",
                format!("role_arn '{}' is not an ARN", crate::text::printable(&self.role_arn, 100)),
            );
        }
        if !is_session_name(&self.session_name) {
            return wrong(
                "session-name-invalid",
                "the session name must have 2 to 64 characters of letters, digits and _+=,.@-".to_owned(),
            );
        }
        if !(900..=43_200).contains(&self.duration_seconds) {
            return wrong(
                "duration-out-of-range",
                format!("a session lives 900 to 43200 seconds, not {}", self.duration_seconds),
            );
        }
        if self.external_id.as_deref().is_some_and(|id| !is_external_id(id)) {
            return wrong(
                "external-id-invalid",
                "external_id must have 2 to 1224 characters of letters, digits and _+=,.@:/-".to_owned(),
            );
        }
        if self.policy.is_empty() || !self.policy.is_ascii() {
            return Err(StrategyError::new(
                StrategyErrorKind::Denied,
                "policy-required",
                "a role is never assumed without a session policy, written in ASCII",
            ));
        }
        if self.policy.len() > MAX_POLICY {
            return Err(policy_too_large(self.policy.len()));
        }
        if self.tags.len() > MAX_TAGS {
            return wrong("session-tags-invalid", format!("at most {MAX_TAGS} session tags"));
        }
        Ok(())
    }
}

impl AssumeRole {
    /// What an explanation shows. Of the external id only whether there is one: a trust policy is
    /// held against it.
    pub(super) fn shown(&self, policy: &str, has_external_id: bool, region: &str, endpoint: &str) -> Value {
        let base = match &self.base {
            Base::Host => json!("host"),
            Base::Slots(keys) => json!({ "slots": keys.names() }),
        };
        json!({
            "role_arn": self.role_arn,
            "session_name": self.session_name,
            "duration_seconds": self.duration_seconds,
            "policy": serde_json::from_str(policy).unwrap_or_else(|_| Value::from(policy)),
            "external_id": has_external_id,
            "tags": self.tags.iter().cloned().collect::<BTreeMap<_, _>>(),
            "region": region,
            "endpoint": endpoint,
            "base": base,
        })
    }
}

fn policy_too_large(bytes: usize) -> StrategyError {
    StrategyError::new(
        StrategyErrorKind::Unsupported,
        "policy-too-large",
        format!(
            "the session policy has {bytes} bytes, STS takes {MAX_POLICY}: shorten the table's location, or keep \
             write.data.path and write.metadata.path inside it"
        ),
    )
}

/// A tag within STS's bounds.
pub(super) fn tag((key, value): &(String, String)) -> Result<Tag, StrategyError> {
    let fits = (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256;
    fits.then(|| Tag::builder().key(key).value(value).build().ok()).flatten().ok_or_else(|| {
        StrategyError::new(
            StrategyErrorKind::InvalidConfig,
            "session-tags-invalid",
            "a session tag has a key of 1 to 128 characters and a value of at most 256",
        )
    })
}

fn is_graphic(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_session_name(text: &str) -> bool {
    (2..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
}

fn is_external_id(text: &str) -> bool {
    (2..=1_224).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&byte))
}
