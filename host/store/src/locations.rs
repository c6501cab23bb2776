//! Locations of tables: no two tables of a catalog may contain one another's. Where a table lay that
//! is revoked no other comes to lie, also when that one is dropped: it would open the same files.

use std::collections::BTreeSet;
use std::sync::Arc;

use pangolin_core::id::{CatalogId, TableId};
use pangolin_core::location::Location;
use pangolin_core::ports::StoreError;
use pangolin_core::record::Table;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use crate::db::{Statement, sql};
use crate::error::{backend, is_taken};
use crate::generation::Slot;
use crate::row;
use crate::store::Store;
use crate::tx::Tx;

/// Values of one statement are bounded; a location has at most so many ancestors in one question.
const MAX_ANCESTORS: usize = 500;

impl Store {
    /// Whether no other table of the catalog overlaps. Warm: from memory.
    pub(crate) async fn exclusive(&self, catalog: CatalogId, table: &Table) -> Result<bool, StoreError> {
        let generation = self.db().generation(Slot::of_locations(catalog)).await?;
        if let Some(known) = self.inner.exclusive.get(&table.id, generation)
            && known.iter().eq(table.locations())
        {
            return Ok(true);
        }
        let locations: Vec<Location> = table.locations().cloned().collect();
        for canonical in canonical(&locations) {
            for statement in overlapping(catalog, table.id, &canonical) {
                if self.db().optional(statement.query()).await?.is_some() {
                    return Ok(false);
                }
            }
        }
        let of_revoked = self.db().all(revoked(catalog, table.id)).await?;
        if overlaps_any(&of_revoked, &canonical(&locations))? {
            return Ok(false);
        }
        self.inner.exclusive.keep(table.id, generation, &Arc::new(locations));
        Ok(true)
    }
}

/// Canonical forms, each once.
pub(crate) fn canonical<'a>(locations: impl IntoIterator<Item = &'a Location>) -> BTreeSet<String> {
    locations.into_iter().map(Location::canonical).collect()
}

/// The canonical forms that a table has now.
pub(crate) async fn of_table(tx: &mut Tx, table: TableId) -> Result<BTreeSet<String>, StoreError> {
    let select = sql("SELECT canonical FROM table_locations WHERE table_id = $1").bind(table.to_string());
    tx.all(select).await?.iter().map(|found| row::text(found, "canonical")).collect()
}

/// Gives a table, which has none, these locations. The catalog is locked by the caller, who
/// also raises the revision of its locations.
pub(crate) async fn check_and_insert(
    tx: &mut Tx,
    catalog: CatalogId,
    table: TableId,
    locations: &BTreeSet<String>,
) -> Result<(), StoreError> {
    for canonical in locations {
        for statement in overlapping(catalog, table, canonical) {
            if tx.exists(statement.query()).await? {
                return Err(StoreError::LocationTaken);
            }
        }
    }
    if overlaps_any(&tx.all(revoked(catalog, table)).await?, locations)? {
        return Err(StoreError::LocationTaken);
    }
    for canonical in locations {
        let insert = sql("INSERT INTO table_locations (catalog_id, canonical, table_id) VALUES ($1, $2, $3)")
            .bind(catalog.to_string())
            .bind(canonical.as_str())
            .bind(table.to_string());
        tx.execute(insert)
            .await
            .map_err(|error| if is_taken(&error) { StoreError::LocationTaken } else { backend(error) })?;
    }
    Ok(())
}

/// Where the other tables of the tenant lay that are revoked.
fn revoked(catalog: CatalogId, table: TableId) -> Statement<'static> {
    sql("SELECT r.locations FROM revocations r JOIN catalogs c ON c.tenant_id = r.tenant_id WHERE c.id = $1 \
         AND r.kind = 'table' AND r.lifted_at IS NULL AND r.target <> $2")
    .bind(catalog.to_string())
    .bind(table.to_string())
}

