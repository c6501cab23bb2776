//! The server's randomness.

use rand::Rng as _;

/// 32 random bytes.
pub(crate) fn bytes() -> [u8; 32] {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// A number from 0 to 1, for pauses that are not the same on all hosts.
pub(crate) fn fraction() -> f64 {
    let [a, b, c, d, ..] = bytes();
    f64::from(u32::from_be_bytes([a, b, c, d])) / (f64::from(u32::MAX) + 1.0)
}

/// A secret that signs tokens until the process ends.
pub(crate) fn token_secret() -> String {
    hex::encode(bytes())
}
