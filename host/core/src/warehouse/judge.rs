//! Whether a normal form can work: defaults, missing fields, URLs, key pairs, identity.

use super::base::{base, trimmed};
use super::blob_service::{blob_service, is_azures};
use super::field::Fields;
use super::normalise::Normal;
use super::problem::Problems;
use super::{AWS_STS, BaseIdentity, StorageKind, WarehouseContext};
use crate::deputy::{self, OperatorIdentity};
use crate::id::TenantId;
use crate::location::Location;
use crate::strategy::{Description, FieldKind, SecretUse};

/// What follows from a normal form.
#[derive(Debug)]
pub(super) struct Judged {
    pub base: Option<Location>,
    pub identity: BaseIdentity,
}

/// Fills in defaults and collects what is wrong.
pub(super) fn judge(
    fields: Fields<'_>,
    normal: &mut Normal,
    tenant: TenantId,
    ctx: &WarehouseContext<'_>,
    problems: &mut Problems,
) -> Judged {
    let identity = identity(fields, normal);
    defaults(fields, normal, ctx.operator, problems);
    tidy_prefix(normal, problems);
    for (name, help) in fields.required() {
        let there = normal.config.contains_key(name) || normal.secrets.contains_key(name);
        if !there && !problems.has(name) {
            let help = if help.is_empty() { String::new() } else { format!(": {help}") };
            problems.add(name, format!("{name} is missing{help}"));
        }
    }
    choices(fields, normal, problems);
    urls(fields, normal, ctx, problems);
    key_pair(fields, normal, problems);
    if let Some(strategy) = fields.strategy {
        served(fields.kind, strategy, problems);
        if identity == BaseIdentity::Host {
            through_the_host(strategy, normal, tenant, ctx, problems);
        }
    }
    Judged { base: base(fields.kind, &normal.config, ctx.local_root, problems), identity }
}

/// Own keys are those that the strategy can use.
fn identity(fields: Fields<'_>, normal: &Normal) -> BaseIdentity {
    match fields.strategy {
        None => BaseIdentity::None,
        Some(_) if fields.kind == StorageKind::Local => BaseIdentity::None,
        Some(_) if fields.own().any(|field| field.is_secret() && normal.secrets.contains_key(&field.name)) => {
            BaseIdentity::Own
        }
        Some(_) => BaseIdentity::Host,
    }
}

fn defaults(fields: Fields<'_>, normal: &mut Normal, operator: OperatorIdentity<'_>, problems: &mut Problems) {
    for field in
        fields.own().filter(|field| !field.is_secret() && !normal.config.contains_key(&field.name)).collect::<Vec<_>>()
    {
        let Some(default) = &field.default else { continue };
        if let Ok(Some(value)) = super::value::coerce(field.kind, &default.clone().into()) {
            normal.config.insert(field.name.clone(), value);
        }
    }
    if fields.strategy.is_some_and(|strategy| strategy.name == AWS_STS) && !normal.config.contains_key("role_arn") {
        if let Some(role) = operator.role {
            normal.config.insert("role_arn".to_owned(), role.into());
        } else if !problems.has("role_arn") {
            problems.add(
                "role_arn",
                "role_arn is missing: give the role to assume, or let the operator set PANGOLIN_STS_ROLE_ARN",
            );
        }
    }
}

fn choices(fields: Fields<'_>, normal: &Normal, problems: &mut Problems) {
    for field in fields.own().filter(|field| !field.choices.is_empty()) {
        let Some(value) = normal.config.get(&field.name) else { continue };
        if let Err(message) = super::value::choose(&field.choices, value) {
            problems.add(&field.name, format!("{} {message}", field.name));
        }
    }
}

fn tidy_prefix(normal: &mut Normal, problems: &mut Problems) {
    let Some(prefix) = normal.config.get("prefix").and_then(serde_json::Value::as_str) else { return };
    let tidy = trimmed(prefix).to_owned();
    if tidy.is_empty() && prefix.len() > 1 {
        problems.add("prefix", "must not have empty segments");
    }
    if tidy.is_empty() {
        normal.config.remove("prefix");
    } else {
        normal.config.insert("prefix".to_owned(), tidy.into());
    }
}

