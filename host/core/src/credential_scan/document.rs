//! A configuration file as its texts, each with its path and line.

use std::collections::{HashMap, HashSet};

use super::forms::der;
use super::{CredentialKind, in_field, in_text};
use crate::credential_scan::names::Name;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A field.
    Key(String),
    /// A place in a list.
    Index(usize),
}

/// A text in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Where it stands.
    pub path: Vec<Step>,
    /// The text.
    pub text: String,
    /// Its line, from 1; 0: unknown.
    pub line: usize,
}

/// A credential, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// `catalogs[0].password`. A name that is itself secret is masked.
    pub path: String,
    /// Its line, from 1; 0: unknown.
    pub line: usize,
    /// What it is.
    pub kind: CredentialKind,
}

/// Names that stand for the one above them: `password: {value: …}`.
const TRANSPARENT: &[&str] = &["value", "literal", "default", "plain", "plaintext", "content"];
/// The longest name that is shown.
const MOST_SHOWN: usize = 64;
/// Shorter names say nothing of a value that they are part of.
const LEAST_TELLING: usize = 6;

/// Findings of one file; more are not looked for.
const MOST_FOUND: usize = 1_000;

/// The first thousand credentials in a file, in its order.
#[must_use]
pub fn in_document<'l>(leaves: &'l [Leaf]) -> Vec<Found> {
    let siblings = Siblings::of(leaves);
    let mut found: Vec<(&'l Leaf, CredentialKind)> = Vec::new();
    for leaf in leaves {
        if let Some(kind) = judge(leaf, &siblings) {
            found.push((leaf, kind));
        }
        if found.len() == MOST_FOUND {
            break;
        }
    }
    // A name may repeat what is under it.
    let values: Vec<&str> = found.iter().map(|(leaf, _)| leaf.text.as_str()).collect();
    let mut masks = Masks { values: &values, known: HashMap::new(), work: 0 };
    let shown = |(leaf, kind): &(&'l Leaf, CredentialKind)| Found {
        path: shown(&leaf.path, &mut masks),
        line: leaf.line,
        kind: *kind,
    };
    found.iter().map(shown).collect()
}

fn judge(leaf: &Leaf, siblings: &Siblings<'_>) -> Option<CredentialKind> {
    let as_named = |name: &str| in_field(name, &leaf.text);
    let own = key(leaf.path.last());
    if siblings.is_sealed(leaf) {
        return None;
    }
    if let Some(kind) = siblings.in_manifest(leaf) {
        return kind;
    }
    if let Some(kind) = own.and_then(in_text) {
        return Some(kind);
    }
    let of_list = leaf.path.iter().rev().find_map(|step| key(Some(step))).unwrap_or_default();
    let found = as_named(own.unwrap_or(of_list));
    if found.is_some() {
        return found;
    }
    let literal = |is_secret: bool| if is_secret { as_named("secret") } else { None };
    match own {
        // `environment: ["DB_PASSWORD=…"]`, `api_keys: [ … ]`.
        None => match assignment(&leaf.text) {
            Some((name, value)) => in_field(name, value),
            None => literal(Name::of(of_list).says_secrets()),
        },
        Some(own) => {
            let parent = leaf.path.iter().rev().nth(1);
            let above = key(parent).filter(|_| TRANSPARENT.contains(&own.to_ascii_lowercase().as_str()));
            let named = siblings.name_of(leaf).is_some_and(|name| Name::of(name).says_secret());
            literal(above.is_some_and(|above| Name::of(above).says_secret()) || named)
        }
    }
}

fn key(step: Option<&Step>) -> Option<&str> {
    match step {
        Some(Step::Key(key)) => Some(key),
        _ => None,
    }
}

/// `NAME=value`.
fn assignment(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    let fits = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    fits.then_some((name, value))
}

/// What stands beside a text.
struct Siblings<'l> {
    /// `name: DB_PASSWORD` beside `value: …`, by what is above both.
    names: HashMap<&'l [Step], &'l str>,
    /// Whether the file is, or lists, a Kubernetes `Secret`: by what is above `kind`.
    manifests: HashSet<&'l [Step]>,
    /// The same of a `SealedSecret`: its values are not those.
    sealed: HashSet<&'l [Step]>,
}

