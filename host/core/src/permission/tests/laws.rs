//! The laws of permission, each held against the [`Universe`] or by itself.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

use super::universe::{ACTIONS, CATALOGS, Given, NAMESPACES, Universe, is_within, path, table_id};
use super::*;
use crate::access::Access;
use crate::fixtures::{admin, principal};
use crate::principal::UserRole;

fn actions() -> impl Strategy<Value = Vec<Action>> {
    subsequence(ACTIONS.to_vec(), 1..=3)
}

fn given_grant() -> impl Strategy<Value = Given> {
    (0..4_usize, 0..CATALOGS.len(), 0..NAMESPACES.len(), 0..2_usize, actions())
        .prop_map(|(depth, catalog, namespace, table, actions)| Given::new(depth, catalog, namespace, table, actions))
}

fn grants() -> impl Strategy<Value = Vec<Given>> {
    vec(given_grant(), 0..5)
}

fn holding(grants: &[Given]) -> Principal {
    principal(grants.iter().map(Given::grant).collect())
}

/// Everything that a principal may do: what, on which thing.
fn held(universe: &Universe, principal: &Principal) -> Vec<(Action, String)> {
    universe
        .each()
        .flat_map(|(thing, target)| ACTIONS.map(|action| (action, thing, target)))
        .filter(|(action, _, target)| principal.may(*action, *target))
        .map(|(action, thing, _)| (action, thing.to_owned()))
        .collect()
}

