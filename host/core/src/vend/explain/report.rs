//! The explanation as it goes out.

use std::sync::Arc;

use serde::Serialize;

use super::super::judge::Step;
use super::super::ttl::LimitedBy;
use crate::id::{RoleId, UserId};
use crate::lease::Claim;
use crate::permission::{Action, Grant, PermissionScope, Target};
use crate::principal::{AccountKind, Principal, UserRole};
use crate::strategy::{CredentialShape, DryStep, Scoping, StrategyInfo};

/// What a vend would be at this moment. No secret is in it.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// Whether everything passed that can be judged without asking the cloud.
    pub allowed: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// Whose vend.
    pub principal: Who,
    /// `catalog.namespace.table`.
    pub table: String,
    /// The principal's grants that reach the table.
    pub grants: Vec<Applies>,
    /// Asked for, held, given.
    pub access: AccessExplained,
    /// What would be opened, the table's root first.
    pub scopes: Vec<String>,
    /// The warehouse, for those who may read the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<String>,
    /// Which strategy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<StrategyExplained>,
    /// How long, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<LifeExplained>,
    /// Every step of the judgement up to the first that does not pass.
    pub checks: Vec<Check>,
    /// What the strategy would ask for, in order.
    pub would: Vec<DryStep>,
    /// What it would hand out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// What ends the credential before its time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocable: Option<Revocable>,
    /// The action under which the vend itself would stand in the audit trail.
    pub audit_action: &'static str,
}

/// Why nothing would be vended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The code that the vend would be refused with.
    pub code: String,
    /// The text.
    pub message: String,
}

/// A principal.
#[derive(Debug, Clone, Serialize)]
pub struct Who {
    /// Identifier.
    pub id: UserId,
    /// Name.
    pub username: String,
    /// Rank.
    pub rank: UserRole,
    /// Kind of account.
    pub kind: AccountKind,
}

impl Who {
    pub(super) fn of(principal: &Principal) -> Self {
        Self {
            id: principal.user_id,
            username: principal.username.to_string(),
            rank: principal.role,
            kind: principal.kind,
        }
    }
}

/// Grants of a principal by where they come from.
#[derive(Debug, Clone)]
pub struct GrantSource {
    /// By what.
    pub via: Via,
    /// The grants.
    pub grants: Arc<[Grant]>,
}

/// By what somebody holds a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "via", rename_all = "kebab-case")]
pub enum Via {
    /// An administrator of the tenant holds everything in it.
    TenantAdmin,
    /// It was given to the account itself.
    Direct,
    /// By a role.
    Role {
        /// The role.
        role_id: RoleId,
        /// Its name.
        role: String,
    },
    /// By something that is not stored with the account.
    Other,
}

/// A grant that reaches the table.
#[derive(Debug, Clone, Serialize)]
pub struct Applies {
    /// By what it is held.
    #[serde(flatten)]
    pub via: Via,
    /// Where it was given.
    pub scope: PermissionScope,
    /// What it allows.
    pub actions: Vec<Action>,
}

/// The principal's grants that reach `target`. Only what is in force counts: a narrowed token has
/// less than its account.
pub(super) fn applying(principal: &Principal, sources: &[GrantSource], target: Target<'_>) -> Vec<Applies> {
    let applies = |via: &Via, grant: &Grant| Applies {
        via: via.clone(),
        scope: grant.scope.clone(),
        actions: grant.actions.clone(),
    };
    let rank = Applies { via: Via::TenantAdmin, scope: PermissionScope::Tenant, actions: vec![Action::All] };
    let mut found: Vec<Applies> = (principal.role == UserRole::TenantAdmin).then_some(rank).into_iter().collect();
    let in_force = |grant: &&Grant| grant.scope.covers(target) && principal.grants.contains(grant);
    for source in sources {
        found.extend(source.grants.iter().filter(in_force).map(|grant| applies(&source.via, grant)));
    }
    let is_stored = |grant: &Grant| sources.iter().any(|source| source.grants.contains(grant));
    let others = principal.grants.iter().filter(|grant| grant.scope.covers(target) && !is_stored(grant));
    found.extend(others.map(|grant| applies(&Via::Other, grant)));
    found
}

/// Three levels, each as `read`, `read-write`, `read-write-delete` and the like.
#[derive(Debug, Clone, Serialize)]
pub struct AccessExplained {
    /// Asked for.
    pub requested: &'static str,
    /// Held on the table.
    pub held: &'static str,
    /// Given; none where the judgement does not come so far.
    pub granted: Option<&'static str>,
}

