//! The server's randomness.

use rand::Rng as _;

/// 32 random bytes.
pub(crate) fn bytes() -> [u8; 32] {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// A secret that signs tokens until the process ends.
pub(crate) fn token_secret() -> String {
    hex::encode(bytes())
}
