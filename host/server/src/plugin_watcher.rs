//! The task that keeps the loaded strategies to the plugin directory.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::state::AppState;

/// Runs until it is dropped.
#[derive(Debug)]
pub(crate) struct PluginWatcher(JoinHandle<()>);

impl PluginWatcher {
    pub(crate) fn start(state: &AppState) -> Self {
        let strategies = Arc::clone(&state.strategies);
        let scan = Duration::from_secs(u64::from(state.config.plugins.scan_seconds));
        Self(tokio::spawn(async move { strategies.watch(scan).await }))
    }
}

impl Drop for PluginWatcher {
    fn drop(&mut self) {
        self.0.abort();
    }
}
