//! Audit rows of the catalog's own verbs. Vends are recorded by the vend pipeline.

use std::sync::atomic::{AtomicBool, Ordering};

use pangolin_core::audit::{AuditEvent, AuditResult};
use pangolin_core::id::{AuditId, TenantId};
use pangolin_core::namespace::NamespacePath;
use pangolin_core::record::{CatalogSnapshot, Table};
use serde_json::Value;
use uuid::Uuid;

use crate::catalogs::{Asker, Catalogs};
use crate::error::{CatalogError, Result};

/// One verb done to one thing.
#[derive(Debug)]
pub(crate) struct Deed {
    action: &'static str,
    resource_type: &'static str,
    resource_id: Option<Uuid>,
    resource_name: String,
    metadata: Value,
    /// Whether its begin is on record.
    begun: AtomicBool,
}

/// Of a list of many things a row names the first.
pub(crate) const LISTED: usize = 100;

/// What a client said, as long as a row takes it.
pub(crate) fn short(text: &str) -> String {
    text.chars().take(512).collect()
}

impl Deed {
    /// A thing by the name that was asked for.
    pub(crate) fn on(action: &'static str, resource_type: &'static str, name: &str) -> Self {
        Self {
            action,
            resource_type,
            resource_id: None,
            resource_name: short(name),
            metadata: Value::Null,
            begun: AtomicBool::new(false),
        }
    }

    /// A catalog by the name that was asked for.
    pub(crate) fn on_catalog(action: &'static str, name: &str) -> Self {
        Self::on(action, "catalog", name)
    }

    pub(crate) fn on_namespace(action: &'static str, snapshot: &CatalogSnapshot, path: &NamespacePath) -> Self {
        Self::on(action, "namespace", &format!("{}.{path}", snapshot.catalog.name))
    }

    pub(crate) fn on_table(
        action: &'static str,
        snapshot: &CatalogSnapshot,
        namespace: &NamespacePath,
        name: &str,
    ) -> Self {
        Self::on(action, "table", &format!("{}.{namespace}.{name}", snapshot.catalog.name))
    }

    pub(crate) fn id(self, id: Uuid) -> Self {
        Self { resource_id: Some(id), ..self }
    }

    pub(crate) fn with(self, metadata: Value) -> Self {
        Self { metadata, ..self }
    }

    pub(crate) fn of_table(action: &'static str, snapshot: &CatalogSnapshot, table: &Table) -> Self {
        Self::on_table(action, snapshot, &table.namespace, &table.name).id(table.id.0)
    }
}

impl Catalogs {
    /// The asker may, and the change is about to be made: it is not if that cannot be recorded. What is
    /// tried again has begun once.
    pub(crate) async fn begin(&self, asker: Asker<'_>, snapshot: &CatalogSnapshot, deed: &Deed) -> Result<()> {
        if !deed.begun.load(Ordering::Relaxed) {
            self.record(asker, Some(snapshot.catalog.tenant_id), deed, (AuditResult::Started, None)).await?;
            deed.begun.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Records how the deed ended, and hands the result on. What cannot be recorded has failed.
    pub(crate) async fn recorded<T>(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        deed: Deed,
        result: Result<T>,
    ) -> Result<T> {
        let (ended, error_message) = match &result {
            Ok(_) => (AuditResult::Success, None),
            Err(error) if error.is_refusal() => (AuditResult::Denied, Some(short(&error.to_string()))),
            // What has begun has an end.
            Err(error) if error.is_harmless() && !deed.begun.load(Ordering::Relaxed) => return result,
            Err(CatalogError::Audit(_)) => return result,
            Err(error) => (AuditResult::Failure, Some(short(&error.to_string()))),
        };
        self.record(asker, Some(snapshot.catalog.tenant_id), &deed, (ended, error_message)).await?;
        result
    }

    /// Records a refusal that names no catalog of any tenant.
    pub(crate) async fn refused(&self, asker: Asker<'_>, deed: Deed, why: CatalogError) -> CatalogError {
        let tenant = asker.principal.tenant_id;
        let recorded = self.record(asker, tenant, &deed, (AuditResult::Denied, Some(short(&why.to_string())))).await;
        recorded.err().unwrap_or(why)
    }

    pub(crate) async fn record(
        &self,
        asker: Asker<'_>,
        tenant_id: Option<TenantId>,
        deed: &Deed,
        (result, error_message): (AuditResult, Option<String>),
    ) -> Result<()> {
        let Asker { principal, context } = asker;
        self.audit
            .record(AuditEvent {
                id: AuditId::generate(),
                tenant_id,
                user_id: Some(principal.user_id),
                username: principal.username.to_string(),
                action: deed.action.to_owned(),
                resource_type: deed.resource_type.to_owned(),
                resource_id: deed.resource_id,
                resource_name: deed.resource_name.clone(),
                timestamp: self.clock.now(),
                ip_address: context.ip_address.clone(),
                user_agent: context.user_agent.clone(),
                result,
                error_message,
                request_id: context.request_id.clone(),
                trace_id: context.trace_id.clone(),
                metadata: deed.metadata.clone(),
            })
            .await?;
        Ok(())
    }
}
