//! The port of catalogs, namespaces and tables.

use std::sync::Arc;

use async_trait::async_trait;
use pangolin_core::id::{CatalogId, TableId, TenantId};
use pangolin_core::namespace::NamespacePath;
use pangolin_core::ports::{CatalogStore, NewTable, Page, PageRequest, StoreError, TableCommit, TableLocations};
use pangolin_core::record::{CatalogSnapshot, Namespace, Properties, Table};

use crate::store::Store;

#[async_trait]
impl CatalogStore for Store {
    async fn catalog(&self, tenant: TenantId, name: &str) -> Result<Option<Arc<CatalogSnapshot>>, StoreError> {
        self.catalog_snapshot(tenant, name).await
    }

    async fn catalog_id(&self, tenant: TenantId, name: &str) -> Result<Option<CatalogId>, StoreError> {
        self.find_catalog_id(tenant, name).await
    }

    async fn create_namespace(&self, namespace: &Namespace) -> Result<(), StoreError> {
        self.insert_namespace(namespace).await
    }

    async fn namespace(&self, catalog: CatalogId, path: &NamespacePath) -> Result<Option<Namespace>, StoreError> {
        self.find_namespace(catalog, path).await
    }

    async fn list_namespaces(
        &self,
        catalog: CatalogId,
        parent: Option<&NamespacePath>,
        page: &PageRequest,
    ) -> Result<Page<NamespacePath>, StoreError> {
        self.child_namespaces(catalog, parent, page).await
    }

    async fn set_namespace_properties(
        &self,
        catalog: CatalogId,
        path: &NamespacePath,
        properties: &Properties,
    ) -> Result<(), StoreError> {
        self.replace_namespace_properties(catalog, path, properties).await
    }

    async fn drop_namespace(&self, catalog: CatalogId, path: &NamespacePath) -> Result<(), StoreError> {
        self.delete_namespace(catalog, path).await
    }

    async fn table(
        &self,
        catalog: CatalogId,
        namespace: &NamespacePath,
        name: &str,
    ) -> Result<Option<Arc<Table>>, StoreError> {
        self.find_table(catalog, namespace, name).await
    }

    async fn table_by_id(&self, catalog: CatalogId, id: TableId) -> Result<Option<Arc<Table>>, StoreError> {
        self.find_table_by_id(catalog, id).await
    }

    async fn list_tables(
        &self,
        catalog: CatalogId,
        namespace: &NamespacePath,
        page: &PageRequest,
    ) -> Result<Page<(String, TableId)>, StoreError> {
        self.table_names(catalog, namespace, page).await
    }

    async fn create_table(&self, table: &NewTable) -> Result<(), StoreError> {
        self.insert_table(table).await
    }

    async fn commit_table(&self, commit: &TableCommit) -> Result<(), StoreError> {
        self.commit_all(std::slice::from_ref(commit)).await
    }

    async fn commit_tables(&self, commits: &[TableCommit]) -> Result<(), StoreError> {
        self.commit_all(commits).await
    }

    async fn drop_table(&self, catalog: CatalogId, id: TableId) -> Result<(), StoreError> {
        self.delete_table(catalog, id).await
    }

    async fn rename_table(
        &self,
        catalog: CatalogId,
        id: TableId,
        namespace: &NamespacePath,
        name: &str,
    ) -> Result<(), StoreError> {
        self.move_table(catalog, id, namespace, name).await
    }
}

#[async_trait]
impl TableLocations for Store {
    async fn locations_are_exclusive(&self, catalog: CatalogId, table: &Table) -> Result<bool, StoreError> {
        self.exclusive(catalog, table).await
    }
}
