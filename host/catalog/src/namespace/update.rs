use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::{Action, Target};
use pangolin_core::ports::StoreError;
use pangolin_core::record::{CatalogSnapshot, Properties};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::catalogs::{Asker, Catalogs};
use crate::error::{CatalogError, Result};
use crate::trail::{Deed, LISTED, short};

/// What to change of a namespace's properties.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct PropertyChanges {
    /// Names to remove.
    #[serde(default)]
    pub removals: Vec<String>,
    /// Values to set.
    #[serde(default)]
    pub updates: Properties,
}

/// What was changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PropertiesChanged {
    /// Names that were set.
    pub updated: Vec<String>,
    /// Names that were removed.
    pub removed: Vec<String>,
    /// Names that were to be removed and were not there.
    pub missing: Vec<String>,
}

impl Catalogs {
    /// Changes properties of a namespace: `update` on it.
    ///
    /// # Errors
    /// It is missing, a name is both set and removed, or the right is missing.
    pub async fn update_namespace(
        &self,
        asker: Asker<'_>,
        catalog: &str,
        path: &NamespacePath,
        changes: PropertyChanges,
    ) -> Result<PropertiesChanged> {
        let snapshot = self.find_catalog(asker, catalog).await?;
        let names = changes.updates.keys().chain(&changes.removals).take(LISTED);
        let names: Vec<String> = names.map(|name| short(name)).collect();
        let deed = Deed::on_namespace("update_namespace", &snapshot, path).with(json!({ "properties": names }));
        let result = self.try_update_namespace(asker, &snapshot, path, changes, &deed).await;
        self.recorded(asker, &snapshot, deed, result).await
    }

    async fn try_update_namespace(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        path: &NamespacePath,
        changes: PropertyChanges,
        deed: &Deed,
    ) -> Result<PropertiesChanged> {
        let catalog = snapshot.catalog.id;
        let mut properties = self.find_namespace(asker, snapshot, path).await?.properties;
        asker.require(Action::Update, Target::Namespace(catalog, path))?;
        let changed = apply(&mut properties, changes)?;
        self.begin(asker, snapshot, deed).await?;
        match self.store.set_namespace_properties(catalog, path, &properties).await {
            Err(StoreError::NotFound(_)) => Err(CatalogError::no_namespace(path)),
            other => {
                other?;
                Ok(changed)
            }
        }
    }
}

fn apply(properties: &mut Properties, changes: PropertyChanges) -> Result<PropertiesChanged> {
    if let Some(both) = changes.removals.iter().find(|name| changes.updates.contains_key(*name)) {
        return Err(CatalogError::Contradiction(format!("property '{both}' is both set and removed")));
    }
    let mut changed = PropertiesChanged::default();
    for name in changes.removals {
        let list = if properties.remove(&name).is_some() { &mut changed.removed } else { &mut changed.missing };
        list.push(name);
    }
    for (name, value) in changes.updates {
        changed.updated.push(name.clone());
        properties.insert(name, value);
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(removals: &[&str], updates: &[(&str, &str)]) -> PropertyChanges {
        PropertyChanges {
            removals: removals.iter().map(|name| (*name).to_owned()).collect(),
            updates: updates.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        }
    }

    #[test]
    fn reports_what_was_set_removed_and_missing() {
        let mut properties = Properties::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
        let changed = apply(&mut properties, changes(&["a", "z"], &[("b", "3"), ("c", "4")])).unwrap();
        assert_eq!(changed.removed, ["a"]);
        assert_eq!(changed.missing, ["z"]);
        assert_eq!(changed.updated, ["b", "c"]);
        assert_eq!(properties.into_iter().collect::<Vec<_>>(), [("b".into(), "3".into()), ("c".into(), "4".into())]);
    }

    #[test]
    fn a_name_cannot_be_set_and_removed() {
        let mut properties = Properties::new();
        let refused = apply(&mut properties, changes(&["a"], &[("a", "1")]));
        assert!(matches!(refused, Err(CatalogError::Contradiction(_))), "{refused:?}");
    }
}
