//! The forms in which a value travels.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use zeroize::Zeroizing;

/// Shorter pieces of base64 occur by chance.
const SHORTEST: usize = 8;

/// The value, and where it is a document or several lines, its long lines and texts.
pub(super) fn parts(value: &str) -> Vec<&str> {
    let mut parts = vec![value];
    let is_break = |c: char| c.is_whitespace() || c == '"';
    // In JSON the ends of lines are `\n`.
    let lines = value.split("\\n").flat_map(|part| part.split(is_break));
    if value.contains(is_break) || value.contains("\\n") {
        parts.extend(lines.filter(|line| line.len() >= 40 && !line.contains("://")));
    }
    parts
}

/// A value as it is, and encoded.
pub(super) fn of(value: &str) -> Vec<Zeroizing<String>> {
    let json = serde_json::to_string(value).unwrap_or_default();
    let form: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let mut forms = vec![
        value.to_owned(),
        json.trim_matches('"').to_owned(),
        utf8_percent_encode(value, NON_ALPHANUMERIC).to_string(),
        form,
        hex::encode(value),
    ];
    // Inside a longer text the value begins at any of three places of a base64 quantum. The first
    // quantum shares bits with what stands before, the last with what follows.
    for shift in 0..3_usize {
        let padded = Zeroizing::new([vec![0; shift], value.as_bytes().to_vec()].concat());
        let whole = padded.len() - padded.len() % 3;
        let skip = if shift == 0 { 0 } else { 4 };
        for engine in [&STANDARD, &URL_SAFE] {
            let encoded = engine.encode(padded.get(..whole).unwrap_or_default());
            let certain = encoded.get(skip..).unwrap_or_default();
            if certain.len() >= SHORTEST {
                forms.push(certain.to_owned());
            }
        }
    }
    forms.sort();
    forms.dedup();
    forms.into_iter().map(Zeroizing::new).collect()
}

/// The text of bytes, and what it is without the encodings of URLs, forms and JSON.
pub(crate) fn decoded(bytes: &[u8]) -> Vec<String> {
    let plain = String::from_utf8_lossy(bytes).into_owned();
    let mut texts = Vec::with_capacity(4);
    if bytes.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        let percent = percent_decode(bytes).decode_utf8_lossy().into_owned();
        let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        let form = percent_decode(&spaced).decode_utf8_lossy().into_owned();
        // A document inside a form.
        texts.extend([unescaped(&percent), unescaped(&form), percent, form]);
    }
    if plain.contains('\\') {
        texts.push(unescaped(&plain));
    }
    texts.push(plain);
    texts
}

/// The text without the escapes of JSON.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        if !before.is_empty() {
            out.push_str(&String::from_utf16_lossy(&std::mem::take(&mut units)));
            out.push_str(before);
        }
        let digits = escape.get(2..6).filter(|_| escape.starts_with("\\u"));
        if let Some(unit) = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()) {
            units.push(unit);
            rest = escape.get(6..).unwrap_or_default();
            continue;
        }
        out.push_str(&String::from_utf16_lossy(&std::mem::take(&mut units)));
        let mut after = escape.chars();
        after.next();
        match after.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some(other) => out.push(other),
            None => {}
        }
        rest = after.as_str();
    }
    out.push_str(&String::from_utf16_lossy(&units));
    out.push_str(rest);
    out
}
