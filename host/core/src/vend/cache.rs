//! Credentials held for their first half of life: one flight per key, refreshed ahead with
//! jitter, failures backed off, a still valid credential served while the upstream is down.

use std::sync::{Arc, PoisonError, RwLock};

use uuid::Uuid;

use crate::access::Scope;
use crate::clock::UnixMillis;
use crate::id::{TableId, TenantId, UserId, WarehouseId};
use crate::policy::Authorised;
use crate::random;
use crate::revocation::{Cuts, RevokedKind};
use crate::strategy::{StrategyError, StrategyInfo};
use crate::vend::Vended;
use crate::warehouse::Warehouse;

/// How long a credential that never expires is held before its secrets are read again.
const HOLD_UNEXPIRING_MS: i64 = 60_000;
/// A credential with less than this left is not served, whatever is down.
const LEAST_REST_MS: i64 = 30_000;
/// First and longest pause after a failure of the upstream.
const BACKOFF_MS: std::ops::RangeInclusive<i64> = 1_000..=30_000;

/// Bounds of the cache.
#[derive(Debug, Clone)]
pub struct CacheSettings {
    /// Keys held at most.
    pub capacity: u64,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self { capacity: 10_000 }
    }
}

/// Everything that a credential depends on. Never shared across tenants or principals.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct CacheKey {
    tenant: TenantId,
    user: UserId,
    warehouse: (WarehouseId, i64),
    strategy: Arc<str>,
    table: TableId,
    scopes: Vec<Scope>,
    ttl_seconds: u32,
}

impl CacheKey {
    pub(super) fn new(authorised: &Authorised, warehouse: &Warehouse, strategy: &StrategyInfo, ttl: u32) -> Self {
        Self {
            tenant: authorised.tenant_id(),
            user: authorised.user_id(),
            warehouse: (warehouse.id, warehouse.revision),
            strategy: Arc::from(strategy.digest.as_str()),
            table: authorised.table_id(),
            scopes: authorised.scopes().to_vec(),
            ttl_seconds: ttl,
        }
    }
}

/// The place of one key.
#[derive(Debug, Default)]
pub(super) struct Slot {
    held: RwLock<Option<Held>>,
    /// Whoever mints holds this; the others wait for the result.
    pub(super) flight: Arc<tokio::sync::Mutex<Backoff>>,
}

#[derive(Debug, Clone)]
struct Held {
    vended: Arc<Vended>,
    cuts: Cuts,
    refresh_at: UnixMillis,
    due_at: UnixMillis,
}

/// What a slot has.
#[derive(Debug)]
pub(super) enum Found {
    /// Serve it.
    Fresh(Arc<Vended>),
    /// Serve it, and mint the next one beside.
    RefreshAhead(Arc<Vended>),
    /// Mint; serve the old one, if it lives, only while the upstream is down.
    Due(Option<Arc<Vended>>),
}

impl Slot {
    /// What may be served to whom nothing was cut off but `cuts`.
    pub(super) fn find(&self, now: UnixMillis, cuts: &Cuts) -> Found {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        match held.as_ref().filter(|held| !cuts.refuse(&held.cuts)) {
            Some(held) if now < held.refresh_at => Found::Fresh(held.vended.clone()),
            Some(held) if now < held.due_at => Found::RefreshAhead(held.vended.clone()),
            Some(held) => {
                let lives = held.vended.expires_at.is_some_and(|end| end.0 - now.0 >= LEAST_REST_MS);
                Found::Due(lives.then(|| held.vended.clone()))
            }
            None => Found::Due(None),
        }
    }

    /// Keeps what was minted under `cuts`.
    pub(super) fn put(&self, vended: Arc<Vended>, cuts: Cuts) {
        let (refresh_at, due_at) = serving_window(&vended, random::fraction());
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(Held { vended, cuts, refresh_at, due_at });
    }

    /// Forgets what is held, and says whether there was something.
    fn clear(&self) -> bool {
        self.held.write().unwrap_or_else(PoisonError::into_inner).take().is_some()
    }
}

/// Until when a credential is served as it is, and until when at all: half of its life, and a
/// refresh somewhere in the fifth before that, so that many do not fall due together.
fn serving_window(vended: &Vended, jitter: f64) -> (UnixMillis, UnixMillis) {
    let issued = vended.issued_at.0;
    let Some(end) = vended.expires_at else {
        let due = UnixMillis(issued + HOLD_UNEXPIRING_MS);
        return (due, due);
    };
    let half = (end.0 - issued).max(0) / 2;
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a jitter need not be exact")]
    let ahead = (half as f64 * 0.4 * jitter) as i64;
    (UnixMillis(issued + half - ahead), UnixMillis(issued + half))
}

/// Failures of one key's upstream.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    retry_at: Option<UnixMillis>,
    last: Option<StrategyError>,
}

impl Backoff {
    /// The failure that still stands, while it is too early to try again.
    pub(super) fn standing(&self, now: UnixMillis) -> Option<StrategyError> {
        self.last.clone().filter(|_| self.retry_at.is_some_and(|at| now < at))
    }

    pub(super) fn failed(&mut self, error: &StrategyError, now: UnixMillis) {
        let doubled = BACKOFF_MS.start() << self.failures.min(10);
        let asked = error.retry_after_ms.map_or(0, i64::from);
        let pause = doubled.max(asked).min(*BACKOFF_MS.end());
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a jitter need not be exact")]
        let jittered = pause - (pause as f64 * 0.25 * random::fraction()) as i64;
        self.failures = self.failures.saturating_add(1);
        self.retry_at = Some(UnixMillis(now.0 + jittered));
        self.last = Some(error.clone());
    }

    pub(super) fn recovered(&mut self) {
        *self = Self::default();
    }
}

/// All slots, bounded.
#[derive(Debug)]
pub(super) struct CredentialCache {
    slots: moka::sync::Cache<CacheKey, Arc<Slot>>,
}

impl CredentialCache {
    pub(super) fn new(settings: &CacheSettings) -> Self {
        Self { slots: moka::sync::Cache::new(settings.capacity) }
    }

    pub(super) fn slot(&self, key: &CacheKey) -> Arc<Slot> {
        match self.slots.get(key) {
            Some(slot) => slot,
            None => self.slots.get_with_by_ref(key, || Arc::new(Slot::default())),
        }
    }

    /// Forgets the credentials of what was revoked, and says how many there were.
    pub(super) fn forget(&self, kind: RevokedKind, target: Uuid) -> usize {
        let concerns = |key: &CacheKey| match kind {
            RevokedKind::Principal => key.user.0 == target,
            RevokedKind::Warehouse => key.warehouse.0.0 == target,
            RevokedKind::Table => key.table.0 == target,
        };
        self.slots.iter().filter(|(key, slot)| concerns(key) && slot.clear()).count()
    }
}
