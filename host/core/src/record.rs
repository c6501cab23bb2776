//! What is stored: tenants, users, tokens, roles, catalogs, namespaces, tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::clock::UnixMillis;
use crate::id::{CatalogId, GrantId, NamespaceId, RoleId, TableId, TenantId, TokenId, UserId, WarehouseId};
use crate::location::Location;
use crate::namespace::NamespacePath;
use crate::permission::Grant;
use crate::principal::{AccountKind, UserRole};
use crate::warehouse::Warehouse;

/// Properties of a thing, ordered by name.
pub type Properties = BTreeMap<String, String>;

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Identifier.
    pub id: TenantId,
    /// Name, unique.
    pub name: String,
    /// Free properties.
    pub properties: Properties,
    /// What of the host's own identity the tenant may use, as Root said it.
    pub host_identity: HostIdentityPins,
}

/// Root's word on which roles and bases a tenant may use through the host's own identity.
/// A pinned role or base is shared with no tenant that it is not pinned to as well.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostIdentityPins {
    /// Role ARNs.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Base locations.
    #[serde(default)]
    pub bases: Vec<Location>,
}

/// Who somebody is at another issuer of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalIdentity {
    /// The `iss` claim.
    pub issuer: String,
    /// The `sub` claim.
    pub subject: String,
}

/// A user of a tenant: a person, a program, or somebody whom another issuer vouches for.
#[derive(Clone)]
pub struct User {
    /// Identifier.
    pub id: UserId,
    /// The tenant.
    pub tenant_id: TenantId,
    /// Name, unique in the tenant.
    pub username: String,
    /// Mail address.
    pub email: Option<String>,
    /// Rank.
    pub role: UserRole,
    /// What kind of account.
    pub kind: AccountKind,
    /// Who an external account is at its issuer; none for the others.
    pub external: Option<ExternalIdentity>,
    /// Argon2id hash in PHC form; only people have one.
    pub password_hash: Option<String>,
    /// Inactive users cannot do anything.
    pub active: bool,
    /// When made.
    pub created_at: UnixMillis,
    /// Last login.
    pub last_login: Option<UnixMillis>,
}

impl std::fmt::Debug for User {
    /// Without the hash of the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("tenant_id", &self.tenant_id)
            .field("username", &self.username)
            .field("role", &self.role)
            .field("kind", &self.kind)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

/// A token that the host issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRecord {
    /// The `jti` claim.
    pub id: TokenId,
    /// The first token of a chain of exchanges, often itself. A chain is revoked as a whole.
    pub family: TokenId,
    /// Whose; [`UserId::ROOT`] for Root.
    pub user_id: UserId,
    /// The tenant; none for Root.
    pub tenant_id: Option<TenantId>,
    /// Name at the time of issue.
    pub username: String,
    /// Rank at the time of issue.
    pub role: UserRole,
    /// Narrowed to these roles, as far as they are still held; none: everything held.
    pub roles: Option<Vec<RoleId>>,
    /// When issued.
    pub created_at: UnixMillis,
    /// When it ends.
    pub expires_at: UnixMillis,
    /// From when on it is revoked; may lie ahead, where a key was rotated with a time of grace.
    pub revoked_at: Option<UnixMillis>,
}

impl TokenRecord {
    /// Whether the token is revoked at `now`.
    #[must_use]
    pub fn is_revoked(&self, now: UnixMillis) -> bool {
        self.revoked_at.is_some_and(|from| from <= now)
    }
}

/// A role: grants under a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Role {
    /// Identifier.
    pub id: RoleId,
    /// The tenant.
    pub tenant_id: TenantId,
    /// Name, unique in the tenant.
    pub name: String,
    /// One line.
    pub description: Option<String>,
    /// What it allows.
    pub permissions: Vec<Grant>,
    /// Reader, Writer and Discovery cannot be changed or deleted.
    pub built_in: bool,
    /// Who made it.
    pub created_by: UserId,
    /// When made.
    pub created_at: UnixMillis,
    /// When changed.
    pub updated_at: UnixMillis,
}

/// A grant given to one user.
#[derive(Debug, Clone, PartialEq)]
pub struct UserGrant {
    /// Identifier.
    pub id: GrantId,
    /// The tenant.
    pub tenant_id: TenantId,
    /// Who has it.
    pub user_id: UserId,
    /// What.
    pub grant: Grant,
    /// Who gave it.
    pub granted_by: UserId,
    /// When.
    pub granted_at: UnixMillis,
}

/// A catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    /// Identifier.
    pub id: CatalogId,
    /// The tenant.
    pub tenant_id: TenantId,
    /// Name, unique in the tenant; the `{prefix}` of Iceberg paths.
    pub name: String,
    /// The warehouse.
    pub warehouse_id: WarehouseId,
    /// Where its tables lie; no other catalog of the tenant overlaps it.
    pub base: Location,
    /// Free properties.
    pub properties: Properties,
    /// Raised by each change.
    pub revision: i64,
}

/// A catalog with its warehouse, as one request sees them.
#[derive(Debug, Clone)]
pub struct CatalogSnapshot {
    /// The catalog.
    pub catalog: Arc<Catalog>,
    /// Its warehouse.
    pub warehouse: Arc<Warehouse>,
    /// Every catalog on that warehouse, this one among them.
    pub warehouse_catalogs: Arc<[CatalogId]>,
    /// Whether the warehouse may use the host's own identity for its role and base; `true` where
    /// it does not use it. Judged by [`crate::deputy`] whenever the snapshot is loaded.
    pub host_identity_allowed: bool,
}

/// A namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    /// Identifier.
    pub id: NamespaceId,
    /// The catalog.
    pub catalog_id: CatalogId,
    /// Its path.
    pub path: NamespacePath,
    /// Iceberg properties.
    pub properties: Properties,
}

/// A table with its current metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Identifier, also the Iceberg `table-uuid`.
    pub id: TableId,
    /// The catalog.
    pub catalog_id: CatalogId,
    /// The namespace.
    pub namespace: NamespacePath,
    /// Name.
    pub name: String,
    /// Root of its files.
    pub location: Location,
    /// `write.data.path` and `write.metadata.path` where they lie outside the root.
    pub extra_locations: Vec<Location>,
    /// The current metadata file.
    pub metadata_location: String,
    /// The current metadata document as it stands in that file: JSON.
    pub metadata: Arc<str>,
    /// Raised by each commit; a commit names the version that it replaces.
    pub version: i64,
}

impl Table {
    /// Every location that belongs to the table, its root first.
    pub fn locations(&self) -> impl Iterator<Item = &Location> {
        std::iter::once(&self.location).chain(&self.extra_locations)
    }
}
