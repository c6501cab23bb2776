//! A warehouse's row as it is stored, and the seal over it: every column decides what is minted, from
//! whom or for whom, so a row that the host did not write as it stands is not used.

use pangolin_core::ports::StoreError;
use pangolin_core::warehouse::Warehouse;
use sqlx::any::AnyRow;

use super::sealed;
use crate::db::Statement;
use crate::error::unopened;
use crate::row;
use crate::seal::{KeyRing, MacKeys, Parts, SealFault};

const PURPOSE: &str = "pangolin warehouse seal";
/// The form of what the seal is over: another order or set of columns gets another name.
const FORM: &[u8] = b"warehouse 1";

/// All columns but the seal. A test compares them with the database.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    pub(crate) id: String,
    pub(crate) tenant_id: String,
    name: String,
    kind: String,
    base: String,
    strategy: Option<String>,
    config: String,
    /// The sealed document: with it secrets and the names of references are under the seal too.
    pub(crate) secrets: Option<String>,
    identity: String,
    allow_unscoped: i64,
    max_ttl_seconds: Option<i64>,
    revision: i64,
    created_at: i64,
    updated_at: i64,
}

/// The keys of the seals of rows.
#[derive(Debug, Clone)]
pub(crate) struct WarehouseSeals(MacKeys);

impl Columns {
    /// What is to be stored; the secrets are sealed anew.
    pub(super) fn of(keys: &KeyRing, warehouse: &Warehouse, revision: i64) -> Result<Self, StoreError> {
        Ok(Self {
            id: warehouse.id.to_string(),
            tenant_id: warehouse.tenant_id.to_string(),
            name: warehouse.name.clone(),
            kind: row::to_word(&warehouse.kind)?,
            base: warehouse.base.as_str().to_owned(),
            strategy: warehouse.strategy.clone(),
            config: row::to_json(&warehouse.config)?,
            secrets: sealed::seal(keys, warehouse)?,
            identity: row::to_word(&warehouse.identity)?,
            allow_unscoped: i64::from(warehouse.allow_unscoped),
            max_ttl_seconds: warehouse.max_ttl_seconds.map(i64::from),
            revision,
            created_at: warehouse.created_at.0,
            updated_at: warehouse.updated_at.0,
        })
    }

    /// What is stored, whether it makes sense or not.
    pub(crate) fn read(found: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row::text(found, "id")?,
            tenant_id: row::text(found, "tenant_id")?,
            name: row::text(found, "name")?,
            kind: row::text(found, "kind")?,
            base: row::text(found, "base")?,
            strategy: row::opt_text(found, "strategy")?,
            config: row::text(found, "config")?,
            secrets: row::opt_text(found, "secrets")?,
            identity: row::text(found, "identity")?,
            allow_unscoped: row::int(found, "allow_unscoped")?,
            max_ttl_seconds: row::opt_int(found, "max_ttl_seconds")?,
            revision: row::int(found, "revision")?,
            created_at: row::int(found, "created_at")?,
            updated_at: row::int(found, "updated_at")?,
        })
    }

    /// The same with its secrets sealed anew.
    pub(crate) fn with_secrets(&self, secrets: Option<String>) -> Self {
        Self { secrets, ..self.clone() }
    }

    /// As `$1` to `$14` in the order of the columns, and the seal as `$15`.
    pub(super) fn bind<'q>(&self, statement: Statement<'q>, seals: &WarehouseSeals) -> Statement<'q> {
        let mac = seals.mac(self);
        let Self { id, tenant_id, name, kind, base, strategy, config, secrets, .. } = self.clone();
        statement
            .bind(id)
            .bind(tenant_id)
            .bind(name)
            .bind(kind)
            .bind(base)
            .bind(strategy)
            .bind(config)
            .bind(secrets)
            .bind(self.identity.clone())
            .bind(self.allow_unscoped)
            .bind(self.max_ttl_seconds)
            .bind(self.revision)
            .bind(self.created_at)
            .bind(self.updated_at)
            .bind(mac)
    }

    fn feed(&self, parts: &mut Parts<'_>) {
        parts.bytes(FORM);
        for text in [&self.id, &self.tenant_id, &self.name, &self.kind, &self.base] {
            parts.bytes(text.as_bytes());
        }
        parts.opt_bytes(self.strategy.as_deref().map(str::as_bytes));
        parts.bytes(self.config.as_bytes());
        parts.opt_bytes(self.secrets.as_deref().map(str::as_bytes));
        parts.bytes(self.identity.as_bytes());
        parts.int(self.allow_unscoped);
        parts.opt_bytes(self.max_ttl_seconds.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice));
        parts.int(self.revision);
        parts.int(self.created_at);
        parts.int(self.updated_at);
    }
}

impl WarehouseSeals {
    pub(crate) fn of(keys: &KeyRing) -> Self {
        Self(MacKeys::of(keys, PURPOSE))
    }

    pub(crate) fn mac(&self, columns: &Columns) -> String {
        self.0.mac(|parts| columns.feed(parts))
    }

    /// Whether a seal was made by the first key of the ring.
    pub(crate) fn is_of_first(&self, mac: &str) -> bool {
        self.0.is_of_first(mac)
    }

    pub(crate) fn check_columns(&self, columns: &Columns, mac: Option<&str>) -> Result<(), SealFault> {
        self.0.check(|parts| columns.feed(parts), mac)
    }

    /// Refuses a row that is not as the host wrote it; a missing seal is no seal.
    pub(crate) fn check(&self, found: &AnyRow) -> Result<(), StoreError> {
        let warehouse = row::parsed(found, "id")?;
        let altered = |source| StoreError::WarehouseAltered { warehouse, source };
        // A column of another type was changed too.
        let columns = Columns::read(found).map_err(|error| altered(error.into()))?;
        let mac = row::opt_text(found, "mac").map_err(|error| altered(error.into()))?;
        self.check_columns(&columns, mac.as_deref()).map_err(|fault| match fault {
            SealFault::Forged => altered("the row is not what its seal is over, or it has none".into()),
            SealFault::UnknownKey(_) => unopened(fault),
        })
    }
}
