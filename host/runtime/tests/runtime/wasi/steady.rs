//! What is loaded: versions of WASI and of the contract, and `describe` that does not depend on
//! chance or time.

use std::time::{Duration, Instant};

use pangolin_core::ports::{SlotValues, Strategies as _, StrategyCall};

use crate::guest::Guest;
use crate::host::{Host, authorised, config, home, open};

/// Why the component is refused, if it is.
async fn refusal(bytes: &[u8]) -> Option<String> {
    let home = home(&[("some.wasm", bytes)]);
    let runtime = open(config(&home, "[plugins.Some]")).await.unwrap();
    runtime.rejected().first().map(|rejected| rejected.reason.clone())
}

/// The bytes with another text of the same length wherever it stands.
fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut out = bytes.to_vec();
    let mut found = 0;
    for at in 0..=out.len() - from.len() {
        if out[at..].starts_with(from.as_bytes()) {
            out[at..at + from.len()].copy_from_slice(to.as_bytes());
            found += 1;
        }
    }
    assert!(found > 0, "{from}");
    out
}

#[tokio::test]
async fn older_and_newer_patches_of_wasi_0_2_fit_and_are_listed() {
    for version in ["0.2.0", "0.2.9", "0.2.12", "0.2.99"] {
        let guest = Guest::named("Some")
            .with_wasi_of(version, "cli/stderr", "get-stderr", "stderr", "(result i32)")
            .with_wasi_of(version, "random/random", "get-random-u64", "random", "(result i64)")
            .vending("(drop (call $stderr)) (drop (call $random))");
        let host = Host::new(&[guest], "[plugins.Some]").await;
        assert_eq!(host.runtime.rejected(), []);
        let info = host.runtime.find("Some").unwrap();
        assert!(info.imports.contains(&format!("wasi:cli/stderr@{version}")), "{:?}", info.imports);
        host.vend("Some").await.unwrap();
    }
}

#[tokio::test]
async fn wasi_0_3_and_wasi_http_are_refused_with_the_way_out() {
    let guest = Guest::named("Some").with_wasi("cli/environment", "get-environment", "f", "(param i32)").build();
    let reason = refusal(&replaced(&guest, "wasi:cli/environment@0.2.6", "wasi:cli/environment@0.3.6")).await.unwrap();
    assert!(reason.contains("WASI 0.2 only"), "{reason}");
    let http = wat::parse_str("(component (import \"wasi:http/outgoing-handler@0.2.6\" (instance)))").unwrap();
    let reason = refusal(&http).await.unwrap();
    assert!(reason.contains("pangolin:vending/http"), "{reason}");
}

#[tokio::test]
async fn asynchronous_components_are_refused_with_the_way_out() {
    let reason = refusal(&wat::parse_str("(component (core func (canon task.cancel)))").unwrap()).await.unwrap();
    assert!(reason.contains("WASI 0.3") && reason.contains("--sync"), "{reason}");
}

