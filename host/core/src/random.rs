//! The core's only randomness: jitter of refreshes and retries.

/// A number in `0.0..1.0`.
#[expect(clippy::disallowed_methods, reason = "the module named random")]
pub(crate) fn fraction() -> f64 {
    rand::random()
}
