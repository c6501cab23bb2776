//! What a guest is told: the warehouse's configuration without secrets, and the request.

use std::collections::BTreeMap;
use std::sync::Arc;

use pangolin_core::access::Access;
use pangolin_core::lease::MintRequest;
use pangolin_core::ports::{SlotValues, StrategyCall, UpkeepCall};
use pangolin_core::strategy::{StrategyError, StrategyErrorKind};
use pangolin_core::warehouse::BaseIdentity;
use serde_json::Value;
use tokio::time::Instant;

use crate::bindings::types::{self, Configuration, VendRequest};
use crate::call::Call;
use crate::directory::LoadedPlugin;
use crate::limits::Limits;

/// A warehouse's configuration as one plugin sees it.
#[derive(Debug)]
pub(crate) struct GuestConfig(BTreeMap<String, Value>);

impl GuestConfig {
    /// The configuration, with the plugin's defaults where nothing is given.
    pub(super) fn new(plugin: &LoadedPlugin, config: &BTreeMap<String, Value>) -> Self {
        let mut config = config.clone();
        for (name, value) in &plugin.defaults {
            config.entry(name.clone()).or_insert_with(|| value.clone());
        }
        Self(config)
    }

    /// As the WIT has it; the slots are the plugin's secret fields that have a value.
    pub(super) fn configuration(
        &self,
        plugin: &LoadedPlugin,
        has_value: impl Fn(&str) -> bool,
    ) -> Result<Configuration, StrategyError> {
        let fields = serde_json::to_string(&self.0).map_err(|_| {
            StrategyError::new(StrategyErrorKind::InvalidConfig, "config-not-json", "the configuration is not JSON")
        })?;
        let slots = plugin.secret_fields().filter(|name| has_value(name)).map(str::to_owned).collect();
        Ok(Configuration { fields, slots })
    }
}

/// The request of one vend.
pub(super) fn vend_request(configuration: Configuration, ask: &StrategyCall<'_>) -> VendRequest {
    let authorised = ask.authorised;
    VendRequest {
        configuration,
        scopes: authorised.scopes().iter().map(|s| scope(s.location.as_str(), s.access)).collect(),
        ttl_seconds: ask.ttl_seconds,
        principal: authorised.principal().to_owned(),
        tenant: authorised.tenant_id().to_string(),
        table: authorised.table_name().to_owned(),
        request_id: ask.request_id.to_owned(),
        extensions: Vec::new(),
    }
}

/// The request of a mint that was interrupted.
pub(super) fn interrupted(configuration: Configuration, mint: &MintRequest, tenant: String) -> VendRequest {
    VendRequest {
        configuration,
        scopes: mint.scopes.iter().map(|(location, access)| scope(location, *access)).collect(),
        ttl_seconds: mint.ttl_seconds,
        principal: mint.principal.clone(),
        tenant,
        table: mint.table.clone(),
        request_id: mint.request_id.clone(),
        extensions: Vec::new(),
    }
}

fn scope(location: &str, access: Access) -> types::Scope {
    let rights = [
        (access.read, types::Access::READ),
        (access.write, types::Access::WRITE),
        (access.delete, types::Access::DELETE),
    ];
    let held = rights.into_iter().filter_map(|(held, right)| held.then_some(right));
    types::Scope {
        location: location.to_owned(),
        access: held.fold(types::Access::default(), |all, right| all | right),
    }
}

/// What the services may look at during one vend.
pub(super) fn call(plugin: &LoadedPlugin, config: GuestConfig, ask: &StrategyCall<'_>) -> Call {
    Call {
        authorised: Some(ask.authorised.clone()),
        identity: ask.warehouse.identity,
        may_use_host_identity: plugin.granted.host_identity,
        ttl_seconds: ask.ttl_seconds,
        ..talking(plugin, config, ask.slots, ask.request_id)
    }
}

/// What the services may look at while a lease is looked after: requests can be sent, nothing can
/// be minted.
pub(super) fn upkeep(plugin: &LoadedPlugin, config: GuestConfig, ask: &UpkeepCall<'_>) -> Call {
    talking(plugin, config, ask.slots, ask.request_id)
}

fn talking(plugin: &LoadedPlugin, config: GuestConfig, values: &SlotValues, request_id: &str) -> Call {
    let granted = &plugin.granted;
    let slots = plugin
        .secret_fields()
        .filter_map(|name| values.get_key_value(name).map(|(name, value)| (name.clone(), value.clone())))
        .collect();
    Call {
        request_id: request_id.to_owned(),
        may_send: true,
        config: config.0,
        slots,
        fields: Arc::clone(&granted.fields),
        hosts: Arc::clone(&granted.hosts),
        lacking: Arc::clone(&granted.lacking),
        ..Call::ungranted(&plugin.name, &granted.limits)
    }
}

impl Call {
    /// A call in which every service refuses.
    pub(crate) fn ungranted(plugin: &str, limits: &Limits) -> Self {
        Self {
            plugin: Arc::from(plugin),
            request_id: String::new(),
            authorised: None,
            object: None,
            may_send: false,
            config: BTreeMap::new(),
            identity: BaseIdentity::None,
            slots: BTreeMap::new(),
            captured: crate::service::Captured::default(),
            fields: Arc::from([]),
            hosts: Arc::from([]),
            may_use_host_identity: false,
            lacking: Arc::default(),
            ttl_seconds: 0,
            deadline: Instant::now() + limits.services_wall(),
            http_calls_left: limits.http_calls,
            http_bytes_left: limits.http_bytes,
            proof: None,
            issued: Vec::new(),
            dry_run: None,
            masked: Vec::new(),
        }
    }
}
