//! A service account by its JSON key, or by the parts of one.

use pangolin_core::secret::Secret;
use serde_json::{Map, Value};

use super::rsa::PrivateKey;

/// Why a key is none. Names the member, never its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a JSON object.
    #[error("the service account's key is not a JSON object")]
    NotJson,
    /// A key of another kind, for example of a user or an external account.
    #[error("'type' of the key is not 'service_account'")]
    Type,
    /// A member that must be there.
    #[error("the service account's key has no '{0}'")]
    Missing(&'static str),
    /// A member that is not as it must be.
    #[error("'{0}' of the service account's key is not a text without control characters")]
    NotText(&'static str),
    /// A private key that does not sign.
    #[error("'private_key' of the service account's key is not an RSA key of at least 2048 bits in PEM")]
    PrivateKey,
}

/// A service account whose private key was read.
#[derive(Debug)]
pub struct ServiceAccount {
    client_email: String,
    key_id: Option<String>,
    token_uri: Option<String>,
    project_id: Option<String>,
    pub(super) key: PrivateKey,
}

impl ServiceAccount {
    /// Reads a JSON key as Google makes it.
    ///
    /// # Errors
    /// [`KeyError`] names the member that is wrong.
    #[expect(clippy::disallowed_methods, reason = "the key becomes one that signs")]
    pub fn from_json(key: &Secret<String>) -> Result<Self, KeyError> {
        let mut members: Map<String, Value> = serde_json::from_str(key.expose()).map_err(|_| KeyError::NotJson)?;
        // Taken first: what is left of the members when something else is wrong holds no secret.
        let pem = taken(&mut members, "private_key").map(|pem| pem.map(Secret::new));
        if members.get("type").is_some_and(|kind| kind.as_str() != Some("service_account")) {
            return Err(KeyError::Type);
        }
        let client_email = text(&mut members, "client_email")?.ok_or(KeyError::Missing("client_email"))?;
        let pem = pem?.ok_or(KeyError::Missing("private_key"))?;
        Ok(Self {
            key_id: text(&mut members, "private_key_id")?,
            token_uri: text(&mut members, "token_uri")?,
            project_id: text(&mut members, "project_id")?,
            ..Self::from_parts(&client_email, &pem)?
        })
    }

    /// An account by its address and its private key in PEM.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_parts(client_email: &str, private_key: &Secret<String>) -> Result<Self, KeyError> {
        let client_email = plain("client_email", client_email.to_owned())?;
        if client_email.is_empty() {
            return Err(KeyError::Missing("client_email"));
        }
        let key = PrivateKey::from_pem(private_key).ok_or(KeyError::PrivateKey)?;
        Ok(Self { client_email, key_id: None, token_uri: None, project_id: None, key })
    }

    /// The account's address.
    #[must_use]
    pub fn client_email(&self) -> &str {
        &self.client_email
    }

    /// Which of the account's keys it is.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Where the key says that tokens are got. Whoever wrote the key chose it.
    #[must_use]
    pub fn token_uri(&self) -> Option<&str> {
        self.token_uri.as_deref()
    }

    /// The project that the account belongs to.
    #[must_use]
    pub fn project_id(&self) -> Option<&str> {
        self.project_id.as_deref()
    }
}

/// A member that is a text; none if it is absent, null or empty.
fn taken(members: &mut Map<String, Value>, name: &'static str) -> Result<Option<String>, KeyError> {
    match members.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(_) => Err(KeyError::NotText(name)),
    }
}

fn text(members: &mut Map<String, Value>, name: &'static str) -> Result<Option<String>, KeyError> {
    taken(members, name)?.map(|text| plain(name, text)).transpose()
}

fn plain(name: &'static str, text: String) -> Result<String, KeyError> {
    if text.chars().any(char::is_control) { Err(KeyError::NotText(name)) } else { Ok(text) }
}
