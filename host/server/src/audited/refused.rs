//! Rows about credentials of this host that are good no more. Whoever holds one can show it as
//! often as it likes: rows are bounded, what is beyond is counted.

use std::sync::{Arc, Mutex, PoisonError};

use pangolin_core::audit::{AuditResult, RequestContext};
use pangolin_core::clock::UnixMillis;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use serde_json::json;

use super::Event;
use crate::auth::refusal::{Refused, Whose};
use crate::auth::throttle;
use crate::state::AppState;

/// Rows of one source in a window.
const OF_SOURCE: u32 = 10;
/// Rows of all sources in a window.
const OF_ALL: u32 = 200;
/// Length of a window.
const WINDOW_MS: i64 = 60_000;
/// Sources that are remembered.
const SOURCES: u64 = 20_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

/// Rows in one window, and refusals that got none since the last row.
#[derive(Debug, Default)]
struct Window {
    began: i64,
    rows: u32,
    unrecorded: u64,
}

impl Window {
    /// Whether there is room for a row.
    fn has_room(&mut self, now: UnixMillis, limit: u32) -> bool {
        if now.0 - self.began >= WINDOW_MS {
            self.began = now.0;
            self.rows = 0;
        }
        self.rows < limit
    }
}

/// Counts refusals and says which get a row.
#[derive(Debug)]
pub(crate) struct Refusals {
    counted: Family<Reason, Counter>,
    sources: moka::sync::Cache<String, Arc<Mutex<Window>>>,
    all: Mutex<Window>,
}

impl Refusals {
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let counted = Family::default();
        registry.register(
            "pangolin_authentication_refused",
            "Requests that were not let in, by reason",
            Family::clone(&counted),
        );
        Self { counted, sources: moka::sync::Cache::new(SOURCES), all: Mutex::default() }
    }

    /// Whether this one gets a row, and how many of its source got none since the last.
    pub(crate) fn admit(&self, context: &RequestContext, now: UnixMillis) -> Option<u64> {
        self.admit_from(&throttle::source(context), now)
    }

    fn admit_from(&self, source: &str, now: UnixMillis) -> Option<u64> {
        let of_source = self.sources.get_with_by_ref(source, Arc::default);
        let mut of_source = of_source.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if of_source.has_room(now, OF_SOURCE) && all.has_room(now, OF_ALL) {
            of_source.rows += 1;
            all.rows += 1;
            Some(std::mem::take(&mut of_source.unrecorded))
        } else {
            of_source.unrecorded += 1;
            None
        }
    }
}

impl AppState {
    /// Takes note that somebody was not let in. The answer is the same whether a row can be
    /// written: nothing was done that it would have to tell of.
    pub(crate) async fn record_refused(&self, refused: &Refused, context: &RequestContext) {
        self.refusals.counted.get_or_create(&Reason { reason: refused.reason.as_str() }).inc();
        let Some(whose) = refused.whose.as_deref() else { return };
        let Some(unrecorded) = self.refusals.admit(context, self.clock.now()) else { return };
        let Whose { user_id, tenant_id, username, kind, credential_id } = whose;
        let reason = refused.reason.as_str();
        let event = Event::new("authenticate", kind.as_str())
            .id(*credential_id)
            .name(username)
            .tenant(*tenant_id)
            .metadata(json!({"reason": reason, "unrecorded": unrecorded}));
        let error = Some(format!("the credential is {reason}"));
        let row = event.finish(self, (Some(*user_id), username), context, AuditResult::Denied, error);
        // A failure is in the log already.
        let _ = self.audit.record(row).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_bounded_by_source_and_in_all() {
        let refusals = Refusals::new(&mut Registry::default());
        let now = UnixMillis(1_000_000);
        let admitted = |source: &str, now| (0..25).filter(|_| refusals.admit_from(source, now).is_some()).count();
        assert_eq!((admitted("a", now), admitted("b", now)), (10, 10));
        let later = now.plus_seconds(60);
        assert_eq!(refusals.admit_from("a", later), Some(15), "those without a row are told of with the next");
        assert_eq!(refusals.admit_from("a", later), Some(0));
        let of_many: usize = (0..50).map(|source| admitted(&format!("s{source}"), later)).sum();
        assert_eq!(of_many, 198);
    }
}
