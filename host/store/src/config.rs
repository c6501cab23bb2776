//! What the store must be told.

use crate::seal::KeyRing;

/// How far an audit row must have come before a request goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuditSync {
    /// On the disk: it survives the loss of power.
    #[default]
    Full,
    /// With the operating system: it survives the end of the process.
    Normal,
}

/// When a change of another host on the same PostgreSQL is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Consistency {
    /// Within a second.
    #[default]
    Eventual,
    /// At once, for one read of a revision per question.
    Strict,
}

/// Settings of the store.
#[derive(Clone)]
pub struct StoreConfig {
    /// `sqlite://path` or `postgres://…`.
    pub url: String,
    /// Keys that seal secrets.
    pub keys: KeyRing,
    /// Durability of the audit trail.
    pub audit_sync: AuditSync,
    /// How changes of other hosts are seen.
    pub consistency: Consistency,
    /// Names the audit chain of this host.
    pub host_name: String,
}

impl std::fmt::Debug for StoreConfig {
    /// Without the URL, which may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreConfig")
            .field("keys", &self.keys)
            .field("audit_sync", &self.audit_sync)
            .field("consistency", &self.consistency)
            .field("host_name", &self.host_name)
            .finish_non_exhaustive()
    }
}
