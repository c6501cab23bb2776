//! Standard output and error of a guest: collected to lines, then logged in the bounds of `log`.
//!
//! A line is masked as a whole: none is logged in pieces, between which a secret could lie. One that
//! is longer than what is left of the call's bytes of log is dropped, as `log` drops it.

use wasmtime::component::Resource;
use wasmtime_wasi::p2::DynOutputStream;

use crate::bindings::log::Level;
use crate::guest::Guest;

/// Which stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    /// The two have no state of their own: a handle is a number.
    pub(super) fn handle(self) -> Resource<DynOutputStream> {
        Resource::new_own(match self {
            Self::Stdout => 1,
            Self::Stderr => 2,
        })
    }

    pub(super) fn of(handle: &Resource<DynOutputStream>) -> Self {
        if handle.rep() == 1 { Self::Stdout } else { Self::Stderr }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }

    fn level(self) -> Level {
        match self {
            Self::Stdout => Level::Info,
            Self::Stderr => Level::Warn,
        }
    }
}

/// Begun lines.
#[derive(Default)]
pub(super) struct Output {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Output {
    fn of(&mut self, stream: Stream) -> &mut Vec<u8> {
        match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }
    }
}

impl Guest {
    /// Takes what the guest wrote and logs the lines that are complete.
    pub(super) fn print(&mut self, stream: Stream, bytes: &[u8]) {
        let mut pieces = bytes.split(|byte| *byte == b'\n');
        let Some(mut piece) = pieces.next() else { return };
        for next in pieces {
            self.begin_line(stream, piece);
            self.end_line(stream);
            piece = next;
        }
        self.begin_line(stream, piece);
    }

    /// Logs lines that were begun and will not be continued.
    pub(crate) fn end_output(&mut self) {
        self.end_line(Stream::Stdout);
        self.end_line(Stream::Stderr);
    }

    fn begin_line(&mut self, stream: Stream, piece: &[u8]) {
        // One byte more than fits says that the line does not fit.
        let most = usize::try_from(self.left.log_bytes).unwrap_or(usize::MAX).saturating_add(1);
        let line = self.wasi.output.of(stream);
        let room = most.saturating_sub(line.len());
        line.extend_from_slice(piece.get(..room).unwrap_or(piece));
    }

    fn end_line(&mut self, stream: Stream) {
        let line = std::mem::take(self.wasi.output.of(stream));
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        if !line.is_empty() {
            self.log_line(stream.level(), Some(stream.name()), &String::from_utf8_lossy(line));
        }
    }
}
