//! For how long the issuer says that its keys may be kept (RFC 9111), within bounds of ours.

use axum::http::{HeaderMap, HeaderName, header};

/// Keys whose issuer does not say are asked for again at this age.
pub(super) const DEFAULT_MS: i64 = 10 * 60 * 1000;
/// Never sooner: `no-store` and its like would ask with each token.
const LEAST_MS: i64 = 60 * 1000;
/// Never later, although issuers name days: a key that its issuer withdrew is not taken for longer.
const MOST_MS: i64 = 60 * 60 * 1000;

/// How long an answer with these headers counts as fresh.
pub(super) fn fresh_ms(headers: &HeaderMap) -> i64 {
    let mut named: Option<u64> = None;
    for directive in list(headers, &header::CACHE_CONTROL) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let seconds = match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => 0,
            "max-age" => seconds(value).unwrap_or(0),
            _ => continue,
        };
        // Of several that disagree the least stands.
        named = Some(named.map_or(seconds, |least| least.min(seconds)));
    }
    let Some(named) = named else { return DEFAULT_MS };
    // A cache on the way kept the answer for so long already.
    let age = list(headers, &header::AGE).next().and_then(seconds).unwrap_or(0);
    let milliseconds = named.saturating_sub(age).saturating_mul(1000);
    i64::try_from(milliseconds).unwrap_or(i64::MAX).clamp(LEAST_MS, MOST_MS)
}

/// The members of a list that may stand in several headers. What is quoted and has commas in it
/// is of no directive that counts here.
fn list<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    let lines = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

/// A number of seconds, quoted or not; one that is too large for a number is the largest.
fn seconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}
