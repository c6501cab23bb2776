//! `log`: lines for the operator.

use crate::bindings::{log, types};
use crate::guest::Guest;
use crate::text;

/// Characters of one line.
const LINE_LIMIT: usize = 2_000;

impl types::Host for Guest {}

impl log::Host for Guest {
    fn log(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        self.enter()?;
        self.log_line(level, None, &message);
        Ok(())
    }
}

impl Guest {
    /// One line of the guest, in the bounds of the call. `stream` names the standard stream that it
    /// was written to.
    pub(crate) fn log_line(&mut self, level: log::Level, stream: Option<&'static str>, message: &str) {
        let left = &mut self.left;
        let bytes = u32::try_from(message.len()).unwrap_or(u32::MAX);
        if left.log_lines == 0 || left.log_bytes < bytes {
            if left.log_lines > 0 || left.log_bytes > 0 {
                // Said once: what is left is gone.
                tracing::warn!(
                    target: "plugin",
                    plugin = %self.call.plugin,
                    request_id = %self.call.request_id,
                    "log bound of this call reached, further lines are dropped"
                );
            }
            (left.log_lines, left.log_bytes) = (0, 0);
            return;
        }
        left.log_lines -= 1;
        left.log_bytes -= bytes;
        let line = text::printable(&text::masked(message, &self.call), LINE_LIMIT);
        let (plugin, request_id) = (&self.call.plugin, &self.call.request_id);
        match level {
            log::Level::Debug => tracing::debug!(target: "plugin", %plugin, %request_id, stream, "{line}"),
            log::Level::Info => tracing::info!(target: "plugin", %plugin, %request_id, stream, "{line}"),
            log::Level::Warn => tracing::warn!(target: "plugin", %plugin, %request_id, stream, "{line}"),
            log::Level::Error => tracing::error!(target: "plugin", %plugin, %request_id, stream, "{line}"),
        }
    }
}
