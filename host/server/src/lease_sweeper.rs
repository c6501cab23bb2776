//! The task that ends leases when they are due, and finds what interrupted mints left. It starts
//! with the host, so that what a crash left is taken up.

use std::error::Error;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::state::AppState;

/// Runs until it is dropped. Whatever it is at then is taken up by the next one.
#[derive(Debug)]
pub(crate) struct LeaseSweeper(JoinHandle<()>);

impl LeaseSweeper {
    pub(crate) fn start(state: AppState) -> Self {
        let pause = Duration::from_secs(u64::from(state.config.leases.sweep_seconds));
        Self(tokio::spawn(sweep(state, pause)))
    }
}

impl Drop for LeaseSweeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn sweep(state: AppState, pause: Duration) {
    let mut failing = false;
    loop {
        match state.vending.sweep_leases().await {
            Ok(resources) => {
                if resources > 0 {
                    tracing::info!(resources, "leases were due");
                }
                failing = false;
            }
            Err(error) => {
                if !failing {
                    tracing::warn!(error = &error as &dyn Error, "leases that are due cannot be ended");
                }
                failing = true;
            }
        }
        tokio::time::sleep(pause).await;
    }
}
