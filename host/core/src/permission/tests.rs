mod laws;
mod universe;

use proptest::prelude::*;

use super::*;
use crate::fixtures::{CATALOG, grant, principal};

fn ns(text: &str) -> NamespacePath {
    NamespacePath::parse_dotted(text).unwrap()
}

#[test]
fn write_implies_all_but_delete() {
    for (held, wanted, expected) in [
        (Action::Write, Action::Delete, false),
        (Action::Write, Action::Create, true),
        (Action::Write, Action::Read, true),
        (Action::Read, Action::List, true),
        (Action::Read, Action::Write, false),
        (Action::List, Action::Read, false),
        (Action::Create, Action::List, false),
        (Action::Delete, Action::Write, false),
        (Action::All, Action::Delete, true),
        (Action::All, Action::ManageDiscovery, true),
    ] {
        assert_eq!(held.implies(wanted), expected, "{held:?} {wanted:?}");
    }
}

#[test]
fn a_namespace_covers_its_children_and_not_its_neighbours() {
    let user = principal(vec![grant(
        PermissionScope::Namespace { catalog_id: CATALOG, namespace: ns("sales.eu") },
        &[Action::Read],
    )]);
    let table = TableId::generate();
    assert!(user.may(Action::Read, Target::Table(CATALOG, &ns("sales.eu"), table)));
    assert!(user.may(Action::Read, Target::Table(CATALOG, &ns("sales.eu.west"), table)));
    for other in ["sales", "sales.eu2", "sales.us", "other.sales.eu"] {
        assert!(!user.may(Action::Read, Target::Table(CATALOG, &ns(other), table)), "{other}");
    }
    assert!(!user.may(Action::Read, Target::Namespace(CatalogId::generate(), &ns("sales.eu"))));
    assert!(user.may_see(Target::Catalog(CATALOG)) && user.may_see(Target::Namespace(CATALOG, &ns("sales"))));
    assert!(!user.may_see(Target::Namespace(CATALOG, &ns("hr"))) && !user.may(Action::List, Target::Catalog(CATALOG)));
}

#[test]
fn a_grant_on_a_table_follows_the_table_and_no_other() {
    let table = TableId::generate();
    let scope = PermissionScope::Asset { catalog_id: CATALOG, namespace: ns("sales"), asset_id: table.0 };
    let user = principal(vec![grant(scope, &[Action::Read])]);
    assert!(user.may(Action::Read, Target::Table(CATALOG, &ns("moved"), table)));
    assert!(!user.may(Action::Read, Target::Table(CATALOG, &ns("sales"), TableId::generate())));
    assert!(!user.may(Action::Read, Target::Namespace(CATALOG, &ns("sales"))));
}

#[test]
fn both_spellings_of_scopes_are_read() {
    for text in [
        format!(r#"{{"type":"catalog","catalog_id":"{CATALOG}"}}"#),
        format!(r#"{{"type":"catalog","catalog-id":"{CATALOG}"}}"#),
        format!(r#"{{"type":"Catalog","catalog_id":"{CATALOG}"}}"#),
    ] {
        assert_eq!(
            serde_json::from_str::<PermissionScope>(&text).unwrap(),
            PermissionScope::Catalog { catalog_id: CATALOG },
            "{text}"
        );
    }
    assert!(serde_json::from_str::<PermissionScope>(r#"{"type":"everything"}"#).is_err());
}

fn any_action() -> impl Strategy<Value = Action> {
    prop::sample::select(universe::ACTIONS.to_vec())
}

proptest! {
    #[test]
    fn implication_is_transitive(a in any_action(), b in any_action(), c in any_action()) {
        prop_assert!(!(a.implies(b) && b.implies(c)) || a.implies(c));
    }

    #[test]
    fn more_grants_never_take_anything_away(
        levels in prop::collection::vec("[a-c]{1,2}", 1..4),
        granted in prop::collection::vec("[a-c]{1,2}", 1..4),
        held in any_action(),
        extra in any_action(),
        wanted in any_action(),
    ) {
        let at = NamespacePath::new(levels).unwrap();
        let one = grant(
            PermissionScope::Namespace { catalog_id: CATALOG, namespace: NamespacePath::new(granted).unwrap() },
            &[held],
        );
        let target = Target::Namespace(CATALOG, &at);
        let before = principal(vec![one.clone()]).may(wanted, target);
        let after = principal(vec![one, grant(PermissionScope::Catalog { catalog_id: CATALOG }, &[extra])]).may(wanted, target);
        prop_assert!(!before || after);
    }
}
