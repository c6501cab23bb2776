//! What a check found, for people and for programs.

use pangolin_store::{AuditBreak, AuditChain, AuditReport};
use serde::Serialize;

use crate::cli::Ended;

/// The exit code for a file that holds something else; what is broken ends with 1.
const NOT_AN_EXPORT: u8 = 3;

/// What a check found.
#[derive(Debug, Default, Serialize)]
pub(super) struct Told {
    /// Whether it is a trail or an export of one at all.
    pub(super) export: bool,
    /// Whether nothing is wrong.
    pub(super) whole: bool,
    /// Whether all of the trail was looked at, both ends of each chain included.
    pub(super) complete: bool,
    /// Whether the seals were checked with their keys.
    pub(super) sealed: bool,
    pub(super) rows: u64,
    pub(super) chains: Vec<Chain>,
    pub(super) breaks: Vec<Break>,
}

#[derive(Debug, Serialize)]
pub(super) struct Chain {
    pub(super) host: String,
    pub(super) rows: u64,
    /// Removed by retention up to here.
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) link: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
}

#[derive(Debug, Serialize, PartialEq, Eq)]
pub(super) struct Break {
    /// Empty: the list of chains, or the file.
    pub(super) host: String,
    pub(super) seq: i64,
    pub(super) code: String,
    pub(super) why: String,
}

impl From<&AuditBreak> for Break {
    fn from(broken: &AuditBreak) -> Self {
        let AuditBreak { host, seq, fault } = broken;
        Self { host: host.clone(), seq: *seq, code: fault.code().to_owned(), why: fault.to_string() }
    }
}

impl Told {
    pub(super) fn of_database(report: &AuditReport) -> Self {
        let chain = |chain: &AuditChain| Chain {
            host: chain.host.clone(),
            rows: chain.rows,
            start: chain.start,
            end: chain.end,
            link: chain.link.clone(),
            key: Some(chain.key.clone()),
        };
        Self {
            export: true,
            whole: report.is_whole(),
            complete: true,
            sealed: true,
            rows: report.rows(),
            chains: report.chains.iter().map(chain).collect(),
            breaks: report.breaks.iter().map(Break::from).collect(),
        }
    }

    /// A file that holds something else.
    pub(super) fn of_another_file(code: &str, why: String) -> Self {
        let broken = Break { host: String::new(), seq: 0, code: code.to_owned(), why };
        Self { breaks: vec![broken], ..Self::default() }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for Chain { host, rows, start, end, link, .. } in &self.chains {
            text.push_str(&format!("{}: {rows} rows, {start} to {end}, link {link}\n", shown(host)));
        }
        for Break { host, seq, code, why } in &self.breaks {
            let place = if host.is_empty() { "the trail".to_owned() } else { shown(host) };
            text.push_str(&format!("BROKEN {place} at {seq}: {code}: {why}\n"));
        }
        if !self.sealed {
            text.push_str(
                "the seals were not checked: there are no keys; who made this file could have made all of it\n",
            );
        }
        if !self.complete {
            text.push_str("this is a part: rows that stand side by side were checked, not that none is missing\n");
        }
        text.push_str(&format!("{} rows, {}\n", self.rows, if self.whole { "whole" } else { "NOT WHOLE" }));
        text
    }
}

/// A host's name comes from the database: nothing of it steers a terminal.
fn shown(host: &str) -> String {
    host.chars().flat_map(char::escape_default).collect()
}

/// Prints it; an error where something is wrong.
pub(super) fn finish(told: &Told, json: bool) -> anyhow::Result<()> {
    if json {
        super::super::print(&format!("{}\n", serde_json::to_string(told)?))?;
    } else if told.export {
        super::super::print(&told.text())?;
    }
    match told.breaks.first() {
        Some(other) if !told.export => {
            let text = format!("not an export of the whole trail: {}", other.why);
            Err(Ended { code: NOT_AN_EXPORT, text }.into())
        }
        _ if told.whole => Ok(()),
        _ => Err(anyhow::anyhow!("the audit trail is not what was written")),
    }
}
