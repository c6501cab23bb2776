//! What the host keeps of a lease, from the intent to its end.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::MintRequest;
use crate::access::Access;
use crate::clock::UnixMillis;
use crate::id::{LeaseId, TableId, TenantId, UserId, WarehouseId};
use crate::secret::Secret;
use crate::strategy::{MintedCredential, Scoping};
use crate::warehouse::Warehouse;

/// Where a lease stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeaseState {
    /// The strategy was asked, or is about to be; the outcome is not known.
    Minting,
    /// The credential works.
    Active,
    /// It is to be ended, and is no longer handed out.
    Revoking,
    /// It was ended.
    Revoked,
    /// The mint was interrupted and left nothing.
    Lost,
    /// The mint was interrupted and may have left what the host cannot tell from others' things.
    Undecided,
}

impl LeaseState {
    /// The wire form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minting => "minting",
            Self::Active => "active",
            Self::Revoking => "revoking",
            Self::Revoked => "revoked",
            Self::Lost => "lost",
            Self::Undecided => "undecided",
        }
    }

    /// Whether the host still has to do something about it.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Minting | Self::Active | Self::Revoking)
    }
}

/// A resource as the host tells it from others: by the strategy that named it and within one
/// tenant, so that no tenant reaches another's leases by naming the same resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ResourceKey(String);

impl ResourceKey {
    /// The key of what a strategy claimed.
    #[must_use]
    pub fn new(tenant: TenantId, strategy: &str, resource: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(tenant.0.as_bytes());
        for part in [strategy, resource] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(hex::encode(hash.finalize()))
    }

    /// A key as it was stored.
    #[must_use]
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The text to store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The right to mint, revoke and recover on one resource, until it lapses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceLock {
    /// The resource.
    pub resource: ResourceKey,
    /// Tells this holder from every other.
    pub holder: String,
}

/// A lease, without anything secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Identifier.
    pub id: LeaseId,
    /// The tenant.
    pub tenant_id: TenantId,
    /// The warehouse, which may be gone.
    pub warehouse_id: WarehouseId,
    /// Its name when the lease began.
    pub warehouse: String,
    /// The strategy.
    pub strategy: String,
    /// What it takes up.
    pub resource: ResourceKey,
    /// Whose requests it may serve.
    pub share: String,
    /// Where it stands.
    pub state: LeaseState,
    /// The access that it gives.
    pub access: Access,
    /// Who asked first.
    pub user_id: UserId,
    /// The name of who asked first.
    pub principal: String,
    /// The table that it was first asked for.
    pub table_id: TableId,
    /// `catalog.namespace.table`.
    pub table: String,
    /// The request in the audit trail.
    pub request_id: String,
    /// When the mint began.
    pub started_at: UnixMillis,
    /// When an interrupted mint was over at the latest, as far as this host or another lived to tell.
    pub ended_at: Option<UnixMillis>,
    /// When it was minted.
    pub issued_at: Option<UnixMillis>,
    /// When the host ends it.
    pub expires_at: Option<UnixMillis>,
    /// When it was ended.
    pub revoked_at: Option<UnixMillis>,
    /// Failed attempts to end or recover it.
    pub attempts: u32,
    /// Why the last one failed.
    pub last_error: Option<String>,
    /// When the host does something about it; none once nothing is left to do.
    pub next_attempt_at: Option<UnixMillis>,
    /// Names of what may or may not be of an interrupted mint.
    pub undecided: Vec<String>,
}

/// What is durable before the strategy is asked.
#[derive(Debug, Clone)]
pub struct LeaseIntent {
    /// The lease, `minting`.
    pub lease: Lease,
    /// What is asked.
    pub request: MintRequest,
    /// What the strategy said of the resource before.
    pub survey: String,
    /// The warehouse as it is now. References to secrets stay references.
    pub warehouse: Warehouse,
}

/// What a mint brought.
#[derive(Debug, Clone)]
pub struct LeaseGrant {
    /// By what it is ended, each once.
    pub handles: Vec<Secret<String>>,
    /// What goes to clients.
    pub credentials: Vec<MintedCredential>,
    /// When it was minted.
    pub issued_at: UnixMillis,
    /// When the host ends it.
    pub expires_at: UnixMillis,
    /// Version of the strategy that minted.
    pub version: String,
    /// Digest of the component.
    pub digest: String,
    /// Keyed finger print of the credential's identifier.
    pub fingerprint: Option<String>,
    /// How narrow the strategy said it is, with the configuration of that time.
    pub scoping: Scoping,
}

/// A lease that may be handed out.
#[derive(Debug, Clone)]
pub struct ActiveLease {
    /// The lease.
    pub lease: Lease,
    /// Its credential.
    pub grant: LeaseGrant,
}

/// What ending or recovering a lease needs.
#[derive(Debug, Clone)]
pub struct LeasePapers {
    /// What was asked.
    pub request: MintRequest,
    /// What the strategy said of the resource before.
    pub survey: String,
    /// The warehouse as it was.
    pub snapshot: Warehouse,
    /// The warehouse as it is, if it still exists.
    pub current: Option<Arc<Warehouse>>,
    /// By what it is ended.
    pub handles: Vec<Secret<String>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_told_apart_by_tenant_strategy_and_text() {
        let (one, two) = (TenantId::generate(), TenantId::generate());
        let key = ResourceKey::new(one, "Vast", "vms/ada");
        assert_eq!(key, ResourceKey::new(one, "Vast", "vms/ada"));
        for other in [
            ResourceKey::new(two, "Vast", "vms/ada"),
            ResourceKey::new(one, "Vas", "tvms/ada"),
            ResourceKey::new(one, "Vast", "vms/ad"),
        ] {
            assert_ne!(key, other);
        }
    }
}
