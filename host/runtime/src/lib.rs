//! Runs vending strategies: Wasm components that mint credentials.
//!
//! The only crate with wasmtime. [`Runtime`] loads the components of a directory and implements
//! [`pangolin_core::ports::Strategies`]. A vend, read downwards: `runtime` finds the plugin, `run`
//! gives it a place, a fresh instance and its bounds, `host` serves its imports (one file per WIT
//! interface) through `service`, and `answer` checks what comes back.
#![warn(missing_docs)]

mod answer;
mod bindings;
mod call;
mod directory;
mod dry_run;
mod engine;
mod grants;
mod guest;
mod host;
mod limits;
mod load;
mod metrics;
mod places;
mod random;
mod run;
mod runtime;
mod service;
pub mod signature;
mod stop;
mod text;
mod wasi;

pub use directory::ReloadError;
pub use engine::EngineError;
pub use grants::{BuiltIn, Grant, GrantFile, GrantFileError, SignaturePolicy};
pub use host::{ServiceSettings, Services};
pub use limits::{LimitOutOfRange, Limits};
pub use load::{MAX_COMPONENT_BYTES, NotPrivate};
pub use runtime::{DEFAULT_PLACES, OpenError, Runtime, RuntimeConfig};
pub use service::{AzureSettings, GcpSettings, StsSettings};
pub use text::printable;
