//! Lines for the operator. Bounded per call in number and length; the host escapes control
//! characters and masks the values of slots.

/// How much the operator should care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For whoever debugs the plugin.
    Debug,
    /// Worth a line.
    Info,
    /// Something is odd.
    Warn,
    /// Something failed.
    Error,
}

/// Writes one line.
pub fn log(level: Level, message: &str) {
    crate::host::log(level, message);
}

/// Writes one line for whoever debugs the plugin.
pub fn debug(message: &str) {
    log(Level::Debug, message);
}

/// Writes one line.
pub fn info(message: &str) {
    log(Level::Info, message);
}

/// Writes one line about something odd.
pub fn warn(message: &str) {
    log(Level::Warn, message);
}

/// Writes one line about a failure.
pub fn error(message: &str) {
    log(Level::Error, message);
}
