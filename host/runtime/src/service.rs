//! The services behind the guests' imports, as plain Rust over one [`Call`](crate::call::Call):
//! no type of the WIT, nothing of wasmtime.

pub(crate) mod azure;
pub(crate) mod gcp;
mod host_identity;
mod http;
mod leak;
mod server;
mod signing;
mod slot;
mod sts;
#[cfg(test)]
mod testing;

pub use self::azure::AzureSettings;
pub use self::gcp::GcpSettings;
pub(crate) use self::http::{Captured, Http, HttpAuth, HttpFailure, HttpFailureKind, HttpRequest};
pub(crate) use self::leak::Needles;
pub(crate) use self::signing::{PresignRequest, presign_s3};
pub(crate) use self::slot::KeySlots;
pub use self::sts::StsSettings;
pub(crate) use self::sts::{AssumeRole, Base, Sts, StsSession};
