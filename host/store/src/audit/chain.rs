//! One chain as the database has it: its two sealed ends, and the walk from one to the other.

use pangolin_core::audit::AuditEvent;
use pangolin_core::ports::StoreError;
use sqlx::any::AnyRow;

use super::row::AuditRow;
use super::{AuditClaim, AuditFault, AuditSeals, AuditTail};
use crate::db::{Statement, sql};
use crate::row;

/// A sealed place as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sealed {
    pub(crate) seq: i64,
    pub(crate) link: String,
    pub(crate) mac: Option<String>,
}

impl Sealed {
    /// The place; a link that is none is no place that a host sealed.
    pub(crate) fn tail(&self) -> Option<AuditTail> {
        AuditTail::parse(self.seq, &self.link)
    }
}

/// What is stored about a chain beside its events, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) host: String,
    pub(crate) start: Option<Sealed>,
    pub(crate) end: Option<Sealed>,
    pub(crate) first_row: Option<i64>,
    pub(crate) last_row: Option<i64>,
}

/// One statement, so that all of it is of one moment.
const READ: &str = "SELECT a.seq AS end_seq, a.link AS end_link, a.mac AS end_mac, \
     c.seq AS start_seq, c.link AS start_link, c.mac AS start_mac, \
     (SELECT MIN(e.seq) FROM audit_events e WHERE e.host = $1) AS first_row, \
     (SELECT MAX(e.seq) FROM audit_events e WHERE e.host = $1) AS last_row \
     FROM (SELECT 1 AS one) o LEFT JOIN audit_anchors a ON a.host = $1 LEFT JOIN audit_checkpoints c ON c.host = $1";

impl Head {
    /// The statement that reads it.
    pub(crate) fn read(host: &str) -> Statement<'_> {
        sql(READ).bind(host)
    }

    pub(crate) fn of(host: &str, found: Option<&AnyRow>) -> Result<Self, StoreError> {
        let mut head = Self { host: host.to_owned(), start: None, end: None, first_row: None, last_row: None };
        let Some(found) = found else { return Ok(head) };
        let sealed = |seq, link, mac| {
            let Some(seq) = row::opt_int(found, seq)? else { return Ok::<_, StoreError>(None) };
            let link = row::opt_text(found, link)?.unwrap_or_default();
            Ok(Some(Sealed { seq, link, mac: row::opt_text(found, mac)? }))
        };
        head.end = sealed("end_seq", "end_link", "end_mac")?;
        head.start = sealed("start_seq", "start_link", "start_mac")?;
        head.first_row = row::opt_int(found, "first_row")?;
        head.last_row = row::opt_int(found, "last_row")?;
        Ok(head)
    }

    /// Both ends, if the seals are the host's own.
    pub(crate) fn ends(&self, seals: &AuditSeals) -> Result<(AuditTail, AuditTail), (i64, AuditFault)> {
        let forged = super::SealFault::Forged;
        let start = match &self.start {
            None => AuditTail::START,
            Some(sealed) => {
                let wrong = |fault| (sealed.seq, AuditFault::Start(fault));
                let tail = sealed.tail().ok_or_else(|| wrong(forged.clone()))?;
                seals.check(AuditClaim::Start(&self.host, tail), sealed.mac.as_deref()).map_err(wrong)?;
                tail
            }
        };
        let sealed = self.end.as_ref().ok_or((self.last_row.unwrap_or(0), AuditFault::NoEnd))?;
        let wrong = |fault| (sealed.seq, AuditFault::End(fault));
        let end = sealed.tail().ok_or_else(|| wrong(forged))?;
        seals.check(AuditClaim::End(&self.host, end), sealed.mac.as_deref()).map_err(wrong)?;
        if end.seq < start.seq || (end.seq == start.seq && end.link != start.link) {
            // Both are the host's own word, of different times: an older one was put back.
            return Err((end.seq, AuditFault::End(super::SealFault::Forged)));
        }
        Ok((start, end))
    }

    /// What lies outside of the two ends.
    pub(crate) fn outside(&self, start: AuditTail, end: AuditTail) -> Option<(i64, AuditFault)> {
        match (self.first_row, self.last_row) {
            (Some(first), _) if first <= start.seq => Some((first, AuditFault::BeforeStart)),
            (_, Some(last)) if last > end.seq => Some((end.seq + 1, AuditFault::BeyondEnd)),
            _ => None,
        }
    }
}

/// Events of a chain after a place and up to a number.
pub(crate) fn events<'q>(host: &'q str, after: i64, until: i64, limit: i64) -> Statement<'q> {
    sql("SELECT * FROM audit_events WHERE host = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4")
        .bind(host)
        .bind(after)
        .bind(until)
        .bind(limit)
}

/// The place of this event, which must be the one after `tail`.
pub(crate) fn step(tail: AuditTail, found: &AnyRow) -> Result<Result<AuditTail, (i64, AuditFault)>, StoreError> {
    let text = row::text(found, "event")?;
    let next = tail.followed_by(&text);
    if row::int(found, "seq")? != next.seq {
        return Ok(Err((next.seq, AuditFault::Missing)));
    }
    if AuditTail::parse(next.seq, &row::text(found, "link")?) != Some(next) {
        return Ok(Err((next.seq, AuditFault::Changed)));
    }
    let expected = serde_json::from_str::<AuditEvent>(&text).ok().and_then(|event| AuditRow::of(&event).ok());
    let Some(expected) = expected else { return Ok(Err((next.seq, AuditFault::Changed))) };
    Ok(match column(found, &expected)? {
        None => Ok(next),
        Some(column) => Err((next.seq, AuditFault::Column(column))),
    })
}

/// The column that says something else than the event.
fn column(found: &AnyRow, expected: &AuditRow) -> Result<Option<&'static str>, StoreError> {
    let text = |column, value: Option<&str>| {
        Ok::<_, StoreError>((row::opt_text(found, column)?.as_deref() != value).then_some(column))
    };
    let checks = [
        text("id", Some(&expected.id))?,
        text("tenant_id", expected.tenant_id.as_deref())?,
        text("user_id", expected.user_id.as_deref())?,
        text("username", Some(&expected.username))?,
        text("action", Some(&expected.action))?,
        text("resource_type", Some(&expected.resource_type))?,
        text("resource_id", expected.resource_id.as_deref())?,
        text("resource_name", Some(&expected.resource_name))?,
        text("result", Some(expected.result))?,
        text("request_id", Some(&expected.request_id))?,
        text("trace_id", expected.trace_id.as_deref())?,
        (row::int(found, "at")? != expected.at).then_some("at"),
    ];
    Ok(checks.into_iter().flatten().next())
}
