//! The host's outer layer: HTTP API, identity and wiring. Start reading at [`router`].

mod api;
mod audited;
mod auth;
mod body;
mod bootstrap;
mod cli;
pub mod config;
mod data_dir;
mod error;
mod housekeeping;
mod lease_sweeper;
mod paging;
mod path;
mod plugin_watcher;
mod random;
pub mod router;
mod secret_resolver;
mod serve;
pub mod state;
mod telemetry;
mod to_the_end;
mod whole_body;
pub mod wiring;

pub use cli::run;
