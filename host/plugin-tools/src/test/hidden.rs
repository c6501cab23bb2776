//! Secrets that were planted: in no log line, error or credential, and in no request but in the
//! place that their use names.

mod places;

use pangolin_core::strategy::{Description, Field, Minted, SecretUse};

use super::suite::Suite;
use crate::call::Setting;
use crate::captured::Line;
use crate::lab::Observed;
use crate::planted::Planted;

const GROUP: &str = "secrets";

/// A value of a credential that is shorter than this may be a name.
const SHORTEST_MINTED: usize = 16;

/// Looks at all that a component does.
pub(super) struct Watch {
    planted: Planted,
    secrets: Vec<Field>,
    calls: usize,
    requests: usize,
    /// The first thing that was found, by check.
    found: Vec<(&'static str, String)>,
}

impl Watch {
    pub(super) fn new(description: &Description, setting: &Setting) -> Self {
        let secrets = description.fields.iter().filter(|field| field.is_secret()).cloned().collect();
        Self { planted: setting.planted(), secrets, calls: 0, requests: 0, found: Vec::new() }
    }

    /// Whether there is nothing to look for.
    pub(super) fn is_empty(&self) -> bool {
        self.planted.is_empty()
    }

    /// Whether a planted value is in the text.
    pub(super) fn has_secret(&self, text: &str) -> bool {
        self.planted.find(text.as_bytes()).is_some()
    }

    fn found(&mut self, check: &'static str, why: String) {
        if !self.found.iter().any(|(known, _)| *known == check) {
            self.found.push((check, why));
        }
    }

    /// Looks at what one call did.
    pub(super) fn look_at<T>(&mut self, observed: &Observed<T>) {
        self.calls += 1;
        for line in &observed.lines {
            if let Some(name) = self.planted.find(line.text.as_bytes()) {
                let why = format!("the value of '{name}' is in a log line");
                self.found("not-in-logs", why);
            } else if line.is_of_guest() && line.text.contains(pangolin_core::secret::REDACTED) {
                // The host masks what it knows; that the component has it at all is the fault.
                self.found("not-in-logs", "a log line held a secret, and the host masked it".to_owned());
            }
        }
        if let Err(error) = &observed.result
            && let Some(name) = self.planted.find(error.message.as_bytes())
        {
            let why = format!("the value of '{name}' is in an error ({})", error.code);
            self.found("not-in-errors", why);
        }
        for seen in &observed.seen {
            self.requests += 1;
            for field in &self.secrets {
                let left = places::without(&seen.request, &field.secret_uses);
                if self.planted.has(&field.name, &left) {
                    let why = format!("'{}' is in {} outside the place that its uses name", field.name, seen.title());
                    self.found("only-where-its-use-says", why);
                    break;
                }
            }
        }
    }

    /// Looks at a credential.
    #[expect(clippy::disallowed_methods, reason = "values are searched and go nowhere")]
    pub(super) fn look_at_minted(&mut self, minted: &Minted, lines: &[Line]) {
        let goes_out = |name: &str| {
            self.secrets
                .iter()
                .any(|field| field.name == name && field.secret_uses.contains(&SecretUse::CredentialValue))
        };
        let entries = minted.credentials.iter().flat_map(|credential| &credential.entries);
        let mut found = Vec::new();
        for (key, value) in entries {
            let names: Vec<&str> = self.planted.names().collect();
            for name in names {
                if self.planted.has(name, value.expose().as_bytes()) && !goes_out(name) {
                    found.push(("not-in-credentials", format!("the value of '{name}' is in '{key}' of a credential")));
                }
            }
            let is_long = value.expose().len() >= SHORTEST_MINTED;
            if is_long && lines.iter().any(|line| line.text.contains(value.expose().as_str())) {
                found.push(("minted-values-not-in-logs", format!("the minted '{key}' is in a log line")));
            }
        }
        found.into_iter().for_each(|(check, why)| self.found(check, why));
    }
}

pub(super) fn run(suite: &mut Suite<'_>) {
    let (calls, requests) = (suite.watch.calls, suite.watch.requests);
    let found = std::mem::take(&mut suite.watch.found);
    let checks = [
        ("not-in-logs", format!("{calls} calls")),
        ("not-in-errors", format!("{calls} calls")),
        ("not-in-credentials", format!("{calls} calls")),
        ("only-where-its-use-says", format!("{requests} requests")),
    ];
    for (check, looked_at) in checks {
        match found.iter().find(|(known, _)| *known == check) {
            Some((_, why)) => suite.report.fail(GROUP, check, why.as_str()),
            None if suite.watch.is_empty() => suite.report.not_covered(GROUP, check, "the strategy has no secrets"),
            None => suite.report.pass_with(GROUP, check, looked_at),
        }
    }
    let check = "minted-values-not-in-logs";
    match found.iter().find(|(known, _)| *known == check) {
        Some((_, why)) => suite.report.fail(GROUP, check, why.as_str()),
        None if suite.happy.is_none() => suite.report.not_covered(GROUP, check, "nothing was minted"),
        None => suite.report.pass(GROUP, check),
    }
}
