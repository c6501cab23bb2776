//! A tenant with one catalog, callers with and without rights, and ways to look at what happened.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use pangolin_core::audit::{AuditEvent, AuditResult, RequestContext};
use pangolin_core::clock::{ManualClock, UnixMillis};
use pangolin_core::egress::EgressPolicy;
use pangolin_core::id::{CatalogId, TenantId, UserId, WarehouseId};
use pangolin_core::location::Location;
use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::{Action, Grant, PermissionScope};
use pangolin_core::ports::{AuditTrail, AuditUnavailable, Strategies, StrategyCall};
use pangolin_core::principal::{AccountKind, Principal, UserRole};
use pangolin_core::record::{Catalog, CatalogSnapshot, Properties};
use pangolin_core::secret::Secret;
use pangolin_core::secret_ref::{SecretRefError, SecretRefPolicy, SecretResolver};
use pangolin_core::strategy::{
    ConfigProblem, Description, Minted, MintedCredential, RejectedPlugin, Scoping, StrategyError, StrategyInfo,
};
use pangolin_core::vend::{CacheSettings, VendSettings, Vending};
use pangolin_core::warehouse::{BaseIdentity, StorageKind, Warehouse};
use pangolin_egress::EgressClient;
use serde_json::{Value, json};

use super::bucket::Bucket;
use super::shelf::Shelf;
use crate::{Asker, Catalogs, CommitTable, CreateTable, Delegation};

pub(super) const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
/// Asks for a credential.
pub(super) fn vended() -> Delegation {
    Delegation { vended: true, ..Delegation::default() }
}

/// Asks for none.
pub(super) fn plain() -> Delegation {
    Delegation::default()
}

pub(super) struct World {
    pub(super) catalogs: Arc<Catalogs>,
    pub(super) shelf: Arc<Shelf>,
    pub(super) trail: Arc<Trail>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) context: RequestContext,
    pub(super) tenant: TenantId,
    pub(super) root: tempfile::TempDir,
}

impl World {
    /// Local storage; nothing is vended.
    pub(super) fn local() -> Self {
        let root = tempfile::tempdir().unwrap();
        let base = format!("file://{}/lake", root.path().display());
        Self::new(root, StorageKind::Local, &base, None, BTreeMap::new())
    }

    /// A bucket, with a strategy of this name.
    pub(super) async fn bucket(strategy: &str) -> (Self, Arc<Bucket>) {
        let (bucket, endpoint) = Bucket::start().await;
        (Self::on(strategy, &endpoint), bucket)
    }

    /// A store at this endpoint.
    pub(super) fn on(strategy: &str, endpoint: &str) -> Self {
        let config = BTreeMap::from([
            ("endpoint".to_owned(), json!(endpoint)),
            ("region".to_owned(), json!("eu-test-1")),
            ("path_style_access".to_owned(), json!(true)),
        ]);
        let root = tempfile::tempdir().unwrap();
        Self::new(root, StorageKind::S3, "s3://bucket/lake", Some(strategy), config)
    }