impl<'l> Siblings<'l> {
    fn of(leaves: &'l [Leaf]) -> Self {
        let mut all = Self { names: HashMap::new(), manifests: HashSet::new(), sealed: HashSet::new() };
        for leaf in leaves {
            let Some((Step::Key(key), above)) = leaf.path.split_last() else { continue };
            match key.to_ascii_lowercase().as_str() {
                "name" | "key" => {
                    all.names.insert(above, leaf.text.as_str());
                }
                "kind" if leaf.text == "Secret" => {
                    all.manifests.insert(above);
                }
                "kind" if leaf.text == "SealedSecret" => {
                    all.sealed.insert(above);
                }
                _ => {}
            }
        }
        all
    }

    /// The name beside a `value`.
    fn name_of(&self, leaf: &Leaf) -> Option<&str> {
        let (last, above) = leaf.path.split_last()?;
        let is_value = key(Some(last)).is_some_and(|key| key.eq_ignore_ascii_case("value"));
        if is_value { self.names.get(above).copied() } else { None }
    }

    /// What an entry of a manifest's `data` or `stringData` is; none: it is none of a manifest. A value is
    /// one whatever its name: that is what the manifest is for.
    fn in_manifest(&self, leaf: &Leaf) -> Option<Option<CredentialKind>> {
        let (name, above) = leaf.path.split_last()?;
        let (group, root) = above.split_last()?;
        let group = key(Some(group)).filter(|group| matches!(*group, "data" | "stringData"))?;
        if !self.manifests.contains(root) {
            return None;
        }
        let decoded = if group == "data" { decoded(&leaf.text) } else { None };
        let text = decoded.as_deref().unwrap_or(&leaf.text);
        let form = in_field(key(Some(name)).unwrap_or_default(), text)
            .filter(|kind| !matches!(kind, CredentialKind::SecretField | CredentialKind::HighEntropy));
        let plain = || in_field("secret", text).map(|_| CredentialKind::KubernetesSecret);
        Some(form.or_else(plain))
    }

    fn is_sealed(&self, leaf: &Leaf) -> bool {
        let [root @ .., spec, group, _] = leaf.path.as_slice() else { return false };
        key(Some(spec)) == Some("spec") && key(Some(group)) == Some("encryptedData") && self.sealed.contains(root)
    }
}

/// A text in base64, over several lines too.
fn decoded(text: &str) -> Option<String> {
    let word: String = text.split_whitespace().collect();
    let bytes = der::decode(word.trim_end_matches('='))?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Bytes that are compared with names, in all; a file for which that is not enough has no names to show.
const MOST_WORK: usize = 512 * 1024 * 1024;

/// Which names are masked: those that are secret themselves, or repeat a value.
struct Masks<'l, 'v> {
    values: &'v [&'l str],
    known: HashMap<&'l str, bool>,
    work: usize,
}

impl<'l> Masks<'l, '_> {
    fn is_masked(&mut self, key: &'l str) -> bool {
        if let Some(known) = self.known.get(key) {
            return *known;
        }
        let masked = self.judge(key);
        self.known.insert(key, masked);
        masked
    }

    fn judge(&mut self, key: &str) -> bool {
        if key.chars().nth(MOST_SHOWN).is_some() || in_text(key).is_some() {
            return true;
        }
        let tells = |one: &str, other: &str| one.len() >= LEAST_TELLING && other.contains(one);
        self.values.iter().any(|value| {
            self.work = self.work.saturating_add(value.len() + key.len());
            self.work > MOST_WORK || tells(key, value) || tells(value, key)
        })
    }
}

/// The path as people write it. What is or may be secret in it is masked.
fn shown<'l>(path: &'l [Step], masks: &mut Masks<'l, '_>) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Index(at) => text.push_str(&format!("[{at}]")),
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                if masks.is_masked(key) {
                    text.push_str("<…>");
                } else {
                    text.extend(key.chars().flat_map(char::escape_debug));
                }
            }
        }
    }
    text
}
