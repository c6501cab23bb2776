//! Whether a text looks drawn by lot.
//!
//! Tuned on random base64 and base62 of 24 characters and more (nearly all are found) against
//! identifiers, paths, digests, ARNs and keys for everybody (none is). Hexadecimal alone tells
//! nothing: digests and identifiers are hexadecimal too.

use super::forms::der;

/// Shorter words are too often names.
const LEAST: usize = 24;
/// Neighbours of different classes (small, capital, digit), of all neighbours, without those where a
/// capital begins a word. Drawn by lot: 0.47; in names that are put together from words: up to 0.30.
const LEAST_CHANGES: f64 = 0.31;
/// The same for a word without any sign that is just as long as AWS's secret keys are: one in 4,000
/// of those drawn by lot has fewer.
const LEAST_CHANGES_OF_AWS: f64 = 0.2;
const LENGTH_OF_AWS: usize = 40;
/// Signs between letters and digits, of all characters. Drawn by lot: 0.03.
const MOST_SIGNS: f64 = 0.12;

pub(super) fn looks_random(text: &str) -> bool {
    let for_everybody = ["-----BEGIN CERTIFICATE", "PUBLIC KEY-----", "data:"];
    if for_everybody.iter().any(|lead| text.contains(lead)) {
        return false;
    }
    let is_apart =
        |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | '(' | ')' | '[' | ']' | '{' | '}');
    let mut after_kind_of_key = false;
    for word in text.split(is_apart) {
        let is_public = after_kind_of_key || word.contains("://") || word.starts_with("arn:") || word.contains("sha");
        after_kind_of_key = word.starts_with("ssh-") || word.starts_with("ecdsa-") || word.starts_with("sk-ssh-");
        if !is_public && word.split(|c: char| !is_of_base64(c)).any(is_random_word) {
            return true;
        }
    }
    false
}

/// A word of letters and digits that may be one of AWS's secret keys.
pub(super) fn is_like_aws_key(word: &str) -> bool {
    word.len() == LENGTH_OF_AWS
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && is_mixed(word, LEAST_CHANGES_OF_AWS)
}

fn is_of_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_')
}

fn is_random_word(word: &str) -> bool {
    // Standard base64 has '/', the other one has '-' and '_'; paths have both.
    if word.contains('/') && word.contains(['-', '_']) {
        return word.split('/').any(is_random_word);
    }
    word.len() >= LEAST
        && !der::is_public(word)
        && is_mixed(word, LEAST_CHANGES)
        && entropy(word) >= least_entropy(word.len())
}

fn is_mixed(word: &str, least_changes: f64) -> bool {
    let classes: Vec<u8> = word.bytes().filter_map(class).collect();
    let has = |wanted: u8| classes.contains(&wanted);
    if !(has(0) && has(1) && has(2)) {
        return false;
    }
    let signs = ratio(word.len() - classes.len(), word.len());
    let changes = classes.iter().zip(classes.iter().skip(1)).filter(|(one, other)| one != other);
    let changes = changes.filter(|pair| *pair != (&1, &0)).count();
    signs <= MOST_SIGNS && ratio(changes, classes.len() - 1) >= least_changes
}

fn class(byte: u8) -> Option<u8> {
    match byte {
        b'a'..=b'z' => Some(0),
        b'A'..=b'Z' => Some(1),
        b'0'..=b'9' => Some(2),
        _ => None,
    }
}

/// Bits per character, by Shannon.
fn entropy(word: &str) -> f64 {
    let mut counts = [0_usize; 128];
    for byte in word.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let share = |count: usize| ratio(count, word.len());
    counts.into_iter().filter(|count| *count > 0).map(share).map(|share| -share * share.log2()).sum()
}

fn least_entropy(length: usize) -> f64 {
    match length {
        ..32 => 3.6,
        32..48 => 4.0,
        _ => 4.3,
    }
}

#[expect(clippy::cast_precision_loss, reason = "lengths of texts")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}
