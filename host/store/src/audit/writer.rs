//! The one task that writes the trail. It takes all events that wait, chains them, inserts them
//! in one transaction, and answers their waiters when that is durable. While a batch is being
//! committed the next one gathers, so many requests share one commit. The end of the chain is sealed
//! in the same transaction; a small batch is one round trip.

mod begin;

use std::sync::{Arc, OnceLock};

use pangolin_core::audit::AuditEvent;
use pangolin_core::ports::{AuditUnavailable, StoreError};
use sqlx::AssertSqlSafe;
use tokio::sync::{mpsc, oneshot};

use super::row::{AuditRow, bind, insert_text, sealed_insert_text};
use super::{AuditSeals, AuditTail, anchor};
use crate::db::{Db, Statement, sql};
use crate::dialect::Dialect;
use crate::error::{is_ended_for_another, is_taken};

/// Events in one batch.
const BATCH: usize = 256;
/// Events that may wait; more of them wait for room.
const QUEUE: usize = 4_096;
/// Another process may write a chain of the same name on PostgreSQL, as `pangolin secrets rotate` does
/// beside a busy host; so often the end of the chain is read again before the batch fails.
const ATTEMPTS: usize = 30;
/// After so many it waits until it is alone.
const HURRIED: usize = 3;

enum Job {
    Event(Box<AuditRow>, oneshot::Sender<Result<(), AuditUnavailable>>),
    Close(oneshot::Sender<()>),
}

/// Hands events to the task.
#[derive(Debug)]
pub(crate) struct AuditWriter(mpsc::Sender<Job>);

impl AuditWriter {
    /// Starts the task. It ends when the writer is dropped or closed.
    pub(crate) fn start(db: Arc<Db>, host: String, seals: AuditSeals) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(Task { db, host, seals, tail: None }.run(receiver));
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
    seals: AuditSeals,
    /// The end of the chain; none until it was read, and after a failure.
    tail: Option<AuditTail>,
}

/// A failure of a batch.
#[derive(Debug)]
enum Failure {
    /// Somebody else has written under these numbers, or does so now.
    Taken(Box<dyn std::error::Error + Send + Sync>),
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let taken = is_taken(&error) || is_ended_for_another(&error);
        if taken { Self::Taken(Box::new(error)) } else { Self::Other(Box::new(error)) }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Other(Box::new(error))
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
        if let Some(tail) = self.tail {
            // Where logs are kept elsewhere, this shows later that the chain was not put back.
            tracing::info!(host = self.host, seq = tail.seq, link = tail.link_text(), "end of the audit chain");
        }
        for answer in closing {
            let _ = answer.send(());
        }
    }

    /// Writes a batch, all or none of it.
    async fn write(&mut self, rows: &[AuditRow]) -> Result<(), AuditUnavailable> {
        for attempt in 1..=ATTEMPTS {
            match self.try_write(rows, attempt > HURRIED).await {
                Ok(tail) => {
                    self.tail = Some(tail);
                    return Ok(());
                }
                Err(Failure::Taken(error)) if attempt < ATTEMPTS => {
                    tracing::warn!(
                        error = error.as_ref() as &dyn std::error::Error,
                        host = self.host,
                        "audit chain was continued elsewhere"
                    );
                    self.tail = None;
                }
                Err(Failure::Taken(error)) => {
                    self.tail = None;
                    return Err(unavailable(error.as_ref()));
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

    /// `alone`: nobody else writes meanwhile. Whoever must read the end of the chain first would lose
    /// against one who knows it, again and again.
    async fn try_write(&self, rows: &[AuditRow], alone: bool) -> Result<AuditTail, Failure> {
        let mut locked = match self.db.dialect.lock_trail().filter(|_| alone) {
            Some(lock) => {
                let mut tx = self.db.tasks.begin_with(self.db.dialect.begin_write()).await?;
                sql(lock).execute(&mut *tx).await?;
                Some(tx)
            }
            None => None,
        };
        let mut tail = match self.tail {
            Some(tail) => tail,
            None => self.begin().await?,
        };
        let mut links = Vec::with_capacity(rows.len());
        for row in rows {
            tail = tail.followed_by(&row.event);
            links.push((tail.seq, tail.link_text()));
        }
        let mut links = links.into_iter();
        if rows.len() <= EXACT && locked.is_none() {
            let insert = self.insert(sealed_text_for(self.db.dialect, rows.len()), rows, &mut links);
            self.at_once(anchor::bind(insert, &self.host, tail, &self.seals)).await?;
            return Ok(tail);
        }
        let mut tx = match locked.take() {
            Some(tx) => tx,
            None => self.db.tasks.begin_with(self.db.dialect.begin_write()).await?,
        };
        let mut rest = rows;
        while !rest.is_empty() {
            let (now, later) = rest.split_at_checked(chunk(rest.len())).unwrap_or((rest, &[]));
            self.insert(text_for(now.len()), now, &mut links).execute(&mut *tx).await?;
            rest = later;
        }
        anchor::write(&self.host, tail, &self.seals).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(tail)
    }

    /// Runs a text that is a transaction of its own.
    async fn at_once(&self, statement: Statement<'_>) -> Result<(), Failure> {
        let mut connection = self.db.tasks.acquire().await?;
        let done = statement.execute(&mut *connection).await;
        if done.is_err() && self.db.dialect == Dialect::Sqlite {
            // The text stopped half-way. Some failures have ended the transaction already; then
            // this one fails, and that is all.
            let _ = sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await;
        }
        done?;
        Ok(())
    }

    fn insert<'q>(
        &'q self,
        text: Arc<str>,
        rows: &'q [AuditRow],
        links: &mut impl Iterator<Item = (i64, String)>,
    ) -> Statement<'q> {
        let mut insert = sqlx::query(AssertSqlSafe(text));
        for (row, (seq, link)) in rows.iter().zip(links) {
            insert = bind(insert, &self.host, seq, link, row);
        }
        insert
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

/// The same with the end of the chain.
fn sealed_text_for(dialect: Dialect, rows: usize) -> Arc<str> {
    static TEXTS: [[OnceLock<Arc<str>>; EXACT + 1]; 2] = [const { [const { OnceLock::new() }; EXACT + 1] }; 2];
    let make = || Arc::from(sealed_insert_text(dialect, rows));
    let of_dialect = TEXTS.get(usize::from(dialect == Dialect::Postgres)).and_then(|texts| texts.get(rows));
    of_dialect.map_or_else(make, |text| Arc::clone(text.get_or_init(make)))
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
        assert_eq!(text_for(3).matches('$').count(), 48);
        assert!(text_for(2).contains("($17, "));
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            let text = sealed_text_for(dialect, 2);
            assert_eq!(text.matches('$').count(), 2 * 16 + anchor::VALUES, "{text}");
            assert!(text.contains("$36") && !text.contains("$37"), "{text}");
        }
    }
}
