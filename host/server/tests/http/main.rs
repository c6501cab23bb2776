//! The whole host in one process over SQLite: HTTP in, HTTP out.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod audit;
mod catalogs;
mod exhaustion;
mod granting;
mod hanging_up;
mod leases;
mod login;
mod matrix;
mod oauth;
mod passwords;
mod permissions;
mod plugins;
mod roles;
mod search;
mod service_users;
mod signing;
mod support;
mod tenants;
mod tokens;
mod users;
mod warehouses;
