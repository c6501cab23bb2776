//! The fields that storage itself has, per kind, with every spelling in use: as data.
//!
//! `-` and `_` are one; `bucket` is also `s3.bucket` by the dialects of its kind. Only what does
//! not follow from these rules is listed.

use super::StorageKind;
use crate::strategy::FieldKind;

/// A field known to the host whatever the strategy.
#[derive(Debug, Clone, Copy)]
pub(super) struct StorageField {
    /// Canonical name.
    pub name: &'static str,
    /// Irregular spellings.
    pub also: &'static [&'static str],
    /// How it is written.
    pub kind: FieldKind,
    /// Says where the objects are; no strategy can mean something else by it.
    pub place: bool,
    /// Refused when missing.
    pub required: bool,
    /// Never shown.
    pub secret: bool,
    /// Decides where secrets are sent.
    pub destination: bool,
}

impl StorageField {
    const fn new(name: &'static str, kind: FieldKind) -> Self {
        Self { name, also: &[], kind, place: false, required: false, secret: false, destination: false }
    }
    const fn place(name: &'static str) -> Self {
        Self { place: true, ..Self::new(name, FieldKind::Text) }
    }
    const fn secret(name: &'static str) -> Self {
        Self { secret: true, ..Self::new(name, FieldKind::Text) }
    }
    const fn destination(name: &'static str) -> Self {
        Self { destination: true, ..Self::new(name, FieldKind::Url) }
    }
    const fn at_place(self) -> Self {
        Self { place: true, ..self }
    }
    const fn required(self) -> Self {
        Self { required: true, ..self }
    }
    const fn also(self, also: &'static [&'static str]) -> Self {
        Self { also, ..self }
    }
}

const S3: &[StorageField] = &[
    StorageField::place("bucket").required(),
    StorageField::place("prefix"),
    StorageField::place("region").also(&["client.region"]),
    StorageField::destination("endpoint").at_place(),
    StorageField::new("path_style_access", FieldKind::Boolean).at_place(),
    StorageField::new("allow_http", FieldKind::Boolean).at_place(),
    StorageField::secret("access_key_id"),
    StorageField::secret("secret_access_key"),
    StorageField::secret("session_token"),
    StorageField::new("role_arn", FieldKind::Role),
    StorageField::new("external_id", FieldKind::Text),
    StorageField::destination("sts_endpoint"),
];

const AZURE: &[StorageField] = &[
    StorageField::place("account_name").required(),
    StorageField::place("container").required(),
    StorageField::place("prefix"),
    StorageField::destination("endpoint").at_place(),
    StorageField::new("hierarchical", FieldKind::Boolean).at_place(),
    StorageField::secret("account_key"),
    StorageField::new("tenant_id", FieldKind::Text),
    StorageField::new("client_id", FieldKind::Text),
    StorageField::secret("client_secret"),
    StorageField::destination("authority_host"),
];

const GCS: &[StorageField] = &[
    StorageField::place("bucket").required(),
    StorageField::place("prefix"),
    StorageField::place("project_id"),
    StorageField::destination("endpoint").at_place(),
    StorageField { kind: FieldKind::Json, ..StorageField::secret("service_account_key") }
        .also(&["service_account_json", "service_account"]),
    StorageField::new("service_account_email", FieldKind::Text),
    StorageField::secret("private_key"),
    StorageField::destination("token_uri"),
];

const LOCAL: &[StorageField] = &[StorageField::place("path").required().also(&["directory"])];

/// The fields of a kind of storage.
pub(super) fn fields(kind: StorageKind) -> &'static [StorageField] {
    match kind {
        StorageKind::S3 => S3,
        StorageKind::Azure => AZURE,
        StorageKind::Gcs => GCS,
        StorageKind::Local => LOCAL,
    }
}

/// What a dialect puts before a name.
pub(super) fn dialects(kind: StorageKind) -> &'static [&'static str] {
    match kind {
        StorageKind::S3 => &["s3."],
        StorageKind::Azure => &["azure.", "adls."],
        StorageKind::Gcs => &["gcp.", "gcs."],
        StorageKind::Local => &["local.", "file."],
    }
}

/// The kind that `type` names.
pub(super) fn kind(name: &str) -> Option<StorageKind> {
    match name.to_ascii_lowercase().as_str() {
        "s3" => Some(StorageKind::S3),
        "azure" => Some(StorageKind::Azure),
        "gcs" | "gcp" => Some(StorageKind::Gcs),
        "local" => Some(StorageKind::Local),
        _ => None,
    }
}

/// Names that are secrets whatever a strategy says of them.
const SECRETS: &[&str] = &[
    "access_key_id",
    "secret_access_key",
    "session_token",
    "account_key",
    "sas_token",
    "client_secret",
    "service_account_key",
    "private_key",
    "password",
    "api_token",
    "api_key",
    "access_token",
    "refresh_token",
];

/// Whether a canonical name is one of a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    SECRETS.contains(&name)
}

/// Whether a spelling means a secret that the host knows, whatever the kind of storage. What
/// somebody writes under it is a secret, and must not become a plain field of a strategy.
#[must_use]
pub fn names_a_secret(spelling: &str) -> bool {
    let folded = fold(spelling);
    [StorageKind::S3, StorageKind::Azure, StorageKind::Gcs, StorageKind::Local].into_iter().any(|kind| {
        let plain = dialects(kind).iter().find_map(|dialect| folded.strip_prefix(dialect)).unwrap_or(&folded);
        let mut secrets = fields(kind).iter().filter(|field| field.secret);
        is_secret_name(plain) || secrets.any(|field| field.name == plain || field.also.contains(&plain))
    })
}

/// One form for all spellings: lower case, `-` as `_`.
pub(super) fn fold(spelling: &str) -> String {
    spelling.to_ascii_lowercase().replace('-', "_")
}
