//! What is there leads nowhere.

use crate::guest::Guest;
use crate::host::Host;

/// Fails the guest unless the byte at `address` is as said.
fn byte(address: u32, is: u8) -> String {
    format!("(if (i32.ne (i32.load8_u (i32.const {address})) (i32.const {is})) (then unreachable))\n")
}

/// Fails the guest unless the word at `address` is zero; before the call it is not.
fn zero(address: u32) -> String {
    format!("(if (i32.load (i32.const {address})) (then unreachable))\n")
}

async fn vends(guest: Guest) {
    let host = Host::new(&[guest], "[plugins.Good]").await;
    host.vend("Good").await.unwrap();
}

#[tokio::test]
async fn nothing_of_the_hosts_environment_is_seen() {
    // What could be seen is there.
    assert!(
        std::env::vars_os().next().is_some() && std::env::args().next().is_some() && std::env::current_dir().is_ok()
    );
    let set = "(i32.store (i32.const 64) (i32.const -1)) (i32.store (i32.const 68) (i32.const -1))\n";
    let asks = ["environment", "arguments", "cwd", "directories"].map(|name| {
        let length = if name == "cwd" { byte(64, 0) } else { zero(68) };
        format!("{set} (call ${name} (i32.const 64)) {length}")
    });
    let guest = Guest::named("Good")
        .with_wasi("cli/environment", "get-environment", "environment", "(param i32)")
        .with_wasi("cli/environment", "get-arguments", "arguments", "(param i32)")
        .with_wasi("cli/environment", "initial-cwd", "cwd", "(param i32)")
        .with_wasi("filesystem/preopens", "get-directories", "directories", "(param i32)")
        .vending(&asks.concat());
    vends(guest).await;
}

#[tokio::test]
async fn standard_input_is_at_its_end_and_there_is_no_terminal() {
    // err(stream-error::closed), then none.
    let ask = format!(
        "(call $read (call $stdin) (i64.const 100) (i32.const 64)) {} {}
         (i32.store (i32.const 80) (i32.const -1)) (call $terminal (i32.const 80)) {}",
        byte(64, 1),
        byte(68, 1),
        byte(80, 0)
    );
    let guest = Guest::named("Good")
        .with_wasi("cli/stdin", "get-stdin", "stdin", "(result i32)")
        .with_wasi("io/streams", "[method]input-stream.read", "read", "(param i32 i64 i32)")
        .with_wasi("cli/terminal-stdout", "get-terminal-stdout", "terminal", "(param i32)")
        .vending(&ask);
    vends(guest).await;
}

#[tokio::test]
async fn no_socket_is_made_and_no_name_is_looked_up() {
    // Each answers err(error-code::access-denied).
    let denied = format!("{} {}", byte(64, 1), byte(68, 1));
    let ask = format!(
        "(call $tcp (i32.const 0) (i32.const 64)) {denied}
         (call $tcp (i32.const 1) (i32.const 64)) {denied}
         (call $udp (i32.const 0) (i32.const 64)) {denied}
         (call $resolve (call $network) (i32.const 512) (i32.const 9) (i32.const 64)) {denied}"
    );
    let guest = Guest {
        items: super::data("localhost"),
        ..Guest::named("Good")
            .with_wasi("sockets/tcp-create-socket", "create-tcp-socket", "tcp", "(param i32 i32)")
            .with_wasi("sockets/udp-create-socket", "create-udp-socket", "udp", "(param i32 i32)")
            .with_wasi("sockets/instance-network", "instance-network", "network", "(result i32)")
            .with_wasi("sockets/ip-name-lookup", "resolve-addresses", "resolve", "(param i32 i32 i32 i32)")
            .vending(&ask)
    };
    vends(guest).await;
}

#[tokio::test]
async fn functions_of_files_and_sockets_cannot_be_called_without_one() {
    for handle in [0, 1, 2, 7] {
        let guest = Guest::named("Bad")
            .with_wasi("filesystem/types", "[method]descriptor.sync", "sync", "(param i32 i32)")
            .with_wasi("cli/stdout", "get-stdout", "stdout", "(result i32)")
            .vending(&format!("(drop (call $stdout)) (call $sync (i32.const {handle}) (i32.const 64))"));
        assert_eq!(Host::with_bad(guest, "").await.bad().await.code, "plugin-bad-answer");
        let guest = Guest::named("Bad")
            .with_wasi("sockets/tcp", "[method]tcp-socket.address-family", "family", "(param i32) (result i32)")
            .with_wasi("sockets/instance-network", "instance-network", "network", "(result i32)")
            .vending(&format!("(drop (call $network)) (drop (call $family (i32.const {handle})))"));
        assert_eq!(Host::with_bad(guest, "").await.bad().await.code, "plugin-bad-answer");
    }
}

