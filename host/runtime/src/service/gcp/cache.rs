//! Wide tokens between calls: one request at a time for each principal, and a fresh token once half
//! of the life of the one in hand is over.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use pangolin_core::clock::{Clock, UnixMillis};
use pangolin_core::strategy::{StrategyError, StrategyErrorKind as Kind};

use super::WideToken;

/// Principals that are kept. Tenants bring their own keys, so the number must have a bound.
const KEPT: usize = 1_024;
/// What must be left of a token that still serves while Google is down.
const LEAST_LEFT_MS: i64 = 300_000;

/// A digest of everything that decides which token it is. No secret can be read from it.
pub(super) type Key = [u8; 32];

/// A token, and when to ask for the next.
#[derive(Debug, Clone)]
struct Kept {
    token: WideToken,
    fresh_until: UnixMillis,
}

type Place = Arc<tokio::sync::Mutex<Option<Kept>>>;

/// The cache. One per service.
#[derive(Debug, Default)]
pub(super) struct TokenCache(Mutex<HashMap<Key, Place>>);

impl TokenCache {
    /// The token in hand while it is fresh, else what `fetch` gets. Others who ask for the same wait.
    pub(super) async fn get(
        &self,
        key: Key,
        clock: &dyn Clock,
        fetch: impl Future<Output = Result<WideToken, StrategyError>>,
    ) -> Result<WideToken, StrategyError> {
        let place = self.place(key);
        let mut kept = place.lock().await;
        let now = clock.now();
        if let Some(kept) = kept.as_ref().filter(|kept| now.0 < kept.fresh_until.0) {
            return Ok(kept.token.clone());
        }
        match fetch.await {
            Ok(token) => {
                let fresh_until = UnixMillis(now.0 + (token.expires_at.0 - now.0) / 2);
                *kept = Some(Kept { token: token.clone(), fresh_until });
                Ok(token)
            }
            Err(error) => match kept.as_ref() {
                Some(kept) if is_down(&error) && kept.token.expires_at.0 - now.0 > LEAST_LEFT_MS => {
                    tracing::warn!(code = %error.code, "no fresh token from Google; the one in hand still serves");
                    Ok(kept.token.clone())
                }
                _ => {
                    *kept = None;
                    Err(error)
                }
            },
        }
    }

    /// Drops a token that is not taken any more.
    pub(super) fn forget(&self, key: &Key) {
        self.lock().remove(key);
    }

    fn place(&self, key: Key) -> Place {
        let mut places = self.lock();
        if places.len() >= KEPT && !places.contains_key(&key) {
            places.clear();
        }
        places.entry(key).or_default().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Place>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Not a refusal of the principal.
fn is_down(error: &StrategyError) -> bool {
    matches!(error.kind, Kind::Unavailable | Kind::Upstream | Kind::Throttled)
}
