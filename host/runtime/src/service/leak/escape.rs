//! How else the same bytes can be read: writers of URLs, forms, JSON, HTML and XML escape what a
//! secret may consist of.

use percent_encoding::percent_decode;

/// Another reading, if the bytes have one.
type Reading = fn(&[u8]) -> Option<Vec<u8>>;

/// Readings of the bytes, each only if there is something in them that it would change.
pub(super) fn readings(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let readings: [Reading; 4] = [
        |bytes| has(bytes, b'%').then(|| percent_decode(bytes).collect()),
        |bytes| has(bytes, b'+').then(|| of_form(bytes)),
        |bytes| has(bytes, b'\\').then(|| unescaped(bytes)),
        |bytes| has(bytes, b'&').then(|| without_references(bytes)),
    ];
    readings.into_iter().filter_map(move |reading| reading(bytes))
}

fn has(bytes: &[u8], byte: u8) -> bool {
    memchr::memchr(byte, bytes).is_some()
}

/// In a form `+` is a space, and the plus itself is encoded.
fn of_form(bytes: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).collect()
}

/// The bytes without the character references of HTML and XML.
fn without_references(bytes: &[u8]) -> Vec<u8> {
    const LONGEST: usize = 10;
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(b'&', rest) {
        let (before, tail) = rest.split_at(at);
        out.extend_from_slice(before);
        let end = tail.iter().take(LONGEST).position(|byte| *byte == b';');
        let reference = end.and_then(|end| tail.get(1..end)).and_then(referred);
        match (reference, end) {
            (Some(c), Some(end)) => {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                rest = tail.get(end + 1..).unwrap_or_default();
            }
            _ => {
                out.push(b'&');
                rest = tail.get(1..).unwrap_or_default();
            }
        }
    }
    out.extend_from_slice(rest);
    out
}

fn referred(name: &[u8]) -> Option<char> {
    let name = std::str::from_utf8(name).ok()?;
    let Some(number) = name.strip_prefix('#') else {
        return match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => None,
        };
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code)
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
                out.push(match next {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    other => *other,
                });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_json_are_undone() {
        assert_eq!(unescaped(br"a\\u0041\u0041\u12"), br"a\u0041Au12");
        assert_eq!(unescaped(br"-----\r\nMII\/\t"), b"-----\r\nMII/\t");
    }

    #[test]
    fn character_references_are_undone() {
        let text = b"a&amp;b&#x2F;&#X2f;&#47;&lt;&gt;&quot;&apos;&nbsp;&;&#xffffff;&";
        assert_eq!(without_references(text), b"a&b///<>\"'&nbsp;&;&#xffffff;&");
    }
}
