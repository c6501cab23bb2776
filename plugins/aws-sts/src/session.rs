//! Name, tags and life of a session. Pure, but for a digest.

use pangolin_plugin_sdk::{VendRequest, crypto};

/// STS mints nothing shorter.
pub(crate) const MIN_SECONDS: u32 = 900;
/// STS mints nothing longer.
pub(crate) const MAX_SECONDS: u32 = 43_200;
/// Where the warehouse says nothing.
const DEFAULT_SECONDS: u32 = 3600;

const NAME_LENGTH: usize = 64;
const TAG_LENGTH: usize = 256;
/// Hexadecimal digits of the digest that stands for what a name cannot carry.
const DIGEST_LENGTH: usize = 16;
/// Between the readable part and the digest.
const MARK: char = '=';

/// The session's life: the least of what is asked and what the warehouse allows, within what STS
/// can do at all.
pub(crate) fn duration(requested: u32, configured: Option<u32>) -> u32 {
    requested.min(configured.unwrap_or(DEFAULT_SECONDS)).clamp(MIN_SECONDS, MAX_SECONDS)
}

/// The session's name, `[\w+=,.@-]{2,64}`: the principal as it is where that fits, so that
/// CloudTrail shows who. Where it does not fit, as much of it as fits and a digest of the whole,
/// so that no two principals share a name.
pub(crate) fn name(principal: &str) -> String {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '=' | ',' | '.' | '@' | '-');
    if principal.len() < 2 {
        digested(principal, NAME_LENGTH, is_allowed)
    } else {
        fitted(principal, NAME_LENGTH, is_allowed)
    }
}

/// Who, whose, what: for CloudTrail, and for conditions on `aws:PrincipalTag`.
pub(crate) fn tags(request: &VendRequest) -> Vec<(String, String)> {
    let is_allowed = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '.' | ':' | '/' | '=' | '+' | '-' | '@');
    [("principal", &request.principal), ("tenant", &request.tenant), ("table", &request.table)]
        .into_iter()
        .map(|(key, value)| (format!("pangolin:{key}"), fitted(value, TAG_LENGTH, is_allowed)))
        .collect()
}

/// The text as it is if it fits, and does not look like the stand-in of another.
fn fitted(text: &str, length: usize, is_allowed: impl Fn(char) -> bool) -> String {
    if text.chars().count() <= length && text.chars().all(&is_allowed) && !looks_digested(text) {
        text.to_owned()
    } else {
        digested(text, length, is_allowed)
    }
}

fn digested(text: &str, length: usize, is_allowed: impl Fn(char) -> bool) -> String {
    let readable = text.chars().map(|c| if is_allowed(c) { c } else { '-' }).take(length - DIGEST_LENGTH - 1);
    let digest = crypto::hex(&crypto::sha256(text.as_bytes()));
    readable.chain([MARK]).chain(digest.chars().take(DIGEST_LENGTH)).collect()
}

fn looks_digested(text: &str) -> bool {
    text.rsplit_once(MARK).is_some_and(|(_, tail)| {
        tail.len() == DIGEST_LENGTH && tail.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests;
