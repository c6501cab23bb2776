//! Whether the trail is what was written.

use std::collections::BTreeSet;

use pangolin_core::ports::StoreError;

use super::chain::{self, Head};
use super::list::{self, HostList};
use super::reader::AuditReader;
use super::{AuditBreak, AuditChain, AuditFault, AuditReport, AuditSeals, AuditTail};
use crate::db::sql;
use crate::row;

/// Events read at once.
const PAGE: i64 = 1_000;
/// Retention may move the start of a chain while it is walked; so often it is walked again. Such a
/// walk stops at its first page, and a chain that is shortened step by step moves many times.
const ATTEMPTS: usize = 1_000;

impl AuditReader {
    /// Walks every chain. Hosts may write meanwhile.
    ///
    /// # Errors
    /// The database failed. A broken chain is part of the report.
    pub async fn verify(&self) -> Result<AuditReport, StoreError> {
        let mut report = AuditReport::default();
        // A chain gets on the list in the transaction that makes its first seal: what is read
        // before and after the chains tells those that are gone from those that are new.
        let before = self.listed().await?;
        let hosts = self.chains().await?;
        let after = self.listed().await?;
        let mut list_fault = |fault| report.breaks.push(AuditBreak { host: String::new(), seq: 0, fault });
        let listed = match (before, after) {
            (Ok(before), Ok(after)) => Some((before, after)),
            (Err(fault), _) | (_, Err(fault)) => {
                list_fault(fault);
                None
            }
        };
        if let Some((before, after)) = &listed {
            let fault = |host: &String, fault| AuditBreak { host: host.clone(), seq: 0, fault };
            report.breaks.extend(before.difference(&hosts).map(|host| fault(host, AuditFault::NoChain)));
            report.breaks.extend(hosts.difference(after).map(|host| fault(host, AuditFault::Stranger)));
        }
        for host in &hosts {
            match self.walk(host).await? {
                Ok(chain) => report.chains.push(chain),
                Err((seq, fault)) => report.breaks.push(AuditBreak { host: host.clone(), seq, fault }),
            }
        }
        Ok(report)
    }

    /// The list of chains.
    pub(super) async fn listed(&self) -> Result<Result<BTreeSet<String>, AuditFault>, StoreError> {
        let Some(found) = self.db.optional(sql(list::READ)).await? else { return Ok(Err(AuditFault::NoList)) };
        Ok(HostList::of(&found)?.hosts(&self.seals))
    }

    /// Every host that the chains themselves name.
    pub(super) async fn chains(&self) -> Result<BTreeSet<String>, StoreError> {
        let all = sql("SELECT host FROM audit_anchors UNION SELECT host FROM audit_checkpoints UNION \
             SELECT DISTINCT host FROM audit_events");
        self.db.all(all).await?.iter().map(|found| row::text(found, "host")).collect()
    }

    pub(super) async fn head(&self, host: &str) -> Result<Head, StoreError> {
        Head::of(host, self.db.optional(Head::read(host)).await?.as_ref())
    }

    async fn walk(&self, host: &str) -> Result<Result<AuditChain, (i64, AuditFault)>, StoreError> {
        let mut attempt = 1;
        loop {
            let head = self.head(host).await?;
            let found = self.walk_from(&head).await?;
            if found.is_ok() || attempt == ATTEMPTS || self.head(host).await?.start == head.start {
                return Ok(found);
            }
            attempt += 1;
        }
    }

    async fn walk_from(&self, head: &Head) -> Result<Result<AuditChain, (i64, AuditFault)>, StoreError> {
        let (start, end) = match head.ends(&self.seals) {
            Ok(ends) => ends,
            Err(fault) => return Ok(Err(fault)),
        };
        let mut tail = start;
        let mut rows = 0;
        while tail.seq < end.seq {
            let page = self.db.all(chain::events(&head.host, tail.seq, end.seq, PAGE)).await?;
            if page.is_empty() {
                return Ok(Err((tail.seq + 1, AuditFault::Missing)));
            }
            for found in &page {
                tail = match chain::step(tail, found)? {
                    Ok(tail) => tail,
                    Err(fault) => return Ok(Err(fault)),
                };
                rows += 1;
            }
        }
        Ok(self.ended(head, start, end, tail, rows))
    }

    fn ended(
        &self,
        head: &Head,
        start: AuditTail,
        end: AuditTail,
        tail: AuditTail,
        rows: u64,
    ) -> Result<AuditChain, (i64, AuditFault)> {
        if tail != end {
            return Err((end.seq, AuditFault::Changed));
        }
        if let Some(fault) = head.outside(start, end) {
            return Err(fault);
        }
        let mac = head.end.as_ref().and_then(|sealed| sealed.mac.as_deref()).unwrap_or_default();
        Ok(AuditChain {
            host: head.host.clone(),
            rows,
            start: start.seq,
            end: end.seq,
            link: end.link_text(),
            key: AuditSeals::key_of(mac),
        })
    }
}
