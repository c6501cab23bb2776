//! The verbs together with an in-memory store, a fake strategy, and storage: a directory, or a
//! small S3 on the loopback.

mod bucket;
mod commits;
mod creation;
mod exhaustion;
mod namespaces;
mod places;
mod rights;
mod shelf;
mod signing;
mod staged;
mod trail;
mod unusable;
mod vending;
mod world;
