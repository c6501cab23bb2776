//! The runtime against guests that are honest and guests that are not (`attack`).
//!
//! Each guest is a component made from a few lines of WAT. Every bound has one that breaks it;
//! after each, and beside each, an honest guest still vends.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "the fixtures of tests")]

mod ask;
mod attack;
mod cloud;
mod compat;
mod explaining;
mod grants;
mod guest;
mod honest;
mod host;
mod image;
mod loading;
mod logs;
mod reloading;
mod services;
mod wasi;
