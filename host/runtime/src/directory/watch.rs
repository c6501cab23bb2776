//! Keeps the set of plugins to the directory: the kernel tells of changes at once, and a scan in
//! between finds what it does not tell of (network file systems, links that lead through many).

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::Directory;
use super::fingerprint::Fingerprint;
use crate::run::Sandbox;

/// So long nothing must change before a change is looked at: a file takes a while to be copied.
const QUIET: Duration = Duration::from_millis(300);

/// So long at most: something may change all the time.
const PATIENCE: Duration = Duration::from_secs(3);

impl Directory {
    /// Watches until it is dropped; ends at once where there is nothing to watch.
    pub(crate) async fn watch(&self, sandbox: &Sandbox, scan: Duration) {
        let Some((directory, grants)) = self.watched().await.filter(|_| !scan.is_zero()) else { return };
        // Kept here as well: without an eye nobody sends, and the channel must not end.
        let (tell, mut told) = mpsc::channel(1);
        let mut eye = Eye::open(tell.clone());
        let mut seen = Fingerprint::default();
        loop {
            let (directory, grants) = (directory.clone(), grants.clone());
            let look = move || {
                let mut eye: Eye = eye;
                eye.turn_to(Sights::of(&directory, grants.as_deref(), &seen));
                eye
            };
            eye = match tokio::task::spawn_blocking(look).await {
                Ok(eye) => eye,
                Err(_) => Eye::open(tell.clone()),
            };
            if tokio::time::timeout(scan, told.recv()).await.is_ok() {
                let _ = tokio::time::timeout(PATIENCE, quiet(&mut told)).await;
            }
            seen = self.scan(sandbox).await;
        }
    }
}

/// Waits until nothing was told for a while.
async fn quiet(told: &mut Receiver<()>) {
    while tokio::time::timeout(QUIET, told.recv()).await.is_ok() {}
}

/// What to look at.
#[derive(Debug, Default)]
struct Sights {
    /// Real paths of the directories that are watched.
    directories: BTreeSet<PathBuf>,
    /// Those of which everything counts.
    whole: BTreeSet<PathBuf>,
    /// Names that count in the others: of the directory, of the grant file, of links to them.
    names: BTreeSet<OsString>,
}

impl Sights {
    /// The plugin directory with the directories that its links lead to, and the folders in which
    /// it and the grant file lie, as they are written and where they really are. Blocking.
    fn of(directory: &Path, grants: Option<&Path>, seen: &Fingerprint) -> Self {
        let mut sights = Self::default();
        let real = directory.canonicalize().ok();
        if let Some(real) = &real {
            sights.whole.extend(seen.directories().filter(|inside| inside.starts_with(real)).map(Path::to_owned));
        }
        sights.whole.extend(real);
        for path in grants.into_iter().chain([directory]) {
            for place in [Some(path.to_owned()), path.canonicalize().ok()].into_iter().flatten() {
                sights.names.extend(place.file_name().map(ToOwned::to_owned));
                let folder = place.parent().map(|it| if it.as_os_str().is_empty() { Path::new(".") } else { it });
                sights.directories.extend(folder.and_then(|folder| folder.canonicalize().ok()));
            }
        }
        sights.directories.extend(sights.whole.iter().cloned());
        sights
    }

    /// Whether the event may have changed what is loaded. That somebody reads is none, or the
    /// host's own look at the directory would call for the next.
    fn concern(&self, event: &Event) -> bool {
        if matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write)) {
            return false;
        }
        let path_concerns = |path: &PathBuf| {
            let whole = path.parent().is_some_and(|parent| self.whole.contains(parent)) || self.whole.contains(path);
            // A ConfigMap is swapped by renaming `..data`.
            whole
                || path
                    .file_name()
                    .is_some_and(|name| self.names.contains(name) || name.as_encoded_bytes().starts_with(b".."))
        };
        event.need_rescan() || event.paths.is_empty() || event.paths.iter().any(path_concerns)
    }
}

