//! Scopes, actions and grants as the document shows them. Core reads and writes them.
#![cfg_attr(
    not(test),
    expect(dead_code, reason = "shapes for the document: the values are those of pangolin_core::permission")
)]

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Where a grant applies.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[schema(as = PermissionScope)]
pub(crate) enum Scope {
    /// The whole tenant.
    Tenant,
    /// One catalog with everything in it.
    Catalog { catalog_id: Uuid },
    /// A namespace with its children and tables; levels are joined by `.`.
    Namespace { catalog_id: Uuid, namespace: String },
    /// One table.
    Asset { catalog_id: Uuid, namespace: String, asset_id: Uuid },
}

/// What a grant allows.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = PermissionAction)]
pub(crate) enum ActionName {
    Read,
    Write,
    Delete,
    Create,
    Update,
    List,
    ManageDiscovery,
    All,
}

/// Actions on a scope.
#[derive(Serialize, ToSchema)]
#[schema(as = Grant)]
pub(crate) struct GrantShape {
    scope: Scope,
    actions: Vec<ActionName>,
}

#[cfg(test)]
mod tests {
    use pangolin_core::permission::{Action, Grant};
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn core_reads_every_shape_and_writes_it_back() {
        let id = Uuid::from_u128(7);
        let all = [
            Scope::Tenant,
            Scope::Catalog { catalog_id: id },
            Scope::Namespace { catalog_id: id, namespace: "a.b".to_owned() },
            Scope::Asset { catalog_id: id, namespace: "a".to_owned(), asset_id: id },
        ];
        let actions = || {
            use ActionName::{All, Create, Delete, List, ManageDiscovery, Read, Update, Write};
            vec![Read, Write, Delete, Create, Update, List, ManageDiscovery, All]
        };
        for scope in all {
            let shape = json!(GrantShape { scope, actions: actions() });
            let read: Grant = serde_json::from_value(shape.clone()).unwrap();
            assert_eq!(json!(read), shape);
        }
        let known: Vec<Value> = actions().into_iter().map(|action| json!(action)).collect();
        let refused = serde_json::from_value::<Action>(json!("x")).unwrap_err().to_string();
        let kebab = |name: &&str| name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        let names: Vec<Value> = refused.split('`').skip(3).step_by(2).filter(kebab).map(|name| json!(name)).collect();
        assert_eq!(names, known, "{refused}");
    }
}
