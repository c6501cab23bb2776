//! Files that are not what they seem, and components made to hurt whoever loads them.

use std::time::{Duration, Instant};

use pangolin_core::ports::Strategies as _;

use crate::guest::Guest;
use crate::host::{config, home, open, put};

/// Loads files beside an honest one, which serves whatever they are; why each was refused, by name.
async fn refused(files: &[(&str, &[u8])]) -> Vec<(String, String)> {
    let home = home(&[("good.wasm", &Guest::named("Good").build())]);
    for (file, bytes) in files {
        put(&home, file, bytes);
    }
    let runtime = open(config(&home, "[plugins.Good]")).await.unwrap();
    assert!(runtime.find("Good").is_some(), "the honest file must be loaded");
    let rejected = runtime.rejected();
    rejected.into_iter().map(|rejected| (rejected.file, rejected.reason)).collect()
}

/// Why this one was refused.
async fn reason(bytes: &[u8]) -> String {
    let mut all = refused(&[("bad.wasm", bytes)]).await;
    assert_eq!(all.len(), 1, "{all:?}");
    let (_, reason) = all.remove(0);
    assert!(!reason.chars().any(|c| c.is_control() && c != '\n') && reason.len() < 2_000, "{reason:?}");
    reason
}

async fn reason_of(wat: &str) -> String {
    reason(&wat::parse_str(wat).unwrap()).await
}

const COMPONENT: [u8; 8] = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];

/// A custom section.
fn custom(name: &str, content: &[u8]) -> Vec<u8> {
    let leb = |mut number: usize| {
        let mut bytes = Vec::new();
        loop {
            let low = u8::try_from(number & 0x7f).unwrap();
            number >>= 7;
            bytes.push(if number == 0 { low } else { low | 0x80 });
            if number == 0 {
                return bytes;
            }
        }
    };
    let body = [leb(name.len()), name.as_bytes().to_vec(), content.to_vec()].concat();
    [vec![0], leb(body.len()), body].concat()
}

#[tokio::test]
async fn native_code_is_not_taken_whatever_stands_before_it() {
    let engine = wasmtime::Engine::default();
    let native = engine.precompile_component(&Guest::named("Bad").build()).unwrap();
    let module = engine.precompile_module(&wat::parse_str("(module)").unwrap()).unwrap();
    assert!(reason(&native).await.contains("precompiled"));
    assert!(reason(&module).await.contains("precompiled"));
    // The magic of Wasm in place of that of ELF, before it, and around it.
    let replaced = [&COMPONENT[..], &native[8..]].concat();
    let before = [&COMPONENT[..], &native].concat();
    for disguised in [replaced, before] {
        let reason = reason(&disguised).await;
        assert!(reason.contains("not valid"), "{reason}");
    }
    let around = [COMPONENT.to_vec(), custom("native", &native)].concat();
    assert!(reason(&around).await.contains("does not export"));
}

#[tokio::test]
async fn a_custom_section_changes_nothing() {
    // Names of functions and of the component end up in messages; what is in them is text.
    let guest = Guest { describe: "unreachable".to_owned(), ..Guest::named("Bad") }.build();
    let noisy =
        [guest, custom("name\u{1b}[2J\nERROR", b"\x1b[31m"), custom("component-name", b"\x00\x05\x1b[2J\n")].concat();
    reason(&noisy).await;
    let large = [Guest::named("Other").build(), custom("x", &vec![0; 8 << 20])].concat();
    assert!(refused(&[("large.wasm", &large)]).await.is_empty());
}

#[tokio::test]
async fn what_happens_while_it_is_instantiated_is_in_the_same_bounds() {
    for (items, words) in [
        ("(func $s (loop $l (br $l))) (start $s)", "cpu_ms"),
        ("(func $s (loop $l (drop (memory.grow (i32.const 16))) (br $l))) (start $s)", "memory_bytes"),
        ("(func $s unreachable) (start $s)", "unreachable"),
        ("(func $s (call $s) (call $s)) (start $s)", "stack"),
        ("(data (i32.const -1) \"x\")", "out of bounds"),
        ("(memory $huge 1100)", "memory_bytes"),
    ] {
        let reason = reason(&Guest { items: items.to_owned(), ..Guest::named("Bad") }.build()).await;
        assert!(reason.contains("`describe` failed") && reason.contains(words), "{items}: {reason}");
    }
    // The host is not called from there, or refuses as it does in `describe`.
    let calls = Guest { items: "(func $s (drop (call $now-ms))) (start $s)".to_owned(), ..Guest::named("Bad") };
    let reason = reason(&calls.importing("clock", "now-ms", "(result i64)").build()).await;
    assert!(reason.contains("`describe` failed"), "{reason}");
}

#[tokio::test]
async fn more_instances_memories_and_tables_than_there_are_places_for_are_refused() {
    let many = |item: &str, times: usize| Guest { items: item.repeat(times), ..Guest::named("Bad") }.build();
    for bytes in [many("(memory 1)", 20), many("(table 1 funcref)", 20), many("(table 30000 funcref)", 1)] {
        reason(&bytes).await;
    }
    let instances = "(core instance (instantiate $m))".repeat(200);
    let text = format!("(component (core module $m) {instances})");
    reason_of(&text).await;
    let nested = format!("{}{}", "(component (component $c ".repeat(30), "))".repeat(30));
    reason_of(&nested).await;
}

