//! From an identity at an issuer to the account here: made at its first use, renamed with the
//! issuer, with the rank and the roles of the claims for this request.

use std::time::Duration;

use pangolin_core::audit::{AuditResult, RequestContext};
use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{TenantId, UserId};
use pangolin_core::ports::StoreError;
use pangolin_core::principal::{AccountKind, Principal, UserRole};
use pangolin_core::record::User;
use pangolin_store::{PrincipalRecord, Provisioned, Renamed};
use serde_json::{Map, Value, json};

use super::claims;
use super::identity::{Identity, NotAdmitted};
use crate::audited::Event;
use crate::auth::load;
use crate::auth::refusal::{CredentialKind, Refusal, Refused, Whose};
use crate::config::IssuerSettings;
use crate::error::ApiError;
use crate::state::AppState;

/// The reason why somebody is not admitted is said so often, in the log and in the audit trail.
const SAID_EVERY: Duration = Duration::from_secs(10 * 60);
/// A login is noted so often: there is none but the use of tokens.
const SEEN_EVERY: Duration = Duration::from_secs(60 * 60);
const REMEMBERED: u64 = 10_000;

/// What this host remembers of external accounts. Nothing is decided by it but how often
/// something is written.
#[derive(Debug)]
pub(super) struct Accounts {
    said: moka::sync::Cache<(String, NotAdmitted), ()>,
    seen: moka::sync::Cache<UserId, ()>,
    /// Of whom a token was refused that the issuer signed, and roles that are claimed and not there.
    odd: moka::sync::Cache<String, ()>,
    /// The youngest token that was too old to name its user.
    named: moka::sync::Cache<UserId, UnixMillis>,
    /// Whose newest token was without the claim for roles, and has more of it elsewhere.
    pub(super) left_out: moka::sync::Cache<UserId, ()>,
}

impl Default for Accounts {
    fn default() -> Self {
        Self {
            said: moka::sync::Cache::builder().max_capacity(REMEMBERED).time_to_live(SAID_EVERY).build(),
            seen: moka::sync::Cache::builder().max_capacity(REMEMBERED).time_to_live(SEEN_EVERY).build(),
            odd: moka::sync::Cache::builder().max_capacity(REMEMBERED).time_to_live(SAID_EVERY).build(),
            named: moka::sync::Cache::new(REMEMBERED),
            left_out: moka::sync::Cache::builder().max_capacity(REMEMBERED).time_to_live(SAID_EVERY).build(),
        }
    }
}

/// The one answer to whoever is not admitted: it tells nothing.
fn not_admitted() -> ApiError {
    let detail = "this account is not admitted here";
    ApiError::new(axum::http::StatusCode::FORBIDDEN, "account-not-admitted", detail)
}

impl Accounts {
    /// The principal of somebody whose token was verified.
    pub(super) async fn principal(
        &self,
        state: &AppState,
        settings: &IssuerSettings,
        subject: &str,
        identity: Result<Identity, NotAdmitted>,
        context: &RequestContext,
    ) -> Result<Result<Principal, Refused>, ApiError> {
        let identity = match identity {
            Ok(identity) => identity,
            Err(reason) => {
                let about = About { issuer: &settings.issuer, subject, username: "", tenant: None };
                return Err(self.refuse(state, about, reason, context).await);
            }
        };
        let about =
            About { issuer: &settings.issuer, subject, username: &identity.username, tenant: Some(identity.tenant) };
        let known = state.store.external_user(identity.tenant, &identity.external).await?;
        let user = match known {
            Some(user) => user,
            None => match make(state, &identity, context).await? {
                Ok(user) => user,
                Err(reason) => return Err(self.refuse(state, about, reason, context).await),
            },
        };
        let inactive = || Refused::of(Refusal::Inactive, whose(user, &identity));
        let Some(principal) = load(state, user).await? else { return Ok(Err(inactive())) };
        // The issuer ends none of its tokens with the account here. A token that does not say when it
        // was issued is taken for an old one.
        if principal.cut_off.is_some_and(|cut| identity.issued_at <= cut) {
            return Ok(Err(Refused::of(Refusal::Revoked, whose(user, &identity))));
        }
        let principal = match self.renamed(state, principal, &identity, context).await? {
            Ok(principal) => principal,
            Err(reason) => return Err(self.refuse(state, about, reason, context).await),
        };
        let Some(record) = state.store.principal_with_roles(user, &identity.roles).await? else {
            return Ok(Err(inactive()));
        };
        self.say_missing(&identity, &record);
        self.note_left_out(state, settings, user, &identity, context).await?;
        if !self.seen.contains_key(&user) {
            self.seen.insert(user, ());
            state.store.touch_login(user, state.clock.now()).await?;
        }
        let claimed = if identity.administrator { UserRole::TenantAdmin } else { UserRole::TenantUser };
        Ok(Ok(Principal {
            role: principal.role.max(claimed),
            grants: record.grants.clone(),
            roles: record.roles.clone(),
            token_expires_at: identity.expires_at,
            ..principal
        }))
    }

