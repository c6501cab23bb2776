//! Principals.

use pangolin_core::id::UserId;
use pangolin_core::permission::Action;

use pangolin_store::UserChange;

use crate::make;
use crate::testdb::TestDb;

pub(crate) async fn a_principal_has_what_was_given_at_once(db: TestDb) {
    let store = &db.store;
    let acme = make::stored_tenant(store, "acme").await.id;
    let ann = make::user(acme, "ann");
    store.create_user(&ann).await.unwrap();
    let actions = || async {
        let principal = store.principal(ann.id).await.unwrap().unwrap();
        principal.grants.iter().flat_map(|grant| grant.actions.clone()).collect::<Vec<_>>()
    };
    assert!(actions().await.is_empty());
    assert!(store.principal(UserId::generate()).await.unwrap().is_none());

    let grant = make::user_grant(&ann, Action::Read);
    store.create_grant(&grant).await.unwrap();
    assert_eq!(actions().await, [Action::Read]);
    let mut role = make::role(acme, "own", Action::Write);
    store.create_role(&role).await.unwrap();
    store.assign_role(acme, ann.id, role.id).await.unwrap();
    assert_eq!(actions().await, [Action::Read, Action::Write]);
    role.permissions = vec![make::grant_of(Action::List)];
    store.update_role(&role).await.unwrap();
    assert_eq!(actions().await, [Action::Read, Action::List]);
    store.delete_grant(acme, grant.id).await.unwrap();
    assert_eq!(actions().await, [Action::List]);
    assert_eq!(&*store.principal(ann.id).await.unwrap().unwrap().roles, [role.id]);
    store.delete_role(acme, role.id).await.unwrap();
    assert!(actions().await.is_empty());

    let goes = UserChange { active: Some(false), ..UserChange::default() };
    store.update_user(acme, ann.id, &goes).await.unwrap();
    assert!(!store.principal(ann.id).await.unwrap().unwrap().user.active);
}
