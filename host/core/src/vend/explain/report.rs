//! The explanation. How it is spelled is the server's.

use serde::Serialize;

use super::grants::Applies;
use super::{ExplainAsk, ExplainUse, SignatureUse};
use crate::id::UserId;
use crate::lease::Claim;
use crate::principal::{AccountKind, Principal, UserRole};
use crate::strategy::{CredentialShape, DryStep, Scoping, StrategyInfo};
use crate::vend::judge::Step;
use crate::vend::record;
use crate::vend::signing::{Signature, Signer};
use crate::vend::ttl::LimitedBy;

/// What is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Credentials of the table.
    Credentials,
    /// A URL of one object.
    Presign,
    /// One request to the storage, for remote signing.
    Sign,
}

impl Purpose {
    /// The action under which it would stand in the audit trail.
    pub(super) fn audit_action(self) -> &'static str {
        match self {
            Self::Credentials => record::ACTION,
            Self::Presign => Signature::Url.action(),
            Self::Sign => Signature::Request.action(),
        }
    }
}

/// What a vend, or a signature, would be at this moment. No secret is in it.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// Whether everything passed that can be judged without asking the cloud.
    pub allowed: bool,
    /// Why not.
    pub refusal: Option<Refusal>,
    /// What is explained.
    pub purpose: Purpose,
    /// Whose vend.
    pub principal: Who,
    /// Roles that the principal is taken to hold by a claim of its issuer.
    pub assumed_roles: Vec<String>,
    /// `catalog.namespace.table`.
    pub table: String,
    /// The principal's grants that reach the table.
    pub grants: Vec<Applies>,
    /// Asked for, held, given.
    pub access: AccessExplained,
    /// What would be opened, the table's root first.
    pub scopes: Vec<String>,
    /// The warehouse, for those who may read the table.
    pub warehouse: Option<String>,
    /// Which strategy.
    pub strategy: Option<StrategyExplained>,
    /// How long, and why.
    pub ttl: Option<LifeExplained>,
    /// Every step of the judgement up to the first that does not pass.
    pub checks: Vec<Check>,
    /// What the strategy would ask for, in order.
    pub would: Vec<DryStep>,
    /// What it would hand out.
    pub outcome: Option<Outcome>,
    /// What would be signed.
    pub signature: Option<SignatureExplained>,
    /// What ends the credential before its time.
    pub revocable: Option<Revocable>,
    /// The action under which the vend itself would stand in the audit trail.
    pub audit_action: &'static str,
}

impl Explanation {
    /// Before anything is judged: nothing is held, nothing is shown.
    pub(super) fn begun(ask: ExplainAsk<'_>, table: String) -> Self {
        let purpose = ask.of.purpose();
        Self {
            allowed: false,
            refusal: None,
            purpose,
            principal: Who::of(ask.subject),
            assumed_roles: ask.assumed_roles.to_vec(),
            table,
            grants: Vec::new(),
            access: AccessExplained { requested: ask.of.access().describe(), held: "unknown", granted: None },
            scopes: Vec::new(),
            warehouse: None,
            strategy: None,
            ttl: None,
            checks: Vec::new(),
            would: Vec::new(),
            outcome: None,
            signature: match ask.of {
                ExplainUse::Credentials { .. } => None,
                ExplainUse::Signature(asked) => Some(SignatureExplained::asked(asked)),
            },
            revocable: None,
            audit_action: purpose.audit_action(),
        }
    }
}

/// Why nothing would be vended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The code that the vend would be refused with.
    pub code: String,
    /// The text.
    pub message: String,
}

/// A principal.
#[derive(Debug, Clone)]
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

/// Three levels, each as `read`, `read-write`, `read-write-delete` and the like.
#[derive(Debug, Clone)]
pub struct AccessExplained {
    /// Asked for.
    pub requested: &'static str,
    /// Held on the table; `unknown` where the table could not be looked at.
    pub held: &'static str,
    /// Given; none where the judgement does not come so far.
    pub granted: Option<&'static str>,
}

/// The strategy of the warehouse.
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone)]
pub struct LifeExplained {
    /// Seconds that the strategy would be asked for; none if there is no such life.
    pub seconds: Option<u32>,
    /// What decided it.
    pub limited_by: Option<LimitedBy>,
    /// Everything that limits it.
    pub limits: LifeLimits,
}

/// Limits of a life, in seconds.
#[derive(Debug, Clone)]
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
    /// What the credential that signs would live, minted now; a kept one has less.
    pub credential: Option<u32>,
    /// The longest that stores take a signature of this kind.
    pub signature: Option<u32>,
}

