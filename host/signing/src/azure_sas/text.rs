//! What is signed, line by line, as Microsoft documents it for versions since 2020-12-06, and which
//! of these lines are sent as parameters.

use std::borrow::Cow;

use pangolin_core::clock::UnixMillis;

use super::{DelegationKey, ORDER, Resource, SasError, SasFields, VERSION};

/// A line of the signed text, a parameter, or both.
#[derive(Debug)]
pub(super) struct Line<'a> {
    /// The parameter; empty: the line is signed and not sent.
    pub(super) name: &'static str,
    pub(super) value: Cow<'a, str>,
    pub(super) is_signed: bool,
}

impl<'a> Line<'a> {
    fn both(name: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        Self { name, value: value.into(), is_signed: true }
    }

    fn signed(value: impl Into<Cow<'a, str>>) -> Self {
        Self { name: "", value: value.into(), is_signed: true }
    }

    pub(super) fn sent(name: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        Self { name, value: value.into(), is_signed: false }
    }

    pub(super) fn is_sent(&self) -> bool {
        !self.name.is_empty() && !self.value.is_empty()
    }

    /// A parameter that this host never uses: an empty line.
    fn unused() -> Self {
        Self::signed("")
    }
}

/// All lines, in the order of the signed text.
pub(super) fn parts<'a>(
    fields: &SasFields<'a>,
    delegation: Option<&'a DelegationKey>,
) -> Result<Vec<Line<'a>>, SasError> {
    let (kind, resource) = resource(fields)?;
    let (starts, ends) = life(fields)?;
    let mut lines = vec![
        Line::both("sp", permissions(fields.permissions)?),
        Line::both("st", starts),
        Line::both("se", ends),
        Line::signed(resource),
    ];
    match delegation {
        Some(key) => lines.extend(delegated(fields, key)?),
        // `si`: a stored access policy.
        None => lines.push(Line::unused()),
    }
    lines.extend([
        Line::unused(), // sip
        Line::both("spr", if fields.https_only { "https" } else { "https,http" }),
        Line::both("sv", VERSION),
        Line::both("sr", kind),
        Line::unused(), // snapshot
        Line::unused(), // ses
        Line::unused(), // rscc
        Line::unused(), // rscd
        Line::unused(), // rsce
        Line::unused(), // rscl
        Line::unused(), // rsct
    ]);
    if let Resource::Directory(path) = fields.resource {
        lines.push(Line::sent("sdd", path.split('/').count().to_string()));
    }
    Ok(lines)
}

fn delegated<'a>(fields: &SasFields<'a>, key: &'a DelegationKey) -> Result<[Line<'a>; 9], SasError> {
    Ok([
        Line::both("skoid", line("SignedOid", &key.object_id)?),
        Line::both("sktid", line("SignedTid", &key.tenant_id)?),
        Line::both("skt", line("SignedStart", &key.starts_at)?),
        Line::both("ske", line("SignedExpiry", &key.expires_at)?),
        Line::both("sks", line("SignedService", &key.service)?),
        Line::both("skv", line("SignedVersion", &key.version)?),
        Line::unused(), // saoid
        Line::unused(), // suoid
        Line::both("scid", fields.correlation_id.map_or(Ok(""), |id| line("correlation id", id))?),
    ])
}

/// The resource's kind and its canonical name.
fn resource(fields: &SasFields<'_>) -> Result<(&'static str, String), SasError> {
    let (account, container) = (name("account", fields.account)?, name("container", fields.container)?);
    let container = format!("/blob/{account}/{container}");
    Ok(match fields.resource {
        Resource::Container => ("c", container),
        Resource::Directory(path) => ("d", format!("{container}/{}", checked(path)?)),
        Resource::Blob(path) => ("b", format!("{container}/{}", checked(path)?)),
    })
}

/// Names with a slash would be read as another resource.
fn name<'a>(what: &'static str, text: &'a str) -> Result<&'a str, SasError> {
    if text.contains('/') { Err(SasError::Field(what)) } else { line(what, text) }
}

fn checked(path: &str) -> Result<&str, SasError> {
    if path.split('/').any(str::is_empty) { Err(SasError::Path) } else { line("path", path) }
}

fn line<'a>(what: &'static str, text: &'a str) -> Result<&'a str, SasError> {
    if text.is_empty() || text.chars().any(char::is_control) { Err(SasError::Field(what)) } else { Ok(text) }
}

fn permissions(letters: &str) -> Result<&str, SasError> {
    let mut rest = ORDER.chars();
    let in_order = !letters.is_empty() && letters.chars().all(|letter| rest.any(|known| known == letter));
    if in_order { Ok(letters) } else { Err(SasError::Permissions) }
}

fn life(fields: &SasFields<'_>) -> Result<(String, String), SasError> {
    let ends = seconds(fields.expires_at)?;
    let Some(starts_at) = fields.starts_at else { return Ok((String::new(), ends)) };
    let starts = seconds(starts_at)?;
    // Both have the form whose order is that of time.
    if starts >= ends { Err(SasError::Life) } else { Ok((starts, ends)) }
}

/// `2026-01-31T09:30:00Z`.
fn seconds(at: UnixMillis) -> Result<String, SasError> {
    const YEAR_10000: i64 = 253_402_300_800_000;
    if !(1..YEAR_10000).contains(&at.0) {
        return Err(SasError::Life);
    }
    Ok(format!("{}Z", at.to_rfc3339().get(..19).ok_or(SasError::Life)?))
}
