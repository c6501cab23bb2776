//! WASI 0.2 for components that a language's runtime made: there, and empty.
//!
//! A Python or JavaScript runtime imports clocks, randomness, standard streams, files and sockets
//! before the author wrote a line. So that it starts, these can be imported; so that nothing is
//! gained by it, they lead nowhere:
//!
//! | interfaces | what they do |
//! |---|---|
//! | `cli` | no environment, no arguments, no directory, no terminal, standard input at its end; lines of standard output and error are log lines of the call; `exit` ends the call |
//! | `clocks` | the host's clock; sleeping holds no thread and ends with the call |
//! | `random` | the system's generator, so many bytes a call |
//! | `io` | what streams and sleeping need |
//! | `filesystem`, `sockets` | no directory is open, no socket can be made, no name is looked up |
//!
//! `wasi:http` is not among them: requests go through `pangolin:vending/http`, where grants bind.
//!
//! From the crate of wasmtime come the types of the interfaces, not what is behind them: what an
//! empty WASI does is less than the code that would have to be kept empty. Each function that a guest
//! can call is one of the files below, counts as a call of the host, and has its bounds there.
//! Files, sockets and address streams are arguments of functions that the crate does implement:
//! a guest can only call those with a handle, and no function gives it one. There is no context
//! that somebody could fill with a directory or the host's environment.
//!
//! Nothing is made before the first call, so a component without WASI pays for none of it.

mod cli;
mod clocks;
mod filesystem;
mod io;
mod output;
mod random;
mod sockets;

use std::time::Instant;

use wasmtime::component::{HasSelf, Linker, ResourceTable};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemCtx, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings as p2;
use wasmtime_wasi::sockets::{WasiSockets, WasiSocketsCtx, WasiSocketsCtxView};

use self::output::Output;
use crate::guest::Guest;

/// Interfaces of WASI 0.2 that a plugin may import.
pub(crate) const IMPORTS: [&str; 27] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/network",
    "wasi:sockets/tcp",
    "wasi:sockets/tcp-create-socket",
    "wasi:sockets/udp",
    "wasi:sockets/udp-create-socket",
];

/// What WASI keeps during one call.
#[derive(Default)]
pub(crate) struct Wasi {
    /// What guests wait for: no other resource of theirs has a state.
    table: ResourceTable,
    output: Output,
    /// Begin of monotonic time, at the first look at it.
    started: Option<Instant>,
    random_bytes: usize,
    filesystem: WasiFilesystemCtx,
    sockets: Option<WasiSocketsCtx>,
}

impl std::fmt::Debug for Wasi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wasi").finish_non_exhaustive()
    }
}

/// Offers the interfaces to guests.
pub(crate) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    type Own = HasSelf<Guest>;
    p2::cli::environment::add_to_linker::<_, Own>(linker, own)?;
    p2::cli::exit::add_to_linker::<_, Own>(linker, own)?;
    p2::cli::stderr::add_to_linker::<_, Own>(linker, own)?;
    p2::cli::stdin::add_to_linker::<_, Own>(linker, own)?;
    p2::cli::stdout::add_to_linker::<_, Own>(linker, own)?;
    p2::cli::terminal_input::add_to_linker::<_, Own>(linker, own)?;
    p2::cli::terminal_output::add_to_linker::<_, Own>(linker, own)?;
    p2::cli::terminal_stderr::add_to_linker::<_, Own>(linker, own)?;
    p2::cli::terminal_stdin::add_to_linker::<_, Own>(linker, own)?;
    p2::cli::terminal_stdout::add_to_linker::<_, Own>(linker, own)?;
    p2::clocks::monotonic_clock::add_to_linker::<_, Own>(linker, own)?;
    p2::clocks::wall_clock::add_to_linker::<_, Own>(linker, own)?;
    p2::random::insecure::add_to_linker::<_, Own>(linker, own)?;
    p2::random::insecure_seed::add_to_linker::<_, Own>(linker, own)?;
    p2::random::random::add_to_linker::<_, Own>(linker, own)?;
    p2::io::error::add_to_linker::<_, Own>(linker, own)?;
    p2::io::poll::add_to_linker::<_, Own>(linker, own)?;
    p2::io::streams::add_to_linker::<_, Own>(linker, own)?;
    p2::filesystem::preopens::add_to_linker::<_, Own>(linker, own)?;
    p2::filesystem::types::add_to_linker::<_, WasiFilesystem>(linker, unreachable_files)?;
    p2::sockets::instance_network::add_to_linker::<_, Own>(linker, own)?;
    p2::sockets::ip_name_lookup::add_to_linker::<_, Own>(linker, own)?;
    p2::sockets::network::add_to_linker::<_, Own>(linker, &p2::sockets::network::LinkOptions::default(), own)?;
    p2::sockets::tcp::add_to_linker::<_, WasiSockets>(linker, unreachable_sockets)?;
    p2::sockets::tcp_create_socket::add_to_linker::<_, Own>(linker, own)?;
    p2::sockets::udp::add_to_linker::<_, WasiSockets>(linker, unreachable_sockets)?;
    p2::sockets::udp_create_socket::add_to_linker::<_, Own>(linker, own)
}

fn own(guest: &mut Guest) -> &mut Guest {
    guest
}

/// For functions whose argument is an open file, which no guest has.
fn unreachable_files(guest: &mut Guest) -> WasiFilesystemCtxView<'_> {
    WasiFilesystemCtxView { ctx: &mut guest.wasi.filesystem, table: &mut guest.wasi.table }
}

/// For functions whose argument is a socket, which no guest has.
fn unreachable_sockets(guest: &mut Guest) -> WasiSocketsCtxView<'_> {
    let ctx = guest.wasi.sockets.get_or_insert_with(WasiSocketsCtx::default);
    WasiSocketsCtxView { ctx, table: &mut guest.wasi.table }
}

/// The trap of a function whose argument is a handle that no function gives.
fn no_such_handle() -> wasmtime::Error {
    wasmtime::format_err!("a handle that this host did not give")
}
