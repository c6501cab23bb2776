//! Hosts over one book and one management service.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::book::Book;
use super::vms::Vms;
use crate::access::Access;
use crate::audit::{AuditEvent, RequestContext};
use crate::clock::ManualClock;
use crate::fixtures::{NOW, admin, catalog_snapshot, table};
use crate::lease::LeaseState;
use crate::ports::{SlotValues, StoreError};
use crate::principal::Principal;
use crate::record::CatalogSnapshot;
use crate::secret::{Secret, SecretValue};
use crate::secret_ref::SecretRefPolicy;
use crate::strategy::{StrategyError, StrategyErrorKind};
use crate::vend::tests::doubles::{NoSecrets, Shelf, Trail};
use crate::vend::{CacheSettings, LeaseSettings, VendAsk, VendError, VendOutcome, VendSettings, Vended, Vending};
use crate::warehouse::Warehouse;

pub(super) const GRACE: i64 = 60;
/// Longer than a lock that nobody renews.
pub(super) const LAPSE: i64 = 16;

/// What is to happen once at a step.
#[derive(Debug, Clone, Default)]
pub(super) struct Trouble(Arc<Mutex<BTreeMap<&'static str, bool>>>);

impl Trouble {
    /// The host ends there, as by `kill -9`.
    pub(super) fn crash_at(&self, step: &'static str) {
        self.0.lock().unwrap().insert(step, true);
    }

    pub(super) fn fail_at(&self, step: &'static str) {
        self.0.lock().unwrap().insert(step, false);
    }

    fn at(&self, step: &str) -> bool {
        let planned = self.0.lock().unwrap().remove(step);
        assert!(planned != Some(true), "the host ends at {step}");
        planned.is_some()
    }

    pub(super) fn hit(&self, step: &str) -> Result<(), StrategyError> {
        let error = || StrategyError::new(StrategyErrorKind::Unavailable, "told-to", "told to fail");
        if self.at(step) { Err(error()) } else { Ok(()) }
    }

    pub(super) fn hit_store(&self, step: &str) -> Result<(), StoreError> {
        if self.at(step) { Err(StoreError::Backend("told to fail".into())) } else { Ok(()) }
    }
}

#[derive(Clone)]
pub(super) struct Bench {
    pub(super) vending: Arc<Vending>,
    pub(super) vms: Arc<Vms>,
    pub(super) book: Arc<Book>,
    pub(super) trail: Arc<Trail>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) trouble: Trouble,
    pub(super) snapshot: CatalogSnapshot,
}

pub(super) fn bench() -> Bench {
    let trouble = Trouble::default();
    let warehouse = Warehouse {
        secrets: BTreeMap::from([("password".to_owned(), SecretValue::Literal(Secret::from("old-password")))]),
        config: BTreeMap::from([("vms".to_owned(), serde_json::json!("https://vms.example"))]),
        ..(*catalog_snapshot().warehouse).clone()
    };
    let (vms, book) = (Vms::new(trouble.clone()), Book::new(trouble.clone()));
    let (trail, clock) = (Arc::new(Trail::default()), Arc::new(ManualClock::at(NOW)));
    let snapshot = CatalogSnapshot { warehouse: Arc::new(warehouse), ..catalog_snapshot() };
    let vending = host(&vms, &book, &trail, &clock);
    Bench { vending, vms, book, trail, clock, trouble, snapshot }
}

fn host(vms: &Arc<Vms>, book: &Arc<Book>, trail: &Arc<Trail>, clock: &Arc<ManualClock>) -> Arc<Vending> {
    let settings = VendSettings {
        default_ttl_seconds: 3600,
        limit_to_token: false,
        env_slots: SlotValues::new(),
        secret_refs: SecretRefPolicy::default(),
        fingerprint_key: [7; 32],
        cache: CacheSettings::default(),
    };
    let (shelf, secrets) = (Arc::new(Shelf::default()), Arc::new(NoSecrets));
    let vending = Vending::new(vms.clone(), trail.clone(), shelf, secrets, clock.clone(), settings);
    Arc::new(vending.with_leases(book.clone(), LeaseSettings { grace_seconds: u32::try_from(GRACE).unwrap() }))
}

impl Bench {
    /// Another host, or the same after a restart.
    pub(super) fn another_host(&self) -> Self {
        Self { vending: host(&self.vms, &self.book, &self.trail, &self.clock), ..self.clone() }
    }

    pub(super) async fn ask(
        &self,
        who: &Principal,
        of: &str,
        access: Access,
        ttl_seconds: Option<u32>,
    ) -> Result<Arc<Vended>, VendError> {
        let context = RequestContext { request_id: "r1".to_owned(), ..RequestContext::default() };
        let ask = VendAsk { access, ttl_seconds, trigger: "credentials", context: &context };
        match self.vending.vend(who, &self.snapshot, &table(of), ask).await? {
            VendOutcome::Vended(vended) => Ok(vended),
            VendOutcome::Nothing => panic!("something should have been vended"),
        }
    }

    pub(super) async fn vend(&self) -> Result<Arc<Vended>, VendError> {
        self.ask(&admin(), "orders", Access::FULL, None).await
    }

    pub(super) async fn sweep(&self) {
        self.vending.sweep_leases().await.unwrap();
    }

    /// Everything is as it should be: each key is a lease's that is handed out, or was planted.
    pub(super) fn nothing_leaked(&self, planted: &[&str]) {
        let active = self.book.states().iter().filter(|state| **state == LeaseState::Active).count();
        assert!(!self.book.states().contains(&LeaseState::Minting), "{:?}", self.book.states());
        assert_eq!(self.vms.keys().len(), active + planted.len(), "{:?}", self.vms.keys());
        for key in planted {
            assert!(self.vms.keys().contains(&(*key).to_owned()), "{key} is gone");
        }
    }

    pub(super) fn rows(&self, action: &str) -> Vec<AuditEvent> {
        self.trail.rows().into_iter().filter(|row| row.action == action).collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "a test looks at the credential")]
pub(super) fn key_of(vended: &Vended) -> String {
    vended.credentials[0].entries[0].1.expose().clone()
}
