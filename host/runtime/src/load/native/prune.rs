//! Which native code goes. An entry's modification time says when it was used for the last time.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use pangolin_core::clock::UnixMillis;
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};

/// What entries end with.
pub(super) const EXTENSION: &str = "native";

/// Entries that are not loaded are kept for so long: a plugin may come back.
const KEPT_MS: i64 = 7 * 24 * 3_600_000;

/// A file that was begun and not finished is no longer written after so long.
const UNFINISHED_MS: i64 = 3_600_000;

/// Entries in all, and bytes of those that are not loaded. The code of a Python runtime has 60 MB.
const MAX_ENTRIES: usize = 64;
const MAX_IDLE_BYTES: u64 = 1 << 30;

/// One entry that is not loaded.
#[derive(Debug)]
struct Idle {
    path: PathBuf,
    used: UnixMillis,
    size: u64,
}

/// The entry was used now. By the kernel's clock: the same that dates what is written.
pub(super) fn mark_used(path: &Path) {
    let now = |nanoseconds| Timespec { tv_sec: 0, tv_nsec: nanoseconds };
    let times = Timestamps { last_access: now(UTIME_OMIT), last_modification: now(UTIME_NOW) };
    if let Err(error) = rustix::fs::utimensat(CWD, path, &times, AtFlags::empty()) {
        tracing::debug!(path = %path.display(), %error, "that native code was used is not noted");
    }
}

/// See [`super::NativeCache::prune`].
pub(super) fn prune(directory: &Path, loaded: &BTreeSet<PathBuf>, now: UnixMillis) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    let mut idle = Vec::new();
    let mut there = 0;
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        let Ok(metadata) = std::fs::symlink_metadata(&path) else { continue };
        let used = UnixMillis(metadata.mtime().saturating_mul(1000));
        let age = now.0.saturating_sub(used.0);
        if path.extension().is_none_or(|extension| extension != EXTENSION) {
            if path.extension().is_some_and(|extension| extension == "tmp") && age > UNFINISHED_MS {
                remove(&path);
            }
            continue;
        }
        there += 1;
        if !loaded.contains(&path) {
            idle.push(Idle { path, used, size: metadata.len() });
        }
    }
    // The newest first.
    idle.sort_by_key(|entry| std::cmp::Reverse(entry.used));
    let mut room = MAX_ENTRIES.saturating_sub(there - idle.len());
    let mut bytes = MAX_IDLE_BYTES;
    for entry in idle {
        let old = now.0.saturating_sub(entry.used.0) > KEPT_MS;
        if old || room == 0 || entry.size > bytes {
            remove(&entry.path);
        } else {
            room -= 1;
            bytes -= entry.size;
        }
    }
}

fn remove(path: &Path) {
    match std::fs::remove_file(path) {
        Ok(()) => tracing::debug!(path = %path.display(), "native code that is not used is gone"),
        Err(error) => tracing::warn!(path = %path.display(), %error, "native code that is not used stays"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
    const DAY: i64 = 24 * 3_600_000;

    fn entry(directory: &Path, name: &str, age_ms: i64) -> PathBuf {
        let path = directory.join(name);
        let file = std::fs::File::create(&path).unwrap();
        let at = u64::try_from(NOW.0 - age_ms).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_millis(at)).unwrap();
        path
    }

    fn left(directory: &Path) -> BTreeSet<String> {
        let entries = std::fs::read_dir(directory).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn what_was_not_used_for_a_week_goes_unless_it_is_loaded() {
        let home = tempfile::tempdir().unwrap();
        let loaded = BTreeSet::from([entry(home.path(), "loaded.native", 90 * DAY)]);
        entry(home.path(), "old.native", 8 * DAY);
        entry(home.path(), "young.native", 6 * DAY);
        entry(home.path(), "tomorrow.native", -DAY);
        entry(home.path(), "left.native.17.tmp", DAY);
        entry(home.path(), "begun.native.18.tmp", 1_000);
        entry(home.path(), "readme", 90 * DAY);
        prune(home.path(), &loaded, NOW);
        let stay = ["loaded.native", "young.native", "tomorrow.native", "begun.native.18.tmp", "readme"];
        assert_eq!(left(home.path()), names(&stay));
    }

    #[test]
    fn more_than_there_is_room_for_go_the_oldest_first() {
        let home = tempfile::tempdir().unwrap();
        let loaded = (0..60).map(|n| entry(home.path(), &format!("l{n}.native"), 90 * DAY)).collect();
        for n in 0..10 {
            entry(home.path(), &format!("i{n}.native"), (n + 1) * 60_000);
        }
        prune(home.path(), &loaded, NOW);
        let idle: BTreeSet<String> = left(home.path()).into_iter().filter(|name| name.starts_with('i')).collect();
        assert_eq!(idle, names(&["i0.native", "i1.native", "i2.native", "i3.native"]));
    }

    #[test]
    fn bytes_that_are_not_used_are_bounded() {
        let home = tempfile::tempdir().unwrap();
        for n in 0..4 {
            let path = entry(home.path(), &format!("{n}.native"), 0);
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            // Sparse: no disk is used.
            file.set_len(400 << 20).unwrap();
            let at = u64::try_from(NOW.0).unwrap() - n * 60_000;
            file.set_modified(UNIX_EPOCH + Duration::from_millis(at)).unwrap();
        }
        prune(home.path(), &BTreeSet::new(), NOW);
        assert_eq!(left(home.path()), names(&["0.native", "1.native"]));
    }

    #[test]
    fn use_is_noted() {
        let home = tempfile::tempdir().unwrap();
        let path = entry(home.path(), "old.native", 90 * DAY);
        mark_used(&path);
        assert!(std::fs::metadata(&path).unwrap().mtime() > NOW.0 / 1000);
    }
}
