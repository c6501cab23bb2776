//! Credentials in files.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use pangolin_core::credential_scan::{CredentialKind, in_document, in_text};

use super::parse::{self, Unparsable};
use super::walk;

/// Larger files are no configuration.
const MOST_BYTES: u64 = 16 * 1024 * 1024;
/// Findings of one file that are told.
const MOST_FOUND: usize = 1_000;

/// A credential in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) file: PathBuf,
    pub(super) line: usize,
    /// Path of the field; empty: a line without one.
    pub(super) field: String,
    pub(super) kind: CredentialKind,
}

/// A file that was not read as what it says it is, or not at all.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) file: PathBuf,
    pub(super) line: Option<usize>,
    pub(super) problem: String,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) searched: usize,
    /// Binary or large files below a directory.
    pub(super) left_out: usize,
    pub(super) findings: Vec<Finding>,
    pub(super) troubles: Vec<Trouble>,
}

/// Searches what is named.
pub(super) fn scan(named: &[PathBuf]) -> Scan {
    let mut scan = Scan::default();
    for path in named {
        walk::files(path, &mut |entry| match entry {
            Ok(file) => scan.file(&file, file == *path),
            Err((file, problem)) => scan.troubles.push(Trouble { file, line: None, problem }),
        });
    }
    scan
}

impl Scan {
    /// A file that was named itself is never left out in silence.
    fn file(&mut self, file: &Path, is_named: bool) {
        let text = match read(file) {
            Ok(Some(text)) => text,
            Ok(None) if !is_named => return self.left_out += 1,
            Ok(None) => return self.trouble(file, None, "is binary or larger than 16 MiB: not searched"),
            Err(error) => return self.trouble(file, None, &format!("cannot be read: {error}")),
        };
        self.searched += 1;
        let before = self.findings.len();
        let form = parse::form_of(file, &text);
        let documents = parse::documents(form, &text).unwrap_or_else(|Unparsable { line, what }| {
            self.trouble(file, Some(line), &format!("is not valid {what}: searched line by line"));
            vec![parse::lines(&text)]
        });
        let mut told = BTreeSet::new();
        for found in documents.iter().flat_map(|leaves| in_document(leaves)).take(MOST_FOUND) {
            told.insert(found.line);
            self.found(file, found.line, found.path, found.kind);
        }
        for (at, line) in text.lines().enumerate() {
            // A parser leaves comments out.
            let is_searched = (form.is_partial() && !told.contains(&(at + 1))) || is_comment(line);
            if let Some(kind) = is_searched.then(|| in_text(line)).flatten() {
                self.found(file, at + 1, String::new(), kind);
            }
        }
        if let Some(new) = self.findings.get_mut(before..) {
            new.sort_by(|one, other| (one.line, &one.field).cmp(&(other.line, &other.field)));
        }
        self.findings.truncate(before + MOST_FOUND);
    }

    fn found(&mut self, file: &Path, line: usize, field: String, kind: CredentialKind) {
        self.findings.push(Finding { file: file.to_owned(), line, field, kind });
    }

    fn trouble(&mut self, file: &Path, line: Option<usize>, problem: &str) {
        self.troubles.push(Trouble { file: file.to_owned(), line, problem: problem.to_owned() });
    }
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.contains(" #") || ["#", "//", ";", "!"].iter().any(|lead| line.starts_with(lead))
}

/// The text of a file; none: binary or too large.
fn read(file: &Path) -> std::io::Result<Option<String>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MOST_BYTES) {
        return Ok(None);
    }
    Ok(text(&bytes))
}

/// UTF-8, or UTF-16 that says so. Bytes that are neither do not hide the rest.
fn text(bytes: &[u8]) -> Option<String> {
    let wide = |pair: fn([u8; 2]) -> u16| {
        let units = bytes.get(2..)?.chunks_exact(2).filter_map(|two| <[u8; 2]>::try_from(two).ok()).map(pair);
        Some(String::from_utf16_lossy(&units.collect::<Vec<u16>>()))
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ if bytes.contains(&0) => None,
        _ => Some(String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).into_owned()),
    }
}
