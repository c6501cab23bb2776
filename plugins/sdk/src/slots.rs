//! Names of secrets. The guest has these; the host has the values.

use crate::config::Config;
use crate::error::Problem;

/// An AWS key pair in slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySlots {
    /// Slot of the access key id.
    pub access_key_id: String,
    /// Slot of the secret access key.
    pub secret_access_key: String,
    /// Slot of the session token, if the keys are temporary.
    pub session_token: Option<String>,
}

impl KeySlots {
    /// The pair in the slots `access_key_id`, `secret_access_key` and `session_token`; `None`
    /// if the configuration has none of them.
    ///
    /// # Errors
    /// Half a pair, with the name of what is missing.
    pub fn of(config: &Config) -> Result<Option<Self>, Problem> {
        let token = config.slot("session_token");
        match (config.slot("access_key_id"), config.slot("secret_access_key")) {
            (Some(id), Some(secret)) => Ok(Some(Self {
                access_key_id: id.to_owned(),
                secret_access_key: secret.to_owned(),
                session_token: token.map(str::to_owned),
            })),
            (None, None) if token.is_none() => Ok(None),
            (None, _) => Err(Problem::new("access_key_id", "access_key_id is missing beside the other keys")),
            (Some(_), None) => {
                Err(Problem::new("secret_access_key", "secret_access_key is missing beside access_key_id"))
            }
        }
    }
}
