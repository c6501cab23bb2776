//! Credentials that are out. Never the credential: only by what its issuer knows it.

use serde::{Deserialize, Serialize};

use crate::access::Access;
use crate::clock::UnixMillis;
use crate::id::{LeaseId, TableId, TenantId, UserId, WarehouseId};
use crate::revocation::Targets;

/// By what an issuer knows what it issued, as the host's service saw it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Issued {
    /// A session of a role.
    AssumedRole {
        /// The role.
        role_arn: String,
        /// The name that the session carries in `aws:userid`.
        session_name: String,
        /// The host of the STS, where that is not AWS's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        endpoint: Option<String>,
    },
    /// A SAS signed with the key of a storage account.
    ServiceSas {
        /// The account.
        account: String,
    },
    /// A SAS signed with a user-delegation key.
    UserDelegationSas {
        /// The account.
        account: String,
        /// The application that got the key.
        client_id: String,
    },
    /// A token of a whole application.
    AzureToken {
        /// The application.
        client_id: String,
    },
    /// A token within an access boundary.
    DownscopedToken {
        /// Whose token it was before.
        principal: String,
    },
    /// A URL that a service account signed.
    GoogleSignedUrl {
        /// The service account.
        principal: String,
    },
    /// A key of the warehouse, handed out as it is.
    StoredKey,
}

/// A credential on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mint {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The warehouse.
    pub warehouse_id: WarehouseId,
    /// Its name at that time.
    pub warehouse: String,
    /// The table.
    pub table_id: TableId,
    /// `catalog.namespace.table` at that time.
    pub table: String,
    /// Who gets it.
    pub user_id: UserId,
    /// The name of who gets it.
    pub principal: String,
    /// The strategy.
    pub strategy: String,
    /// By what its issuers know it; empty: the strategy got it by ways of its own.
    pub issued: Vec<Issued>,
    /// What it allows.
    pub access: Access,
    /// Whether it opens more than the table.
    pub unscoped: bool,
    /// The lease by which the host ends it.
    pub lease: Option<LeaseId>,
    /// Keyed finger print, as the audit trail has it.
    pub fingerprint: Option<String>,
    /// The request in the audit trail.
    pub request_id: String,
    /// When it was minted.
    pub issued_at: UnixMillis,
    /// When the last part of it ends; none: never by itself.
    pub expires_at: Option<UnixMillis>,
}

impl Mint {
    /// What it depends on.
    #[must_use]
    pub fn targets(&self) -> Targets {
        Targets { user: self.user_id, warehouse: self.warehouse_id, table: self.table_id }
    }
}

/// Credentials that are out and end by themselves only, or never.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outstanding {
    /// The newest of them.
    pub credentials: Vec<Mint>,
    /// How many there are.
    pub count: u64,
    /// How many of them do not end by themselves.
    pub endless: u64,
    /// When the last of those that end does.
    pub latest_expiry: Option<UnixMillis>,
    /// All of them, by what their issuers know them.
    pub groups: Vec<Group>,
    /// Whether there are more groups than these.
    pub more_groups: bool,
}

/// Credentials that their issuers know by the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The strategy.
    pub strategy: String,
    /// Name of the warehouse.
    pub warehouse: String,
    /// By what they are known.
    pub issued: Vec<Issued>,
    /// How many.
    pub count: u64,
    /// How many of them do not end by themselves.
    pub endless: u64,
    /// When the last of those that end does.
    pub latest_expiry: Option<UnixMillis>,
}