    fn new(
        root: tempfile::TempDir,
        kind: StorageKind,
        base: &str,
        strategy: Option<&str>,
        config: BTreeMap<String, Value>,
    ) -> Self {
        let tenant = TenantId::generate();
        let catalog = CatalogId::generate();
        let base = Location::parse(base).unwrap();
        let warehouse = Warehouse {
            id: WarehouseId::generate(),
            tenant_id: tenant,
            name: "wh".to_owned(),
            kind,
            base: base.clone(),
            strategy: strategy.map(str::to_owned),
            config,
            secrets: BTreeMap::new(),
            identity: BaseIdentity::None,
            allow_unscoped: false,
            max_ttl_seconds: None,
            revision: 1,
            created_at: NOW,
            updated_at: NOW,
        };
        let snapshot = CatalogSnapshot {
            catalog: Arc::new(Catalog {
                id: catalog,
                tenant_id: tenant,
                name: "lake".to_owned(),
                warehouse_id: warehouse.id,
                base,
                properties: Properties::new(),
                revision: 1,
            }),
            warehouse: Arc::new(warehouse),
            warehouse_catalogs: Arc::from([catalog]),
            host_identity_allowed: true,
        };
        let shelf = Arc::new(Shelf::new(snapshot));
        let trail = Arc::new(Trail::default());
        let clock = Arc::new(ManualClock::at(NOW));
        let settings = VendSettings {
            default_ttl_seconds: 3600,
            limit_to_token: false,
            env_slots: BTreeMap::new(),
            secret_refs: SecretRefPolicy::default(),
            fingerprint_key: [7; 32],
            cache: CacheSettings::default(),
        };
        let vending = Arc::new(Vending::new(
            Arc::new(FakeStrategies(clock.clone())),
            trail.clone(),
            shelf.clone(),
            Arc::new(NoSecrets),
            clock.clone(),
            settings,
        ));
        let policy = EgressPolicy::new(vec!["127.0.0.0/8".parse().unwrap()], &[], true);
        let egress = EgressClient::new(Arc::new(policy)).unwrap();
        let local_root = Some(root.path().to_owned());
        let catalogs =
            Arc::new(Catalogs::new(shelf.clone(), vending, trail.clone(), clock.clone(), egress, local_root));
        let context = RequestContext { request_id: "r".to_owned(), ..RequestContext::default() };
        Self { catalogs, shelf, trail, clock, context, tenant, root }
    }

    pub(super) fn by<'a>(&'a self, principal: &'a Principal) -> Asker<'a> {
        Asker { principal, context: &self.context }
    }

    pub(super) fn admin(&self) -> Principal {
        self.principal(UserRole::TenantAdmin, Vec::new())
    }

    pub(super) fn user(&self, grants: Vec<Grant>) -> Principal {
        self.principal(UserRole::TenantUser, grants)
    }

    /// A user with these actions on the catalog.
    pub(super) fn on_catalog(&self, actions: &[Action]) -> Principal {
        let catalog_id = self.shelf.snapshot().catalog.id;
        self.user(vec![Grant { scope: PermissionScope::Catalog { catalog_id }, actions: actions.to_vec() }])
    }

    /// A user with these actions on a namespace.
    pub(super) fn on_namespace(&self, namespace: &str, actions: &[Action]) -> Principal {
        let catalog_id = self.shelf.snapshot().catalog.id;
        let scope = PermissionScope::Namespace { catalog_id, namespace: path(namespace) };
        self.user(vec![Grant { scope, actions: actions.to_vec() }])
    }

    pub(super) fn principal(&self, role: UserRole, grants: Vec<Grant>) -> Principal {
        Principal {
            user_id: UserId::generate(),
            username: Arc::from("ann"),
            role,
            tenant_id: (role != UserRole::Root).then_some(self.tenant),
            kind: AccountKind::Person,
            token_id: None,
            token_expires_at: None,
            grants: grants.into(),
            roles: Arc::from([]),
            cut_off: None,
            narrowed: false,
        }
    }

    /// Namespace `sales` exists.
    pub(super) async fn sales(self) -> Self {
        self.catalogs.create_namespace(self.by(&self.admin()), "lake", path("sales"), Properties::new()).await.unwrap();
        self
    }

    /// Table `sales.{name}` exists; the answer is its reply.
    pub(super) async fn table(&self, name: &str) -> Value {
        let made = self
            .catalogs
            .create_table(self.by(&self.admin()), "lake", &path("sales"), table(name, json!({})), plain())
            .await
            .unwrap();
        serde_json::from_slice(&made.to_json().unwrap()).unwrap()
    }

    /// Files below the storage root, relative, sorted.
    pub(super) fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        walk(self.root.path(), self.root.path(), &mut found);
        found.sort();
        found
    }
}

