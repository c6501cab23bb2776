//! The sealed documents of a lease: the intent, and what was minted.

use std::collections::BTreeMap;

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{TenantId, WarehouseId};
use pangolin_core::lease::{Lease, LeaseGrant, LeaseIntent, MintRequest};
use pangolin_core::location::Location;
use pangolin_core::ports::StoreError;
use pangolin_core::secret::Secret;
use pangolin_core::strategy::{MintedCredential, Scoping};
use pangolin_core::warehouse::{BaseIdentity, StorageKind, Warehouse};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::error::{broken, unopened};
use crate::seal::{KeyRing, Place};
use crate::warehouses::sealed::{Stored, from_stored, to_stored};

/// A secret text inside a document.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Hidden(String);

impl Drop for Hidden {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[derive(Serialize, Deserialize)]
struct StoredIntent {
    request: MintRequest,
    survey: String,
    warehouse: StoredWarehouse,
}

#[derive(Serialize, Deserialize)]
struct StoredWarehouse {
    id: WarehouseId,
    tenant_id: TenantId,
    name: String,
    kind: StorageKind,
    base: Location,
    strategy: Option<String>,
    config: BTreeMap<String, serde_json::Value>,
    secrets: BTreeMap<String, Stored>,
    identity: BaseIdentity,
    allow_unscoped: bool,
    max_ttl_seconds: Option<u32>,
    revision: i64,
    created_at: UnixMillis,
    updated_at: UnixMillis,
}

#[derive(Serialize, Deserialize)]
struct StoredGrant {
    handles: Vec<Hidden>,
    credentials: Vec<StoredCredential>,
    version: String,
    digest: String,
    fingerprint: Option<String>,
    scoping: Scoping,
}

#[derive(Serialize, Deserialize)]
struct StoredCredential {
    prefix: String,
    entries: Vec<(String, Hidden)>,
}

/// What an intent has besides its row.
pub(super) struct OpenIntent {
    pub(super) request: MintRequest,
    pub(super) survey: String,
    pub(super) warehouse: Warehouse,
}

pub(super) fn seal_intent(keys: &KeyRing, intent: &LeaseIntent) -> Result<String, StoreError> {
    let warehouse = &intent.warehouse;
    let stored = StoredIntent {
        request: intent.request.clone(),
        survey: intent.survey.clone(),
        warehouse: StoredWarehouse {
            id: warehouse.id,
            tenant_id: warehouse.tenant_id,
            name: warehouse.name.clone(),
            kind: warehouse.kind,
            base: warehouse.base.clone(),
            strategy: warehouse.strategy.clone(),
            config: warehouse.config.clone(),
            secrets: warehouse.secrets.iter().map(|(field, secret)| (field.clone(), to_stored(secret))).collect(),
            identity: warehouse.identity,
            allow_unscoped: warehouse.allow_unscoped,
            max_ttl_seconds: warehouse.max_ttl_seconds,
            revision: warehouse.revision,
            created_at: warehouse.created_at,
            updated_at: warehouse.updated_at,
        },
    };
    let (id, tenant) = (intent.lease.id.to_string(), intent.lease.tenant_id.to_string());
    seal(keys, place(&id, &tenant, "intent"), &stored)
}

pub(super) fn open_intent(keys: &KeyRing, id: &str, tenant: &str, sealed: &str) -> Result<OpenIntent, StoreError> {
    let StoredIntent { request, survey, warehouse } = open(keys, place(id, tenant, "intent"), sealed)?;
    let secrets = warehouse.secrets.iter().map(|(field, stored)| (field.clone(), from_stored(stored))).collect();
    let warehouse = Warehouse {
        id: warehouse.id,
        tenant_id: warehouse.tenant_id,
        name: warehouse.name,
        kind: warehouse.kind,
        base: warehouse.base,
        strategy: warehouse.strategy,
        config: warehouse.config,
        secrets,
        identity: warehouse.identity,
        allow_unscoped: warehouse.allow_unscoped,
        max_ttl_seconds: warehouse.max_ttl_seconds,
        revision: warehouse.revision,
        created_at: warehouse.created_at,
        updated_at: warehouse.updated_at,
    };
    Ok(OpenIntent { request, survey, warehouse })
}

pub(super) fn seal_grant(keys: &KeyRing, id: &str, tenant: &str, grant: &LeaseGrant) -> Result<String, StoreError> {
    let credential = |credential: &MintedCredential| StoredCredential {
        prefix: credential.prefix.clone(),
        entries: credential.entries.iter().map(|(key, value)| (key.clone(), hidden(value))).collect(),
    };
    let stored = StoredGrant {
        handles: grant.handles.iter().map(hidden).collect(),
        credentials: grant.credentials.iter().map(credential).collect(),
        version: grant.version.clone(),
        digest: grant.digest.clone(),
        fingerprint: grant.fingerprint.clone(),
        scoping: grant.scoping,
    };
    seal(keys, place(id, tenant, "minted"), &stored)
}

/// What an interrupted mint left: there is nothing to hand out, only something to end.
pub(super) fn seal_handles(
    keys: &KeyRing,
    id: &str,
    tenant: &str,
    handles: &[Secret<String>],
) -> Result<String, StoreError> {
    let stored = StoredGrant {
        handles: handles.iter().map(hidden).collect(),
        credentials: Vec::new(),
        version: String::new(),
        digest: String::new(),
        fingerprint: None,
        scoping: Scoping::Unscoped,
    };
    seal(keys, place(id, tenant, "minted"), &stored)
}

pub(super) fn open_grant(keys: &KeyRing, lease: &Lease, sealed: &str) -> Result<LeaseGrant, StoreError> {
    let (id, tenant) = (lease.id.to_string(), lease.tenant_id.to_string());
    let stored: StoredGrant = open(keys, place(&id, &tenant, "minted"), sealed)?;
    let (Some(issued_at), Some(expires_at)) = (lease.issued_at, lease.expires_at) else {
        return Err(broken("an active lease has no end"));
    };
    let credential = |credential: &StoredCredential| MintedCredential {
        prefix: credential.prefix.clone(),
        entries: credential.entries.iter().map(|(key, value)| (key.clone(), shown(value))).collect(),
        expires_at: Some(expires_at),
        handle: None,
    };
    Ok(LeaseGrant {
        handles: stored.handles.iter().map(shown).collect(),
        credentials: stored.credentials.iter().map(credential).collect(),
        issued_at,
        expires_at,
        version: stored.version,
        digest: stored.digest,
        fingerprint: stored.fingerprint,
        scoping: stored.scoping,
    })
}

pub(super) fn open_handles(
    keys: &KeyRing,
    id: &str,
    tenant: &str,
    sealed: &str,
) -> Result<Vec<Secret<String>>, StoreError> {
    let stored: StoredGrant = open(keys, place(id, tenant, "minted"), sealed)?;
    Ok(stored.handles.iter().map(shown).collect())
}

fn place<'a>(row: &'a str, tenant: &'a str, column: &'static str) -> Place<'a> {
    Place { table: "leases", row, column, tenant }
}

#[expect(clippy::disallowed_methods, reason = "the value goes into the document that is sealed at once")]
fn hidden(secret: &Secret<String>) -> Hidden {
    Hidden(secret.expose().clone())
}

fn shown(hidden: &Hidden) -> Secret<String> {
    Secret::new(hidden.0.clone())
}

fn seal(keys: &KeyRing, place: Place<'_>, document: &impl Serialize) -> Result<String, StoreError> {
    let plain = Zeroizing::new(serde_json::to_vec(document).map_err(broken)?);
    keys.seal(place, &plain).map_err(broken)
}

fn open<T: DeserializeOwned>(keys: &KeyRing, place: Place<'_>, sealed: &str) -> Result<T, StoreError> {
    let plain = keys.open(place, sealed).map_err(unopened)?;
    // An error of the parser could quote the secret.
    serde_json::from_slice(&plain).map_err(|_| unopened("the sealed document is not what it should be"))
}
