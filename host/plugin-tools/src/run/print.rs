//! What a run did, for people: without a secret, and without anything that a terminal obeys.

use std::fmt::Write as _;

use pangolin_core::ports::Presigned;
use pangolin_core::secret::REDACTED;
use pangolin_core::strategy::{Minted, StrategyError};

use super::Export;
use crate::call::{Ask, Setting};
use crate::lab::{Lab, Observed};
use crate::planted::Planted;
use crate::shown::printable;
use crate::upstream::Seen;

/// Characters of a line.
const LONGEST: usize = 2_000;

/// Collects the lines.
pub(super) struct Printer<'a> {
    lab: &'a Lab,
    setting: &'a Setting,
    hidden: Planted,
    show_secrets: bool,
    out: String,
}

impl<'a> Printer<'a> {
    pub(super) fn new(lab: &'a Lab, setting: &'a Setting, show_secrets: bool) -> Self {
        Self { lab, setting, hidden: setting.planted(), show_secrets, out: String::new() }
    }

    pub(super) fn text(&self) -> String {
        self.out.clone()
    }

    /// One line, masked and escaped.
    pub(super) fn line(&mut self, text: &str) {
        let masked = self.hidden.mask(text);
        self.out.push_str(&printable(&masked, LONGEST));
        self.out.push('\n');
    }

    pub(super) fn asked(&mut self, export: Export, ask: &Ask) {
        let description = self.lab.description();
        let title = format!(
            "{} {}: {} of {} on {}/, {} s",
            description.name,
            description.version,
            export.name(),
            ask.access.describe(),
            self.setting.location(&ask.table).map(|location| location.to_string()).unwrap_or_default(),
            ask.ttl_seconds
        );
        self.line(&title);
        if !self.setting.invented.is_empty() {
            let made_up = format!("made up: {}", self.setting.invented.join(", "));
            self.line(&made_up);
        }
    }

    /// What was minted is hidden as well.
    #[expect(clippy::disallowed_methods, reason = "values become what is masked")]
    pub(super) fn knows(&mut self, minted: &Minted) {
        for (key, value) in minted.credentials.iter().flat_map(|credential| &credential.entries) {
            self.hidden.add(key, value.expose());
        }
    }

    pub(super) fn observed<T>(&mut self, observed: &Observed<T>) {
        for seen in &observed.seen {
            self.request(seen);
        }
        for line in observed.lines.iter().filter(|line| line.is_of_guest()) {
            let text = format!("log {}: {}", line.level.as_str().to_lowercase(), line.text);
            self.line(&text);
        }
    }

    fn request(&mut self, seen: &Seen) {
        let request = &seen.request;
        let answer = match &seen.answer {
            Ok(answer) => format!("{}, {} bytes", answer.status.as_u16(), answer.body.len()),
            Err(error) => error.to_string(),
        };
        self.line(&format!("{} {} -> {answer}", request.method, request.url));
        for (name, value) in &request.headers {
            let hides = super::transcript::is_sensitive(name.as_str()) || value.is_sensitive();
            let value = if hides { REDACTED.into() } else { String::from_utf8_lossy(value.as_bytes()) };
            self.line(&format!("  {name}: {value}"));
        }
        if !request.body.is_empty() {
            self.line(&format!("  {}", String::from_utf8_lossy(&request.body)));
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the author asked to see the values")]
    pub(super) fn minted(&mut self, minted: &Minted) {
        for credential in &minted.credentials {
            let end = credential
                .expires_at
                .map_or_else(|| "without an end".to_owned(), |at| format!("until {}", at.to_rfc3339()));
            self.line(&format!("credential for {} {end}", credential.prefix));
            for (key, value) in &credential.entries {
                let value = if self.show_secrets { printable(value.expose(), 20_000) } else { REDACTED.to_owned() };
                // Writing to a String cannot fail.
                let _ = writeln!(self.out, "  {} = {value}", printable(key, 200));
            }
            if credential.handle.is_some() {
                self.line("  with a handle by which the host ends it");
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the author asked to see the URL")]
    pub(super) fn presigned(&mut self, presigned: &Presigned) {
        let url = presigned.url.expose();
        let shown = if self.show_secrets { url.as_str() } else { url.split('?').next().unwrap_or_default() };
        let rest = if self.show_secrets || !url.contains('?') { "" } else { "?<redacted>" };
        let _ =
            writeln!(self.out, "URL until {}: {}{rest}", presigned.expires_at.to_rfc3339(), printable(shown, 20_000));
        for (name, value) in &presigned.headers {
            self.line(&format!("  {name}: {value}"));
        }
    }

    pub(super) fn error(&mut self, error: &StrategyError) {
        let wait = error.retry_after_ms.map(|ms| format!(", try again in {ms} ms")).unwrap_or_default();
        self.line(&format!("error {:?}, {}{wait}: {}", error.kind, error.code, error.message));
    }
}
