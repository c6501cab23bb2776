//! A revocation as it is kept.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::UnixMillis;
use crate::id::{RevocationId, TenantId, UserId, WarehouseId};
use crate::location::Location;

/// What is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevokedKind {
    /// A user, a service user, or somebody whom another issuer vouches for.
    Principal,
    /// A warehouse with all its tables.
    Warehouse,
    /// A table.
    Table,
}

impl RevokedKind {
    /// The wire form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Principal => "principal",
            Self::Warehouse => "warehouse",
            Self::Table => "table",
        }
    }
}

/// A revocation. It stands until it is lifted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// Identifier.
    pub id: RevocationId,
    /// The tenant of the target.
    pub tenant_id: TenantId,
    /// What is revoked.
    pub kind: RevokedKind,
    /// Its identifier.
    pub target: Uuid,
    /// Its name at that time; for a table `catalog.namespace.table`.
    pub name: String,
    /// The warehouse of a table, or the warehouse itself.
    pub warehouse_id: Option<WarehouseId>,
    /// Where the files of a table or of a warehouse lay at that time.
    pub locations: Vec<Location>,
    /// Why, for the people who administer.
    pub reason: Option<String>,
    /// Who did it.
    pub revoked_by: UserId,
    /// The name of who did it.
    pub revoked_by_name: String,
    /// When.
    pub revoked_at: UnixMillis,
    /// Who lifted it.
    pub lifted_by: Option<UserId>,
    /// When it was lifted.
    pub lifted_at: Option<UnixMillis>,
}

impl Revocation {
    /// Whether it stands.
    #[must_use]
    pub fn is_standing(&self) -> bool {
        self.lifted_at.is_none()
    }
}
