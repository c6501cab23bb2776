//! Outgoing HTTP under the egress policy. The only crate that builds HTTP clients: no redirects,
//! no proxy from the environment, no cookies, no decompression, addresses checked after
//! resolution.
#![warn(missing_docs)]

mod client;
mod error;
mod resolve;
mod response;
#[cfg(test)]
mod tests;
mod trust;

pub use self::client::{EgressClient, Request, Upstream};
pub use self::error::EgressError;
pub use self::resolve::{Resolve, SystemResolver};
pub use self::response::{Limits, Response};
pub use self::trust::TrustError;
