//! The report for people.

use std::fmt::{self, Write as _};

use pangolin_core::strategy::Field;

use super::report::{Report, Strategy};
use crate::words;

/// The whole report.
pub(super) fn of(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, report);
    out
}

fn write(out: &mut String, report: &Report) -> fmt::Result {
    match &report.strategy {
        Some(Strategy { description: d, .. }) => writeln!(out, "{} {}: {}", d.name, d.version, d.summary)?,
        None => writeln!(out, "{}: a host refuses it", report.file)?,
    }
    row(out, "file", &format!("{}, {} bytes", report.file, report.size))?;
    row(out, "digest", &format!("sha256:{}", report.digest))?;
    row(out, "signed", &signed(report))?;
    if let Some(Strategy { description: d, .. }) = &report.strategy {
        row(out, "mints", &format!("for {}: {}", d.schemes.join(", "), words::scoping(d.scoping)))?;
        for rule in &d.scoping_rules {
            let scoping = words::scoping(rule.scoping);
            row(out, "", &format!("where `{}` is {}: {scoping}", rule.field, rule.equals))?;
        }
        row(out, "life", &words::life(d))?;
    }

    writeln!(out, "\nimports: the most that it can ever reach")?;
    let width = report.imports.iter().map(|import| import.name.chars().count()).max().unwrap_or(0);
    for import in &report.imports {
        writeln!(out, "  {:width$}  {}", import.name, import.reach.text)?;
    }
    if report.imports.is_empty() {
        writeln!(out, "  nothing")?;
    }
    writeln!(out, "\nexports")?;
    for export in &report.exports {
        writeln!(out, "  {export}")?;
    }
    match (&report.strategy, &report.refused) {
        (Some(strategy), _) => asked_and_granted(out, strategy, report.grant_file.as_deref()),
        (None, Some(reason)) => writeln!(out, "\nrefused\n  {reason}"),
        (None, None) => Ok(()),
    }
}

fn signed(report: &Report) -> String {
    let signatures = &report.signatures;
    match (signatures.signed_by.as_slice(), signatures.key_ids.as_slice()) {
        ([], []) => "by nobody".to_owned(),
        ([], ids) => format!("names {}; no key of a grant file confirms it", keys(ids)),
        (names, _) => format!("by {}", names.join(", ")),
    }
}

fn keys(ids: &[String]) -> String {
    let word = if ids.len() == 1 { "key" } else { "keys" };
    format!("{word} {}", ids.join(", "))
}

fn asked_and_granted(out: &mut String, strategy: &Strategy, grant_file: Option<&str>) -> fmt::Result {
    writeln!(out, "\nasks for")?;
    let d = &strategy.description;
    for host in &d.hosts {
        row(out, "host", &words::host(host))?;
    }
    for field in d.fields.iter().filter(|field| field.is_secret()) {
        let uses: Vec<String> = field.secret_uses.iter().map(words::secret_use).collect();
        let hosts = words::secret_hosts(field, d);
        let sent = if hosts.is_empty() { String::new() } else { format!(", to {}", hosts.join(", ")) };
        row(out, "secret", &format!("{}: {}{sent}", field.name, uses.join("; ")))?;
    }
    if d.hosts.is_empty() && !d.fields.iter().any(Field::is_secret) {
        writeln!(out, "  no host, no secret")?;
    }

    match grant_file {
        Some(path) => writeln!(out, "\nmay, by {path}")?,
        None => writeln!(out, "\nmay, without a grant file")?,
    }
    let rights = &strategy.rights;
    if strategy.granted {
        let hosts = if rights.hosts.is_empty() { "none".to_owned() } else { rights.hosts.join(", ") };
        row(out, "hosts", &hosts)?;
        for (name, given) in [
            ("host_identity", rights.host_identity),
            ("credential_values", rights.credential_values),
            ("raw_hmac", rights.raw_hmac),
        ] {
            if given {
                writeln!(out, "  {name}")?;
            }
        }
    } else {
        writeln!(out, "  nothing")?;
    }
    if !strategy.missing_grants.is_empty() {
        writeln!(out, "\nwhat it asks for and lacks, as lines of the grant file")?;
        for line in strategy.missing_grants.lines() {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}

fn row(out: &mut String, name: &str, value: &str) -> fmt::Result {
    writeln!(out, "  {name:7} {value}")
}
