//! What is said of sealed values. Names of keys are letters, digits, '-' and '_'; rows and tenants
//! are shown as the database has them, so they are escaped.

use std::fmt::Write as _;
use std::path::Path;

use pangolin_store::{KeyRing, SealReport, SealedValue, WhyLeft};

/// Where everything stands.
pub(super) fn text(keys: &KeyRing, report: &SealReport, audit_seals: u64) -> String {
    let ids: Vec<&str> = keys.ids().collect();
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = match ids.split_first() {
        Some((first, [])) => writeln!(out, "keys: {first} seals"),
        Some((first, others)) => writeln!(out, "keys: {first} seals; {} open only", others.join(", ")),
        None => Ok(()),
    };
    for count in &report.counts {
        let _ = writeln!(out, "{}.{}: {} under {}", count.table, count.column, count.values, count.key);
    }
    if report.counts.is_empty() {
        out.push_str("nothing is sealed\n");
    }
    if report.behind > 0 {
        let _ = writeln!(out, "not sealed as now: {}; `pangolin secrets rotate` seals them anew", report.behind);
    }
    if audit_seals > 0 {
        let _ = writeln!(out, "seals of the audit trail under an older key: {audit_seals}; rotate makes them anew");
    }
    left(&mut out, report);
    let unused = |id: &&&str| !report.counts.iter().any(|count| count.key == ***id);
    let unused: Vec<&str> = ids.iter().skip(1).filter(unused).copied().collect();
    if audit_seals == 0 && !unused.is_empty() {
        let _ = writeln!(out, "nothing is under {}: it can be removed", unused.join(", "));
    }
    out
}

/// What a rotation did, and where everything stands.
pub(super) fn rotated(keys: &KeyRing, report: &SealReport, audit_renewed: u64, audit_seals: u64) -> String {
    let audit = if audit_renewed > 0 { format!("; seals of the audit trail: {audit_renewed}") } else { String::new() };
    format!("sealed anew: {}{audit}\n{}", report.resealed, text(keys, report, audit_seals))
}

/// A key was put into the file.
pub(super) fn added(id: &str, keys: &KeyRing, path: &Path) -> String {
    let mut out = format!("{id} is the first key of {}; keep a copy of the file\n", path.display());
    if keys.ids().count() > 1 {
        out.push_str(
            "next: restart the host, which seals with it from then on; stop it and `pangolin secrets rotate`; \
             then remove the old key from the file\n",
        );
    }
    out
}

/// An error if something cannot be opened.
pub(super) fn unopened(report: &SealReport) -> anyhow::Result<()> {
    match report.left_count {
        0 => Ok(()),
        1 => Err(anyhow::anyhow!("1 sealed value cannot be opened")),
        some => Err(anyhow::anyhow!("{some} sealed values cannot be opened")),
    }
}

/// An error if something is not under the first key.
pub(super) fn unfinished(report: &SealReport) -> anyhow::Result<()> {
    unopened(report)?;
    match report.behind {
        0 => Ok(()),
        some => Err(anyhow::anyhow!(
            "{some} values were sealed with an older key meanwhile: a running host still seals with it; give all hosts the \
             new key first, and rotate again"
        )),
    }
}

fn left(out: &mut String, report: &SealReport) {
    if report.left_count == 0 {
        return;
    }
    out.push_str("cannot be opened, and left as it is:\n");
    for value in &report.left {
        let SealedValue { table, column, row, tenant, why } = value;
        let why = match why {
            WhyLeft::UnknownKey(key) => format!("key {key} is not in the ring: add it back"),
            WhyLeft::DoesNotOpen => "it was changed, moved here, or sealed with another key of that name".to_owned(),
            WhyLeft::NotSealed => "it is not in the sealed form".to_owned(),
        };
        let _ = writeln!(out, "  {table}.{column} of {} (tenant {}): {why}", row.escape_debug(), tenant.escape_debug());
    }
    let more = report.left_count.saturating_sub(u64::try_from(report.left.len()).unwrap_or(u64::MAX));
    if more > 0 {
        let _ = writeln!(out, "  and {more} more");
    }
}
