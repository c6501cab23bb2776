//! Vocabulary and use cases of Pangolin Host.
//!
//! Who may have which credential is decided here: [`policy`] makes the only [`policy::Authorised`],
//! `vend` is the pipeline, [`ports`] are what it needs from outside. No I/O.
#![warn(missing_docs)]

pub mod access;
pub mod audit;
pub mod clock;
pub mod credential_scan;
pub mod deputy;
pub mod egress;
pub mod emit;
#[cfg(test)]
mod fixtures;
pub mod id;
pub mod lease;
pub mod location;
pub mod namespace;
pub mod permission;
pub mod policy;
pub mod ports;
pub mod principal;
mod random;
pub mod record;
pub mod revocation;
pub mod scope_proof;
pub mod secret;
pub mod secret_ref;
pub mod strategy;
pub mod vend;
pub mod warehouse;
