//! The pipeline with a credential in its cache: policy, cache, audit row.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use pangolin_core::access::Access;
use pangolin_core::audit::{AuditEvent, RequestContext};
use pangolin_core::clock::SystemClock;
use pangolin_core::id::{CatalogId, UserId};
use pangolin_core::ports::{AuditTrail, AuditUnavailable, StoreError, TableLocations};
use pangolin_core::principal::{AccountKind, Principal, UserRole};
use pangolin_core::record::{CatalogSnapshot, Table};
use pangolin_core::secret::{Secret, SecretValue};
use pangolin_core::secret_ref::{SecretRefError, SecretRefPolicy, SecretResolver};
use pangolin_core::vend::{CacheSettings, VendAsk, VendOutcome, VendSettings, Vending};
use pangolin_runtime::Runtime;

/// One caller who asks for the same table again and again.
pub(crate) struct Cached {
    vending: Arc<Vending>,
    snapshot: CatalogSnapshot,
    table: Table,
    caller: Principal,
    context: RequestContext,
}

impl Cached {
    pub(crate) fn new(runtime: Arc<Runtime>, snapshot: CatalogSnapshot, table: Table) -> Self {
        let mut warehouse = (*snapshot.warehouse).clone();
        for name in super::SLOTS {
            warehouse.secrets.insert(name.to_owned(), SecretValue::Literal(Secret::from("AKIAIOSFODNN7EXAMPLE")));
        }
        let settings = VendSettings {
            default_ttl_seconds: 3600,
            limit_to_token: false,
            env_slots: BTreeMap::new(),
            secret_refs: SecretRefPolicy::default(),
            fingerprint_key: [7; 32],
            cache: CacheSettings::default(),
        };
        let (trail, locations, secrets) = (Arc::new(Nowhere), Arc::new(Nowhere), Arc::new(Nowhere));
        let clock = Arc::new(SystemClock);
        let caller = Principal {
            user_id: UserId::generate(),
            username: "ada".into(),
            role: UserRole::TenantAdmin,
            tenant_id: Some(snapshot.catalog.tenant_id),
            kind: AccountKind::Person,
            token_id: None,
            token_expires_at: None,
            grants: [].into(),
            roles: [].into(),
            cut_off: None,
            narrowed: false,
        };
        Self {
            vending: Arc::new(Vending::new(runtime, trail, locations, secrets, clock, settings)),
            snapshot: CatalogSnapshot { warehouse: Arc::new(warehouse), ..snapshot },
            table,
            caller,
            context: RequestContext { request_id: "request-1".to_owned(), ..RequestContext::default() },
        }
    }

    pub(crate) async fn vend(&self) {
        let ask = VendAsk { access: Access::FULL, ttl_seconds: None, trigger: "credentials", context: &self.context };
        let vended = self.vending.vend(&self.caller, &self.snapshot, &self.table, ask).await.unwrap();
        assert!(matches!(vended, VendOutcome::Vended(_)));
    }
}

/// A trail, a table of locations and a source of secrets without anything behind them.
#[derive(Debug)]
struct Nowhere;

#[async_trait]
impl AuditTrail for Nowhere {
    async fn record(&self, event: AuditEvent) -> Result<(), AuditUnavailable> {
        std::hint::black_box(event);
        Ok(())
    }
}

#[async_trait]
impl TableLocations for Nowhere {
    async fn locations_are_exclusive(&self, _: CatalogId, _: &Table) -> Result<bool, StoreError> {
        Ok(true)
    }
}

impl SecretResolver for Nowhere {
    fn resolve(&self, name: &str) -> Result<Secret<String>, SecretRefError> {
        Err(SecretRefError::Reserved(name.to_owned()))
    }
}
