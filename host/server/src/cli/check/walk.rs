//! Which files are searched: those that are named, and those below directories that are named.

use std::fs;
use std::path::{Path, PathBuf};

/// Deeper directories are not entered.
const MOST_DEEP: usize = 64;
/// Directories with copies of what stands elsewhere.
const LEFT_OUT: &[&str] = &[".git", ".hg", ".svn"];

/// A file to be searched, or why a path is none.
pub(super) type Entry = Result<PathBuf, (PathBuf, String)>;

/// What a path stands for. A link that is named is followed; one in a directory is not.
pub(super) fn files(named: &Path, each: &mut impl FnMut(Entry)) {
    match fs::metadata(named) {
        Err(error) => each(Err((named.to_owned(), error.to_string()))),
        Ok(found) if found.is_dir() => below(named, MOST_DEEP, each),
        Ok(found) if found.is_file() => each(Ok(named.to_owned())),
        Ok(_) => each(Err((named.to_owned(), "neither a file nor a directory".to_owned()))),
    }
}

fn below(dir: &Path, deep: usize, each: &mut impl FnMut(Entry)) {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => return each(Err((dir.to_owned(), error.to_string()))),
    };
    let mut paths: Vec<(PathBuf, fs::FileType)> =
        entries.filter_map(Result::ok).filter_map(|entry| Some((entry.path(), entry.file_type().ok()?))).collect();
    paths.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (path, kind) in paths {
        if kind.is_file() {
            each(Ok(path));
        } else if kind.is_dir() && !path.file_name().is_some_and(|name| LEFT_OUT.iter().any(|left| name == *left)) {
            if deep == 0 {
                each(Err((path, "too deep".to_owned())));
            } else {
                below(&path, deep - 1, each);
            }
        }
    }
}
