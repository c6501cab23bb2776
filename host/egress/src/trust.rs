//! Clients that trust certificates of a configuration's own, and no others.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use reqwest::Certificate;

use crate::client::EgressClient;

/// More authorities than any server has.
const MOST_CERTIFICATES: usize = 32;
/// Clients that are kept, so that their connections are.
const KEPT: usize = 64;

/// Why certificates cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// There is none in the text, or one that is broken.
    #[error(
        "there is no certificate in it that can be read: PEM is expected, from BEGIN CERTIFICATE to END CERTIFICATE"
    )]
    Unreadable,
    /// More than any server needs.
    #[error("more than {MOST_CERTIFICATES} certificates")]
    TooMany,
}

/// The certificates of a PEM text, at least one.
pub(crate) fn certificates(pem: &str) -> Result<Vec<Certificate>, TrustError> {
    match Certificate::from_pem_bundle(pem.as_bytes()) {
        Ok(read) if read.is_empty() => Err(TrustError::Unreadable),
        Ok(read) if read.len() > MOST_CERTIFICATES => Err(TrustError::TooMany),
        Ok(read) => Ok(read),
        Err(_) => Err(TrustError::Unreadable),
    }
}

/// Clients by the text of their certificates, the one that was used last at the end.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<VecDeque<(String, EgressClient)>>);

impl Kept {
    /// The client of this text, built if it is not there.
    pub(crate) fn get_or_build(
        &self,
        pem: &str,
        build: impl FnOnce() -> Result<EgressClient, TrustError>,
    ) -> Result<EgressClient, TrustError> {
        if let Some(client) = self.take(pem) {
            return Ok(self.put(pem, client));
        }
        // Outside of the lock: reading certificates takes its time.
        build().map(|client| self.put(pem, client))
    }

    fn take(&self, pem: &str) -> Option<EgressClient> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(text, _)| text == pem)?;
        kept.remove(at).map(|(_, client)| client)
    }

    fn put(&self, pem: &str, client: EgressClient) -> EgressClient {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(text, _)| text != pem);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back((pem.to_owned(), client.clone()));
        client
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
