//! What goes out to clients: one answer that every client understands.
//!
//! A strategy mints a few entries; clients read the same thing under many names, in two places.
//! Which names go out is data ([`rules`], [`client`]), not scattered conditions. Nothing goes
//! out without credentials: a lone endpoint makes clients drop their own.

mod address;
mod client;
mod flat;
mod properties;
mod rules;
mod signing;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::Serialize;

use crate::clock::UnixMillis;
use crate::location::Location;
use crate::strategy::MintedCredential;
use crate::warehouse::{Warehouse, blob_service};

pub use self::address::StorageAddress;
pub use self::client::Client;
pub use self::flat::{FlatCredential, flat};
pub use self::properties::{ClientProperties, Property};
pub use self::signing::{PresignedUrl, SigningProperties, TABLE_UUID};

use self::rules::{Fact, Provider, Rule, Source};

/// What the operator's environment says of storage; a warehouse's own settings win.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StorageDefaults<'a> {
    /// `AWS_REGION`.
    pub region: Option<&'a str>,
    /// `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`.
    pub endpoint: Option<&'a str>,
}

/// One minted answer on its way to one kind of client.
#[derive(Debug, Clone, Copy)]
pub struct Emission<'a> {
    /// The warehouse.
    pub warehouse: &'a Warehouse,
    /// What was minted.
    pub credentials: &'a [MintedCredential],
    /// Name of the strategy that minted.
    pub strategy: &'a str,
    /// Whether the credential opens more than the table.
    pub unscoped: bool,
    /// The table's root, as its metadata spells it.
    pub table_root: &'a Location,
    /// Path of the table's credentials route, relative to the catalog's URI.
    pub refresh_endpoint: &'a str,
    /// The operator's storage settings.
    pub defaults: StorageDefaults<'a>,
    /// Who reads it.
    pub client: Client,
}

/// Why nothing can go out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmitError {
    /// Local storage, or nothing was minted.
    #[error("there is no credential to send")]
    Nothing,
    /// The strategy's answer has not what clients of this storage need.
    #[error("strategy '{strategy}' minted no usable credential: {missing} is missing")]
    Incomplete {
        /// Its name.
        strategy: String,
        /// The entries that are missing.
        missing: &'static str,
    },
}

/// One element of `storage-credentials`.
#[derive(Debug, Serialize)]
pub struct StorageCredential {
    /// What the properties are for: the table's root, with a `/` at the end.
    pub prefix: String,
    /// The properties.
    pub config: ClientProperties,
}

/// The reply of `GET …/credentials`, and the parts of a load's reply.
#[derive(Debug, Serialize)]
pub struct Emitted {
    /// Exactly one: Iceberg's Java client refuses to refresh from several.
    #[serde(rename = "storage-credentials")]
    pub storage_credentials: [StorageCredential; 1],
}

impl Emitted {
    /// The same properties for `config`: some clients read only these, all do for a staged table.
    #[must_use]
    pub fn config(&self) -> &ClientProperties {
        let [only] = &self.storage_credentials;
        &only.config
    }
}

/// Spells the minted credential for the client.
///
/// # Errors
/// See [`EmitError`].
pub fn emit(emission: &Emission<'_>) -> Result<Emitted, EmitError> {
    let facts = Facts::new(emission)?;
    let mut config = ClientProperties::default();
    for (key, value) in &facts.minted.entries {
        if facts.provider.passes_on(key) {
            config.insert(key.clone(), Property::Secret(value.clone()));
        }
    }
    for rule in facts.provider.rules {
        if let Some(value) = facts.value(rule) {
            let key: Cow<'static, str> = match rule.per_host {
                true => format!("{}.{}", rule.key, facts.account_host).into(),
                false => rule.key.into(),
            };
            if !emission.client.misreads(&key) {
                config.insert(key, value);
            }
        }
    }
    Ok(Emitted { storage_credentials: [StorageCredential { prefix: facts.prefix(), config }] })
}

/// What the rules draw on.
struct Facts<'a> {
    emission: &'a Emission<'a>,
    provider: &'static Provider,
    minted: &'a MintedCredential,
    covers_root: bool,
    address: StorageAddress<'a>,
    container: &'a str,
    account: &'a str,
    account_host: String,
}

