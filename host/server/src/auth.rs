//! Who asks: the [`Caller`] extractor, tokens, passwords, login.

pub(crate) mod api_key;
pub(crate) mod context;
pub(crate) mod login;
pub(crate) mod neighbours;
pub(crate) mod oidc;
pub(crate) mod own_token;
pub(crate) mod passwords;
pub(crate) mod refusal;
pub(crate) mod throttle;
pub(crate) mod tokens;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use pangolin_core::audit::RequestContext;
use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{TenantId, UserId};
use pangolin_core::principal::{AccountKind, Principal, UserRole};
use pangolin_core::secret::Secret;
use pangolin_store::PrincipalRecord;

pub(crate) use self::context::Origin;
use self::context::request_context;
pub(crate) use self::refusal::Refusal;
use self::refusal::Refused;
use crate::config::AuthMode;
use crate::error::ApiError;
use crate::state::AppState;
use crate::whole_body::Unread;

/// An authenticated caller. A handler that takes one answers 401 to everybody else.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Who, with the grants in force.
    pub(crate) principal: Principal,
    /// Where the request comes from.
    pub(crate) context: RequestContext,
    /// The tenant that Root names in `X-Pangolin-Tenant`.
    pub(crate) named_tenant: Option<TenantId>,
}

impl Caller {
    /// Root only.
    pub(crate) fn require_root(&self) -> Result<(), ApiError> {
        if self.principal.is_root() { Ok(()) } else { Err(ApiError::forbidden("only Root may do this")) }
    }

    /// An administrator of the own tenant; Root administers no tenant's resources.
    pub(crate) fn require_tenant_admin(&self) -> Result<TenantId, ApiError> {
        let tenant = self.tenant()?;
        if self.principal.is_admin_of(tenant) {
            Ok(tenant)
        } else {
            Err(ApiError::forbidden("only an administrator of the tenant may do this"))
        }
    }

    /// Root (`None`: everything) or an administrator (the own tenant).
    pub(crate) fn require_admin_or_root(&self) -> Result<Option<TenantId>, ApiError> {
        if self.principal.is_root() { Ok(None) } else { self.require_tenant_admin().map(Some) }
    }

    /// The caller's tenant; Root has none.
    pub(crate) fn tenant(&self) -> Result<TenantId, ApiError> {
        self.principal.tenant_id.ok_or_else(|| {
            ApiError::forbidden("out of scope for Root: log in as an administrator or user of the tenant")
        })
    }
}

impl FromRequestParts<AppState> for Caller {
    /// In the form of the API that was called.
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let context = request_context(parts);
        let authenticated = async {
            let principal = authenticate(&parts.headers, &context, state).await?;
            // Let in only now, and what is to be judged comes when it likes.
            if parts.extensions.get::<Unread>().is_some() {
                return Err(ApiError::unauthorised(REFUSED));
            }
            let named_tenant = check_named_tenant(&parts.headers, &principal)?;
            Ok(Self { principal, context, named_tenant })
        };
        authenticated.await.map_err(|error: ApiError| error.in_form_of(parts.uri.path()))
    }
}

/// The one text of every failed authentication: it tells nothing.
pub(crate) const REFUSED: &str = "missing or invalid credentials";

/// The header of a service user's key.
const API_KEY: &str = "x-api-key";

/// What PyIceberg sends when it is given no token.
const PYICEBERG_WITHOUT_TOKEN: &str = "Bearer None";

/// What a request shows of its sender.
#[derive(Debug, PartialEq, Eq)]
enum Shown<'a> {
    Nothing,
    Bearer(&'a str),
    ApiKey(&'a str),
}

/// What the headers show. Two credentials at once are none.
fn shown(headers: &HeaderMap, no_auth: bool) -> Result<Shown<'_>, Refusal> {
    let authorization =
        headers.get_all(header::AUTHORIZATION).iter().filter(|value| !(no_auth && *value == PYICEBERG_WITHOUT_TOKEN));
    let mut values = authorization.map(bearer).chain(headers.get_all(API_KEY).iter().map(api_key_of));
    match (values.next(), values.next()) {
        (None, _) => Ok(Shown::Nothing),
        (Some(one), None) => one,
        (Some(_), Some(_)) => Err(Refusal::Absent),
    }
}

fn bearer(value: &HeaderValue) -> Result<Shown<'_>, Refusal> {
    let (scheme, rest) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(Refusal::Malformed)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(Shown::Bearer(rest.trim())) } else { Err(Refusal::Malformed) }
}

fn api_key_of(value: &HeaderValue) -> Result<Shown<'_>, Refusal> {
    value.to_str().map(|text| Shown::ApiKey(text.trim())).map_err(|_| Refusal::Malformed)
}

