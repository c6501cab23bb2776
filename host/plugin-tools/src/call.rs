//! A warehouse, a table and a caller for a strategy that is tried: made and judged by the same
//! rules as in the host, so that what is refused here is refused there.

mod invented;
mod secrets;
mod storage;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use pangolin_core::access::Access;
use pangolin_core::clock::UnixMillis;
use pangolin_core::deputy::OperatorIdentity;
use pangolin_core::egress::EgressPolicy;
use pangolin_core::id::{CatalogId, TableId, TenantId, UserId, WarehouseId};
use pangolin_core::location::{InvalidLocation, Location};
use pangolin_core::namespace::{InvalidNamespace, NamespacePath};
use pangolin_core::permission::{Action, Grant, PermissionScope};
use pangolin_core::policy::{self, Authorised, Denied};
use pangolin_core::ports::{SlotValues, Strategies as _};
use pangolin_core::principal::{AccountKind, Principal, UserRole};
use pangolin_core::record::{Catalog, CatalogSnapshot, Table};
use pangolin_core::secret::{Secret, SecretValue};
use pangolin_core::strategy::{ConfigProblem, Description, Field, Scoping};
use pangolin_core::warehouse::{self, StorageKind, Warehouse, WarehouseContext, WarehouseProblems};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::loaded::Loaded;
use crate::planted::Planted;
use crate::scenario::Scenario;

/// Whose everything is.
pub(crate) const TENANT: TenantId = TenantId(Uuid::from_u128(0x7e57));

/// Fields that are made up one after another until the configuration is whole.
const MOST_INVENTED: usize = 32;

/// A warehouse with its secrets, and a catalog on it.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) warehouse: Arc<Warehouse>,
    pub(crate) slots: SlotValues,
    /// The body that the warehouse was made of, secrets left out.
    pub(crate) config: BTreeMap<String, Value>,
    /// Names of fields that nobody gave and that were made up.
    pub(crate) invented: Vec<String>,
}

/// What a caller asks for.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// The table's directory below the warehouse.
    pub(crate) table: String,
    /// More directories of the table.
    pub(crate) more: Vec<String>,
    pub(crate) access: Access,
    pub(crate) ttl_seconds: u32,
    pub(crate) principal: String,
    pub(crate) request_id: String,
}

/// Why a call is not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAsked {
    #[error(transparent)]
    Location(#[from] InvalidLocation),
    #[error(transparent)]
    Namespace(#[from] InvalidNamespace),
    #[error(transparent)]
    Denied(#[from] Denied),
}

/// Makes settings for one strategy.
#[derive(Debug)]
pub(crate) struct Maker<'a> {
    pub(crate) loaded: &'a Loaded,
    pub(crate) policy: &'a EgressPolicy,
    pub(crate) now: UnixMillis,
}

impl Maker<'_> {
    fn description(&self) -> &Description {
        &self.loaded.info.description
    }

    /// The setting of a scenario. What the strategy needs and the scenario does not say is made up.
    ///
    /// # Errors
    /// The problems that the host would answer with.
    pub(crate) async fn setting(&self, scenario: &Scenario) -> anyhow::Result<Setting> {
        let description = self.description();
        let base = match &scenario.base {
            Some(base) => base.clone(),
            None => storage::example_base(description).context("the strategy serves no scheme of this host")?,
        };
        let mut config = scenario.config.clone();
        let mut slots = SlotValues::new();
        let mut invented = Vec::new();
        for (name, value) in &scenario.secrets {
            let field = description.field(name).filter(|field| field.is_secret());
            let field =
                field.with_context(|| format!("secrets: the strategy has no secret '{}'", name.escape_debug()))?;
            slots.insert(field.name.clone(), secrets::given_or_planted(field, value)?);
        }
        for field in description.fields.iter().filter(|field| field.required && field.is_secret()) {
            if !slots.contains_key(&field.name) {
                slots.insert(field.name.clone(), secrets::planted(field)?);
            }
        }
        // A strategy without secrets of its own has no identity but the host's, and uses none.
        let needs_none = !description.fields.iter().any(Field::is_secret);
        loop {
            let problems = match self.make(&base, &config, &slots) {
                Ok(made) => match self.loaded.runtime.check_config(&made).await? {
                    problems if problems.is_empty() && (needs_none || !slots.is_empty()) => {
                        return Ok(Setting { warehouse: Arc::new(made), slots, config, invented });
                    }
                    problems => problems,
                },
                Err(problems) => problems.problems().to_vec(),
            };
            let next = invented::next(description, &config, &slots, &problems);
            let Some(field) = next.filter(|_| invented.len() < MOST_INVENTED) else {
                anyhow::bail!("{}", refused(&problems));
            };
            if field.is_secret() {
                slots.insert(field.name.clone(), secrets::planted(field)?);
            } else {
                config.insert(field.name.clone(), invented::value(field, description));
            }
            invented.push(field.name.clone());
        }
    }

    /// A warehouse by the way that requests take, judged as the host judges it.
    pub(crate) fn make(
        &self,
        base: &str,
        config: &BTreeMap<String, Value>,
        slots: &SlotValues,
    ) -> Result<Warehouse, WarehouseProblems> {
        let description = self.description();
        let mut parameters: Map<String, Value> = config.clone().into_iter().collect();
        parameters.extend(slots.iter().map(|(name, value)| (name.clone(), literal(value))));
        let body = json!({
            "name": "tried",
            "storage_config": storage::of(base, description, config),
            "vending_strategy": { description.name.clone(): parameters },
            "allow_unscoped": true,
        });
        let strategies = [(*self.loaded.info).clone()];
        let judge_url = |url: &str| self.policy.check_url(url).map(drop).map_err(|denied| denied.to_string());
        let context = WarehouseContext {
            strategies: &strategies,
            operator: OperatorIdentity::default(),
            strict_secrets: false,
            local_root: None,
            env_credentials: false,
            judge_url: &judge_url,
            is_operators: &|_| false,
            now: self.now,
        };
        warehouse::create(&body, WarehouseId(Uuid::from_u128(0x1a4e)), TENANT, &context)
    }
}

