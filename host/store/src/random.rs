//! The only randomness of the store: nonces and keys.

/// A nonce of AES-GCM.
pub(crate) fn nonce() -> [u8; 12] {
    let mut bytes = [0; 12];
    rand::fill(&mut bytes);
    bytes
}

/// A key of AES-256.
pub(crate) fn key() -> zeroize::Zeroizing<[u8; 32]> {
    let mut bytes = zeroize::Zeroizing::new([0; 32]);
    rand::fill(&mut *bytes);
    bytes
}
