//! Rights on single objects: for what the host signs itself, so that no credential goes out.

use super::{Authorised, Denied, authorise};
use crate::access::{Access, Scope};
use crate::location::Location;
use crate::principal::Principal;
use crate::record::{CatalogSnapshot, Table};
use crate::strategy::Scoping;

/// What one signature opens.
#[derive(Debug, Clone, Copy)]
pub struct Touched<'a> {
    /// Objects, none of them a directory.
    pub objects: &'a [Location],
    /// What the keys of a listing begin with.
    pub listing: Option<&'a Location>,
    /// What it needs on all of them; reading is always part of it.
    pub access: Access,
    /// Its body says which objects are meant, at a store that may not hold the body to the digest
    /// that is signed.
    pub body_decides: bool,
}

/// Judges one signature: the rights on the table, and whether every object lies in it.
///
/// # Errors
/// See [`Denied`].
pub fn authorise_objects(
    principal: &Principal,
    snapshot: &CatalogSnapshot,
    table: &Table,
    touched: Touched<'_>,
) -> Result<Authorised, Denied> {
    let authorised = authorise(principal, snapshot, table, touched.access)?;
    let held = authorised.access();
    for (needed, held, name) in
        [(touched.access.write, held.write, "write"), (touched.access.delete, held.delete, "delete")]
    {
        if needed && !held {
            return Err(Denied::Missing(name));
        }
    }
    let within = |is_in: fn(&Scope, &Location) -> bool, location: &Location| match authorised
        .scopes()
        .iter()
        .any(|scope| is_in(scope, location))
    {
        true => Ok(()),
        false => Err(Denied::NotInTable(location.as_str().to_owned())),
    };
    touched.objects.iter().try_for_each(|object| within(holds_object, object))?;
    touched.listing.iter().try_for_each(|prefix| within(holds_prefix, prefix))?;
    Ok(authorised)
}

/// An object below the scope, never the directory itself. The bucket as it is written: to a store
/// another spelling may be another bucket.
fn holds_object(scope: &Scope, object: &Location) -> bool {
    scope.location.authority() == object.authority()
        && scope.location.contains(object)
        && object.key().len() > scope.location.key().len()
}

/// A prefix that reaches past the slash of the scope: stores compare prefixes as plain text, and
/// `orders` is one of `orders2`.
fn holds_prefix(scope: &Scope, prefix: &Location) -> bool {
    let is_scope = prefix.as_str().ends_with('/') && prefix.canonical() == scope.location.canonical();
    holds_object(scope, prefix) || is_scope && scope.location.authority() == prefix.authority()
}

