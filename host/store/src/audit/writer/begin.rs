//! Where a chain goes on: at the start of the host, and after a failure.
//!
//! Whatever was done to the database meanwhile must stay to be seen. So a chain goes on from its
//! sealed end, never from the last row that is there; and where that end is not to be trusted, it
//! goes on after a gap in the numbers that nobody can fill.

use pangolin_core::ports::StoreError;

use super::super::chain::Head;
use super::super::list::{self, HostList};
use super::super::{AuditFault, AuditTail, SealFault, anchor};
use super::{Failure, Task};
use crate::db::sql;
use crate::error::backend;

impl Task {
    /// The place after which the next event comes.
    pub(super) async fn begin(&self) -> Result<AuditTail, Failure> {
        // From the connection that writes, so that nothing written before is missed.
        let found = Head::read(&self.host).fetch_optional(&self.db.tasks).await?;
        let head = Head::of(&self.host, found.as_ref())?;
        let last = head.last_row.unwrap_or(0);
        let fault = match head.ends(&self.seals) {
            Ok((_, end)) if last <= end.seq => return Ok(end),
            Ok((_, end)) => {
                self.alarm(end.seq + 1, &AuditFault::BeyondEnd);
                // The next event follows from the sealed end and stands after what was put in.
                return Ok(AuditTail { seq: last, ..end });
            }
            Err((_, AuditFault::End(SealFault::UnknownKey(id)) | AuditFault::Start(SealFault::UnknownKey(id)))) => {
                return Err(Failure::Other(Box::new(SealFault::UnknownKey(id))));
            }
            Err((_, AuditFault::NoEnd)) => {
                if head.last_row.is_none() && self.enrol().await? {
                    return Ok(AuditTail::START);
                }
                AuditFault::NoEnd
            }
            Err((_, fault)) => fault,
        };
        let gap = last.saturating_add(1);
        self.alarm(gap, &fault);
        Ok(AuditTail { seq: gap, ..AuditTail::START })
    }

    /// Puts the new chain on the list and seals its end; false: it was on the list already.
    async fn enrol(&self) -> Result<bool, Failure> {
        let mut tx = self.db.tasks.begin_with(self.db.dialect.begin_write()).await?;
        let found = sql(list::READ).fetch_optional(&mut *tx).await?;
        let known = found.map(|found| HostList::of(&found)).transpose()?;
        match known.as_ref().map(|known| (known, known.hosts(&self.seals))) {
            Some((_, Ok(hosts))) if hosts.contains(&self.host) => return Ok(false),
            Some((known, Ok(mut hosts))) => {
                hosts.insert(self.host.clone());
                let list = HostList::new(&hosts, &self.seals)?;
                if list.replace(known).execute(&mut *tx).await?.rows_affected() != 1 {
                    return Err(Failure::Taken(Box::new(StoreError::Conflict("the list of audit chains"))));
                }
            }
            Some((_, Err(AuditFault::List(fault @ SealFault::UnknownKey(_))))) => {
                return Err(Failure::Other(Box::new(fault)));
            }
            // It stays as it is; a walk over the chains says so.
            Some((_, Err(fault))) => self.alarm(0, &fault),
            None => self.alarm(0, &AuditFault::NoList),
        }
        anchor::write(&self.host, AuditTail::START, &self.seals).execute(&mut *tx).await?;
        tx.commit().await.map_err(backend)?;
        Ok(true)
    }

    fn alarm(&self, seq: i64, fault: &AuditFault) {
        tracing::error!(
            host = self.host,
            seq,
            fault = %fault,
            "the audit trail was tampered with; it goes on so that this stays to be seen: pangolin audit verify"
        );
    }
}
