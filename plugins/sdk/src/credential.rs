//! What a strategy mints.

/// A value of a credential.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Text that the guest has, for example a session token.
    Plain(String),
    /// The value of a secret slot, put in by the host. The slot's uses must contain
    /// [`crate::SecretUse::CredentialValue`].
    Slot(String),
}

/// Plain values are secrets as a rule: they never show.
impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("Plain(***)"),
            Self::Slot(name) => f.debug_tuple("Slot").field(name).finish(),
        }
    }
}

/// One property of a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Name as Iceberg clients read it, for example `s3.access-key-id`. The host adds what
    /// other clients need beside it: regions, expiry, endpoints.
    pub key: String,
    /// Its value.
    pub value: Value,
}

/// A credential as minted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The location that it opens: one of the scopes asked for, or a location below one.
    pub prefix: String,
    /// Its properties, at most 32.
    pub entries: Vec<Entry>,
    /// When it stops working, in milliseconds since the Unix epoch, as the issuer said it.
    /// `None`: it does not expire by itself.
    pub expires_at_ms: Option<u64>,
    /// By what the host ends it ([`crate::leases::Leases`]). Never shown to clients.
    pub handle: Option<String>,
    /// Reserved for growth.
    pub extensions: Vec<(String, String)>,
}

impl Credential {
    /// A credential for this location that has no properties yet and does not expire.
    #[must_use]
    pub fn new(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), entries: Vec::new(), expires_at_ms: None, handle: None, extensions: Vec::new() }
    }

    /// Adds a property with a value that the guest has.
    #[must_use]
    pub fn plain(mut self, key: &str, value: impl Into<String>) -> Self {
        self.entries.push(Entry { key: key.to_owned(), value: Value::Plain(value.into()) });
        self
    }

    /// Adds a property with the value of a slot.
    #[must_use]
    pub fn slot(mut self, key: &str, slot: impl Into<String>) -> Self {
        self.entries.push(Entry { key: key.to_owned(), value: Value::Slot(slot.into()) });
        self
    }

    /// Says when it stops working.
    #[must_use]
    pub fn expires_at_ms(mut self, at: u64) -> Self {
        self.expires_at_ms = Some(at);
        self
    }

    /// Says by what the host ends it.
    #[must_use]
    pub fn handle(mut self, handle: impl Into<String>) -> Self {
        self.handle = Some(handle.into());
        self
    }

    /// The value of a property.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_slots_and_no_values() {
        let credential = Credential::new("s3://b/t/").plain("a", "planted").slot("b", "secret_access_key");
        let shown = format!("{credential:?}");
        assert!(!shown.contains("planted"), "{shown}");
        assert!(shown.contains("secret_access_key"), "{shown}");
    }
}