/// One step of the judgement.
#[derive(Debug, Clone)]
pub struct Check {
    /// Which.
    pub name: Step,
    /// What it is about.
    pub about: &'static str,
    /// Whether it passed.
    pub passed: bool,
    /// Code of the refusal.
    pub code: Option<String>,
    /// Text of the refusal.
    pub reason: Option<String>,
    /// What else there is for who is refused.
    pub alternatives: &'static [&'static str],
}

impl Check {
    pub(super) fn passed(name: Step) -> Self {
        Self { name, about: name.about(), passed: true, code: None, reason: None, alternatives: &[] }
    }

    pub(super) fn failed(name: Step, code: &str, reason: &str, signs: bool) -> Self {
        let alternatives: &[&str] = match name {
            Step::Scoping if signs => &["a strategy that scopes", "allow_unscoped"],
            Step::Scoping => &["remote-signing", "presign", "a strategy that scopes", "allow_unscoped"],
            _ => &[],
        };
        let (code, reason) = (Some(code.to_owned()), Some(reason.to_owned()));
        Self { name, about: name.about(), passed: false, code, reason, alternatives }
    }
}

impl Step {
    /// What it is about, for people.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Account => "the account is active",
            Self::WarehouseIntact => "the warehouse is as the host stored it, and its secrets open",
            Self::Visible => "the table may be seen",
            Self::Access => "the right to read is held",
            Self::HostIdentity => "the host's own identity may be used for this role and base, if it is used",
            Self::Locations => "the table's locations lie inside the bases of catalog and warehouse",
            Self::Method => "the right that the method needs is held",
            Self::Object => "the object lies in the table",
            Self::WarehouseVends => "the warehouse vends credentials",
            Self::LocationExclusive => "no other table's location overlaps this one's",
            Self::StrategyLoaded => "the strategy is loaded",
            Self::Signable => "storage and strategy take a signature of this kind",
            Self::Scoping => "what the strategy mints is no wider than the caller's rights",
            Self::Ttl => "a life that every limit allows",
            Self::Secrets => "the warehouse's secrets are there",
            Self::NotRevoked => "nothing that a vend needs is revoked",
            Self::Strategy => "the strategy asks for nothing that the host refuses",
        }
    }
}

/// What a vend would end in.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What the credential would take up, if the strategy leases.
    pub claim: Option<ClaimExplained>,
    /// The credentials without their values; none where the last step of `would` is a request of
    /// which only the server knows the answer.
    pub hands_out: Option<Vec<CredentialShape>>,
}

/// What a lease takes up.
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone)]
pub struct Revocable {
    /// Whether the host itself ends it where it was minted.
    pub by_host: bool,
    /// How, or what is left to do.
    pub how: &'static str,
}

impl Revocable {
    pub(super) fn of_credential(strategy: &StrategyInfo) -> Self {
        if strategy.leases() {
            let how = "the host keeps a lease and ends the credential where it was minted: at its time, or on demand";
            return Self { by_host: true, how };
        }
        let how = "it works until it ends by itself, or until the identity that it comes from is cut off in the cloud; \
                   the host hands it out no more once rights are gone";
        Self { by_host: false, how }
    }

    pub(super) fn of_signature(signature: Signature) -> Self {
        let how = match signature {
            Signature::Url => {
                "whoever has the URL may use it until it ends, or until the identity that signed it is cut off in the \
                 cloud; the host makes no more of them once rights are gone"
            }
            Signature::Request => {
                "one request may be sent until the signature ends; each further one is judged again, with the rights \
                 of that moment"
            }
        };
        Self { by_host: false, how }
    }
}

/// One signature, without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureExplained {
    /// The method.
    pub method: String,
    /// The object, as it was asked for.
    pub location: String,
    /// The access that it needs.
    pub needs: &'static str,
    /// Who would sign.
    pub signer: Option<Signer>,
    /// What the host would sign; none where the strategy makes the URL, of which `would` tells.
    pub request: Option<UnsignedRequest>,
    /// The credential that the host would sign with, without its values; it stays in the host.
    pub signed_with: Option<Vec<CredentialShape>>,
}

/// A request to the storage before it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsignedRequest {
    /// Where it would go.
    pub url: String,
    /// The region that the signature names.
    pub region: String,
    /// The service that the signature names.
    pub service: &'static str,
    /// What it does as its storage calls it; of a request only.
    pub operation: Option<&'static str>,
}

impl SignatureExplained {
    /// What is known before anything is judged.
    pub(super) fn asked(asked: SignatureUse<'_>) -> Self {
        let location = asked.touched.objects.first().map(ToString::to_string);
        Self {
            method: asked.method.to_owned(),
            location: location.unwrap_or_default(),
            needs: asked.touched.access.describe(),
            signer: None,
            request: None,
            signed_with: None,
        }
    }
}
