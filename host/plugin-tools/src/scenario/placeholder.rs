//! `{{name}}` in answers: instants that a file cannot know.

use pangolin_core::clock::UnixMillis;

/// What the placeholders stand for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instants {
    pub(crate) now: UnixMillis,
    /// The life that was asked for, or the one that the upstream gives instead.
    pub(crate) ttl_seconds: u32,
}

impl Instants {
    /// When the upstream's credential ends.
    pub(crate) fn expires(&self) -> UnixMillis {
        self.now.plus_seconds(i64::from(self.ttl_seconds))
    }
}

const NAMES: [&str; 5] = ["now_ms", "expires_ms", "expires_s", "expires_in_s", "expires_rfc3339"];

/// Longer is no name: a file of braces must not take long.
const LONGEST: usize = 32;

fn value(name: &str, instants: &Instants) -> Option<String> {
    let expires = instants.expires();
    Some(match name {
        "now_ms" => instants.now.0.to_string(),
        "expires_ms" => expires.0.to_string(),
        "expires_s" => (expires.0 / 1000).to_string(),
        "expires_in_s" => instants.ttl_seconds.to_string(),
        "expires_rfc3339" => format!("{}Z", expires.to_rfc3339().get(..19).unwrap_or_default()),
        _ => return None,
    })
}

/// The pieces of a text: what stands before a placeholder, and its name; then the rest.
fn pieces(text: &str) -> (Vec<(&str, &str)>, &str) {
    let mut found = Vec::new();
    let (mut start, mut from) = (0, 0);
    while let Some(open) = text.get(from..).and_then(|rest| rest.find("{{")).map(|at| from + at) {
        match text.get(open + 2..).and_then(name_at) {
            Some(name) => {
                found.push((text.get(start..open).unwrap_or_default(), name));
                start = open + 4 + name.len();
                from = start;
            }
            // Braces of the answer's own.
            None => from = open + 1,
        }
    }
    (found, text.get(start..).unwrap_or_default())
}

/// The name with which a text begins, if two braces end it.
fn name_at(text: &str) -> Option<&str> {
    let is_of_name = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'_';
    let length = text.bytes().take(LONGEST).take_while(is_of_name).count();
    let (name, rest) = text.split_at_checked(length)?;
    (!name.is_empty() && rest.starts_with("}}")).then_some(name)
}

/// Refuses a name that is none of these.
pub(super) fn check(text: &str) -> Result<(), String> {
    match pieces(text).0.iter().find(|(_, name)| !NAMES.contains(name)) {
        Some((_, name)) => Err(format!("unknown placeholder {{{{{name}}}}}: known are {}", NAMES.join(", "))),
        None => Ok(()),
    }
}

/// The text with its placeholders filled in, and whether it says when something ends.
pub(crate) fn render(text: &str, instants: &Instants) -> (String, bool) {
    let (found, rest) = pieces(text);
    let mut out = String::with_capacity(text.len());
    let mut says_expiry = false;
    for (before, name) in found {
        out.push_str(before);
        out.push_str(&value(name, instants).unwrap_or_default());
        says_expiry |= name.starts_with("expires");
    }
    out.push_str(rest);
    (out, says_expiry)
}
