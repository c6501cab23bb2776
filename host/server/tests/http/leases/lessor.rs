//! A host whose strategies lease or mint, with leases put into its store.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use pangolin_core::access::Access;
use pangolin_core::clock::{Clock as _, SystemClock};
use pangolin_core::egress::EgressPolicy;
use pangolin_core::id::{LeaseId, TableId, TenantId, UserId};
use pangolin_core::lease::{Lease, LeaseGrant, LeaseIntent, LeaseState, MintRequest, ResourceKey, Revoked};
use pangolin_core::ports::{LeaseBook as _, Strategies, StrategyCall, UpkeepCall};
use pangolin_core::secret::Secret;
use pangolin_core::strategy::{
    ConfigProblem, Description, Minted, MintedCredential, RejectedPlugin, Scoping, StrategyError, StrategyErrorKind,
    StrategyInfo,
};
use pangolin_core::warehouse::Warehouse;
use pangolin_egress::EgressClient;
use pangolin_server::wiring;
use pangolin_store::{AuditSync, Consistency, KeyRing, Store, StoreConfig};
use prometheus_client::registry::Registry;
use serde_json::json;

use crate::support::{Host, config_in};

/// By what the leases here are ended; nobody may see it.
pub(super) const HANDLE: &str = "planted-handle-51c2";

/// A host with a tenant and its warehouses `lake` and `sea`.
pub(crate) struct Leased {
    pub(crate) host: Host,
    pub(crate) store: Store,
    pub(super) lessor: Arc<Lessor>,
    pub(crate) tenant: String,
    pub(crate) admin: String,
}

pub(crate) async fn leased_host() -> Leased {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let config = config_in(&dir, &[]);
    let store = StoreConfig {
        url: format!("sqlite://{}", dir.path().join("leases.db").display()),
        keys: KeyRing::generate().0,
        audit_sync: AuditSync::Normal,
        consistency: Consistency::Eventual,
        host_name: "host".to_owned(),
    };
    let store = Store::open(store, Arc::new(SystemClock)).await.unwrap();
    let egress = EgressClient::new(Arc::new(EgressPolicy::new(Vec::new(), &[], false))).unwrap();
    let lessor = Arc::new(Lessor::default());
    std::fs::create_dir_all(&config.store.data_dir).unwrap();
    let state = wiring::assemble(config, store.clone(), egress, lessor.clone(), Registry::default()).await.unwrap();
    let host = Host { state, dir };
    let (tenant, admin) = host.tenant("acme").await;
    for name in ["lake", "sea"] {
        let body = json!({"name": name, "vending_strategy": "Lessor",
            "storage_config": {"type": "s3", "bucket": format!("{name}-bucket"), "region": "eu-central-1"}});
        host.post("/api/v1/warehouses", &admin, body).await.expect(201);
    }
    Leased { host, store, lessor, tenant, admin }
}

impl Leased {
    fn tenant_id(&self) -> TenantId {
        self.tenant.parse().unwrap()
    }

    pub(super) fn resource(&self) -> ResourceKey {
        ResourceKey::new(self.tenant_id(), "Lessor", "r")
    }

    pub(super) fn revocations(&self) -> usize {
        self.lessor.revocations.load(Ordering::SeqCst)
    }

    /// An active lease: its identifier.
    pub(crate) async fn lease(&self, warehouse: &str, principal: &str) -> String {
        let warehouse = (*self.store.warehouse(self.tenant_id(), warehouse).await.unwrap().unwrap()).clone();
        let now = SystemClock.now();
        let lease = Lease {
            id: LeaseId::generate(),
            tenant_id: self.tenant_id(),
            warehouse_id: warehouse.id,
            warehouse: warehouse.name.clone(),
            strategy: "Lessor".to_owned(),
            resource: self.resource(),
            share: "read".to_owned(),
            state: LeaseState::Minting,
            access: Access::READ,
            user_id: UserId::generate(),
            principal: principal.to_owned(),
            table_id: TableId::generate(),
            table: "c.n.t".to_owned(),
            request_id: "r-1".to_owned(),
            started_at: now,
            ended_at: None,
            issued_at: None,
            expires_at: None,
            revoked_at: None,
            attempts: 0,
            last_error: None,
            next_attempt_at: Some(now.plus_seconds(60)),
            undecided: Vec::new(),
        };
        let request = MintRequest {
            scopes: vec![("s3://lake-bucket/t/".to_owned(), Access::READ)],
            ttl_seconds: 3600,
            principal: principal.to_owned(),
            table: "c.n.t".to_owned(),
            request_id: "r-1".to_owned(),
        };
        let id = lease.id;
        self.store.begin(&LeaseIntent { lease, request, survey: "survey".to_owned(), warehouse }).await.unwrap();
        let expires_at = now.plus_seconds(3600);
        let grant = LeaseGrant {
            handles: vec![Secret::from(HANDLE)],
            credentials: vec![MintedCredential {
                prefix: "s3://lake-bucket/t/".to_owned(),
                entries: vec![("s3.access-key-id".to_owned(), Secret::from("key"))],
                expires_at: Some(expires_at),
                handle: None,
            }],
            issued_at: now,
            expires_at,
            version: "1.0.0".to_owned(),
            digest: "d".to_owned(),
            fingerprint: None,
            scoping: Scoping::AccessOnly,
        };
        assert_eq!(self.store.minted(id, &grant).await.unwrap(), LeaseState::Active);
        id.to_string()
    }
}