proptest! {
    #[test]
    fn what_one_may_is_exactly_what_the_grants_say(grants in grants()) {
        let universe = Universe::new();
        let principal = holding(&grants);
        let mut found = held(&universe, &principal);
        found.sort();
        prop_assert_eq!(found, universe.rights(&grants).into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn seen_is_what_may_be_listed_or_leads_to_something_that_may(grants in grants()) {
        let universe = Universe::new();
        let principal = holding(&grants);
        let rights = universe.rights(&grants);
        for (thing, target) in universe.each() {
            prop_assert_eq!(principal.may_see(target), universe.is_seen(&rights, thing), "{}", thing);
        }
    }

    #[test]
    fn access_is_read_write_and_delete_each_by_its_own_right(grants in grants()) {
        let universe = Universe::new();
        let principal = holding(&grants);
        for (thing, target) in universe.each() {
            let access = principal.access_on(target);
            let by_action = |action| principal.may(action, target);
            let expected = Access {
                read: by_action(Action::Read),
                write: by_action(Action::Write),
                delete: by_action(Action::Delete),
            };
            prop_assert_eq!(access, expected, "{}", thing);
            // Whoever can do anything with the objects sees the table, but deleting is no seeing.
            prop_assert!(!(access.read || access.write) || principal.may_see(target), "{}", thing);
        }
    }

    #[test]
    fn deleting_takes_a_grant_that_says_delete_or_all(grants in grants()) {
        let universe = Universe::new();
        let without: Vec<Given> = grants
            .into_iter()
            .map(|given| Given {
                actions: given.actions.into_iter().filter(|a| !matches!(a, Action::Delete | Action::All)).collect(),
                ..given
            })
            .collect();
        let principal = holding(&without);
        for (thing, target) in universe.each() {
            prop_assert!(!principal.may(Action::Delete, target), "{}", thing);
        }
    }

    #[test]
    fn a_part_of_the_grants_never_allows_more(grants in grants(), keep in vec(any::<bool>(), 5)) {
        // A token narrowed to some roles holds a part of the grants.
        let universe = Universe::new();
        let narrowed: Vec<Given> = grants.iter().zip(keep).filter(|(_, keep)| *keep).map(|(g, _)| g.clone()).collect();
        let (narrow, whole) = (holding(&narrowed), holding(&grants));
        for (thing, target) in universe.each() {
            for action in ACTIONS {
                prop_assert!(!narrow.may(action, target) || whole.may(action, target), "{:?} {}", action, thing);
            }
            prop_assert!(!narrow.may_see(target) || whole.may_see(target), "{}", thing);
            prop_assert!(whole.access_on(target).covers(narrow.access_on(target)), "{}", thing);
        }
    }

    #[test]
    fn what_is_held_outside_is_held_inside(grants in grants(), action in select(ACTIONS.to_vec())) {
        let universe = Universe::new();
        let principal = holding(&grants);
        for (outer, target) in universe.each() {
            if !principal.may(action, target) {
                continue;
            }
            for (inner, target) in universe.each().filter(|(inner, _)| is_within(inner, outer)) {
                prop_assert!(principal.may(action, target), "{:?} on {} and not on {}", action, outer, inner);
            }
        }
    }

    #[test]
    fn no_grant_reaches_the_other_catalog(grants in vec(given_grant(), 1..5)) {
        let universe = Universe::new();
        let of_first: Vec<Given> = grants.into_iter().filter(|g| g.thing.starts_with("tenant/0")).collect();
        let principal = holding(&of_first);
        for (thing, target) in universe.each() {
            if thing == "tenant" {
                prop_assert!(ACTIONS.iter().all(|action| !principal.may(*action, target)));
            } else if thing.starts_with("tenant/1") {
                prop_assert!(ACTIONS.iter().all(|action| !principal.may(*action, target)), "{}", thing);
                prop_assert!(!principal.may_see(target) && principal.access_on(target) == Access::NONE, "{}", thing);
            }
        }
    }

    #[test]
    fn a_table_keeps_its_grants_wherever_it_is_moved(
        grants in vec(given_grant(), 1..5),
        which in any::<Index>(),
        to in 0..NAMESPACES.len(),
    ) {
        let of_tables: Vec<&Given> = grants.iter().filter(|g| matches!(g.scope, PermissionScope::Asset { .. })).collect();
        prop_assume!(!of_tables.is_empty());
        let given = of_tables[which.index(of_tables.len())];
        let PermissionScope::Asset { catalog_id, namespace, asset_id } = &given.scope else { unreachable!() };
        let principal = principal(vec![given.grant()]);
        let moved = path(NAMESPACES[to]);
        let id = TableId(*asset_id);
        for action in ACTIONS {
            let before = principal.may(action, Target::Table(*catalog_id, namespace, id));
            prop_assert_eq!(principal.may(action, Target::Table(*catalog_id, &moved, id)), before);
        }
        // The table that takes its old place has none of them.
        let successor = Target::Table(*catalog_id, namespace, table_id(9, 9, 9));
        prop_assert!(ACTIONS.iter().all(|action| !principal.may(*action, successor)));
    }

    #[test]
    fn rank_decides_before_grants(grants in grants()) {
        let universe = Universe::new();
        let root = Principal { role: UserRole::Root, tenant_id: None, ..holding(&grants) };
        let admin = Principal { grants: holding(&grants).grants, ..admin() };
        for (thing, target) in universe.each() {
            for action in ACTIONS {
                prop_assert!(!root.may(action, target), "Root {:?} {}", action, thing);
                prop_assert!(admin.may(action, target), "admin {:?} {}", action, thing);
            }
            prop_assert!(!root.may_see(target) && root.access_on(target) == Access::NONE, "{}", thing);
            prop_assert!(admin.may_see(target) && admin.access_on(target) == Access::FULL, "{}", thing);
        }
    }
}

#[test]
fn a_user_without_grants_has_nothing() {
    let universe = Universe::new();
    let nobody = principal(vec![]);
    assert_eq!(held(&universe, &nobody), []);
    assert!(universe.each().all(|(_, target)| !nobody.may_see(target)));
}

#[test]
fn each_built_in_role_allows_what_its_line_says_and_nothing_else() {
    use Action::{Create, Delete, List, Read, Update, Write};
    let expected: [(&str, &[Action]); 3] =
        [("Reader", &[Read, List]), ("Writer", &[Read, Write, Delete, Create, Update, List]), ("Discovery", &[List])];
    let universe = Universe::new();
    for (role, (name, actions)) in BUILT_IN_ROLES.into_iter().zip(expected) {
        assert_eq!(role.name, name);
        let holder = principal(vec![Grant { scope: PermissionScope::Tenant, actions: role.actions.to_vec() }]);
        for (thing, target) in universe.each() {
            for action in ACTIONS {
                assert_eq!(holder.may(action, target), actions.contains(&action), "{name} {action:?} {thing}");
            }
        }
    }
}
