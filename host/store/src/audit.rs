//! The audit trail: a chain of events per host. The end of each chain is sealed with every batch,
//! under a key that the database does not have.

mod adopt;
mod anchor;
mod chain;
mod export;
mod fault;
mod list;
mod prune;
mod query;
mod reader;
mod reseal;
mod row;
mod seal;
mod verify;
mod writer;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use pangolin_core::audit::AuditEvent;
use pangolin_core::ports::{AuditTrail, AuditUnavailable};

use crate::store::Store;

pub(crate) use adopt::{adopt, check_ring};
pub use export::{AuditExport, AuditExportError, AuditExportItem, AuditExportRow, AuditSealed};
pub use fault::{AuditBreak, AuditChain, AuditFault, AuditReport};
pub use prune::{AuditPruned, PrunedChain};
pub use query::{AuditFilter, AuditPage};
pub use reader::AuditReader;
pub use seal::{AuditClaim, AuditSeals};

pub use crate::seal::SealFault;
pub(crate) use writer::AuditWriter;

/// The link of one event, and what the first event of a chain is linked to.
pub type AuditLink = [u8; 32];
const ORIGIN: AuditLink = [0; 32];

/// A place in a chain: the number of an event and its link; at the start number 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditTail {
    /// The number.
    pub seq: i64,
    /// The link.
    pub link: AuditLink,
}

impl AuditTail {
    /// Before the first event.
    pub const START: Self = Self { seq: 0, link: ORIGIN };

    /// The same with the link as it is stored; none if that is not a link.
    #[must_use]
    pub fn parse(seq: i64, link: &str) -> Option<Self> {
        Some(Self { seq, link: BASE64.decode(link).ok()?.try_into().ok()? })
    }

    /// The link as it is stored.
    #[must_use]
    pub fn link_text(&self) -> String {
        BASE64.encode(self.link)
    }

    /// The place of the event that comes next.
    #[must_use]
    pub fn followed_by(&self, event: &str) -> Self {
        Self { seq: self.seq.saturating_add(1), link: pangolin_core::audit::chain_link(&self.link, event) }
    }
}

#[async_trait]
impl AuditTrail for Store {
    async fn record(&self, event: AuditEvent) -> Result<(), AuditUnavailable> {
        self.inner.audit.record(&event).await
    }
}