/// The kernel's word of changes, where it gives it.
#[derive(Debug)]
struct Eye {
    watcher: Option<RecommendedWatcher>,
    on: BTreeSet<PathBuf>,
    sights: Arc<Mutex<Sights>>,
    /// Directories that cannot be watched; each is said once.
    blind: BTreeSet<PathBuf>,
}

impl Eye {
    fn open(tell: Sender<()>) -> Self {
        let sights: Arc<Mutex<Sights>> = Arc::default();
        let concern = Arc::clone(&sights);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let concern = concern.lock().unwrap_or_else(PoisonError::into_inner);
            if event.is_ok_and(|event| !concern.concern(&event)) {
                return;
            }
            // One word waits at most; more would say the same.
            let _ = tell.try_send(());
        });
        let watcher = watcher
            .inspect_err(|error| tracing::warn!(%error, "changes of the plugin directory are found by its scan only"))
            .ok();
        Self { watcher, on: BTreeSet::new(), sights, blind: BTreeSet::new() }
    }

    /// Watches these directories and no others. Each is asked for again: one that was removed and
    /// made anew is another.
    fn turn_to(&mut self, sights: Sights) {
        let Some(watcher) = &mut self.watcher else { return };
        for gone in self.on.difference(&sights.directories) {
            // It may be gone for good.
            let _ = watcher.unwatch(gone);
        }
        self.on.clear();
        for directory in &sights.directories {
            match watcher.watch(directory, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.on.insert(directory.clone());
                }
                Err(error) if self.blind.insert(directory.clone()) => {
                    let path = directory.display();
                    tracing::warn!(%path, %error, "changes here are found by the plugin directory's scan only");
                }
                Err(_) => {}
            }
        }
        *self.sights.lock().unwrap_or_else(PoisonError::into_inner) = sights;
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, ModifyKind, RenameMode};

    use super::*;

    #[test]
    fn only_what_may_change_what_is_loaded_concerns() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path().canonicalize().unwrap();
        let plugins = home.join("plugins");
        std::fs::create_dir(&plugins).unwrap();
        std::fs::create_dir(home.join("etc")).unwrap();
        std::os::unix::fs::symlink(&plugins, home.join("etc/link")).unwrap();
        let sights = Sights::of(&home.join("etc/link"), Some(&home.join("etc/grants.toml")), &Fingerprint::default());
        assert_eq!(sights.directories, BTreeSet::from([home.clone(), home.join("etc"), plugins]));
        let renamed = EventKind::Modify(ModifyKind::Name(RenameMode::To));
        let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
        let read = EventKind::Access(AccessKind::Close(AccessMode::Read));
        let opened = EventKind::Access(AccessKind::Open(AccessMode::Any));
        let made = EventKind::Create(CreateKind::Any);
        for (kind, path, concerns) in [
            (made, "plugins/a.wasm", true),
            (written, "plugins/a.wasm", true),
            (renamed, "plugins/..data", true),
            (read, "plugins/a.wasm", false),
            (opened, "plugins", false),
            (EventKind::Any, "plugins", true),
            (written, "etc/grants.toml", true),
            (renamed, "etc/..data", true),
            (renamed, "etc/link", true),
            (written, "etc/other.toml", false),
            (made, "neighbour", false),
        ] {
            let event = Event::new(kind).add_path(home.join(path));
            assert_eq!(sights.concern(&event), concerns, "{kind:?} {path}");
        }
        assert!(sights.concern(&Event::new(EventKind::Other)));
    }

    #[tokio::test]
    async fn a_directory_that_was_made_anew_is_watched() {
        let home = tempfile::tempdir().unwrap();
        let plugins = home.path().join("plugins");
        let (tell, mut told) = mpsc::channel(1);
        let mut eye = Eye::open(tell);
        for round in 0..3 {
            std::fs::create_dir(&plugins).unwrap();
            eye.turn_to(Sights::of(&plugins, None, &Fingerprint::default()));
            while told.try_recv().is_ok() {}
            std::fs::write(plugins.join("a.wasm"), "bytes").unwrap();
            let word = tokio::time::timeout(Duration::from_secs(10), told.recv()).await;
            assert!(word.is_ok(), "round {round}");
            std::fs::remove_dir_all(&plugins).unwrap();
        }
    }
}
