use proptest::prelude::*;

use super::*;

const START: u64 = 1_767_225_600_000;
const END: u64 = START + 30_000;

fn mint(is_shared: bool) -> Mint {
    Mint {
        before: vec!["OLD".to_owned()],
        known: vec!["OURS".to_owned()],
        started_at_ms: START,
        ended_at_ms: END,
        is_shared,
    }
}

fn key(name: &str, made_at_ms: Option<u64>) -> Listed {
    Listed { access_key: name.to_owned(), made_at_ms }
}

fn left(found: &[&str], undecided: &[&str]) -> Left {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    Left { found: owned(found), undecided: owned(undecided) }
}

#[test]
fn what_was_there_before_and_what_is_known_is_left_alone() {
    for is_shared in [false, true] {
        let present = [key("OLD", Some(START + 1)), key("OURS", Some(START + 1))];
        assert_eq!(judge(&mint(is_shared), &present), Left::default());
        assert_eq!(judge(&mint(is_shared), &[]), Left::default());
    }
}

#[test]
fn the_one_key_that_was_made_meanwhile_is_found() {
    for is_shared in [false, true] {
        let present = [key("OLD", Some(START - 9_999_999)), key("NEW", Some(START + 10_000))];
        assert_eq!(judge(&mint(is_shared), &present), left(&["NEW"], &[]));
        let later = [key("NEW", Some(START)), key("LATER", Some(END + 3_600_000))];
        assert_eq!(judge(&mint(is_shared), &later), left(&["NEW"], &[]));
    }
}

#[test]
fn two_that_were_made_meanwhile_are_left_to_people() {
    for is_shared in [false, true] {
        let present = [key("NEW", Some(START + 1_000)), key("TOO", Some(END))];
        assert_eq!(judge(&mint(is_shared), &present), left(&[], &["NEW", "TOO"]));
    }
}

#[test]
fn without_times_only_a_user_of_the_hosts_own_is_certain() {
    assert_eq!(judge(&mint(false), &[key("NEW", None)]), left(&["NEW"], &[]));
    assert_eq!(judge(&mint(true), &[key("NEW", None)]), left(&[], &["NEW"]));
    let two = [key("NEW", None), key("TOO", Some(START))];
    assert_eq!(judge(&mint(false), &two), left(&[], &["NEW", "TOO"]));
    assert_eq!(judge(&mint(true), &two), left(&[], &["NEW", "TOO"]));
}

#[test]
fn clocks_may_differ_and_less_so_where_others_make_keys() {
    for (apart, own, shared) in
        [(4_000, true, true), (60_000, true, false), (299_000, true, false), (301_000, false, false)]
    {
        for at in [START - apart, END + apart] {
            for (is_shared, certain) in [(false, own), (true, shared)] {
                let expected = if certain { left(&["NEW"], &[]) } else { left(&[], &["NEW"]) };
                assert_eq!(judge(&mint(is_shared), &[key("NEW", Some(at))]), expected, "{apart} {is_shared}");
            }
        }
    }
}

fn keys() -> impl Strategy<Value = Vec<Listed>> {
    let one = ("[A-F]|OLD|OURS", proptest::option::of(START - 400_000..END + 400_000));
    proptest::collection::btree_map(one.0, one.1, 0..5)
        .prop_map(|keys| keys.into_iter().map(|(name, at)| key(&name, at)).collect())
}

proptest! {
    #[test]
    fn one_key_at_most_is_found_and_never_one_that_is_not_new(present in keys(), is_shared: bool) {
        let Left { found, undecided } = judge(&mint(is_shared), &present);
        prop_assert!(found.len() <= 1);
        prop_assert!(found.is_empty() || undecided.is_empty());
        for name in found.iter().chain(&undecided) {
            prop_assert!(name != "OLD" && name != "OURS");
            prop_assert!(present.iter().any(|key| key.access_key == *name));
        }
        // Nothing new is lost from sight, unless another is certain or it is of another time.
        let new = present.iter().filter(|key| !["OLD", "OURS"].contains(&key.access_key.as_str())).count();
        prop_assert_eq!(new == 0, found.is_empty() && undecided.is_empty());
    }
}
