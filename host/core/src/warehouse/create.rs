//! Makes a warehouse from the body of a request.

use serde_json::Value;

use super::field::Fields;
use super::judge::judge;
use super::normalise::{Group, normalise};
use super::problem::{Problems, shown};
use super::request::{self, Request};
use super::strategy_form::StrategyForm;
use super::{StorageKind, Warehouse, WarehouseContext, WarehouseProblems};
use crate::id::{TenantId, WarehouseId};
use crate::strategy::{Description, StrategyInfo};

/// Makes a warehouse from `{"name", "use_sts"?, "storage_config"?, "vending_strategy"?,
/// "allow_unscoped"?, "max_ttl_seconds"?}` in any spelling.
///
/// # Errors
/// Every problem of the body at once.
pub fn create(
    body: &Value,
    id: WarehouseId,
    tenant: TenantId,
    ctx: &WarehouseContext<'_>,
) -> Result<Warehouse, WarehouseProblems> {
    let mut problems = Problems::default();
    let Some(request) = request::read(body, &mut problems) else { return Err(problems.into_error()) };
    for (field, value) in &request.read_only {
        // A tenant admin may repeat whose it is.
        if *field != "tenant_id" || value.as_str() != Some(tenant.to_string().as_str()) {
            problems.add(field, format!("{field} is chosen by the host: leave it out"));
        }
    }
    if request.name.is_none() && !problems.has("name") {
        problems.add("name", "name is missing");
    }
    // Which fields there are depends on the type: judged by another they would all seem wrong.
    if problems.has("type") {
        return Err(problems.into_error());
    }
    let kind = request.kind.unwrap_or(StorageKind::S3);
    let strategy = chosen(&request.strategy, ctx, &mut problems)
        .unwrap_or_else(|| inferred(kind, request.use_sts.unwrap_or(false), ctx, &mut problems));
    let fields = Fields { kind, strategy };
    let mut normal = normalise(fields, &groups(&request), None, ctx.strict_secrets, &mut problems);
    let judged = judge(fields, &mut normal, tenant, ctx, &mut problems);
    check_ttl(strategy, request.max_ttl_seconds.flatten(), &mut problems);
    let warehouse = request.name.zip(judged.base).map(|(name, base)| Warehouse {
        id,
        tenant_id: tenant,
        name: name.to_owned(),
        kind,
        base,
        strategy: strategy.map(|strategy| strategy.name.clone()),
        config: normal.config,
        secrets: normal.secrets,
        identity: judged.identity,
        allow_unscoped: request.allow_unscoped.unwrap_or(false),
        max_ttl_seconds: request.max_ttl_seconds.flatten(),
        revision: 1,
        created_at: ctx.now,
        updated_at: ctx.now,
    });
    problems.finish(warehouse)
}

/// The fields of the request, where they stand.
pub(super) fn groups<'r>(request: &'r Request<'_>) -> Vec<Group<'r>> {
    let parameters: &'r [_] = match &request.strategy {
        StrategyForm::Named(_, parameters) => parameters,
        StrategyForm::Unsaid | StrategyForm::Nothing => &[],
    };
    vec![
        Group { name: "storage_config", entries: &request.storage },
        Group { name: "vending_strategy", entries: parameters },
    ]
}

/// The strategy that the request names; the outer none if it names none.
pub(super) fn chosen<'a>(
    form: &StrategyForm<'_>,
    ctx: &WarehouseContext<'a>,
    problems: &mut Problems,
) -> Option<Option<&'a Description>> {
    match form {
        StrategyForm::Unsaid => None,
        StrategyForm::Nothing => Some(None),
        StrategyForm::Named(name, _) => Some(find(name, ctx, problems)),
    }
}

/// The strategy that `use_sts` stands for.
pub(super) fn inferred<'a>(
    kind: StorageKind,
    use_sts: bool,
    ctx: &WarehouseContext<'a>,
    problems: &mut Problems,
) -> Option<&'a Description> {
    let name = match (kind, use_sts) {
        (StorageKind::S3, true) => super::AWS_STS,
        (StorageKind::S3, false) => "AwsStatic",
        (StorageKind::Azure, true) => "AzureOAuth",
        (StorageKind::Azure, false) => "AzureSas",
        (StorageKind::Gcs, _) => "GcpDownscoped",
        (StorageKind::Local, false) => return None,
        (StorageKind::Local, true) => {
            problems.add("use_sts", "local storage vends nothing: leave use_sts out");
            return None;
        }
    };
    find(name, ctx, problems)
}

/// A loaded strategy.
pub(super) fn find<'a>(name: &str, ctx: &WarehouseContext<'a>, problems: &mut Problems) -> Option<&'a Description> {
    let loaded: &'a [StrategyInfo] = ctx.strategies;
    let found = loaded.iter().map(|info| &info.description).find(|description| description.name == name);
    if found.is_none() {
        let message = format!("unknown strategy '{}': loaded are {}; or say None", shown(name), ctx.loaded());
        problems.add("vending_strategy", message);
    }
    found
}

/// A life that the strategy cannot mint would make every vend fail.
pub(super) fn check_ttl(strategy: Option<&Description>, max_ttl: Option<u32>, problems: &mut Problems) {
    let Some((strategy, max_ttl)) = strategy.zip(max_ttl) else { return };
    if let Some(least) = strategy.min_ttl_seconds.filter(|least| max_ttl < *least) {
        problems.add("max_ttl_seconds", format!("{} mints nothing shorter than {least} seconds", strategy.name));
    }
}
