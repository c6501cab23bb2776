//! A file as its texts with paths and lines. Messages of the parsers are not passed on: they quote
//! what they stumble over.

mod collected;
mod hcl;
mod json;
mod lines;
mod properties;
mod shell;
mod sql;
#[cfg(test)]
mod tests;
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
    /// The same, with spaces between both, and Spark's own.
    Properties,
    Shell,
    Dockerfile,
    /// Terraform.
    Hcl,
    Sql,
    /// Anything else.
    Text,
}

impl Form {
    /// Whether the parser leaves lines out that may hold something.
    pub(super) fn is_partial(self) -> bool {
        matches!(self, Self::Text | Self::Hcl | Self::Sql)
    }
}

/// Not what the name says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unparsable {
    pub(super) line: usize,
    pub(super) what: &'static str,
}

/// By the name, and for one that says nothing by the first line.
pub(super) fn form_of(file: &Path, text: &str) -> Form {
    let name = file.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension).unwrap_or_default();
    let is_env = name == ".env" || name.starts_with(".env.") || extension == "env";
    let has_pairs = matches!(name.as_str(), "credentials" | ".npmrc" | ".pypirc" | ".netrc" | ".pgpass" | ".my.cnf");
    let is_docker = ["dockerfile", "containerfile"].iter().any(|known| name.starts_with(known) || extension == *known);
    match extension {
        _ if is_env || has_pairs => Form::Lines,
        _ if is_docker => Form::Dockerfile,
        "json" => Form::Json,
        "toml" => Form::Toml,
        "yaml" | "yml" => Form::Yaml,
        "conf" if name.starts_with("spark") => Form::Properties,
        "properties" => Form::Properties,
        "ini" | "cfg" | "conf" | "cnf" | "service" | "container" => Form::Lines,
        "tf" | "tfvars" | "hcl" => Form::Hcl,
        "sql" | "ddl" => Form::Sql,
        "sh" | "bash" | "zsh" | "ksh" | "envrc" | "profile" | "bashrc" | "zshrc" | "bash_profile" => Form::Shell,
        _ if is_script(text) => Form::Shell,
        _ => Form::Text,
    }
}

/// `#!/bin/sh`, `#!/usr/bin/env bash`.
fn is_script(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let mut words = first.strip_prefix("#!").unwrap_or_default().split(['/', ' ']);
    words.any(|word| matches!(word, "sh" | "bash" | "zsh" | "ksh" | "dash"))
}

/// The texts of each document of a file of that form.
pub(super) fn documents(form: Form, text: &str) -> Result<Vec<Vec<Leaf>>, Unparsable> {
    let one = match form {
        Form::Yaml => return yaml::documents(text),
        Form::Json => json::leaves(text)?,
        Form::Toml => toml::leaves(text)?,
        Form::Lines => lines::leaves(text),
        Form::Properties => properties::leaves(text),
        Form::Shell => shell::leaves(text),
        Form::Dockerfile => shell::dockerfile(text),
        Form::Hcl => hcl::leaves(text)?,
        Form::Sql => sql::leaves(text),
        Form::Text => Vec::new(),
    };
    Ok(vec![one])
}
