//! Names to addresses, and which of them may be connected to.

mod system;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures::future::BoxFuture;
use pangolin_core::egress::{EgressDenied, EgressPolicy};
use reqwest::dns::{Addrs, Name, Resolving};

pub use self::system::SystemResolver;

/// Where addresses of names come from.
pub trait Resolve: Send + Sync + std::fmt::Debug {
    /// The addresses of a host name.
    fn resolve(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// Why a name gave no address to connect to. Travels through reqwest as its source.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveFailure {
    /// Every address is refused; the first refusal.
    #[error(transparent)]
    Denied(EgressDenied),
    /// The resolver failed, or knows no address.
    #[error("{0}")]
    Unknown(String),
}

/// Drops refused addresses; what is connected to is what was checked, so a name that changes its
/// answer between check and use gains nothing.
pub(crate) struct GuardedResolver {
    policy: Arc<EgressPolicy>,
    inner: Arc<dyn Resolve>,
}

impl GuardedResolver {
    pub(crate) fn new(policy: Arc<EgressPolicy>, inner: Arc<dyn Resolve>) -> Self {
        Self { policy, inner }
    }
}

impl reqwest::dns::Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.policy.clone();
        let lookup = self.inner.resolve(name.as_str().to_owned());
        Box::pin(async move {
            let mut refusal = None;
            let mut allowed = Vec::new();
            for address in found(lookup.await)? {
                match policy.check_address(address) {
                    Ok(()) => allowed.push(address),
                    Err(denied) => refusal = refusal.or(Some(denied)),
                }
            }
            match refusal {
                Some(denied) if allowed.is_empty() => Err(ResolveFailure::Denied(denied).into()),
                _ => Ok(sockets(allowed)),
            }
        })
    }
}

/// Every address, for origins that the operator set.
pub(crate) struct OpenResolver(Arc<dyn Resolve>);

impl OpenResolver {
    pub(crate) fn new(inner: Arc<dyn Resolve>) -> Self {
        Self(inner)
    }
}

impl reqwest::dns::Resolve for OpenResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let lookup = self.0.resolve(name.as_str().to_owned());
        Box::pin(async move { Ok(sockets(found(lookup.await)?)) })
    }
}

fn found(answer: io::Result<Vec<IpAddr>>) -> Result<Vec<IpAddr>, ResolveFailure> {
    match answer {
        Ok(addresses) if addresses.is_empty() => Err(ResolveFailure::Unknown("no address".to_owned())),
        Ok(addresses) => Ok(addresses),
        Err(error) => Err(ResolveFailure::Unknown(error.to_string())),
    }
}

/// Port 0 stands for the port of the URL.
fn sockets(addresses: Vec<IpAddr>) -> Addrs {
    Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)))
}
