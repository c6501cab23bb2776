//! Standard output. Nothing gets there that a terminal obeys, wherever a command has it from.

use std::io::Write as _;

/// Prints the text. That whoever reads stops early is no error.
pub(crate) fn out(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().write_all(crate::shown::inert(text).as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
