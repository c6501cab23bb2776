//! Why a session policy was refused.

/// Why a session policy was refused: it is wider than what was authorised, or not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TooWide {
    /// Not a policy document that the host reads.
    #[error("the session policy cannot be read: {0}")]
    Malformed(String),
    /// Another policy language.
    #[error("the session policy must have \"Version\": \"2012-10-17\"")]
    Version,
    /// A key that the host does not know, or that widens.
    #[error("the session policy has '{key}' in {place}, which the host does not allow there")]
    Key {
        /// The key.
        key: String,
        /// Where it stands.
        place: &'static str,
    },
    /// An action that no access gives.
    #[error("the session policy allows '{0}', which no table access includes")]
    Action(String),
    /// Actions on objects, buckets and keys in one statement.
    #[error("the session policy mixes '{0}' with actions on another kind of resource in one statement")]
    Mixed(String),
    /// A resource outside the scopes, or with rights that the scope does not have.
    #[error("the session policy allows '{action}' on '{resource}', which was not authorised")]
    Resource {
        /// The action.
        action: String,
        /// The resource.
        resource: String,
    },
    /// A listing that is not limited.
    #[error("the session policy allows '{0}' without a condition on s3:prefix")]
    UnlimitedListing(String),
    /// A listing beyond the scopes.
    #[error(
        "the session policy lists prefix '{0}', which was not authorised: end it with '/' or '/*', so that no neighbour \
         is listed"
    )]
    Prefix(String),
    /// A condition that the host does not know.
    #[error("the session policy has a condition that the host does not understand: {0}")]
    Condition(String),
    /// Every key of the account.
    #[error(
        "the session policy allows '{0}' on every key: name the keys, or add conditions on both kms:ViaService and \
         kms:EncryptionContext:aws:s3:arn"
    )]
    UnlimitedKeys(String),
}

impl TooWide {
    pub(super) fn unknown_key(place: &'static str, key: &str) -> Self {
        Self::Key { key: shown(key), place }
    }
}

/// Text of a policy for people: short, and without control characters.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(200).collect::<String>().escape_debug().to_string()
}
