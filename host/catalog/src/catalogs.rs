//! What the verbs share: the ports, and how a request finds its catalog, namespace and table.

use std::path::PathBuf;
use std::sync::Arc;

use pangolin_core::audit::RequestContext;
use pangolin_core::clock::Clock;
use pangolin_core::emit::StorageDefaults;
use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::{Action, Target};
use pangolin_core::ports::{AuditTrail, CatalogStore};
use pangolin_core::principal::Principal;
use pangolin_core::record::{CatalogSnapshot, Namespace, Table};
use pangolin_core::vend::Vending;
use pangolin_egress::EgressClient;

use crate::error::{CatalogError, Result};
use crate::storage::Storage;
use crate::trail::Deed;
use crate::unusable::Attempt;

/// Who asks, and from where.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// The authenticated caller.
    pub principal: &'a Principal,
    /// The request, for audit rows.
    pub context: &'a RequestContext,
}

/// The catalogs of all tenants.
#[derive(Debug)]
pub struct Catalogs {
    pub(crate) store: Arc<dyn CatalogStore>,
    pub(crate) vending: Arc<Vending>,
    pub(crate) audit: Arc<dyn AuditTrail>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) storage: Storage,
    region: Option<String>,
    endpoint: Option<String>,
}

impl Catalogs {
    /// `local_root` is the directory below which `local` storage may lie.
    #[must_use]
    pub fn new(
        store: Arc<dyn CatalogStore>,
        vending: Arc<Vending>,
        audit: Arc<dyn AuditTrail>,
        clock: Arc<dyn Clock>,
        egress: EgressClient,
        local_root: Option<PathBuf>,
    ) -> Self {
        Self { store, vending, audit, clock, storage: Storage::new(egress, local_root), region: None, endpoint: None }
    }

    /// The operator's storage settings (`AWS_REGION`, `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`),
    /// for warehouses that name none.
    #[must_use]
    pub fn with_storage_defaults(self, region: Option<String>, endpoint: Option<String>) -> Self {
        Self { region, endpoint, ..self }
    }

    pub(crate) fn storage_defaults(&self) -> StorageDefaults<'_> {
        StorageDefaults { region: self.region.as_deref(), endpoint: self.endpoint.as_deref() }
    }

    /// The catalog of this name, if the caller may see it. One of another tenant is like one that
    /// never was.
    ///
    /// # Errors
    /// `Forbidden` for Root, who has no data; `NoSuchCatalog`.
    pub async fn find_catalog(&self, asker: Asker<'_>, name: &str) -> Result<Arc<CatalogSnapshot>> {
        self.find_catalog_for(asker, name, Attempt::ACCESS).await
    }

    /// The same for an attempt, which the trail names if the catalog cannot be used.
    pub(crate) async fn find_catalog_for(
        &self,
        asker: Asker<'_>,
        name: &str,
        attempt: Attempt<'_>,
    ) -> Result<Arc<CatalogSnapshot>> {
        let principal = asker.principal;
        let Some(tenant) = principal.tenant_id.filter(|_| !principal.is_root()) else {
            let why = CatalogError::Refused {
                code: "forbidden",
                message: "root administers tenants and has no access to data: log in as a user of a tenant".to_owned(),
            };
            return Err(self.refused(asker, Deed::on_catalog("access_catalog", name), why).await);
        };
        let unknown = || CatalogError::NoSuchCatalog(name.to_owned());
        let snapshot = self.snapshot(asker, tenant, name, attempt).await?.ok_or_else(unknown)?;
        if snapshot.catalog.tenant_id != tenant || !principal.may_see(Target::Catalog(snapshot.catalog.id)) {
            return Err(unknown());
        }
        Ok(snapshot)
    }

    /// Whether the caller may do `action` on a catalog, or on a namespace or table of it: for
    /// requests whose body makes no sense, as rights are judged before bodies.
    ///
    /// # Errors
    /// The thing is missing or invisible, or the right is missing.
    pub async fn check(
        &self,
        asker: Asker<'_>,
        action: Action,
        catalog: &str,
        namespace: Option<&NamespacePath>,
        table: Option<&str>,
    ) -> Result<()> {
        let snapshot = self.find_catalog(asker, catalog).await?;
        let id = snapshot.catalog.id;
        match (namespace, table) {
            (None, _) => asker.require(action, Target::Catalog(id)),
            (Some(path), None) => {
                self.find_namespace(asker, &snapshot, path).await?;
                asker.require(action, Target::Namespace(id, path))
            }
            (Some(path), Some(name)) => {
                let table = self.find_table(asker, &snapshot, path, name).await?;
                asker.require(action, Target::Table(id, path, table.id))
            }
        }
    }

    /// A namespace that the caller may see.
    pub(crate) async fn find_namespace(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        path: &NamespacePath,
    ) -> Result<Namespace> {
        let catalog = snapshot.catalog.id;
        let found = self.store.namespace(catalog, path).await?;
        found
            .filter(|_| asker.principal.may_see(Target::Namespace(catalog, path)))
            .ok_or_else(|| CatalogError::no_namespace(path))
    }

    /// A table that the caller may see.
    pub(crate) async fn find_table(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        namespace: &NamespacePath,
        name: &str,
    ) -> Result<Arc<Table>> {
        let catalog = snapshot.catalog.id;
        let found = self.store.table(catalog, namespace, name).await?;
        found
            .filter(|table| asker.principal.may_see(Target::Table(catalog, &table.namespace, table.id)))
            .ok_or_else(|| CatalogError::no_table(namespace, name))
    }
}

impl Asker<'_> {
    /// Refuses a caller without the right. What is invisible was refused before.
    pub(crate) fn require(&self, action: Action, target: Target<'_>) -> Result<()> {
        if self.principal.may(action, target) {
            return Ok(());
        }
        let on = match target {
            Target::Tenant => "the tenant".to_owned(),
            Target::Catalog(_) => "the catalog".to_owned(),
            Target::Namespace(_, path) => format!("namespace {path}"),
            Target::Table(_, _, id) => format!("table {id}"),
        };
        Err(CatalogError::missing(right(action), &on))
    }
}

fn right(action: Action) -> &'static str {
    match action {
        Action::Read => "read",
        Action::Write => "write",
        Action::Delete => "delete",
        Action::Create => "create",
        Action::Update => "update",
        Action::List => "list",
        Action::ManageDiscovery => "manage-discovery",
        Action::All => "all",
    }
}
