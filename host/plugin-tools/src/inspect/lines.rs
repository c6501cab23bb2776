//! `inspect --lines`: what is to be appended to a grant file.

use std::path::Path;

use anyhow::bail;

use super::report::Report;

/// Prints the lines. What cannot just be appended is refused: a second table of one name would
/// spoil the whole file.
pub(super) fn print(report: &Report, grants: Option<&Path>) -> anyhow::Result<()> {
    if let Some(reason) = &report.refused {
        bail!("{} is refused: {reason}", report.file);
    }
    let Some(strategy) = &report.strategy else { return Ok(()) };
    let lines = &strategy.missing_grants;
    if lines.is_empty() {
        eprintln!("{} has all that it asks for: nothing to add", strategy.description.name);
        return Ok(());
    }
    if let Some(path) = grants
        && lines.lines().all(|line| line.starts_with('#'))
    {
        bail!("nothing can just be appended to {}:\n{lines}", path.display());
    }
    // A line of its own, also where the file does not end with one.
    crate::printed::out(&format!("\n{lines}"))
}
