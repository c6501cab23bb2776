//! One file per resource; each has its routes, wire types and handlers.

pub(crate) mod app_config;
pub(crate) mod audit;
pub(crate) mod catalogs;
pub(crate) mod health;
pub(crate) mod iceberg;
pub(crate) mod leases;
pub(crate) mod metrics;
pub(crate) mod oauth;
pub(crate) mod openapi;
pub(crate) mod permissions;
pub(crate) mod plugins;
pub(crate) mod properties;
pub(crate) mod revocations;
pub(crate) mod roles;
pub(crate) mod search;
pub(crate) mod service_users;
pub(crate) mod session;
pub(crate) mod tenants;
pub(crate) mod tokens;
pub(crate) mod users;
pub(crate) mod warehouses;
