//! The network itself, through the egress policy, with what went over it kept.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pangolin_egress::{EgressClient, EgressError, Limits, Request, Response, Upstream};

use super::{By, Orders, Seen, Witness};

/// What one call of the host may read, and the time that it has.
const LIMITS: Limits = Limits { timeout: Duration::from_secs(20), max_response_bytes: 4 << 20 };

/// Sends what it gets.
#[derive(Debug)]
pub(crate) struct Forward {
    client: EgressClient,
    seen: Mutex<Vec<Seen>>,
}

impl Forward {
    pub(crate) fn new(client: EgressClient) -> Self {
        Self { client, seen: Mutex::default() }
    }
}

#[async_trait::async_trait]
impl Upstream for Forward {
    async fn answer(&self, request: Request) -> Result<Response, EgressError> {
        let answer = self.client.execute(request.clone(), LIMITS).await;
        let seen = Seen { request, by: By::Network, answer: answer.clone(), says_expiry: false };
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
        answer
    }
}

impl Witness for Forward {
    fn begin(&self, _orders: Orders) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