/// The strategy of the warehouse.
#[derive(Debug, Clone, Serialize)]
pub struct StrategyExplained {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// SHA-256 of the component.
    pub digest: String,
    /// How narrow its credentials are for this warehouse.
    pub scoping: Scoping,
    /// Whether they open more than the table (A22).
    pub unscoped: bool,
}

/// How long a credential would live.
#[derive(Debug, Clone, Serialize)]
pub struct LifeExplained {
    /// Seconds that the strategy would be asked for; none if there is no such life.
    pub seconds: Option<u32>,
    /// What decided it.
    pub limited_by: Option<LimitedBy>,
    /// Everything that limits it.
    pub limits: LifeLimits,
}

/// Limits of a life, in seconds.
#[derive(Debug, Clone, Serialize)]
pub struct LifeLimits {
    /// Asked for.
    pub requested: Option<u32>,
    /// The operator's default, where nothing is asked for.
    pub default: u32,
    /// The warehouse's maximum.
    pub warehouse: Option<u32>,
    /// The strategy's maximum.
    pub strategy: Option<u32>,
    /// The strategy's minimum.
    pub strategy_minimum: Option<u32>,
    /// The rest of the caller's token, if the operator limits credentials to it.
    pub token: Option<u32>,
}

/// One step of the judgement.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// Which.
    pub name: Step,
    /// What it is about.
    pub about: &'static str,
    /// Whether it passed.
    pub passed: bool,
    /// Code of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Text of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What else there is for who is refused.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub alternatives: &'static [&'static str],
}

impl Check {
    pub(super) fn passed(name: Step) -> Self {
        Self { name, about: name.about(), passed: true, code: None, reason: None, alternatives: &[] }
    }

    pub(super) fn failed(name: Step, code: &str, reason: &str) -> Self {
        let alternatives: &[&str] = match name {
            Step::Scoping => &["remote-signing", "presign", "a strategy that scopes", "allow_unscoped"],
            _ => &[],
        };
        let (code, reason) = (Some(code.to_owned()), Some(reason.to_owned()));
        Self { name, about: name.about(), passed: false, code, reason, alternatives }
    }
}

impl Step {
    fn about(self) -> &'static str {
        match self {
            Self::Account => "the account is active",
            Self::Visible => "the table may be seen",
            Self::Access => "the right to read is held",
            Self::HostIdentity => "the host's own identity may be used for this role and base, if it is used",
            Self::Locations => "the table's locations lie inside the bases of catalog and warehouse",
            Self::WarehouseVends => "the warehouse vends credentials",
            Self::LocationExclusive => "no other table's location overlaps this one's",
            Self::StrategyLoaded => "the strategy is loaded",
            Self::Scoping => "what the strategy mints is no wider than the caller's rights",
            Self::Ttl => "a life that every limit allows",
            Self::Secrets => "the warehouse's secrets are there",
            Self::NotRevoked => "nothing that a vend needs is revoked",
            Self::Strategy => "the strategy asks for nothing that the host refuses",
        }
    }
}

/// What a vend would end in.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// What the credential would take up, if the strategy leases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<ClaimExplained>,
    /// The credentials without their values; none where the last step of `would` is a request of
    /// which only the server knows the answer.
    pub hands_out: Option<Vec<CredentialShape>>,
}

/// What a lease takes up.
#[derive(Debug, Clone, Serialize)]
pub struct ClaimExplained {
    /// What is limited.
    pub resource: String,
    /// Leases of one share serve each other's requests.
    pub share: String,
    /// Leases at the same time.
    pub capacity: u32,
}

impl From<Claim> for ClaimExplained {
    fn from(Claim { resource, share, capacity }: Claim) -> Self {
        Self { resource, share, capacity }
    }
}

/// What ends a credential before its time.
#[derive(Debug, Clone, Serialize)]
pub struct Revocable {
    /// Whether the host itself ends it where it was minted.
    pub by_host: bool,
    /// How, or what is left to do.
    pub how: &'static str,
}

impl Revocable {
    pub(super) fn of(strategy: &StrategyInfo) -> Self {
        if strategy.leases() {
            let how = "the host keeps a lease and ends the credential where it was minted: at its time, or on demand";
            return Self { by_host: true, how };
        }
        let how = "it works until it ends by itself, or until the identity that it comes from is cut off in the cloud; \
                   the host hands it out no more once rights are gone";
        Self { by_host: false, how }
    }
}
