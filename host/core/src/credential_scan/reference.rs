//! Values that stand for a secret which is somewhere else.

use super::forms::beginning;

/// Beginnings of names that other tools resolve.
const SCHEMES: &[&str] = &[
    "arn:",
    "vault:",
    "op://",
    "sm://",
    "gcpsm://",
    "awssm://",
    "ref+",
    "secretref:",
    "keyvault:",
    "file:",
    "env:",
    "projects/",
    // Values that are encrypted where they stand: SOPS, Ansible.
    "enc[",
    "$ansible_vault;",
];
/// Files that hold a secret.
const DIRECTORIES: &[&str] = &["/run/secrets/", "/var/run/secrets/", "/etc/", "./", "../", "~/"];
const EXTENSIONS: &[&str] = &[".pem", ".key", ".json", ".p8", ".p12", ".pfx", ".txt"];
/// Longer texts between braces are no names.
const LONGEST_NAME: usize = 256;
/// Words of a header before what is secret.
const LEADS: &[&str] = &["bearer", "basic", "token"];
/// Letters and digits beside a template that make the rest a literal.
const LEAST_REST: usize = 6;

/// Whether there is nothing to find: empty, masked, or a name for something else as a whole.
pub(super) fn is_none(text: &str) -> bool {
    let bare = text.trim_matches(|c| matches!(c, '"' | '\'')).trim();
    let masked = !bare.is_empty() && bare.chars().all(|c| matches!(c, '*' | '•' | '.' | '…'));
    bare.is_empty() || masked || is_angled(bare)
}

/// Whether a value under a name that says secret is the secret itself.
pub(super) fn is_literal(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    if is_none(text) || SCHEMES.iter().any(|scheme| lower.starts_with(scheme)) || is_file(&lower) {
        return false;
    }
    if matches!(lower.as_str(), "true" | "false" | "null" | "none" | "~" | "{}" | "[]") {
        return false;
    }
    let rest = without_templates(text);
    if rest.len() == text.len() {
        return true;
    }
    let letters: usize = rest
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !LEADS.contains(&word.to_ascii_lowercase().as_str()))
        .map(str::len)
        .sum();
    letters >= LEAST_REST
}

fn is_file(lower: &str) -> bool {
    let one_word = !lower.contains(char::is_whitespace);
    one_word
        && (DIRECTORIES.iter().any(|lead| lower.starts_with(lead))
            || (lower.contains('/') && EXTENSIONS.iter().any(|end| lower.ends_with(end))))
}

/// `<your key>`, `<redacted>`.
fn is_angled(text: &str) -> bool {
    text.starts_with('<') && text.ends_with('>') && !text.trim_matches(['<', '>']).contains(['<', '>'])
}

/// The text without `${NAME}`, `$(command)`, `{{ name }}`, `{name}`, `<% name %>`, `%(name)s`, `$NAME`,
/// `<name>`.
pub(super) fn without_templates(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::with_capacity(text.len());
    while let Some(first) = rest.chars().next() {
        match template(rest).and_then(|end| rest.get(end..)) {
            Some(after) => rest = after,
            None => {
                kept.push(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
    }
    kept
}

/// The length of the template that a text begins with.
fn template(text: &str) -> Option<usize> {
    const FRAMES: [(&str, &str); 7] =
        [("${{", "}}"), ("${", "}"), ("$(", ")"), ("{{", "}}"), ("<%", "%>"), ("%(", ")s"), ("{", "}")];
    if let Some((open, close)) = FRAMES.iter().find(|(open, _)| text.starts_with(open)) {
        let inner = beginning(text.get(open.len()..)?, LONGEST_NAME);
        let end = inner.find(close)?;
        // A pair of braces holds a name, not JSON.
        let is_name = *open != "{" || inner.get(..end)?.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c));
        return is_name.then_some(open.len() + end + close.len());
    }
    if let Some(inner) = text.strip_prefix('<') {
        let inner = beginning(inner, LONGEST_NAME);
        let end = inner.find('>')?;
        return inner.get(..end)?.chars().all(|c| c.is_alphanumeric() || "_-. ".contains(c)).then_some(end + 2);
    }
    // `$NAME` begins with a letter and has no small ones, or it is part of a password.
    let name = text.strip_prefix('$')?;
    let end = name.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')).unwrap_or(name.len());
    (end >= 2 && name.starts_with(|c: char| c.is_ascii_uppercase())).then_some(end + 1)
}
