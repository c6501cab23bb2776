//! Actions, scopes and grants, and which grant covers what. Pure.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::Access;
use crate::id::{CatalogId, TableId};
use crate::namespace::NamespacePath;
use crate::principal::{Principal, UserRole};

/// What a grant allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Load and read. Implies list.
    #[serde(alias = "Read")]
    Read,
    /// Commit and put objects. Implies read, create, update and list, never delete.
    #[serde(alias = "Write")]
    Write,
    /// Drop, and delete objects.
    #[serde(alias = "Delete")]
    Delete,
    /// Create namespaces and tables.
    #[serde(alias = "Create")]
    Create,
    /// Change properties.
    #[serde(alias = "Update")]
    Update,
    /// See that things exist.
    #[serde(alias = "List")]
    List,
    /// Mark things as discoverable.
    #[serde(alias = "ManageDiscovery", alias = "manage_discovery")]
    ManageDiscovery,
    /// Everything.
    #[serde(alias = "All")]
    All,
}

impl Action {
    /// Whether holding `self` allows `wanted`.
    #[must_use]
    pub fn implies(self, wanted: Self) -> bool {
        self == wanted
            || match self {
                Self::All => true,
                Self::Write => matches!(wanted, Self::Read | Self::Create | Self::Update | Self::List),
                Self::Read => wanted == Self::List,
                _ => false,
            }
    }
}

/// Where a grant applies.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PermissionScope {
    /// The whole tenant.
    #[serde(alias = "Tenant")]
    Tenant,
    /// One catalog with everything in it.
    #[serde(alias = "Catalog")]
    Catalog {
        /// The catalog.
        #[serde(alias = "catalog-id")]
        catalog_id: CatalogId,
    },
    /// A namespace with its children and tables.
    #[serde(alias = "Namespace")]
    Namespace {
        /// The catalog.
        #[serde(alias = "catalog-id")]
        catalog_id: CatalogId,
        /// Levels joined by `.`.
        namespace: NamespacePath,
    },
    /// One table.
    #[serde(alias = "Asset", alias = "table", alias = "Table")]
    Asset {
        /// The catalog.
        #[serde(alias = "catalog-id")]
        catalog_id: CatalogId,
        /// Its namespace, levels joined by `.`.
        namespace: NamespacePath,
        /// The table.
        #[serde(alias = "asset-id", alias = "table_id", alias = "table-id")]
        asset_id: Uuid,
    },
}

/// Actions on a scope. Grants add up; there is no deny.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Where.
    pub scope: PermissionScope,
    /// What.
    pub actions: Vec<Action>,
}

/// A thing on which an action is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// The tenant as a whole.
    Tenant,
    /// A catalog.
    Catalog(CatalogId),
    /// A namespace.
    Namespace(CatalogId, &'a NamespacePath),
    /// A table.
    Table(CatalogId, &'a NamespacePath, TableId),
}

impl PermissionScope {
    /// Whether `target` lies in this scope.
    #[must_use]
    pub fn covers(&self, target: Target<'_>) -> bool {
        match (self, target) {
            (Self::Tenant, _) => true,
            (Self::Catalog { catalog_id }, Target::Catalog(c) | Target::Namespace(c, _) | Target::Table(c, _, _)) => {
                *catalog_id == c
            }
            (Self::Namespace { catalog_id, namespace }, Target::Namespace(c, n) | Target::Table(c, n, _)) => {
                *catalog_id == c && namespace.is_ancestor_or_self_of(n)
            }
            // The table's identity counts, not where it is: a renamed table keeps its grants.
            (Self::Asset { catalog_id, asset_id, .. }, Target::Table(c, _, t)) => *catalog_id == c && *asset_id == t.0,
            _ => false,
        }
    }
}

impl Principal {
    /// Whether the caller may do `action` on `target`, a thing of the caller's own tenant.
    /// Root has no data rights; a tenant admin has all of them.
    #[must_use]
    pub fn may(&self, action: Action, target: Target<'_>) -> bool {
        match self.role {
            UserRole::Root => false,
            UserRole::TenantAdmin => true,
            UserRole::TenantUser => self
                .grants
                .iter()
                .any(|grant| grant.scope.covers(target) && grant.actions.iter().any(|held| held.implies(action))),
        }
    }

    /// Whether the caller holds anything that lets `target` be seen: a right on it, or a right
    /// on something inside it, so that a path to a granted table can be walked.
    #[must_use]
    pub fn may_see(&self, target: Target<'_>) -> bool {
        self.may(Action::List, target)
            || (self.role == UserRole::TenantUser
                && self.grants.iter().any(|grant| {
                    grant.actions.iter().any(|held| held.implies(Action::List)) && grant.scope.is_inside(target)
                }))
    }

    /// The object access that the caller's rights on `target` give.
    #[must_use]
    pub fn access_on(&self, target: Target<'_>) -> Access {
        Access {
            read: self.may(Action::Read, target),
            write: self.may(Action::Write, target),
            delete: self.may(Action::Delete, target),
        }
    }
}

impl PermissionScope {
    /// Whether this scope lies inside `target`.
    fn is_inside(&self, target: Target<'_>) -> bool {
        match (self, target) {
            (_, Target::Tenant) => true,
            (Self::Namespace { catalog_id, .. } | Self::Asset { catalog_id, .. }, Target::Catalog(c)) => {
                *catalog_id == c
            }
            (
                Self::Namespace { catalog_id, namespace } | Self::Asset { catalog_id, namespace, .. },
                Target::Namespace(c, n),
            ) => *catalog_id == c && n.is_ancestor_or_self_of(namespace),
            _ => false,
        }
    }
}

/// A built-in role: its name, what it is for and what it allows.
#[derive(Debug, Clone, Copy)]
pub struct BuiltInRole {
    /// Name, unique in the tenant.
    pub name: &'static str,
    /// One line.
    pub description: &'static str,
    /// Actions, on the scope at which the role is given.
    pub actions: &'static [Action],
}

/// The roles that every tenant has. Writer has delete by its own right: `write` does not imply it.
pub const BUILT_IN_ROLES: [BuiltInRole; 3] = [
    BuiltInRole { name: "Reader", description: "Can SELECT from tables.", actions: &[Action::List, Action::Read] },
    BuiltInRole {
        name: "Writer",
        description: "Can INSERT, UPDATE and DELETE.",
        actions: &[Action::List, Action::Read, Action::Create, Action::Update, Action::Write, Action::Delete],
    },
    BuiltInRole {
        name: "Discovery",
        description: "Can search for assets but not query their contents.",
        actions: &[Action::List],
    },
];

#[cfg(test)]
mod tests;
