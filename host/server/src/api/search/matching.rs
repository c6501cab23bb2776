//! Which names fit.

use pangolin_store::{Named, SearchItem};

/// A text that is looked for, in any case. Nothing in it has a meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted(String);

impl Wanted {
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_lowercase())
    }

    /// Whether the own name contains the text; or the whole name within the catalog, if the text
    /// looks like one.
    pub(super) fn fits(&self, item: &SearchItem) -> bool {
        let is_path = self.0.contains('.');
        match &item.named {
            Named::Catalog { .. } => self.is_in(&item.catalog),
            Named::Namespace { path, .. } => {
                path.levels().last().is_some_and(|own| self.is_in(own)) || (is_path && self.is_in(&path.dotted()))
            }
            Named::Table { namespace, name, .. } => {
                self.is_in(name) || (is_path && self.is_in(&format!("{namespace}.{name}")))
            }
        }
    }

    fn is_in(&self, name: &str) -> bool {
        name.to_lowercase().contains(&self.0)
    }
}
