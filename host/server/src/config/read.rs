//! From text to [`Config`].

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::env::VarError;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::str::FromStr;

use ipnet::IpNet;
use pangolin_core::egress::EgressPolicy;
use pangolin_core::secret::Secret;
use pangolin_core::secret_ref::SecretRefPolicy;
use pangolin_runtime::{AzureSettings, GcpSettings};
use pangolin_store::{AuditSync, Consistency, KeyRing};
use url::Url;

use super::{
    AuthMode, AwsSection, Config, EgressSection, HousekeepingSection, IssuerSettings, LeaseSection, LimitSection,
    Listen, PluginSection, StoreSection, issuers,
};

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The variable.
    pub variable: &'static str,
    /// What is wrong and how to mend it; never the value of a secret.
    pub message: String,
}

impl std::fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.variable, self.message)
    }
}

/// Every variable named `PANGOLIN_…` that the host reads.
const KNOWN: [&str; 39] = [
    "PANGOLIN_AUDIT_RETENTION_DAYS",
    "PANGOLIN_AUDIT_SYNC",
    "PANGOLIN_AUTH_RATE_LIMIT",
    "PANGOLIN_AUTH_RATE_WINDOW_SECS",
    "PANGOLIN_BIND_ADDRESS",
    "PANGOLIN_CONSISTENCY",
    "PANGOLIN_DATA_DIR",
    "PANGOLIN_EGRESS_ALLOW",
    "PANGOLIN_ENCRYPTION_KEY",
    "PANGOLIN_GCP_METADATA",
    "PANGOLIN_GCP_STORAGE_ENDPOINT",
    "PANGOLIN_GCP_STS_ENDPOINT",
    "PANGOLIN_HOST_NAME",
    "PANGOLIN_HOUSEKEEPING_SECS",
    "PANGOLIN_JWT_SECRET",
    "PANGOLIN_LEASE_GRACE_SECS",
    "PANGOLIN_LEASE_SWEEP_SECS",
    "PANGOLIN_LIMIT_TTL_TO_TOKEN",
    "PANGOLIN_LOCAL_STORAGE_DIR",
    "PANGOLIN_MAX_BODY_BYTES",
    "PANGOLIN_MIN_PASSWORD_LENGTH",
    "PANGOLIN_NO_AUTH",
    "PANGOLIN_NO_AUTH_ANY_ADDRESS",
    "PANGOLIN_OAUTH_TOKEN_LIFETIME_SECS",
    "PANGOLIN_OIDC_CONFIG",
    "PANGOLIN_PLUGIN_DIR",
    "PANGOLIN_PLUGIN_GRANTS",
    "PANGOLIN_PLUGIN_SCAN_SECS",
    "PANGOLIN_ROOT_PASSWORD",
    "PANGOLIN_ROOT_USER",
    "PANGOLIN_SECRET_REFS",
    "PANGOLIN_STRICT_SECRETS",
    "PANGOLIN_STS_EXTERNAL_ID",
    "PANGOLIN_STS_ROLE_ARN",
    "PANGOLIN_STS_SESSION_DURATION",
    "PANGOLIN_TOKEN_LIFETIME_SECS",
    "PANGOLIN_TRUSTED_PROXIES",
    "PANGOLIN_VEND_ENV_CREDENTIALS",
    "PANGOLIN_BUILTIN_PLUGINS",
];

/// Least length of the token secret, in characters.
const MIN_JWT_SECRET: usize = 32;

/// Reads the process's environment.
///
/// # Errors
/// Everything that is wrong.
pub fn from_environment() -> Result<Config, Vec<ConfigProblem>> {
    let (config, problems) = judged_from_environment();
    if problems.is_empty() { Ok(config) } else { Err(problems) }
}

