//! The whole host in one process over SQLite: HTTP in, HTTP out.

mod audit;
mod catalogs;
mod login;
mod permissions;
mod plugins;
mod roles;
mod support;
mod tenants;
mod tokens;
mod users;
mod walk;
mod warehouses;
