//! Passwords and tokens in URLs, and in headers.

use super::CredentialKind;
use super::forms::beginning;
use super::names::Name;
use super::reference::{is_literal, is_none};

const DATABASES: &[&str] = &[
    "postgres",
    "postgresql",
    "mysql",
    "mariadb",
    "mongodb",
    "mongodb+srv",
    "redis",
    "rediss",
    "amqp",
    "amqps",
    "sqlserver",
];
/// Longer ones are judged by their beginning.
const LONGEST: usize = 4096;
/// URLs in one word that are looked at: one is part of another, or they are a list.
const MOST_URLS: usize = 128;
/// Parts of a query that are looked at.
const MOST_PARTS: usize = 64;
/// Names of a signature in a query.
const SIGNATURES: &[&str] = &["x-amz-signature", "x-goog-signature"];

pub(super) fn find(text: &str) -> Option<CredentialKind> {
    in_urls(text).or_else(|| in_jdbc(text)).or_else(|| has_header(text).then_some(CredentialKind::AuthorizationHeader))
}

fn in_urls(text: &str) -> Option<CredentialKind> {
    words(text).find_map(in_word)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '\\'))
}

fn in_word(word: &str) -> Option<CredentialKind> {
    word.match_indices("://").take(MOST_URLS).find_map(|(at, _)| {
        let scheme = word.get(..at)?;
        let begin =
            scheme.rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))).map_or(0, |at| at + 1);
        // The character before may be of several bytes.
        let scheme = scheme.get(begin..).unwrap_or_default().to_ascii_lowercase();
        let url = beginning(word.get(at + 3..)?, LONGEST);
        let is_of_database = DATABASES.contains(&scheme.as_str());
        let kind = if is_of_database { CredentialKind::DatabaseUrl } else { CredentialKind::UrlPassword };
        if has_password(url) {
            return Some(kind);
        }
        let query = url.split_once('?').map(|(_, query)| query)?;
        in_query(query).map(|found| if found == CredentialKind::UrlPassword { kind } else { found })
    })
}

/// `jdbc:sqlserver://host;password=…`, `jdbc:oracle:thin:user/password@host`: each driver has a form of its
/// own.
fn in_jdbc(text: &str) -> Option<CredentialKind> {
    words(text).find_map(|word| {
        word.match_indices("jdbc:").take(MOST_URLS).find_map(|(at, _)| {
            let url = beginning(word.get(at + 5..)?, LONGEST);
            let mut parts = url.split([';', '?', '&']).take(MOST_PARTS);
            let address = parts.next()?;
            let in_parts = parts
                .filter_map(|part| part.split_once('='))
                .any(|(name, value)| Name::of(name).says_secret() && is_password(value));
            (in_parts || is_of_oracle(address)).then_some(CredentialKind::DatabaseUrl)
        })
    })
}

fn is_of_oracle(address: &str) -> bool {
    let user = address.strip_prefix("oracle:").and_then(|rest| rest.split_once(':')).map(|(_, rest)| rest);
    let login = user.and_then(|rest| rest.split_once('@')).map(|(login, _)| login);
    login.and_then(|login| login.split_once('/')).is_some_and(|(_, password)| is_password(password))
}

/// `user:password@`. A password may hold what ends a host, if it was not encoded.
fn has_password(url: &str) -> bool {
    let authority = url.split(['/', '?', '#']).next().unwrap_or_default();
    let user = match authority.rsplit_once('@') {
        Some((user, _)) => user,
        None => {
            let Some((user, _)) = url.split_once('@') else { return false };
            // `host:8080/path@2` has a port.
            let after_colon = user.split_once(':').map(|(_, rest)| rest).unwrap_or_default();
            if after_colon.starts_with(|c: char| c.is_ascii_digit() || c == '/') || user.contains('?') {
                return false;
            }
            user
        }
    };
    user.split_once(':').is_some_and(|(_, password)| is_password(password))
}

fn is_password(password: &str) -> bool {
    let is_format = matches!(password, "%s" | "%v" | "{}");
    !is_none(password) && !is_format && is_literal(password)
}

fn in_query(query: &str) -> Option<CredentialKind> {
    query.split(['&', ';']).take(MOST_PARTS).filter_map(|pair| pair.split_once('=')).find_map(|(name, value)| {
        if SIGNATURES.contains(&name.to_ascii_lowercase().as_str()) && value.len() >= 32 && is_literal(value) {
            return Some(CredentialKind::SignedUrl);
        }
        (Name::of(name).says_secret() && is_password(value)).then_some(CredentialKind::UrlPassword)
    })
}

/// `Bearer …` or `Basic …` with a token that is one.
fn has_header(text: &str) -> bool {
    ["Bearer ", "Basic ", "bearer ", "basic "].iter().any(|lead| {
        text.match_indices(lead).any(|(at, _)| {
            let begins = text.get(..at).is_none_or(|before| !before.ends_with(|c: char| c.is_alphanumeric()));
            let rest = text.get(at + lead.len()..).unwrap_or_default();
            let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_' | '.' | '~');
            let token = rest.split(|c: char| !is_part(c)).next().unwrap_or_default();
            let has_digit = token.contains(|c: char| c.is_ascii_digit());
            let is_mixed =
                token.contains(|c: char| c.is_ascii_lowercase()) && token.contains(|c: char| c.is_ascii_uppercase());
            begins && token.len() >= 16 && (has_digit || is_mixed)
        })
    })
}
