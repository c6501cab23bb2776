//! The trail as a stream of bounded pages: whole, chain by chain with its seals, so that it can be
//! checked elsewhere; or the events of a filter, in the order of time.

use std::collections::{BTreeSet, VecDeque};

use pangolin_core::clock::UnixMillis;
use pangolin_core::ports::StoreError;
use sqlx::any::AnyRow;

use super::chain::{self, Head, Sealed};
use super::list::{self, HostList};
use super::query::Value;
use super::{AuditFilter, AuditReader};
use crate::db::sql;
use crate::row;

/// Events of one page.
const PAGE: i64 = 200;

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum AuditExportError {
    /// The database failed.
    #[error("the audit trail cannot be read")]
    Store(#[from] StoreError),
    /// Events went while they were to be read.
    #[error("retention removed events of host {0} meanwhile: export again")]
    Pruned(String),
}

/// A seal, with what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSealed {
    /// The chain.
    pub host: String,
    /// The event.
    pub seq: i64,
    /// Its link.
    pub link: String,
    /// The seal.
    pub seal: String,
}

/// An event and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditExportRow {
    /// The chain.
    pub host: String,
    /// The number.
    pub seq: i64,
    /// The link.
    pub link: String,
    /// The text that the link covers.
    pub event: String,
}

/// One part of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditExportItem {
    /// The list of chains, a JSON list, and its seal.
    Hosts(String, String),
    /// Retention removed everything up to here.
    Start(AuditSealed),
    /// An event.
    Event(AuditExportRow),
    /// The chain ends here.
    End(AuditSealed),
}

/// An export under way.
#[derive(Debug)]
pub struct AuditExport {
    reader: AuditReader,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nothing of the whole was read.
    Begin,
    Chains {
        left: VecDeque<String>,
        current: Option<(Head, i64)>,
    },
    /// Events of a filter after a place in time.
    Filtered {
        filter: Box<AuditFilter>,
        after: Option<(i64, i64, String)>,
    },
    Done,
}

impl AuditReader {
    /// Everything, in a form that can be checked.
    #[must_use]
    pub fn export(&self) -> AuditExport {
        AuditExport { reader: self.clone(), state: State::Begin }
    }

    /// The events of a filter up to an instant, the oldest first.
    #[must_use]
    pub fn export_filtered(&self, filter: AuditFilter, until: UnixMillis) -> AuditExport {
        let end = Some(filter.end.map_or(until, |end| end.min(until)));
        let filter = Box::new(AuditFilter { end, ..filter });
        AuditExport { reader: self.clone(), state: State::Filtered { filter, after: None } }
    }
}

impl AuditExport {
    /// The next page; none: that was all.
    ///
    /// # Errors
    /// See [`AuditExportError`].
    pub async fn page(&mut self) -> Result<Option<Vec<AuditExportItem>>, AuditExportError> {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Begin => self.begin().await.map(Some),
            State::Chains { left, current } => self.chains(left, current).await,
            State::Filtered { filter, after } => self.filtered(filter, after).await,
            State::Done => Ok(None),
        }
    }

    async fn begin(&mut self) -> Result<Vec<AuditExportItem>, AuditExportError> {
        let mut hosts = self.reader.chains().await?;
        // After the chains: every chain that was there is on the list.
        let found = self.reader.db.optional(sql(list::READ)).await?;
        let list = found.map(|found| HostList::of(&found)).transpose()?;
        let items = list.map(|list| {
            hosts.extend(serde_json::from_str::<BTreeSet<String>>(&list.text).unwrap_or_default());
            AuditExportItem::Hosts(list.text, list.mac)
        });
        self.state = State::Chains { left: hosts.into_iter().collect(), current: None };
        Ok(items.into_iter().collect())
    }

    async fn chains(
        &mut self,
        mut left: VecDeque<String>,
        current: Option<(Head, i64)>,
    ) -> Result<Option<Vec<AuditExportItem>>, AuditExportError> {
        let mut items = Vec::new();
        let (head, after) = match current {
            Some(current) => current,
            None => {
                let Some(host) = left.pop_front() else { return Ok(None) };
                let head = self.reader.head(&host).await?;
                items.extend(sealed(&host, head.start.as_ref()).map(AuditExportItem::Start));
                (head, 0)
            }
        };
        let end = head.end.as_ref().map_or(i64::MAX, |end| end.seq);
        let page = self.reader.db.all(chain::events(&head.host, after, end, PAGE)).await?;
        let expected = after.max(head.start.as_ref().map_or(0, |start| start.seq)).saturating_add(1);
        let first = page.first().map(|found| row::int(found, "seq")).transpose()?;
        if first != Some(expected) && self.reader.head(&head.host).await?.start != head.start {
            return Err(AuditExportError::Pruned(head.host));
        }
        let mut last = None;
        for found in &page {
            let event = event(found)?;
            last = Some(event.seq);
            items.push(AuditExportItem::Event(event));
        }
        self.state = match last.filter(|last| *last < end) {
            Some(last) => State::Chains { left, current: Some((head, last)) },
            None => {
                items.extend(sealed(&head.host, head.end.as_ref()).map(AuditExportItem::End));
                State::Chains { left, current: None }
            }
        };
        Ok(Some(items))
    }

    async fn filtered(
        &mut self,
        filter: Box<AuditFilter>,
        after: Option<(i64, i64, String)>,
    ) -> Result<Option<Vec<AuditExportItem>>, AuditExportError> {
        let mut conditions = filter.conditions();
        if let Some((at, seq, host)) = after {
            let condition = |place| {
                let (seq, host) = (place + 1, place + 2);
                format!("at >= ${place} AND (at > ${place} OR seq > ${seq} OR (seq = ${seq} AND host > ${host}))")
            };
            conditions.and(condition, [Value::Number(at), Value::Number(seq), Value::Text(host)]);
        }
        let select = "SELECT host, seq, link, at, event FROM audit_events";
        let query = conditions.statement(select, |place| format!(" ORDER BY at, seq, host LIMIT ${place}")).bind(PAGE);
        let page = self.reader.db.all(query).await?;
        let Some(last) = page.last() else { return Ok(None) };
        let after = Some((row::int(last, "at")?, row::int(last, "seq")?, row::text(last, "host")?));
        if i64::try_from(page.len()).unwrap_or(PAGE) == PAGE {
            self.state = State::Filtered { filter, after };
        }
        let items = page.iter().map(|found| event(found).map(AuditExportItem::Event));
        Ok(Some(items.collect::<Result<_, StoreError>>()?))
    }
}

fn event(found: &AnyRow) -> Result<AuditExportRow, StoreError> {
    Ok(AuditExportRow {
        host: row::text(found, "host")?,
        seq: row::int(found, "seq")?,
        link: row::text(found, "link")?,
        event: row::text(found, "event")?,
    })
}

fn sealed(host: &str, sealed: Option<&Sealed>) -> Option<AuditSealed> {
    sealed.map(|Sealed { seq, link, mac }| AuditSealed {
        host: host.to_owned(),
        seq: *seq,
        link: link.clone(),
        seal: mac.clone().unwrap_or_default(),
    })
}
