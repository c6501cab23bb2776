//! The system's random generator.

use rand::TryRng as _;
use rand::rngs::SysRng;

/// The generator did not answer.
#[derive(Debug, thiserror::Error)]
#[error("the system's random generator failed")]
pub(crate) struct NoRandomness;

/// Fills `buffer`.
pub(crate) fn fill(buffer: &mut [u8]) -> Result<(), NoRandomness> {
    SysRng.try_fill_bytes(buffer).map_err(|_| NoRandomness)
}
