mod watching;

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pangolin_core::ports::Strategies as _;
use pangolin_core::strategy::RejectedPlugin;
use pangolin_runtime::{GrantFile, OpenError, ReloadError, Runtime};
use prometheus_client::registry::Registry;

use crate::guest::Guest;
use crate::host::{Host, config, home, open, plugin_dir, put};

/// The honest guest in another version.
fn good(version: &'static str) -> Vec<u8> {
    Guest { version, ..Guest::named("Good") }.build()
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

/// A runtime with `Good` and a grant file that can be changed.
async fn with_grants(text: &str) -> (tempfile::TempDir, PathBuf, Runtime) {
    let home = home(&[("good.wasm", &Guest::named("Good").build())]);
    let path = home.path().join("grants.toml");
    write(&path, text);
    let mut config = config(&home, "");
    config.grants = Some(GrantFile::read(&path).unwrap());
    let runtime = open(config).await.unwrap();
    (home, path, runtime)
}

fn only(rejected: Vec<RejectedPlugin>) -> RejectedPlugin {
    let [one] = <[RejectedPlugin; 1]>::try_from(rejected).unwrap();
    one
}

/// Names of the native code that is kept.
fn native(home: &tempfile::TempDir) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(home.path().join("native")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

async fn until(probe: impl Fn() -> bool) {
    let found = async {
        while !probe() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), found).await.unwrap();
}

fn version(host: &Host) -> String {
    host.runtime.find("Good").unwrap().description.version.clone()
}

#[tokio::test]
async fn a_changed_file_is_swapped_and_a_bad_one_leaves_the_old_in_service() {
    let host = Host::new(&[Guest::named("Good")], "[plugins.Good]").await;
    put(&host.home, "00.wasm", b"half a file");
    host.runtime.reload().await.unwrap();
    assert_eq!(version(&host), "1.0.0");
    assert_eq!(host.runtime.rejected()[0].serving.as_deref(), Some("Good"));
    host.vend("Good").await.unwrap();

    // Also when the bad file is still there at the next reload.
    host.runtime.reload().await.unwrap();
    assert_eq!(version(&host), "1.0.0");

    put(&host.home, "00.wasm", &Guest { version: "2.0.0", ..Guest::named("Good") }.build());
    host.runtime.reload().await.unwrap();
    assert_eq!(version(&host), "2.0.0");
    assert_eq!(host.runtime.rejected(), []);
    host.vend("Good").await.unwrap();
}

#[tokio::test]
async fn a_removed_file_is_gone_and_running_calls_finish() {
    let slow = Guest::named("Good").vending(
        "(loop $l (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $l (i32.lt_u (local.get $i) (i32.const 200000000))))",
    );
    let host = Host::new(&[slow], "[plugins.Good.limits]\ncpu_ms = 60000").await;
    let remove = async {
        tokio::task::yield_now().await;
        std::fs::remove_file(plugin_dir(&host.home).join("00.wasm")).unwrap();
        host.runtime.reload().await.unwrap();
        assert!(host.runtime.find("Good").is_none());
    };
    let (outcome, ()) = tokio::join!(host.vend("Good"), remove);
    outcome.unwrap();
    assert_eq!(host.vend("Good").await.unwrap_err().code, "plugin-not-loaded");
}

#[tokio::test]
async fn a_directory_that_is_gone_changes_nothing() {
    let host = Host::new(&[Guest::named("Good")], "[plugins.Good]").await;
    std::fs::remove_dir_all(plugin_dir(&host.home)).unwrap();
    assert!(host.runtime.reload().await.is_err());
    host.vend("Good").await.unwrap();
}

#[tokio::test]
async fn the_grant_file_is_read_again() {
    let home = home(&[("good.wasm", &Guest::named("Good").build())]);
    let path = home.path().join("grants.toml");
    std::fs::write(&path, "").unwrap();
    let mut config = config(&home, "");
    config.grants = Some(GrantFile::read(&path).unwrap());
    let runtime = open(config).await.unwrap();
    assert!(!runtime.find("Good").unwrap().granted);
    std::fs::write(&path, "[plugins.Good]").unwrap();
    runtime.reload().await.unwrap();
    assert!(runtime.find("Good").unwrap().granted);
    // A file that is not good leaves the grants as they were.
    std::fs::write(&path, "[plugins.Good]\neverything = true").unwrap();
    assert!(runtime.reload().await.is_err());
    assert!(runtime.find("Good").unwrap().granted);
}

#[tokio::test]
async fn what_did_not_change_stays_the_same_object() {
    let host = Host::new(&[Guest::named("Good")], "[plugins.Good]").await;
    let before = host.runtime.find("Good").unwrap();
    put(&host.home, "other.wasm", &Guest::named("Other").build());
    host.runtime.reload().await.unwrap();
    assert!(Arc::ptr_eq(&before, &host.runtime.find("Good").unwrap()));
    assert!(host.runtime.find("Other").is_some());
    // Under another name of its file it serves since the same time.
    std::fs::rename(plugin_dir(&host.home).join("00.wasm"), plugin_dir(&host.home).join("01.wasm")).unwrap();
    host.runtime.reload().await.unwrap();
    let after = host.runtime.find("Good").unwrap();
    assert_eq!((after.file.as_str(), after.since), ("01.wasm", before.since));
}

#[tokio::test]
async fn a_refused_file_that_did_not_change_is_not_compiled_again() {
    let trap = Guest { describe: "unreachable".to_owned(), ..Guest::named("Bad") };
    let host = Host::new(&[trap], "").await;
    let first = only(host.runtime.rejected());
    assert!(first.digest.is_some() && first.serving.is_none());
    for path in native(&host.home) {
        std::fs::remove_file(path).unwrap();
    }
    host.runtime.reload().await.unwrap();
    assert_eq!(only(host.runtime.rejected()), first);
    assert_eq!(native(&host.home), Vec::<PathBuf>::new(), "it was compiled again");

    // Nor is one that policy keeps out: it serves as soon as policy lets it.
    let (home, grants, runtime) = with_grants(&format!("[plugins.Good]\nsha256 = \"{}\"", "0".repeat(64))).await;
    assert!(only(runtime.rejected()).reason.contains("pins"));
    for path in native(&home) {
        std::fs::remove_file(path).unwrap();
    }
    write(&grants, "[plugins.Good]");
    runtime.reload().await.unwrap();
    assert!(runtime.find("Good").is_some());
    assert_eq!(native(&home), Vec::<PathBuf>::new(), "it was compiled again");
}

#[tokio::test]
async fn the_last_good_version_leaves_when_policy_does_not_allow_it() {
    let (home, grants, runtime) = with_grants("[plugins.Good]").await;
    let digest = runtime.find("Good").unwrap().digest.clone();
    put(&home, "good.wasm", b"half a file");
    runtime.reload().await.unwrap();
    assert_eq!(only(runtime.rejected()).serving.as_deref(), Some("Good"));
    write(&grants, &format!("[plugins.Good]\nsha256 = \"{digest}\""));
    runtime.reload().await.unwrap();
    assert!(runtime.find("Good").is_some());
    write(&grants, &format!("[plugins.Good]\nsha256 = \"{}\"", "0".repeat(64)));
    runtime.reload().await.unwrap();
    assert!(runtime.find("Good").is_none());
    assert_eq!(only(runtime.rejected()).serving, None);
}

#[tokio::test]
async fn the_operators_word_counts_while_the_directory_is_not_good() {
    let (home, grants, runtime) = with_grants("[plugins.Good]").await;
    std::fs::set_permissions(plugin_dir(&home), Permissions::from_mode(0o777)).unwrap();
    write(&grants, "");
    assert!(matches!(runtime.reload().await, Err(ReloadError::Directory(_))));
    assert!(!runtime.find("Good").unwrap().granted);
    let (problem, since) = runtime.directory_state().problem.unwrap();
    assert!(problem.contains("chmod go-w"), "{problem}");
    // The same problem at the next look is the same problem.
    runtime.reload().await.unwrap_err();
    assert_eq!(runtime.directory_state().problem, Some((problem, since)));
    std::fs::set_permissions(plugin_dir(&home), Permissions::from_mode(0o755)).unwrap();
    runtime.reload().await.unwrap();
    assert_eq!(runtime.directory_state().problem, None);
}

#[tokio::test]
async fn a_grant_file_in_the_plugin_directory_is_refused() {
    for by_link in [false, true] {
        let home = home(&[("good.wasm", &Guest::named("Good").build())]);
        let (inside, outside) = (plugin_dir(&home).join("grants.toml"), home.path().join("grants.toml"));
        let real = if by_link { &outside } else { &inside };
        write(real, "[plugins.Good]");
        if by_link {
            symlink(&outside, &inside).unwrap();
        }
        let mut config = config(&home, "");
        config.grants = Some(GrantFile::read(&inside).unwrap());
        let error = open(config).await.unwrap_err();
        assert!(matches!(error, OpenError::Plugins(ReloadError::GrantsInside { .. })), "{error}");
    }
}

#[tokio::test]
async fn a_name_that_is_taken_leaves_the_version_before_it() {
    let host = Host::new(&[Guest::named("First"), Guest::named("Second")], "").await;
    put(&host.home, "01.wasm", &Guest { version: "2.0.0", ..Guest::named("First") }.build());
    host.runtime.reload().await.unwrap();
    let refused = only(host.runtime.rejected());
    assert!(refused.reason.contains("already loaded from 00.wasm"), "{}", refused.reason);
    assert_eq!((refused.file.as_str(), refused.serving.as_deref()), ("01.wasm", Some("Second")));
    assert_eq!(host.runtime.find("First").unwrap().description.version, "1.0.0");
}

#[tokio::test]
async fn a_file_is_on_its_way_while_it_is_compiled_and_asked() {
    let host = Host::new(&[Guest::named("Good")], "[plugins.Good]").await;
    let slow = Guest { describe: "(loop $l (br $l))".to_owned(), ..Guest::named("Slow") }.build();
    put(&host.home, "slow.wasm", &slow);
    let watched = async {
        until(|| host.runtime.directory_state().pending.iter().any(|pending| pending.digest.is_some())).await;
        let pending = host.runtime.directory_state().pending;
        // What serves is not disturbed.
        host.vend("Good").await.unwrap();
        pending
    };
    let (outcome, pending) = tokio::join!(host.runtime.reload(), watched);
    outcome.unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].file, "slow.wasm");
    assert_eq!(pending[0].digest, only(host.runtime.rejected()).digest);
    assert_eq!(host.runtime.directory_state().pending, []);
    assert!(host.runtime.directory_state().looked_at.is_some());
}

