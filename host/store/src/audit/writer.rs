//! The one task that writes the trail. It takes all events that wait, chains them, inserts them
//! in one transaction, and answers their waiters when that is durable. While a batch is being
//! committed the next one gathers, so many requests share one commit.

use std::sync::{Arc, OnceLock};

use pangolin_core::audit::{AuditEvent, chain_link};
use pangolin_core::ports::AuditUnavailable;
use sqlx::AssertSqlSafe;
use tokio::sync::{mpsc, oneshot};

use super::row::{AuditRow, bind, insert_text};
use super::{Tail, anchor, link_text, parse_link};
use crate::db::{Db, sql};
use crate::error::{broken, is_taken};
use crate::row;

/// Events in one batch.
const BATCH: usize = 256;
/// Events that may wait; more of them wait for room.
const QUEUE: usize = 4_096;
/// Another process may write a chain of the same name on PostgreSQL; so often the end of the
/// chain is read again before the batch fails.
const ATTEMPTS: usize = 3;

enum Job {
    Event(Box<AuditRow>, oneshot::Sender<Result<(), AuditUnavailable>>),
    Close(oneshot::Sender<()>),
}

/// Hands events to the task.
#[derive(Debug)]
pub(crate) struct AuditWriter(mpsc::Sender<Job>);

impl AuditWriter {
    /// Starts the task. It ends when the writer is dropped or closed.
    pub(crate) fn start(db: Arc<Db>, host: String) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(Task { db, host, tail: None }.run(receiver));
        Self(sender)
    }

    /// Records one event; returns when it is durable.
    pub(crate) async fn record(&self, event: &AuditEvent) -> Result<(), AuditUnavailable> {
        let row = AuditRow::of(event).map_err(|error| unavailable(&error))?;
        let (answer, answered) = oneshot::channel();
        self.0.send(Job::Event(Box::new(row), answer)).await.map_err(|_| AuditUnavailable)?;
        answered.await.map_err(|_| AuditUnavailable)?
    }

    /// Writes what waits and ends the task.
    pub(crate) async fn close(&self) {
        let (answer, answered) = oneshot::channel();
        if self.0.send(Job::Close(answer)).await.is_ok() {
            // An error means that the task has ended already.
            let _ = answered.await;
        }
    }
}

fn unavailable(error: &(dyn std::error::Error + 'static)) -> AuditUnavailable {
    tracing::error!(error, "the audit trail cannot be written");
    AuditUnavailable
}

struct Task {
    db: Arc<Db>,
    host: String,
    /// The end of the chain; none until it was read, and after a failure.
    tail: Option<Tail>,
}

/// A failure of a batch.
#[derive(Debug)]
enum Failure {
    /// Somebody else has written under these numbers.
    Taken(sqlx::Error),
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        if is_taken(&error) { Self::Taken(error) } else { Self::Other(Box::new(error)) }
    }
}