fn overlaps_any(of_revoked: &[AnyRow], locations: &BTreeSet<String>) -> Result<bool, StoreError> {
    for found in of_revoked {
        let held: Vec<Location> = row::json(found, "locations")?;
        let overlaps = |held: &String| locations.iter().any(|one| one.starts_with(held) || held.starts_with(one));
        if canonical(&held).iter().any(overlaps) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A question for a table that contains a location or lies inside it.
enum Overlap {
    /// Its location is one of these.
    Above { catalog: String, table: String, ancestors: Vec<String> },
    /// Its location lies in this range.
    Inside { catalog: String, table: String, from: String, to: String },
}

impl Overlap {
    fn query(self) -> Statement<'static> {
        match self {
            Self::Above { catalog, table, ancestors } => {
                // Only numbers of placeholders enter the text.
                let places = (3..3 + ancestors.len()).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ");
                let text = format!(
                    "SELECT table_id FROM table_locations \
                     WHERE catalog_id = $1 AND table_id <> $2 AND canonical IN ({places}) LIMIT 1"
                );
                let query = sqlx::query(AssertSqlSafe(text)).bind(catalog).bind(table);
                ancestors.into_iter().fold(query, |query, ancestor| query.bind(ancestor))
            }
            Self::Inside { catalog, table, from, to } => sql("SELECT table_id FROM table_locations \
                 WHERE catalog_id = $1 AND table_id <> $2 AND canonical >= $3 AND canonical < $4 LIMIT 1")
            .bind(catalog)
            .bind(table)
            .bind(from)
            .bind(to),
        }
    }
}

fn overlapping(catalog: CatalogId, table: TableId, canonical: &str) -> Vec<Overlap> {
    let (catalog, table) = (catalog.to_string(), table.to_string());
    let inside = Overlap::Inside {
        catalog: catalog.clone(),
        table: table.clone(),
        from: canonical.to_owned(),
        to: end_of_range(canonical),
    };
    let ancestors = ancestors(canonical);
    let above = ancestors.chunks(MAX_ANCESTORS).map(|part| Overlap::Above {
        catalog: catalog.clone(),
        table: table.clone(),
        ancestors: part.to_vec(),
    });
    std::iter::once(inside).chain(above).collect()
}

/// Every canonical form that contains this one, itself last. (`Location` offers the same for a
/// parsed location; here the canonical form is what is stored.)
fn ancestors(canonical: &str) -> Vec<String> {
    let root = canonical.find("://").map_or(0, |at| at + 3);
    canonical
        .char_indices()
        .filter(|(at, c)| *c == '/' && *at >= root)
        .filter_map(|(at, _)| canonical.get(..=at).map(str::to_owned))
        .collect()
}

/// The first text after everything that starts with `canonical`, in byte order: `/` is followed
/// by `0`.
fn end_of_range(canonical: &str) -> String {
    format!("{}0", canonical.strip_suffix('/').unwrap_or(canonical))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_location() -> impl Strategy<Value = Location> {
        prop::collection::vec("[a-c0!%~é ]{1,3}", 0..4)
            .prop_filter_map("not a location", |parts| Location::parse(&format!("s3://b/{}", parts.join("/"))).ok())
    }

    proptest! {
        #[test]
        fn the_range_and_the_ancestors_are_exactly_what_contains(a in any_location(), b in any_location()) {
            let (ca, cb) = (a.canonical(), b.canonical());
            prop_assert_eq!(a.contains(&b), cb >= ca && cb < end_of_range(&ca));
            prop_assert_eq!(b.contains(&a), ancestors(&ca).contains(&cb));
            prop_assert_eq!(ancestors(&ca), a.canonical_ancestors());
        }
    }

    #[test]
    fn a_name_that_begins_alike_is_no_overlap() {
        let (orders, orders2) = ("s3://b/orders/", "s3://b/orders2/");
        assert!(!(orders2 >= orders && orders2 < end_of_range(orders).as_str()));
        assert!(!ancestors(orders2).contains(&orders.to_owned()));
    }
}