    /// Says, once in a while, why a token that the issuer signed is refused: the caller is told nothing.
    pub(super) fn say_refused(&self, settings: &IssuerSettings, subject: &str, claims: &Map<String, Value>) {
        let issuer = settings.issuer.as_str();
        if !self.is_new(format!("token\u{0}{issuer}\u{0}{subject}")) {
            return;
        }
        tracing::warn!(
            issuer,
            subject,
            claims = claims::shown(claims),
            audience = ?settings.audience,
            "a token that this issuer signed is refused: it is not for this audience, not for now, or bound to a proof"
        );
    }

    /// Says, once in a while, that a claim gives a role that the tenant does not have.
    fn say_missing(&self, identity: &Identity, record: &PrincipalRecord) {
        for role in identity.roles.iter().filter(|role| !record.held.iter().any(|held| held.name == **role)) {
            let (issuer, tenant) = (identity.external.issuer.as_str(), identity.tenant);
            if self.is_new(format!("role\u{0}{issuer}\u{0}{tenant}\u{0}{role}")) {
                tracing::warn!(issuer, %tenant, role, "a claim of this issuer gives a role that the tenant does not have");
            }
        }
    }

    pub(super) fn is_new(&self, said: String) -> bool {
        let new = !self.odd.contains_key(&said);
        if new {
            self.odd.insert(said, ());
        }
        new
    }

    /// The account under the name that its issuer gives it now.
    async fn renamed(
        &self,
        state: &AppState,
        principal: Principal,
        identity: &Identity,
        context: &RequestContext,
    ) -> Result<Result<Principal, NotAdmitted>, ApiError> {
        let user = principal.user_id;
        let issued = identity.issued_at;
        if *principal.username == *identity.username || self.named.get(&user).is_some_and(|youngest| issued <= youngest)
        {
            return Ok(Ok(principal));
        }
        // A read first: whoever is refused over and over does not make the host write.
        let other = state.store.user_by_name(identity.tenant, &identity.username).await?;
        if other.is_some_and(|other| other.id != user) {
            return Ok(Err(NotAdmitted::NameTaken));
        }
        match state.store.rename_external_user(user, &identity.username, issued).await? {
            Renamed::Done => {}
            Renamed::NameTaken => return Ok(Err(NotAdmitted::NameTaken)),
            Renamed::Older => {
                self.named.insert(user, issued);
                return Ok(Ok(principal));
            }
        }
        let before = &*principal.username;
        let issuer = &identity.external.issuer;
        let metadata = json!({"changed": ["username"], "before": before, "oauth-provider": issuer});
        record(state, "update_user", user, identity, metadata, context).await?;
        Ok(Ok(Principal { username: identity.username.as_str().into(), ..principal }))
    }

