//! Everything of a tenant that has a name, in parts of a bounded size: catalogs, then namespaces,
//! then tables, each by name. Who may see what, and which name was looked for, is for the caller.

mod cursor;

use pangolin_core::id::{CatalogId, TableId, TenantId};
use pangolin_core::namespace::NamespacePath;
use pangolin_core::ports::StoreError;
use pangolin_core::record::Properties;
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use crate::db::Statement;
use crate::namespaces::path_of;
use crate::row;
use crate::store::Store;

/// Rows of one statement.
const BATCH: usize = 500;

/// A statement names at most so many catalogs; for more, all of the tenant are read.
const MAX_NAMED: usize = 200;

/// Where a search goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SearchAt {
    /// At the catalogs after this name.
    Catalogs(String),
    /// At the namespaces of this catalog after a path; without one, of the catalogs after it.
    Namespaces(String, Option<String>),
    /// The same for tables, after a name and an identifier.
    Tables(String, Option<(String, String)>),
}

impl Default for SearchAt {
    fn default() -> Self {
        Self::Catalogs(String::new())
    }
}

/// What has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// A catalog.
    Catalog {
        /// What is set on it.
        properties: Properties,
    },
    /// A namespace.
    Namespace {
        /// Its identifier.
        id: String,
        /// Where.
        path: NamespacePath,
        /// What is set on it.
        properties: Properties,
    },
    /// A table.
    Table {
        /// Its identifier.
        id: TableId,
        /// Where.
        namespace: NamespacePath,
        /// Its name.
        name: String,
    },
}

/// A thing, and the catalog that it is or lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchItem {
    /// The catalog.
    pub catalog_id: CatalogId,
    /// Its name.
    pub catalog: String,
    /// What it is.
    pub named: Named,
}

impl SearchItem {
    /// Where a search goes on after this thing.
    #[must_use]
    pub fn after(&self) -> SearchAt {
        let catalog = self.catalog.clone();
        match &self.named {
            Named::Catalog { .. } => SearchAt::Catalogs(catalog),
            Named::Namespace { path, .. } => SearchAt::Namespaces(catalog, Some(path.dotted())),
            Named::Table { id, name, .. } => SearchAt::Tables(catalog, Some((name.clone(), id.to_string()))),
        }
    }
}

/// Things in their order, and where the next are.
#[derive(Debug)]
pub struct SearchPart {
    /// At most 500.
    pub items: Vec<SearchItem>,
    /// None: there is nothing more.
    pub next: Option<SearchAt>,
}

impl Store {
    /// The next things of a tenant; of all its catalogs, or of those named.
    ///
    /// # Errors
    /// The database failed.
    pub async fn search_part(
        &self,
        tenant: TenantId,
        catalogs: Option<&[CatalogId]>,
        at: &SearchAt,
    ) -> Result<SearchPart, StoreError> {
        let catalogs = catalogs.filter(|named| named.len() <= MAX_NAMED);
        if catalogs.is_some_and(<[_]>::is_empty) {
            return Ok(SearchPart { items: Vec::new(), next: None });
        }
        let found = self.db().all(statement(tenant, catalogs, at)).await?;
        let items = found.iter().map(|found| read(found, at)).collect::<Result<Vec<_>, _>>()?;
        let next = if items.len() < BATCH { rest(at) } else { items.last().map(SearchItem::after) };
        Ok(SearchPart { items, next })
    }
}

/// Where to go when a statement had no more.
fn rest(at: &SearchAt) -> Option<SearchAt> {
    match at {
        SearchAt::Catalogs(_) => Some(SearchAt::Namespaces(String::new(), None)),
        SearchAt::Namespaces(catalog, Some(_)) => Some(SearchAt::Namespaces(catalog.clone(), None)),
        SearchAt::Namespaces(_, None) => Some(SearchAt::Tables(String::new(), None)),
        SearchAt::Tables(catalog, Some(_)) => Some(SearchAt::Tables(catalog.clone(), None)),
        SearchAt::Tables(_, None) => None,
    }
}

const CATALOGS: &str = "SELECT id AS catalog_id, name AS catalog, properties FROM catalogs";
const NAMESPACES: &str = "SELECT catalogs.id AS catalog_id, catalogs.name AS catalog, namespaces.id, namespaces.path, \
     namespaces.properties FROM catalogs JOIN namespaces ON namespaces.catalog_id = catalogs.id";
const TABLES: &str = "SELECT catalogs.id AS catalog_id, catalogs.name AS catalog, tables.id, tables.name, \
     namespaces.path FROM catalogs JOIN tables ON tables.catalog_id = catalogs.id \
     JOIN namespaces ON namespaces.id = tables.namespace_id";

fn statement(tenant: TenantId, named: Option<&[CatalogId]>, at: &SearchAt) -> Statement<'static> {
    // Within one catalog, or from one catalog to the next: either is one range of an index.
    let (select, place, order, values) = match at.clone() {
        SearchAt::Catalogs(after) => (CATALOGS, "catalogs.name > $2", "catalogs.name", vec![after]),
        SearchAt::Namespaces(catalog, None) => {
            (NAMESPACES, "catalogs.name > $2", "catalogs.name, namespaces.path", vec![catalog])
        }
        SearchAt::Namespaces(catalog, Some(after)) => {
            (NAMESPACES, "catalogs.name = $2 AND namespaces.path > $3", "namespaces.path", vec![catalog, after])
        }
        SearchAt::Tables(catalog, None) => {
            (TABLES, "catalogs.name > $2", "catalogs.name, tables.name, tables.id", vec![catalog])
        }
        SearchAt::Tables(catalog, Some((name, id))) => (
            TABLES,
            "catalogs.name = $2 AND (tables.name, tables.id) > ($3, $4)",
            "tables.name, tables.id",
            vec![catalog, name, id],
        ),
    };
    let named = named.unwrap_or_default();
    // Only numbers of placeholders enter the text.
    let first = values.len() + 2;
    let places = (first..first + named.len()).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ");
    let within = if named.is_empty() { String::new() } else { format!("AND catalogs.id IN ({places}) ") };
    let text = format!("{select} WHERE catalogs.tenant_id = $1 AND {place} {within}ORDER BY {order} LIMIT {BATCH}");
    let statement = sqlx::query(AssertSqlSafe(text)).bind(tenant.to_string());
    let statement = values.into_iter().fold(statement, Statement::bind);
    named.iter().fold(statement, |statement, catalog| statement.bind(catalog.to_string()))
}

fn read(found: &AnyRow, at: &SearchAt) -> Result<SearchItem, StoreError> {
    let named = match at {
        SearchAt::Catalogs(_) => Named::Catalog { properties: row::json(found, "properties")? },
        SearchAt::Namespaces(..) => Named::Namespace {
            id: row::text(found, "id")?,
            path: path_of(found)?,
            properties: row::json(found, "properties")?,
        },
        SearchAt::Tables(..) => {
            Named::Table { id: row::parsed(found, "id")?, namespace: path_of(found)?, name: row::text(found, "name")? }
        }
    };
    Ok(SearchItem { catalog_id: row::parsed(found, "catalog_id")?, catalog: row::text(found, "catalog")?, named })
}
