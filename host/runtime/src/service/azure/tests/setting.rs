//! Calls on one table of an Azure warehouse, and the service under test.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use pangolin_core::access::Access;
use pangolin_core::clock::{ManualClock, UnixMillis};
use pangolin_core::egress::EgressPolicy;
use pangolin_core::id::{CatalogId, TableId, UserId, WarehouseId};
use pangolin_core::location::Location;
use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::{Action, Grant, PermissionScope};
use pangolin_core::policy::{self, Authorised};
use pangolin_core::principal::{AccountKind, Principal as Caller, UserRole};
use pangolin_core::record::{Catalog, CatalogSnapshot, Table};
use pangolin_core::strategy::{HostPattern, SecretUse};
use pangolin_core::warehouse::{BaseIdentity, StorageKind, Warehouse};
use pangolin_egress::EgressClient;

use super::super::{Azure, AzureSettings, Principal, Resource, SasRequest, Signer};
use super::fake::{CLIENT, Fake, NOW_MS, SECRET, TENANT};
use crate::call::Call;
use crate::service::testing::{self, CallBuilder};

pub(super) const ROOT: &str = "abfss://data@acct.dfs.core.windows.net/sales/orders/";
/// 64 bytes in base64, as account keys are.
pub(super) const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==";

pub(super) struct Setting {
    pub(super) azure: Azure,
    pub(super) clock: Arc<ManualClock>,
}

pub(super) fn azure(settings: AzureSettings) -> Setting {
    let clock = Arc::new(ManualClock::at(UnixMillis(NOW_MS)));
    let origins: Vec<url::Url> = settings.authority_host.iter().cloned().collect();
    let policy = EgressPolicy::new(EgressPolicy::parse_ranges("127.0.0.0/8").unwrap(), &origins, false);
    let egress = EgressClient::new(Arc::new(policy)).unwrap();
    Setting { azure: Azure::new(egress, settings, clock.clone()), clock }
}

/// The host's workload identity, with its token in this file.
pub(super) fn workload(fake: &Fake, file: PathBuf) -> AzureSettings {
    AzureSettings {
        tenant_id: Some(TENANT.to_owned()),
        client_id: Some(CLIENT.to_owned()),
        federated_token_file: Some(file),
        authority_host: Some(fake.authority().parse().unwrap()),
    }
}

/// A warehouse with an app's secret, at the fake.
pub(super) fn app(fake: &Fake) -> CallBuilder {
    testing::call()
        .secret("client_secret", SECRET, &[SecretUse::FormField("client_secret".into())])
        .config("authority_host", fake.authority())
        .config("endpoint", fake.endpoint())
        .hosts(&[HostPattern::OfField("authority_host".into()), HostPattern::OfField("endpoint".into())])
}

/// A call on the table by a caller who has rights on it alone.
pub(super) fn vend(builder: CallBuilder, access: Access) -> Call {
    let mut call = builder.build();
    call.authorised = Some(authorised(access, false));
    call
}

/// The same by a caller who may have an unscoped credential.
pub(super) fn vend_unscoped(builder: CallBuilder, access: Access) -> Call {
    let mut call = builder.build();
    call.authorised = Some(authorised(access, true));
    call
}

pub(super) fn secret(fake: &Fake) -> Principal {
    Principal::ClientSecret {
        tenant_id: TENANT.to_owned(),
        client_id: CLIENT.to_owned(),
        secret: "client_secret".to_owned(),
        authority_host: Some(fake.authority()),
    }
}

/// A directory SAS for reading, of fifteen minutes.
pub(super) fn directory(signer: Signer) -> SasRequest {
    SasRequest {
        signer,
        resource: Resource::Directory,
        location: ROOT.to_owned(),
        permissions: "rl".to_owned(),
        starts_at_ms: Some(u64::try_from(NOW_MS).unwrap() - 300_000),
        expires_at_ms: u64::try_from(NOW_MS).unwrap() + 900_000,
        correlation_id: None,
    }
}

/// Parameters of a SAS by name.
pub(super) fn parameters(sas: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(sas.as_bytes()).into_owned().collect()
}

fn authorised(access: Access, allow_unscoped: bool) -> Authorised {
    let base = Location::parse("abfss://data@acct.dfs.core.windows.net/").unwrap();
    let warehouse = Warehouse {
        id: WarehouseId::generate(),
        tenant_id: testing::TENANT,
        name: "lake".to_owned(),
        kind: StorageKind::Azure,
        base: base.clone(),
        strategy: Some("Probe".to_owned()),
        config: BTreeMap::new(),
        secrets: BTreeMap::new(),
        identity: BaseIdentity::Own,
        allow_unscoped,
        max_ttl_seconds: None,
        revision: 1,
        created_at: UnixMillis(0),
        updated_at: UnixMillis(0),
    };
    let catalog = Catalog {
        id: CatalogId::generate(),
        tenant_id: testing::TENANT,
        name: "analytics".to_owned(),
        warehouse_id: warehouse.id,
        base,
        properties: BTreeMap::new(),
        revision: 1,
    };
    let namespace = NamespacePath::parse_dotted("sales").unwrap();
    let table = Table {
        id: TableId::generate(),
        catalog_id: catalog.id,
        namespace: namespace.clone(),
        name: "orders".to_owned(),
        location: Location::parse(ROOT).unwrap(),
        extra_locations: Vec::new(),
        metadata_location: String::new(),
        metadata: Arc::from("{}"),
        version: 1,
    };
    let scope = PermissionScope::Asset { catalog_id: catalog.id, namespace, asset_id: table.id.0 };
    let caller = Caller {
        user_id: UserId::SYSTEM,
        username: "alice".into(),
        role: UserRole::TenantUser,
        tenant_id: Some(testing::TENANT),
        kind: AccountKind::Person,
        token_id: None,
        token_expires_at: None,
        grants: vec![Grant { scope, actions: vec![Action::All] }].into(),
        roles: [].into(),
        cut_off: None,
        narrowed: false,
    };
    let snapshot = CatalogSnapshot {
        warehouse_catalogs: Arc::new([catalog.id]),
        catalog: Arc::new(catalog),
        warehouse: Arc::new(warehouse),
        host_identity_allowed: true,
    };
    policy::authorise(&caller, &snapshot, &table, access).unwrap()
}