/// The process's environment, and everything that is wrong with it: then the settings that are wrong
/// are those of a host without them.
#[expect(clippy::disallowed_methods, reason = "the one place that reads settings from the environment")]
pub(crate) fn judged_from_environment() -> (Config, Vec<ConfigProblem>) {
    // What is no text is not taken for absent.
    let unreadable = RefCell::new(BTreeSet::new());
    let (mut config, mut problems) = judged_from_lookup(|name| match std::env::var(name) {
        Err(VarError::NotUnicode(_)) => {
            unreadable.borrow_mut().insert(name);
            None
        }
        read => read.ok(),
    });
    let unreadable = unreadable.into_inner();
    problems.retain(|problem| !unreadable.contains(problem.variable));
    let wrong = |variable: &'static str| ConfigProblem { variable, message: "is not UTF-8".to_owned() };
    problems.extend(unreadable.into_iter().map(wrong));
    config.unknown_variables = std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with("PANGOLIN_") && !KNOWN.contains(&name.as_str()))
        .collect();
    config.unknown_variables.sort();
    (config, problems)
}

/// Reads settings from any source.
///
/// # Errors
/// Everything that is wrong.
pub fn from_lookup(lookup: impl Fn(&'static str) -> Option<String>) -> Result<Config, Vec<ConfigProblem>> {
    let (config, problems) = judged_from_lookup(lookup);
    if problems.is_empty() { Ok(config) } else { Err(problems) }
}

fn judged_from_lookup(lookup: impl Fn(&'static str) -> Option<String>) -> (Config, Vec<ConfigProblem>) {
    let mut read = Reader { lookup, problems: Vec::new() };
    let no_auth = read.flag("PANGOLIN_NO_AUTH");
    let data_dir = PathBuf::from(read.text("PANGOLIN_DATA_DIR").unwrap_or_else(|| "pangolin-data".to_owned()));
    let egress = read.egress();
    let config = Config {
        listen: read.listen(no_auth),
        auth: read.auth(no_auth),
        jwt_secret: read.jwt_secret(no_auth),
        issuers: read.issuers(&egress),
        store: read.store(data_dir),
        plugins: read.plugins(),
        egress,
        aws: read.aws(no_auth),
        azure: read.azure(),
        gcp: read.gcp(),
        limits: read.limits(),
        leases: read.leases(),
        housekeeping: read.housekeeping(),
        local_storage_dir: read.path("PANGOLIN_LOCAL_STORAGE_DIR"),
        strict_secrets: read.flag("PANGOLIN_STRICT_SECRETS"),
        secret_refs: read.secret_refs(),
        unknown_variables: Vec::new(),
    };
    read.log_filter();
    (config, read.problems)
}

struct Reader<L> {
    lookup: L,
    problems: Vec<ConfigProblem>,
}

impl<L: Fn(&'static str) -> Option<String>> Reader<L> {
    fn wrong(&mut self, variable: &'static str, message: impl Into<String>) {
        self.problems.push(ConfigProblem { variable, message: message.into() });
    }

    /// An empty variable counts as absent.
    fn text(&self, variable: &'static str) -> Option<String> {
        (self.lookup)(variable).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn path(&self, variable: &'static str) -> Option<PathBuf> {
        self.text(variable).map(PathBuf::from)
    }

    fn flag(&mut self, variable: &'static str) -> bool {
        match self.text(variable).map(|text| text.to_ascii_lowercase()).as_deref() {
            None | Some("false" | "0" | "no" | "off") => false,
            Some("true" | "1" | "yes" | "on") => true,
            Some(_) => {
                self.wrong(variable, "use true or false");
                false
            }
        }
    }

    fn number<T: FromStr + PartialOrd + std::fmt::Display + Copy>(
        &mut self,
        variable: &'static str,
        default: T,
        allowed: std::ops::RangeInclusive<T>,
    ) -> T {
        let Some(text) = self.text(variable) else { return default };
        match text.parse::<T>() {
            Ok(number) if allowed.contains(&number) => number,
            _ => {
                self.wrong(variable, format!("use a whole number from {} to {}", allowed.start(), allowed.end()));
                default
            }
        }
    }

    fn url(&mut self, variable: &'static str) -> Option<Url> {
        let text = self.text(variable)?;
        match Url::parse(&text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Some(url),
            _ => {
                self.wrong(variable, "use an absolute http or https URL");
                None
            }
        }
    }

    fn listen(&mut self, no_auth: bool) -> Listen {
        let given = self.text("PANGOLIN_BIND_ADDRESS");
        let default = if no_auth { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED };
        let address = match given.as_deref().map(IpAddr::from_str) {
            None => IpAddr::V4(default),
            Some(Ok(address)) => address,
            Some(Err(_)) => {
                self.wrong("PANGOLIN_BIND_ADDRESS", "use an IP address, for example 127.0.0.1");
                IpAddr::V4(default)
            }
        };
        let forced = self.flag("PANGOLIN_NO_AUTH_ANY_ADDRESS");
        if no_auth && !address.is_loopback() && !forced {
            self.wrong(
                "PANGOLIN_BIND_ADDRESS",
                "No-Auth mode lets everybody in as administrator and binds to loopback only; use 127.0.0.1, or \
                 PANGOLIN_NO_AUTH_ANY_ADDRESS=true if you really mean it",
            );
        }
        Listen {
            address,
            port: self.number("PORT", 8080, 0..=u16::MAX),
            trusted_proxies: self.ranges("PANGOLIN_TRUSTED_PROXIES", "10.0.0.0/8"),
        }
    }

    /// Addresses and ranges of addresses.
    fn ranges(&mut self, variable: &'static str, example: &str) -> Vec<IpNet> {
        EgressPolicy::parse_ranges(&self.text(variable).unwrap_or_default()).unwrap_or_else(|_| {
            let message = format!("use addresses or address ranges separated by commas, for example {example}");
            self.wrong(variable, message);
            Vec::new()
        })
    }

    /// Judged here, read where logging starts.
    fn log_filter(&mut self) {
        let text = self.text("RUST_LOG").unwrap_or_default();
        if tracing_subscriber::EnvFilter::try_new(&text).is_err() {
            self.wrong("RUST_LOG", "is no filter of the log; use for example info, or info,pangolin_runtime=debug");
        }
    }

    fn issuers(&mut self, egress: &EgressSection) -> Vec<IssuerSettings> {
        let Some(path) = self.path("PANGOLIN_OIDC_CONFIG") else { return Vec::new() };
        issuers::read(&path, egress).unwrap_or_else(|problems| {
            for problem in problems {
                self.wrong("PANGOLIN_OIDC_CONFIG", format!("{}: {problem}", path.display()));
            }
            Vec::new()
        })
    }

    fn auth(&mut self, no_auth: bool) -> AuthMode {
        if no_auth {
            return AuthMode::NoAuth;
        }
        let root_user = self.text("PANGOLIN_ROOT_USER").unwrap_or_else(|| {
            self.wrong("PANGOLIN_ROOT_USER", "is needed: the name of the system's administrator");
            String::new()
        });
        let root_password = (self.lookup)("PANGOLIN_ROOT_PASSWORD").filter(|text| !text.is_empty());
        if root_password.as_ref().is_none_or(|text| text.chars().count() < 8) {
            self.wrong("PANGOLIN_ROOT_PASSWORD", "is needed: at least 8 characters");
        }
        AuthMode::Auth { root_user, root_password: Secret::from(root_password.unwrap_or_default()) }
    }

    fn jwt_secret(&mut self, no_auth: bool) -> Secret<String> {
        // Not trimmed: the secret's bytes are the key.
        match (self.lookup)("PANGOLIN_JWT_SECRET").filter(|text| !text.is_empty()) {
            Some(text) => {
                if text.chars().count() < MIN_JWT_SECRET {
                    self.wrong("PANGOLIN_JWT_SECRET", format!("is too short: at least {MIN_JWT_SECRET} characters"));
                } else if is_weak(&text) {
                    self.wrong("PANGOLIN_JWT_SECRET", "is too easy to guess; generate one: openssl rand -base64 48");
                }
                Secret::from(text)
            }
            None => {
                if !no_auth {
                    self.wrong(
                        "PANGOLIN_JWT_SECRET",
                        "is needed: it signs the tokens; generate one: openssl rand -base64 48 (or run with \
                         PANGOLIN_NO_AUTH=true for development)",
                    );
                }
                Secret::from(crate::random::token_secret())
            }
        }
    }

    fn store(&mut self, data_dir: PathBuf) -> StoreSection {
        let url =
            self.text("DATABASE_URL").unwrap_or_else(|| format!("sqlite://{}", data_dir.join("pangolin.db").display()));
        if !["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| url.starts_with(scheme)) {
            self.wrong("DATABASE_URL", "use sqlite://path or postgres://user:password@host/database");
        }
        let keys = self.text("PANGOLIN_ENCRYPTION_KEY").and_then(|text| match KeyRing::parse(&text) {
            Ok(keys) => Some(keys),
            Err(error) => {
                self.wrong("PANGOLIN_ENCRYPTION_KEY", error.to_string());
                None
            }
        });
        if keys.is_none() && url.starts_with("postgres") {
            self.wrong(
                "PANGOLIN_ENCRYPTION_KEY",
                "is needed with PostgreSQL: base64 of 32 bytes; openssl rand -base64 32",
            );
        }
        let audit_sync = match self.text("PANGOLIN_AUDIT_SYNC").as_deref() {
            None | Some("full") => AuditSync::Full,
            Some("normal") => AuditSync::Normal,
            Some(_) => {
                self.wrong("PANGOLIN_AUDIT_SYNC", "use full or normal");
                AuditSync::Full
            }
        };
        let consistency = match self.text("PANGOLIN_CONSISTENCY").as_deref() {
            None | Some("eventual") => Consistency::Eventual,
            Some("strict") => Consistency::Strict,
            Some(_) => {
                self.wrong("PANGOLIN_CONSISTENCY", "use eventual or strict");
                Consistency::Eventual
            }
        };
        let host_name =
            self.text("PANGOLIN_HOST_NAME").or_else(|| self.text("HOSTNAME")).unwrap_or_else(|| "host".to_owned());
        StoreSection { url: Secret::from(url), data_dir, audit_sync, consistency, keys, host_name }
    }

    fn plugins(&mut self) -> PluginSection {
        PluginSection {
            dir: self.path("PANGOLIN_PLUGIN_DIR"),
            grants: self.path("PANGOLIN_PLUGIN_GRANTS"),
            scan_seconds: self.number("PANGOLIN_PLUGIN_SCAN_SECS", 10, 0..=3_600),
        }
    }

    fn secret_refs(&mut self) -> SecretRefPolicy {
        let Some(text) = self.text("PANGOLIN_SECRET_REFS") else { return SecretRefPolicy::default() };
        SecretRefPolicy::parse(&text).unwrap_or_else(|error| {
            self.wrong("PANGOLIN_SECRET_REFS", format!("use name or <tenant uuid>/name, separated by commas: {error}"));
            SecretRefPolicy::default()
        })
    }

    fn egress(&mut self) -> EgressSection {
        let allow = self.ranges("PANGOLIN_EGRESS_ALLOW", "127.0.0.0/8");
        let operator_endpoints = [
            "AWS_ENDPOINT_URL",
            "AWS_ENDPOINT_URL_STS",
            "AWS_ENDPOINT_URL_S3",
            "AZURE_AUTHORITY_HOST",
            "AZURE_STORAGE_ENDPOINT",
            "PANGOLIN_GCP_STORAGE_ENDPOINT",
        ]
        .into_iter()
        .filter_map(|name| self.url(name))
        .collect();
        EgressSection { allow, allow_http: self.flag("AWS_ALLOW_HTTP"), operator_endpoints }
    }

    fn aws(&mut self, no_auth: bool) -> AwsSection {
        let vend_env_credentials = self.flag("PANGOLIN_VEND_ENV_CREDENTIALS") || no_auth;
        let mut env_credentials = pangolin_core::ports::SlotValues::new();
        if vend_env_credentials {
            for (field, variable) in [
                ("access_key_id", "AWS_ACCESS_KEY_ID"),
                ("secret_access_key", "AWS_SECRET_ACCESS_KEY"),
                ("session_token", "AWS_SESSION_TOKEN"),
            ] {
                if let Some(value) = self.text(variable) {
                    env_credentials.insert(field.to_owned(), Secret::from(value));
                }
            }
        }
        let legacy_global_sts = match self.text("AWS_STS_REGIONAL_ENDPOINTS").as_deref() {
            None | Some("regional") => false,
            Some("legacy") => true,
            Some(_) => {
                self.wrong("AWS_STS_REGIONAL_ENDPOINTS", "use regional or legacy");
                false
            }
        };
        AwsSection {
            region: self.text("AWS_REGION").or_else(|| self.text("AWS_DEFAULT_REGION")),
            s3_endpoint: self.url("AWS_ENDPOINT_URL_S3").or_else(|| self.url("AWS_ENDPOINT_URL")),
            sts_endpoint: self.url("AWS_ENDPOINT_URL_STS").or_else(|| self.url("AWS_ENDPOINT_URL")),
            legacy_global_sts,
            role_arn: self.text("PANGOLIN_STS_ROLE_ARN"),
            external_id: self.text("PANGOLIN_STS_EXTERNAL_ID"),
            session_duration: self.number("PANGOLIN_STS_SESSION_DURATION", 3600, 900..=43_200),
            vend_env_credentials,
            env_credentials,
        }
    }

    fn azure(&mut self) -> AzureSettings {
        AzureSettings {
            tenant_id: self.text("AZURE_TENANT_ID"),
            client_id: self.text("AZURE_CLIENT_ID"),
            federated_token_file: self.path("AZURE_FEDERATED_TOKEN_FILE"),
            authority_host: self.url("AZURE_AUTHORITY_HOST"),
        }
    }

    fn gcp(&mut self) -> GcpSettings {
        let metadata_host = self.text("GCE_METADATA_HOST");
        if metadata_host.as_deref().is_some_and(|host| !is_host_and_port(host)) {
            self.wrong("GCE_METADATA_HOST", "use a host, with a port if need be, and no scheme or path");
        }
        GcpSettings {
            credentials_file: self.path("GOOGLE_APPLICATION_CREDENTIALS"),
            metadata: self.flag("PANGOLIN_GCP_METADATA"),
            metadata_host,
            sts_endpoint: self.url("PANGOLIN_GCP_STS_ENDPOINT"),
        }
    }

    fn limits(&mut self) -> LimitSection {
        LimitSection {
            max_body_bytes: self.number("PANGOLIN_MAX_BODY_BYTES", 16 * 1024 * 1024, 1024..=1024 * 1024 * 1024),
            auth_failures: self.number("PANGOLIN_AUTH_RATE_LIMIT", 10, 1..=1_000_000),
            auth_window_seconds: self.number("PANGOLIN_AUTH_RATE_WINDOW_SECS", 60, 1..=86_400),
            min_password_length: self.number("PANGOLIN_MIN_PASSWORD_LENGTH", 8, 8..=128),
            token_seconds: self.number("PANGOLIN_TOKEN_LIFETIME_SECS", 86_400, 60..=31_536_000),
            oauth_token_seconds: self.number("PANGOLIN_OAUTH_TOKEN_LIFETIME_SECS", 3_600, 1..=604_800),
            limit_ttl_to_token: self.flag("PANGOLIN_LIMIT_TTL_TO_TOKEN"),
        }
    }

    fn housekeeping(&mut self) -> HousekeepingSection {
        let days = self.number("PANGOLIN_AUDIT_RETENTION_DAYS", 0, 1..=3_650);
        HousekeepingSection {
            pause_seconds: self.number("PANGOLIN_HOUSEKEEPING_SECS", 3_600, 1..=86_400),
            audit_retention_days: (days > 0).then_some(days),
        }
    }

    fn leases(&mut self) -> LeaseSection {
        LeaseSection {
            grace_seconds: self.number("PANGOLIN_LEASE_GRACE_SECS", 60, 1..=3_600),
            sweep_seconds: self.number("PANGOLIN_LEASE_SWEEP_SECS", 5, 1..=3_600),
        }
    }
}

fn is_host_and_port(text: &str) -> bool {
    let url = Url::parse(&format!("http://{text}/"));
    url.is_ok_and(|url| url.path() == "/" && url.query().is_none() && url.fragment().is_none() && !text.contains('@'))
}

/// Few different characters, or a word that documents and examples use.
fn is_weak(text: &str) -> bool {
    const WORDS: [&str; 8] =
        ["changeme", "change-me", "password", "secret-key", "your-secret", "default", "example", "random-32-char"];
    let lower = text.to_ascii_lowercase();
    let distinct: std::collections::BTreeSet<char> = lower.chars().collect();
    distinct.len() < 8 || WORDS.iter().any(|word| lower.contains(word))
}
