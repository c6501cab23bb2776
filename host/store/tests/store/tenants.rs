//! Tenants.

use pangolin_core::permission::Action;
use pangolin_core::ports::StoreError::{AlreadyExists, InUse, NotFound};
use pangolin_store::OffsetPage;

use crate::make::{self, refused};
use crate::testdb::TestDb;

pub(crate) async fn a_tenant_is_made_changed_and_listed(db: TestDb) {
    let store = &db.store;
    let mut acme = make::stored_tenant(store, "acme").await;
    make::stored_tenant(store, "Zeta").await;
    assert_eq!(store.tenant(acme.id).await.unwrap().as_ref(), Some(&acme));
    assert_eq!(store.tenant(make::tenant("x").id).await.unwrap(), None);
    refused!(store.create_tenant(&make::tenant("acme")).await, AlreadyExists("tenant"));
    refused!(store.create_tenant(&acme).await, AlreadyExists("tenant"));

    acme.host_identity.roles.push("arn:aws:iam::1:role/x".to_owned());
    acme.host_identity.bases.push(make::location("s3://lake/a"));
    acme.properties.clear();
    store.update_tenant(&acme).await.unwrap();
    assert_eq!(store.tenant(acme.id).await.unwrap().as_ref(), Some(&acme));
    refused!(store.update_tenant(&make::tenant("other")).await, NotFound("tenant"));
    acme.name = "Zeta".to_owned();
    refused!(store.update_tenant(&acme).await, AlreadyExists("tenant"));

    let names = |page: OffsetPage| async move {
        store.list_tenants(&page).await.unwrap().into_iter().map(|t| t.name).collect::<Vec<_>>()
    };
    assert_eq!(names(OffsetPage::default()).await, ["Zeta", "acme"], "byte order on every database");
    assert_eq!(names(OffsetPage { limit: 1, offset: 1 }).await, ["acme"]);
    assert!(names(OffsetPage { limit: 1, offset: 2 }).await.is_empty());

    let roles = store.list_roles(acme.id, &OffsetPage::default()).await.unwrap();
    let built_in: Vec<_> = roles.iter().map(|role| (role.name.as_str(), role.built_in)).collect();
    assert_eq!(built_in, [("Discovery", true), ("Reader", true), ("Writer", true)]);
    let writer = roles.iter().find(|role| role.name == "Writer").unwrap();
    assert!(writer.permissions[0].actions.contains(&Action::Delete));
}

pub(crate) async fn a_tenant_in_use_stays_and_an_unused_one_goes_whole(db: TestDb) {
    let store = &db.store;
    let acme = make::stored_tenant(store, "acme").await;
    let user = make::user(acme.id, "ann");
    store.create_user(&user).await.unwrap();
    let token = make::token(&user);
    store.insert_token(&token).await.unwrap();
    let grant = make::user_grant(&user, Action::Read);
    store.create_grant(&grant).await.unwrap();
    let warehouse = make::warehouse(acme.id, "lake", "s3://lake");
    store.create_warehouse(&warehouse, None).await.unwrap();
    assert!(store.token(token.id).await.unwrap().is_some() && store.principal(user.id).await.unwrap().is_some());

    refused!(store.delete_tenant(acme.id).await, InUse(_));
    assert!(store.user(user.id).await.unwrap().is_some() && store.token(token.id).await.unwrap().is_some());

    store.delete_warehouse(acme.id, "lake").await.unwrap();
    store.delete_tenant(acme.id).await.unwrap();
    assert!(store.user(user.id).await.unwrap().is_none());
    assert!(store.principal(user.id).await.unwrap().is_none(), "not from memory either");
    assert!(store.token(token.id).await.unwrap().is_none(), "not from memory either");
    assert!(store.grant(acme.id, grant.id).await.unwrap().is_none());
    refused!(store.delete_tenant(acme.id).await, NotFound("tenant"));
}
