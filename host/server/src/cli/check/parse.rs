//! A file as its texts with paths and lines. Messages of the parsers are not passed on: they quote
//! what they stumble over.

mod collected;
mod json;
mod lines;
mod toml;
mod yaml;

use std::path::Path;

use pangolin_core::credential_scan::Leaf;

pub(super) use self::lines::leaves as lines;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Toml,
    Yaml,
    /// `NAME=value`.
    Lines,
    /// Anything else.
    Text,
}

/// Not what the name says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unparsable {
    pub(super) line: usize,
    pub(super) what: &'static str,
}

/// By the name.
pub(super) fn form_of(file: &Path) -> Form {
    let name = file.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension).unwrap_or_default();
    let is_env = name == ".env" || name.starts_with(".env.") || extension == "env";
    let has_pairs = ["dockerfile", "containerfile"].iter().any(|lead| name.starts_with(lead))
        || matches!(name.as_str(), "credentials" | ".npmrc" | ".pypirc" | ".netrc" | ".pgpass" | ".my.cnf");
    match extension {
        _ if is_env || has_pairs => Form::Lines,
        "json" => Form::Json,
        "toml" => Form::Toml,
        "yaml" | "yml" => Form::Yaml,
        "ini" | "cfg" | "conf" | "cnf" | "properties" | "tfvars" | "service" => Form::Lines,
        _ => Form::Text,
    }
}

/// The texts of a file of that form.
pub(super) fn leaves(form: Form, text: &str) -> Result<Vec<Leaf>, Unparsable> {
    match form {
        Form::Json => json::leaves(text),
        Form::Toml => toml::leaves(text),
        Form::Yaml => yaml::leaves(text),
        Form::Lines => Ok(lines::leaves(text)),
        Form::Text => Ok(Vec::new()),
    }
}
