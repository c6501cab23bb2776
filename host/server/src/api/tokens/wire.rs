//! Wire forms of tokens, and the rules of what may be asked for.

use pangolin_core::id::TenantId;
use pangolin_core::principal::UserRole;
use pangolin_core::record::TokenRecord;
use pangolin_core::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::users::secret_text;
use crate::error::ApiError;

/// The longest life of a token, in hours: a year.
const MAX_HOURS: i64 = 8760;

/// Asks for a token: with a password for oneself, without one as an administrator. No `Debug`:
/// it holds a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenRequest {
    /// Whose token; an administrator who leaves it out gets one of the own.
    pub(super) username: Option<String>,
    /// With it no other credentials are needed.
    #[serde(default, deserialize_with = "secret_text")]
    #[schema(value_type = Option<String>)]
    pub(super) password: Option<Secret<String>>,
    /// UUID of the tenant; null with a password: Root.
    #[serde(alias = "tenant-id")]
    pub(super) tenant_id: Option<String>,
    /// The rank of the token, no higher than that of its user.
    pub(super) roles: Option<Vec<String>>,
    /// More than 8760 are 8760.
    #[serde(alias = "expires-in-hours")]
    pub(super) expires_in_hours: Option<i64>,
}

impl TokenRequest {
    pub(super) fn tenant(&self) -> Result<Option<TenantId>, ApiError> {
        let parse =
            |text: &String| text.parse().map_err(|_| ApiError::bad_request("tenant_id", "the UUID of a tenant"));
        self.tenant_id.as_ref().map(parse).transpose()
    }

    /// The life in seconds, `default` if none is asked for.
    pub(super) fn seconds(&self, default: i64) -> Result<i64, ApiError> {
        match self.expires_in_hours {
            None => Ok(default),
            Some(hours) if hours >= 1 => Ok(hours.min(MAX_HOURS) * 3600),
            Some(_) => Err(ApiError::bad_request("expires_in_hours", "at least one hour")),
        }
    }

    /// The rank of the token of a user of rank `held`.
    pub(super) fn rank(&self, held: UserRole) -> Result<UserRole, ApiError> {
        let mut highest = None;
        for text in self.roles.iter().flatten() {
            let role: UserRole = text.parse().map_err(|message: String| ApiError::bad_request("roles", message))?;
            highest = highest.max(Some(role));
        }
        match highest {
            Some(asked) if asked > held => Err(ApiError::forbidden("a token has no higher rank than its user")),
            asked => Ok(asked.unwrap_or(held)),
        }
    }
}

/// A token, shown once.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenReply {
    token: String,
    /// Seconds.
    expires_in: i64,
    expires_at: String,
    #[schema(value_type = Option<uuid::Uuid>)]
    tenant_id: Option<TenantId>,
}

impl TokenReply {
    #[expect(clippy::disallowed_methods, reason = "the token is the reply")]
    pub(super) fn of(token: &Secret<String>, record: &TokenRecord) -> Self {
        Self {
            token: token.expose().clone(),
            expires_in: (record.expires_at.0 - record.created_at.0) / 1000,
            expires_at: record.expires_at.to_rfc3339(),
            tenant_id: record.tenant_id,
        }
    }
}

/// Why a token is revoked; for the audit trail.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RevokeToken {
    #[schema(max_length = 512)]
    pub(super) reason: Option<String>,
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TokensDone)]
pub(super) struct Done {
    pub(super) message: &'static str,
    /// How many tokens; shown to Root, whose view is the whole host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) count: Option<u64>,
}
