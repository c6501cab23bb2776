//! The tables: per kind of storage which entry goes out under which names, and what else
//! clients need beside it.

use crate::warehouse::StorageKind;

/// A kind of storage as clients know it.
pub(super) struct Provider {
    /// Sets of entries of which one must be minted whole.
    pub enough: &'static [&'static [&'static str]],
    /// The same, for people.
    pub needs: &'static str,
    /// Whether the operator's endpoint stands for a missing one.
    pub operator_endpoint: bool,
    /// Other minted entries that are passed on.
    also: &'static [&'static str],
    /// What goes out.
    pub rules: &'static [Rule],
}

/// One property.
pub(super) struct Rule {
    pub key: &'static str,
    /// The host of the storage account is appended, after a dot.
    pub per_host: bool,
    pub from: Source,
    /// Only beside this minted entry.
    pub with: Option<&'static str>,
}

#[derive(Clone, Copy)]
pub(super) enum Source {
    Minted(&'static str),
    Fact(Fact),
}

#[derive(Clone, Copy)]
pub(super) enum Fact {
    Region,
    Endpoint,
    PathStyle,
    VirtualHost,
    ExpiryMillis,
    ExpiryText,
    RefreshEndpoint,
    RefreshEnabled,
    Account,
    AccountHost,
    Container,
    Project,
    CredentialType,
    CredentialScope,
}

impl Provider {
    /// Whether a minted entry that no rule names goes out. Known names only: clients have many more
    /// that lead to another server or open what they write to others (`adls.connection-string`,
    /// `s3.access-points.…`, `s3.acl`), and where to go is the host's word.
    pub(super) fn passes_on(&self, key: &str) -> bool {
        self.also.contains(&key)
    }
}

const fn minted(key: &'static str, entry: &'static str) -> Rule {
    Rule { key, per_host: false, from: Source::Minted(entry), with: None }
}

const fn same(key: &'static str) -> Rule {
    minted(key, key)
}

const fn fact(key: &'static str, fact: Fact) -> Rule {
    Rule { key, per_host: false, from: Source::Fact(fact), with: None }
}

impl Rule {
    const fn per_host(self) -> Self {
        Self { per_host: true, ..self }
    }

    const fn with(self, entry: &'static str) -> Self {
        Self { with: Some(entry), ..self }
    }
}

pub(super) fn provider(kind: StorageKind) -> Option<&'static Provider> {
    match kind {
        StorageKind::S3 => Some(&S3),
        StorageKind::Azure => Some(&AZURE),
        StorageKind::Gcs => Some(&GCS),
        StorageKind::Local => None,
    }
}

static S3: Provider = Provider {
    enough: &[&["s3.access-key-id", "s3.secret-access-key"]],
    needs: "s3.access-key-id or s3.secret-access-key",
    operator_endpoint: true,
    also: &["s3.sse.type", "s3.sse.key", "s3.sse.md5"],
    rules: &[
        same("s3.access-key-id"),
        same("s3.secret-access-key"),
        same("s3.session-token"),
        fact("s3.session-token-expires-at-ms", Fact::ExpiryMillis),
        // Java reads `client.region` only, DuckDB and PyIceberg any of the three.
        fact("s3.region", Fact::Region),
        fact("client.region", Fact::Region),
        fact("region", Fact::Region),
        fact("s3.endpoint", Fact::Endpoint),
        // Java and DuckDB read the first, PyIceberg the second.
        fact("s3.path-style-access", Fact::PathStyle),
        fact("s3.force-virtual-addressing", Fact::VirtualHost),
        fact("client.refresh-credentials-endpoint", Fact::RefreshEndpoint),
        fact("client.refresh-credentials-enabled", Fact::RefreshEnabled),
        fact("credential-type", Fact::CredentialType),
        fact("credential-scope", Fact::CredentialScope),
        fact("credential-expires-at", Fact::ExpiryText),
    ],
};

static AZURE: Provider = Provider {
    enough: &[&["adls.sas-token"], &["adls.token"]],
    needs: "adls.sas-token or adls.token",
    operator_endpoint: false,
    also: &[],
    rules: &[
        // PyIceberg, Polars and iceberg-rust read the plain form, Java and DuckDB the other.
        same("adls.sas-token"),
        minted("adls.sas-token", "adls.sas-token").per_host(),
        fact("adls.sas-token-expires-at-ms", Fact::ExpiryMillis).per_host().with("adls.sas-token"),
        same("adls.token"),
        fact("adls.account-name", Fact::Account),
        fact("adls.account-host", Fact::AccountHost),
        fact("adls.container", Fact::Container),
        fact("adls.refresh-credentials-endpoint", Fact::RefreshEndpoint),
        fact("adls.refresh-credentials-enabled", Fact::RefreshEnabled),
        fact("credential-type", Fact::CredentialType),
        fact("credential-scope", Fact::CredentialScope),
        fact("credential-expires-at", Fact::ExpiryText),
    ],
};

static GCS: Provider = Provider {
    enough: &[&["gcs.oauth2.token"]],
    needs: "gcs.oauth2.token",
    operator_endpoint: false,
    also: &["gcs.user-project"],
    rules: &[
        same("gcs.oauth2.token"),
        // PyIceberg refuses a token without it.
        fact("gcs.oauth2.token-expires-at", Fact::ExpiryMillis),
        fact("gcs.oauth2.refresh-credentials-endpoint", Fact::RefreshEndpoint),
        fact("gcs.oauth2.refresh-credentials-enabled", Fact::RefreshEnabled),
        fact("gcs.project-id", Fact::Project),
        // PyIceberg and Java read the first, iceberg-rust the second.
        fact("gcs.service.host", Fact::Endpoint),
        fact("gcs.service.path", Fact::Endpoint),
        // Names of the documents; no client reads them.
        minted("gcp-oauth-token", "gcs.oauth2.token"),
        fact("gcp-project-id", Fact::Project),
        fact("gcp-bucket", Fact::Container),
        fact("credential-type", Fact::CredentialType),
        fact("credential-scope", Fact::CredentialScope),
        fact("credential-expires-at", Fact::ExpiryText),
    ],
};

/// `AwsSts` is `aws-sts`, `AzureOAuth` is `azure-oauth`.
pub(super) fn credential_type(strategy: &str) -> String {
    let mut kebab = String::with_capacity(strategy.len() + 4);
    let mut last_was_lower = false;
    for c in strategy.replace("OAuth", "Oauth").chars() {
        if c.is_ascii_uppercase() && last_was_lower {
            kebab.push('-');
        }
        last_was_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        kebab.push(c.to_ascii_lowercase());
    }
    kebab
}
