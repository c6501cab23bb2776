//! What the host knows of a vending strategy: its description and what it answers.

mod dry_run;
mod schema;

pub use self::dry_run::{CredentialShape, DryRun, DryRunEnd, DryStep};
pub use self::schema::configuration_schema;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::access::Access;
use crate::clock::UnixMillis;
use crate::revocation::Issued;
use crate::secret::Secret;

/// How a configuration field is written and checked. Mirrors `field-kind` of the WIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldKind {
    /// Any text.
    Text,
    /// A whole number.
    Integer,
    /// `true` or `false`, also as text.
    Boolean,
    /// An absolute http(s) URL, checked against the egress policy.
    Url,
    /// An identity that is assumed; with the host's own identity it belongs to one tenant.
    Role,
    /// A JSON document.
    Json,
}

/// What a secret may be used for. Mirrors `secret-use` of the WIT.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretUse {
    /// Signs requests to this AWS service.
    Sigv4(String),
    /// Password of HTTP Basic authentication.
    Basic,
    /// Bearer token.
    Bearer,
    /// This request header.
    Header(String),
    /// This field of a form body.
    FormField(String),
    /// This member of a JSON body.
    JsonField(String),
    /// After this scheme in the `Authorization` header.
    Authorization(String),
    /// Key of a signed JWT assertion.
    JwtAssertion,
    /// Key that signs an Azure SAS.
    AzureSas,
    /// Goes out as a value of the credential.
    CredentialValue,
    /// Key of a raw HMAC.
    RawHmac,
    /// A use that this host does not know; a description with it is refused.
    Other(String),
}

/// One configuration field. Mirrors `field` of the WIT.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Canonical name.
    pub name: String,
    /// Other spellings.
    pub aliases: Vec<String>,
    /// How it is written.
    pub kind: FieldKind,
    /// Refused when missing.
    pub required: bool,
    /// Stands for a missing value.
    pub default: Option<String>,
    /// The only values, as text; empty: any of the kind.
    pub choices: Vec<String>,
    /// A value that shows the form.
    pub example: Option<String>,
    /// Not empty: a secret, and what it may be used for.
    pub secret_uses: Vec<SecretUse>,
    /// The servers that the secret may be sent to; empty: any that is granted.
    pub secret_hosts: Vec<HostPattern>,
    /// Decides where secrets are sent.
    pub destination: bool,
    /// One line for forms.
    pub help: String,
}

impl Field {
    /// Whether the field is a secret.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        !self.secret_uses.is_empty()
    }
}

/// A server that a strategy wants to reach.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostPattern {
    /// A host name, or `*.suffix`.
    Literal(String),
    /// The host of the URL in this field.
    OfField(String),
}

/// How narrow a minted credential is, the narrowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scoping {
    /// Exactly the scopes asked for.
    Exact,
    /// What the caller's own identity at the store opens.
    Delegated,
    /// The access asked for, on more than the locations asked for.
    AccessOnly,
    /// Opens all that the base identity opens.
    Unscoped,
}

/// A value of the configuration that changes how narrow a credential is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopingRule {
    /// Canonical field name.
    pub field: String,
    /// The value, as text.
    pub equals: String,
    /// How narrow it is then.
    pub scoping: Scoping,
}

/// What a strategy says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// The name that warehouses use.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// One line.
    pub summary: String,
    /// Location schemes served.
    pub schemes: Vec<String>,
    /// How narrow its credentials are where no rule applies.
    pub scoping: Scoping,
    /// Of several that apply the widest counts.
    pub scoping_rules: Vec<ScopingRule>,
    /// Configuration fields.
    pub fields: Vec<Field>,
    /// Servers asked for.
    pub hosts: Vec<HostPattern>,
    /// Longest life in seconds.
    pub max_ttl_seconds: Option<u32>,
    /// Shortest life in seconds.
    pub min_ttl_seconds: Option<u32>,
}

impl Description {
    /// How narrow the credentials of a warehouse with this configuration are.
    #[must_use]
    pub fn scoping_for(&self, config: &BTreeMap<String, serde_json::Value>) -> Scoping {
        let says = |rule: &&ScopingRule| {
            let default = || self.field(&rule.field).and_then(|field| field.default.clone());
            let value = match config.get(&rule.field) {
                Some(serde_json::Value::String(text)) => Some(text.clone()),
                Some(other) => Some(other.to_string()),
                None => default(),
            };
            value.as_deref() == Some(rule.equals.as_str())
        };
        self.scoping_rules.iter().filter(says).map(|rule| rule.scoping).max().unwrap_or(self.scoping)
    }

    /// The field of this name or alias.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name || field.aliases.iter().any(|alias| alias == name))
    }
}

/// What a component may do: the intersection of what it imports, what it asks for, and what the
/// operator granted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rights {
    /// Servers, as the grant file writes them.
    pub hosts: Vec<String>,
    /// Whether the host's own identity may be used for it.
    pub host_identity: bool,
    /// Whether values of its secret fields may go out as credentials.
    pub credential_values: bool,
    /// Whether secrets may be keys of a raw HMAC.
    pub raw_hmac: bool,
}