#[tokio::test]
async fn work_that_is_given_up_leaves_nothing_on_its_way() {
    let host = Host::new(&[Guest::named("Good")], "[plugins.Good]").await;
    let slow = Guest { describe: "(loop $l (br $l))".to_owned(), ..Guest::named("Slow") }.build();
    put(&host.home, "slow.wasm", &slow);
    put(&host.home, "00.wasm", &good("2.0.0"));
    tokio::select! {
        _ = host.runtime.reload() => panic!("it must take a while"),
        () = until(|| host.runtime.directory_state().pending.iter().any(|pending| pending.file == "slow.wasm" && pending.digest.is_some())) => {}
    }
    assert_eq!(host.runtime.directory_state().pending, []);
    assert_eq!(version(&host), "1.0.0");
    host.runtime.reload().await.unwrap();
    assert_eq!(version(&host), "2.0.0");
}

#[tokio::test]
async fn calls_are_counted_by_their_outcome() {
    let trap = Guest::named("Bad").vending("unreachable");
    let host = Host::with_bad(trap, "").await;
    assert_eq!(host.vend("Bad").await.unwrap_err().code, "plugin-trap");
    host.vend("Good").await.unwrap();
    let mut registry = Registry::default();
    host.runtime.register_metrics(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for line in [
        "pangolin_plugin_calls_total{plugin=\"Bad\",export=\"vend\",outcome=\"plugin-trap\"} 1",
        "pangolin_plugin_calls_total{plugin=\"Good\",export=\"vend\",outcome=\"ok\"} 1",
        "pangolin_plugin_reloads_total{outcome=\"ok\"} 1",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
    }
}
