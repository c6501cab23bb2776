//! The scope of a token: everything that its holder may do, or some of the roles held.

use pangolin_core::id::RoleId;
use pangolin_store::HeldRole;

use super::fault::OAuthError;

/// What Polaris calls a role in a scope, and every client after it.
const ROLE: &str = "PRINCIPAL_ROLE:";
const ALL: &str = "ALL";
/// What clients ask for when nobody told them anything, and Java's S3 signer: they name no role.
const WITHOUT_ROLE: [&str; 2] = ["catalog", "sign"];
/// What a token without a narrower scope is said to have.
const DEFAULT: &str = "catalog";

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scope<'a> {
    /// All that the basis has.
    Whole,
    /// These roles and nothing else.
    Roles(Vec<&'a str>),
}

/// Reads a scope.
pub(super) fn parse(text: Option<&str>) -> Result<Scope<'_>, OAuthError> {
    let mut roles = Vec::new();
    let mut all = false;
    for word in text.unwrap_or_default().split(' ').filter(|word| !word.is_empty()) {
        match word.strip_prefix(ROLE) {
            Some(ALL) => all = true,
            Some(name) if !name.is_empty() => roles.push(name),
            None if WITHOUT_ROLE.contains(&word) => {}
            _ => {
                return Err(OAuthError::invalid_scope(
                    "scopes are catalog, PRINCIPAL_ROLE:ALL and PRINCIPAL_ROLE:<name of a role that is held>",
                ));
            }
        }
    }
    match (all, roles.is_empty()) {
        (_, true) => Ok(Scope::Whole),
        (false, false) => Ok(Scope::Roles(roles)),
        (true, false) => Err(OAuthError::invalid_scope("PRINCIPAL_ROLE:ALL and a single role: name one or the other")),
    }
}

impl Scope<'_> {
    /// The roles to which a token of this scope is narrowed, if its basis is narrowed to `basis`.
    /// None: it is not narrowed. A role is named as it is called, or by its id where its name has
    /// a blank in it.
    pub(super) fn resolve(
        &self,
        held: &[HeldRole],
        basis: Option<&[RoleId]>,
    ) -> Result<Option<Vec<RoleId>>, OAuthError> {
        let Self::Roles(names) = self else { return Ok(basis.map(<[RoleId]>::to_vec)) };
        let mut chosen = Vec::new();
        for name in names {
            let open = || held.iter().filter(|role| basis.is_none_or(|basis| basis.contains(&role.id)));
            let role = open().find(|role| role.name == **name).or_else(|| {
                let id = name.parse::<RoleId>().ok()?;
                open().find(|role| role.id == id)
            });
            // A role of another tenant, one of this tenant and none at all sound the same.
            let role = role.ok_or_else(|| OAuthError::invalid_scope("the scope names a role that is not held"))?;
            if !chosen.contains(&role.id) {
                chosen.push(role.id);
            }
        }
        Ok(Some(chosen))
    }
}

/// The scope as the reply names it: as it was asked for.
pub(super) fn granted(asked: Option<&str>) -> String {
    let words: Vec<&str> = asked.unwrap_or_default().split(' ').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { DEFAULT.to_owned() } else { words.join(" ") }
}
