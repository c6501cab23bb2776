//! The directory is watched.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::Arc;
use std::time::Duration;

use pangolin_core::ports::Strategies as _;

use super::{good, until, with_grants, write};
use crate::host::{config, home, open, plugin_dir, put};

#[tokio::test]
async fn changes_are_seen_at_once_and_not_after_the_watch_has_ended() {
    let (home, grants, runtime) = with_grants("").await;
    let runtime = Arc::new(runtime);
    let version = || runtime.find("Good").map(|info| info.description.version.clone());
    // Nothing to watch: it ends.
    runtime.watch(Duration::ZERO).await;
    let watching = Arc::clone(&runtime);
    let watch = tokio::spawn(async move { watching.watch(Duration::from_secs(3600)).await });
    // The first look takes place once the kernel tells something: the watch is on by then.
    until(|| {
        write(&grants, "[plugins.Good]");
        runtime.find("Good").unwrap().granted
    })
    .await;
    put(&home, "good.wasm", &good("2.0.0"));
    until(|| version().as_deref() == Some("2.0.0")).await;
    std::fs::remove_file(plugin_dir(&home).join("good.wasm")).unwrap();
    until(|| version().is_none()).await;
    // Another directory in its place.
    let away = home.path().join("away");
    std::fs::rename(plugin_dir(&home), &away).unwrap();
    until(|| runtime.directory_state().problem.is_some()).await;
    std::fs::rename(&away, plugin_dir(&home)).unwrap();
    put(&home, "good.wasm", &good("3.0.0"));
    until(|| version().as_deref() == Some("3.0.0")).await;
    watch.abort();
    assert!(watch.await.unwrap_err().is_cancelled());
    put(&home, "good.wasm", &good("4.0.0"));
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(version().as_deref(), Some("3.0.0"));
}

#[tokio::test]
async fn a_scan_finds_what_the_kernel_does_not_tell_of() {
    let home = home(&[]);
    // The folder between the link and the directory is not watched.
    let (middle, real) = (home.path().join("middle"), home.path().join("real"));
    for directory in [&middle, &real] {
        std::fs::create_dir(directory).unwrap();
        std::fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();
    }
    symlink(&real, middle.join("link")).unwrap();
    symlink(middle.join("link"), home.path().join("start")).unwrap();
    let mut config = config(&home, "");
    config.plugin_dir = Some(home.path().join("start"));
    let runtime = Arc::new(open(config).await.unwrap());
    let watching = Arc::clone(&runtime);
    let watch = tokio::spawn(async move { watching.watch(Duration::from_millis(200)).await });
    symlink(plugin_dir(&home), middle.join("next")).unwrap();
    put(&home, "good.wasm", &good("1.0.0"));
    std::fs::rename(middle.join("next"), middle.join("link")).unwrap();
    until(|| runtime.find("Good").is_some()).await;
    watch.abort();
}
