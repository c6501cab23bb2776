//! Azure's forms, and connection strings.

use crate::credential_scan::CredentialKind;
use crate::credential_scan::reference::{is_literal, is_none};

pub(super) fn find(text: &str) -> Option<CredentialKind> {
    if is_sas(text) {
        return Some(CredentialKind::AzureSas);
    }
    if is_connection_string(text) {
        return Some(CredentialKind::ConnectionString);
    }
    if has_client_secret(text) {
        return Some(CredentialKind::AzureClientSecret);
    }
    has_account_key(text).then_some(CredentialKind::AzureAccountKey)
}

/// A query with a version or an end, and a signature.
fn is_sas(text: &str) -> bool {
    let parts = || text.split(|c: char| c.is_whitespace() || matches!(c, '?' | '&' | '"' | '\'' | ';'));
    let has = |lead: &str, least: usize| {
        parts().filter_map(|part| part.strip_prefix(lead)).any(|value| value.len() >= least && is_literal(value))
    };
    has("sig=", 40) && (has("sv=", 8) || has("se=", 8))
}

/// `Name=value;Name=value` with the value of a key or a password.
fn is_connection_string(text: &str) -> bool {
    const KEYS: [(&str, usize); 3] = [("accountkey", 20), ("sharedaccesskey", 20), ("sharedaccesssignature", 20)];
    const PASSWORDS: [(&str, usize); 2] = [("password", 1), ("pwd", 1)];
    let pairs: Vec<(String, &str)> = text
        .split([';', '\n', '"'])
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim()))
        .collect();
    let has = |wanted: &[(&str, usize)]| {
        let fits =
            |name: &str, value: &str| wanted.iter().any(|(known, least)| name == *known && value.len() >= *least);
        pairs.iter().any(|(name, value)| fits(name, value) && is_literal(value))
    };
    // One pair alone is a line of a file, which is judged by its name.
    let is_of_database = pairs.len() > 1 && text.contains(';');
    has(&KEYS) || (is_of_database && has(&PASSWORDS))
}

/// Three characters, a digit, `Q~`, then 31 to 34.
fn has_client_secret(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '~' | '.' | '-');
    text.split(|c: char| !is_part(c)).any(|word| {
        let Some((lead, rest)) = word.split_once("Q~") else { return false };
        lead.len() == 4 && lead.ends_with(|c: char| c.is_ascii_digit()) && (31..=34).contains(&rest.len())
    })
}

/// 64 bytes in base64, not behind the name of a digest.
fn has_account_key(text: &str) -> bool {
    text.match_indices("==").any(|(end, _)| {
        let before = text.get(..end).unwrap_or_default();
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        let length = before.bytes().rev().take_while(is_part).count();
        let (lead, key) = before.split_at(before.len() - length);
        let mut seen: Vec<u8> = key.bytes().collect();
        seen.sort_unstable();
        seen.dedup();
        length == 86 && seen.len() >= 20 && !lead.ends_with('-') && !is_none(key)
    })
}
