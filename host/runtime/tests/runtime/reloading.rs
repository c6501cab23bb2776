use pangolin_core::ports::Strategies as _;
use pangolin_runtime::GrantFile;

use crate::guest::Guest;
use crate::host::{Host, config, home, open, plugin_dir, put};

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