#[tokio::test]
async fn imports_that_are_hidden_deeper_are_imports() {
    let outer = "(component
        (import \"evil:deep/socket@1.0.0\" (instance $i (export \"connect\" (func))))
        (component $inner (import \"a\" (instance $x (export \"connect\" (func)))))
        (instance $n (instantiate $inner (with \"a\" (instance $i)))))";
    let reason = reason_of(outer).await;
    assert!(reason.contains("evil:deep/socket@1.0.0"), "{reason}");
    for import in
        ["pangolin:vending/http", "pangolin:vending/http@1.0.0-rc", "pangolin:vending/nothing@1.0.0", "Pangolin:x/y"]
    {
        let text = format!("(component (import \"{import}\" (instance)))");
        let Ok(bytes) = wat::parse_str(&text) else { continue };
        self::reason(&bytes).await;
    }
    // Our own interface with another function in it.
    let widened = "(component (import \"pangolin:vending/clock@1.0.0\" (instance (export \"read-file\" (func)))))";
    self::reason_of(widened).await;
}

#[tokio::test]
async fn an_export_of_another_type_is_refused() {
    let export = |types: &str| {
        format!(
            "(component (core module $m (func (export \"f\") (result i32) i32.const 0) (memory (export \"m\") 1))
               (core instance $i (instantiate $m)) {types}
               (instance $s (export \"describe\" (func $f)) (export \"check-config\" (func $f)) (export \"vend\" (func $f)))
               (export \"pangolin:vending/strategy@1.0.0\" (instance $s)))"
        )
    };
    for types in [
        "(func $f (result u32) (canon lift (core func $i \"f\")))",
        "(func $f (result string) (canon lift (core func $i \"f\") (memory (core memory $i \"m\"))))",
    ] {
        let reason = reason_of(&export(types)).await;
        assert!(reason.contains("types are not those") || reason.contains("broke the contract"), "{reason}");
    }
    let function = "(component (core module $m (func (export \"f\"))) (core instance $i (instantiate $m))
        (func $f (canon lift (core func $i \"f\"))) (export \"pangolin:vending/strategy@1.0.0\" (func $f)))";
    reason_of(function).await;
}

#[tokio::test]
async fn a_component_of_handles_is_bounded_like_one_of_bytes() {
    // Each handle is memory of the host.
    let reason = reason_of(
        "(component
           (type $r (resource (rep i32)))
           (core func $new (canon resource.new $r))
           (core module $m (import \"\" \"new\" (func $new (param i32) (result i32)))
             (func $s (loop $l (drop (call $new (i32.const 1))) (br $l))) (start $s))
           (core instance (instantiate $m (with \"\" (instance (export \"new\" (func $new))))))
           (instance $s)
           (export \"pangolin:vending/strategy@1.0.0\" (instance $s)))",
    )
    .await;
    assert!(reason.contains("types are not those"), "it is not even started: {reason}");
}

#[tokio::test]
async fn no_damage_to_a_component_is_more_than_a_refusal() {
    let good = Guest::named("Bad").build();
    let mut state: u64 = 7;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut files = Vec::new();
    for number in 0..48 {
        let mut bytes = good.clone();
        match number % 4 {
            0 => bytes[8 + random(good.len() - 8)] ^= 1 << random(8),
            1 => bytes.truncate(8 + random(good.len() - 8)),
            2 => {
                let at = 8 + random(good.len() - 100);
                bytes.drain(at..at + random(90) + 1);
            }
            _ => {
                let (from, to) = (8 + random(good.len() - 100), 8 + random(good.len() - 100));
                let piece = bytes[from..from + 90].to_vec();
                bytes.splice(to..to, piece);
            }
        }
        files.push((format!("bad{number:02}.wasm"), bytes));
    }
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let refused = refused(&files).await;
    assert!(refused.len() >= files.len() / 2, "{refused:?}");
}

#[tokio::test]
async fn what_the_compiler_would_work_on_for_minutes_is_refused_soon() {
    let nested = |what: &str, depth: usize| format!("(func {}{})", what.repeat(depth), "end ".repeat(depth));
    let branches = "(if (local.get 0) (then (local.set 1 (i32.const 1))))".repeat(5_000);
    let bombs = [
        nested("loop ", 20_000),
        nested("block ", 100_000),
        format!("(func (local {}) {branches})", "i32 ".repeat(200)),
        format!("(func (local {}))", "i32 ".repeat(100)).repeat(250_000),
    ];
    for bomb in bombs {
        let bytes = Guest { items: bomb, ..Guest::named("Bad") }.build();
        let start = Instant::now();
        let reason = reason(&bytes).await;
        assert!(reason.contains("the compiler would take minutes"), "{reason}");
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }
}
