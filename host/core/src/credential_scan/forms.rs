//! Forms that only credentials have.

mod azure;
pub(super) mod der;
mod prefixed;

use super::CredentialKind;
use super::urls;

/// The first form found, the most telling ones first.
pub(super) fn find(text: &str) -> Option<CredentialKind> {
    private_key(text)
        .or_else(|| prefixed::find(text))
        .or_else(|| jwt(text).then_some(CredentialKind::Jwt))
        .or_else(|| azure::find(text))
        .or_else(|| urls::find(text))
        .or_else(|| der::is_private(text).then_some(CredentialKind::PrivateKey))
}

fn private_key(text: &str) -> Option<CredentialKind> {
    const OTHERS: [&str; 2] = ["PuTTY-User-Key-File-", "AGE-SECRET-KEY-1"];
    if after(text, "-----BEGIN ").any(is_private_block) {
        let of_google = text.contains("service_account") && text.contains("client_email");
        return Some(if of_google { CredentialKind::GoogleServiceAccount } else { CredentialKind::PrivateKey });
    }
    OTHERS.iter().any(|lead| after(text, lead).any(|rest| rest.len() > 16)).then_some(CredentialKind::PrivateKey)
}

/// A head that says so and what follows it; a file that is read line by line has the head alone.
fn is_private_block(block: &str) -> bool {
    let Some((head, body)) = block.split_once("-----") else { return false };
    // Also with its lines written as `\n`.
    let body = body.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '\\' | 'n' | 'r'));
    let length =
        body.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"+/=-:, ".contains(byte)).take(16).count();
    (head.ends_with("PRIVATE KEY") || head == "PGP PRIVATE KEY BLOCK") && (body.is_empty() || length >= 16)
}

/// `header.claims.signature`: header and claims are JSON objects in base64.
fn jwt(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.split(|c: char| !is_part(c)).any(|word| {
        let mut parts = word.split('.');
        let (header, claims, signature) = (parts.next(), parts.next(), parts.next());
        let is_object = |part: Option<&str>| part.is_some_and(|part| part.starts_with("eyJ") && part.len() >= 12);
        is_object(header) && is_object(claims) && signature.is_some_and(|part| part.len() >= 16)
    })
}

/// The beginning of a text. What is looked at for each likeness has an end, or a file of nothing but
/// likenesses takes its length squared.
pub(super) fn beginning(text: &str, most: usize) -> &str {
    let end = text.char_indices().nth(most).map_or(text.len(), |(end, _)| end);
    looked_at(end);
    text.get(..end).unwrap_or(text)
}

/// Counts what is looked at for a likeness beyond the text that is read once: the sum must stay in
/// proportion to the text.
#[cfg(not(test))]
pub(super) fn looked_at(_bytes: usize) {}

#[cfg(test)]
pub(super) use super::tests::work::looked_at;

/// What follows each occurrence of `lead`.
fn after<'t>(text: &'t str, lead: &'t str) -> impl Iterator<Item = &'t str> {
    text.match_indices(lead).filter_map(move |(at, _)| text.get(at + lead.len()..))
}
