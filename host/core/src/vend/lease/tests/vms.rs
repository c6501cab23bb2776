//! A management service that makes and deletes keys, two for a user, and the strategy that talks
//! to it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::bench::Trouble;
use crate::id::TenantId;
use crate::lease::{Claim, Interrupted, Recovery, Revoked};
use crate::ports::{Strategies, StrategyCall, UpkeepCall};
use crate::secret::Secret;
use crate::strategy::{
    ConfigProblem, Description, Field, FieldKind, Minted, MintedCredential, RejectedPlugin, Scoping, SecretUse,
    StrategyError, StrategyErrorKind, StrategyInfo,
};
use crate::warehouse::Warehouse;

const ROOM: usize = 2;

#[derive(Debug)]
pub(super) struct Vms {
    keys: Mutex<BTreeSet<String>>,
    made: AtomicUsize,
    pub(super) claims: AtomicUsize,
    pub(super) surveys: AtomicUsize,
    /// Whether the host's own keys fill the user for a survey, as those of others do.
    pub(super) surveys_strictly: AtomicBool,
    pub(super) deletions: Mutex<Vec<String>>,
    /// The one password that opens it.
    pub(super) password: Mutex<Option<String>>,
    pub(super) scoping: Mutex<Scoping>,
    pub(super) forgets_handles: AtomicBool,
    pub(super) trouble: Trouble,
    /// The one certificate that it shows, which whoever asks must trust.
    pub(super) certificate: Mutex<Option<String>>,
    /// Whose revocations never come back.
    pub(super) hangs_for: Mutex<Option<TenantId>>,
    /// Answers in the place of the service; at "vend" after the key was made.
    pub(super) failure: Mutex<Option<(&'static str, StrategyError)>>,
}

impl Vms {
    pub(super) fn new(trouble: Trouble) -> Arc<Self> {
        Arc::new(Self {
            keys: Mutex::default(),
            made: AtomicUsize::new(0),
            claims: AtomicUsize::new(0),
            surveys: AtomicUsize::new(0),
            surveys_strictly: AtomicBool::new(false),
            deletions: Mutex::default(),
            password: Mutex::default(),
            scoping: Mutex::new(Scoping::AccessOnly),
            forgets_handles: AtomicBool::new(false),
            trouble,
            certificate: Mutex::default(),
            hangs_for: Mutex::default(),
            failure: Mutex::default(),
        })
    }

    pub(super) fn keys(&self) -> Vec<String> {
        self.keys.lock().unwrap().iter().cloned().collect()
    }

    pub(super) fn made(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }

    pub(super) fn plant(&self, key: &str) {
        self.keys.lock().unwrap().insert(key.to_owned());
    }

    pub(super) fn fail(&self, at: &'static str, kind: StrategyErrorKind) {
        *self.failure.lock().unwrap() = Some((at, StrategyError::new(kind, "told-to", "told to fail")));
    }

    pub(super) fn mend(&self) {
        *self.failure.lock().unwrap() = None;
    }

    fn check(&self, at: &str) -> Result<(), StrategyError> {
        match &*self.failure.lock().unwrap() {
            Some((step, error)) if *step == at => Err(error.clone()),
            _ => Ok(()),
        }
    }

    fn make(&self) -> Result<String, StrategyError> {
        let mut keys = self.keys.lock().unwrap();
        if keys.len() >= ROOM {
            return Err(StrategyError::new(StrategyErrorKind::Exhausted, "key-limit", "two keys are there"));
        }
        let key = format!("key-{}", self.made.fetch_add(1, Ordering::SeqCst));
        keys.insert(key.clone());
        Ok(key)
    }

