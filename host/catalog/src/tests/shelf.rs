//! A store in memory that keeps the rules of the real one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use pangolin_core::id::{CatalogId, TableId, TenantId};
use pangolin_core::namespace::NamespacePath;
use pangolin_core::ports::{CatalogStore, NewTable, Page, PageRequest, StoreError, TableCommit, TableLocations};
use pangolin_core::record::{CatalogSnapshot, Namespace, Properties, Table};

type Result<T> = std::result::Result<T, StoreError>;

#[derive(Debug, Default)]
struct Content {
    namespaces: BTreeMap<String, Namespace>,
    tables: Vec<Arc<Table>>,
}

#[derive(Debug)]
pub(super) struct Shelf {
    snapshot: Arc<CatalogSnapshot>,
    content: Mutex<Content>,
    /// So many commits meet a conflict, though nothing changed.
    pub(super) conflicts: AtomicUsize,
    /// Commits and creations fail with an unknown outcome.
    pub(super) broken: AtomicBool,
    /// The warehouse is not as the host wrote it.
    pub(super) altered: AtomicBool,
}

impl Shelf {
    pub(super) fn new(snapshot: CatalogSnapshot) -> Self {
        Self {
            snapshot: Arc::new(snapshot),
            content: Mutex::default(),
            conflicts: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
            altered: AtomicBool::new(false),
        }
    }

    pub(super) fn snapshot(&self) -> &CatalogSnapshot {
        &self.snapshot
    }

    pub(super) fn tables(&self) -> Vec<Arc<Table>> {
        self.lock().tables.clone()
    }

    /// What is stored, for comparison.
    pub(super) fn whole(&self) -> String {
        format!("{:?}", self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap()
    }

    fn fail_if_broken(&self) -> Result<()> {
        if self.broken.load(Ordering::SeqCst) { Err(StoreError::Backend("disk".into())) } else { Ok(()) }
    }
}

fn overlaps(tables: &[Arc<Table>], id: TableId, locations: &[pangolin_core::location::Location]) -> bool {
    let others = tables.iter().filter(|table| table.id != id);
    others.flat_map(|table| table.locations()).any(|theirs| locations.iter().any(|ours| ours.overlaps(theirs)))
}

fn page<T>(all: impl Iterator<Item = T>, name: impl Fn(&T) -> String, request: &PageRequest) -> Page<T> {
    let after = request.after.clone().unwrap_or_default();
    let mut items: Vec<T> = all.filter(|item| name(item) > after).collect();
    items.sort_by_key(&name);
    let more = items.len() > request.limit;
    items.truncate(request.limit);
    let next = if more { items.last().map(name) } else { None };
    Page { items, next }
}

#[async_trait]
impl CatalogStore for Shelf {
    async fn catalog(&self, tenant: TenantId, name: &str) -> Result<Option<Arc<CatalogSnapshot>>> {
        if self.altered.load(Ordering::SeqCst) {
            let (warehouse, source) = (self.snapshot.warehouse.id, "altered".into());
            return Err(StoreError::WarehouseAltered { warehouse, source });
        }
        let catalog = &self.snapshot.catalog;
        Ok((catalog.tenant_id == tenant && catalog.name == name).then(|| self.snapshot.clone()))
    }

    async fn catalog_id(&self, tenant: TenantId, name: &str) -> Result<Option<CatalogId>> {
        let catalog = &self.snapshot.catalog;
        Ok((catalog.tenant_id == tenant && catalog.name == name).then_some(catalog.id))
    }

    async fn create_namespace(&self, namespace: &Namespace) -> Result<()> {
        let mut content = self.lock();
        if namespace.path.parent().is_some_and(|parent| !content.namespaces.contains_key(&parent.dotted())) {
            return Err(StoreError::NotFound("namespace"));
        }
        if content.namespaces.contains_key(&namespace.path.dotted()) {
            return Err(StoreError::AlreadyExists("namespace"));
        }
        content.namespaces.insert(namespace.path.dotted(), namespace.clone());
        Ok(())
    }

    async fn namespace(&self, _: CatalogId, path: &NamespacePath) -> Result<Option<Namespace>> {
        Ok(self.lock().namespaces.get(&path.dotted()).cloned())
    }

    async fn list_namespaces(
        &self,
        _: CatalogId,
        parent: Option<&NamespacePath>,
        request: &PageRequest,
    ) -> Result<Page<NamespacePath>> {
        let content = self.lock();
        let children = content.namespaces.values().map(|namespace| namespace.path.clone());
        let children = children.filter(|path| path.parent().as_ref() == parent);
        Ok(page(children, NamespacePath::dotted, request))
    }

