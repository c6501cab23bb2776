//! Which grants reach a table, by what they are held, and what each of them gives.

use std::sync::Arc;

use serde::Serialize;

use crate::access::Access;
use crate::id::RoleId;
use crate::permission::{Action, Grant, PermissionScope, Target};
use crate::principal::{Principal, UserRole};

/// Grants of a principal by where they come from.
#[derive(Debug, Clone)]
pub struct GrantSource {
    /// By what.
    pub via: Via,
    /// The grants.
    pub grants: Arc<[Grant]>,
}

/// By what somebody holds a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// An administrator of the tenant holds everything in it.
    TenantAdmin,
    /// It was given to the account itself.
    Direct,
    /// By a role.
    Role {
        /// The role.
        role_id: RoleId,
        /// Its name.
        role: String,
        /// What gives the role.
        given_by: GivenBy,
    },
    /// By something that is not stored with the account.
    Other,
}

/// What gives somebody a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GivenBy {
    /// It was assigned to the account.
    Account,
    /// A claim of the token that asks.
    Token,
    /// Nothing: who asks for the explanation takes it so.
    Assumption,
}

/// A grant that reaches the table.
#[derive(Debug, Clone)]
pub struct Applies {
    /// By what it is held.
    pub via: Via,
    /// Where it was given.
    pub scope: PermissionScope,
    /// Whether it was given on something that the table is in.
    pub inherited: bool,
    /// What it allows.
    pub actions: Vec<Action>,
    /// What of the access to the table it gives; all of them together are what is held.
    pub gives: Access,
}

/// The principal's grants that reach `target`. Only what is in force counts: a narrowed token has
/// less than its account.
pub(super) fn applying(principal: &Principal, sources: &[GrantSource], target: Target<'_>) -> Vec<Applies> {
    let applies = |via: &Via, grant: &Grant| {
        let alone = Principal { role: UserRole::TenantUser, grants: Arc::from([grant.clone()]), ..principal.clone() };
        Applies {
            via: via.clone(),
            scope: grant.scope.clone(),
            inherited: !matches!(grant.scope, PermissionScope::Asset { .. }),
            actions: grant.actions.clone(),
            gives: alone.access_on(target),
        }
    };
    let rank = || applies(&Via::TenantAdmin, &Grant { scope: PermissionScope::Tenant, actions: vec![Action::All] });
    let mut found: Vec<Applies> = (principal.role == UserRole::TenantAdmin).then(rank).into_iter().collect();
    let in_force = |grant: &&Grant| grant.scope.covers(target) && principal.grants.contains(grant);
    for source in sources {
        found.extend(source.grants.iter().filter(in_force).map(|grant| applies(&source.via, grant)));
    }
    let is_stored = |grant: &Grant| sources.iter().any(|source| source.grants.contains(grant));
    let others = principal.grants.iter().filter(|grant| grant.scope.covers(target) && !is_stored(grant));
    found.extend(others.map(|grant| applies(&Via::Other, grant)));
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::fixtures::{CATALOG, grant, principal, table};
    use crate::id::CatalogId;
    use crate::namespace::NamespacePath;

    fn path(dotted: &str) -> NamespacePath {
        NamespacePath::parse_dotted(dotted).unwrap()
    }

    fn scope() -> impl Strategy<Value = PermissionScope> {
        let orders = table("orders").id.0;
        let catalog = prop_oneof![3 => Just(CATALOG), 1 => Just(CatalogId(Uuid::from_u128(99)))];
        let namespace = prop_oneof![Just("a"), Just("a.b"), Just("a.b.c"), Just("a.c"), Just("ab")];
        let asset = prop_oneof![Just(orders), Just(Uuid::from_u128(98))];
        (0..4, catalog, namespace, asset).prop_map(|(kind, catalog_id, namespace, asset_id)| match kind {
            0 => PermissionScope::Tenant,
            1 => PermissionScope::Catalog { catalog_id },
            2 => PermissionScope::Namespace { catalog_id, namespace: path(namespace) },
            _ => PermissionScope::Asset { catalog_id, namespace: path(namespace), asset_id },
        })
    }

    fn any_grant() -> impl Strategy<Value = Grant> {
        let action = prop_oneof![
            Just(Action::Read),
            Just(Action::Write),
            Just(Action::Delete),
            Just(Action::List),
            Just(Action::Create),
            Just(Action::All),
        ];
        (scope(), proptest::collection::vec(action, 1..3)).prop_map(|(scope, actions)| grant(scope, &actions))
    }

    fn union(found: &[Applies]) -> Access {
        found.iter().fold(Access::NONE, |all, one| Access {
            read: all.read || one.gives.read,
            write: all.write || one.gives.write,
            delete: all.delete || one.gives.delete,
        })
    }

    proptest! {
        #[test]
        fn together_they_are_exactly_what_is_held(
            direct in proptest::collection::vec(any_grant(), 0..4),
            by_role in proptest::collection::vec(any_grant(), 0..4),
            unknown in proptest::collection::vec(any_grant(), 0..2),
            administers in any::<bool>(),
        ) {
            let namespace = path("a.b");
            let target = Target::Table(CATALOG, &namespace, table("orders").id);
            let role = Via::Role { role_id: RoleId(Uuid::from_u128(70)), role: "r".to_owned(), given_by: GivenBy::Account };
            let sources = [
                GrantSource { via: Via::Direct, grants: direct.clone().into() },
                GrantSource { via: role, grants: by_role.clone().into() },
            ];
            let mut who = principal([direct, by_role, unknown].concat());
            if administers {
                who.role = UserRole::TenantAdmin;
            }
            let found = applying(&who, &sources, target);
            prop_assert_eq!(union(&found), who.access_on(target));
            prop_assert!(found.iter().all(|one| one.scope.covers(target)));
            let on_table = |scope: &PermissionScope| matches!(scope, PermissionScope::Asset { .. });
            prop_assert!(found.iter().all(|one| one.inherited != on_table(&one.scope)));
        }

        #[test]
        fn what_is_not_in_force_is_not_among_them(stored in proptest::collection::vec(any_grant(), 0..6), kept in 0_usize..6) {
            let namespace = path("a.b");
            let target = Target::Table(CATALOG, &namespace, table("orders").id);
            let sources = [GrantSource { via: Via::Direct, grants: stored.clone().into() }];
            let who = principal(stored.into_iter().take(kept).collect());
            prop_assert_eq!(union(&applying(&who, &sources, target)), who.access_on(target));
        }
    }
}
