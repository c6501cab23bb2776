//! Guests that import WASI, as those that a language's runtime made do.

mod heavy;
mod inert;
mod output;
mod steady;
mod time;

use crate::guest::Guest;

/// The interfaces of WASI that guests may import here.
const WIT: &str = include_str!("wasi/wasi.wit");

impl Guest {
    /// Adds an import of WASI: interface, function, its name in WAT, and signature.
    fn with_wasi(self, interface: &str, function: &str, name: &str, signature: &str) -> Self {
        self.with_wasi_of("0.2.6", interface, function, name, signature)
    }

    fn with_wasi_of(mut self, version: &str, interface: &str, function: &str, name: &str, signature: &str) -> Self {
        let interface = format!("wasi:{interface}@{version}");
        self.packages = WIT.replace("0.2.6", version);
        self.imports.push_str(&format!("(import \"{interface}\" \"{function}\" (func ${name} {signature}))\n"));
        self.others.insert(interface);
        self
    }

    /// `$write`: handle, address, length, address of the result.
    fn writing(self, stream: &str) -> Self {
        self.with_wasi(&format!("cli/{stream}"), &format!("get-{stream}"), stream, "(result i32)").with_wasi(
            "io/streams",
            "[method]output-stream.blocking-write-and-flush",
            "write",
            "(param i32 i32 i32 i32)",
        )
    }

    /// `$sleep`: nanoseconds to a handle; `$block`: waits for it; `$done`: drops it.
    fn sleeping(self) -> Self {
        self.with_wasi("clocks/monotonic-clock", "subscribe-duration", "sleep", "(param i64) (result i32)")
            .with_wasi("io/poll", "[method]pollable.block", "block", "(param i32)")
            .with_wasi("io/poll", "[resource-drop]pollable", "done", "(param i32)")
    }
}

/// A data segment at 512, where guests have scratch space.
fn data(text: &str) -> String {
    format!("(data (i32.const 512) \"{}\")", text.bytes().map(|byte| format!("\\{byte:02x}")).collect::<String>())
}
