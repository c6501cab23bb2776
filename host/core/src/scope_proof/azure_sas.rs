//! Proof that a shared access signature of Azure Storage opens nothing beyond the scopes.
//!
//! - `r` and `l` need read; `a`, `c` and `w` need write; `d` needs delete. Every other letter (`x`
//!   permanent delete, `m` move, `o` and `p` owners and ACLs, `t` tags …) is refused.
//! - A directory is a scope's or lies below one. A blob lies below one.
//! - A container is more than any directory in it. The proof then says so, and only who may have an
//!   unscoped credential gets the signature.

use super::too_wide::shown;
use crate::access::{Access, Scope};
use crate::location::Location;

/// What a signature opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SasResource {
    /// All of the container.
    Container,
    /// A directory and all below it; with a hierarchical namespace only.
    Directory,
    /// One blob.
    Blob,
}

/// Why a shared access signature is not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SasTooWide {
    /// Not `abfss://container@account.host/path`.
    #[error("'{0}' is no location in Azure Storage: use abfss://container@account.dfs.core.windows.net/path")]
    NotAzure(String),
    /// The location lies in no scope.
    #[error("a signature for '{0}' was not authorised")]
    Outside(String),
    /// The location does not name what the resource says.
    #[error("'{0}' names no {1}")]
    Resource(String, &'static str),
    /// Letters that no access includes, that are there twice, or none at all.
    #[error("the permissions '{0}' are not letters of '{1}', each at most once")]
    Letters(String, &'static str),
    /// A letter beyond the access.
    #[error("permission '{letter}' is not within the authorised access '{access}'")]
    Access {
        /// The letter.
        letter: char,
        /// What was authorised there.
        access: &'static str,
    },
}

/// A signature that was checked, in the parts that are to be signed. Made by [`azure_sas`] only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AzureSasProof {
    container: String,
    host: String,
    path: String,
    resource: SasResource,
    permissions: String,
    within_scopes: bool,
}

impl AzureSasProof {
    /// Name of the storage account: the first label of the location's host.
    #[must_use]
    pub fn account(&self) -> &str {
        self.host.split('.').next().unwrap_or_default()
    }

    /// The location's host, for example `account.dfs.core.windows.net`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Name of the container.
    #[must_use]
    pub fn container(&self) -> &str {
        &self.container
    }

    /// Path of the directory or blob, not encoded, without slashes at its ends; empty for a container.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is opened.
    #[must_use]
    pub fn resource(&self) -> SasResource {
        self.resource
    }

    /// The letters, in the order that Azure asks for.
    #[must_use]
    pub fn permissions(&self) -> &str {
        &self.permissions
    }

    /// Whether it opens nothing beyond the scopes. If not, it opens the whole container of a scope:
    /// for those only who may have an unscoped credential.
    #[must_use]
    pub fn is_within_scopes(&self) -> bool {
        self.within_scopes
    }
}

/// Checks that a shared access signature opens nothing beyond the scopes, but for a container's,
/// which says whether it does.
///
/// # Errors
/// [`SasTooWide`] says which part is wider, or not understood.
pub fn azure_sas(
    location: &Location,
    resource: SasResource,
    permissions: &str,
    scopes: &[Scope],
) -> Result<AzureSasProof, SasTooWide> {
    let named = || shown(location.as_str());
    let (container, host) = parts(location).ok_or_else(|| SasTooWide::NotAzure(named()))?;
    let permissions = ordered(permissions, resource)?;
    let here = |scope: &&Scope| is_around(scope, location);
    if !scopes.iter().any(|scope| here(&scope)) {
        return Err(SasTooWide::Outside(named()));
    }
    let path = match resource {
        SasResource::Container => "",
        SasResource::Directory if location.key().is_empty() => {
            return Err(SasTooWide::Resource(
                named(),
                "directory: a signature for all of a container is a container's",
            ));
        }
        SasResource::Blob if is_directory(location, scopes) => return Err(SasTooWide::Resource(named(), "blob")),
        SasResource::Directory | SasResource::Blob => location.key(),
    };
    require(&permissions, held(scopes.iter().filter(here)))?;
    let on_all_of_it = held(scopes.iter().filter(|scope| here(scope) && scope.location.key().is_empty()));
    Ok(AzureSasProof {
        container: container.to_owned(),
        host: host.to_owned(),
        path: path.to_owned(),
        resource,
        within_scopes: resource != SasResource::Container || require(&permissions, on_all_of_it).is_ok(),
        permissions,
    })
}

/// Container and host of a location in Azure Storage.
fn parts(location: &Location) -> Option<(&str, &str)> {
    if !matches!(location.scheme(), "abfs" | "abfss" | "wasb" | "wasbs") {
        return None;
    }
    let (container, host) = location.authority().split_once('@')?;
    let lower = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let is_container = !container.is_empty() && container.split('-').all(|part| !part.is_empty() && lower(part));
    let (account, suffix) = host.split_once('.')?;
    (is_container && !account.is_empty() && lower(account) && !suffix.is_empty() && !suffix.contains('@'))
        .then_some((container, host))
}

/// Whether the location is the scope's or lies below it, by the very same spelling of the container.
fn is_around(scope: &Scope, location: &Location) -> bool {
    scope.location.authority() == location.authority() && scope.location.contains(location)
}

/// Whether the location is a directory for certain.
fn is_directory(location: &Location, scopes: &[Scope]) -> bool {
    let ends = location.key().is_empty() || location.as_str().ends_with('/');
    ends || scopes.iter().any(|scope| is_around(scope, location) && scope.location.key() == location.key())
}

/// What several scopes around one location give there.
fn held<'a>(scopes: impl Iterator<Item = &'a Scope>) -> Access {
    scopes.fold(Access::NONE, |held, scope| Access {
        read: held.read || scope.access.read,
        write: held.write || scope.access.write,
        delete: held.delete || scope.access.delete,
    })
}

/// The letters in Azure's order.
fn ordered(permissions: &str, resource: SasResource) -> Result<String, SasTooWide> {
    let known = if resource == SasResource::Blob { "racwd" } else { "racwdl" };
    let ordered: String = known.chars().filter(|letter| permissions.contains(*letter)).collect();
    if ordered.is_empty() || ordered.len() != permissions.len() {
        return Err(SasTooWide::Letters(shown(permissions), known));
    }
    Ok(ordered)
}

fn require(permissions: &str, held: Access) -> Result<(), SasTooWide> {
    let is_held = |letter: &char| match letter {
        'r' | 'l' => held.read,
        'a' | 'c' | 'w' => held.write,
        'd' => held.delete,
        _ => false,
    };
    match permissions.chars().find(|letter| !is_held(letter)) {
        Some(letter) => Err(SasTooWide::Access { letter, access: held.describe() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
