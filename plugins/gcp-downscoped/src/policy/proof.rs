//! The host proves each boundary before it is sent. What is built here must pass for the scopes it
//! was built for and for no others, and must mean the same by an evaluator of another hand.

use pangolin_core::access as host;
use pangolin_core::location::Location;
use pangolin_core::scope_proof::access_boundary;
use pangolin_plugin_sdk::{Access, Scope};
use proptest::prelude::*;

use super::build;
use super::evaluator::{Call, allows};

fn authorised(scope: &Scope) -> host::Scope {
    let Access { read, write, delete } = scope.access;
    let location = Location::parse(&scope.location).unwrap().as_directory();
    host::Scope { location, access: host::Access { read, write, delete } }
}

fn access() -> impl Strategy<Value = Access> {
    prop_oneof![Just(Access::READ), Just(Access::READ_WRITE), Just(Access::FULL)]
}

fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]",
        "[a-z*$\"'% {}()|&éß日😀]{1,10}",
        Just("') || resource.name.startsWith('".to_owned()),
        Just("' || true || '".to_owned()),
    ]
}

fn scope() -> impl Strategy<Value = Scope> {
    let keys = proptest::collection::vec(segment(), 1..4).prop_map(|segments| segments.join("/"));
    ("[ab]", keys, access())
        .prop_map(|(bucket, key, access)| Scope { location: format!("gs://{bucket}/{key}/"), access })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_host_accepts_every_boundary_for_its_own_scopes(scopes in proptest::collection::vec(scope(), 1..4)) {
        let boundary = build(&scopes).unwrap();
        prop_assert!(boundary.is_ascii());
        let authorised: Vec<_> = scopes.iter().map(authorised).collect();
        let proof = access_boundary(&boundary, &authorised);
        prop_assert!(proof.is_ok(), "{:?} {}", proof, boundary);
    }

    #[test]
    fn the_host_refuses_it_for_less(scope in scope()) {
        let boundary = build(std::slice::from_ref(&scope)).unwrap();
        let mut below = scope.clone();
        below.location.push_str("x/");
        prop_assert!(access_boundary(&boundary, &[authorised(&below)]).is_err());
        let mut read_only = authorised(&scope);
        read_only.access = host::Access::READ;
        prop_assert_eq!(access_boundary(&boundary, &[read_only]).is_err(), scope.access != Access::READ);
    }

    #[test]
    fn it_opens_the_directory_and_no_neighbour(scope in scope(), object in "[a-z'é]{1,4}") {
        let boundary = build(std::slice::from_ref(&scope)).unwrap();
        let parts = scope.parts().unwrap();
        let (bucket, key) = (parts.authority, parts.key);
        let bare = key.trim_end_matches('/');
        let inside = format!("{key}{object}");
        let rights = [("get", scope.access.read), ("create", scope.access.write), ("delete", scope.access.delete)];
        for (permission, held) in rights {
            prop_assert_eq!(allows(&boundary, bucket, Call::Object(permission, &inside)), held, "{}", permission);
            for outside in [format!("{bare}2/{object}"), bare.to_owned(), "x".to_owned(), String::new()] {
                prop_assert!(!allows(&boundary, bucket, Call::Object(permission, &outside)), "{} {}", permission, outside);
            }
            prop_assert!(!allows(&boundary, "c", Call::Object(permission, &inside)));
        }
        prop_assert!(allows(&boundary, bucket, Call::List(key)));
        for outside in [bare, "", &format!("{bare}2/")] {
            prop_assert!(!allows(&boundary, bucket, Call::List(outside)), "{}", outside);
        }
    }
}
