//! Finds secrets in bytes: as they are, percent-encoded, or in base64.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use zeroize::Zeroizing;

/// Shorter values are words that occur by chance.
pub(super) const SHORTEST: usize = 8;

/// What to look for. Wiped on drop.
#[derive(Default)]
pub(super) struct Needles(Vec<Zeroizing<Vec<u8>>>);

impl std::fmt::Debug for Needles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Needles({})", self.0.len())
    }
}

impl Needles {
    /// Adds a value in its forms.
    pub(super) fn add(&mut self, value: &str) {
        if value.len() < SHORTEST {
            return;
        }
        self.0.push(Zeroizing::new(value.as_bytes().to_vec()));
        // Inside a longer text the value begins at any of three places of a base64 quantum.
        for shift in 0..3_usize {
            let padded = Zeroizing::new([vec![0; shift], value.as_bytes().to_vec()].concat());
            let whole = padded.len() - padded.len() % 3;
            // The first quantum shares bits with what stands before, the last with what follows.
            let skip = if shift == 0 { 0 } else { 4 };
            for engine in [&STANDARD, &URL_SAFE] {
                let encoded = Zeroizing::new(engine.encode(padded.get(..whole).unwrap_or_default()));
                let certain = encoded.as_bytes().get(skip..).unwrap_or_default();
                if certain.len() >= SHORTEST {
                    self.0.push(Zeroizing::new(certain.to_vec()));
                }
            }
        }
    }

    /// Whether one of the values is in the bytes.
    pub(super) fn are_in(&self, bytes: &[u8]) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let found = |haystack: &[u8]| self.0.iter().any(|needle| contains(haystack, needle));
        if found(bytes) {
            return true;
        }
        if !bytes.iter().any(|byte| matches!(byte, b'%' | b'+' | b'\\')) {
            return false;
        }
        let decoded: Vec<u8> = percent_encoding::percent_decode(bytes).collect();
        // In a form `+` is a space, and the plus itself is encoded.
        let form: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        let spaced: Vec<u8> = percent_encoding::percent_decode(&form).collect();
        found(&decoded) || found(&spaced) || found(&unescaped(bytes))
    }
}

/// The bytes without the escapes of JSON. Some writers escape the slash, which base64 keys are full
/// of, and some `+`, `&`, `<` and all that is not ASCII as `\u` and four digits.
fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut units: Vec<u16> = Vec::new();
    let mut rest = bytes;
    loop {
        let digits = rest.strip_prefix(b"\\u").and_then(|tail| tail.split_at_checked(4));
        let unit = digits.and_then(|(digits, tail)| {
            let digits = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))?;
            Some((u16::from_str_radix(digits, 16).ok()?, tail))
        });
        if let Some((unit, tail)) = unit {
            units.push(unit);
            rest = tail;
            continue;
        }
        out.extend_from_slice(String::from_utf16_lossy(&units).as_bytes());
        units.clear();
        let Some((first, tail)) = rest.split_first() else { return out };
        // What an escaped backslash escapes is no escape.
        match (first, tail.split_first()) {
            (b'\\', Some((next, after))) if *next != b'u' => {
                out.push(*next);
                rest = after;
            }
            (b'\\', _) => rest = tail,
            _ => {
                out.push(*first);
                rest = tail;
            }
        }
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return false };
    let mut rest = haystack;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        rest = rest.get(at..).unwrap_or_default();
        if rest.starts_with(needle) {
            return true;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "wJalr/K7MDENG+bPx=secret key";

    fn found(text: &str) -> bool {
        let mut needles = Needles::default();
        needles.add(VALUE);
        needles.are_in(text.as_bytes())
    }

    #[test]
    fn raw_percent_encoded_and_base64_forms_are_found() {
        assert!(found(&format!("<a>{VALUE}</a>")));
        assert!(found("x=wJalr%2FK7MDENG%2bbPx%3Dsecret%20key&y"));
        assert!(found("x=wJalr%2FK7MDENG%2BbPx%3Dsecret+key&y"));
        assert!(found("%77%4a%61lr/K7MDENG+bPx=secret key"));
        assert!(found(r#""wJalr\/K7MDENG+bPx=secret key""#));
        for prefix in ["", "u", "us", "user:", "user1:"] {
            for engine in [&STANDARD, &URL_SAFE] {
                assert!(found(&format!("Basic {}", engine.encode(format!("{prefix}{VALUE}tail")))), "{prefix}");
            }
        }
    }

    #[test]
    fn what_writers_of_json_escape_is_found() {
        let mut needles = Needles::default();
        for secret in ["p\u{e4}ss\u{1f511}word<&>", "back\\slash\"quote"] {
            needles.add(secret);
        }
        for text in [
            r#"{"a":"p\u00e4ss\uD83D\uDD11word\u003c\u0026\u003E"}"#,
            r#"{"a":"back\\slash\"quote"}"#,
            r#"{"a":"back\u005cslash\u0022quote"}"#,
        ] {
            assert!(needles.are_in(text.as_bytes()), "{text}");
        }
        assert!(found(r#""wJalr\u002fK7MDENG\u002BbPx\u003dsecret key""#));
        for text in [r"\", r"\u", r"\u00", r"\u00zz", r"\ud83d", r"\\u0041", r"\u+041"] {
            assert!(!found(text), "{text}");
        }
        assert_eq!(unescaped(br"a\\u0041\u0041\u12"), br"a\u0041Au12");
    }

    #[test]
    fn other_text_is_not() {
        for text in
            ["", "wJalr", "wJalr/K7MDENG+bPx=secret ke", "%", "%zz%4", &STANDARD.encode("another value of some length")]
        {
            assert!(!found(text), "{text}");
        }
        let mut short = Needles::default();
        short.add("admin");
        assert!(!short.are_in(b"admin"));
    }
}
