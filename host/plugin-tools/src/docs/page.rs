//! The page: Markdown. Texts of the component are escaped, so that none of it becomes markup.

use std::fmt::{self, Write as _};

use pangolin_core::strategy::{Description, Field, StrategyInfo};

use super::body;
use crate::{reach, words};

/// The whole page.
pub(super) fn of(info: &StrategyInfo) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, info);
    out
}

fn write(out: &mut String, info: &StrategyInfo) -> fmt::Result {
    let d = &info.description;
    writeln!(out, "# {}\n\n{}\n", plain(&d.name), plain(&d.summary))?;
    writeln!(out, "Version {} of the strategy, sha256 `{}`.\n", plain(&d.version), info.digest)?;
    let schemes: Vec<String> = d.schemes.iter().map(|scheme| format!("`{scheme}`")).collect();
    writeln!(out, "- Locations: {}", schemes.join(", "))?;
    writeln!(out, "- A credential opens {}.", words::scoping(d.scoping))?;
    for rule in &d.scoping_rules {
        writeln!(
            out,
            "  Where `{}` is `{}` it opens {}.",
            rule.field,
            code(&rule.equals),
            words::scoping(rule.scoping)
        )?;
    }
    writeln!(out, "- A credential lives {}.", words::life(d))?;
    if info.presigns() {
        writeln!(out, "- It makes presigned URLs.")?;
    }
    if info.leases() {
        writeln!(out, "- What it mints is ended by the host.")?;
    }
    fields(out, d)?;
    secrets(out, d)?;
    writeln!(out, "\n## A warehouse\n\nThe body of `POST /api/v1/warehouses`:\n")?;
    writeln!(out, "```json\n{:#}\n```", body::of(d))?;
    rights(out, info)
}

fn fields(out: &mut String, d: &Description) -> fmt::Result {
    if d.fields.is_empty() {
        return writeln!(out, "\n## Fields\n\nNone of its own.");
    }
    writeln!(out, "\n## Fields\n\n| field | other spellings | value | what it is |\n|---|---|---|---|")?;
    for field in &d.fields {
        let aliases: Vec<String> = field.aliases.iter().map(|alias| format!("`{alias}`")).collect();
        let need = if field.required { "**Required.** " } else { "" };
        writeln!(
            out,
            "| `{}` | {} | {} | {need}{} |",
            field.name,
            aliases.join(", "),
            value(field),
            plain(&field.help)
        )?;
    }
    Ok(())
}

/// What may be written into a field.
fn value(field: &Field) -> String {
    if field.is_secret() {
        return "secret, or `{\"secret_ref\": \"…\"}`".to_owned();
    }
    let mut out = if field.choices.is_empty() {
        words::kind(field.kind).to_owned()
    } else {
        let choices: Vec<String> = field.choices.iter().map(|choice| format!("`{}`", code(choice))).collect();
        choices.join(" or ")
    };
    // Writing to a String cannot fail.
    if let Some(default) = &field.default {
        let _ = write!(out, "; `{}` where it is not given", code(default));
    }
    if let Some(example) = &field.example {
        let _ = write!(out, "; for example `{}`", code(example));
    }
    if field.destination {
        out.push_str("; a change of it requires the secrets again");
    }
    out
}

fn secrets(out: &mut String, d: &Description) -> fmt::Result {
    let mut secrets = d.fields.iter().filter(|field| field.is_secret()).peekable();
    if secrets.peek().is_none() {
        return Ok(());
    }
    writeln!(out, "\n## Secrets\n\nThe strategy never sees their values: the host puts them in.\n")?;
    writeln!(out, "| secret | used as | may go to |\n|---|---|---|")?;
    for field in secrets {
        let uses: Vec<String> = field.secret_uses.iter().map(|wanted| plain(&words::secret_use(wanted))).collect();
        let hosts: Vec<String> = words::secret_hosts(field, d).iter().map(|host| cell(host)).collect();
        let hosts = if hosts.is_empty() { "nobody".to_owned() } else { hosts.join(", ") };
        writeln!(out, "| `{}` | {} | {hosts} |", field.name, uses.join("; "))?;
    }
    Ok(())
}

fn rights(out: &mut String, info: &StrategyInfo) -> fmt::Result {
    writeln!(out, "\n## Rights\n\nWhat it can ever reach:\n\n| import | what that is |\n|---|---|")?;
    for import in &info.imports {
        writeln!(out, "| `{import}` | {} |", reach::of(import).text)?;
    }
    if info.missing_grants.is_empty() {
        return writeln!(out, "\nIt comes with the release and has what it asks for.");
    }
    writeln!(out, "\nWhat it asks for, as lines of the grant file:\n\n```toml\n{}```", info.missing_grants)
}

/// Text that stays text.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '!' | '&') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The inside of a code span, also within a table.
fn code(text: &str) -> String {
    text.replace('`', "'").replace('|', "\\|")
}

/// Words of ours with the code spans that they have.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