/// A strategy that ends what it is told to.
#[derive(Debug, Default)]
pub(super) struct Lessor {
    revocations: AtomicUsize,
    refusal: Mutex<Option<String>>,
}

impl Lessor {
    pub(super) fn refuse(&self, why: &str) {
        *self.refusal.lock().unwrap() = Some(why.to_owned());
    }

    pub(super) fn mend(&self) {
        *self.refusal.lock().unwrap() = None;
    }

    fn info() -> StrategyInfo {
        let description = Description {
            name: "Lessor".to_owned(),
            version: "1.0.0".to_owned(),
            summary: String::new(),
            schemes: vec!["s3".to_owned()],
            scoping: Scoping::AccessOnly,
            scoping_rules: Vec::new(),
            fields: Vec::new(),
            hosts: Vec::new(),
            max_ttl_seconds: None,
            min_ttl_seconds: None,
        };
        let exports = vec!["pangolin:vending/leases@1.0.0".to_owned()];
        StrategyInfo { digest: "d".to_owned(), exports, ..StrategyInfo::of(description) }
    }

    fn minter() -> StrategyInfo {
        let lessor = Self::info();
        let description = Description { name: MINTER.to_owned(), scoping: Scoping::Exact, ..lessor.description };
        StrategyInfo { digest: "d".to_owned(), ..StrategyInfo::of(description) }
    }
}

/// The name of a strategy that mints without leases.
pub(crate) const MINTER: &str = "Minter";

#[async_trait]
impl Strategies for Lessor {
    fn list(&self) -> Vec<StrategyInfo> {
        vec![Self::info(), Self::minter()]
    }
    fn rejected(&self) -> Vec<RejectedPlugin> {
        Vec::new()
    }
    fn find(&self, name: &str) -> Option<Arc<StrategyInfo>> {
        self.list().into_iter().find(|info| info.description.name == name).map(Arc::new)
    }
    async fn check_config(&self, _: &Warehouse) -> Result<Vec<ConfigProblem>, StrategyError> {
        Ok(Vec::new())
    }
    async fn vend(&self, call: StrategyCall<'_>) -> Result<Minted, StrategyError> {
        if call.warehouse.strategy.as_deref() != Some(MINTER) {
            return Err(StrategyError::new(StrategyErrorKind::Unsupported, "no-vend", "nothing is vended here"));
        }
        let expires_at = Some(SystemClock.now().plus_seconds(3600));
        let credentials = call.authorised.scopes().iter().map(|scope| MintedCredential {
            prefix: scope.location.to_string(),
            entries: ["s3.access-key-id", "s3.secret-access-key", "s3.session-token"]
                .map(|name| (name.to_owned(), Secret::from("minted for a test")))
                .to_vec(),
            expires_at,
            handle: None,
        });
        Ok(Minted {
            credentials: credentials.collect(),
            access: call.authorised.access(),
            strategy: MINTER.to_owned(),
            version: "1.0.0".to_owned(),
            digest: "d".to_owned(),
            proof: None,
            issued: Vec::new(),
        })
    }
    async fn revoke(&self, _: UpkeepCall<'_>, handle: &Secret<String>) -> Result<Revoked, StrategyError> {
        assert_eq!(*handle, Secret::from(HANDLE));
        if let Some(why) = self.refusal.lock().unwrap().clone() {
            return Err(StrategyError::new(StrategyErrorKind::Unavailable, "down", why));
        }
        self.revocations.fetch_add(1, Ordering::SeqCst);
        Ok(Revoked::Revoked)
    }
}
