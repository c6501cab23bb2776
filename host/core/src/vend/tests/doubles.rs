use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::super::*;
use crate::audit::{AuditEvent, AuditResult};
use crate::clock::ManualClock;
use crate::fixtures::NOW;
use crate::id::CatalogId;
use crate::ports::{AuditUnavailable, StoreError, StrategyCall};
use crate::secret::Secret;
use crate::secret_ref::SecretRefError;
use crate::strategy::{ConfigProblem, Description, Minted, RejectedPlugin, StrategyError};
use crate::warehouse::Warehouse;

#[derive(Clone)]
pub(super) struct Bench {
    pub(super) vending: Arc<Vending>,
    pub(super) strategy: Arc<FakeStrategy>,
    pub(super) trail: Arc<Trail>,
    pub(super) store: Arc<Shelf>,
    pub(super) clock: Arc<ManualClock>,
}

impl Bench {
    /// Lets what runs in the background end.
    pub(super) async fn settle(&self) {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }
}

pub(super) fn bench() -> Bench {
    let clock = Arc::new(ManualClock::at(NOW));
    let trail = Arc::new(Trail::default());
    let strategy =
        Arc::new(FakeStrategy { clock: clock.clone(), trail: trail.clone(), ..FakeStrategy::new(clock.clone()) });
    let store = Arc::new(Shelf::default());
    let settings = VendSettings {
        default_ttl_seconds: 3600,
        limit_to_token: false,
        env_slots: BTreeMap::new(),
        secret_refs: SecretRefPolicy::default(),
        fingerprint_key: [7; 32],
        cache: CacheSettings::default(),
    };
    let vending = Arc::new(Vending::new(
        strategy.clone(),
        trail.clone(),
        store.clone(),
        Arc::new(NoSecrets),
        clock.clone(),
        settings,
    ));
    Bench { vending, strategy, trail, store, clock }
}

#[derive(Debug)]
pub(super) struct FakeStrategy {
    clock: Arc<ManualClock>,
    trail: Arc<Trail>,
    runs: AtomicUsize,
    pub(super) rows_before_first_run: AtomicUsize,
    failure: Mutex<Option<StrategyError>>,
}

impl FakeStrategy {
    fn new(clock: Arc<ManualClock>) -> Self {
        Self {
            clock,
            trail: Arc::default(),
            runs: AtomicUsize::new(0),
            rows_before_first_run: AtomicUsize::new(0),
            failure: Mutex::new(None),
        }
    }

    pub(super) fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    pub(super) fn fail_with(&self, error: StrategyError) {
        *self.failure.lock().unwrap() = Some(error);
    }

    pub(super) fn recover(&self) {
        *self.failure.lock().unwrap() = None;
    }
}

#[async_trait]
impl Strategies for FakeStrategy {
    fn list(&self) -> Vec<StrategyInfo> {
        Vec::new()
    }
    fn rejected(&self) -> Vec<RejectedPlugin> {
        Vec::new()
    }
    fn find(&self, name: &str) -> Option<Arc<StrategyInfo>> {
        let description = Description {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            summary: String::new(),
            schemes: vec!["s3".to_owned()],
            scoping: Scoping::Exact,
            scoping_rules: Vec::new(),
            fields: Vec::new(),
            hosts: Vec::new(),
            max_ttl_seconds: Some(43_200),
            min_ttl_seconds: Some(900),
        };
        Some(Arc::new(StrategyInfo {
            description,
            digest: "d".to_owned(),
            granted: true,
            imports: Vec::new(),
            exports: Vec::new(),
        }))
    }
    async fn check_config(&self, _: &Warehouse) -> Result<Vec<ConfigProblem>, StrategyError> {
        Ok(Vec::new())
    }
    async fn vend(&self, call: StrategyCall<'_>) -> Result<Minted, StrategyError> {
        if self.runs.fetch_add(1, Ordering::SeqCst) == 0 {
            self.rows_before_first_run.store(self.trail.rows.lock().unwrap().len(), Ordering::SeqCst);
        }
        tokio::task::yield_now().await;
        if let Some(error) = self.failure.lock().unwrap().clone() {
            return Err(error);
        }
        Ok(Minted {
            credentials: vec![MintedCredential {
                prefix: call.authorised.scopes()[0].location.to_string(),
                entries: vec![("s3.access-key-id".to_owned(), Secret::from("planted"))],
                expires_at: Some(self.clock.now().plus_seconds(i64::from(call.ttl_seconds))),
                handle: None,
            }],
            access: call.authorised.access(),
            strategy: "Fake".to_owned(),
            version: "1.0.0".to_owned(),
            digest: "d".to_owned(),
            proof: None,
        })
    }
}

#[derive(Debug, Default)]
pub(super) struct Trail {
    rows: Mutex<Vec<AuditEvent>>,
    pub(super) broken: AtomicBool,
}

impl Trail {
    pub(super) fn results(&self) -> Vec<AuditResult> {
        self.rows.lock().unwrap().iter().map(|row| row.result).collect()
    }
    pub(super) fn last(&self) -> AuditEvent {
        self.rows.lock().unwrap().last().unwrap().clone()
    }
}

#[async_trait]
impl AuditTrail for Trail {
    async fn record(&self, event: AuditEvent) -> Result<(), AuditUnavailable> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(AuditUnavailable);
        }
        self.rows.lock().unwrap().push(event);
        Ok(())
    }
}

#[derive(Debug)]
struct NoSecrets;

impl SecretResolver for NoSecrets {
    fn resolve(&self, name: &str) -> Result<Secret<String>, SecretRefError> {
        Err(SecretRefError::Reserved(name.to_owned()))
    }
}

/// A store of which the pipeline asks one question.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    pub(super) shared: AtomicBool,
}

#[async_trait]
impl TableLocations for Shelf {
    async fn locations_are_exclusive(&self, _: CatalogId, _: &Table) -> Result<bool, StoreError> {
        Ok(!self.shared.load(Ordering::SeqCst))
    }
}
