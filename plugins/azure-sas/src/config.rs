//! The warehouse's fields, read and judged.

use pangolin_azure_rules::fields;
use pangolin_plugin_sdk::{Config, Field, Problem, SecretUse};

/// What a warehouse can say.
pub(crate) const FIELDS: &[Field] = &[
    Field::secret("account_key", &[SecretUse::AzureSas], "Key of the storage account; it signs, and is never vended")
        .aliases(&["azure.account-key", "adls.account-key", "account-key", "azure_storage_account_key"])
        .required(),
    fields::HIERARCHICAL,
    fields::ENDPOINT,
];

/// A configuration that can work.
#[derive(Debug)]
pub(crate) struct Settings<'a> {
    /// The slot.
    pub(crate) account_key: &'a str,
    pub(crate) hierarchical: bool,
    pub(crate) endpoint: Option<&'a str>,
}

impl<'a> Settings<'a> {
    /// Reads the fields.
    ///
    /// # Errors
    /// Everything that is wrong at once.
    pub(crate) fn read(config: &'a Config) -> Result<Self, Vec<Problem>> {
        let account_key = config.slot("account_key").ok_or_else(|| {
            Problem::new("account_key", "account_key is missing: give the storage account's key, or use AzureOAuth")
        });
        match (account_key, fields::hierarchical(config)) {
            (Ok(account_key), Ok(hierarchical)) => {
                Ok(Self { account_key, hierarchical, endpoint: config.text("endpoint") })
            }
            (key, hierarchical) => Err(key.err().into_iter().chain(hierarchical.err()).collect()),
        }
    }
}
