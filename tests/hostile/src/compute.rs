//! Misdeeds without an answer: they take what the host has, or break.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};

use pangolin_plugin_sdk::{ErrorKind, VendError, clock, crypto, log};

use crate::unknown;

/// Would be more than one if an instance served two calls.
static CALLS: AtomicU32 = AtomicU32::new(0);

/// Does it. What comes back at all did no harm.
pub(crate) fn run(mode: &str) -> Result<(), VendError> {
    match mode {
        "honest" => {}
        "spin" => loop {
            black_box(());
        },
        "spin-clock" => loop {
            black_box(clock::now_ms());
        },
        "spin-random" => loop {
            black_box(crypto::random_bytes(1024));
        },
        "too-much-random" => drop(crypto::random_bytes(u32::MAX)),
        "spin-hash" => {
            let data = vec![7_u8; 1 << 20];
            loop {
                black_box(crypto::sha256(&data));
            }
        }
        "spin-log" => loop {
            log::warn(&"flood ".repeat(100));
        },
        "spin-log-empty" => loop {
            log::debug("");
        },
        "log-huge" => log::error(&"x".repeat(16 << 20)),
        "allocate" => {
            let mut kept = Vec::new();
            loop {
                kept.push(black_box(vec![1_u8; 1 << 20]));
            }
        }
        "allocate-at-once" => drop(black_box(vec![1_u8; 1 << 30])),
        "recurse" => drop(black_box(deeper(black_box(0)))),
        "abort" => std::process::abort(),
        "panic" => panics(),
        "out-of-bounds" => memory_fault(),
        "count" => {
            let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
            return Err(VendError::new(ErrorKind::Denied, "counted", calls.to_string()));
        }
        "error-huge" => {
            return Err(VendError::new(ErrorKind::Denied, &"c".repeat(1 << 20), "m".repeat(1 << 19)));
        }
        "error-forged" => {
            let text = "\u{1b}[31mred\r\n\r\nHTTP/1.1 200 OK\u{202e}<script>alert(1)</script>\0";
            return Err(VendError::new(ErrorKind::Throttled, "Not A Code\r\n", text));
        }
        "error-wait" => {
            let mut error = VendError::new(ErrorKind::Throttled, "wait", "for ever");
            error.retry_after_ms = Some(u32::MAX);
            return Err(error);
        }
        other => return Err(unknown(other)),
    }
    Ok(())
}

/// Keeps nothing in linear memory: the guest's own stack there ends before the host's bound is met.
#[inline(never)]
#[expect(unconditional_recursion, reason = "it is what the stack's bound is tested with")]
fn deeper(depth: u64) -> u64 {
    deeper(depth + 1).rotate_left(3) ^ depth
}

#[expect(clippy::panic, reason = "it is what is tested")]
fn panics() {
    panic!("\u{1b}[2Jpanicked\r\n2026-01-01T00:00:00Z ERROR forged");
}

#[expect(unsafe_code, reason = "the fault is what is tested")]
fn memory_fault() {
    // SAFETY: none; the address lies outside of the memory, and the instance traps.
    black_box(unsafe { std::ptr::read_volatile((u32::MAX - 64) as *const u64) });
}
