//! Sealing anew with the first key: row by row, each compared and set, so that it can go on beside
//! running hosts and be repeated after an interruption.
//!
//! Only sealed texts change. What hosts hold in memory is opened already and stays true, so no
//! revision is raised.

mod warehouses;

use std::collections::BTreeMap;

use pangolin_core::ports::StoreError;
use sqlx::any::AnyRow;

use crate::db::sql;
use crate::error::backend;
use crate::row;
use crate::seal::{Place, SealError, key_of};
use crate::store::Store;

/// A column that holds sealed values, and its statements.
struct Column {
    table: &'static str,
    column: &'static str,
    /// Rows after an identifier, in order.
    page: &'static str,
    /// Replaces a value that is still the one that was read.
    swap: &'static str,
}

/// Every sealed column but those of warehouses. A test compares them with the database.
const COLUMNS: [Column; 2] = [
    Column {
        table: "leases",
        column: "intent",
        page: "SELECT id, tenant_id, intent AS sealed FROM leases WHERE intent IS NOT NULL AND id > $1 \
               ORDER BY id LIMIT 200",
        swap: "UPDATE leases SET intent = $3 WHERE id = $1 AND intent = $2",
    },
    Column {
        table: "leases",
        column: "minted",
        page: "SELECT id, tenant_id, minted AS sealed FROM leases WHERE minted IS NOT NULL AND id > $1 \
               ORDER BY id LIMIT 200",
        swap: "UPDATE leases SET minted = $3 WHERE id = $1 AND minted = $2",
    },
];

/// Values that are named in a report; more are counted only.
const MOST_NAMED: usize = 200;
/// Passes over the database: hosts may change rows between reading and writing.
const MOST_PASSES: usize = 5;

/// Values of one column under one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedCount {
    /// Table.
    pub table: &'static str,
    /// Column.
    pub column: &'static str,
    /// Name of the key.
    pub key: String,
    /// How many.
    pub values: u64,
}

/// Why a value is not sealed with the first key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyLeft {
    /// Its key is not in the ring.
    UnknownKey(String),
    /// It was changed, belongs to another place, or was sealed with another key of that name.
    DoesNotOpen,
    /// It is not in the sealed form.
    NotSealed,
}

/// A sealed value that cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedValue {
    /// Table.
    pub table: &'static str,
    /// Column.
    pub column: &'static str,
    /// Identifier of the row.
    pub row: String,
    /// The tenant that the row belongs to.
    pub tenant: String,
    /// Why it cannot be opened.
    pub why: WhyLeft,
}

/// Where the sealed values of a database stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SealReport {
    /// Values by column and key, as they are now.
    pub counts: Vec<SealedCount>,
    /// Values that can be opened and are not sealed as they would be now: under another key than
    /// the first, or in the first form.
    pub behind: u64,
    /// Values that were sealed anew; the secrets of a warehouse and the seal of its row are one.
    pub resealed: u64,
    /// Values that cannot be opened; the first of them.
    pub left: Vec<SealedValue>,
    /// All that cannot be opened.
    pub left_count: u64,
}

impl SealReport {
    /// Whether every value is sealed with the first key, in the form that names its tenant.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.behind == 0 && self.left_count == 0
    }
}

impl Store {
    /// Opens every sealed value and says under which key it is. Nothing is changed.
    ///
    /// # Errors
    /// The database failed.
    pub async fn look_at_seals(&self) -> Result<SealReport, StoreError> {
        self.pass(false).await
    }

    /// Seals every value that can be opened with the first key. What a host changes meanwhile is
    /// looked at again; what it goes on writing under another key is left and counted.
    ///
    /// # Errors
    /// The database failed. What was done until then stays, and the rest is done by the next call.
    pub async fn reseal(&self) -> Result<SealReport, StoreError> {
        let mut resealed = 0;
        let mut passes = 0;
        loop {
            let report = self.pass(true).await?;
            resealed += report.resealed;
            passes += 1;
            if report.behind == 0 || passes == MOST_PASSES {
                return Ok(SealReport { resealed, ..report });
            }
        }
    }

    async fn pass(&self, write: bool) -> Result<SealReport, StoreError> {
        let mut tally = Tally::default();
        self.pass_warehouses(write, &mut tally).await?;
        for column in &COLUMNS {
            let mut after = String::new();
            loop {
                let rows = self.db().all(sql(column.page).bind(after.as_str())).await?;
                let Some(last) = rows.last() else { break };
                let next = row::text(last, "id")?;
                for found in &rows {
                    self.look(column, found, write, &mut tally).await?;
                }
                after = next;
            }
        }
        Ok(tally.into_report())
    }

    async fn look(&self, at: &Column, found: &AnyRow, write: bool, tally: &mut Tally) -> Result<(), StoreError> {
        let keys = &self.inner.keys;
        let (id, tenant) = (row::text(found, "id")?, row::text(found, "tenant_id")?);
        let sealed = row::text(found, "sealed")?;
        let place = Place { table: at.table, row: &id, column: at.column, tenant: &tenant };
        let plain = match keys.open(place, &sealed) {
            Ok(plain) => plain,
            Err(error) => {
                tally.count(at.table, at.column, key_of(&sealed).ok());
                tally.left(place, error.into());
                return Ok(());
            }
        };
        if keys.is_current(&sealed) {
            tally.count(at.table, at.column, key_of(&sealed).ok());
        } else if write {
            let anew = keys.seal(place, &plain).map_err(crate::error::broken)?;
            let swap = sql(at.swap).bind(id.as_str()).bind(sealed.as_str()).bind(anew.as_str());
            if self.db().execute(swap).await.map_err(backend)? == 1 {
                tally.count(at.table, at.column, key_of(&anew).ok());
                tally.report.resealed += 1;
            } else {
                // Somebody changed it: the next pass looks again.
                tally.count(at.table, at.column, key_of(&sealed).ok());
                tally.report.behind += 1;
            }
        } else {
            tally.count(at.table, at.column, key_of(&sealed).ok());
            tally.report.behind += 1;
        }
        Ok(())
    }
}

impl From<SealError> for WhyLeft {
    fn from(error: SealError) -> Self {
        match error {
            SealError::UnknownKey(key) => Self::UnknownKey(key),
            SealError::Form => Self::NotSealed,
            SealError::Refused | SealError::Failed => Self::DoesNotOpen,
        }
    }
}

#[derive(Default)]
struct Tally {
    counts: BTreeMap<(&'static str, &'static str, String), u64>,
    report: SealReport,
}

impl Tally {
    fn count(&mut self, table: &'static str, column: &'static str, key: Option<&str>) {
        if let Some(key) = key {
            *self.counts.entry((table, column, key.to_owned())).or_default() += 1;
        }
    }

    fn left(&mut self, at: Place<'_>, why: WhyLeft) {
        self.report.left_count += 1;
        if self.report.left.len() < MOST_NAMED {
            let Place { table, column, row, tenant } = at;
            self.report.left.push(SealedValue { table, column, row: row.to_owned(), tenant: tenant.to_owned(), why });
        }
    }

    fn into_report(self) -> SealReport {
        let counts = self.counts.into_iter();
        let counts = counts.map(|((table, column, key), values)| SealedCount { table, column, key, values });
        SealReport { counts: counts.collect(), ..self.report }
    }
}
