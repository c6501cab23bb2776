//! Lists of leases.

use pangolin_core::id::TenantId;
use pangolin_core::lease::{Lease, LeaseState};
use pangolin_core::ports::StoreError;
use sqlx::AssertSqlSafe;

use super::read;
use crate::page::OffsetPage;
use crate::store::Store;

/// Which leases; every condition that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeaseFilter {
    /// Name of the warehouse when the lease began.
    pub warehouse: Option<String>,
    /// Where it stands.
    pub state: Option<LeaseState>,
    /// Name of who asked first.
    pub principal: Option<String>,
}

impl Store {
    /// Leases of a tenant, the newest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_leases(
        &self,
        tenant: TenantId,
        filter: &LeaseFilter,
        page: &OffsetPage,
    ) -> Result<Vec<Lease>, StoreError> {
        let given = [
            ("tenant_id", Some(tenant.to_string())),
            ("warehouse", filter.warehouse.clone()),
            ("state", filter.state.map(|state| state.as_str().to_owned())),
            ("principal", filter.principal.clone()),
        ];
        let (mut conditions, mut values) = (Vec::new(), Vec::new());
        for (column, value) in given {
            let Some(value) = value else { continue };
            values.push(value);
            conditions.push(format!("{column} = ${}", values.len()));
        }
        let (limit, offset) = (values.len() + 1, values.len() + 2);
        // Only names and places are part of the text.
        let text = format!(
            "SELECT * FROM leases WHERE {} ORDER BY started_at DESC, id DESC LIMIT ${limit} OFFSET ${offset}",
            conditions.join(" AND ")
        );
        let query = values.into_iter().fold(sqlx::query(AssertSqlSafe(text)), |query, value| query.bind(value));
        let query = query.bind(page.sql_limit()).bind(page.sql_offset());
        self.db().all(query).await?.iter().map(read).collect()
    }
}
