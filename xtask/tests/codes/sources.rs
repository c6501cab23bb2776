//! The sources, without their tests and comments, as trees of tokens.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One file.
pub(crate) struct Source {
    /// The root that it was found under.
    pub(crate) unit: String,
    pub(crate) file: String,
    pub(crate) tokens: Vec<TokenTree>,
}

pub(crate) fn read(base: &Path, roots: &[&str]) -> Vec<Source> {
    let mut sources = Vec::new();
    for unit in roots {
        let mut files = Vec::new();
        walk(&base.join(unit), &mut files);
        assert!(!files.is_empty(), "nothing in {unit}");
        for path in files {
            let text = std::fs::read_to_string(&path).expect("a source can be read");
            let stream = TokenStream::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let file = path.strip_prefix(base).unwrap_or(&path).display().to_string();
            sources.push(Source { unit: (*unit).to_owned(), file, tokens: plain(stream) });
        }
    }
    sources
}

/// Rust files that are no tests and no doubles for tests.
fn walk(directory: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if ["tests", "testing", "scenarios", "fixtures", "bench"].contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Without attributes, and without what is for tests only.
fn plain(stream: TokenStream) -> Vec<TokenTree> {
    let mut kept = Vec::new();
    let mut tokens = stream.into_iter().peekable();
    let mut skips_item = false;
    while let Some(token) = tokens.next() {
        if is_punct(&token, '#') {
            if tokens.peek().is_some_and(|next| is_punct(next, '!')) {
                tokens.next();
            }
            if let Some(TokenTree::Group(attribute)) = tokens.next() {
                skips_item |= attribute.stream().to_string().replace(' ', "") == "cfg(test)";
            }
            continue;
        }
        if skips_item {
            let is_body = matches!(&token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
            skips_item = !(is_body || is_punct(&token, ';'));
            continue;
        }
        kept.push(token);
    }
    kept
}

/// The tokens within a group, in the same way.
pub(crate) fn inside(group: &proc_macro2::Group) -> Vec<TokenTree> {
    plain(group.stream())
}

pub(crate) fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

pub(crate) fn is_ident(token: &TokenTree, wanted: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == wanted)
}
