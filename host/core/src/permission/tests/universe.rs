//! A small world with everything in it, and what grants mean there: sets of pairs, put together
//! from texts. Nothing of the code under test is asked.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::id::{CatalogId, TableId};
use crate::namespace::NamespacePath;
use crate::permission::{Action, Grant, PermissionScope, Target};

pub(super) const CATALOGS: [CatalogId; 2] = [CatalogId(Uuid::from_u128(20)), CatalogId(Uuid::from_u128(21))];
/// Names that begin alike, and the same names at other depths.
pub(super) const NAMESPACES: [&str; 7] = ["a", "a.b", "a.b.c", "ab", "ab.b", "b", "b.a"];
pub(super) const ACTIONS: [Action; 8] = [
    Action::Read,
    Action::Write,
    Action::Delete,
    Action::Create,
    Action::Update,
    Action::List,
    Action::ManageDiscovery,
    Action::All,
];

/// A thing, by its full name: `tenant`, `tenant/0`, `tenant/0/a.b`, `tenant/0/a.b#1`.
pub(super) type Thing = String;

/// Two tables in each namespace of each catalog; no two have one identifier.
pub(super) fn table_id(catalog: usize, namespace: usize, table: usize) -> TableId {
    TableId(Uuid::from_u128(1_000 + (catalog * 100 + namespace * 10 + table) as u128))
}

/// Everything that there is, with its target.
pub(super) struct Universe {
    things: Vec<(Thing, Place)>,
}

enum Place {
    Tenant,
    Catalog(CatalogId),
    Namespace(CatalogId, NamespacePath),
    Table(CatalogId, NamespacePath, TableId),
}

impl Universe {
    pub(super) fn new() -> Self {
        let mut things = vec![("tenant".to_owned(), Place::Tenant)];
        for (c, catalog) in CATALOGS.into_iter().enumerate() {
            things.push((format!("tenant/{c}"), Place::Catalog(catalog)));
            for (n, name) in NAMESPACES.into_iter().enumerate() {
                things.push((format!("tenant/{c}/{name}"), Place::Namespace(catalog, path(name))));
                for t in 0..2 {
                    let place = Place::Table(catalog, path(name), table_id(c, n, t));
                    things.push((format!("tenant/{c}/{name}#{t}"), place));
                }
            }
        }
        Self { things }
    }

    pub(super) fn each(&self) -> impl Iterator<Item = (&str, Target<'_>)> {
        self.things.iter().map(|(thing, place)| {
            let target = match place {
                Place::Tenant => Target::Tenant,
                Place::Catalog(catalog) => Target::Catalog(*catalog),
                Place::Namespace(catalog, path) => Target::Namespace(*catalog, path),
                Place::Table(catalog, path, id) => Target::Table(*catalog, path, *id),
            };
            (thing.as_str(), target)
        })
    }

    /// Every right that the grants give: what, on which thing.
    pub(super) fn rights(&self, grants: &[Given]) -> BTreeSet<(Action, Thing)> {
        let mut rights = BTreeSet::new();
        for grant in grants {
            for (thing, _) in &self.things {
                if is_within(thing, &grant.thing) {
                    rights.extend(grant.actions.iter().flat_map(|held| closure(*held)).map(|all| (all, thing.clone())));
                }
            }
        }
        rights
    }

    /// Whether something inside `outer`, or it itself, may be listed.
    pub(super) fn is_seen(&self, rights: &BTreeSet<(Action, Thing)>, outer: &str) -> bool {
        rights.iter().any(|(action, thing)| *action == Action::List && is_within(thing, outer))
    }
}

/// A grant by the name of the thing that it is on.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) thing: Thing,
    pub(super) scope: PermissionScope,
    pub(super) actions: Vec<Action>,
}

impl Given {
    /// `catalog`, `namespace` and `table` as far as `depth` goes.
    pub(super) fn new(depth: usize, catalog: usize, namespace: usize, table: usize, actions: Vec<Action>) -> Self {
        let (catalog_id, name) = (CATALOGS[catalog], NAMESPACES[namespace]);
        let (thing, scope) = match depth {
            0 => ("tenant".to_owned(), PermissionScope::Tenant),
            1 => (format!("tenant/{catalog}"), PermissionScope::Catalog { catalog_id }),
            2 => (format!("tenant/{catalog}/{name}"), PermissionScope::Namespace { catalog_id, namespace: path(name) }),
            _ => (
                format!("tenant/{catalog}/{name}#{table}"),
                PermissionScope::Asset {
                    catalog_id,
                    namespace: path(name),
                    asset_id: table_id(catalog, namespace, table).0,
                },
            ),
        };
        Self { thing, scope, actions }
    }

    pub(super) fn grant(&self) -> Grant {
        Grant { scope: self.scope.clone(), actions: self.actions.clone() }
    }
}

/// The table of FACTS §4, but that write has no delete in it.
fn closure(held: Action) -> Vec<Action> {
    match held {
        Action::All => ACTIONS.to_vec(),
        Action::Write => vec![Action::Write, Action::Read, Action::Create, Action::Update, Action::List],
        Action::Read => vec![Action::Read, Action::List],
        other => vec![other],
    }
}

/// By the text alone: a name goes on at `/`, `.` or `#`, or it is another name.
pub(super) fn is_within(thing: &str, outer: &str) -> bool {
    thing.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.', '#']))
}

pub(super) fn path(dotted: &str) -> NamespacePath {
    NamespacePath::parse_dotted(dotted).unwrap()
}
