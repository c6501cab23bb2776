//! Verbs on namespaces.

mod create;
mod drop;
mod list;
mod load;
mod update;

pub use self::update::{PropertiesChanged, PropertyChanges};