/// Holds a signature against how narrow the strategy's credentials are. As the credential stays in
/// the host and every use of it is judged, it may open more than the table (A22); unless the client
/// could make another request of the one that was judged. A strategy that does not narrow is asked
/// for everything, so that one credential signs for all who ask; one that honours the access, for
/// reading alone where that is enough, since it may know no step between that and everything.
///
/// # Errors
/// [`Denied::BodyDecides`].
pub fn kept_in_host(authorised: Authorised, scoping: Scoping, touched: Touched<'_>) -> Result<Authorised, Denied> {
    match scoping {
        Scoping::Exact | Scoping::Delegated => Ok(authorised),
        Scoping::AccessOnly | Scoping::Unscoped if touched.body_decides && !authorised.may_be_unscoped => {
            Err(Denied::BodyDecides)
        }
        Scoping::AccessOnly if authorised.access == Access::READ => {
            Ok(Authorised { may_be_unscoped: true, ..authorised })
        }
        Scoping::AccessOnly | Scoping::Unscoped => {
            let full = |scope: Scope| Scope { access: Access::FULL, ..scope };
            let scopes = authorised.scopes.into_iter().map(full).collect();
            Ok(Authorised { may_be_unscoped: true, access: Access::FULL, scopes, ..authorised })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{admin, catalog_snapshot, grant, principal, table};
    use crate::permission::{Action, PermissionScope};

    const DELETE: Access = Access { read: true, write: false, delete: true };

    fn at(text: &str) -> Location {
        Location::parse(text).unwrap()
    }

    fn judge(who: &Principal, objects: &[&str], listing: Option<&str>, access: Access) -> Result<Authorised, Denied> {
        let objects: Vec<Location> = objects.iter().map(|text| at(text)).collect();
        let listing = listing.map(at);
        let touched = Touched { objects: &objects, listing: listing.as_ref(), access, body_decides: false };
        authorise_objects(who, &catalog_snapshot(), &table("orders"), touched)
    }

    #[test]
    fn an_object_of_the_table_and_nothing_beside_it() {
        let root = "s3://bucket/base/sales/orders";
        for inside in [format!("{root}/a"), format!("{root}/data/a b"), root.replace("s3:", "s3a:") + "/a"] {
            assert!(judge(&admin(), &[&inside], None, Access::READ).is_ok(), "{inside}");
        }
        for outside in [
            root.to_owned(),
            format!("{root}/"),
            format!("{root}2/a"),
            "s3://bucket/base/sales/a".to_owned(),
            "s3://bucket/base/sales/orders2/a".to_owned(),
            "s3://Bucket/base/sales/orders/a".to_owned(),
            "s3://other/base/sales/orders/a".to_owned(),
            "gs://bucket/base/sales/orders/a".to_owned(),
            "s3://bucket/base/sales/Orders/a".to_owned(),
        ] {
            let refused = judge(&admin(), &[&format!("{root}/a"), &outside], None, Access::READ);
            assert!(matches!(refused, Err(Denied::NotInTable(_))), "{outside}");
        }
    }

    #[test]
    fn a_listing_begins_behind_the_slash_of_the_table() {
        let root = "s3://bucket/base/sales/orders";
        for inside in [format!("{root}/"), format!("{root}/da"), format!("{root}/data/")] {
            assert!(judge(&admin(), &[], Some(&inside), Access::READ).is_ok(), "{inside}");
        }
        for outside in [
            root,
            "s3://bucket/base/sales/orders2/",
            "s3://bucket/base/sales/",
            "s3://bucket/",
            "s3://Bucket/base/sales/orders/",
        ] {
            assert!(
                matches!(judge(&admin(), &[], Some(outside), Access::READ), Err(Denied::NotInTable(_))),
                "{outside}"
            );
        }
    }

    #[test]
    fn what_is_needed_must_be_held() {
        let object = ["s3://bucket/base/sales/orders/a"];
        let reader = principal(vec![grant(PermissionScope::Tenant, &[Action::Read])]);
        let appender = principal(vec![grant(PermissionScope::Tenant, &[Action::Read, Action::Write])]);
        assert_eq!(judge(&reader, &object, None, Access::READ).unwrap().access(), Access::READ);
        assert_eq!(judge(&reader, &object, None, Access::READ_WRITE).unwrap_err(), Denied::Missing("write"));
        assert_eq!(judge(&appender, &object, None, DELETE).unwrap_err(), Denied::Missing("delete"));
        assert!(judge(&appender, &object, None, Access::READ_WRITE).is_ok());
        assert_eq!(judge(&admin(), &object, None, DELETE).unwrap().access(), DELETE, "no more than is needed");
        let nobody = principal(Vec::new());
        assert_eq!(judge(&nobody, &object, None, Access::READ).unwrap_err(), Denied::Hidden);
    }

    #[test]
    fn only_what_cannot_be_narrowed_may_be_wide() {
        let catalog = PermissionScope::Catalog { catalog_id: crate::fixtures::CATALOG };
        let reader = principal(vec![grant(catalog, &[Action::Read])]);
        let kept = |who: &Principal, scoping, body_decides| {
            let authorised = judge(who, &["s3://bucket/base/sales/orders/a"], None, Access::READ).unwrap();
            let touched = Touched { objects: &[], listing: None, access: Access::READ, body_decides };
            kept_in_host(authorised, scoping, touched)
                .map(|authorised| (authorised.may_be_unscoped(), authorised.access() == Access::FULL))
        };
        for narrow in [Scoping::Exact, Scoping::Delegated] {
            assert_eq!(kept(&reader, narrow, false), Ok((false, false)));
            assert_eq!(kept(&reader, narrow, true), Ok((false, false)), "the credential holds what the body says");
        }
        for (wide, all) in [(Scoping::AccessOnly, false), (Scoping::Unscoped, true)] {
            assert_eq!(kept(&reader, wide, false), Ok((true, all)));
            assert_eq!(kept(&reader, wide, true), Err(Denied::BodyDecides));
            assert_eq!(kept(&admin(), wide, true), Ok((true, all)), "who may have all of it anyway");
        }
        let authorised = judge(&admin(), &["s3://bucket/base/sales/orders/a"], None, Access::READ_WRITE).unwrap();
        let touched = Touched { objects: &[], listing: None, access: Access::READ_WRITE, body_decides: false };
        let writing = kept_in_host(authorised, Scoping::AccessOnly, touched).unwrap();
        assert_eq!(writing.access(), Access::FULL, "a strategy may know no step between");
    }
}
