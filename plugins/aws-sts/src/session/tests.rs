use super::*;
use pangolin_plugin_sdk::{Access, Config, testing};
use proptest::prelude::*;

fn is_session_name(name: &str) -> bool {
    (2..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'=' | b',' | b'.' | b'@' | b'-'))
}

#[test]
fn a_principal_that_fits_is_the_name() {
    for principal in ["alice", "alice@example.com", "svc-etl_1", "a=b", &"x".repeat(64)] {
        assert_eq!(name(principal), principal);
    }
}

#[test]
fn what_does_not_fit_keeps_its_start_and_gets_a_digest() {
    assert_eq!(name("jörg müller"), "j-rg-m-ller=b1df97b5c514aaf5");
    assert_eq!(name("a").len(), 18);
    assert!(name("a").starts_with("a="));
    let long = "x".repeat(65);
    assert_eq!(name(&long).len(), 64);
    assert!(name(&long).starts_with(&"x".repeat(47)));
}

#[test]
fn nobody_can_take_the_stand_in_of_another() {
    let stand_in = name("jörg müller");
    assert_ne!(name(&stand_in), stand_in);
    assert_ne!(name("a b"), name("a-b"));
    assert_ne!(name("a b"), name("a/b"));
    assert_ne!(name(&"x".repeat(65)), name(&"x".repeat(66)));
}

#[test]
fn life_is_the_least_within_what_sts_can_do() {
    for (requested, configured, expected) in [
        (3600, None, 3600),
        (7200, None, 3600),
        (1800, None, 1800),
        (60, None, 900),
        (0, Some(900), 900),
        (50_000, Some(43_200), 43_200),
        (7200, Some(7200), 7200),
        (7200, Some(1800), 1800),
    ] {
        assert_eq!(duration(requested, configured), expected, "{requested} {configured:?}");
    }
}

#[test]
fn tags_say_who_whose_and_what() {
    let mut request = testing::request(Config::default(), "s3://b/t/", Access::READ);
    request.table = "lake.sales.a<b".to_owned();
    let tags = tags(&request);
    assert_eq!(tags[0], ("pangolin:principal".to_owned(), "alice".to_owned()));
    assert_eq!(tags[1], ("pangolin:tenant".to_owned(), "t1".to_owned()));
    assert!(tags[2].1.starts_with("lake.sales.a-b="), "{tags:?}");
}

proptest! {
    #[test]
    fn every_principal_has_a_name_that_sts_takes(principal in any::<String>()) {
        prop_assert!(is_session_name(&name(&principal)), "{}", name(&principal));
        prop_assert_eq!(name(&principal), name(&principal));
    }

    #[test]
    fn two_principals_never_share_a_name(one in "[a -]{0,3}=?[0-9a-f]{0,16}", two in "[a -]{0,3}=?[0-9a-f]{0,16}") {
        prop_assert_eq!(name(&one) == name(&two), one == two);
    }

    #[test]
    fn tag_values_fit(text in any::<String>()) {
        let mut request = testing::request(Config::default(), "s3://b/t/", Access::READ);
        request.principal = text;
        let tags = tags(&request);
        prop_assert!(tags.iter().all(|(_, value)| value.chars().count() <= 256));
    }
}
