//! What the host services may look at during one call of a guest.

use std::collections::BTreeMap;
use std::sync::Arc;

use pangolin_core::location::Location;
use pangolin_core::policy::Authorised;
use pangolin_core::ports::SlotValues;
use pangolin_core::revocation::Issued;
use pangolin_core::strategy::{Field, HostPattern};
use pangolin_core::warehouse::BaseIdentity;

use crate::dry_run::Notes;
use crate::grants::Missing;

/// One call. `describe` and `check-config` run with an ungranted, unauthorised one, in which
/// every service but `log` refuses.
#[derive(Debug)]
pub(crate) struct Call {
    /// Name of the plugin, for messages and logs.
    pub(crate) plugin: Arc<str>,
    /// The request in the audit trail.
    pub(crate) request_id: String,
    /// What may be minted; none outside `vend`.
    pub(crate) authorised: Option<Authorised>,
    /// The one object that a URL is made for. Nothing wider is signed then, and nothing is minted.
    pub(crate) object: Option<Location>,
    /// Whether requests may be sent: while minting, and while leases are looked after.
    pub(crate) may_send: bool,
    /// The warehouse's configuration without secrets, for hosts named by a field.
    pub(crate) config: BTreeMap<String, serde_json::Value>,
    /// Whose keys the warehouse starts from. `host` may be used as a base only if this says so.
    pub(crate) identity: BaseIdentity,
    /// Values of the slots; they never enter the guest.
    pub(crate) slots: SlotValues,
    /// Values that were taken out of answers of this call; they never enter the guest either.
    pub(crate) captured: crate::service::Captured,
    /// The plugin's fields: which use each slot allows.
    pub(crate) fields: Arc<[Field]>,
    /// Servers that the plugin asked for and the operator granted.
    pub(crate) hosts: Arc<[HostPattern]>,
    /// Whether the operator granted `sts` with the host's identity.
    pub(crate) may_use_host_identity: bool,
    /// What the plugin asks for and was not granted, for the texts of refusals.
    pub(crate) lacking: Arc<Missing>,
    /// The life asked for; nothing that is signed lives longer.
    pub(crate) ttl_seconds: u32,
    /// When the call must be over; no service works beyond it.
    pub(crate) deadline: tokio::time::Instant,
    /// Requests that the guest may still send.
    pub(crate) http_calls_left: u32,
    /// Bytes of requests and responses that the guest may still move.
    pub(crate) http_bytes_left: u64,
    /// Proof that the host checked, for the audit row and `explain` (the session policy).
    pub(crate) proof: Option<String>,
    /// Where a dry run notes what it does not do; none in a run that mints.
    pub(crate) dry_run: Option<Notes>,
    /// By what its issuers know what was minted in this call, as the services saw it.
    pub(crate) issued: Vec<Issued>,
    /// Values that the host injected or minted in this call; a reply or a log line that holds one
    /// of them is refused or masked.
    pub(crate) masked: Vec<pangolin_core::secret::Secret<String>>,
}

impl Call {
    /// What may be minted; nothing while a URL is made.
    pub(crate) fn to_mint(&self) -> Option<&Authorised> {
        self.authorised.as_ref().filter(|_| self.object.is_none())
    }

    /// Whether a signature for this object, by its text, is no other than the one that a URL is made for.
    pub(crate) fn is_asked_for(&self, location: &str) -> bool {
        self.object.as_ref().is_none_or(|object| object.as_str() == location)
    }
}
