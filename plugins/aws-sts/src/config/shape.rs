//! How names of AWS look. Everything that goes into a policy unescaped passes here first.

/// Letters, digits and `_` as IAM's `\w`.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_partition(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_role_path(text: &str) -> bool {
    let name = text.rsplit('/').next().unwrap_or_default();
    (1..=64).contains(&name.len())
        && text.len() <= 576
        && text.bytes().all(|b| is_word(b) || matches!(b, b'+' | b'=' | b',' | b'.' | b'@' | b'-' | b'/'))
}

/// The partition of a role's ARN; `None` if it is none. Stores other than AWS leave the account
/// out or write their own partition: that is taken if they are asked at their own endpoint, or
/// if the partition says so.
pub(super) fn role_partition(arn: &str, own_endpoint: bool) -> Option<&str> {
    let (partition, rest) = arn.strip_prefix("arn:")?.split_once(':')?;
    let (account, path) = rest.strip_prefix("iam:")?.split_once("role/")?;
    let is_aws = partition == "aws" || partition.starts_with("aws-");
    let account = account.strip_prefix(':')?;
    let account_is_fine = match account.strip_suffix(':') {
        Some(account) if is_account(account) => true,
        Some("") | None => account.trim_matches(':').is_empty() && (own_endpoint || !is_aws),
        Some(_) => false,
    };
    (is_partition(partition) && account_is_fine && is_role_path(path)).then_some(partition)
}

/// `[\w+=,.@:/-]{2,1224}`.
pub(super) fn is_external_id(text: &str) -> bool {
    (2..=1224).contains(&text.len())
        && text.bytes().all(|b| is_word(b) || matches!(b, b'+' | b'=' | b',' | b'.' | b'@' | b':' | b'/' | b'-'))
}

pub(super) fn is_region(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|b| is_word(b) || b == b'-')
}

/// An absolute URL of a server. The host's egress policy judges the server itself.
pub(super) fn is_endpoint(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
    let has_host = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', ':']));
    has_host && text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '@' | '?' | '#' | '\\'))
}

/// `arn:<partition>:kms:<region>:<account>:key/<id>`.
pub(super) fn is_key_arn(arn: &str) -> bool {
    let mut parts = arn.splitn(6, ':');
    let (Some("arn"), Some(partition), Some("kms"), Some(region), Some(account), Some(key)) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let is_id = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let is_aws = partition == "aws" || (partition.starts_with("aws-") && is_partition(partition));
    is_aws && !region.is_empty() && is_id(region) && is_account(account) && key.strip_prefix("key/").is_some_and(is_id)
}
