//! The host's wall clock.

/// Milliseconds since the Unix epoch.
#[must_use]
pub fn now_ms() -> u64 {
    crate::host::now_ms()
}
