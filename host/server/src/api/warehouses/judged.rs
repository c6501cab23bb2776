//! A definition meets this host: its strategies, its settings, its own identity.

use pangolin_core::deputy::{self, HostClaim, OperatorIdentity};
use pangolin_core::secret::SecretValue;
use pangolin_core::warehouse::{Warehouse, WarehouseContext, WarehouseProblems};

use crate::config::Config;
use crate::error::ApiError;
use crate::state::AppState;

/// Runs core's judgement of a definition in the context of this host.
pub(super) fn in_context(
    state: &AppState,
    judge: impl FnOnce(&WarehouseContext<'_>) -> Result<Warehouse, WarehouseProblems>,
) -> Result<Warehouse, ApiError> {
    let config = &state.config;
    let strategies = state.strategies.list();
    let judge_url = |url: &str| match state.egress.policy() {
        Some(policy) => policy.check_url(url).map(drop).map_err(|denied| denied.to_string()),
        None => Err("the host has no egress policy for URLs of tenants".to_owned()),
    };
    let is_operators = |url: &str| {
        let policy = state.egress.policy();
        url::Url::parse(url).is_ok_and(|url| policy.is_some_and(|policy| policy.is_operator_origin(&url)))
    };
    let context = WarehouseContext {
        strategies: &strategies,
        operator: operator(config),
        strict_secrets: config.strict_secrets,
        local_root: config.local_storage_dir.as_deref().and_then(std::path::Path::to_str),
        env_credentials: config.aws.vend_env_credentials,
        judge_url: &judge_url,
        is_operators: &is_operators,
        now: state.clock.now(),
    };
    let warehouse = judge(&context).map_err(|problems| as_error(&problems))?;
    check_references(config, &warehouse)?;
    Ok(warehouse)
}

/// Refuses references that the operator does not let this tenant name.
fn check_references(config: &Config, warehouse: &Warehouse) -> Result<(), ApiError> {
    let refused = warehouse.secrets.iter().filter_map(|(field, secret)| match secret {
        SecretValue::Reference(name) => {
            config.secret_refs.check(warehouse.tenant_id, name).err().map(|error| (field.clone(), error.to_string()))
        }
        SecretValue::Literal(_) => None,
    });
    let refused: Vec<(String, String)> = refused.collect();
    if refused.is_empty() { Ok(()) } else { Err(ApiError::problems(refused)) }
}

/// Everything that is wrong, by field.
pub(super) fn as_error(problems: &WarehouseProblems) -> ApiError {
    ApiError::problems(problems.problems().iter().map(|problem| (problem.field.clone(), problem.message.clone())))
}

/// Runs the strategy's own check, so that a mistake shows now and not at the first vend.
pub(super) async fn check_config(state: &AppState, warehouse: &Warehouse) -> Result<(), ApiError> {
    if warehouse.strategy.is_none() {
        return Ok(());
    }
    let problems = state.strategies.check_config(warehouse).await?;
    if problems.is_empty() {
        return Ok(());
    }
    Err(ApiError::problems(problems.into_iter().map(|problem| (problem.field, problem.message))))
}

/// What the warehouse uses through the host's own identity; the store judges it.
pub(super) fn claim(state: &AppState, warehouse: &Warehouse) -> Option<HostClaim> {
    let strategy = warehouse.strategy.as_deref().and_then(|name| state.strategies.find(name));
    HostClaim::of(warehouse, strategy.as_ref().map(|info| &info.description), operator(&state.config))
}

fn operator(config: &Config) -> OperatorIdentity<'_> {
    OperatorIdentity {
        role: config.aws.role_arn.as_deref(),
        external_id: config.aws.external_id.as_deref(),
        own_sts: deputy::is_own_sts(config.aws.sts_endpoint.as_ref()),
    }
}