/// The egress policy's word on every URL.
fn urls(fields: Fields<'_>, normal: &Normal, ctx: &WarehouseContext<'_>, problems: &mut Problems) {
    for (name, value) in &normal.config {
        let is_url = fields.of_storage(name).is_some_and(|field| field.kind == FieldKind::Url)
            || fields.of_strategy(name).is_some_and(|field| field.kind == FieldKind::Url);
        if let Some(url) = value.as_str().filter(|_| is_url) {
            let _judged = problems.take(name, (ctx.judge_url)(url));
        }
    }
}

/// A key id without its secret, or a session token without both, signs nothing.
fn key_pair(fields: Fields<'_>, normal: &Normal, problems: &mut Problems) {
    if fields.kind != StorageKind::S3 {
        return;
    }
    let has = |name: &str| normal.secrets.contains_key(name);
    let any = has("access_key_id") || has("secret_access_key") || has("session_token");
    for name in ["access_key_id", "secret_access_key"] {
        if any && !has(name) && !problems.has(name) {
            problems.add(name, format!("{name} is missing: access_key_id and secret_access_key are given together"));
        }
    }
}

fn served(kind: StorageKind, strategy: &Description, problems: &mut Problems) {
    let schemes: &[&str] = match kind {
        StorageKind::S3 => &["s3", "s3a", "s3n"],
        StorageKind::Azure => &["abfs", "abfss", "wasb", "wasbs"],
        StorageKind::Gcs => &["gs"],
        StorageKind::Local => &[],
    };
    if kind == StorageKind::Local {
        problems.add("vending_strategy", "local storage vends nothing: leave the strategy out or say None");
    } else if !strategy.schemes.iter().any(|scheme| schemes.contains(&scheme.as_str())) {
        let message = format!(
            "{} serves {}, and the storage is {}: choose another strategy or another type",
            strategy.name,
            strategy.schemes.join(", "),
            kind.as_str(),
        );
        problems.add("vending_strategy", message);
    }
}

/// Whether the host's own identity may be shown to a storage endpoint: Azure's own, or one that the
/// operator named. What is vended through it lies in the warehouse's own base either way.
fn is_trusted_storage(endpoint: &str, ctx: &WarehouseContext<'_>) -> bool {
    (ctx.is_operators)(endpoint) || blob_service(Some(endpoint), "").is_some_and(|service| is_azures(&service))
}

/// The rules of the host's own identity.
fn through_the_host(
    strategy: &Description,
    normal: &Normal,
    tenant: TenantId,
    ctx: &WarehouseContext<'_>,
    problems: &mut Problems,
) {
    let secrets: Vec<&str> =
        strategy.fields.iter().filter(|field| field.is_secret()).map(|field| field.name.as_str()).collect();
    // The host's own keys sign only for servers of the operator's choosing.
    let elsewhere = strategy.fields.iter().filter(|field| {
        let value = normal.config.get(&field.name).and_then(serde_json::Value::as_str);
        let is_trusted = |url: &str| field.name == "endpoint" && is_trusted_storage(url, ctx);
        field.destination && value != field.default.as_deref() && value.is_some_and(|url| !is_trusted(url))
    });
    for field in elsewhere {
        let message = format!(
            "a warehouse with its own {} brings its own base keys, and there is no {}",
            field.name,
            secrets.join(" or "),
        );
        problems.add(&field.name, message);
    }
    let hands_out_keys = strategy.fields.iter().find(|field| field.secret_uses.contains(&SecretUse::CredentialValue));
    if let Some(field) = hands_out_keys.filter(|field| !ctx.env_credentials && !problems.has(&field.name)) {
        let message = format!(
            "{} has no keys: give {}, or let the operator set PANGOLIN_VEND_ENV_CREDENTIALS=true to vend the keys of \
             the host's environment",
            strategy.name,
            secrets.join(", "),
        );
        problems.add(&field.name, message);
    }
    let roles = strategy.fields.iter().filter(|field| field.kind == FieldKind::Role);
    for field in roles.filter(|field| normal.config.contains_key(&field.name)).skip(1) {
        problems.add(&field.name, "only one role can be used through the host's own identity");
    }
    let external_id = normal.config.get("external_id").and_then(serde_json::Value::as_str);
    if let Some(role) = deputy::role(&normal.config, strategy)
        && let Err(refused) = deputy::external_id(tenant, role, external_id, ctx.operator)
    {
        problems.add("external_id", refused.to_string());
    }
}
