use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::super::*;
use super::cut_book::CutBook;
use crate::audit::{AuditEvent, AuditResult};
use crate::clock::ManualClock;
use crate::fixtures::NOW;
use crate::id::CatalogId;
use crate::ports::{AuditUnavailable, PresignAsk, Presigned, StoreError, StrategyCall};
use crate::secret::Secret;
use crate::secret_ref::SecretRefError;
use crate::strategy::{
    ConfigProblem, Description, DryRun, DryRunEnd, DryStep, Minted, RejectedPlugin, StrategyError, StrategyErrorKind,
};
use crate::warehouse::Warehouse;

#[derive(Clone)]
pub(in super::super) struct Bench {
    pub(in super::super) vending: Arc<Vending>,
    pub(in super::super) strategy: Arc<FakeStrategy>,
    pub(in super::super) trail: Arc<Trail>,
    pub(in super::super) store: Arc<Shelf>,
    pub(in super::super) clock: Arc<ManualClock>,
    pub(in super::super) book: Arc<CutBook>,
}

impl Bench {
    /// Lets what runs in the background end.
    pub(in crate::vend) async fn settle(&self) {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }
}

pub(in super::super) fn bench() -> Bench {
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
    let vending =
        Vending::new(strategy.clone(), trail.clone(), store.clone(), Arc::new(NoSecrets), clock.clone(), settings);
    let book = Arc::new(CutBook::default());
    Bench { vending: Arc::new(vending.with_revocations(book.clone())), strategy, trail, store, clock, book }
}

#[derive(Debug)]
pub(in super::super) struct FakeStrategy {
    clock: Arc<ManualClock>,
    trail: Arc<Trail>,
    runs: AtomicUsize,
    pub(in crate::vend) rows_before_first_run: AtomicUsize,
    failure: Mutex<Option<StrategyError>>,
    gate: Arc<tokio::sync::Mutex<()>>,
    info: Mutex<Option<StrategyInfo>>,
    last_may_be_unscoped: AtomicBool,
}

impl FakeStrategy {
    fn new(clock: Arc<ManualClock>) -> Self {
        Self {
            clock,
            trail: Arc::default(),
            runs: AtomicUsize::new(0),
            rows_before_first_run: AtomicUsize::new(0),
            failure: Mutex::new(None),
            gate: Arc::default(),
            info: Mutex::new(None),
            last_may_be_unscoped: AtomicBool::new(false),
        }
    }

    pub(in super::super) fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    /// What is minted from now on comes back when this is dropped.
    pub(in crate::vend) fn hold(&self) -> tokio::sync::OwnedMutexGuard<()> {
        self.gate.clone().try_lock_owned().unwrap()
    }

    pub(in super::super) fn fail_with(&self, error: StrategyError) {
        *self.failure.lock().unwrap() = Some(error);
    }

    pub(in crate::vend) fn recover(&self) {
        *self.failure.lock().unwrap() = None;
    }

    /// Changes what the strategy says of itself.
    pub(in super::super) fn describe(&self, change: impl FnOnce(&mut StrategyInfo)) {
        let mut info = StrategyInfo::clone(&self.find("Fake").unwrap());
        change(&mut info);
        *self.info.lock().unwrap() = Some(info);
    }

