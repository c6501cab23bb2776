//! Verbs on tables.

mod commit;
mod commit_many;
mod commit_new;
mod create;
mod credentials;
mod delegation;
mod drop;
mod exists;
mod explain;
mod list;
mod load;
mod placing;
mod presign;
mod publish;
mod register;
mod rename;
mod reply;
mod request;
mod sign;
mod signature;

pub use self::commit_many::{TableChange, TableIdentifier};
pub use self::credentials::CredentialsAsk;
pub use self::delegation::{Delegation, RouteForm};
pub use self::explain::{ExplainTable, ExplainedSignature, ExplainedUse};
pub use self::presign::PresignTable;
pub use self::reply::{CommittedTable, LoadedTable};
pub use self::request::{CommitTable, CreateTable, RegisterTable};
pub use self::sign::{SignRequest, SignedRequest};