fn walk(root: &Path, at: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(at).unwrap() {
        let entry = entry.unwrap().path();
        if entry.is_dir() {
            walk(root, &entry, found);
        } else {
            found.push(entry.strip_prefix(root).unwrap().display().to_string());
        }
    }
}

pub(super) fn path(text: &str) -> NamespacePath {
    NamespacePath::parse_dotted(text).unwrap()
}

/// The rows of a change that was made.
pub(super) fn done_as(action: &str) -> [(String, AuditResult); 2] {
    [AuditResult::Started, AuditResult::Success].map(|result| (action.to_owned(), result))
}

/// A creation of a table with one column, and what else is given.
pub(super) fn table(name: &str, more: Value) -> CreateTable {
    let mut body = json!({
        "name": name,
        "schema": {"type": "struct", "schema-id": 0, "fields": [
            {"id": 1, "name": "id", "type": "long", "required": true},
        ]},
    });
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    serde_json::from_value(body).unwrap()
}

#[expect(clippy::needless_pass_by_value, reason = "tests write the documents in place")]
pub(super) fn commit(requirements: Value, updates: Value) -> CommitTable {
    serde_json::from_value(json!({ "requirements": requirements, "updates": updates })).unwrap()
}

#[derive(Debug, Default)]
pub(super) struct Trail {
    rows: Mutex<Vec<AuditEvent>>,
    pub(super) broken: AtomicBool,
}

impl Trail {
    /// Actions and results since the last look.
    pub(super) fn take(&self) -> Vec<(String, AuditResult)> {
        self.rows.lock().unwrap().drain(..).map(|row| (row.action, row.result)).collect()
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

/// `Exact` scopes, `Loose` does not.
#[derive(Debug)]
struct FakeStrategies(Arc<ManualClock>);

#[async_trait]
impl Strategies for FakeStrategies {
    fn list(&self) -> Vec<StrategyInfo> {
        Vec::new()
    }
    fn rejected(&self) -> Vec<RejectedPlugin> {
        Vec::new()
    }
    fn find(&self, name: &str) -> Option<Arc<StrategyInfo>> {
        let scoping = match name {
            "Exact" => Scoping::Exact,
            "Loose" => Scoping::Unscoped,
            _ => return None,
        };
        let description = Description {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            summary: String::new(),
            schemes: vec!["s3".to_owned()],
            scoping,
            scoping_rules: Vec::new(),
            fields: Vec::new(),
            hosts: Vec::new(),
            max_ttl_seconds: None,
            min_ttl_seconds: Some(900),
        };
        Some(Arc::new(StrategyInfo { digest: "d".to_owned(), ..StrategyInfo::of(description) }))
    }
    async fn check_config(&self, _: &Warehouse) -> Result<Vec<ConfigProblem>, StrategyError> {
        Ok(Vec::new())
    }
    async fn vend(&self, call: StrategyCall<'_>) -> Result<Minted, StrategyError> {
        use pangolin_core::clock::Clock;
        let scope = &call.authorised.scopes()[0];
        let token = format!("{}:{}:{}", call.authorised.principal(), scope.access.describe(), scope.location);
        Ok(Minted {
            credentials: vec![MintedCredential {
                prefix: scope.location.to_string(),
                entries: vec![
                    ("s3.access-key-id".to_owned(), Secret::from("AKID")),
                    ("s3.secret-access-key".to_owned(), Secret::from("planted-secret")),
                    ("s3.session-token".to_owned(), Secret::from(token)),
                ],
                expires_at: Some(self.0.now().plus_seconds(i64::from(call.ttl_seconds))),
                handle: None,
            }],
            access: call.authorised.access(),
            strategy: "Exact".to_owned(),
            version: "1.0.0".to_owned(),
            digest: "d".to_owned(),
            proof: None,
            issued: Vec::new(),
        })
    }
}

#[derive(Debug)]
struct NoSecrets;

impl SecretResolver for NoSecrets {
    fn resolve(&self, name: &str) -> Result<Secret<String>, SecretRefError> {
        Err(SecretRefError::Name(name.to_owned()))
    }
}
