//! Settings, read once at start into final types. Everything that is wrong is said at once.

mod issuers;
mod read;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use pangolin_core::secret::Secret;
use pangolin_core::secret_ref::SecretRefPolicy;
use pangolin_runtime::{AzureSettings, GcpSettings};
use pangolin_store::{AuditSync, Consistency, KeyRing};
use url::Url;

pub use self::issuers::{IssuerSettings, MappedRole, TenantRule};
pub(crate) use self::read::judged_from_environment;
pub use self::read::{ConfigProblem, from_environment, from_lookup};

/// Who may come in.
#[derive(Debug, Clone)]
pub enum AuthMode {
    /// Requests without credentials are the default tenant's administrator.
    NoAuth,
    /// Everybody shows a token.
    Auth {
        /// Name of Root.
        root_user: String,
        /// Password of Root.
        root_password: Secret<String>,
    },
}

/// Address and port of the listener.
#[derive(Debug, Clone)]
pub struct Listen {
    /// `PANGOLIN_BIND_ADDRESS`.
    pub address: IpAddr,
    /// `PORT`.
    pub port: u16,
    /// `PANGOLIN_TRUSTED_PROXIES`: peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

/// The database.
#[derive(Debug, Clone)]
pub struct StoreSection {
    /// `DATABASE_URL`.
    pub url: Secret<String>,
    /// Where the host keeps what is its own.
    pub data_dir: PathBuf,
    /// `PANGOLIN_AUDIT_SYNC`: `full` or `normal`.
    pub audit_sync: AuditSync,
    /// `PANGOLIN_CONSISTENCY`: `eventual` or `strict`.
    pub consistency: Consistency,
    /// `PANGOLIN_ENCRYPTION_KEY`; none: generated in the data directory (SQLite only).
    pub keys: Option<KeyRing>,
    /// Names this host's audit chain.
    pub host_name: String,
}

/// The strategies.
#[derive(Debug, Clone)]
pub struct PluginSection {
    /// `PANGOLIN_PLUGIN_DIR`.
    pub dir: Option<PathBuf>,
    /// `PANGOLIN_PLUGIN_GRANTS`.
    pub grants: Option<PathBuf>,
    /// `PANGOLIN_PLUGIN_SCAN_SECS`: pause between two looks at them; 0: they are not watched.
    pub scan_seconds: u32,
}

/// What may be reached.
#[derive(Debug, Clone)]
pub struct EgressSection {
    /// `PANGOLIN_EGRESS_ALLOW`.
    pub allow: Vec<IpNet>,
    /// `AWS_ALLOW_HTTP`.
    pub allow_http: bool,
    /// Endpoints that the operator set: `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_STS`,
    /// `AWS_ENDPOINT_URL_S3`, `AZURE_AUTHORITY_HOST`, `AZURE_STORAGE_ENDPOINT` and
    /// `PANGOLIN_GCP_STORAGE_ENDPOINT`.
    pub operator_endpoints: Vec<Url>,
}

/// The host's own identity at AWS.
#[derive(Debug, Clone)]
pub struct AwsSection {
    /// `AWS_REGION`.
    pub region: Option<String>,
    /// `AWS_ENDPOINT_URL_STS`, else `AWS_ENDPOINT_URL`.
    pub sts_endpoint: Option<Url>,
    /// `AWS_ENDPOINT_URL_S3`, else `AWS_ENDPOINT_URL`: for warehouses that name no endpoint.
    pub s3_endpoint: Option<Url>,
    /// `AWS_STS_REGIONAL_ENDPOINTS=legacy`.
    pub legacy_global_sts: bool,
    /// `PANGOLIN_STS_ROLE_ARN`.
    pub role_arn: Option<String>,
    /// `PANGOLIN_STS_EXTERNAL_ID`.
    pub external_id: Option<String>,
    /// `PANGOLIN_STS_SESSION_DURATION`, seconds.
    pub session_duration: u32,
    /// `PANGOLIN_VEND_ENV_CREDENTIALS`, or No-Auth mode: the keys that `AwsStatic` may pass on.
    pub vend_env_credentials: bool,
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` by field name, where they
    /// may be passed on.
    pub env_credentials: pangolin_core::ports::SlotValues,
}

/// Bounds of requests and logins.
#[derive(Debug, Clone)]
pub struct LimitSection {
    /// `PANGOLIN_MAX_BODY_BYTES`.
    pub max_body_bytes: usize,
    /// `PANGOLIN_AUTH_RATE_LIMIT`.
    pub auth_failures: u32,
    /// `PANGOLIN_AUTH_RATE_WINDOW_SECS`.
    pub auth_window_seconds: u32,
    /// `PANGOLIN_MIN_PASSWORD_LENGTH`.
    pub min_password_length: usize,
    /// `PANGOLIN_TOKEN_LIFETIME_SECS`.
    pub token_seconds: i64,
    /// `PANGOLIN_OAUTH_TOKEN_LIFETIME_SECS`: of the tokens of the OAuth2 endpoint.
    pub oauth_token_seconds: i64,
    /// `PANGOLIN_LIMIT_TTL_TO_TOKEN`.
    pub limit_ttl_to_token: bool,
}

/// Leases.
#[derive(Debug, Clone, Copy)]
pub struct LeaseSection {
    /// `PANGOLIN_LEASE_GRACE_SECS`: what an interrupted mint left is looked for after this.
    pub grace_seconds: u32,
    /// `PANGOLIN_LEASE_SWEEP_SECS`: pause between two looks at what is due.
    pub sweep_seconds: u32,
}

/// What goes after a time.
#[derive(Debug, Clone, Copy)]
pub struct HousekeepingSection {
    /// `PANGOLIN_HOUSEKEEPING_SECS`: pause between two looks.
    pub pause_seconds: u32,
    /// `PANGOLIN_AUDIT_RETENTION_DAYS`; none: the audit trail is kept for good.
    pub audit_retention_days: Option<u32>,
}

/// All settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// The listener.
    pub listen: Listen,
    /// Who may come in.
    pub auth: AuthMode,
    /// Signs our tokens; random in No-Auth mode where none is given.
    pub jwt_secret: Secret<String>,
    /// `PANGOLIN_OIDC_CONFIG`: whose tokens are taken beside our own.
    pub issuers: Vec<IssuerSettings>,
    /// The database.
    pub store: StoreSection,
    /// The strategies.
    pub plugins: PluginSection,
    /// What may be reached.
    pub egress: EgressSection,
    /// The host's own identity.
    pub aws: AwsSection,
    /// The host's workload identity at Azure.
    pub azure: AzureSettings,
    /// The host's own identity at Google Cloud.
    pub gcp: GcpSettings,
    /// Bounds.
    pub limits: LimitSection,
    /// Leases.
    pub leases: LeaseSection,
    /// What goes after a time.
    pub housekeeping: HousekeepingSection,
    /// `PANGOLIN_LOCAL_STORAGE_DIR`: `local` warehouses lie below it; none: refused.
    pub local_storage_dir: Option<PathBuf>,
    /// `PANGOLIN_STRICT_SECRETS`: warehouse definitions hold references only.
    pub strict_secrets: bool,
    /// `PANGOLIN_SECRET_REFS`: the references that tenants may name.
    pub secret_refs: SecretRefPolicy,
    /// Variables named `PANGOLIN_…` that the host does not know.
    pub unknown_variables: Vec<String>,
}

impl Config {
    /// Whether requests without credentials are let in.
    #[must_use]
    pub fn is_no_auth(&self) -> bool {
        matches!(self.auth, AuthMode::NoAuth)
    }
}
