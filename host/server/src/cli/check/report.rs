//! What is said of settings and files. Names of files and fields come from elsewhere: nothing that a
//! terminal obeys goes out.

use std::path::Path;

use serde_json::{Value, json};

use super::scan::Scan;
use super::start::{Level, Said};
use crate::config::{Config, ConfigProblem};

/// What the settings are.
#[derive(Debug, Default)]
pub(super) struct Settings {
    said: Vec<Said>,
    unknown: Vec<String>,
}

/// All of it.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) settings: Option<Settings>,
    pub(super) files: Scan,
    /// Whether warnings are wrong too.
    pub(super) strict: bool,
}

impl Settings {
    /// What is wrong with a setting itself is said once, not what follows from it.
    pub(super) fn of(config: &Config, problems: Vec<ConfigProblem>, mut start: Vec<Said>) -> Self {
        start.retain(|said| !problems.iter().any(|problem| problem.variable == said.variable));
        let problems = problems.into_iter().map(|ConfigProblem { variable, message }| Said {
            level: Level::Problem,
            variable,
            message,
        });
        Self { said: problems.chain(start).collect(), unknown: config.unknown_variables.clone() }
    }

    fn of_level(&self, level: Level) -> impl Iterator<Item = &Said> {
        self.said.iter().filter(move |said| said.level == level)
    }

    fn warnings(&self) -> usize {
        self.of_level(Level::Warning).count() + self.unknown.len()
    }
}

impl Report {
    /// How much is wrong; none: nothing.
    pub(super) fn verdict(&self) -> Option<String> {
        let mut wrong = Vec::new();
        if let Some(settings) = &self.settings {
            if settings.of_level(Level::Problem).next().is_some() {
                wrong.push("the settings cannot be used".to_owned());
            }
            if self.strict && settings.warnings() > 0 {
                wrong.push(counted(settings.warnings(), "warning", "warnings"));
            }
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
            if settings.of_level(Level::Problem).next().is_none() {
                lines.push("the settings can be used".to_owned());
            }
            for (level, lead) in [(Level::Problem, ""), (Level::Warning, "warning: "), (Level::Note, "note: ")] {
                let line = |said: &Said| format!("{lead}{}: {}", said.variable, safe_lines(&said.message));
                lines.extend(settings.of_level(level).map(line));
                if level == Level::Warning {
                    let unknown = |name: &String| format!("warning: {} is not a setting of this host", safe(name));
                    lines.extend(settings.unknown.iter().map(unknown));
                }
            }
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
            let of = |level: Level| -> Vec<Value> {
                let said = settings.of_level(level);
                said.map(|said| json!({"variable": said.variable, "message": said.message})).collect()
            };
            json!({"problems": of(Level::Problem), "warnings": of(Level::Warning), "notes": of(Level::Note),
                "unknown": settings.unknown})
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

/// A text of several lines, as parsers of TOML write them: each below the first is set in.
fn safe_lines(text: &str) -> String {
    text.lines().map(safe).collect::<Vec<_>>().join("\n  ")
}

/// Control characters, and those that turn the direction of a text, as escapes.
fn safe(text: &str) -> String {
    let obeyed = |c: char| {
        c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().flat_map(|c| if obeyed(c) { c.escape_unicode().collect::<Vec<_>>() } else { vec![c] }).collect()
}
