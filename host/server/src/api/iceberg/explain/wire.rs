//! The explanation as it goes out.

use std::collections::HashMap;

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{RoleId, UserId};
use pangolin_core::permission::{Action, PermissionScope};
use pangolin_core::principal::{AccountKind, UserRole};
use pangolin_core::strategy::{CredentialShape, DryStep, Scoping};
use pangolin_core::vend::{
    AccessExplained, Applies, Check, ClaimExplained, Explanation, GivenBy, LifeExplained, LimitedBy, Outcome, Purpose,
    Refusal, Revocable, SignatureExplained, Signer, Step, StrategyExplained, UnsignedRequest, Via, Who,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::names::{
    AccountName, GivenByName, LimitName, PurposeName, RankName, ScopingName, ServiceName, SignerName, StepName, ViaName,
};
use crate::api::permissions::{ActionName, Scope};

/// What a vend, or a signature, would be at this moment. Nothing is minted; no secret is in it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Explanation)]
pub(super) struct ExplanationView {
    /// Whether everything passed that can be judged without asking the cloud.
    allowed: bool,
    /// Why not; absent if `allowed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refusal: Option<RefusalView>,
    /// What is explained.
    #[serde(rename = "for")]
    #[schema(value_type = PurposeName)]
    purpose: Purpose,
    principal: WhoView,
    /// Roles of `assume_roles`: the principal was taken to hold them. Empty: nothing was assumed.
    #[schema(example = json!(["Reader"]))]
    assumed_roles: Vec<String>,
    /// `catalog.namespace.table`.
    #[schema(example = "lake.sales.orders")]
    table: String,
    /// The principal's grants that reach the table; what they give is together what is held.
    grants: Vec<GrantView>,
    access: AccessView,
    /// What would be opened, the table's root first; empty where the judgement does not come so far.
    #[schema(example = json!(["s3://bucket/lake/sales/orders/"]))]
    scopes: Vec<String>,
    /// The warehouse; absent for a principal who may not read the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "lake")]
    warehouse: Option<String>,
    /// Absent where the judgement does not come so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    strategy: Option<StrategyView>,
    /// Absent where the judgement does not come so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ttl: Option<LifeView>,
    /// Every step of the judgement, up to the first that does not pass.
    checks: Vec<CheckView>,
    /// What the strategy would ask for, in order.
    would: Vec<AskedView>,
    /// What would be handed out; absent where nothing would be, and for signatures.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    outcome: Option<OutcomeView>,
    /// What would be signed; absent for credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    signature: Option<SignatureView>,
    /// Absent where nothing would be handed out or signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    revocable: Option<RevocableView>,
    /// The action under which it would stand in the audit trail.
    #[schema(example = "vend_credentials")]
    audit_action: &'static str,
}

/// Why nothing would be vended or signed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedRefusal)]
struct RefusalView {
    /// The code that the request itself would be refused with.
    #[schema(example = "missing-right")]
    code: String,
    #[schema(example = "missing the right to read")]
    message: String,
}

/// Whose vend.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedPrincipal)]
struct WhoView {
    #[schema(value_type = uuid::Uuid)]
    id: UserId,
    #[schema(example = "ada")]
    username: String,
    #[schema(value_type = RankName)]
    rank: UserRole,
    #[schema(value_type = AccountName)]
    kind: AccountKind,
}

/// A grant that reaches the table.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedGrant)]
struct GrantView {
    /// By what it is held.
    via: ViaName,
    /// Only of a role.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>, nullable = false)]
    role_id: Option<RoleId>,
    /// Its name; only of a role.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Reader")]
    role: Option<String>,
    /// What gives the role; only of a role.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<GivenByName>, nullable = false)]
    given_by: Option<GivenBy>,
    /// Where it was given.
    #[schema(value_type = Scope)]
    scope: PermissionScope,
    /// Whether it was given on something that the table is in.
    inherited: bool,
    #[schema(value_type = Vec<ActionName>)]
    actions: Vec<Action>,
    /// What of the access to the table it gives.
    #[schema(example = "read")]
    gives: &'static str,
}

/// Levels of access, each as `none`, `read`, `read-write`, `read-write-delete` and the like.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedAccess)]
struct AccessView {
    #[schema(example = "read-write-delete")]
    requested: &'static str,
    /// What the principal holds on the table; `unknown` where the table could not be looked at.
    #[schema(example = "read")]
    held: &'static str,
    /// Null where the judgement does not come so far.
    #[schema(required, example = "read")]
    granted: Option<&'static str>,
}

/// The strategy of the warehouse.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedStrategy)]
struct StrategyView {
    #[schema(example = "AwsSts")]
    name: String,
    #[schema(example = "1.0.0")]
    version: String,
    /// SHA-256 of the component.
    digest: String,
    /// How narrow its credentials are for this warehouse.
    #[schema(value_type = ScopingName)]
    scoping: Scoping,
    /// Whether they open more than the table.
    unscoped: bool,
}

/// How long it would live, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedLife)]
struct LifeView {
    /// Null: there is no life that everything allows.
    #[schema(required, example = 3600)]
    seconds: Option<u32>,
    /// What decided it.
    #[schema(value_type = Option<LimitName>, required)]
    limited_by: Option<LimitedBy>,
    limits: LimitsView,
}

/// Everything that limits a life, in seconds; null: it does not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedLimits)]
struct LimitsView {
    #[schema(required)]
    requested: Option<u32>,
    /// Where nothing is asked for.
    default: u32,
    #[schema(required)]
    warehouse: Option<u32>,
    #[schema(required)]
    strategy: Option<u32>,
    #[schema(required)]
    strategy_minimum: Option<u32>,
    /// The rest of the caller's token, if the operator limits lives to it.
    #[schema(required)]
    token: Option<u32>,
    /// What the credential that signs would live, minted now; one that is kept has less.
    #[schema(required)]
    credential: Option<u32>,
    /// The longest that stores take a signature of this kind.
    #[schema(required)]
    signature: Option<u32>,
}

/// One step of the judgement.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedCheck)]
struct CheckView {
    #[schema(value_type = StepName)]
    name: Step,
    /// What it is about, for people.
    #[schema(example = "the right to read is held")]
    about: &'static str,
    passed: bool,
    /// Only of a check that did not pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "missing-right")]
    code: Option<String>,
    /// Only of a check that did not pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
    /// What else there is for who is refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, example = json!(["remote-signing", "presign"]))]
    alternatives: Vec<&'static str>,
}

/// One thing that the strategy would ask a service of the host for. What is asked stands beside
/// `service` under the service's own names: `sts.assume-role` has `role_arn`, `policy` (the session
/// policy), `session_name`, `duration_seconds`; `azure.sign-sas` the fields of the SAS;
/// `gcp.downscope` the access boundary; `gcp.sign-url` and `signing.presign-s3` method, object and
/// life; `http.send` method, URL, headers' names, body without secrets, and which secrets are put in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedStep, example = json!({
    "service": "sts.assume-role", "role_arn": "arn:aws:iam::123456789012:role/lake", "duration_seconds": 3600,
}))]
struct AskedView {
    #[schema(value_type = ServiceName)]
    service: &'static str,
    #[serde(flatten)]
    ask: HashMap<String, Value>,
}