impl Task {
    async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut waiting = Vec::with_capacity(BATCH);
        let mut closing = Vec::new();
        while jobs.recv_many(&mut waiting, BATCH).await > 0 {
            let mut rows = Vec::with_capacity(waiting.len());
            let mut answers = Vec::with_capacity(waiting.len());
            for job in waiting.drain(..) {
                match job {
                    Job::Event(row, answer) => {
                        rows.push(*row);
                        answers.push(answer);
                    }
                    Job::Close(answer) => {
                        closing.push(answer);
                        // What was sent before is still received; nothing is sent after.
                        jobs.close();
                    }
                }
            }
            if rows.is_empty() {
                continue;
            }
            let outcome = self.write(&rows).await;
            for answer in answers {
                // A waiter that went away does not mind.
                let _ = answer.send(outcome.clone());
            }
        }
        if let Some(tail) = self.tail
            && let Err(error) = anchor::write(&self.host, tail).execute(&self.db.tasks).await
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "the audit chain was not anchored");
        }
        for answer in closing {
            let _ = answer.send(());
        }
    }

    /// Writes a batch, all or none of it.
    async fn write(&mut self, rows: &[AuditRow]) -> Result<(), AuditUnavailable> {
        for attempt in 1..=ATTEMPTS {
            match self.try_write(rows).await {
                Ok(tail) => {
                    self.tail = Some(tail);
                    return Ok(());
                }
                Err(Failure::Taken(error)) if attempt < ATTEMPTS => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        host = self.host,
                        "audit chain was continued elsewhere"
                    );
                    self.tail = None;
                }
                Err(Failure::Taken(error)) => {
                    self.tail = None;
                    return Err(unavailable(&error));
                }
                Err(Failure::Other(error)) => {
                    // Whether it is durable is not known: the end of the chain is read again.
                    self.tail = None;
                    return Err(unavailable(error.as_ref()));
                }
            }
        }
        Err(AuditUnavailable)
    }

    async fn try_write(&self, rows: &[AuditRow]) -> Result<Tail, Failure> {
        let before = match self.tail {
            Some(tail) => tail,
            None => self.read_tail().await?,
        };
        let mut after = before;
        let mut links = Vec::with_capacity(rows.len());
        for row in rows {
            after = Tail { seq: after.seq + 1, link: chain_link(&after.link, &row.event) };
            links.push((after.seq, link_text(&after.link)));
        }
        let anchored = anchor::is_due(before.seq, after.seq);
        let mut links = links.into_iter();
        if rows.len() <= EXACT && !anchored {
            // One statement is a transaction of its own.
            self.insert(rows, &mut links).execute(&self.db.tasks).await?;
            return Ok(after);
        }
        let mut tx = self.db.tasks.begin_with(self.db.dialect.begin_write()).await?;
        let mut rest = rows;
        while !rest.is_empty() {
            let (now, later) = rest.split_at_checked(chunk(rest.len())).unwrap_or((rest, &[]));
            self.insert(now, &mut links).execute(&mut *tx).await?;
            rest = later;
        }
        if anchored {
            anchor::write(&self.host, after).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(after)
    }

    fn insert<'q>(
        &'q self,
        rows: &'q [AuditRow],
        links: &mut impl Iterator<Item = (i64, String)>,
    ) -> crate::db::Statement<'q> {
        let mut insert = sqlx::query(AssertSqlSafe(text_for(rows.len())));
        for (row, (seq, link)) in rows.iter().zip(links) {
            insert = bind(insert, &self.host, seq, link, row);
        }
        insert
    }

    async fn read_tail(&self) -> Result<Tail, Failure> {
        let select = sql("SELECT seq, link FROM audit_events WHERE host = $1 ORDER BY seq DESC LIMIT 1");
        // From the connection that writes, so that nothing written before is missed.
        let found = select.bind(self.host.as_str()).fetch_optional(&self.db.tasks).await?;
        let Some(found) = found else { return Ok(Tail::START) };
        let read = || {
            let link = parse_link(&row::text(&found, "link")?).ok_or_else(|| broken("the last link is not a link"))?;
            Ok::<_, pangolin_core::ports::StoreError>(Tail { seq: row::int(&found, "seq")?, link })
        };
        read().map_err(|error| Failure::Other(Box::new(error)))
    }
}

/// Up to here a batch is inserted by a statement of its exact size.
const EXACT: usize = 16;
/// Larger ones are cut into these, so that the driver keeps few statements.
const SIZES: [usize; 4] = [256, 128, 64, 32];

/// How many of `rows` rows go into the next statement.
fn chunk(rows: usize) -> usize {
    if rows <= EXACT { rows } else { SIZES.into_iter().find(|size| *size <= rows).unwrap_or(EXACT) }
}

/// The text for so many rows, made once.
fn text_for(rows: usize) -> Arc<str> {
    static TEXTS: [OnceLock<Arc<str>>; BATCH + 1] = [const { OnceLock::new() }; BATCH + 1];
    let make = || Arc::from(insert_text(rows));
    TEXTS.get(rows).map_or_else(make, |text| Arc::clone(text.get_or_init(make)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_add_up_and_few_sizes_are_used() {
        let mut sizes = std::collections::BTreeSet::new();
        for rows in 1..=BATCH {
            let mut rest = rows;
            while rest > 0 {
                let next = chunk(rest);
                assert!(next > 0 && next <= rest);
                sizes.insert(next);
                rest -= next;
            }
        }
        assert_eq!(sizes.len(), EXACT + SIZES.len());
    }

    #[test]
    fn the_text_has_a_place_for_every_value() {
        assert_eq!(text_for(3).matches('$').count(), 39);
        assert!(text_for(2).contains("($14, "));
    }
}