impl<'a> Facts<'a> {
    fn new(emission: &'a Emission<'a>) -> Result<Self, EmitError> {
        let warehouse = emission.warehouse;
        let provider = rules::provider(warehouse.kind).ok_or(EmitError::Nothing)?;
        let covering = emission.credentials.iter().find(|credential| {
            Location::parse(&credential.prefix).is_ok_and(|prefix| prefix.contains(emission.table_root))
        });
        let minted = covering.or_else(|| emission.credentials.first()).ok_or(EmitError::Nothing)?;
        let has = |key: &&str| minted.entries.iter().any(|(name, _)| name == key);
        if !provider.enough.iter().any(|set| set.iter().all(has)) {
            return Err(EmitError::Incomplete { strategy: emission.strategy.to_owned(), missing: provider.needs });
        }
        let (container, host) = match emission.table_root.authority().split_once('@') {
            Some((container, host)) => (container, Some(host)),
            None => (emission.table_root.authority(), None),
        };
        let account = warehouse.text("account_name").or_else(|| host?.split('.').next()).unwrap_or_default();
        let account_host = host.map_or_else(|| format!("{account}.dfs.core.windows.net"), str::to_owned);
        let endpoint = emission.defaults.endpoint.filter(|_| provider.operator_endpoint);
        let address = StorageAddress::of(warehouse, StorageDefaults { endpoint, ..emission.defaults });
        let covers_root = covering.is_some();
        Ok(Self { emission, provider, minted, covers_root, address, container, account, account_host })
    }

    fn prefix(&self) -> String {
        if self.covers_root {
            self.emission.table_root.as_directory().as_str().to_owned()
        } else {
            format!("{}/", self.minted.prefix.trim_end_matches('/'))
        }
    }

    fn expires_at(&self) -> Option<UnixMillis> {
        self.minted.expires_at
    }

    fn value(&self, rule: &Rule) -> Option<Property> {
        if rule.with.is_some_and(|key| self.minted_entry(key).is_none()) {
            return None;
        }
        match rule.from {
            Source::Minted(key) => self.minted_entry(key).cloned().map(Property::Secret),
            Source::Fact(fact) => self.fact(fact).map(|text| Property::Plain(text.into())),
        }
    }

    /// PyIceberg's file system over fsspec takes it for the host of the blob service, and puts
    /// `https://` before it.
    fn blob_host(&self) -> Option<String> {
        let service = blob_service(self.emission.warehouse.text("endpoint"), &self.account_host)?;
        let (_, rest) = service.as_str().split_once("://")?;
        Some(rest.trim_end_matches('/').to_owned())
    }

    fn minted_entry(&self, key: &str) -> Option<&'a crate::secret::Secret<String>> {
        self.minted.entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    fn fact(&self, fact: Fact) -> Option<String> {
        let warehouse = self.emission.warehouse;
        let own = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        match fact {
            Fact::Region => self.address.region.and_then(own),
            Fact::Endpoint => self.address.endpoint.and_then(own),
            Fact::PathStyle => self.address.path_style.map(|on| on.to_string()),
            Fact::VirtualHost => self.address.path_style.map(|on| (!on).to_string()),
            Fact::ExpiryMillis => self.expires_at().map(|at| at.0.to_string()),
            Fact::ExpiryText => Some(self.expires_at().map_or_else(|| "never".to_owned(), UnixMillis::to_rfc3339)),
            Fact::RefreshEndpoint => self.expires_at().and_then(|_| own(self.emission.refresh_endpoint)),
            Fact::RefreshEnabled => self.expires_at().map(|_| "true".to_owned()),
            Fact::Account => own(self.account),
            Fact::AccountHost => self.blob_host(),
            Fact::Container => own(self.container),
            Fact::Project => warehouse.text("project_id").and_then(own),
            Fact::CredentialType => Some(rules::credential_type(self.emission.strategy)),
            Fact::CredentialScope => Some(if self.emission.unscoped { "unscoped" } else { "table" }.to_owned()),
        }
    }
}
