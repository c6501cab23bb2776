use std::sync::Arc;

use super::*;
use crate::fixtures::{self, catalog_snapshot, grant, principal, table};
use crate::permission::{Action, PermissionScope};
use crate::strategy::Scoping;

fn judge(principal: &Principal, asked: Access) -> Result<Authorised, Denied> {
    authorise(principal, &catalog_snapshot(), &table("orders"), asked)
}

#[test]
fn access_is_what_is_asked_for_and_held() {
    let reader = principal(vec![grant(PermissionScope::Tenant, &[Action::Read])]);
    let authorised = judge(&reader, Access::FULL).unwrap();
    assert_eq!(authorised.access(), Access::READ);
    assert_eq!(authorised.scopes()[0].location.as_str(), "s3://bucket/base/sales/orders/");

    let appender = principal(vec![grant(PermissionScope::Tenant, &[Action::Write])]);
    assert_eq!(judge(&appender, Access::FULL).unwrap().access(), Access::READ_WRITE, "write does not imply delete");
    assert_eq!(judge(&appender, Access::READ).unwrap().access(), Access::READ, "less may be asked for");
}

#[test]
fn nothing_is_given_to_strangers_and_nothing_is_told() {
    let nobody = principal(vec![]);
    assert_eq!(judge(&nobody, Access::FULL).unwrap_err(), Denied::Hidden);
    let mut foreign = principal(vec![grant(PermissionScope::Tenant, &[Action::All])]);
    foreign.tenant_id = Some(TenantId::generate());
    assert_eq!(judge(&foreign, Access::FULL).unwrap_err(), Denied::Hidden);
    let mut root = principal(vec![]);
    root.role = crate::principal::UserRole::Root;
    root.tenant_id = None;
    assert_eq!(judge(&root, Access::FULL).unwrap_err(), Denied::Hidden);
    let discovery = principal(vec![grant(PermissionScope::Tenant, &[Action::List])]);
    assert_eq!(judge(&discovery, Access::FULL).unwrap_err(), Denied::Missing("read"));
}

#[test]
fn locations_are_checked_again_at_every_vend() {
    let admin = fixtures::admin();
    for outside in [
        "s3://bucket/base2/orders",
        "s3://bucket/other",
        "s3://other/base/orders",
        "s3://bucket/base",
        "s3://bucket",
        "s3://BUCKET/base/orders",
    ] {
        let mut moved = table("orders");
        moved.location = Location::parse(outside).unwrap();
        assert!(
            matches!(authorise(&admin, &catalog_snapshot(), &moved, Access::FULL), Err(Denied::Outside(_))),
            "{outside}"
        );
        let mut spread = table("orders");
        spread.extra_locations.push(Location::parse(outside).unwrap());
        assert!(authorise(&admin, &catalog_snapshot(), &spread, Access::FULL).is_err(), "{outside}");
    }
    let mut spread = table("orders");
    spread.extra_locations.push(Location::parse("s3://bucket/base/data/orders").unwrap());
    spread.extra_locations.push(Location::parse("s3://bucket/base/sales/orders/data").unwrap());
    let authorised = authorise(&admin, &catalog_snapshot(), &spread, Access::FULL).unwrap();
    assert_eq!(authorised.scopes().len(), 2, "a location inside the root needs no scope of its own");
}

#[test]
fn the_host_identity_of_another_tenant_is_refused() {
    let snapshot = CatalogSnapshot { host_identity_allowed: false, ..catalog_snapshot() };
    assert_eq!(
        authorise(&fixtures::admin(), &snapshot, &table("orders"), Access::FULL).unwrap_err(),
        Denied::HostIdentity
    );
    assert_eq!(authorise_host(&snapshot, &table("orders"), Access::FULL).unwrap_err(), Denied::HostIdentity);
}

#[test]
fn what_cannot_be_narrowed_goes_to_those_who_hold_it_all() {
    let full = &[Action::Read, Action::Write, Action::Delete];
    let snapshot = catalog_snapshot();
    let catalog = snapshot.catalog.id;
    let sibling = CatalogId::generate();
    let both = CatalogSnapshot { warehouse_catalogs: Arc::from([catalog, sibling]), ..snapshot.clone() };
    let on = |snapshot: &CatalogSnapshot, principal: &Principal| {
        let authorised = authorise(principal, snapshot, &table("orders"), Access::FULL).unwrap();
        require_scoping(authorised, "AwsStatic", Scoping::Unscoped)
    };
    let of_catalog = |id| grant(PermissionScope::Catalog { catalog_id: id }, full);

    assert!(on(&snapshot, &fixtures::admin()).is_ok());
    assert!(on(&snapshot, &principal(vec![grant(PermissionScope::Tenant, full)])).is_ok());
    assert!(on(&snapshot, &principal(vec![of_catalog(catalog)])).is_ok());
    assert!(on(&both, &principal(vec![of_catalog(catalog)])).is_err(), "another catalog is on that warehouse");
    assert!(on(&both, &principal(vec![of_catalog(catalog), of_catalog(sibling)])).is_ok());
    let reader = principal(vec![grant(PermissionScope::Tenant, &[Action::Read])]);
    assert!(on(&snapshot, &reader).is_err());
    let mut warehouse = (*snapshot.warehouse).clone();
    warehouse.allow_unscoped = true;
    let allowed = CatalogSnapshot { warehouse: Arc::new(warehouse), ..snapshot };
    assert!(on(&allowed, &reader).is_ok());
}
