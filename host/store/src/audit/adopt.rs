//! What the migration that brought seals does beyond SQL: chains of before are sealed as they are,
//! and their events get the columns that filters need.

use std::collections::BTreeSet;

use pangolin_core::audit::AuditEvent;
use pangolin_core::ports::StoreError;

use super::list::{self, HostList};
use super::row::AuditRow;
use super::{AuditFault, AuditSeals, AuditTail, SealFault, anchor};
use crate::db::sql;
use crate::error::{backend, broken};
use crate::row;
use crate::seal::KeyRing;
use crate::tx::Tx;

/// Events read at once.
const PAGE: i64 = 1_000;

/// Seals every chain at its last event, or at its anchor if that is further on: then events are
/// missing, and that stays so.
pub(crate) async fn adopt(tx: &mut Tx, keys: &KeyRing) -> Result<(), StoreError> {
    let seals = AuditSeals::of(keys);
    let mut hosts = BTreeSet::new();
    let all = sql("SELECT host FROM audit_anchors UNION SELECT DISTINCT host FROM audit_events");
    for found in tx.all(all).await? {
        hosts.insert(row::text(&found, "host")?);
    }
    for host in &hosts {
        let last = sql("SELECT seq, link FROM audit_events WHERE host = $1 UNION ALL \
             SELECT seq, link FROM audit_anchors WHERE host = $1 ORDER BY seq DESC LIMIT 1");
        let found = tx.optional(last.bind(host)).await?.ok_or_else(|| broken("a chain without an end"))?;
        let tail = AuditTail::parse(row::int(&found, "seq")?, &row::text(&found, "link")?);
        let tail = tail.ok_or_else(|| broken("the last link of an audit chain is not a link"))?;
        tx.execute(sql("DELETE FROM audit_anchors WHERE host = $1").bind(host)).await.map_err(backend)?;
        tx.execute(anchor::write(host, tail, &seals)).await.map_err(backend)?;
        fill(tx, host).await?;
        // Once in the life of a database. At any other time somebody has taken its schema back.
        tracing::warn!(host, seq = tail.seq, "an audit chain from before seals is sealed as it stands");
    }
    tx.execute(HostList::new(&hosts, &seals)?.insert()).await.map_err(backend)?;
    Ok(())
}

/// Refuses a ring that lacks the key of the trail's seals: it is not the ring of this database.
pub(crate) async fn check_ring(tx: &mut Tx, keys: &KeyRing) -> Result<(), StoreError> {
    let Some(found) = tx.optional(sql(list::READ)).await? else { return Ok(()) };
    match HostList::of(&found)?.hosts(&AuditSeals::of(keys)) {
        Err(AuditFault::List(fault @ SealFault::UnknownKey(_))) => Err(broken(fault)),
        // Other faults are told by those who look for them.
        _ => Ok(()),
    }
}

/// Fills the new columns of the events of a chain.
async fn fill(tx: &mut Tx, host: &str) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let select = sql("SELECT seq, event FROM audit_events WHERE host = $1 AND seq > $2 ORDER BY seq LIMIT $3");
        let page = tx.all(select.bind(host).bind(after).bind(PAGE)).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = row::int(last, "seq")?;
        for found in &page {
            // What is no event was changed; a walk over the chain says so.
            let Ok(event) = serde_json::from_str::<AuditEvent>(&row::text(found, "event")?) else { continue };
            let row = AuditRow::of(&event).map_err(broken)?;
            let update = sql(
                "UPDATE audit_events SET username = $1, resource_name = $2, trace_id = $3 WHERE host = $4 AND seq = $5",
            )
            .bind(&*row.username)
            .bind(&*row.resource_name)
            .bind(row.trace_id.as_deref())
            .bind(host)
            .bind(row::int(found, "seq")?);
            tx.execute(update).await.map_err(backend)?;
        }
    }
}