    async fn set_namespace_properties(
        &self,
        _: CatalogId,
        path: &NamespacePath,
        properties: &Properties,
    ) -> Result<()> {
        let mut content = self.lock();
        let namespace = content.namespaces.get_mut(&path.dotted()).ok_or(StoreError::NotFound("namespace"))?;
        namespace.properties = properties.clone();
        Ok(())
    }

    async fn drop_namespace(&self, _: CatalogId, path: &NamespacePath) -> Result<()> {
        let mut content = self.lock();
        let used = content.tables.iter().any(|table| table.namespace == *path)
            || content.namespaces.values().any(|other| other.path.parent().as_ref() == Some(path));
        if used {
            return Err(StoreError::InUse("the namespace is not empty".to_owned()));
        }
        content.namespaces.remove(&path.dotted()).map(drop).ok_or(StoreError::NotFound("namespace"))
    }

    async fn table(&self, _: CatalogId, namespace: &NamespacePath, name: &str) -> Result<Option<Arc<Table>>> {
        let content = self.lock();
        Ok(content.tables.iter().find(|table| table.namespace == *namespace && table.name == name).cloned())
    }

    async fn table_by_id(&self, _: CatalogId, id: TableId) -> Result<Option<Arc<Table>>> {
        Ok(self.lock().tables.iter().find(|table| table.id == id).cloned())
    }

    async fn list_tables(
        &self,
        _: CatalogId,
        namespace: &NamespacePath,
        request: &PageRequest,
    ) -> Result<Page<(String, TableId)>> {
        let content = self.lock();
        let tables = content.tables.iter().filter(|table| table.namespace == *namespace);
        Ok(page(tables.map(|table| (table.name.clone(), table.id)), |(name, _)| name.clone(), request))
    }

    async fn create_table(&self, new: &NewTable) -> Result<()> {
        self.fail_if_broken()?;
        let table = &new.table;
        let mut content = self.lock();
        if !content.namespaces.contains_key(&table.namespace.dotted()) {
            return Err(StoreError::NotFound("namespace"));
        }
        let taken = |other: &Arc<Table>| other.namespace == table.namespace && other.name == table.name;
        if content.tables.iter().any(|other| taken(other) || other.id == table.id) {
            return Err(StoreError::AlreadyExists("table"));
        }
        let locations: Vec<_> = table.locations().cloned().collect();
        if overlaps(&content.tables, table.id, &locations) {
            return Err(StoreError::LocationTaken);
        }
        content.tables.push(Arc::new(table.clone()));
        Ok(())
    }

    async fn commit_table(&self, commit: &TableCommit) -> Result<()> {
        self.commit_tables(std::slice::from_ref(commit)).await
    }

    async fn commit_tables(&self, commits: &[TableCommit]) -> Result<()> {
        self.fail_if_broken()?;
        if self.conflicts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            return Err(StoreError::Conflict("table"));
        }
        let mut content = self.lock();
        let mut after = content.tables.clone();
        for commit in commits {
            let slot = after.iter_mut().find(|table| table.id == commit.table_id);
            let slot = slot.ok_or(StoreError::NotFound("table"))?;
            if slot.version != commit.expected_version {
                return Err(StoreError::Conflict("table"));
            }
            *slot = Arc::new(Table {
                metadata_location: commit.metadata_location.clone(),
                metadata: commit.metadata.clone(),
                location: commit.location.clone(),
                extra_locations: commit.extra_locations.clone(),
                version: slot.version + 1,
                ..Table::clone(slot)
            });
        }
        content.tables = after;
        Ok(())
    }

    async fn drop_table(&self, _: CatalogId, id: TableId) -> Result<()> {
        let mut content = self.lock();
        let before = content.tables.len();
        content.tables.retain(|table| table.id != id);
        if content.tables.len() < before { Ok(()) } else { Err(StoreError::NotFound("table")) }
    }

    async fn rename_table(&self, _: CatalogId, id: TableId, namespace: &NamespacePath, name: &str) -> Result<()> {
        let mut content = self.lock();
        if content.tables.iter().any(|table| table.namespace == *namespace && table.name == name) {
            return Err(StoreError::AlreadyExists("table"));
        }
        let slot = content.tables.iter_mut().find(|table| table.id == id).ok_or(StoreError::NotFound("table"))?;
        *slot = Arc::new(Table { namespace: namespace.clone(), name: name.to_owned(), ..Table::clone(slot) });
        Ok(())
    }
}

#[async_trait]
impl TableLocations for Shelf {
    async fn locations_are_exclusive(&self, _: CatalogId, table: &Table) -> Result<bool> {
        let locations: Vec<_> = table.locations().cloned().collect();
        Ok(!overlaps(&self.lock().tables, table.id, &locations))
    }
}
