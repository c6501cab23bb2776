//! Lines: `.env`, ini, properties, and files that no parser takes.

use pangolin_core::credential_scan::{Leaf, Step};

/// A longer name of a section is no name; it stands above every line.
const LONGEST_SECTION: usize = 128;

/// What systemd takes from a file, or holds encrypted.
const ELSEWHERE: &[&str] = &["LoadCredential", "LoadCredentialEncrypted", "ImportCredential", "SetCredentialEncrypted"];

/// The texts of a file: one for each `NAME=value` or `name: value`, and each other line as it is.
pub(in super::super) fn leaves(text: &str) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    let mut section: Option<String> = None;
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';', '!']) || line.starts_with("//") {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = Some(name.trim_matches(['[', ']', '"', ' ']).chars().take(LONGEST_SECTION).collect());
            continue;
        }
        let (name, value) = pair(line).unwrap_or(("", line));
        let mut path: Vec<Step> = section.iter().map(|name| Step::Key(name.clone())).collect();
        if name == "Environment" {
            // Of systemd: several in one line.
            for (name, text) in super::shell::assignments(value) {
                let path = path.iter().cloned().chain([Step::Key(name)]).collect();
                leaves.push(Leaf { path, text, line: at + 1 });
            }
            continue;
        }
        if ELSEWHERE.contains(&name) {
            continue;
        }
        if !name.is_empty() {
            path.push(Step::Key(name.to_owned()));
        }
        leaves.push(Leaf { path, text: unquoted(value, &mut lines), line: at + 1 });
    }
    leaves
}

/// At the first `=` or `:`. A name is one word, after `export` and the like.
fn pair(line: &str) -> Option<(&str, &str)> {
    let at = line.find(['=', ':'])?;
    let (name, value) = (line.get(..at)?, line.get(at + 1..)?);
    let name = name.split_whitespace().next_back()?.trim_matches(['"', '\'', ',', '{', '-']);
    // A URL is a value.
    (!name.is_empty() && !value.starts_with("//")).then_some((name, value.trim()))
}

/// A value without its quotes, over several lines if they say so.
fn unquoted<'t>(value: &'t str, lines: &mut (impl Iterator<Item = (usize, &'t str)> + Clone)) -> String {
    let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        let value = value.split(" #").next().unwrap_or(value);
        // The end of a template stays.
        let ends: &[char] = if value.contains('{') { &[',', ';'] } else { &[',', ';', '}'] };
        return value.trim_end_matches(ends).trim().to_owned();
    };
    let inner = value.get(1..).unwrap_or_default();
    if let Some((text, _)) = inner.split_once(quote) {
        return text.to_owned();
    }
    let mut text = inner.to_owned();
    let mut ahead = lines.clone();
    while let Some((_, line)) = ahead.next() {
        text.push('\n');
        if let Some((last, _)) = line.split_once(quote) {
            text.push_str(last);
            *lines = ahead;
            return text;
        }
        text.push_str(line);
    }
    // It is never closed: the other lines are their own.
    inner.to_owned()
}
