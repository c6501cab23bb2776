//! `inspect --lines`: what is to be appended to a grant file.

use std::path::Path;

use anyhow::{Context as _, bail};

use super::report::Report;

/// Prints the lines. What cannot just be appended is refused: a second table of one name would
/// spoil the whole file.
pub(super) fn print(report: &Report, grants: Option<&Path>) -> anyhow::Result<()> {
    if let Some(reason) = &report.refused {
        bail!("{} is refused: {reason}", report.file);
    }
    let Some(strategy) = &report.strategy else { return Ok(()) };
    if strategy.missing_grants.is_empty() {
        eprintln!("{} {} has all that it asks for: nothing to add", strategy.name, strategy.version);
        return Ok(());
    }
    if let Some(path) = grants
        && has_table(path, &strategy.name)?
    {
        bail!(
            "{} has a table [plugins.{}] already: replace it by these lines\n{}",
            path.display(),
            strategy.name,
            strategy.missing_grants
        );
    }
    // A line of its own, also where the file does not end with one.
    crate::printed::out(&format!("\n{}", strategy.missing_grants))
}

fn has_table(path: &Path, name: &str) -> anyhow::Result<bool> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let file: toml::Table = text.parse().with_context(|| path.display().to_string())?;
    Ok(file.get("plugins").and_then(|plugins| plugins.get(name)).is_some())
}
