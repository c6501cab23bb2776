//! What the use cases need from outside, as object-safe traits. The store and the runtime
//! implement them; the server wires them.

mod audit;
mod catalog;
mod leases;
mod revocations;
mod strategies;

pub use audit::{AuditTrail, AuditUnavailable};
pub use catalog::{CatalogStore, NewTable, Page, PageRequest, StoreError, TableCommit, TableLocations};
pub use leases::LeaseBook;
pub use revocations::{NothingRevoked, Revocations};
pub use strategies::{PresignAsk, Presigned, SlotValues, Strategies, StrategyCall, UpkeepCall};
