//! What the tests share: a host with the two S3 strategies, written by hand.

mod azure;
mod create;
mod documents;
mod laws;
mod secrets;
mod update;

use serde_json::{Value, json};

use super::*;
use crate::deputy::OperatorIdentity;
use crate::strategy::{Description, Field, FieldKind, Scoping, SecretUse, StrategyInfo};

pub(super) const ROLE: &str = "arn:aws:iam::123456789012:role/PangolinDataAccess";
pub(super) const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

fn field(name: &str, kind: FieldKind, aliases: &[&str]) -> Field {
    Field {
        name: name.to_owned(),
        aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        kind,
        required: false,
        default: None,
        secret_uses: Vec::new(),
        choices: Vec::new(),
        example: None,
        secret_hosts: Vec::new(),
        destination: false,
        help: String::new(),
    }
}

fn keys(secret_use: &SecretUse) -> Vec<Field> {
    [
        ("access_key_id", "s3.access-key-id"),
        ("secret_access_key", "s3.secret-access-key"),
        ("session_token", "s3.session-token"),
    ]
    .iter()
    .map(|(name, alias)| Field { secret_uses: vec![secret_use.clone()], ..field(name, FieldKind::Text, &[alias]) })
    .collect()
}

fn info(name: &str, schemes: &[&str], scoping: Scoping, fields: Vec<Field>) -> StrategyInfo {
    let description = Description {
        name: name.to_owned(),
        version: "1.0.0".to_owned(),
        summary: String::new(),
        schemes: schemes.iter().map(|scheme| (*scheme).to_owned()).collect(),
        scoping,
        scoping_rules: Vec::new(),
        fields,
        hosts: Vec::new(),
        max_ttl_seconds: Some(43_200),
        min_ttl_seconds: (scoping == Scoping::Exact).then_some(900),
    };
    StrategyInfo::of(description)
}

fn aws_sts() -> StrategyInfo {
    let mut fields = vec![
        field("role_arn", FieldKind::Role, &["s3.role-arn"]),
        field("external_id", FieldKind::Text, &[]),
        Field { destination: true, ..field("sts_endpoint", FieldKind::Url, &["s3.sts-endpoint"]) },
        field("region", FieldKind::Text, &[]),
        field("ca_certificate", FieldKind::Text, &[]),
        Field { default: Some("false".to_owned()), ..field("session_tags", FieldKind::Boolean, &[]) },
        field("session_duration", FieldKind::Integer, &[]),
        field("kms_key_arns", FieldKind::Json, &[]),
    ];
    fields.extend(keys(&SecretUse::Sigv4("sts".to_owned())));
    info("AwsSts", &["s3"], Scoping::Exact, fields)
}

fn azure_sas() -> StrategyInfo {
    let mut key = field("account_key", FieldKind::Text, &[]);
    key.secret_uses = vec![SecretUse::AzureSas];
    key.required = true;
    info("AzureSas", &["abfss"], Scoping::Exact, vec![key])
}

fn gcp() -> StrategyInfo {
    let mut key = field("service_account_key", FieldKind::Json, &["gcp.service-account-key"]);
    key.secret_uses = vec![SecretUse::JwtAssertion];
    let uri = Field { destination: true, ..field("token_uri", FieldKind::Url, &[]) };
    let default = Some("https://oauth2.googleapis.com/token".to_owned());
    info("GcpDownscoped", &["gs"], Scoping::Exact, vec![key, Field { default, ..uri }])
}

pub(super) struct Host {
    pub strategies: Vec<StrategyInfo>,
    pub operator: OperatorIdentity<'static>,
    pub strict: bool,
    pub local_root: Option<&'static str>,
    pub env_credentials: bool,
}

impl Default for Host {
    fn default() -> Self {
        let aws_static = info("AwsStatic", &["s3"], Scoping::Unscoped, keys(&SecretUse::CredentialValue));
        Self {
            strategies: vec![aws_sts(), aws_static, azure_sas(), gcp()],
            operator: OperatorIdentity::default(),
            strict: false,
            local_root: None,
            env_credentials: false,
        }
    }
}

/// Refuses one address literal, as the egress policy does.
fn judge_url(url: &str) -> Result<(), String> {
    if url.contains("169.254.") { Err("leads to a refused address range".to_owned()) } else { Ok(()) }
}

impl Host {
    fn ctx(&self) -> WarehouseContext<'_> {
        WarehouseContext {
            strategies: &self.strategies,
            operator: self.operator,
            strict_secrets: self.strict,
            local_root: self.local_root,
            env_credentials: self.env_credentials,
            judge_url: &judge_url,
            is_operators: &|url| url.starts_with("https://127.0.0.1:10000/"),
            now: NOW,
        }
    }

    pub(super) fn create(&self, body: &Value) -> Result<Warehouse, WarehouseProblems> {
        create(body, WarehouseId(uuid::Uuid::from_u128(7)), tenant(), &self.ctx())
    }

    pub(super) fn update(&self, stored: &Warehouse, body: &Value) -> Result<Warehouse, WarehouseProblems> {
        update(stored, body, &WarehouseContext { now: NOW.plus_seconds(60), ..self.ctx() })
    }

    pub(super) fn view(&self, warehouse: &Warehouse) -> Value {
        let description = self.strategies.iter().map(|info| &info.description);
        view(warehouse, description.into_iter().find(|known| warehouse.strategy.as_ref() == Some(&known.name)))
    }

    /// The fields of the problems that a body has.
    pub(super) fn refused(&self, body: &Value) -> Vec<String> {
        fields_of(&self.create(body).expect_err("refused"))
    }
}

pub(super) fn fields_of(problems: &WarehouseProblems) -> Vec<String> {
    problems.problems().iter().map(|problem| problem.field.clone()).collect()
}

pub(super) fn tenant() -> TenantId {
    TenantId(uuid::Uuid::from_u128(1))
}

/// A body with a bucket, and the given fields over it.
pub(super) fn s3(storage: &Value, rest: &Value) -> Value {
    let mut body = json!({ "name": "w", "storage_config": { "type": "s3", "bucket": "my-data-bucket" } });
    merge(&mut body["storage_config"], storage);
    merge(&mut body, rest);
    body
}

pub(super) fn merge(into: &mut Value, from: &Value) {
    for (key, value) in from.as_object().unwrap() {
        into[key] = value.clone();
    }
}