async fn authenticate(headers: &HeaderMap, context: &RequestContext, state: &AppState) -> Result<Principal, ApiError> {
    match look_up(headers, context, state).await? {
        Ok(principal) => Ok(principal),
        Err(refused) => {
            state.record_refused(&refused, context).await;
            Err(ApiError::unauthorised(REFUSED))
        }
    }
}

/// Whether the sender would be let in now. It leaves no row: a route that needs to know asks again.
pub(crate) async fn is_let_in(
    headers: &HeaderMap,
    context: &RequestContext,
    state: &AppState,
) -> Result<bool, ApiError> {
    Ok(look_up(headers, context, state).await?.is_ok())
}

async fn look_up(
    headers: &HeaderMap,
    context: &RequestContext,
    state: &AppState,
) -> Result<Result<Principal, Refused>, ApiError> {
    let no_auth = matches!(state.config.auth, AuthMode::NoAuth);
    match shown(headers, no_auth) {
        Ok(Shown::Nothing) if no_auth => anonymous(state).await.map(Ok),
        Ok(Shown::Nothing) => Ok(Err(Refusal::Absent.into())),
        Ok(Shown::Bearer(unverified)) => match state.issuers.of(unverified) {
            Some((issuer, token)) => issuer.principal(state, &token, context).await,
            None => own_token::principal(state, unverified).await,
        },
        Ok(Shown::ApiKey(unverified)) => {
            Ok(api_key::holder(state, &Secret::from(unverified)).await?.map(|holder| holder.principal))
        }
        Err(refusal) => Ok(Err(refusal.into())),
    }
}

/// A stored, active user with the grants in force.
pub(crate) async fn load(state: &AppState, user: UserId) -> Result<Option<Principal>, ApiError> {
    Ok(standing(state, user).await?.map(|account| of_account(&account)))
}

/// An account that may log in.
async fn standing(state: &AppState, user: UserId) -> Result<Option<Arc<PrincipalRecord>>, ApiError> {
    let account = state.store.principal(user).await?;
    Ok(account.filter(|account| stands(account, state.clock.now())))
}

/// Whether an account may log in. What a service user is given ends with it.
fn stands(account: &PrincipalRecord, now: UnixMillis) -> bool {
    account.user.active && !account.revoked && account.expires_at.is_none_or(|end| end > now)
}

/// The principal behind an account, whether it may log in or not.
pub(crate) fn of_account(record: &PrincipalRecord) -> Principal {
    Principal {
        user_id: record.user.id,
        username: record.user.username.as_str().into(),
        role: record.user.role,
        kind: record.user.kind,
        tenant_id: Some(record.user.tenant_id),
        token_id: None,
        token_expires_at: record.expires_at,
        cut_off: record.cut_off,
        narrowed: false,
        grants: record.grants.clone(),
        roles: record.roles.clone(),
    }
}

/// Root, who is configured and not stored.
pub(crate) fn root(state: &AppState) -> Principal {
    let name = match &state.config.auth {
        AuthMode::Auth { root_user, .. } => root_user.as_str(),
        AuthMode::NoAuth => "root",
    };
    Principal {
        user_id: UserId::ROOT,
        username: name.into(),
        role: UserRole::Root,
        kind: AccountKind::Person,
        tenant_id: None,
        token_id: None,
        token_expires_at: None,
        cut_off: None,
        narrowed: false,
        grants: [].into(),
        roles: [].into(),
    }
}

/// No-Auth mode: a request without credentials is the default tenant's administrator.
async fn anonymous(state: &AppState) -> Result<Principal, ApiError> {
    let admin = state
        .store
        .user_by_name(TenantId::DEFAULT, crate::bootstrap::NO_AUTH_ADMIN)
        .await?
        .ok_or_else(|| ApiError::internal("the default administrator of No-Auth mode is missing"))?;
    load(state, admin.id).await?.ok_or_else(|| ApiError::unauthorised(REFUSED))
}

/// `X-Pangolin-Tenant` may repeat the caller's tenant; Root may name one; anything else is refused. Each
/// of several counts: what stands in front of the host may read another one than the first.
fn check_named_tenant(headers: &HeaderMap, principal: &Principal) -> Result<Option<TenantId>, ApiError> {
    let wrong = |why: &str| ApiError::bad_request("X-Pangolin-Tenant", why);
    let mut named: Option<TenantId> = None;
    for value in headers.get_all("x-pangolin-tenant") {
        let tenant = value.to_str().ok().and_then(|text| text.trim().parse().ok());
        let tenant = tenant.ok_or_else(|| wrong("this header is the UUID of a tenant"))?;
        if principal.tenant_id.is_some_and(|own| own != tenant) {
            return Err(ApiError::forbidden("X-Pangolin-Tenant is not the tenant of your credentials"));
        }
        if named.replace(tenant).is_some_and(|before| before != tenant) {
            return Err(wrong("this header is given several times, for different tenants"));
        }
    }
    Ok(named.filter(|_| principal.tenant_id.is_none()))
}
