//! The lock of a resource, in all hosts, held as long as the work takes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::lease::{ResourceKey, ResourceLock};
use crate::ports::{LeaseBook, StoreError};

/// When the lock of a host that is gone lapses.
const LAPSE_SECONDS: i64 = 15;
/// How often a living host says so: twice before that, with a slow database in mind.
const RENEW: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(100);

/// The right to work on a resource.
pub(super) struct Turn {
    book: Arc<dyn LeaseBook>,
    lock: ResourceLock,
    renewal: JoinHandle<()>,
}

impl Turn {
    /// Takes it; none: another has it still after `patience`.
    pub(super) async fn take(
        book: &Arc<dyn LeaseBook>,
        clock: &Arc<dyn Clock>,
        resource: &ResourceKey,
        patience: Duration,
    ) -> Result<Option<Self>, StoreError> {
        let begun = Instant::now();
        loop {
            let now = clock.now();
            if let Some(lock) = book.lock(resource, now, now.plus_seconds(LAPSE_SECONDS)).await? {
                let renewal = tokio::spawn(renew(Arc::clone(book), Arc::clone(clock), lock.clone()));
                return Ok(Some(Self { book: Arc::clone(book), lock, renewal }));
            }
            if begun.elapsed() >= patience {
                return Ok(None);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Gives it back. If that fails it lapses.
    pub(super) async fn end(self) {
        self.renewal.abort();
        let _ = self.book.unlock(&self.lock).await;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

async fn renew(book: Arc<dyn LeaseBook>, clock: Arc<dyn Clock>, lock: ResourceLock) {
    loop {
        tokio::time::sleep(RENEW).await;
        if let Ok(false) = book.renew(&lock, clock.now().plus_seconds(LAPSE_SECONDS)).await {
            return;
        }
    }
}
