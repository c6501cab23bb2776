//! Roles and grants.

use pangolin_core::id::GrantId;
use pangolin_core::permission::{Action, Grant, PermissionScope};
use pangolin_core::ports::CatalogStore;
use pangolin_core::ports::StoreError::{AlreadyExists, InUse, NotFound};
use pangolin_core::record::{Role, Table, UserGrant};
use pangolin_store::OffsetPage;

use crate::make::{self, refused};
use crate::testdb::TestDb;

pub(crate) async fn built_in_roles_stay_and_own_roles_change(db: TestDb) {
    let store = &db.store;
    let acme = make::stored_tenant(store, "acme").await.id;
    let other = make::stored_tenant(store, "other").await.id;
    let mut own = make::role(acme, "analyst", Action::Read);
    store.create_role(&own).await.unwrap();
    assert_eq!(store.role(acme, own.id).await.unwrap().as_ref(), Some(&own));
    assert_eq!(store.role(other, own.id).await.unwrap(), None);
    refused!(store.create_role(&make::role(acme, "Reader", Action::Read)).await, AlreadyExists("role"));
    refused!(store.create_role(&make::role(make::tenant("x").id, "r", Action::Read)).await, NotFound("tenant"));

    own.permissions = vec![make::grant_of(Action::All)];
    own.description = Some("all".to_owned());
    store.update_role(&own).await.unwrap();
    assert_eq!(store.role(acme, own.id).await.unwrap().as_ref(), Some(&own));
    own.name = "Writer".to_owned();
    refused!(store.update_role(&own).await, AlreadyExists("role"));
    let foreign = Role { tenant_id: other, ..own.clone() };
    refused!(store.update_role(&foreign).await, NotFound("role"));

    let built_in = store.list_roles(acme, &OffsetPage::default()).await.unwrap();
    let reader = built_in.iter().find(|role| role.name == "Reader").unwrap();
    refused!(store.update_role(reader).await, InUse(_));
    refused!(store.delete_role(acme, reader.id).await, InUse(_));
    refused!(store.delete_role(other, own.id).await, NotFound("role"));
    store.delete_role(acme, own.id).await.unwrap();
    refused!(store.delete_role(acme, own.id).await, NotFound("role"));
}

pub(crate) async fn a_role_is_given_within_its_tenant_only(db: TestDb) {
    let store = &db.store;
    let acme = make::stored_tenant(store, "acme").await.id;
    let other = make::stored_tenant(store, "other").await.id;
    let (ann, eve) = (make::user(acme, "ann"), make::user(other, "eve"));
    store.create_user(&ann).await.unwrap();
    store.create_user(&eve).await.unwrap();
    let role = make::role(acme, "analyst", Action::Read);
    store.create_role(&role).await.unwrap();

    store.assign_role(acme, ann.id, role.id).await.unwrap();
    store.assign_role(acme, ann.id, role.id).await.unwrap();
    assert_eq!(store.roles_of(acme, ann.id).await.unwrap(), std::slice::from_ref(&role));
    assert!(store.roles_of(other, ann.id).await.unwrap().is_empty());
    refused!(store.assign_role(acme, eve.id, role.id).await, NotFound("user"));
    refused!(store.assign_role(other, eve.id, role.id).await, NotFound("role"));
    refused!(store.assign_role(other, ann.id, role.id).await, NotFound("user"));
    refused!(store.unassign_role(other, ann.id, role.id).await, NotFound("user"));

    store.unassign_role(acme, ann.id, role.id).await.unwrap();
    store.unassign_role(acme, ann.id, role.id).await.unwrap();
    assert!(store.roles_of(acme, ann.id).await.unwrap().is_empty());
}

pub(crate) async fn grants_belong_to_a_user_of_the_tenant(db: TestDb) {
    let store = &db.store;
    let acme = make::stored_tenant(store, "acme").await.id;
    let other = make::stored_tenant(store, "other").await.id;
    let (ann, bob) = (make::user(acme, "ann"), make::user(acme, "bob"));
    store.create_user(&ann).await.unwrap();
    store.create_user(&bob).await.unwrap();
    let (one, two) = (make::user_grant(&ann, Action::Read), make::user_grant(&bob, Action::Write));
    store.create_grant(&one).await.unwrap();
    store.create_grant(&two).await.unwrap();
    refused!(store.create_grant(&one).await, AlreadyExists("grant"));
    let mut foreign = make::user_grant(&ann, Action::Read);
    foreign.tenant_id = other;
    refused!(store.create_grant(&foreign).await, NotFound("user"));

    assert_eq!(store.grant(acme, one.id).await.unwrap().as_ref(), Some(&one));
    assert_eq!(store.grant(other, one.id).await.unwrap(), None);
    assert_eq!(store.list_grants(acme, None).await.unwrap().len(), 2);
    assert_eq!(store.list_grants(acme, Some(ann.id)).await.unwrap(), std::slice::from_ref(&one));
    assert!(store.list_grants(other, None).await.unwrap().is_empty());
    refused!(store.delete_grant(other, one.id).await, NotFound("grant"));
    refused!(store.delete_grant(acme, GrantId::generate()).await, NotFound("grant"));
    store.delete_grant(acme, one.id).await.unwrap();
    assert_eq!(store.grant(acme, one.id).await.unwrap(), None);
}

pub(crate) async fn grants_on_a_table_follow_it(db: TestDb) {
    let store = &db.store;
    let catalog = make::stored_catalog(store).await;
    let (tenant, to) = (catalog.tenant_id, make::path("elsewhere"));
    store.create_namespace(&make::namespace(catalog.id, "elsewhere")).await.unwrap();
    let (moved, stays) =
        (make::stored_table(store, &catalog, "moved").await, make::stored_table(store, &catalog, "stays").await);
    let on = |table: &Table| Grant {
        scope: PermissionScope::Asset {
            catalog_id: catalog.id,
            namespace: table.namespace.clone(),
            asset_id: table.id.0,
        },
        actions: vec![Action::Read],
    };
    let ann = make::user(tenant, "ann");
    store.create_user(&ann).await.unwrap();
    let direct = UserGrant { grant: on(&moved), ..make::user_grant(&ann, Action::Read) };
    store.create_grant(&direct).await.unwrap();
    let role = Role { permissions: vec![on(&stays), on(&moved)], ..make::role(tenant, "of both tables", Action::Read) };
    store.create_role(&role).await.unwrap();
    store.assign_role(tenant, ann.id, role.id).await.unwrap();
    assert_eq!(store.principal(ann.id).await.unwrap().unwrap().grants.len(), 3);

    store.rename_table(catalog.id, moved.id, &moved.namespace, "renamed").await.unwrap();
    assert_eq!(store.grant(tenant, direct.id).await.unwrap(), Some(direct.clone()));
    store.rename_table(catalog.id, moved.id, &to, "renamed").await.unwrap();
    let at = Table { namespace: to.clone(), ..moved.clone() };
    assert_eq!(store.grant(tenant, direct.id).await.unwrap().unwrap().grant, on(&at));
    assert_eq!(store.role(tenant, role.id).await.unwrap().unwrap().permissions, [on(&stays), on(&at)]);
    // Whoever was in memory knows it at once.
    let grants = store.principal(ann.id).await.unwrap().unwrap().grants.to_vec();
    assert_eq!(grants, [on(&at), on(&stays), on(&at)]);
}