#[tokio::test]
async fn a_guest_that_exits_is_an_error_of_its_call() {
    for (status, code) in [(0, "the code 0"), (1, "the code 1")] {
        let guest = Guest::named("Bad")
            .with_wasi("cli/exit", "exit", "exit", "(param i32)")
            .vending(&format!("(call $exit (i32.const {status}))"));
        let error = Host::with_bad(guest, "").await.bad().await;
        assert_eq!(error.code, "plugin-exit");
        assert!(error.message.contains(code), "{error}");
    }
}

#[tokio::test]
async fn random_bytes_are_bounded_in_one_call_and_in_all() {
    let guest = |name: &str, len: u64, times: u32| {
        Guest::named(name)
            .with_wasi("random/random", "get-random-bytes", "secure", "(param i64 i32)")
            .with_wasi("random/insecure", "get-insecure-random-bytes", "insecure", "(param i64 i32)")
            .with_wasi("random/random", "get-random-u64", "u64", "(result i64)")
            .with_wasi("random/insecure-seed", "insecure-seed", "seed", "(param i32)")
            .vending(&format!(
                "(drop (memory.grow (i32.const 20))) (drop (call $u64)) (call $seed (i32.const 64))
                 (loop $l (call $secure (i64.const {len}) (i32.const 64)) (call $insecure (i64.const {len}) (i32.const 64))
                   (local.set $i (i32.add (local.get $i) (i32.const 1)))
                   (br_if $l (i32.lt_u (local.get $i) (i32.const {times}))))"
            ))
    };
    vends(guest("Good", 1024, 32)).await;
    for (len, times) in [(1024, 33), (1 << 20, 1), (1 << 40, 1), (u64::MAX >> 1, 1)] {
        let error = Host::with_bad(guest("Bad", len, times), "").await.bad().await;
        assert_eq!(error.code, "plugin-random-bytes");
    }
}

#[tokio::test]
async fn calls_of_wasi_are_calls_of_the_host() {
    for (interface, function, signature, call) in [
        ("clocks/monotonic-clock", "now", "(result i64)", "(drop (call $f))"),
        ("clocks/wall-clock", "now", "(param i32)", "(call $f (i32.const 64))"),
        ("random/random", "get-random-u64", "(result i64)", "(drop (call $f))"),
        ("cli/environment", "get-environment", "(param i32)", "(call $f (i32.const 64))"),
        ("filesystem/preopens", "get-directories", "(param i32)", "(call $f (i32.const 64))"),
        ("sockets/tcp-create-socket", "create-tcp-socket", "(param i32 i32)", "(call $f (i32.const 0) (i32.const 64))"),
        ("cli/terminal-stdout", "get-terminal-stdout", "(param i32)", "(call $f (i32.const 64))"),
    ] {
        let guest = || {
            Guest::named("Bad")
                .with_wasi(interface, function, "f", signature)
                .vending(&format!("(loop $l {call} (br $l))"))
        };
        let counted = Host::with_bad(guest(), "host_calls = 100").await.bad().await;
        assert_eq!(counted.code, "plugin-host-calls", "{interface}");
        let timed = Host::with_bad(guest(), "cpu_ms = 20\nhost_calls = 1000000").await.bad().await;
        assert_eq!(timed.code, "plugin-cpu-exceeded", "{interface}");
    }
}

#[tokio::test]
async fn handles_do_not_pile_up() {
    let guest = Guest::named("Bad").sleeping().vending("(loop $l (drop (call $sleep (i64.const 1))) (br $l))");
    let error = Host::with_bad(guest, "").await.bad().await;
    assert_eq!(error.code, "plugin-handles", "{error}");
    let guest = Guest::named("Bad")
        .with_wasi("sockets/instance-network", "instance-network", "network", "(result i32)")
        .vending("(loop $l (drop (call $network)) (br $l))");
    assert_eq!(Host::with_bad(guest, "").await.bad().await.code, "plugin-handles");
}
