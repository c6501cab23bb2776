//! The keys of one issuer in memory: fetched once for all who wait, asked again when they age or
//! when a key is not known, and kept through an outage.

use std::sync::{Arc, Mutex, PoisonError};

use jsonwebtoken::Algorithm;
use pangolin_core::clock::{Clock, UnixMillis};
use tokio::sync::OwnedMutexGuard;

use super::freshness::DEFAULT_MS;
use super::keys::{KeySet, Verdict};
use super::source::{Fetched, Source};
use super::token::Unverified;
use crate::error::ApiError;

/// An outage is bridged for so long.
const KEPT_MS: i64 = 24 * 3600 * 1000;
/// Least pause between two tries, whatever the tokens say: names of keys that do not exist cost
/// nothing to make.
const PAUSE_MS: i64 = 30 * 1000;
/// The same while no key is known and every caller waits for the first.
const FIRST_PAUSE_MS: i64 = 5 * 1000;

/// No key of the issuer is known, and it does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unavailable {
    pub(super) retry_after_seconds: u64,
}

impl From<Unavailable> for ApiError {
    fn from(unavailable: Unavailable) -> Self {
        let detail = "the issuer of this token does not answer, and its keys are not known yet";
        let status = axum::http::StatusCode::SERVICE_UNAVAILABLE;
        Self {
            retry_after_seconds: Some(unavailable.retry_after_seconds),
            ..Self::new(status, "issuer-unavailable", detail)
        }
    }
}

/// The keys of one issuer.
#[derive(Debug, Clone)]
pub(super) struct KeyCache(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
    /// Whoever holds it fetches.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug, Clone)]
struct Known {
    keys: Option<Arc<KeySet>>,
    fetched: Option<UnixMillis>,
    /// Keys of this age are asked for again: one that its issuer withdrew is not taken for longer.
    fresh_ms: i64,
    /// The last try that counts for the pause: one that failed, or that was made for the name of a
    /// key. One that was due anyway and went well leaves the next rotation its own.
    tried: Option<UnixMillis>,
    /// Raised by each success.
    edition: u64,
}

impl Default for Known {
    fn default() -> Self {
        Self { keys: None, fetched: None, fresh_ms: DEFAULT_MS, tried: None, edition: 0 }
    }
}

/// Whether the clock shows a time so many milliseconds away, in either direction.
fn over(since: Option<UnixMillis>, now: UnixMillis, milliseconds: i64) -> bool {
    since.is_none_or(|since| now.0.abs_diff(since.0) >= milliseconds.unsigned_abs())
}

impl Known {
    /// The keys, unless an outage outlasted them.
    fn usable(&self, now: UnixMillis) -> Option<&Arc<KeySet>> {
        self.keys.as_ref().filter(|_| !over(self.fetched, now, KEPT_MS))
    }

    fn pause(&self, now: UnixMillis) -> i64 {
        if self.usable(now).is_some() { PAUSE_MS } else { FIRST_PAUSE_MS }
    }

    fn may_try(&self, now: UnixMillis) -> bool {
        over(self.tried, now, self.pause(now))
    }

    fn unavailable(&self, now: UnixMillis) -> Unavailable {
        let rest = self.tried.map_or(0, |tried| tried.0 + self.pause(now) - now.0).clamp(1, FIRST_PAUSE_MS);
        Unavailable { retry_after_seconds: u64::try_from(rest).unwrap_or(1).div_ceil(1000) }
    }
}

impl KeyCache {
    pub(super) fn new(source: Source, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner { source, clock, known: Mutex::default(), turn: Arc::default() }))
    }

    /// Whether a key of the issuer signed the token by this algorithm.
    pub(super) async fn verify(&self, token: &Unverified<'_>, algorithm: Algorithm) -> Result<bool, Unavailable> {
        let now = self.0.clock.now();
        let known = self.0.known();
        let verdict = known.usable(now).map(|keys| keys.judge(token, algorithm));
        let stale = over(known.fetched, now, known.fresh_ms);
        match verdict {
            Some(Verdict::Signed) if !stale => return Ok(true),
            Some(Verdict::NotSigned) if !stale => return Ok(false),
            // Somebody is asking already: with a known key there is nothing to wait for.
            Some(Verdict::Signed) if self.0.turn.try_lock().is_err() => return Ok(true),
            _ => {}
        }
        let newer = self.after(known.edition, stale).await?;
        Ok(newer.judge(token, algorithm) == Verdict::Signed)
    }

    /// Fetches the keys, if they are not known.
    pub(super) async fn warm(&self) {
        let _ = self.after(0, true).await;
    }

    /// The keys after `edition`: fetched, or found to be fetched by somebody else; those at hand
    /// where it is too soon to ask, or nobody answers.
    async fn after(&self, edition: u64, due: bool) -> Result<Arc<KeySet>, Unavailable> {
        let at_hand = |known: &Known, now| known.usable(now).cloned().ok_or_else(|| known.unavailable(now));
        let now = self.0.clock.now();
        let known = self.0.known();
        if !known.may_try(now) && self.0.turn.try_lock().is_ok() {
            return at_hand(&known, now);
        }
        let turn = self.0.turn.clone().lock_owned().await;
        let now = self.0.clock.now();
        let known = self.0.known();
        if known.edition == edition && known.may_try(now) {
            // On its own: a caller that goes away does not end what others wait for.
            let inner = self.0.clone();
            let _ = tokio::spawn(async move { inner.fetch(turn, due).await }).await;
        }
        at_hand(&self.0.known(), self.0.clock.now())
    }
}

impl Inner {
    fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }

    async fn fetch(&self, turn: OwnedMutexGuard<()>, due: bool) {
        self.change(|known| known.tried = Some(self.clock.now()));
        let answer = self.source.keys().await;
        let now = self.clock.now();
        match answer {
            Ok(Fetched { keys, fresh_ms }) => {
                self.say(&keys, fresh_ms);
                self.change(|known| {
                    known.keys = Some(Arc::new(keys));
                    known.fetched = Some(now);
                    known.fresh_ms = fresh_ms;
                    known.edition += 1;
                    if due {
                        known.tried = None;
                    }
                });
            }
            Err(error) => {
                tracing::warn!(
                    issuer = self.source.issuer(),
                    error = %error,
                    bridged = self.known().usable(now).is_some(),
                    "keys of the issuer cannot be fetched"
                );
                // The pause begins when the wait is over.
                self.change(|known| known.tried = Some(now));
            }
        }
        drop(turn);
    }
    /// Says that keys were fetched: to the operator where they are others than before.
    fn say(&self, keys: &KeySet, fresh_ms: i64) {
        let (issuer, names, fresh_seconds) = (self.source.issuer(), keys.names(), fresh_ms / 1000);
        if self.known().keys.is_some_and(|before| before.names() == names) {
            tracing::debug!(
                issuer,
                keys = names.len(),
                fresh_seconds,
                "keys of the issuer fetched, the same as before"
            );
        } else {
            tracing::info!(issuer, keys = names.len(), fresh_seconds, "keys of the issuer fetched");
        }
    }
}
