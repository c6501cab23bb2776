//! What is said of settings and files. Names of files and fields come from elsewhere: nothing that a
//! terminal obeys goes out.

use std::path::Path;

use serde_json::{Value, json};

use super::scan::Scan;
use crate::config::{Config, ConfigProblem};

/// What the settings are.
#[derive(Debug, Default)]
pub(super) struct Settings {
    problems: Vec<ConfigProblem>,
    unknown: Vec<String>,
}

/// All of it.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) settings: Option<Settings>,
    pub(super) files: Scan,
}

impl Settings {
    pub(super) fn of(read: Result<Config, Vec<ConfigProblem>>) -> Self {
        match read {
            Ok(config) => Self { problems: Vec::new(), unknown: config.unknown_variables },
            Err(problems) => Self { problems, unknown: Vec::new() },
        }
    }
}

impl Report {
    /// How much is wrong; none: nothing.
    pub(super) fn verdict(&self) -> Option<String> {
        let settings = self.settings.as_ref().is_some_and(|settings| !settings.problems.is_empty());
        let mut wrong = Vec::new();
        if settings {
            wrong.push("the settings cannot be used".to_owned());
        }
        if !self.files.findings.is_empty() {
            wrong.push(counted(self.files.findings.len(), "credential was found", "credentials were found"));
        }
        if !self.files.troubles.is_empty() {
            wrong.push(counted(self.files.troubles.len(), "file has a problem", "files have problems"));
        }
        if wrong.is_empty() { None } else { Some(wrong.join("; ")) }
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let mut lines = Vec::new();
        if let Some(settings) = &self.settings {
            if settings.problems.is_empty() {
                lines.push("the settings can be used".to_owned());
            }
            lines.extend(settings.problems.iter().map(|problem| safe(&problem.to_string())));
            lines.extend(
                settings.unknown.iter().map(|name| format!("warning: {} is not a setting of this host", safe(name))),
            );
        }
        for trouble in &self.files.troubles {
            let at = trouble.line.map_or_else(String::new, |line| format!(":{line}"));
            lines.push(format!("{}{at}: {}", path(&trouble.file), safe(&trouble.problem)));
        }
        for found in &self.files.findings {
            let field = if found.field.is_empty() { String::new() } else { format!("{}: ", safe(&found.field)) };
            lines.push(format!("{}:{}: {field}{}", path(&found.file), found.line, found.kind));
        }
        if !self.files.findings.is_empty() {
            lines.push("say where a secret is, not what it is: {\"secret_ref\": \"<name>\"}, or ${NAME}".to_owned());
        }
        if self.files.searched > 0 || self.files.left_out > 0 {
            let left_out = match self.files.left_out {
                0 => String::new(),
                some => format!(", {some} binary or large ones left out"),
            };
            let searched = counted(self.files.searched, "file was searched", "files were searched");
            lines.push(format!("{searched}{left_out}"));
        }
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// For programs.
    pub(super) fn json(&self) -> anyhow::Result<String> {
        let settings = self.settings.as_ref().map(|settings| {
            let problems = settings.problems.iter();
            let problems: Vec<Value> =
                problems.map(|problem| json!({"variable": problem.variable, "message": problem.message})).collect();
            json!({"problems": problems, "unknown": settings.unknown})
        });
        let findings: Vec<Value> = self.files.findings.iter().map(|found| {
            json!({"file": path(&found.file), "line": found.line, "field": found.field, "kind": found.kind})
        }).collect();
        let troubles: Vec<Value> = self
            .files
            .troubles
            .iter()
            .map(|trouble| json!({"file": path(&trouble.file), "line": trouble.line, "problem": trouble.problem}))
            .collect();
        let report = json!({"ok": self.verdict().is_none(), "settings": settings, "files": {"searched": self.files.searched,
            "left_out": self.files.left_out, "findings": findings, "problems": troubles}});
        Ok(format!("{}\n", serde_json::to_string_pretty(&report)?))
    }
}

fn counted(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

fn path(path: &Path) -> String {
    safe(&path.to_string_lossy())
}

/// Control characters, and those that turn the direction of a text, as escapes.
fn safe(text: &str) -> String {
    let obeyed = |c: char| {
        c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().flat_map(|c| if obeyed(c) { c.escape_unicode().collect::<Vec<_>>() } else { vec![c] }).collect()
}
