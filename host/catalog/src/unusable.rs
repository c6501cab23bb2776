//! A catalog whose warehouse is not used: its row was changed behind the host, or its secrets do not
//! open. Whoever asks for something of it is refused, and the trail says what was asked for. To those
//! who may not see the catalog it is one that never was, as ever.

use std::sync::Arc;

use pangolin_core::audit::AuditResult;
use pangolin_core::id::TenantId;
use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::Target;
use pangolin_core::ports::StoreError;
use pangolin_core::record::CatalogSnapshot;
use serde_json::json;

use crate::catalogs::{Asker, Catalogs};
use crate::error::Result;
use crate::trail::Deed;

/// What a catalog is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt<'a> {
    /// The action of the row.
    pub(crate) action: &'static str,
    /// The table that is meant, if one is.
    pub(crate) table: Option<(&'a NamespacePath, &'a str)>,
}

impl<'a> Attempt<'a> {
    /// Something in a catalog.
    pub(crate) const ACCESS: Self = Self { action: "access_catalog", table: None };

    pub(crate) fn on_table(action: &'static str, namespace: &'a NamespacePath, name: &'a str) -> Self {
        Self { action, table: Some((namespace, name)) }
    }
}

impl Catalogs {
    /// The catalog of this name, if it can be used.
    pub(crate) async fn usable(&self, tenant: TenantId, name: &str) -> Result<Option<Arc<CatalogSnapshot>>> {
        match self.store.catalog(tenant, name).await {
            Err(error) if error.unusable_code().is_some() => Ok(None),
            found => Ok(found?),
        }
    }

    /// The catalog of this name, from the store.
    pub(crate) async fn snapshot(
        &self,
        asker: Asker<'_>,
        tenant: TenantId,
        name: &str,
        attempt: Attempt<'_>,
    ) -> Result<Option<Arc<CatalogSnapshot>>> {
        let found = self.store.catalog(tenant, name).await;
        let (error, code) = match found {
            Err(error) => match error.unusable_code() {
                Some(code) => (error, code),
                None => return Err(error.into()),
            },
            Ok(found) => return Ok(found),
        };
        let id = self.store.catalog_id(tenant, name).await?;
        let is_hidden = !id.is_some_and(|id| asker.principal.may_see(Target::Catalog(id)));
        if is_hidden && attempt.table.is_none() {
            return Ok(None);
        }
        let metadata = match &error {
            StoreError::WarehouseAltered { warehouse, .. } => {
                json!({"code": code, "warehouse_id": warehouse})
            }
            _ => json!({ "code": code }),
        };
        let deed = match attempt.table {
            Some((namespace, table)) => Deed::on(attempt.action, "table", &format!("{name}.{namespace}.{table}")),
            None => Deed::on_catalog(attempt.action, name),
        };
        let failure = (AuditResult::Failure, Some(error.to_string()));
        self.record(asker, Some(tenant), &deed.with(metadata), failure).await?;
        if is_hidden { Ok(None) } else { Err(error.into()) }
    }
}
