//! What a Google service account signs with its private key: assertions for the token endpoint, and
//! V4 URLs of Cloud Storage.

mod account;
mod assertion;
mod rsa;
mod url;

pub use self::account::{KeyError, ServiceAccount};
pub use self::assertion::{Assertion, AssertionError, MAX_LIFE_SECONDS};
pub use self::url::{MAX_URL_LIFE_SECONDS, SignedUrl, UnsignedUrl, UrlError};

/// The key would not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the private key of the service account does not sign")]
pub struct DoesNotSign;

#[cfg(test)]
mod tests;
