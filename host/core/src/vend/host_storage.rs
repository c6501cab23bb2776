//! What the host itself reads and writes a table's metadata with: the warehouse's own vended
//! credential, scoped to that one table.

use std::sync::Arc;

use super::{VendAsk, VendError, Vending};
use crate::access::Access;
use crate::audit::RequestContext;
use crate::policy;
use crate::record::{CatalogSnapshot, Table};
use crate::secret::Secret;
use crate::strategy::{StrategyError, StrategyErrorKind};
use crate::warehouse::StorageKind;

/// Access of the host to the files of one table.
#[derive(Debug, Clone)]
pub enum HostStorage {
    /// A directory of the host.
    Local,
    /// An object store with these properties (`s3.access-key-id` and the like).
    Object(Vec<(String, Secret<String>)>),
}

/// Secrets of `storage_config`, the property that carries each, and whether it is needed.
fn base_keys(kind: StorageKind) -> &'static [(&'static str, &'static str, bool)] {
    match kind {
        StorageKind::S3 => &[
            ("access_key_id", "s3.access-key-id", true),
            ("secret_access_key", "s3.secret-access-key", true),
            ("session_token", "s3.session-token", false),
        ],
        StorageKind::Azure => &[("account_key", "adls.account-key", true)],
        StorageKind::Gcs => &[("service_account_key", "gcs.service-account-key", true)],
        StorageKind::Local => &[],
    }
}

impl Vending {
    /// Access to the files of `table` for the host. None to what is revoked: the host writes nothing
    /// there either.
    ///
    /// # Errors
    /// The vend failed, or the warehouse has nothing that the host could use.
    pub async fn host_storage(
        self: &Arc<Self>,
        snapshot: &CatalogSnapshot,
        table: &Table,
        access: Access,
        context: &RequestContext,
    ) -> Result<HostStorage, VendError> {
        let warehouse = &snapshot.warehouse;
        let authorised = policy::authorise_host(snapshot, table, access)?;
        let authorised = self.require_standing(authorised, None).await?;
        if warehouse.kind == StorageKind::Local {
            return Ok(HostStorage::Local);
        }
        let Some(name) = warehouse.strategy.as_deref() else {
            return self.base_keys(snapshot);
        };
        self.require_exclusive(snapshot, table).await?;
        let strategy = self.strategy(name)?;
        let ask = VendAsk { access, ttl_seconds: None, trigger: "metadata", context };
        let ttl_seconds = super::ttl::choose(&self.ttl_limits(warehouse, &strategy))?.seconds;
        let vended =
            self.cached_or_minted(authorised, snapshot, &strategy, ttl_seconds, ask).await.map_err(not_the_callers)?;
        let entries = vended.credentials.first().map(|credential| credential.entries.clone()).unwrap_or_default();
        Ok(HostStorage::Object(entries))
    }

    fn base_keys(&self, snapshot: &CatalogSnapshot) -> Result<HostStorage, VendError> {
        let mut entries = Vec::new();
        for (field, property, needed) in base_keys(snapshot.warehouse.kind) {
            match snapshot.warehouse.secrets.get(*field) {
                Some(secret) => {
                    entries.push(((*property).to_owned(), self.resolve(&snapshot.warehouse, field, secret)?));
                }
                None if *needed => return Err(VendError::NoHostCredentials),
                None => {}
            }
        }
        Ok(HostStorage::Object(entries))
    }
}

/// A conflict over room upstream is the host's own here: told as one, a client would take it for a
/// conflict of its commit.
fn not_the_callers(error: VendError) -> VendError {
    match error {
        VendError::Strategy(cause) if cause.kind == StrategyErrorKind::Exhausted => {
            VendError::Strategy(StrategyError { kind: StrategyErrorKind::Unavailable, ..cause })
        }
        error => error,
    }
}
