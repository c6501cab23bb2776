//! `PANGOLIN_OIDC_CONFIG`: whose tokens are taken beside our own, and what their claims mean here.

mod fields;
mod judge;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use jsonwebtoken::Algorithm;
use pangolin_core::egress::EgressPolicy;
use pangolin_core::id::TenantId;
use url::Url;

use self::fields::Fields;
use super::EgressSection;

/// Larger files are no settings.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// One issuer of tokens.
#[derive(Debug, Clone)]
pub struct IssuerSettings {
    /// The `iss` claim, to the letter.
    pub issuer: String,
    /// The same as a URL: its origin may be called.
    pub url: Url,
    /// A token must be for one of these.
    pub audience: Vec<String>,
    /// Signatures that are taken.
    pub algorithms: Vec<Algorithm>,
    /// Where its users belong.
    pub tenant: TenantRule,
    /// Claim with the name of the user.
    pub username_claim: String,
    /// Claim with roles or groups; dots lead into objects.
    pub roles_claim: Option<String>,
    /// What its values give.
    pub roles: BTreeMap<String, MappedRole>,
    /// Certificates (PEM) of the authorities that the issuer's servers are trusted by, instead of
    /// the system's.
    pub authorities: Option<String>,
}

/// Where an issuer's users belong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TenantRule {
    /// All to one tenant.
    Fixed(TenantId),
    /// By the value of a claim; a value that is not listed has no place here.
    Claim {
        /// The claim; dots lead into objects.
        claim: String,
        /// Tenants by its values.
        tenants: BTreeMap<String, TenantId>,
    },
}

/// What a value of the roles claim gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MappedRole {
    /// The rank of an administrator of the tenant.
    TenantAdmin,
    /// The tenant's role of this name.
    Named(String),
}

/// Reads the file.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn read(path: &Path, egress: &EgressSection) -> Result<Vec<IssuerSettings>, Vec<String>> {
    parse(&read_text(path).map_err(|problem| vec![problem])?, egress)
}

fn read_text(path: &Path) -> Result<String, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    // What is no file may never end.
    if !std::fs::metadata(path).map_err(cannot)?.is_file() {
        return Err("is not a file".to_owned());
    }
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(cannot)?;
    file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text).map_err(cannot)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > MAX_FILE_BYTES {
        return Err(format!("is larger than {MAX_FILE_BYTES} bytes"));
    }
    Ok(text)
}

fn parse(text: &str, egress: &EgressSection) -> Result<Vec<IssuerSettings>, Vec<String>> {
    let table: toml::Table = toml::from_str(text).map_err(|error| vec![error.to_string().trim_end().to_owned()])?;
    let mut problems = Vec::new();
    // The operator's word opens any address, but not a connection without TLS.
    let plain = EgressPolicy::new(egress.allow.clone(), &[], egress.allow_http);
    let mut file = Fields::new(String::new(), table, &mut problems);
    let tables = file.tables("issuers");
    file.finish();
    let mut issuers: Vec<IssuerSettings> = Vec::new();
    for (at, table) in tables.into_iter().enumerate() {
        let place = format!("issuer {}: ", at + 1);
        let Some(read) = judge::issuer(Fields::new(place.clone(), table, &mut problems), &plain) else { continue };
        if issuers.iter().any(|other| other.issuer == read.issuer) {
            problems.push(format!("{place}issuer: '{}' stands in this file twice", read.issuer));
        }
        issuers.push(read);
    }
    if issuers.is_empty() && problems.is_empty() {
        problems.push("issuers: there is none; write an [[issuers]] table for each".to_owned());
    }
    if problems.is_empty() { Ok(issuers) } else { Err(problems) }
}
