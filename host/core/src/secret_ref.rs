//! References to secrets: `{"secret_ref": "name"}`. The grammar of names and the order of
//! places that are looked at. Pure: reading is a [`SecretResolver`]'s work.

use crate::id::TenantId;
use crate::secret::Secret;

#[cfg(test)]
mod tests;

/// Where the orchestrator mounts secrets.
pub const MOUNT: &str = "/var/run/secrets";

/// The longest name.
const MAX_NAME: usize = 253;

/// First words of what is the host's own: its settings and identity, and what the libraries in it
/// read. A tenant that could name them would have the host send its own keys away.
const RESERVED: &[&str] = &[
    "PANGOLIN",
    // The host's identity, in the words of the clouds' own tools.
    "AWS",
    "AZURE",
    "GOOGLE",
    "GCP",
    "GCE",
    "GCLOUD",
    "CLOUDSDK",
    "KUBERNETES",
    "KUBECONFIG",
    // Its database. The words of the server's image stand where URLs are made of them.
    "DATABASE",
    "POSTGRES",
    "POSTGRESQL",
    // What the database's driver reads.
    "PGAPPNAME",
    "PGDATABASE",
    "PGHOST",
    "PGHOSTADDR",
    "PGOPTIONS",
    "PGPASSFILE",
    "PGPASSWORD",
    "PGPORT",
    "PGSERVICE",
    "PGSERVICEFILE",
    "PGSSLCERT",
    "PGSSLCRL",
    "PGSSLKEY",
    "PGSSLMODE",
    "PGSSLPASSWORD",
    "PGSSLROOTCERT",
    "PGUSER",
    // Headers of exporters hold keys.
    "OTEL",
    // The runtimes.
    "RUST",
    "TOKIO",
    "WASMTIME",
];

/// Whole names of the same kind, whose first word alone says too little.
const RESERVED_NAMES: &[&str] = &[
    // A URL of a proxy holds its password.
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "FTP_PROXY",
    "NO_PROXY",
    // The managed identity of Azure's application services.
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "MSI_ENDPOINT",
    "MSI_SECRET",
    // Trust, and where the process is.
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "HOME",
    "HOSTNAME",
    "PATH",
    "PORT",
    // Where orchestrators mount tokens of the workload, and systemd its credentials.
    "CREDENTIALS_DIRECTORY",
    "SERVICEACCOUNT",
    "TOKENS",
];

/// Variables that name files of the host's own: no reference leads to such a file, by whatever
/// name it stands in [`MOUNT`].
pub const OWN_FILES: &[&str] = &[
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AZURE_FEDERATED_TOKEN_FILE",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "PANGOLIN_OIDC_CONFIG",
    "PANGOLIN_PLUGIN_GRANTS",
    "PGPASSFILE",
    "PGSSLCERT",
    "PGSSLKEY",
    "PGSSLROOTCERT",
];

/// Why a reference gives no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretRefError {
    /// Not a name; shows its first characters only, since it may be a secret in the wrong place.
    #[error("'{0}' is not a secret_ref: use 1 to 253 letters, digits, '-' and '_', beginning with a letter or a digit")]
    Name(String),
    /// A name of the host's own settings.
    #[error("secret '{0}' is reserved for the host's own settings: use another name")]
    Reserved(String),
    /// Not on the operator's list.
    #[error("secret '{0}' may not be used by this tenant: ask the operator to add it to PANGOLIN_SECRET_REFS")]
    NotAllowed(String),
    /// In none of the places.
    #[error("secret '{name}' not found: expected in environment variable '{variable}' or in '{path}'")]
    NotFound {
        /// The name.
        name: String,
        /// The environment variable that was looked at.
        variable: String,
        /// The file or directory that was looked at.
        path: String,
    },
    /// A file is there and cannot be read.
    #[error("secret '{name}' cannot be read from '{path}': {reason}")]
    Unreadable {
        /// The name.
        name: String,
        /// The file.
        path: String,
        /// Kind of the failure, for example `permission denied`.
        reason: String,
    },
}

