//! Identifiers: one newtype per kind of thing, so that they cannot be mixed up.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new identifier, ordered by time of creation (UUID version 7).
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

ids! {
    /// A tenant.
    TenantId,
    /// A user or a service user.
    UserId,
    /// A role.
    RoleId,
    /// A permission granted to a user.
    GrantId,
    /// A warehouse.
    WarehouseId,
    /// A catalog.
    CatalogId,
    /// A namespace.
    NamespaceId,
    /// A table, also its Iceberg `table-uuid`.
    TableId,
    /// A token (the `jti` claim).
    TokenId,
    /// A key of a service user; not the key.
    ApiKeyId,
    /// A row of the audit trail.
    AuditId,
    /// A lease.
    LeaseId,
    /// A revocation.
    RevocationId,
}

impl TenantId {
    /// The default tenant of No-Auth mode.
    pub const DEFAULT: Self = Self(Uuid::nil());
}

impl UserId {
    /// Root, who is configured and not stored.
    pub const ROOT: Self = Self(Uuid::max());
    /// The host itself, when it reads and writes metadata files.
    pub const SYSTEM: Self = Self(Uuid::from_u128(1));
}