    /// Notes why somebody is not admitted, once in a while, and gives the answer to the caller.
    async fn refuse(
        &self,
        state: &AppState,
        about: About<'_>,
        reason: NotAdmitted,
        context: &RequestContext,
    ) -> ApiError {
        let key = (format!("{}\u{0}{}", about.issuer, about.subject), reason);
        if self.said.contains_key(&key) {
            return not_admitted();
        }
        self.said.insert(key, ());
        tracing::warn!(
            issuer = about.issuer,
            subject = about.subject,
            reason = %reason,
            "a token of this issuer is good, and its owner is not admitted"
        );
        // A row in a tenant's trail only where there is such a tenant.
        let tenant = about.tenant.filter(|_| reason != NotAdmitted::NoTenant);
        let metadata = json!({"oauth-provider": about.issuer, "subject": about.subject});
        let event = Event::new("authenticate", "user").name(about.username).tenant(tenant).metadata(metadata);
        let row = event.finish(state, (None, about.username), context, AuditResult::Denied, Some(reason.to_string()));
        match state.audit.record(row).await {
            Ok(()) => not_admitted(),
            Err(error) => error.into(),
        }
    }
}

/// Of whom a refusal tells.
#[derive(Clone, Copy)]
struct About<'a> {
    issuer: &'a str,
    subject: &'a str,
    username: &'a str,
    tenant: Option<TenantId>,
}

/// A refusal of a token that the issuer signed, with its account if there is one.
pub(super) async fn refused(
    state: &AppState,
    refusal: Refusal,
    identity: Option<&Identity>,
) -> Result<Refused, ApiError> {
    let (Refusal::Expired, Some(identity)) = (refusal, identity) else { return Ok(refusal.into()) };
    let known = state.store.external_user(identity.tenant, &identity.external).await?;
    Ok(known.map_or_else(|| refusal.into(), |user| Refused::of(refusal, whose(user, identity))))
}

fn whose(user: UserId, identity: &Identity) -> Whose {
    Whose {
        user_id: user,
        tenant_id: Some(identity.tenant),
        username: identity.username.clone(),
        kind: CredentialKind::IssuerToken,
        credential_id: user.0,
    }
}

/// Makes the account at its first use.
async fn make(
    state: &AppState,
    identity: &Identity,
    context: &RequestContext,
) -> Result<Result<UserId, NotAdmitted>, ApiError> {
    // Reads first, as above; what decides is the transaction.
    if state.store.tenant(identity.tenant).await?.is_none() {
        return Ok(Err(NotAdmitted::NoTenant));
    }
    if let Some(named) = state.store.user_by_name(identity.tenant, &identity.username).await?
        && named.external.as_ref() != Some(&identity.external)
    {
        return Ok(Err(NotAdmitted::NameTaken));
    }
    let now = state.clock.now();
    let user = User {
        id: UserId::generate(),
        tenant_id: identity.tenant,
        username: identity.username.clone(),
        email: None,
        role: UserRole::TenantUser,
        kind: AccountKind::External,
        external: Some(identity.external.clone()),
        password_hash: None,
        active: true,
        created_at: now,
        last_login: Some(now),
    };
    match state.store.provision_external_user(&user, identity.issued_at).await {
        Ok(Provisioned::Made(id)) => {
            let metadata = json!({
                "role": user.role, "oauth-provider": identity.external.issuer, "subject": identity.external.subject,
            });
            record(state, "create_user", id, identity, metadata, context).await?;
            Ok(Ok(id))
        }
        Ok(Provisioned::Found(id)) => Ok(Ok(id)),
        Ok(Provisioned::NameTaken) => Ok(Err(NotAdmitted::NameTaken)),
        Err(StoreError::NotFound(_)) => Ok(Err(NotAdmitted::NoTenant)),
        Err(error) => Err(error.into()),
    }
}

/// A change that the use of a token made.
async fn record(
    state: &AppState,
    action: &'static str,
    user: UserId,
    identity: &Identity,
    metadata: serde_json::Value,
    context: &RequestContext,
) -> Result<(), ApiError> {
    let event = Event::new(action, "user").id(user.0).name(&identity.username).tenant(identity.tenant);
    let who = (Some(user), identity.username.as_str());
    let row = event.metadata(metadata).finish(state, who, context, AuditResult::Success, None);
    Ok(state.audit.record(row).await?)
}
