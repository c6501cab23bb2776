//! Changes a warehouse: any subset of its fields.
//!
//! A field that is left out stays, `null` removes it, the redacted marker keeps a secret. A
//! change that leads secrets elsewhere wants them again, so that nobody can lead a stored secret
//! to a server of his own.

use serde_json::Value;

use super::create::{check_ttl, chosen, find, groups, inferred};
use super::field::Fields;
use super::judge::judge;
use super::normalise::{Normal, normalise};
use super::problem::Problems;
use super::request::{self, Request};
use super::value::are_certificates;
use super::view::{uses_sts, view};
use super::{Warehouse, WarehouseContext, WarehouseProblems};
use crate::strategy::Description;

/// Applies the body of a request to `stored`. The revision is left as it is: the store compares
/// it and raises it.
///
/// # Errors
/// Every problem of the body at once.
pub fn update(stored: &Warehouse, body: &Value, ctx: &WarehouseContext<'_>) -> Result<Warehouse, WarehouseProblems> {
    let mut problems = Problems::default();
    let Some(request) = request::read(body, &mut problems) else { return Err(problems.into_error()) };
    unchanged(stored, &request, &mut problems);
    let strategy = strategy(stored, &request, ctx, &mut problems);
    let fields = Fields { kind: stored.kind, strategy };
    let mut normal = normalise(fields, &groups(&request), Some(stored), ctx.strict_secrets, &mut problems);
    let judged = judge(fields, &mut normal, stored.tenant_id, ctx, &mut problems);
    require_secrets_again(stored, fields, &normal, &mut problems);
    let max_ttl_seconds = request.max_ttl_seconds.unwrap_or(stored.max_ttl_seconds);
    check_ttl(strategy, max_ttl_seconds, &mut problems);
    let warehouse = judged.base.map(|base| Warehouse {
        name: request.name.map_or_else(|| stored.name.clone(), str::to_owned),
        base,
        strategy: strategy.map(|strategy| strategy.name.clone()),
        config: normal.config,
        secrets: normal.secrets,
        identity: judged.identity,
        allow_unscoped: request.allow_unscoped.unwrap_or(stored.allow_unscoped),
        max_ttl_seconds,
        updated_at: ctx.now,
        id: stored.id,
        tenant_id: stored.tenant_id,
        kind: stored.kind,
        revision: stored.revision,
        created_at: stored.created_at,
    });
    problems.finish(warehouse)
}

/// What a reply shows and nobody sets may be sent back as it was.
fn unchanged(stored: &Warehouse, request: &Request<'_>, problems: &mut Problems) {
    if request.kind.is_some_and(|kind| kind != stored.kind) {
        problems.add("type", format!("the type stays {}: make another warehouse", stored.kind.as_str()));
    }
    let shown = view(stored, None);
    for (field, value) in &request.read_only {
        if shown.get(field) != Some(*value) {
            problems.add(field, format!("{field} cannot be changed: leave it out"));
        }
    }
}

/// The strategy that is named, else the one that a changed `use_sts` stands for, else the stored.
fn strategy<'a>(
    stored: &Warehouse,
    request: &Request<'_>,
    ctx: &WarehouseContext<'a>,
    problems: &mut Problems,
) -> Option<&'a Description> {
    if let Some(chosen) = chosen(&request.strategy, ctx, problems) {
        return chosen;
    }
    match request.use_sts {
        Some(use_sts) if use_sts != uses_sts(stored) => inferred(stored.kind, use_sts, ctx, problems),
        _ => stored.strategy.as_deref().and_then(|name| find(name, ctx, problems)),
    }
}

fn require_secrets_again(stored: &Warehouse, fields: Fields<'_>, normal: &Normal, problems: &mut Problems) {
    // With other certificates another server can be the one of that name.
    let says_who_is_who = |name: &&str| {
        let values = [normal.config.get(*name), stored.config.get(*name)];
        values.into_iter().flatten().any(|value| value.as_str().is_some_and(are_certificates))
    };
    let certificates = fields.own().map(|field| field.name.as_str()).filter(says_who_is_who);
    let mut causes: Vec<&str> = fields
        .destinations()
        .chain(certificates)
        .filter(|name| normal.config.get(*name) != stored.config.get(*name))
        .collect();
    causes.sort_unstable();
    causes.dedup();
    // Vending nothing sends the secrets nowhere new.
    if fields.strategy.is_some_and(|strategy| stored.strategy.as_ref() != Some(&strategy.name)) {
        causes.push("vending_strategy");
    }
    if causes.is_empty() {
        return;
    }
    for name in normal.secrets.keys().filter(|name| !normal.given.contains(*name)) {
        let cause = causes.join(" and ");
        problems.add(name, format!("give {name} again: {cause} changes where it is sent"));
    }
}