#[expect(clippy::disallowed_methods, reason = "the value takes the way of a request's body")]
fn literal(value: &Secret<String>) -> Value {
    Value::from(value.expose().as_str())
}

/// The problems, one a line.
fn refused(problems: &[ConfigProblem]) -> String {
    if problems.is_empty() {
        return "the configuration has no secrets and would use the host's own cloud identity, which is not at hand \
                here: give the scenario a [secrets] table with the names of the secrets, their values empty to have \
                them made up"
            .to_owned();
    }
    let lines = problems.iter().map(|problem| {
        let field = crate::shown::printable(&problem.field, 128);
        format!("\n  {field}: {}", crate::shown::printable(&problem.message, 1_000))
    });
    format!("the configuration is refused:{}", lines.collect::<String>())
}

impl Setting {
    /// What is looked for where it must not be.
    pub(crate) fn planted(&self) -> Planted {
        Planted::of(&self.slots)
    }

    /// How narrow the strategy's credentials are for this warehouse.
    pub(crate) fn scoping(&self, description: &Description) -> Scoping {
        description.scoping_for(&self.warehouse.config)
    }

    /// The same setting with another configuration, past the host's own judgement.
    pub(crate) fn with_config(&self, config: BTreeMap<String, Value>) -> Self {
        Self { warehouse: Arc::new(Warehouse { config, ..(*self.warehouse).clone() }), ..self.clone() }
    }

    /// The same setting without a secret.
    pub(crate) fn without_secrets(&self) -> Self {
        let secrets: BTreeMap<String, SecretValue> = BTreeMap::new();
        let warehouse = Arc::new(Warehouse { secrets, ..(*self.warehouse).clone() });
        Self { warehouse, slots: SlotValues::new(), ..self.clone() }
    }

    /// Where a path below the warehouse lies.
    pub(crate) fn location(&self, path: &str) -> Result<Location, InvalidLocation> {
        self.warehouse.base.join(path)
    }

    /// What the policy allows a caller who holds just these rights.
    pub(crate) fn authorise(&self, ask: &Ask) -> Result<Authorised, NotAsked> {
        let (catalog, table) = (CatalogId(Uuid::from_u128(0xca7a)), TableId(Uuid::new_v4()));
        let namespace = NamespacePath::parse_dotted("sales")?;
        let more: Result<Vec<Location>, InvalidLocation> = ask.more.iter().map(|path| self.location(path)).collect();
        let table = Table {
            id: table,
            catalog_id: catalog,
            namespace: namespace.clone(),
            name: "orders".to_owned(),
            location: self.location(&ask.table)?,
            extra_locations: more?,
            metadata_location: String::new(),
            metadata: Arc::from("{}"),
            version: 1,
        };
        let snapshot = CatalogSnapshot {
            catalog: Arc::new(Catalog {
                id: catalog,
                tenant_id: TENANT,
                name: "tried".to_owned(),
                warehouse_id: self.warehouse.id,
                base: self.warehouse.base.clone(),
                properties: BTreeMap::new(),
                revision: 1,
            }),
            warehouse: Arc::clone(&self.warehouse),
            warehouse_catalogs: Arc::from([catalog]),
            host_identity_allowed: true,
        };
        let scope = PermissionScope::Asset { catalog_id: catalog, namespace, asset_id: table.id.0 };
        Ok(policy::authorise(&caller(ask, scope), &snapshot, &table, ask.access)?)
    }
}

/// A caller who holds what is asked for, and no more.
fn caller(ask: &Ask, scope: PermissionScope) -> Principal {
    let held =
        [(ask.access.read, Action::Read), (ask.access.write, Action::Write), (ask.access.delete, Action::Delete)];
    let actions: Vec<Action> = held.into_iter().filter_map(|(held, action)| held.then_some(action)).collect();
    Principal {
        user_id: UserId(Uuid::from_u128(0xada)),
        username: Arc::from(ask.principal.as_str()),
        role: UserRole::TenantUser,
        tenant_id: Some(TENANT),
        kind: AccountKind::Person,
        token_id: None,
        token_expires_at: None,
        grants: Arc::from([Grant { scope, actions }]),
        roles: Arc::from([]),
        cut_off: None,
        narrowed: false,
    }
}

/// The kind of storage of a strategy's first scheme that this host knows.
pub(crate) fn storage_kind(description: &Description) -> Option<StorageKind> {
    storage::kind(description)
}

/// `read`, `write` (and read), `delete` (and read), `all`, or several joined by commas.
pub(crate) fn parse_access(text: &str) -> anyhow::Result<Access> {
    let mut access = Access::NONE;
    for word in text.split(',').map(str::trim) {
        access.read = true;
        match word {
            "read" => {}
            "write" => access.write = true,
            "delete" => access.delete = true,
            "all" => access = Access::FULL,
            _ => anyhow::bail!("'{}' is none of read, write, delete and all", word.escape_debug()),
        }
    }
    Ok(access)
}