    /// Whether the last mint could have been wider than its scopes.
    pub(in super::super) fn last_may_be_unscoped(&self) -> bool {
        self.last_may_be_unscoped.load(Ordering::SeqCst)
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
        if let Some(info) = &*self.info.lock().unwrap() {
            return Some(Arc::new(info.clone()));
        }
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
        Some(Arc::new(StrategyInfo { digest: "d".to_owned(), ..StrategyInfo::of(description) }))
    }
    async fn check_config(&self, _: &Warehouse) -> Result<Vec<ConfigProblem>, StrategyError> {
        Ok(Vec::new())
    }
    async fn vend(&self, call: StrategyCall<'_>) -> Result<Minted, StrategyError> {
        if self.runs.fetch_add(1, Ordering::SeqCst) == 0 {
            self.rows_before_first_run.store(self.trail.rows.lock().unwrap().len(), Ordering::SeqCst);
        }
        self.last_may_be_unscoped.store(call.authorised.may_be_unscoped(), Ordering::SeqCst);
        tokio::task::yield_now().await;
        drop(self.gate.lock().await);
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
            issued: Vec::new(),
        })
    }
    async fn explain(&self, call: StrategyCall<'_>) -> Result<DryRun, StrategyError> {
        let ask = serde_json::json!({ "role_arn": "arn:aws:iam::1:role/lake", "duration_seconds": call.ttl_seconds });
        let serde_json::Value::Object(ask) = ask else { unreachable!("it is an object") };
        let end = match self.failure.lock().unwrap().clone() {
            Some(busy) if busy.kind == StrategyErrorKind::NotReady => return Err(busy),
            Some(failure) => DryRunEnd::Failed(failure),
            None => DryRunEnd::Answered(Vec::new()),
        };
        Ok(DryRun { claim: None, steps: vec![DryStep { service: "sts.assume-role", ask }], end })
    }
    async fn explain_presign(&self, call: StrategyCall<'_>, ask: PresignAsk<'_>) -> Result<DryRun, StrategyError> {
        let step = serde_json::json!({
            "location": ask.location.as_str(), "method": ask.method, "expires_in_seconds": call.ttl_seconds,
        });
        let serde_json::Value::Object(ask) = step else { unreachable!("it is an object") };
        let end = match self.failure.lock().unwrap().clone() {
            Some(failure) => DryRunEnd::Failed(failure),
            None => DryRunEnd::AtRequest,
        };
        Ok(DryRun { claim: None, steps: vec![DryStep { service: "gcp.sign-url", ask }], end })
    }
    async fn presign(&self, call: StrategyCall<'_>, ask: PresignAsk<'_>) -> Result<Presigned, StrategyError> {
        if let Some(error) = self.failure.lock().unwrap().clone() {
            return Err(error);
        }
        Ok(Presigned {
            url: Secret::from(format!("{}?sig=planted", ask.location)),
            headers: vec![("x-ms-blob-type".to_owned(), "BlockBlob".to_owned())],
            expires_at: self.clock.now().plus_seconds(i64::from(call.ttl_seconds)),
            issued: Vec::new(),
        })
    }
}

#[derive(Debug, Default)]
pub(in super::super) struct Trail {
    rows: Mutex<Vec<AuditEvent>>,
    pub(in super::super) broken: AtomicBool,
}

impl Trail {
    pub(in crate::vend) fn results(&self) -> Vec<AuditResult> {
        self.rows.lock().unwrap().iter().map(|row| row.result).collect()
    }
    /// Rows since the last look.
    pub(in super::super) fn take(&self) -> Vec<AuditEvent> {
        std::mem::take(&mut self.rows.lock().unwrap())
    }
    pub(in crate::vend) fn rows(&self) -> Vec<AuditEvent> {
        self.rows.lock().unwrap().clone()
    }
    pub(in crate::vend) fn last(&self) -> AuditEvent {
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
pub(in crate::vend) struct NoSecrets;

impl SecretResolver for NoSecrets {
    fn resolve(&self, name: &str) -> Result<Secret<String>, SecretRefError> {
        Err(SecretRefError::Reserved(name.to_owned()))
    }
}

/// A store of which the pipeline asks one question.
#[derive(Debug, Default)]
pub(in super::super) struct Shelf {
    pub(in super::super) shared: AtomicBool,
}

#[async_trait]
impl TableLocations for Shelf {
    async fn locations_are_exclusive(&self, _: CatalogId, _: &Table) -> Result<bool, StoreError> {
        Ok(!self.shared.load(Ordering::SeqCst))
    }
}