/// What a vend would end in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedOutcome)]
struct OutcomeView {
    /// What a lease would take up, if the strategy leases.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    claim: Option<ClaimView>,
    /// The credentials without their values; null where only the server's answer would tell.
    #[schema(required)]
    hands_out: Option<Vec<ShapeView>>,
}

/// What a lease takes up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedClaim)]
struct ClaimView {
    /// What is limited.
    resource: String,
    /// Leases of one share serve each other's requests.
    share: String,
    /// Leases at the same time.
    capacity: u32,
}

/// A credential without its values.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedCredential)]
struct ShapeView {
    /// The location that it would open.
    prefix: String,
    /// Names of its properties.
    #[schema(example = json!(["s3.access-key-id", "s3.secret-access-key", "s3.session-token"]))]
    entries: Vec<String>,
    /// RFC 3339; absent where only the server's answer would tell, or it does not end by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expires_at: Option<String>,
}

/// One signature, without it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedSignature)]
struct SignatureView {
    #[schema(example = "GET")]
    method: String,
    /// The object, as it was asked for.
    #[schema(example = "s3://bucket/lake/sales/orders/data/a.parquet")]
    location: String,
    /// The access that it needs.
    #[schema(example = "read")]
    needs: &'static str,
    /// Who would sign; absent if not allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SignerName>, nullable = false)]
    signer: Option<Signer>,
    /// What the host would sign; absent if not allowed, and where the strategy makes the URL (see `would`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request: Option<UnsignedView>,
    /// The credential that the host would sign with; it stays in the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    signed_with: Option<Vec<ShapeView>>,
}

/// A request to the storage before it is signed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedRequest)]
struct UnsignedView {
    /// Without a signature: it opens nothing.
    #[schema(example = "https://bucket.s3.eu-central-1.amazonaws.com/lake/sales/orders/data/a.parquet")]
    url: String,
    #[schema(example = "eu-central-1")]
    region: String,
    #[schema(example = "s3")]
    service: &'static str,
    /// What it does, for people; of a request that is signed for a client.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    operation: Option<&'static str>,
}

