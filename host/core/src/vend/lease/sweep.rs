//! What falls due while nobody asks. A tenant whose servers hang does not keep the leases of others
//! waiting: each has so many of its resources worked on and no more, and whoever falls due
//! meanwhile is seen.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::{AbortHandle, JoinSet};

use super::LeaseActor;
use super::turn::Turn;
use crate::clock::UnixMillis;
use crate::lease::ResourceKey;
use crate::vend::{VendError, Vending};

/// Resources that are looked at, and that are worked on at a time: of a tenant, and of all.
const ROUND: usize = 64;
const OF_A_TENANT: usize = 4;
const AT_A_TIME: usize = 8;
/// How soon it is seen, while work goes on, what else is due.
const LOOK: Duration = Duration::from_secs(1);
/// What stays due although it was worked on comes up again after this.
const REST: Duration = Duration::from_secs(5);
/// How long settled leases are shown, in seconds. The audit trail keeps what happened.
const SHOWN_SECONDS: i64 = 30 * 86_400;

impl Vending {
    /// Ends what is due, recovers interrupted mints, until nothing is left. Says how many resources
    /// it was at.
    ///
    /// # Errors
    /// The store or the audit trail failed; whatever is left stays due.
    pub async fn sweep_leases(self: &Arc<Self>) -> Result<usize, VendError> {
        let book = &self.leasing()?.book;
        book.forget(UnixMillis(self.clock.now().0.saturating_sub(SHOWN_SECONDS * 1000))).await?;
        let mut running = JoinSet::new();
        let mut tried: HashMap<ResourceKey, (AbortHandle, Instant)> = HashMap::new();
        let (mut swept, mut failure) = (0, None);
        loop {
            tried.retain(|_, (task, begun)| !task.is_finished() || begun.elapsed() < REST);
            match book.due(self.clock.now(), OF_A_TENANT, ROUND).await {
                Ok(due) => {
                    for resource in due {
                        if running.len() < AT_A_TIME && !tried.contains_key(&resource) {
                            let task = running.spawn(Arc::clone(self).tidy_alone(resource.clone()));
                            tried.insert(resource, (task, Instant::now()));
                            swept += 1;
                        }
                    }
                }
                Err(error) => failure = Some(error.into()),
            }
            match tokio::time::timeout(LOOK, running.join_next()).await {
                // Somebody is slow. Who else is due?
                Err(_) => {}
                Ok(None) => break,
                Ok(Some(Ok(tidied))) => failure = tidied.err().or(failure),
                Ok(Some(Err(_))) => failure = Some(VendError::interrupted()),
            }
        }
        failure.map_or(Ok(swept), Err)
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
