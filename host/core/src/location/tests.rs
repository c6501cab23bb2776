use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Location {
    Location::parse(text).unwrap()
}

#[test]
fn a_neighbour_with_the_same_prefix_is_not_inside() {
    assert!(at("s3://b/orders").contains(&at("s3://b/orders/data/f.parquet")));
    assert!(at("s3://b/orders").contains(&at("s3a://b/orders/")));
    assert!(!at("s3://b/orders").contains(&at("s3://b/orders2/f")));
    assert!(!at("s3://b/orders/").contains(&at("s3://b/orders2/f")));
    assert!(!at("s3://b/orders").contains(&at("s3://b2/orders/f")));
    assert!(at("s3://b").contains(&at("s3://b/x")));
    assert!(!at("s3://b/Orders").contains(&at("s3://b/orders/x")));
}

#[test]
fn ambiguous_locations_are_refused() {
    for text in [
        "s3://b/a/../c",
        "s3://b/./a",
        "s3://b//a",
        "s3://b/a//",
        "s3://b/a?x",
        "s3://b/a#x",
        "s3://b/a\\b",
        "s3://b/a\n",
        "s3://b/%2e%2e/a",
        "s3://b/a%2Fb",
        "s3://b/.%2E/x",
        "s3:///a",
        "s3://b c/a",
        "/a/b",
        "s3:b",
        "http://b/a",
        "s3://user:pw@b/a",
        "file://host/a",
        "s3://b/a%5cb",
        "s3://b//",
    ] {
        assert!(Location::parse(text).is_err(), "{text}");
    }
}

#[test]
fn odd_names_are_kept_as_they_are() {
    for text in
        ["s3://b/a*b?".trim_end_matches('?'), "s3://b/a b", "s3://b/ä", "s3://b/${x}", "s3://b/50%/x", "s3://b/'\""]
    {
        assert_eq!(at(text).as_str(), text);
    }
}

#[test]
fn ancestors_run_from_the_bucket_to_itself() {
    assert_eq!(at("s3a://B/a/b").canonical_ancestors(), ["s3://b/", "s3://b/a/", "s3://b/a/b/"]);
    assert_eq!(at("s3://b").without_slash(), "s3://b");
    assert_eq!(at("s3://b/").without_slash(), "s3://b");
    assert_eq!(at("s3://b/x/").without_slash(), "s3://b/x");
    assert_eq!(at("file:///data/x").key(), "data/x");
}

proptest! {
    #[test]
    fn a_child_is_inside_and_a_sibling_is_not(base in "[a-z]{1,8}(/[a-z]{1,8}){0,3}", name in "[a-zA-Z0-9 *$']{1,12}") {
        let parent = at(&format!("s3://bucket/{base}"));
        let child = parent.join(&name).unwrap();
        prop_assert!(parent.contains(&child));
        prop_assert!(!child.contains(&parent));
        let sibling = at(&format!("s3://bucket/{base}{name}"));
        prop_assert!(!parent.contains(&sibling));
    }

    #[test]
    fn parsing_never_panics(text in "\\PC{0,64}") {
        let _ = Location::parse(&text);
    }
}
