//! Wire forms of service users, and the rules of what may be asked for.

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{TenantId, UserId};
use pangolin_core::principal::UserRole;
use pangolin_core::secret::Secret;
use pangolin_store::ServiceUser;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;

/// The longest life of a service user, in days: ten years.
const MAX_DAYS: i64 = 3650;
/// The longest time for which an old key goes on beside a new one: a week.
const MAX_GRACE_SECONDS: i64 = 604_800;
/// The longest description, in characters.
const MAX_DESCRIPTION: usize = 1024;

/// A new service user.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateServiceUser {
    #[schema(min_length = 1, max_length = 128)]
    pub(super) name: String,
    #[schema(max_length = 1024)]
    pub(super) description: Option<String>,
    /// `tenant-user` (if absent) or `tenant-admin`, also written `TenantUser`, `TenantAdmin`.
    #[schema(value_type = Option<String>)]
    pub(super) role: Option<UserRole>,
    /// Days until the service user ends, and its keys and tokens with it; absent: it does not.
    #[serde(alias = "expires-in-days")]
    #[schema(minimum = 1, maximum = 3650)]
    pub(super) expires_in_days: Option<i64>,
}

/// A change: what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateServiceUser {
    #[schema(min_length = 1, max_length = 128)]
    pub(super) name: Option<String>,
    #[schema(max_length = 1024)]
    pub(super) description: Option<String>,
    pub(super) active: Option<bool>,
    /// Days from now until the service user ends.
    #[serde(alias = "expires-in-days")]
    #[schema(minimum = 1, maximum = 3650)]
    pub(super) expires_in_days: Option<i64>,
}

/// How a key is rotated.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RotateApiKey {
    /// Seconds for which the old key and the tokens of the service user stay good; 0 if absent.
    #[serde(alias = "grace-seconds")]
    #[schema(minimum = 0, maximum = 604_800)]
    pub(super) grace_seconds: Option<i64>,
}

impl RotateApiKey {
    pub(super) fn grace(&self) -> Result<i64, ApiError> {
        let asked = self.grace_seconds.unwrap_or(0);
        if (0..=MAX_GRACE_SECONDS).contains(&asked) {
            return Ok(asked);
        }
        Err(ApiError::unprocessable("grace_seconds", format!("a whole number from 0 to {MAX_GRACE_SECONDS}")))
    }
}

/// The instant that lies so many days ahead.
pub(super) fn end_of_days(days: Option<i64>, now: UnixMillis) -> Result<Option<UnixMillis>, ApiError> {
    match days {
        None => Ok(None),
        Some(days) if (1..=MAX_DAYS).contains(&days) => Ok(Some(now.plus_seconds(days * 86_400))),
        Some(_) => {
            Err(ApiError::unprocessable("expires_in_days", format!("a whole number of days from 1 to {MAX_DAYS}")))
        }
    }
}

pub(super) fn check_description(description: Option<&str>) -> Result<(), ApiError> {
    if description.is_none_or(|text| text.chars().count() <= MAX_DESCRIPTION) {
        return Ok(());
    }
    Err(ApiError::unprocessable("description", format!("at most {MAX_DESCRIPTION} characters")))
}

/// A service user as replies show it. Of its keys only the last use is told.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ServiceUserInfo {
    #[schema(value_type = uuid::Uuid)]
    id: UserId,
    name: String,
    description: Option<String>,
    #[schema(value_type = uuid::Uuid)]
    tenant_id: TenantId,
    #[schema(value_type = String)]
    role: UserRole,
    active: bool,
    created_at: String,
    #[schema(value_type = uuid::Uuid)]
    created_by: UserId,
    expires_at: Option<String>,
    /// To a minute.
    last_used: Option<String>,
}

impl From<ServiceUser> for ServiceUserInfo {
    fn from(found: ServiceUser) -> Self {
        let ServiceUser { user, description, created_by, expires_at, last_used } = found;
        Self {
            id: user.id,
            name: user.username,
            description,
            tenant_id: user.tenant_id,
            role: user.role,
            active: user.active,
            created_at: user.created_at.to_rfc3339(),
            created_by,
            expires_at: expires_at.map(UnixMillis::to_rfc3339),
            last_used: last_used.map(UnixMillis::to_rfc3339),
        }
    }
}

/// A new service user with its key, which is shown once. No `Debug`.
#[derive(Serialize, ToSchema)]
pub(super) struct CreatedServiceUser {
    #[schema(value_type = uuid::Uuid)]
    id: UserId,
    /// The same, as the reply to a rotation names it.
    #[schema(value_type = uuid::Uuid)]
    service_user_id: UserId,
    name: String,
    description: Option<String>,
    #[schema(value_type = uuid::Uuid)]
    tenant_id: TenantId,
    #[schema(value_type = String)]
    role: UserRole,
    api_key: String,
    created_at: String,
    #[schema(value_type = uuid::Uuid)]
    created_by: UserId,
    expires_at: Option<String>,
    active: bool,
}

impl CreatedServiceUser {
    #[expect(clippy::disallowed_methods, reason = "the key is the reply")]
    pub(super) fn of(made: &ServiceUser, key: &Secret<String>) -> Self {
        let user = &made.user;
        Self {
            id: user.id,
            service_user_id: user.id,
            name: user.username.clone(),
            description: made.description.clone(),
            tenant_id: user.tenant_id,
            role: user.role,
            api_key: key.expose().clone(),
            created_at: user.created_at.to_rfc3339(),
            created_by: made.created_by,
            expires_at: made.expires_at.map(UnixMillis::to_rfc3339),
            active: user.active,
        }
    }
}

/// A new key, shown once. No `Debug`.
#[derive(Serialize, ToSchema)]
pub(super) struct RotatedApiKey {
    #[schema(value_type = uuid::Uuid)]
    service_user_id: UserId,
    name: String,
    api_key: String,
    expires_at: Option<String>,
    /// When the keys and tokens before this one end.
    previous_ends_at: String,
}

impl RotatedApiKey {
    #[expect(clippy::disallowed_methods, reason = "the key is the reply")]
    pub(super) fn of(found: ServiceUser, key: &Secret<String>, previous_ends_at: UnixMillis) -> Self {
        Self {
            service_user_id: found.user.id,
            name: found.user.username,
            api_key: key.expose().clone(),
            expires_at: found.expires_at.map(UnixMillis::to_rfc3339),
            previous_ends_at: previous_ends_at.to_rfc3339(),
        }
    }
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceUserDone)]
pub(super) struct Done {
    /// `updated` or `deleted`.
    pub(super) status: &'static str,
}
