use async_trait::async_trait;

use super::StoreError;
use crate::revocation::{Cuts, Mint, Targets};

/// What was cut off, and what is out.
#[async_trait]
pub trait Revocations: Send + Sync + std::fmt::Debug {
    /// How it stands. Warm: from memory.
    async fn cuts(&self, of: Targets) -> Result<Cuts, StoreError>;

    /// How it stands in the database, whichever host changed it.
    async fn cuts_now(&self, of: Targets) -> Result<Cuts, StoreError>;

    /// Records a credential before it leaves, and then says how it stands in the database. So of a
    /// mint and a revocation at the same time one sees the other: the credential is refused, or it
    /// is in the revocation's report.
    async fn write_down(&self, mint: &Mint) -> Result<Cuts, StoreError>;
}

/// A place where nothing is revoked and nothing recorded: tests and measurements of other things.
#[derive(Debug, Clone, Copy, Default)]
pub struct NothingRevoked;

#[async_trait]
impl Revocations for NothingRevoked {
    async fn cuts(&self, _: Targets) -> Result<Cuts, StoreError> {
        Ok(Cuts::default())
    }
    async fn cuts_now(&self, _: Targets) -> Result<Cuts, StoreError> {
        Ok(Cuts::default())
    }
    async fn write_down(&self, _: &Mint) -> Result<Cuts, StoreError> {
        Ok(Cuts::default())
    }
}