/// What ends it before its time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedEnd)]
struct RevocableView {
    /// Whether the host itself ends it where it was minted.
    by_host: bool,
    /// How, or what is left to do.
    how: &'static str,
}

impl From<Explanation> for ExplanationView {
    fn from(told: Explanation) -> Self {
        Self {
            allowed: told.allowed,
            refusal: told.refusal.map(Into::into),
            purpose: told.purpose,
            principal: told.principal.into(),
            assumed_roles: told.assumed_roles,
            table: told.table,
            grants: told.grants.into_iter().map(Into::into).collect(),
            access: told.access.into(),
            scopes: told.scopes,
            warehouse: told.warehouse,
            strategy: told.strategy.map(Into::into),
            ttl: told.ttl.map(Into::into),
            checks: told.checks.into_iter().map(Into::into).collect(),
            would: told.would.into_iter().map(Into::into).collect(),
            outcome: told.outcome.map(Into::into),
            signature: told.signature.map(Into::into),
            revocable: told.revocable.map(Into::into),
            audit_action: told.audit_action,
        }
    }
}

impl From<Refusal> for RefusalView {
    fn from(Refusal { code, message }: Refusal) -> Self {
        Self { code, message }
    }
}

impl From<Who> for WhoView {
    fn from(Who { id, username, rank, kind }: Who) -> Self {
        Self { id, username, rank, kind }
    }
}

impl From<Applies> for GrantView {
    fn from(Applies { via, scope, inherited, actions, gives }: Applies) -> Self {
        let (via, role) = match via {
            Via::TenantAdmin => (ViaName::TenantAdmin, None),
            Via::Direct => (ViaName::Direct, None),
            Via::Role { role_id, role, given_by } => (ViaName::Role, Some((role_id, role, given_by))),
            Via::Other => (ViaName::Other, None),
        };
        let (role_id, role, given_by) = match role {
            Some((id, name, given_by)) => (Some(id), Some(name), Some(given_by)),
            None => (None, None, None),
        };
        Self { via, role_id, role, given_by, scope, inherited, actions, gives: gives.describe() }
    }
}

impl From<AccessExplained> for AccessView {
    fn from(AccessExplained { requested, held, granted }: AccessExplained) -> Self {
        Self { requested, held, granted }
    }
}

impl From<StrategyExplained> for StrategyView {
    fn from(StrategyExplained { name, version, digest, scoping, unscoped }: StrategyExplained) -> Self {
        Self { name, version, digest, scoping, unscoped }
    }
}

impl From<LifeExplained> for LifeView {
    fn from(LifeExplained { seconds, limited_by, limits }: LifeExplained) -> Self {
        let limits = LimitsView {
            requested: limits.requested,
            default: limits.default,
            warehouse: limits.warehouse,
            strategy: limits.strategy,
            strategy_minimum: limits.strategy_minimum,
            token: limits.token,
            credential: limits.credential,
            signature: limits.signature,
        };
        Self { seconds, limited_by, limits }
    }
}

impl From<Check> for CheckView {
    fn from(Check { name, about, passed, code, reason, alternatives }: Check) -> Self {
        Self { name, about, passed, code, reason, alternatives: alternatives.to_vec() }
    }
}

impl From<DryStep> for AskedView {
    fn from(DryStep { service, ask }: DryStep) -> Self {
        Self { service, ask: ask.into_iter().collect() }
    }
}

impl From<Outcome> for OutcomeView {
    fn from(Outcome { claim, hands_out }: Outcome) -> Self {
        let claim = claim.map(|ClaimExplained { resource, share, capacity }| ClaimView { resource, share, capacity });
        Self { claim, hands_out: hands_out.map(shapes) }
    }
}

fn shapes(of: Vec<CredentialShape>) -> Vec<ShapeView> {
    of.into_iter()
        .map(|CredentialShape { prefix, entries, expires_at }| ShapeView {
            prefix,
            entries,
            expires_at: expires_at.map(UnixMillis::to_rfc3339),
        })
        .collect()
}

impl From<SignatureExplained> for SignatureView {
    fn from(told: SignatureExplained) -> Self {
        Self {
            method: told.method,
            location: told.location,
            needs: told.needs,
            signer: told.signer,
            request: told.request.map(|UnsignedRequest { url, region, service, operation }| UnsignedView {
                url,
                region,
                service,
                operation,
            }),
            signed_with: told.signed_with.map(shapes),
        }
    }
}

impl From<Revocable> for RevocableView {
    fn from(Revocable { by_host, how }: Revocable) -> Self {
        Self { by_host, how }
    }
}