/// The places of one secret, in the order in which they are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The name.
    pub name: String,
    /// First: this environment variable, if it is set and not blank.
    pub variable: String,
    /// Then this path, if it is a file.
    pub path: String,
    /// Then, if the path is a directory of keys as Kubernetes mounts a secret: the first of these
    /// files, or else the only key of the directory.
    pub keys: [String; 2],
}

impl Places {
    /// The error for a secret that is in none of them.
    #[must_use]
    pub fn not_found(&self) -> SecretRefError {
        let Self { name, variable, path, .. } = self.clone();
        SecretRefError::NotFound { name, variable, path }
    }
}

/// Checks a name: `^[a-zA-Z0-9][a-zA-Z0-9_-]{0,252}$`, and none of the host's own settings.
///
/// # Errors
/// [`SecretRefError::Name`] or [`SecretRefError::Reserved`].
pub fn check_name(name: &str) -> Result<(), SecretRefError> {
    let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    let goes_on = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if !begins || !goes_on || name.len() > MAX_NAME {
        let begin: String = name.chars().take(3).collect();
        return Err(SecretRefError::Name(format!("{}…", begin.escape_debug())));
    }
    let variable = variable(name);
    let word = variable.split('_').next().unwrap_or_default();
    if RESERVED.contains(&word) || RESERVED_NAMES.contains(&variable.as_str()) {
        return Err(SecretRefError::Reserved(name.to_owned()));
    }
    Ok(())
}

/// Where the secret is looked for.
///
/// # Errors
/// See [`check_name`].
pub fn places(name: &str) -> Result<Places, SecretRefError> {
    check_name(name)?;
    let path = format!("{MOUNT}/{name}");
    let keys = [format!("{path}/{name}"), format!("{path}/value")];
    Ok(Places { name: name.to_owned(), variable: variable(name), path, keys })
}

/// The value as it stood in a variable or a file, without blanks around it; none if nothing is
/// left.
#[must_use]
pub fn clean(text: &str) -> Option<Secret<String>> {
    let value = text.trim();
    (!value.is_empty()).then(|| Secret::from(value))
}

/// The environment variable of a reference: upper case, `-` as `_`.
#[must_use]
pub fn variable(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}

/// Which references tenants may name, as the operator said it (`PANGOLIN_SECRET_REFS`).
///
/// Without a list every name that is not reserved may be used, and belongs to the tenant that
/// uses it first. A host with several tenants and secrets of its own in the environment should
/// have a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretRefPolicy {
    allowed: Option<Vec<(Option<TenantId>, String)>>,
}

impl SecretRefPolicy {
    /// Reads `name` (any tenant) and `<tenant uuid>/name`, separated by commas.
    ///
    /// # Errors
    /// A part is neither.
    pub fn parse(text: &str) -> Result<Self, SecretRefError> {
        let mut allowed = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (tenant, name) = match part.split_once('/') {
                Some((tenant, name)) => {
                    (Some(tenant.parse().map_err(|_| SecretRefError::Name(tenant.chars().take(3).collect()))?), name)
                }
                None => (None, part),
            };
            check_name(name)?;
            allowed.push((tenant, variable(name)));
        }
        Ok(Self { allowed: Some(allowed) })
    }

    /// Whether there is no list, so that tenants may name whatever the host can read.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.allowed.is_none()
    }

    /// Refuses a name that the tenant may not use.
    ///
    /// # Errors
    /// [`SecretRefError::NotAllowed`].
    pub fn check(&self, tenant: TenantId, name: &str) -> Result<(), SecretRefError> {
        let Some(allowed) = &self.allowed else { return Ok(()) };
        let wanted = variable(name);
        let fits = |(of, known): &(Option<TenantId>, String)| *known == wanted && of.is_none_or(|of| of == tenant);
        if allowed.iter().any(fits) { Ok(()) } else { Err(SecretRefError::NotAllowed(name.to_owned())) }
    }
}

/// Finds secrets by name, at use.
pub trait SecretResolver: Send + Sync + std::fmt::Debug {
    /// The value: environment first, then the mount.
    ///
    /// # Errors
    /// See [`SecretRefError`]. No error holds a value.
    fn resolve(&self, name: &str) -> Result<Secret<String>, SecretRefError>;
}
