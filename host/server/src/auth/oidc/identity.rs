//! From verified claims to who that is here: tenant, name, rank, roles.

use std::collections::BTreeSet;

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::TenantId;
use pangolin_core::record::ExternalIdentity;
use serde_json::{Map, Value};

use super::claims::instant;
use crate::config::{IssuerSettings, MappedRole, TenantRule};

/// Longest subject (OpenID Connect Core §2); it is a key in the database.
const MAX_SUBJECT_BYTES: usize = 255;

/// Somebody whom an issuer vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) tenant: TenantId,
    pub(super) external: ExternalIdentity,
    pub(super) username: String,
    /// Whether the claims give the rank of an administrator.
    pub(super) administrator: bool,
    /// Names of roles that the claims give, in order.
    pub(super) roles: Vec<String>,
    /// Whether the issuer says that the claim for roles has a value, and that the token is without it.
    pub(super) roles_left_out: bool,
    /// When the token was issued; the epoch where it does not say.
    pub(super) issued_at: UnixMillis,
    pub(super) expires_at: Option<UnixMillis>,
}

/// Why somebody with a good token has no place here. For the log and the audit trail; the caller
/// is told none of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub(super) enum NotAdmitted {
    #[error("the token has no subject of 1 to 255 bytes")]
    NoSubject,
    #[error("the claim for the tenant is missing, or its value is none of those in the settings, or of several")]
    NoTenantRule,
    #[error("the tenant of the settings does not exist")]
    NoTenant,
    #[error("the claim for the name is missing, or its value is no name of a user")]
    NoName,
    #[error("another account of the tenant has this name")]
    NameTaken,
}

/// Who somebody is here.
pub(super) fn read(claims: &Map<String, Value>, settings: &IssuerSettings) -> Result<Identity, NotAdmitted> {
    let subject = subject(claims).ok_or(NotAdmitted::NoSubject)?;
    let tenant = tenant(claims, &settings.tenant).ok_or(NotAdmitted::NoTenantRule)?;
    let username = text(claims, &settings.username_claim).filter(|name| is_name(name)).ok_or(NotAdmitted::NoName)?;
    let roles_claim = settings.roles_claim.as_deref();
    let roles_left_out = roles_claim.is_some_and(|claim| is_left_out(claims, claim));
    // What stands in the place of values that lie elsewhere is none.
    let roles_claim = roles_claim.filter(|_| !roles_left_out);
    let values = roles_claim.and_then(|claim| find(claims, claim)).map(values).unwrap_or_default();
    let given: Vec<&MappedRole> = mapped(values, settings);
    let names: BTreeSet<&String> = given
        .iter()
        .filter_map(|role| match role {
            MappedRole::Named(name) => Some(name),
            MappedRole::TenantAdmin => None,
        })
        .collect();
    Ok(Identity {
        tenant,
        external: ExternalIdentity { issuer: settings.issuer.clone(), subject: subject.to_owned() },
        username: username.to_owned(),
        administrator: given.contains(&&MappedRole::TenantAdmin),
        roles: names.into_iter().cloned().collect(),
        roles_left_out,
        issued_at: instant(claims, "iat").unwrap_or(UnixMillis(0)),
        expires_at: instant(claims, "exp"),
    })
}

/// Who it is at the issuer.
pub(super) fn subject(claims: &Map<String, Value>) -> Option<&str> {
    let subject = claims.get("sub")?.as_str()?;
    let fits = (1..=MAX_SUBJECT_BYTES).contains(&subject.len()) && !subject.chars().any(char::is_control);
    fits.then_some(subject)
}

/// The same rule as for users who are made by hand; the host's own name is nobody's.
fn is_name(name: &str) -> bool {
    crate::api::tenants::check_name("username", name).is_ok() && !name.eq_ignore_ascii_case("system")
}

/// The value of a claim. A name that stands in the token as it is written comes first; else dots
/// lead into objects.
fn find<'v>(claims: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    claims.get(path).or_else(|| {
        path.match_indices('.').rev().find_map(|(at, _)| {
            let inner = claims.get(path.get(..at)?)?.as_object()?;
            find(inner, path.get(at + 1..)?)
        })
    })
}

/// Whether the token is without a claim because its value lies elsewhere: a distributed or
/// aggregated claim (OpenID Connect Core §5.6.2), which is never fetched. Entra ID does so with more
/// groups than a token holds, or says `hasgroups`.
fn is_left_out(claims: &Map<String, Value>, path: &str) -> bool {
    if let Some(value) = find(claims, path) {
        // The name of a source in the place of the values.
        let sources = claims.get("_claim_sources").and_then(Value::as_object);
        return value.as_str().is_some_and(|text| sources.is_some_and(|sources| sources.contains_key(text)));
    }
    let elsewhere = claims.get("_claim_names").and_then(Value::as_object).is_some_and(|names| {
        let above = path.match_indices('.').filter_map(|(at, _)| path.get(..at));
        above.chain([path]).any(|claim| names.contains_key(claim))
    });
    let groups = matches!(claims.get("hasgroups"), Some(Value::Bool(true))) && path == "groups";
    elsewhere || groups
}

fn text<'v>(claims: &'v Map<String, Value>, path: &str) -> Option<&'v str> {
    find(claims, path)?.as_str()
}

fn tenant(claims: &Map<String, Value>, rule: &TenantRule) -> Option<TenantId> {
    let (claim, tenants) = match rule {
        TenantRule::Fixed(tenant) => return Some(*tenant),
        TenantRule::Claim { claim, tenants } => (claim, tenants),
    };
    let named: BTreeSet<TenantId> = match find(claims, claim)? {
        Value::Array(values) => values.iter().filter_map(|value| tenants.get(value.as_str()?).copied()).collect(),
        value => tenants.get(value.as_str()?).copied().into_iter().collect(),
    };
    // Somebody of two tenants has not said which one is meant.
    let mut named = named.into_iter();
    named.next().filter(|_| named.next().is_none())
}

/// The values of a claim: each text of an array, or one text.
enum Values<'v> {
    Several(Vec<&'v str>),
    One(&'v str),
}

impl Default for Values<'_> {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

fn values(claim: &Value) -> Values<'_> {
    match claim {
        Value::Array(values) => Values::Several(values.iter().filter_map(Value::as_str).collect()),
        Value::String(text) => Values::One(text),
        _ => Values::default(),
    }
}

/// What the settings make of the values. A single text is one value, or else several with blanks
/// between them, as in `scope`.
fn mapped<'s>(values: Values<'_>, settings: &'s IssuerSettings) -> Vec<&'s MappedRole> {
    match values {
        Values::Several(values) => values.into_iter().filter_map(|value| settings.roles.get(value)).collect(),
        Values::One(text) => match settings.roles.get(text) {
            Some(whole) => vec![whole],
            None => text.split_whitespace().filter_map(|value| settings.roles.get(value)).collect(),
        },
    }
}
