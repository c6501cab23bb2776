//! Tokens that say what they are by how they begin.

use super::looked_at;
use crate::credential_scan::CredentialKind::{self, *};

struct Token {
    lead: &'static str,
    /// Characters after the lead.
    least: usize,
    most: usize,
    alphabet: fn(char) -> bool,
    kind: CredentialKind,
}

const ANY: usize = usize::MAX;

const fn token(lead: &'static str, least: usize, alphabet: fn(char) -> bool, kind: CredentialKind) -> Token {
    Token { lead, least, most: ANY, alphabet, kind }
}

const fn exact(lead: &'static str, length: usize, alphabet: fn(char) -> bool, kind: CredentialKind) -> Token {
    Token { lead, least: length, most: length, alphabet, kind }
}

const TOKENS: &[Token] = &[
    exact("AKIA", 16, capital, AwsAccessKeyId),
    exact("ASIA", 16, capital, AwsAccessKeyId),
    exact("ABIA", 16, capital, AwsAccessKeyId),
    exact("ACCA", 16, capital, AwsAccessKeyId),
    exact("AIza", 35, url_safe, GoogleApiKey),
    token("ya29.", 20, url_safe, GoogleToken),
    token("GOCSPX-", 20, url_safe, GoogleToken),
    token("GOOG1", 50, capital, GoogleToken),
    token("ghp_", 36, alphanumeric, GithubToken),
    token("gho_", 36, alphanumeric, GithubToken),
    token("ghu_", 36, alphanumeric, GithubToken),
    token("ghs_", 36, alphanumeric, GithubToken),
    token("ghr_", 36, alphanumeric, GithubToken),
    token("github_pat_", 40, word, GithubToken),
    token("glpat-", 20, url_safe, GitlabToken),
    token("gldt-", 20, url_safe, GitlabToken),
    token("glrt-", 20, url_safe, GitlabToken),
    token("glcbt-", 20, url_safe, GitlabToken),
    token("xoxa-", 20, url_safe, SlackToken),
    token("xoxb-", 20, url_safe, SlackToken),
    token("xoxe-", 20, url_safe, SlackToken),
    token("xoxp-", 20, url_safe, SlackToken),
    token("xoxr-", 20, url_safe, SlackToken),
    token("xoxs-", 20, url_safe, SlackToken),
    token("xapp-", 20, url_safe, SlackToken),
    token("hooks.slack.com/services/", 20, path, SlackToken),
    token("sk_live_", 16, alphanumeric, StripeKey),
    token("sk_test_", 16, alphanumeric, StripeKey),
    token("rk_live_", 16, alphanumeric, StripeKey),
    token("rk_test_", 16, alphanumeric, StripeKey),
    token("whsec_", 20, base64, StripeKey),
    exact("pgl_", 64, hexadecimal, PangolinApiKey),
    token("hvs.", 24, url_safe, ServiceToken),
    token("hvb.", 24, url_safe, ServiceToken),
    token("npm_", 36, alphanumeric, ServiceToken),
    token("pypi-", 50, url_safe, ServiceToken),
    token("dop_v1_", 64, hexadecimal, ServiceToken),
    token("dapi", 32, hexadecimal, ServiceToken),
    token("hf_", 34, alphanumeric, ServiceToken),
    token("sk-ant-", 32, url_safe, ServiceToken),
    token("sk-proj-", 32, url_safe, ServiceToken),
    token("SG.", 40, dotted, ServiceToken),
    token("ATATT3", 40, dotted, ServiceToken),
    token("dckr_pat_", 20, url_safe, ServiceToken),
];
/// So many characters tell enough of a token that has no longest length.
const LONGEST: usize = 512;
/// Fewer different characters are a placeholder: `ghp_xxxx…`.
const LEAST_DIFFERENT: usize = 6;

pub(super) fn find(text: &str) -> Option<CredentialKind> {
    TOKENS.iter().find(|token| token.is_in(text)).map(|token| token.kind)
}

impl Token {
    fn is_in(&self, text: &str) -> bool {
        text.match_indices(self.lead).any(|(at, _)| {
            // Before the rest is looked at: a likeness is mostly the middle of a word.
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            if before.is_some_and(is_word) {
                return false;
            }
            let rest = text.get(at + self.lead.len()..).unwrap_or_default();
            let length: usize =
                rest.chars().take(LONGEST).take_while(|c| (self.alphabet)(*c)).map(char::len_utf8).sum();
            looked_at(length);
            let (body, after) = rest.split_at(length);
            // One of many more characters than are looked at goes on, and is one all the same.
            let stands_alone = !after.starts_with(is_word) || length >= LONGEST;
            stands_alone && (self.least..=self.most).contains(&length) && is_real(body)
        })
    }
}

/// The documents of the clouds show keys that end in `EXAMPLE`.
fn is_real(body: &str) -> bool {
    let mut seen: Vec<char> = body.chars().collect();
    seen.sort_unstable();
    seen.dedup();
    seen.len() >= LEAST_DIFFERENT && !body.ends_with("EXAMPLE")
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn capital(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit()
}

fn alphanumeric(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

fn word(c: char) -> bool {
    is_word(c)
}

fn url_safe(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

fn dotted(c: char) -> bool {
    url_safe(c) || c == '.' || c == '='
}

fn base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')
}

fn path(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '/'
}

fn hexadecimal(c: char) -> bool {
    c.is_ascii_hexdigit()
}
