//! Failed logins are counted per account and per source.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use pangolin_core::audit::RequestContext;
use pangolin_core::clock::{Clock, UnixMillis};
use pangolin_core::id::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::error::ApiError;

/// Logins judged at once. Those that wait are asked again whether the account is still open, so
/// that a burst gets no more guesses than the same ones in a row, or one.
const AT_ONCE: usize = 2;
/// Tenants whose lanes are remembered. One that is forgotten while it is in use costs its turn.
const LANES: u64 = 10_000;

/// Where failures are counted that come of no account: the address, of IPv6 the network of 64 bits
/// that one subscriber has.
pub(crate) fn source(context: &RequestContext) -> String {
    let text = context.ip_address.as_deref().unwrap_or("unknown");
    match text.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => format!("{}/64", Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        Ok(address) => address.to_string(),
        Err(_) => text.to_owned(),
    }
}

/// Failures in one window.
#[derive(Debug, Default, Clone, Copy)]
struct Window {
    began: i64,
    failures: u32,
}

/// One's turn to be judged, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    _lane: OwnedSemaphorePermit,
    _turn: SemaphorePermit<'a>,
}

/// Ten failures in sixty seconds close an account, or a source, for the rest of that minute.
#[derive(Debug, Clone)]
pub(crate) struct Throttle {
    limit: u32,
    window_ms: i64,
    turns: Arc<Semaphore>,
    /// Of each tenant, and of Root: no more of it wait for a turn than there are turns, so that a
    /// tenant that logs in a thousand times waits for itself.
    lanes: moka::sync::Cache<Option<TenantId>, Arc<Semaphore>>,
    counted: moka::sync::Cache<String, Arc<Mutex<Window>>>,
}

impl Throttle {
    pub(crate) fn new(limit: u32, window_seconds: u32) -> Self {
        Self {
            limit,
            window_ms: i64::from(window_seconds) * 1000,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            lanes: moka::sync::Cache::new(LANES),
            counted: moka::sync::Cache::new(100_000),
        }
    }

    /// Waits for one's turn; it lasts until the failure, if there is one, is counted. Or seconds to
    /// wait, if one of the keys is closed, or was by those who were first.
    pub(crate) async fn enter(
        &self,
        tenant: Option<TenantId>,
        keys: &[String],
        clock: &dyn Clock,
    ) -> Result<Result<Turn<'_>, u64>, ApiError> {
        let closed = || self.closed(keys, clock.now());
        if let Some(seconds) = closed() {
            return Ok(Err(seconds));
        }
        let lane = self.lanes.get_with(tenant, || Arc::new(Semaphore::new(AT_ONCE)));
        let lane = lane.acquire_owned().await.map_err(ApiError::internal)?;
        let turn = self.turns.acquire().await.map_err(ApiError::internal)?;
        Ok(closed().map_or(Ok(Turn { _lane: lane, _turn: turn }), Err))
    }

    /// Seconds to wait, if one of the keys is closed.
    pub(crate) fn closed(&self, keys: &[String], now: UnixMillis) -> Option<u64> {
        keys.iter()
            .filter_map(|key| {
                let window = self.counted.get(key)?;
                let window = *window.lock().unwrap_or_else(PoisonError::into_inner);
                let rest = window.began + self.window_ms - now.0;
                (rest > 0 && window.failures >= self.limit).then(|| u64::try_from(rest).unwrap_or(0).div_ceil(1000))
            })
            .max()
    }

    /// Counts a failure for each key.
    pub(crate) fn failed(&self, keys: &[String], now: UnixMillis) {
        for key in keys {
            let window = self.counted.get_with_by_ref(key, Arc::default);
            let mut window = window.lock().unwrap_or_else(PoisonError::into_inner);
            if now.0 - window.began >= self.window_ms {
                *window = Window { began: now.0, failures: 0 };
            }
            window.failures = window.failures.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_one_subscriber_is_one_source() {
        let of = |text: Option<&str>| {
            source(&RequestContext { ip_address: text.map(str::to_owned), ..RequestContext::default() })
        };
        assert_eq!(of(Some("2001:db8:1:2:3:4:5:6")), "2001:db8:1:2::/64");
        assert_eq!(of(Some("2001:db8:1:2:ffff::1")), "2001:db8:1:2::/64");
        assert_ne!(of(Some("2001:db8:1:3::1")), of(Some("2001:db8:1:2::1")));
        assert_eq!((of(Some("::ffff:192.0.2.7")), of(Some("192.0.2.8"))), ("192.0.2.7".into(), "192.0.2.8".into()));
        assert_eq!((of(None), of(Some("odd"))), ("unknown".into(), "odd".into()));
    }

    #[test]
    fn the_tenth_failure_closes_until_the_window_ends() {
        let throttle = Throttle::new(10, 60);
        let keys = ["account:a".to_owned(), "source:1".to_owned()];
        let start = UnixMillis(1_000_000);
        for _ in 0..9 {
            throttle.failed(&keys, start);
        }
        assert_eq!(throttle.closed(&keys, start), None);
        throttle.failed(&keys, start);
        assert_eq!(throttle.closed(&keys, start), Some(60));
        assert_eq!(throttle.closed(&["account:a".to_owned()], start.plus_seconds(59)), Some(1));
        assert_eq!(throttle.closed(&["account:b".to_owned()], start), None);
        assert_eq!(throttle.closed(&keys, start.plus_seconds(60)), None);
    }
}
