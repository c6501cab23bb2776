//! The audit trail: a chain of events per host.

mod anchor;
mod query;
mod row;
mod verify;
mod writer;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use pangolin_core::audit::AuditEvent;
use pangolin_core::ports::{AuditTrail, AuditUnavailable};

use crate::store::Store;

pub use query::AuditFilter;
pub use verify::AuditVerdict;
pub(crate) use writer::AuditWriter;

/// The link of one event, and what the first event of a chain is linked to.
pub(crate) type Link = [u8; 32];
const ORIGIN: Link = [0; 32];

/// The last event of a chain; at the start number 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tail {
    seq: i64,
    link: Link,
}

impl Tail {
    const START: Self = Self { seq: 0, link: ORIGIN };
}

fn link_text(link: &Link) -> String {
    BASE64.encode(link)
}

fn parse_link(text: &str) -> Option<Link> {
    BASE64.decode(text).ok()?.try_into().ok()
}

#[async_trait]
impl AuditTrail for Store {
    async fn record(&self, event: AuditEvent) -> Result<(), AuditUnavailable> {
        self.inner.audit.record(&event).await
    }
}
