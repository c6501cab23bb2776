//! What the migration that brought the seals of warehouses does beyond SQL: rows of before are sealed
//! as they stand.

use pangolin_core::ports::StoreError;

use super::columns::{Columns, WarehouseSeals};
use crate::audit;
use crate::db::sql;
use crate::error::backend;
use crate::row;
use crate::seal::KeyRing;
use crate::tx::Tx;

/// Seals every row, once. Not under a ring that is not this database's: the right one would refuse
/// all of them for good.
pub(crate) async fn adopt(tx: &mut Tx, keys: &KeyRing) -> Result<(), StoreError> {
    audit::check_ring(tx, keys).await?;
    let seals = WarehouseSeals::of(keys);
    let (mut after, mut sealed) = (String::new(), 0);
    loop {
        let page = sql("SELECT * FROM warehouses WHERE id > $1 ORDER BY id LIMIT 200").bind(after);
        let page = tx.all(page).await?;
        let Some(last) = page.last() else { break };
        after = row::text(last, "id")?;
        for found in &page {
            let columns = Columns::read(found)?;
            let update = sql("UPDATE warehouses SET mac = $2 WHERE id = $1");
            let update = update.bind(columns.id.clone()).bind(seals.mac(&columns));
            sealed += tx.execute(update).await.map_err(backend)?;
        }
    }
    if sealed > 0 {
        // Once in the life of a database. At any other time somebody has taken its schema back.
        tracing::warn!(warehouses = sealed, "warehouses from before seals are sealed as they stand");
    }
    Ok(())
}
