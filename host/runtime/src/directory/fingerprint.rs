//! How directory and grant file look from outside. What looks the same is not read again. Blocking.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::load;

/// Every path that decides what is loaded, with what a look at it tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Fingerprint {
    marks: BTreeMap<PathBuf, Mark>,
    /// A mount that becomes writable makes modes count.
    read_only: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Mark {
    /// A component, its signatures, the grant file.
    File(Place, Content),
    /// A directory; its entries have marks of their own.
    Directory(Place),
    Missing(std::io::ErrorKind),
}

/// What stands there, and who may change it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    real: PathBuf,
    device: u64,
    inode: u64,
    mode: u32,
    owner: u32,
}

/// Stands for the bytes. The change time cannot be set back by who writes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Content {
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Fingerprint {
    /// Looks.
    pub(super) fn of(directory: &Path, grants: Option<&Path>) -> Self {
        let mut marks = BTreeMap::new();
        marks.insert(directory.to_owned(), Mark::of(directory));
        let entries = std::fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
        let components = entries.map(|entry| entry.path()).filter(|path| load::is_component(path));
        // More are refused as a whole.
        let components = components.take(load::MAX_COMPONENTS + 1);
        for path in components.flat_map(|path| [signatures(&path), path]).chain(grants.map(Path::to_owned)) {
            let mark = Mark::of(&path);
            // A link may lead through directories of its own.
            if let Mark::File(Place { real, .. }, _) = &mark
                && let Some(parent) = real.parent()
            {
                marks.entry(parent.to_owned()).or_insert_with(|| Mark::of(parent));
            }
            marks.insert(path, mark);
        }
        for path in grants.into_iter().chain([directory]) {
            for above in load::all_above(path).unwrap_or_default() {
                marks.entry(above.clone()).or_insert_with(|| Mark::of(&above));
            }
        }
        Self { marks, read_only: load::open_directory(directory).is_ok_and(load::is_read_only) }
    }

    /// Components that look other than they did, or whose signatures do, by file name.
    pub(super) fn changed_since(&self, before: Option<&Self>) -> Vec<String> {
        let differs = |path: &PathBuf| before.is_none_or(|before| before.marks.get(path) != self.marks.get(path));
        let components = self.marks.keys().filter(|path| load::is_component(path));
        components
            .filter(|path| differs(path) || differs(&signatures(path)))
            .map(|path| load::file_name(path))
            .collect()
    }

    /// Directories in which a change shows at once.
    pub(super) fn directories(&self) -> impl Iterator<Item = &Path> {
        self.marks.values().filter_map(|mark| match mark {
            Mark::File(place, _) => place.real.parent(),
            Mark::Directory(_) | Mark::Missing(_) => None,
        })
    }
}

impl Mark {
    fn of(path: &Path) -> Self {
        match path.canonicalize().and_then(|real| std::fs::metadata(&real).map(|metadata| (real, metadata))) {
            Ok((real, metadata)) => {
                let place = Place {
                    real,
                    device: metadata.dev(),
                    inode: metadata.ino(),
                    mode: metadata.mode(),
                    owner: metadata.uid(),
                };
                if metadata.is_dir() {
                    return Self::Directory(place);
                }
                let content = Content {
                    size: metadata.size(),
                    modified: (metadata.mtime(), metadata.mtime_nsec()),
                    changed: (metadata.ctime(), metadata.ctime_nsec()),
                };
                Self::File(place, content)
            }
            Err(error) => Self::Missing(error.kind()),
        }
    }
}

/// Where the signatures of a component lie.
fn signatures(component: &Path) -> PathBuf {
    let mut path = component.as_os_str().to_owned();
    path.push(load::SIGNATURES);
    path.into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn each_thing_that_decides_what_is_loaded_shows() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("plugins");
        let grants = home.path().join("grants.toml");
        std::fs::create_dir(&directory).unwrap();
        let (a, b) = (directory.join("a.wasm"), directory.join("b.wasm"));
        let write = |path: &Path, text: &str| std::fs::write(path, text).unwrap();
        let mode = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        let shows = |name: &str, change: &dyn Fn(), files: &[&str]| {
            let before = Fingerprint::of(&directory, Some(&grants));
            change();
            let now = Fingerprint::of(&directory, Some(&grants));
            assert_ne!(now, before, "{name}");
            assert_eq!(now.changed_since(Some(&before)), files, "{name}");
        };
        shows("a new file", &|| write(&a, "1"), &["a.wasm"]);
        shows("a second one", &|| write(&b, "1"), &["b.wasm"]);
        shows("other bytes", &|| write(&a, "22"), &["a.wasm"]);
        let replace = || {
            write(&directory.join("next"), "33");
            std::fs::rename(directory.join("next"), &a).unwrap();
        };
        shows("a file of the same size in its place", &replace, &["a.wasm"]);
        shows("a mode", &|| mode(&a, 0o666), &["a.wasm"]);
        shows("signatures", &|| write(&directory.join("a.wasm.sig"), "s"), &["a.wasm"]);
        shows("the directory's mode", &|| mode(&directory, 0o775), &[]);
        shows("the mode of the one above", &|| mode(home.path(), 0o777), &[]);
        shows("grants", &|| write(&grants, "g"), &[]);
        shows("a file is gone", &|| std::fs::remove_file(&b).unwrap(), &[]);
        // What is not loaded does not count.
        let before = Fingerprint::of(&directory, Some(&grants));
        write(&directory.join("readme.md"), "r");
        write(&directory.join(".a.wasm.part"), "r");
        assert_eq!(Fingerprint::of(&directory, Some(&grants)), before);
    }

    #[test]
    fn a_link_that_leads_elsewhere_shows() {
        let home = tempfile::tempdir().unwrap();
        for version in ["..1", "..2"] {
            std::fs::create_dir(home.path().join(version)).unwrap();
            std::fs::write(home.path().join(version).join("a.wasm"), "same").unwrap();
        }
        symlink("..1", home.path().join("..data")).unwrap();
        symlink("..data/a.wasm", home.path().join("a.wasm")).unwrap();
        let before = Fingerprint::of(home.path(), None);
        symlink("..2", home.path().join("..next")).unwrap();
        std::fs::rename(home.path().join("..next"), home.path().join("..data")).unwrap();
        let now = Fingerprint::of(home.path(), None);
        assert_eq!(now.changed_since(Some(&before)), ["a.wasm"]);
        assert!(now.directories().any(|directory| directory.ends_with("..2")));
    }
}
