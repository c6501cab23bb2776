//! Retention: old events go from the start of each chain, and the chain goes on from a sealed
//! checkpoint.

use pangolin_core::clock::UnixMillis;
use pangolin_core::ports::StoreError;

use super::chain::{self, Head};
use super::{AuditClaim, AuditFault, AuditSeals, AuditTail};
use crate::db::{Statement, sql};
use crate::error::backend;
use crate::row;
use crate::store::Store;
use crate::tx::Tx;

/// Events removed in one transaction: whoever records waits for it no longer than for a batch.
const AT_ONCE: i64 = 500;

/// Events that were removed from one chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrunedChain {
    /// The host that writes it.
    pub host: String,
    /// How many.
    pub rows: u64,
    /// The last one.
    pub until: i64,
}

/// What retention did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditPruned {
    /// Chains that were cut.
    pub chains: Vec<PrunedChain>,
    /// Chains that do not hold. They are left as they are: what is wrong stays to be seen.
    pub kept: Vec<(String, i64, AuditFault)>,
}

impl AuditPruned {
    /// Events that were removed.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.chains.iter().map(|chain| chain.rows).sum()
    }
}

/// What came of one step.
enum Step {
    Removed(u64, i64),
    Nothing,
    Broken(i64, AuditFault),
}

impl Store {
    /// Removes events before an instant: of each chain the longest run from its start in which all
    /// are older. Each step is checked, removed and sealed in one transaction. Several hosts may
    /// do it at once.
    ///
    /// # Errors
    /// The database failed; what was done until then stays done.
    pub async fn prune_audit(&self, before: UnixMillis) -> Result<AuditPruned, StoreError> {
        let mut pruned = AuditPruned::default();
        for host in self.audit_reader().chains().await? {
            let mut done = PrunedChain { host: host.clone(), rows: 0, until: 0 };
            loop {
                match self.prune_step(&host, before).await? {
                    Step::Removed(rows, until) => {
                        done.rows += rows;
                        done.until = until;
                    }
                    Step::Nothing => break,
                    Step::Broken(seq, fault) => {
                        pruned.kept.push((host, seq, fault));
                        break;
                    }
                }
            }
            if done.rows > 0 {
                pruned.chains.push(done);
            }
        }
        Ok(pruned)
    }

    async fn prune_step(&self, host: &str, before: UnixMillis) -> Result<Step, StoreError> {
        let seals = AuditSeals::of(&self.inner.keys);
        let mut tx = Tx::begin(self.db()).await?;
        let head = Head::of(host, tx.optional(Head::read(host)).await?.as_ref())?;
        let (start, end) = match head.ends(&seals) {
            Ok(ends) => ends,
            Err((seq, fault)) => return Ok(Step::Broken(seq, fault)),
        };
        let page = tx.all(chain::events(host, start.seq, end.seq, AT_ONCE)).await?;
        let mut tail = start;
        for found in &page {
            if row::int(found, "at")? >= before.0 {
                break;
            }
            tail = match chain::step(tail, found)? {
                Ok(tail) => tail,
                Err((seq, fault)) => return Ok(Step::Broken(seq, fault)),
            };
        }
        if tail == start {
            return Ok(Step::Nothing);
        }
        let rows = tail.seq - start.seq;
        let delete = sql("DELETE FROM audit_events WHERE host = $1 AND seq > $2 AND seq <= $3");
        let removed = tx.execute(delete.bind(host).bind(start.seq).bind(tail.seq)).await.map_err(backend)?;
        let moved = tx.execute(checkpoint(host, start, tail, &seals, self.inner.clock.now())).await.map_err(backend)?;
        if removed != u64::try_from(rows).unwrap_or(0) || moved != 1 {
            // Another host was there first; it goes on.
            return Ok(Step::Nothing);
        }
        tx.commit().await?;
        Ok(Step::Removed(removed, tail.seq))
    }
}

/// Moves the start of a chain, unless another host has.
fn checkpoint<'q>(host: &'q str, from: AuditTail, to: AuditTail, seals: &AuditSeals, now: UnixMillis) -> Statement<'q> {
    sql("INSERT INTO audit_checkpoints (host, seq, link, mac, pruned_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (host) DO UPDATE SET seq = excluded.seq, link = excluded.link, mac = excluded.mac, \
         pruned_at = excluded.pruned_at WHERE audit_checkpoints.seq = $6")
    .bind(host)
    .bind(to.seq)
    .bind(to.link_text())
    .bind(seals.seal(AuditClaim::Start(host, to)))
    .bind(now.0)
    .bind(from.seq)
}
