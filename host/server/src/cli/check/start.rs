//! What would keep a host of these settings from starting, or from working once it runs. It takes the
//! steps of a start that change nothing, so that what is said here is what a start says.

mod database;
mod directories;
mod listener;
mod plugins;

use std::sync::Arc;

use anyhow::Context as _;
use pangolin_core::clock::{Clock, SystemClock};

use crate::auth::oidc::Issuers;
use crate::config::Config;
use crate::wiring;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// The host does not start.
    Problem,
    /// It starts, and something will not work.
    Warning,
    /// Good to know.
    Note,
}

/// What is said of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) level: Level,
    pub(super) variable: &'static str,
    pub(super) message: String,
}

/// Collects what is said.
#[derive(Debug, Default)]
struct Judged(Vec<Said>);

impl Judged {
    fn say(&mut self, level: Level, variable: &'static str, message: impl Into<String>) {
        self.0.push(Said { level, variable, message: message.into() });
    }

    /// The words of a start that fails.
    fn fails(&mut self, variable: &'static str, error: &anyhow::Error) {
        self.say(Level::Problem, variable, super::super::told(error));
    }

    /// The value, or what is said instead.
    fn take<T>(&mut self, variable: &'static str, read: anyhow::Result<T>) -> Option<T> {
        read.map_err(|error| self.fails(variable, &error)).ok()
    }
}

/// Goes over everything that a start needs.
pub(super) async fn judge(config: &Config, connect: bool) -> Vec<Said> {
    let mut judged = Judged::default();
    directories::judge(&mut judged, config);
    database::judge(&mut judged, config, connect).await;
    plugins::judge(&mut judged, config).await;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let issuers = Issuers::new(&config.issuers, &config.egress, &clock).context(wiring::NO_ISSUERS);
    judged.take("PANGOLIN_OIDC_CONFIG", issuers);
    listener::judge(&mut judged, config);
    judged.0
}
