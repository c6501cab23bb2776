//! What falls due while nobody asks.

use std::sync::Arc;
use std::time::Duration;

use super::LeaseActor;
use super::turn::Turn;
use crate::clock::UnixMillis;
use crate::lease::ResourceKey;
use crate::vend::{VendError, Vending};

/// Resources in one round, and at a time.
const ROUND: usize = 64;
const AT_A_TIME: usize = 8;
/// How long settled leases are shown, in seconds. The audit trail keeps what happened.
const SHOWN_SECONDS: i64 = 30 * 86_400;

impl Vending {
    /// One round: ends what is due, recovers interrupted mints. Says how many resources it was at.
    ///
    /// # Errors
    /// The store or the audit trail failed; whatever is left stays due.
    pub async fn sweep_leases(self: &Arc<Self>) -> Result<usize, VendError> {
        let book = &self.leasing()?.book;
        let now = self.clock.now();
        let due = book.due(now, ROUND).await?;
        let mut failure = None;
        for some in due.chunks(AT_A_TIME) {
            let mut running = tokio::task::JoinSet::new();
            for resource in some {
                running.spawn(Arc::clone(self).tidy_alone(resource.clone()));
            }
            while let Some(ended) = running.join_next().await {
                match ended {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => failure = Some(error),
                    Err(_) => failure = Some(VendError::interrupted()),
                }
            }
        }
        book.forget(UnixMillis(now.0.saturating_sub(SHOWN_SECONDS * 1000))).await?;
        failure.map_or(Ok(due.len()), Err)
    }

    /// A resource that somebody works on is tidied by them.
    async fn tidy_alone(self: Arc<Self>, resource: ResourceKey) -> Result<(), VendError> {
        let leasing = self.leasing()?;
        let Some(turn) = Turn::take(&leasing.book, &self.clock, &resource, Duration::ZERO).await? else {
            return Ok(());
        };
        let tidied = self.tidy(&resource, &LeaseActor::system()).await;
        turn.end().await;
        tidied
    }
}