/// A loaded strategy as lists show it.
#[derive(Debug, Clone)]
pub struct StrategyInfo {
    /// What it says of itself.
    pub description: Description,
    /// File name in the plugin directory.
    pub file: String,
    /// SHA-256 of the component, hexadecimal.
    pub digest: String,
    /// Names of the operator's keys that signed it.
    pub signed_by: Vec<String>,
    /// Since when this version serves.
    pub since: UnixMillis,
    /// Whether it may do anything at all.
    pub granted: bool,
    /// What it may do.
    pub rights: Rights,
    /// Lines of the grant file that would grant what is asked for and missing; empty when nothing is.
    pub missing_grants: String,
    /// Interfaces that the component imports, for example `pangolin:vending/sts@1.0.0`.
    pub imports: Vec<String>,
    /// Interfaces that it exports, for example `pangolin:vending/strategy@1.0.0`.
    pub exports: Vec<String>,
}

impl StrategyInfo {
    /// A strategy of which nothing but its word is known, and that may do what it asks for.
    #[must_use]
    pub fn of(description: Description) -> Self {
        Self {
            description,
            file: String::new(),
            digest: String::new(),
            signed_by: Vec::new(),
            since: UnixMillis(0),
            granted: true,
            rights: Rights::default(),
            missing_grants: String::new(),
            imports: Vec::new(),
            exports: Vec::new(),
        }
    }

    /// Whether it makes presigned URLs itself.
    #[must_use]
    pub fn presigns(&self) -> bool {
        self.exports("presign")
    }

    /// Whether the host ends what it mints.
    #[must_use]
    pub fn leases(&self) -> bool {
        self.exports("leases")
    }

    fn exports(&self, interface: &str) -> bool {
        let named = |export: &str| export.split(['/', '@']).nth(1) == Some(interface);
        self.exports.iter().any(|export| named(export))
    }
}

/// A file of the plugin directory that could not be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedPlugin {
    /// File name.
    pub file: String,
    /// Why, and how to mend it.
    pub reason: String,
    /// SHA-256 of the file, where it could be read.
    pub digest: Option<String>,
    /// Since when it is refused.
    pub since: UnixMillis,
    /// Name of the strategy of which the version before it stays in service.
    pub serving: Option<String>,
}

/// A file that is being read, compiled and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingPlugin {
    /// File name.
    pub file: String,
    /// SHA-256 of the file, once it was read.
    pub digest: Option<String>,
    /// Since when.
    pub since: UnixMillis,
}

/// How it stands with the plugin directory as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DirectoryState {
    /// Files on their way.
    pub pending: Vec<PendingPlugin>,
    /// Why the directory or the grant file cannot be used, and since when; what was loaded before serves.
    pub problem: Option<(String, UnixMillis)>,
    /// When it was looked at for the last time.
    pub looked_at: Option<UnixMillis>,
}

/// The plugin directory or the grant file as a whole is not good; what was loaded before serves.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotReloaded(pub String);

/// One configuration problem that `check-config` found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// Canonical field name, or empty.
    pub field: String,
    /// What is wrong.
    pub message: String,
}

/// Mirrors `error-kind` of the WIT, and names the host's own bounds beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StrategyErrorKind {
    /// The configuration cannot work.
    InvalidConfig,
    /// The cloud, or the host's own policy, refuses.
    Denied,
    /// The strategy cannot do this.
    Unsupported,
    /// The upstream answered with a fault.
    Upstream,
    /// The upstream asks for patience.
    Throttled,
    /// There is no room upstream: what is limited is taken.
    Exhausted,
    /// The upstream cannot be reached or is too slow.
    Unavailable,
    /// The plugin failed: trap, bound, or an answer that the host refuses.
    Plugin,
    /// No plugin of that name is loaded, or all places are taken.
    NotReady,
}

/// An error of a strategy, or of running it. The text is for people and holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StrategyError {
    /// What kind.
    pub kind: StrategyErrorKind,
    /// Stable code, `kebab-case`.
    pub code: String,
    /// What was wrong and how to mend it.
    pub message: String,
    /// When to try again.
    pub retry_after_ms: Option<u32>,
}

impl StrategyError {
    /// An error without a time to retry.
    #[must_use]
    pub fn new(kind: StrategyErrorKind, code: &str, message: impl Into<String>) -> Self {
        Self { kind, code: code.to_owned(), message: message.into(), retry_after_ms: None }
    }
}

/// A credential as a strategy minted it, checked by the host for form, prefix and life.
#[derive(Debug, Clone)]
pub struct MintedCredential {
    /// The location that it opens.
    pub prefix: String,
    /// Properties by the names that Iceberg clients read.
    pub entries: Vec<(String, Secret<String>)>,
    /// When it ends, as the issuer said it.
    pub expires_at: Option<UnixMillis>,
    /// By what the host ends it, if the strategy leases.
    pub handle: Option<Secret<String>>,
}

/// What one run of a strategy answered.
#[derive(Debug, Clone)]
pub struct Minted {
    /// The credentials.
    pub credentials: Vec<MintedCredential>,
    /// The access asked for and therefore, at most, given.
    pub access: Access,
    /// Name and version of the strategy that minted, for the audit row.
    pub strategy: String,
    /// Version of it.
    pub version: String,
    /// Digest of the component.
    pub digest: String,
    /// The proof that the host could hold against the mint, for example the session policy.
    pub proof: Option<String>,
    /// By what its issuers know the credentials, as the host's services saw it.
    pub issued: Vec<Issued>,
}
