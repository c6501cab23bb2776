//! Primitives over bytes that the guest holds itself. Base secrets are never among them.

/// SHA-256 of the data.
#[must_use]
pub fn sha256(data: &[u8]) -> Vec<u8> {
    crate::host::sha256(data)
}

/// HMAC-SHA-256 with a key that the guest holds.
#[must_use]
pub fn hmac_sha256(key: &[u8], data: &[u8]) -> Vec<u8> {
    crate::host::hmac_sha256(key, data)
}

/// Bytes of the system's random generator, at most 1,024 a call.
#[must_use]
pub fn random_bytes(length: u32) -> Vec<u8> {
    crate::host::random_bytes(length)
}

/// Lower-case hexadecimal of the bytes.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 0xf] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn hex_is_lower_case_and_padded() {
        assert_eq!(super::hex(&[0, 0x0f, 0xa0, 0xff]), "000fa0ff");
    }
}
