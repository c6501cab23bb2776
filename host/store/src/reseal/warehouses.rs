//! The rows of warehouses: secrets and the seal over the row are renewed in one statement, since the
//! one is over the other.

use pangolin_core::ports::StoreError;
use sqlx::any::AnyRow;

use super::{Tally, WhyLeft};
use crate::db::sql;
use crate::error::{backend, broken};
use crate::row;
use crate::seal::{Place, SealFault, key_of, mac_key_of};
use crate::store::Store;
use crate::warehouses::Columns;

const TABLE: &str = "warehouses";
const SECRETS: &str = "secrets";
const SEAL: &str = "mac";

impl Store {
    pub(super) async fn pass_warehouses(&self, write: bool, tally: &mut Tally) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let page = sql("SELECT * FROM warehouses WHERE id > $1 ORDER BY id LIMIT 200").bind(after);
            let rows = self.db().all(page).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = row::text(last, "id")?;
            for found in &rows {
                self.look_at_warehouse(found, write, tally).await?;
            }
        }
    }

    async fn look_at_warehouse(&self, found: &AnyRow, write: bool, tally: &mut Tally) -> Result<(), StoreError> {
        let (keys, seals) = (&self.inner.keys, &self.inner.warehouse_seals);
        let (columns, mac) = (Columns::read(found)?, row::opt_text(found, SEAL)?);
        let place = Place { table: TABLE, row: &columns.id, column: SECRETS, tenant: &columns.tenant_id };
        let secrets = columns.secrets.as_deref();
        let plain = match secrets.map(|sealed| keys.open(place, sealed)).transpose() {
            Ok(plain) => plain,
            Err(error) => {
                count(tally, secrets, mac.as_deref());
                tally.left(place, error.into());
                return Ok(());
            }
        };
        if let Err(fault) = seals.check_columns(&columns, mac.as_deref()) {
            count(tally, secrets, mac.as_deref());
            let why = match fault {
                SealFault::UnknownKey(key) => WhyLeft::UnknownKey(key),
                SealFault::Forged if mac.is_none() => WhyLeft::NotSealed,
                SealFault::Forged => WhyLeft::DoesNotOpen,
            };
            tally.left(Place { column: SEAL, ..place }, why);
            return Ok(());
        }
        let Some(mac) = mac else { return Ok(()) };
        let secrets_are_current = secrets.is_none_or(|sealed| keys.is_current(sealed));
        if secrets_are_current && seals.is_of_first(&mac) {
            count(tally, secrets, Some(&mac));
            return Ok(());
        }
        if write {
            let anew = match plain {
                Some(plain) if !secrets_are_current => Some(keys.seal(place, &plain).map_err(broken)?),
                _ => columns.secrets.clone(),
            };
            let columns = columns.with_secrets(anew);
            let renewed = seals.mac(&columns);
            let swap = sql("UPDATE warehouses SET secrets = $3, mac = $4 WHERE id = $1 AND mac = $2")
                .bind(columns.id.as_str())
                .bind(mac.as_str())
                .bind(columns.secrets.clone())
                .bind(renewed.as_str());
            if self.db().execute(swap).await.map_err(backend)? == 1 {
                count(tally, columns.secrets.as_deref(), Some(&renewed));
                tally.report.resealed += 1;
                return Ok(());
            }
            // Somebody changed it: the next pass looks again.
        }
        count(tally, secrets, Some(&mac));
        tally.report.behind += 1;
        Ok(())
    }
}

fn count(tally: &mut Tally, secrets: Option<&str>, mac: Option<&str>) {
    tally.count(TABLE, SECRETS, secrets.and_then(|sealed| key_of(sealed).ok()));
    tally.count(TABLE, SEAL, mac.and_then(mac_key_of));
}
