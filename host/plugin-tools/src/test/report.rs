//! What the suite found.

use std::fmt::Write as _;

use pangolin_core::strategy::StrategyInfo;
use serde::Serialize;

use crate::shown::printable;

/// Characters of one reason.
const LONGEST: usize = 600;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    Pass,
    Fail,
    /// It could not be looked at, or does not apply.
    NotCovered,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    pub(crate) group: &'static str,
    pub(crate) name: String,
    pub(crate) outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
}

/// All checks, in the order in which they ran.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    strategy: String,
    version: String,
    sha256: String,
    pub(crate) checks: Vec<Check>,
}

impl Report {
    /// Says whose it is.
    pub(super) fn of(&mut self, info: &StrategyInfo) {
        self.strategy.clone_from(&info.description.name);
        self.version.clone_from(&info.description.version);
        self.sha256.clone_from(&info.digest);
    }

    fn add(&mut self, group: &'static str, name: impl Into<String>, outcome: Outcome, why: Option<String>) {
        let why = why.map(|why| crate::shown::printable_lines(&why, LONGEST));
        self.checks.push(Check { group, name: printable(&name.into(), 120), outcome, why });
    }

    pub(super) fn pass(&mut self, group: &'static str, name: impl Into<String>) {
        self.add(group, name, Outcome::Pass, None);
    }

    /// A pass that has something to say.
    pub(super) fn pass_with(&mut self, group: &'static str, name: impl Into<String>, why: impl Into<String>) {
        self.add(group, name, Outcome::Pass, Some(why.into()));
    }

    pub(super) fn fail(&mut self, group: &'static str, name: impl Into<String>, why: impl Into<String>) {
        self.add(group, name, Outcome::Fail, Some(why.into()));
    }

    pub(super) fn not_covered(&mut self, group: &'static str, name: impl Into<String>, why: impl Into<String>) {
        self.add(group, name, Outcome::NotCovered, Some(why.into()));
    }

    /// A pass with what there is to say, or a fail with its reason.
    pub(super) fn judge(
        &mut self,
        group: &'static str,
        name: impl Into<String>,
        judged: Result<Option<String>, String>,
    ) {
        match judged {
            Ok(why) => self.add(group, name, Outcome::Pass, why),
            Err(why) => self.fail(group, name, why),
        }
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.checks.iter().filter(|check| check.outcome == outcome).count()
    }

    /// How many failed.
    pub(crate) fn failed(&self) -> usize {
        self.count(Outcome::Fail)
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        // What is refused has not said what it is.
        if !self.strategy.is_empty() {
            let _ = writeln!(out, "{} {}  sha256:{}", self.strategy, self.version, self.sha256);
        }
        for check in &self.checks {
            let mark = match check.outcome {
                Outcome::Pass => "ok  ",
                Outcome::Fail => "FAIL",
                Outcome::NotCovered => "-   ",
            };
            let why =
                check.why.as_deref().map(|why| format!("  {}", why.replace('\n', "\n       "))).unwrap_or_default();
            let _ = writeln!(out, "{mark} {}/{}{why}", check.group, check.name);
        }
        let (passed, failed, open) = (self.count(Outcome::Pass), self.failed(), self.count(Outcome::NotCovered));
        let _ = writeln!(out, "{passed} passed, {failed} failed, {open} not covered");
        out
    }

    /// For programs.
    pub(crate) fn json(&self) -> anyhow::Result<String> {
        let mut value = serde_json::to_value(self)?;
        if let Some(members) = value.as_object_mut() {
            members.insert("passed".to_owned(), self.count(Outcome::Pass).into());
            members.insert("failed".to_owned(), self.failed().into());
            members.insert("not_covered".to_owned(), self.count(Outcome::NotCovered).into());
        }
        Ok(serde_json::to_string_pretty(&value)? + "\n")
    }
}
