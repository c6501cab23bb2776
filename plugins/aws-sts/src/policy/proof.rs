//! The host proves each session policy before it is sent. What is built here must pass for the
//! scopes it was built for, and for no others.

use pangolin_core::access as host;
use pangolin_core::location::Location;
use pangolin_core::scope_proof::session_policy;
use pangolin_plugin_sdk::{Access, Scope};
use proptest::prelude::*;

use super::build;
use crate::config::Kms;

fn authorised(scope: &Scope) -> host::Scope {
    let Access { read, write, delete } = scope.access;
    let location = Location::parse(&scope.location).unwrap().as_directory();
    host::Scope { location, access: host::Access { read, write, delete } }
}

fn access() -> impl Strategy<Value = Access> {
    prop_oneof![
        Just(Access::READ),
        Just(Access::READ_WRITE),
        Just(Access::FULL),
        Just(Access { read: true, write: false, delete: true })
    ]
}

fn scope() -> impl Strategy<Value = Scope> {
    let segment = prop_oneof!["[a-c]", "[a-z*$\"'% {}éß日😀]{1,10}", Just("${aws:username}".to_owned())];
    let keys = proptest::collection::vec(segment, 0..4).prop_map(|segments| segments.join("/"));
    ("s3[an]?", "[ab]", keys, access()).prop_map(|(scheme, bucket, key, access)| {
        let slash = if key.is_empty() { "" } else { "/" };
        Scope { location: format!("{scheme}://{bucket}/{key}{slash}"), access }
    })
}

fn kms() -> impl Strategy<Value = Kms> {
    let named = Kms::Named(vec!["arn:aws:kms:eu-central-1:123456789012:key/mrk-1".to_owned()]);
    prop_oneof![Just(Kms::None), Just(named), Just(Kms::ByEncryptionContext)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_host_accepts_every_policy_for_its_own_scopes(
        scopes in proptest::collection::vec(scope(), 1..4),
        kms in kms(),
        partition in prop_oneof![Just("aws"), Just("aws-cn"), Just("aws-us-gov")],
    ) {
        let policy = build(partition, &scopes, &kms).unwrap();
        let authorised: Vec<_> = scopes.iter().map(authorised).collect();
        let proof = session_policy(&policy, &authorised);
        prop_assert!(proof.is_ok(), "{:?} {}", proof, policy);
    }

    #[test]
    fn the_host_refuses_it_for_less(scope in scope(), kms in kms()) {
        let policy = build("aws", std::slice::from_ref(&scope), &kms).unwrap();
        let mut below = scope.clone();
        below.location.push_str("x/");
        prop_assert!(session_policy(&policy, &[authorised(&below)]).is_err());
        let mut read_only = authorised(&scope);
        read_only.access = host::Access::READ;
        prop_assert_eq!(session_policy(&policy, &[read_only]).is_err(), scope.access != Access::READ);
    }
}
