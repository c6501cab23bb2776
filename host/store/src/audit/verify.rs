//! Whether the trail is what was written.

use pangolin_core::audit::{AuditEvent, chain_link};
use pangolin_core::ports::StoreError;
use sqlx::any::AnyRow;

use super::row::AuditRow;
use super::{Tail, parse_link};
use crate::db::sql;
use crate::row;
use crate::store::Store;

/// Rows read at once.
const PAGE: i64 = 1_000;

/// What a walk over every chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditVerdict {
    /// Every chain holds.
    Ok {
        /// Events walked over.
        rows: u64,
    },
    /// A row was changed, taken out or put in.
    Broken {
        /// The chain.
        host: String,
        /// The first event that does not fit, or is missing.
        seq: i64,
    },
}

impl Store {
    /// Walks every chain.
    ///
    /// # Errors
    /// The database failed. A broken chain is the `Ok` value.
    pub async fn audit_verify(&self) -> Result<AuditVerdict, StoreError> {
        let mut rows = 0;
        let hosts = sql("SELECT host FROM audit_anchors UNION SELECT DISTINCT host FROM audit_events ORDER BY host");
        for found in self.db().all(hosts).await? {
            let host = row::text(&found, "host")?;
            match self.verify_chain(&host).await? {
                Ok(walked) => rows += walked,
                Err(seq) => return Ok(AuditVerdict::Broken { host, seq }),
            }
        }
        Ok(AuditVerdict::Ok { rows })
    }

    /// Events walked over, or the number of the first that does not fit.
    async fn verify_chain(&self, host: &str) -> Result<Result<u64, i64>, StoreError> {
        // The anchor first: the chain may grow meanwhile, the anchor must lie on it.
        let anchor = self.db().optional(sql("SELECT seq, link FROM audit_anchors WHERE host = $1").bind(host)).await?;
        let anchor = anchor.map(|found| Ok::<_, StoreError>((row::int(&found, "seq")?, row::text(&found, "link")?)));
        let anchor = anchor.transpose()?;
        let mut tail = Tail::START;
        let mut walked = 0;
        loop {
            let select = sql("SELECT * FROM audit_events WHERE host = $1 AND seq > $2 ORDER BY seq LIMIT $3")
                .bind(host)
                .bind(tail.seq)
                .bind(PAGE);
            let page = self.db().all(select).await?;
            for found in &page {
                let expected = tail.seq + 1;
                tail = match next(tail, found)? {
                    Some(next) => next,
                    None => return Ok(Err(expected)),
                };
                walked += 1;
                let off_anchor =
                    anchor.as_ref().is_some_and(|(seq, link)| *seq == tail.seq && parse_link(link) != Some(tail.link));
                if off_anchor {
                    return Ok(Err(tail.seq));
                }
            }
            if i64::try_from(page.len()).unwrap_or(PAGE) < PAGE {
                break;
            }
        }
        match anchor {
            Some((seq, _)) if seq > tail.seq => Ok(Err(tail.seq + 1)),
            _ => Ok(Ok(walked)),
        }
    }
}

/// The chain after this row; none if the row does not fit: a number is missing, the link is
/// another one, or the columns that filters look at say something else than the event.
fn next(tail: Tail, found: &AnyRow) -> Result<Option<Tail>, StoreError> {
    let text = row::text(found, "event")?;
    let link = chain_link(&tail.link, &text);
    let seq = tail.seq + 1;
    let Ok(event) = serde_json::from_str::<AuditEvent>(&text) else { return Ok(None) };
    let Ok(expected) = AuditRow::of(&event) else { return Ok(None) };
    let fits = row::int(found, "seq")? == seq
        && parse_link(&row::text(found, "link")?) == Some(link)
        && row::text(found, "id")? == expected.id
        && row::opt_text(found, "tenant_id")? == expected.tenant_id
        && row::opt_text(found, "user_id")? == expected.user_id
        && row::text(found, "action")? == expected.action
        && row::text(found, "resource_type")? == expected.resource_type
        && row::opt_text(found, "resource_id")? == expected.resource_id
        && row::int(found, "at")? == expected.at
        && row::text(found, "result")? == expected.result
        && row::text(found, "request_id")? == expected.request_id;
    Ok(fits.then_some(Tail { seq, link }))
}