    #[expect(clippy::disallowed_methods, reason = "the double compares passwords")]
    fn let_in(&self, call: UpkeepCall<'_>) -> Result<(), StrategyError> {
        let trusted = call.warehouse.config.get("certificate").and_then(|text| text.as_str());
        if self.certificate.lock().unwrap().as_deref().is_some_and(|shown| trusted != Some(shown)) {
            return Err(StrategyError::new(StrategyErrorKind::Upstream, "tls", "the certificate is not trusted"));
        }
        let given = call.slots.get("password").map(|password| password.expose().clone());
        match &*self.password.lock().unwrap() {
            Some(wanted) if given.as_ref() != Some(wanted) => {
                Err(StrategyError::new(StrategyErrorKind::Denied, "wrong-password", "wrong password"))
            }
            _ => Ok(()),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the double's handles are the names of its keys")]
fn name_of(handle: &Secret<String>) -> String {
    handle.expose().clone()
}

#[async_trait]
impl Strategies for Vms {
    fn list(&self) -> Vec<StrategyInfo> {
        Vec::new()
    }
    fn rejected(&self) -> Vec<RejectedPlugin> {
        Vec::new()
    }
    fn find(&self, name: &str) -> Option<Arc<StrategyInfo>> {
        let field = |name: &str, destination, secret_uses| Field {
            name: name.to_owned(),
            aliases: Vec::new(),
            kind: FieldKind::Text,
            required: false,
            default: None,
            secret_uses,
            choices: Vec::new(),
            example: None,
            secret_hosts: Vec::new(),
            destination,
            help: String::new(),
        };
        let description = Description {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            summary: String::new(),
            schemes: vec!["s3".to_owned()],
            scoping: *self.scoping.lock().unwrap(),
            scoping_rules: Vec::new(),
            fields: vec![
                field("vms", true, vec![]),
                field("certificate", false, vec![]),
                field("password", false, vec![SecretUse::Basic]),
            ],
            hosts: Vec::new(),
            max_ttl_seconds: None,
            min_ttl_seconds: None,
        };
        let exports = vec!["pangolin:vending/leases@1.0.0".to_owned()];
        let info = StrategyInfo { digest: "d".to_owned(), exports, ..StrategyInfo::of(description) };
        Some(Arc::new(info))
    }
    async fn check_config(&self, _: &Warehouse) -> Result<Vec<ConfigProblem>, StrategyError> {
        Ok(Vec::new())
    }

    async fn claim(&self, call: StrategyCall<'_>) -> Result<Claim, StrategyError> {
        self.claims.fetch_add(1, Ordering::SeqCst);
        let share = call.authorised.access().describe().to_owned();
        Ok(Claim { resource: "vms/ada".to_owned(), share, capacity: 2 })
    }

    async fn survey(&self, _: StrategyCall<'_>, known: &[Secret<String>]) -> Result<String, StrategyError> {
        self.surveys.fetch_add(1, Ordering::SeqCst);
        self.trouble.hit("survey")?;
        self.check("survey")?;
        let keys = self.keys();
        let known: Vec<String> = known.iter().map(name_of).collect();
        let counts = |key: &&String| self.surveys_strictly.load(Ordering::SeqCst) || !known.contains(*key);
        if keys.iter().filter(counts).count() >= ROOM {
            return Err(StrategyError::new(StrategyErrorKind::Exhausted, "key-limit", "other keys fill the user"));
        }
        Ok(keys.join(","))
    }

    async fn vend(&self, call: StrategyCall<'_>) -> Result<Minted, StrategyError> {
        self.check("vend-refused")?;
        self.trouble.hit("vend-before")?;
        tokio::task::yield_now().await;
        let key = self.make()?;
        self.trouble.hit("vend-after")?;
        self.check("vend")?;
        let handle = (!self.forgets_handles.load(Ordering::SeqCst)).then(|| Secret::from(key.clone()));
        Ok(Minted {
            credentials: vec![MintedCredential {
                prefix: call.authorised.scopes()[0].location.to_string(),
                entries: vec![("s3.access-key-id".to_owned(), Secret::from(key))],
                expires_at: None,
                handle,
            }],
            access: call.authorised.access(),
            strategy: "Fake".to_owned(),
            version: "1.0.0".to_owned(),
            digest: "d".to_owned(),
            proof: None,
            issued: Vec::new(),
        })
    }

    async fn revoke(&self, call: UpkeepCall<'_>, handle: &Secret<String>) -> Result<Revoked, StrategyError> {
        if *self.hangs_for.lock().unwrap() == Some(call.warehouse.tenant_id) {
            std::future::pending::<()>().await;
        }
        self.let_in(call)?;
        self.check("revoke")?;
        self.trouble.hit("revoke-before")?;
        tokio::task::yield_now().await;
        let key = name_of(handle);
        self.deletions.lock().unwrap().push(key.clone());
        let was_there = self.keys.lock().unwrap().remove(&key);
        self.trouble.hit("revoke-after")?;
        Ok(if was_there { Revoked::Revoked } else { Revoked::Gone })
    }

    async fn recover(&self, call: UpkeepCall<'_>, mint: Interrupted<'_>) -> Result<Recovery, StrategyError> {
        self.let_in(call)?;
        self.check("recover")?;
        let before: Vec<&str> = mint.survey.split(',').collect();
        let known: Vec<String> = mint.known.iter().map(name_of).collect();
        let new = |key: &String| !before.contains(&key.as_str()) && !known.contains(key);
        let left: Vec<String> = self.keys().into_iter().filter(new).collect();
        Ok(match left.as_slice() {
            [only] => Recovery { found: vec![Secret::from(only.clone())], undecided: Vec::new() },
            _ => Recovery { found: Vec::new(), undecided: left },
        })
    }
}
