//! Keys in base64 without the lines of PEM: the first bytes tell the private ones.

/// Whether a word of the text is a private key (PKCS#8, PKCS#1 or SEC 1).
pub(super) fn is_private(text: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '/'))).any(|word| {
        // Version 0 or 1, then an algorithm, a modulus or a key.
        word.len() >= 60 && inner(word).is_some_and(|inner| matches!(inner.as_slice(), [2, 1, 0 | 1, 0x30 | 2 | 4, ..]))
    })
}

/// Whether a word is a certificate or a public key, also one in the form of SSH.
pub(in crate::credential_scan) fn is_public(word: &str) -> bool {
    word.starts_with("AAAA") || inner(word).is_some_and(|inner| matches!(inner.as_slice(), [0x30, ..]))
}

/// What begins a sequence that is as long as it says.
fn inner(word: &str) -> Option<Vec<u8>> {
    let bytes = decode(word.get(..24)?)?;
    let (header, length) = match bytes.get(..4)? {
        [0x30, 0x82, high, low] => (4, usize::from(*high) * 256 + usize::from(*low)),
        [0x30, 0x81, low, _] => (3, usize::from(*low)),
        [0x30, low @ 0..=0x7f, ..] => (2, usize::from(*low)),
        _ => return None,
    };
    // Base64 of so many bytes; a chance likeness has another length.
    let said = (header + length).div_ceil(3) * 4;
    let given = word.len().div_ceil(4) * 4;
    (said == given).then(|| bytes.into_iter().skip(header).collect())
}

/// Base64 without its padding; none: it is something else.
pub(in crate::credential_scan) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).ok()?);
        }
    }
    Some(bytes)
}
