use std::os::unix::fs::PermissionsExt;

use pangolin_core::ports::Strategies as _;
use pangolin_runtime::{OpenError, Runtime};

use crate::guest::Guest;
use crate::host::{config, home, open, plugin_dir};

/// Loads one file beside an honest one; why it was refused.
async fn refused(bytes: &[u8]) -> String {
    let home = home(&[("bad.wasm", bytes), ("good.wasm", &Guest::named("Good").build())]);
    let runtime = open(config(&home, "[plugins.Good]")).await.unwrap();
    assert!(runtime.find("Good").is_some(), "the other file must be loaded");
    let [rejected] = &runtime.rejected()[..] else { panic!("{:?}", runtime.rejected()) };
    assert_eq!(rejected.file, "bad.wasm");
    rejected.reason.clone()
}

async fn refused_text(wat: &str) -> String {
    refused(&wat::parse_str(wat).unwrap()).await
}

fn has(reason: &str, words: &[&str]) {
    for word in words {
        assert!(reason.contains(word), "'{word}' is not in: {reason}");
    }
}

#[tokio::test]
async fn what_is_not_a_component_is_refused() {
    has(&refused(b"").await, &["not a Wasm component"]);
    has(&refused(b"#!/bin/sh\nrm -rf /\n").await, &["not a Wasm component"]);
    has(&refused_text("(module)").await, &["core Wasm module", "pangolin plugin component"]);
}

#[tokio::test]
async fn native_code_in_disguise_is_refused() {
    let engine = wasmtime::Engine::default();
    let native = engine.precompile_component(&Guest::named("Bad").build()).unwrap();
    has(&refused(&native).await, &["precompiled native code"]);
    has(&refused(b"\x7fELF\x02\x01\x01").await, &["precompiled native code"]);
}

#[tokio::test]
async fn a_damaged_component_is_refused() {
    let mut bytes = Guest::named("Bad").build();
    bytes.truncate(bytes.len() / 2);
    has(&refused(&bytes).await, &["not valid"]);
}

#[tokio::test]
async fn an_import_of_another_package_is_refused_and_named() {
    let other = "(component (import \"wasi:keyvalue/store@0.2.0\" (instance)) (import \"evil:x/y@1.0.0\" (instance)))";
    has(&refused_text(other).await, &["wasi:keyvalue/store@0.2.0", "evil:x/y@1.0.0", "does not offer"]);
    has(&refused_text("(component (import \"run\" (func)))").await, &["imports run"]);
    has(&refused_text("(component (import \"pangolin:vending/strategy@1.0.0\" (instance)))").await, &["imports"]);
}

#[tokio::test]
async fn another_version_of_the_contract_is_refused_with_both_versions() {
    let export = "(component (instance $i) (export \"pangolin:vending/strategy@0.2.0\" (instance $i)))";
    has(&refused_text(export).await, &["pangolin:vending@0.2.0", "pangolin:vending@1.0.0"]);
    let import = "(component (import \"pangolin:vending/http@9.0.0\" (instance)))";
    has(&refused_text(import).await, &["pangolin:vending@9.0.0"]);
}

#[tokio::test]
async fn a_component_without_our_strategy_is_refused() {
    has(&refused_text("(component)").await, &["does not export", "nothing"]);
    let other = "(component (instance $i) (export \"some:thing/else@1.0.0\" (instance $i)))";
    has(&refused_text(other).await, &["does not export", "some:thing/else@1.0.0"]);
    let hollow = "(component (instance $i) (export \"pangolin:vending/strategy@1.0.0\" (instance $i)))";
    has(&refused_text(hollow).await, &["types are not those"]);
}

#[tokio::test]
async fn a_describe_that_traps_spins_or_asks_is_refused() {
    let trap = Guest { describe: "unreachable".to_owned(), ..Guest::named("Bad") };
    has(&refused(&trap.build()).await, &["`describe` failed", "unreachable"]);
    let spin = Guest { describe: "(loop $l (br $l))".to_owned(), ..Guest::named("Bad") };
    has(&refused(&spin.build()).await, &["`describe` failed", "500 ms"]);
    let asks = Guest { describe: "(drop (call $now-ms))".to_owned(), ..Guest::named("Bad") };
    has(&refused(&asks.importing("clock", "now-ms", "(result i64)").build()).await, &["clock.now-ms", "describe"]);
}

#[tokio::test]
async fn a_description_without_form_is_refused() {
    has(&refused(&Guest::named("a\u{1b}[31m").build()).await, &["the name"]);
    has(&refused(&Guest::named("None").build()).await, &["it is taken"]);
    let utf8 = Guest { name: vec![0xff], ..Guest::named("Bad") };
    has(&refused(&utf8.build()).await, &["`describe` failed"]);
    let hosts = Guest { hosts: vec!["*"], ..Guest::named("Bad") };
    has(&refused(&hosts.build()).await, &["the host '*'"]);
}

#[tokio::test]
async fn a_memory_that_is_too_large_from_the_start_is_refused() {
    let beyond_limit = Guest { items: "(memory $big 1600)".to_owned(), ..Guest::named("Bad") };
    has(&refused(&beyond_limit.build()).await, &["67108864 bytes"]);
    let beyond_engine = Guest { items: "(memory $big 8000)".to_owned(), ..Guest::named("Bad") };
    has(&refused(&beyond_engine.build()).await, &["memory"]);
}

#[tokio::test]
async fn a_directory_that_others_can_write_stops_the_start() {
    let home = home(&[]);
    std::fs::set_permissions(plugin_dir(&home), PermissionsExt::from_mode(0o777)).unwrap();
    let error = open(config(&home, "")).await.unwrap_err();
    assert!(matches!(error, OpenError::Plugins(_)));
    has(&error.to_string(), &["chmod go-w"]);
}

#[tokio::test]
async fn a_host_without_plugins_starts() {
    let home = home(&[]);
    let mut config = config(&home, "");
    config.plugin_dir = None;
    let runtime: Runtime = open(config).await.unwrap();
    assert!(runtime.list().is_empty() && runtime.rejected().is_empty());
    runtime.reload().await.unwrap();
}

#[tokio::test]
async fn native_code_is_kept_and_a_spoiled_entry_is_made_again() {
    let home = home(&[("good.wasm", &Guest::named("Good").build())]);
    let native = home.path().join("native");
    let entry = || std::fs::read_dir(&native).unwrap().next().unwrap().unwrap().path();
    drop(open(config(&home, "")).await.unwrap());
    let good = std::fs::read(entry()).unwrap();
    std::fs::write(entry(), b"spoiled").unwrap();
    assert!(open(config(&home, "")).await.unwrap().find("Good").is_some());
    assert_eq!(std::fs::read(entry()).unwrap().len(), good.len());
}

#[tokio::test]
async fn a_cache_that_cannot_be_used_is_not_fatal() {
    let home = home(&[("good.wasm", &Guest::named("Good").build())]);
    std::fs::write(home.path().join("native"), b"a file, not a directory").unwrap();
    assert!(open(config(&home, "")).await.unwrap().find("Good").is_some());
}
