//! The system's resolver, so many questions of one zone at a time.
//!
//! A question that nobody answers holds a thread of the process for many seconds, also once its asker
//! is gone. A plugin that was granted `*.example.com` has names without end to ask for: it waits for
//! its own questions, and takes no threads of others.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures::future::BoxFuture;
use tokio::sync::Semaphore;

use super::Resolve;

/// Questions of one zone at a time.
const AT_A_TIME: usize = 8;

/// Labels of a name that make its zone.
const LABELS: usize = 2;

/// The system's resolver. Clones share their bounds.
#[derive(Debug, Clone, Default)]
pub struct SystemResolver {
    /// Zones that are asked about now.
    zones: Arc<Mutex<HashMap<String, Weak<Semaphore>>>>,
}

impl SystemResolver {
    fn zone(&self, host: &str) -> Arc<Semaphore> {
        let mut zones = self.zones.lock().unwrap_or_else(PoisonError::into_inner);
        let name = zone_of(host);
        if let Some(zone) = zones.get(name).and_then(Weak::upgrade) {
            return zone;
        }
        zones.retain(|_, zone| zone.strong_count() > 0);
        let zone = Arc::new(Semaphore::new(AT_A_TIME));
        zones.insert(name.to_owned(), Arc::downgrade(&zone));
        zone
    }
}

impl Resolve for SystemResolver {
    fn resolve(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let zone = self.zone(&host);
        Box::pin(async move {
            let place = zone.clone().acquire_owned().await.map_err(io::Error::other)?;
            // In a task of its own: the place is free when the question is over, not when nobody
            // waits for it any more.
            let question = tokio::spawn(async move {
                let answer = tokio::net::lookup_host((host, 0)).await;
                drop((place, zone));
                answer.map(|addresses| addresses.map(|address| address.ip()).collect())
            });
            question.await.map_err(io::Error::other)?
        })
    }
}

/// The last labels of a name.
fn zone_of(host: &str) -> &str {
    let host = host.trim_end_matches('.');
    match host.rmatch_indices('.').nth(LABELS - 1) {
        Some((dot, _)) => host.get(dot + 1..).unwrap_or(host),
        None => host,
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn a_zone_is_the_last_two_labels() {
        for (host, zone) in [
            ("a.b.example.com", "example.com"),
            ("example.com.", "example.com"),
            ("example.com", "example.com"),
            ("localhost", "localhost"),
            ("", ""),
        ] {
            assert_eq!(zone_of(host), zone);
        }
    }

    #[test]
    fn one_zone_takes_no_place_of_another_and_is_forgotten() {
        let resolver = SystemResolver::default();
        let held: Vec<_> = (0..AT_A_TIME)
            .map(|n| resolver.zone(&format!("{n}.evil.example")).acquire_owned().now_or_never().unwrap().unwrap())
            .collect();
        assert!(resolver.zone("x.evil.example").try_acquire().is_err());
        assert!(resolver.zone("sts.honest.example").try_acquire().is_ok());
        drop(held);
        drop(resolver.zone("another.example"));
        assert!(resolver.zone("x.evil.example").try_acquire().is_ok());
        assert_eq!(resolver.zones.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn names_of_the_system_resolve() {
        let found = SystemResolver::default().resolve("localhost".to_owned()).await.unwrap();
        assert!(found.iter().all(IpAddr::is_loopback) && !found.is_empty());
    }
}