#[tokio::test]
async fn a_function_that_wasi_0_2_does_not_have_is_refused() {
    let odd = "(component (import \"wasi:cli/environment@0.2.6\" (instance (export \"fly\" (func))))
        (instance $i) (export \"pangolin:vending/strategy@1.0.0\" (instance $i)))";
    let reason = refusal(&wat::parse_str(odd).unwrap()).await.unwrap();
    assert!(reason.contains("fly"), "{reason}");
    let typed =
        "(component (import \"wasi:random/random@0.2.6\" (instance (export \"get-random-u64\" (func (result string)))))
        (instance $i) (export \"pangolin:vending/strategy@1.0.0\" (instance $i)))";
    let reason = refusal(&wat::parse_str(typed).unwrap()).await.unwrap();
    assert!(reason.contains("get-random-u64"), "{reason}");
}

#[tokio::test]
async fn another_patch_of_the_contract_fits_and_vends() {
    let guest = Guest::named("Some")
        .importing("log", "log", "(param i32 i32 i32)")
        .vending("(call $log (i32.const 1) (i32.const 512) (i32.const 0))");
    let bytes = guest.build();
    let later = replaced(&bytes, "@1.0.0", "@1.0.7");
    let home = home(&[("some.wasm", &later)]);
    let runtime = open(config(&home, "[plugins.Some]")).await.unwrap();
    assert_eq!(runtime.rejected(), []);
    let (warehouse, authorised) = authorised("Some");
    let slots = SlotValues::new();
    let call = StrategyCall {
        authorised: &authorised,
        warehouse: &warehouse,
        slots: &slots,
        ttl_seconds: 900,
        request_id: "request-1",
    };
    runtime.vend(call).await.unwrap();
    for (version, way_out) in
        [("@1.1.0", "run a newer host"), ("@2.0.0", "pangolin plugin wit"), ("@0.1.0", "plugin wit")]
    {
        let reason = refusal(&replaced(&bytes, "@1.0.0", version)).await.unwrap();
        for words in [&format!("pangolin:vending{version}"), "pangolin:vending@1.0.0", way_out] {
            assert!(reason.contains(words), "{words}: {reason}");
        }
    }
}

/// A guest whose runtime looks at clocks and randomness in `describe`, and that then runs `wat`,
/// with `$answer` the address of its description.
fn describing(wat: &str) -> Guest {
    let guest = Guest::named("Some")
        .with_wasi("random/random", "get-random-bytes", "random", "(param i64 i32)")
        .with_wasi("clocks/wall-clock", "now", "clock", "(param i32)")
        .with_wasi("clocks/monotonic-clock", "now", "ticks", "(result i64)");
    Guest {
        describe: format!(
            "(call $random (i64.const 24) (i32.const 64)) (call $clock (i32.const 80)) (drop (call $ticks)) {wat}"
        ),
        ..guest
    }
}

#[tokio::test]
async fn a_runtime_may_look_at_clocks_and_chance_before_it_describes() {
    assert_eq!(refusal(&describing("").build()).await, None);
}

#[tokio::test]
async fn a_description_that_depends_on_chance_or_time_is_refused() {
    // The name is 'Some': its second letter becomes one of a to p, by a random byte or by the day.
    let set = |byte: &str| {
        format!(
            "(i32.store8 (i32.const {}) (i32.add (i32.const 97) (i32.and {byte} (i32.const 15))))",
            crate::image::BASE + 1
        )
    };
    let by_chance = set("(i32.load8_u (i32.load (i32.const 64)))");
    let by_day = set("(i32.wrap_i64 (i64.div_u (i64.load (i32.const 80)) (i64.const 86400)))");
    // Of 16 random letters two are the same now and then: some of eight questions show it.
    let mut reasons = Vec::new();
    for _ in 0..8 {
        reasons.extend(refusal(&describing(&by_chance).build()).await);
    }
    assert!(reasons.iter().any(|reason| reason.contains("the same every time")), "{reasons:?}");
    let reason = refusal(&describing(&by_day).build()).await.unwrap();
    assert!(reason.contains("the name") && reason.contains("the same every time"), "{reason}");
}

/// What waits for a date, or for the host of a certain day, would show a reviewer something else.
#[tokio::test]
async fn a_description_does_not_know_the_day() {
    let [first, later] = [1_767_225_600_i64, 1_767_225_600 + 401 * 86_400 + 3_661];
    let asked_at = |second: i64| format!("(i64.eq (i64.load (i32.const 80)) (i64.const {second}))");
    let other_day = format!("(i32.eqz (i32.or {} {}))", asked_at(first), asked_at(later));
    let guest = describing(&format!("(if {other_day} (then unreachable))"));
    assert_eq!(refusal(&guest.build()).await, None);
}

#[tokio::test]
async fn a_description_may_not_wait() {
    for wait in ["(call $block (call $sleep (i64.const 3600000000000)))", "(call $block (call $sleep (i64.const -1)))"]
    {
        let guest = Guest { describe: wait.to_owned(), ..Guest::named("Some").sleeping() };
        let start = Instant::now();
        let reason = refusal(&guest.build()).await.unwrap();
        assert!(reason.contains("wasi:io/poll") && reason.contains("describe"), "{reason}");
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
    // What does not wait may be asked.
    let ready = "(call $block (call $sleep (i64.const 0)))";
    assert_eq!(refusal(&Guest { describe: ready.to_owned(), ..Guest::named("Some").sleeping() }.build()).await, None);
}
