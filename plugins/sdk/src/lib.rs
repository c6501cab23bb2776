//! What a Rust author of a vending strategy imports.
//!
//! A strategy says what it is ([`Strategy::describe`]), judges a configuration
//! ([`Strategy::check_config`]) and mints ([`Strategy::vend`]). The host decides who may have
//! what; a strategy only decides how it is minted. Long-term secrets never enter the guest:
//! it holds names of slots, and the host signs or injects with the values.
//!
//! The modules [`http`], [`sts`], [`azure`], [`gcp`], [`signing`], [`crypto`], [`clock`] and [`log`] are what the
//! host offers. A component imports only what its strategy calls, and its import list is the
//! ceiling of what it can ever reach.
//!
//! Outside the sandbox, in unit tests, a [`testing::Host`] answers instead.
//!
//! # A whole strategy
//!
//! This is `examples/plugin-rust/src/lib.rs`, word for word.
//!
#![doc = "```rust"]
#![doc = include_str!("../doc/token_shop.rs")]
#![doc = "```"]
#![warn(missing_docs)]

#[cfg(test)]
extern crate self as pangolin_plugin_sdk;

pub mod azure;
pub mod clock;
pub mod config;
pub mod credential;
pub mod crypto;
pub mod description;
pub mod error;
pub mod gcp;
pub mod http;
pub mod leases;
pub mod log;
pub mod presign;
pub mod request;
pub mod signing;
pub mod slots;
pub mod sts;

#[cfg(not(target_family = "wasm"))]
pub mod testing;

#[cfg(any(target_family = "wasm", test))]
#[doc(hidden)]
pub mod arena;
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod guest;

#[cfg(target_family = "wasm")]
use guest::calls as host;
#[cfg(not(target_family = "wasm"))]
use testing::calls as host;

pub use config::Config;
pub use credential::{Credential, Entry, Value};
pub use description::{Description, Field, FieldKind, HostPattern, Scoping, ScopingRule, SecretUse};
pub use error::{ErrorKind, Problem, VendError};
pub use request::{Access, Parts, Scope, VendRequest};
pub use slots::KeySlots;

/// A vending strategy. Every call gets a fresh instance of the component: nothing is kept
/// between calls, warehouses or tenants.
pub trait Strategy {
    /// What the strategy is and asks for. Runs without grants; answers the same every time.
    fn describe() -> Description;

    /// Judges a configuration without talking to anyone.
    ///
    /// # Errors
    /// Every problem that can be seen, each with the canonical name of its field.
    fn check_config(config: &Config) -> Result<(), Vec<Problem>>;

    /// Mints one credential per scope, or one that covers all of them.
    ///
    /// # Errors
    /// Why nothing was minted. The text is for people and never contains a secret.
    fn vend(request: VendRequest) -> Result<Vec<Credential>, VendError>;
}

/// Makes the type that implements [`Strategy`] the strategy of this component.
///
/// `export!(Type, presign)` exports [`presign::Presign`] as well, `export!(Type, leases)`
/// [`leases::Leases`]; both may be named.
///
/// Once per crate, and the crate is a `cdylib`. It brings the component's allocator as well: an
/// instance lives for one call, so memory is handed out and not taken back. Outside of the sandbox
/// it expands to nothing.
#[macro_export]
macro_rules! export {
    ($strategy:ty $(, $optional:ident)*) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            #[global_allocator]
            static ALLOCATOR: $crate::arena::Arena = $crate::arena::Arena::new();
            type Component = $crate::guest::Adapter<$strategy>;
            $crate::guest::bindings::export_component!(Component with_types_in $crate::guest::bindings);
            $($crate::export!(@optional $optional Component);)*
        };
    };
    (@optional presign $component:ident) => {
        $crate::guest::presigner::export_presign!($component with_types_in $crate::guest::presigner);
    };
    (@optional leases $component:ident) => {
        $crate::guest::lessor::export_leases!($component with_types_in $crate::guest::lessor);
    };
}

#[cfg(test)]
#[expect(unreachable_pub, reason = "in a crate of its own it is reachable")]
#[path = "../doc/token_shop.rs"]
mod example;
