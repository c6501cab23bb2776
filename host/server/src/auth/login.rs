//! Name and password to principal: the same answer and the same work whether the user exists.

use pangolin_core::audit::{AuditResult, RequestContext};
use pangolin_core::id::TenantId;
use pangolin_core::principal::{AccountKind, Principal, UserRole};
use pangolin_core::record::{TokenRecord, User};
use pangolin_core::secret::Secret;
use pangolin_store::Basis;
use serde_json::json;

use crate::audited::Event;
use crate::auth;
use crate::auth::throttle;
use crate::config::AuthMode;
use crate::error::ApiError;
use crate::state::AppState;

/// What a caller claims to be.
pub(crate) struct UnverifiedLogin {
    pub(crate) username: String,
    pub(crate) password: Secret<String>,
    /// None: Root.
    pub(crate) tenant: Option<TenantId>,
}

/// The text of every failed login.
const REFUSED: &str =
    "invalid credentials: all but Root log in with username, password and the UUID of their tenant as tenant-id";

/// Somebody whose password was the one that stood.
pub(crate) struct LoggedIn {
    pub(crate) principal: Principal,
    /// Its hash; none of Root, who is not stored.
    password_hash: Option<String>,
}

/// Judges a login, throttled and audited, and returns who it is.
pub(crate) async fn authenticate(
    state: &AppState,
    login: UnverifiedLogin,
    context: &RequestContext,
) -> Result<LoggedIn, ApiError> {
    let keys = throttled(login.tenant, &login.username, context);
    let event = Event::new("login", "user").name(&login.username).tenant(login.tenant);
    let _turn = match state.throttle.enter(login.tenant, &keys, &*state.clock).await? {
        Ok(turn) => turn,
        Err(seconds) => {
            let error = ApiError::too_many(seconds);
            // Whoever is shut out may go on asking: nobody fills the trail from outside.
            if let Some(unrecorded) = state.refusals.admit(context, state.clock.now()) {
                let event = event.metadata(json!({"unrecorded": unrecorded}));
                let error = Some(error.detail.clone());
                let row = event.finish(state, (None, &login.username), context, AuditResult::Denied, error);
                state.audit.record(row).await?;
            }
            return Err(error);
        }
    };
    let (username, login_tenant) = (login.username.clone(), login.tenant);
    match verify(state, login).await? {
        Some(found) => {
            let principal = &found.principal;
            let who = (Some(principal.user_id), &*principal.username);
            let row = event.id(principal.user_id.0).finish(state, who, context, AuditResult::Success, None);
            state.audit.record(row).await?;
            Ok(found)
        }
        None => {
            state.throttle.failed(&keys, state.clock.now());
            // A row in a tenant's trail only where there is such a tenant.
            let known = match login_tenant {
                Some(tenant) => state.store.tenant(tenant).await?.map(|tenant| tenant.id),
                None => None,
            };
            let row = event.tenant(known).finish(
                state,
                (None, &username),
                context,
                AuditResult::Denied,
                Some(REFUSED.to_owned()),
            );
            state.audit.record(row).await?;
            Err(ApiError::unauthorised(REFUSED))
        }
    }
}

/// Under what failures are counted: the account, and where they come from.
pub(crate) fn throttled(tenant: Option<TenantId>, username: &str, context: &RequestContext) -> [String; 2] {
    let tenant = tenant.map_or_else(|| "root".to_owned(), |tenant| tenant.to_string());
    [
        // Keys are kept: nobody fills the memory with long names.
        format!("account:{tenant}:{}", username.chars().take(256).collect::<String>()),
        format!("source:{}", throttle::source(context)),
    ]
}

async fn verify(state: &AppState, login: UnverifiedLogin) -> Result<Option<LoggedIn>, ApiError> {
    let UnverifiedLogin { username, password, tenant } = login;
    let Some(tenant) = tenant else {
        let hash = match &state.config.auth {
            AuthMode::Auth { root_user, .. } if *root_user == username => state.root_password_hash.clone(),
            _ => None,
        };
        let root = || LoggedIn { principal: auth::root(state), password_hash: None };
        return Ok(state.passwords.verify(password, hash).await?.then(root));
    };
    let user = state.store.user_by_name(tenant, &username).await?;
    // Service users and external ones have no password, whatever a row says.
    let person = |user: &&User| user.active && user.kind == AccountKind::Person;
    let hash = user.as_ref().filter(person).and_then(|user| user.password_hash.clone());
    if !state.passwords.verify(password, hash.clone()).await? {
        return Ok(None);
    }
    let Some(user) = user else { return Ok(None) };
    state.store.touch_login(user.id, state.clock.now()).await?;
    Ok(auth::load(state, user.id).await?.map(|principal| LoggedIn { principal, password_hash: hash }))
}

impl LoggedIn {
    /// Issues a token of rank `role` and records it, if the password still stands: who changes it
    /// meanwhile has seen no token to revoke.
    pub(crate) async fn issue(
        &self,
        state: &AppState,
        role: UserRole,
        seconds: i64,
    ) -> Result<(Secret<String>, TokenRecord), ApiError> {
        let basis = self.password_hash.as_deref().map(|hash| Basis::Password(self.principal.user_id, hash));
        let principal = Principal { role, ..self.principal.clone() };
        issue(state, &principal, seconds, basis).await?.ok_or_else(|| ApiError::unauthorised(REFUSED))
    }
}

/// Issues a token of `principal` and records it, unless its basis has gone.
pub(crate) async fn issue(
    state: &AppState,
    principal: &Principal,
    seconds: i64,
    basis: Option<Basis<'_>>,
) -> Result<Option<(Secret<String>, TokenRecord)>, ApiError> {
    let now = state.clock.now();
    let (token, record) = state.tokens.issue(principal, now, seconds)?;
    let recorded = match basis {
        Some(basis) => state.store.insert_token_of(basis, &record, now).await?,
        None => state.store.insert_token(&record).await.map(|()| true)?,
    };
    Ok(recorded.then_some((token, record)))
}
