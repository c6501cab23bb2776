//! What is kept between calls: tokens and delegation keys, each by whom it is for.
//!
//! One request at a time gets a new one, the others wait or use the old one. A new one is got at
//! half of its life; while that fails, the old one serves until its end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use pangolin_core::clock::{Clock, UnixMillis};
use pangolin_core::strategy::StrategyError;
use sha2::{Digest, Sha256};

/// Entries that are kept. Tenants choose principals, so the number must have a bound.
const MAX_ENTRIES: usize = 1_024;

/// After a failure nobody asks again for so long.
const PAUSE_SECONDS: i64 = 1;
/// The longest time for which an upstream can ask.
const MAX_PAUSE_SECONDS: i64 = 30;

/// Whose a value is: a digest, so that no secret lies in a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct CacheKey([u8; 32]);

impl CacheKey {
    /// The digest of these parts, in this order.
    pub(super) fn new(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// A key for something of this one's.
    pub(super) fn of(self, what: &str) -> Self {
        Self::new(&[&self.0, what.as_bytes()])
    }
}

/// Something that ends.
pub(super) trait Ends {
    /// When.
    fn expires_at(&self) -> UnixMillis;
}

/// Values by key.
#[derive(Debug)]
pub(super) struct Kept<V> {
    clock: Arc<dyn Clock>,
    entries: Mutex<HashMap<CacheKey, Arc<Entry<V>>>>,
}

#[derive(Debug)]
struct Entry<V> {
    state: Mutex<State<V>>,
    /// Held by who gets a new value.
    flight: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State<V> {
    value: Option<Arc<V>>,
    refresh_at: UnixMillis,
    /// Why there is no new value, and until when nobody asks for one.
    failure: Option<(StrategyError, UnixMillis)>,
}

impl<V: Ends> Kept<V> {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, entries: Mutex::default() }
    }

    /// The kept value if it lives until then, else a new one. A caller that goes away while it
    /// gets one leaves that to the next.
    pub(super) async fn get(
        &self,
        key: CacheKey,
        until: UnixMillis,
        fetch: impl AsyncFnOnce() -> Result<V, StrategyError>,
    ) -> Result<Arc<V>, StrategyError> {
        let entry = self.entry(key);
        if let Some(settled) = entry.settled(self.clock.now(), until) {
            return settled;
        }
        let _flight = match entry.flight.try_lock() {
            Ok(flight) => flight,
            Err(_) => {
                if let Some(value) = entry.living(until) {
                    return Ok(value);
                }
                entry.flight.lock().await
            }
        };
        if let Some(settled) = entry.settled(self.clock.now(), until) {
            return settled;
        }
        let fetched = fetch().await;
        entry.settle(fetched, self.clock.now(), until)
    }

    /// Drops a value that is not good any more.
    pub(super) fn forget(&self, key: CacheKey) {
        self.lock().remove(&key);
    }

    fn entry(&self, key: CacheKey) -> Arc<Entry<V>> {
        let mut entries = self.lock();
        if entries.len() >= MAX_ENTRIES && !entries.contains_key(&key) {
            let now = self.clock.now();
            // What somebody waits for stays.
            entries.retain(|_, entry| Arc::strong_count(entry) > 1 || entry.living(now).is_some());
            if entries.len() >= MAX_ENTRIES {
                entries.clear();
            }
        }
        entries.entry(key).or_default().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<CacheKey, Arc<Entry<V>>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }
}

impl<V> Default for Entry<V> {
    fn default() -> Self {
        let state = State { value: None, refresh_at: UnixMillis(0), failure: None };
        Self { state: Mutex::new(state), flight: tokio::sync::Mutex::default() }
    }
}

impl<V: Ends> Entry<V> {
    /// What can be answered without asking anybody.
    fn settled(&self, now: UnixMillis, until: UnixMillis) -> Option<Result<Arc<V>, StrategyError>> {
        let state = self.lock();
        let paused = state.failure.as_ref().filter(|(_, until)| now < *until);
        match (&state.value, paused) {
            (Some(value), None) if now < state.refresh_at && value.expires_at() >= until => Some(Ok(value.clone())),
            (Some(value), Some(_)) if value.expires_at() >= until => Some(Ok(value.clone())),
            (_, Some((failure, _))) => Some(Err(failure.clone())),
            _ => None,
        }
    }

    /// The value, fresh or not, if it lives until then.
    fn living(&self, until: UnixMillis) -> Option<Arc<V>> {
        self.lock().value.clone().filter(|value| value.expires_at() >= until)
    }

    /// Keeps what came; a failure leaves the old value in service.
    fn settle(
        &self,
        fetched: Result<V, StrategyError>,
        now: UnixMillis,
        until: UnixMillis,
    ) -> Result<Arc<V>, StrategyError> {
        let mut state = self.lock();
        match fetched {
            Ok(value) => {
                let value = Arc::new(value);
                state.refresh_at = UnixMillis(now.0 + (value.expires_at().0 - now.0) / 2);
                state.value = Some(value.clone());
                state.failure = None;
                Ok(value)
            }
            Err(failure) => {
                let asked = failure.retry_after_ms.map_or(0, |ms| i64::from(ms) / 1000);
                let pause = now.plus_seconds(asked.clamp(PAUSE_SECONDS, MAX_PAUSE_SECONDS));
                state.failure = Some((failure.clone(), pause));
                let old = state.value.clone().filter(|value| value.expires_at() >= until);
                old.ok_or(failure)
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State<V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
