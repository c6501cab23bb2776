//! Users.

use pangolin_core::permission::Action;
use pangolin_core::ports::StoreError::{AlreadyExists, NotFound};
use pangolin_core::record::User;
use pangolin_store::{OffsetPage, UserChange};

use crate::make::{self, refused};
use crate::testdb::{NOW, TestDb};

fn seen(user: &User) -> impl PartialEq + std::fmt::Debug + use<> {
    (
        user.id,
        user.username.clone(),
        user.email.clone(),
        user.role,
        user.password_hash.clone(),
        user.active,
        user.last_login,
    )
}

pub(crate) async fn a_user_is_made_changed_and_listed(db: TestDb) {
    let store = &db.store;
    let acme = make::stored_tenant(store, "acme").await.id;
    let other = make::stored_tenant(store, "other").await.id;
    let mut ann = make::user(acme, "ann");
    ann.email = Some("ann@example.com".to_owned());
    store.create_user(&ann).await.unwrap();
    store.create_user(&make::user(other, "ann")).await.unwrap();
    refused!(store.create_user(&make::user(acme, "ann")).await, AlreadyExists("user"));
    refused!(store.create_user(&make::user(make::tenant("x").id, "ann")).await, NotFound("tenant"));
    assert_eq!(seen(&store.user(ann.id).await.unwrap().unwrap()), seen(&ann));
    assert_eq!(store.user_by_name(acme, "ann").await.unwrap().unwrap().id, ann.id);
    assert!(store.user_by_name(acme, "Ann").await.unwrap().is_none());

    // Each change is its own: a late one does not undo another.
    let change = |email: Option<&str>, active, hash: Option<&str>| {
        let (email, password_hash) = (email.map(str::to_owned), hash.map(str::to_owned));
        UserChange { email, active, password_hash }
    };
    let (first, second) = (make::token(&ann), make::token(&ann));
    store.insert_token(&first).await.unwrap();
    store.update_user(acme, ann.id, &change(None, None, Some("new hash"))).await.unwrap();
    assert!(store.token(first.id).await.unwrap().unwrap().is_revoked(NOW), "a new password ends every session");
    store.insert_token(&second).await.unwrap();
    store.update_user(acme, ann.id, &change(Some("ann@example.org"), None, None)).await.unwrap();
    assert!(!store.token(second.id).await.unwrap().unwrap().is_revoked(NOW));
    store.update_user(acme, ann.id, &change(None, Some(false), None)).await.unwrap();
    assert!(store.token(second.id).await.unwrap().unwrap().is_revoked(NOW));
    ann.active = false;
    ann.email = Some("ann@example.org".to_owned());
    ann.password_hash = Some("new hash".to_owned());
    assert_eq!(seen(&store.user(ann.id).await.unwrap().unwrap()), seen(&ann));
    refused!(
        store.update_user(acme, make::user(acme, "bob").id, &change(None, Some(true), None)).await,
        NotFound("user")
    );
    refused!(store.update_user(other, ann.id, &change(None, Some(true), None)).await, NotFound("user"));

    store.create_user(&make::user(acme, "Bob")).await.unwrap();
    let names = |tenant| async move {
        let users = store.list_users(tenant, &OffsetPage::default()).await.unwrap();
        users.into_iter().map(|user| user.username).collect::<Vec<_>>()
    };
    assert_eq!(names(Some(acme)).await, ["Bob", "ann"]);
    assert_eq!(names(None).await.len(), 3);

    store.principal(ann.id).await.unwrap();
    store.touch_login(ann.id, NOW).await.unwrap();
    let before = store.statements();
    store.principal(ann.id).await.unwrap();
    assert_eq!(store.statements(), before, "a login makes nothing stale");
    assert_eq!(store.user(ann.id).await.unwrap().unwrap().last_login, Some(NOW));
}

pub(crate) async fn a_deleted_user_leaves_no_rights_and_no_token(db: TestDb) {
    let store = &db.store;
    let acme = make::stored_tenant(store, "acme").await.id;
    let ann = make::user(acme, "ann");
    store.create_user(&ann).await.unwrap();
    let token = make::token(&ann);
    store.insert_token(&token).await.unwrap();
    let role = make::role(acme, "own", Action::Read);
    store.create_role(&role).await.unwrap();
    store.assign_role(acme, ann.id, role.id).await.unwrap();
    let grant = make::user_grant(&ann, Action::Write);
    store.create_grant(&grant).await.unwrap();
    assert_eq!(store.token(token.id).await.unwrap().unwrap().revoked_at, None);
    assert_eq!(store.principal(ann.id).await.unwrap().unwrap().grants.len(), 2);

    store.delete_user(ann.id).await.unwrap();
    assert!(store.principal(ann.id).await.unwrap().is_none());
    assert_eq!(store.token(token.id).await.unwrap().unwrap().revoked_at, Some(NOW));
    assert!(store.list_grants(acme, None).await.unwrap().is_empty());
    assert!(store.roles_of(acme, ann.id).await.unwrap().is_empty());
    refused!(store.delete_user(ann.id).await, NotFound("user"));
}
