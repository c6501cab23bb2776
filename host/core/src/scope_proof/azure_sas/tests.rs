use proptest::prelude::*;

use super::*;

const LAKE: &str = "abfss://lake@acme.dfs.core.windows.net";

fn at(path: &str) -> Location {
    Location::parse(&format!("{LAKE}/{path}")).unwrap()
}

fn scope(path: &str, access: Access) -> Scope {
    Scope { location: at(path).as_directory(), access }
}

fn judge(path: &str, resource: SasResource, letters: &str, access: Access) -> Result<AzureSasProof, SasTooWide> {
    azure_sas(&at(path), resource, letters, &[scope("sales/orders", access)])
}

#[test]
fn the_table_and_what_is_below_it() {
    for (path, resource, letters) in [
        ("sales/orders", SasResource::Directory, "racwdl"),
        ("sales/orders/", SasResource::Directory, "rl"),
        ("sales/orders/data/2026", SasResource::Directory, "ldr"),
        ("sales/orders/a b%é.parquet", SasResource::Blob, "r"),
    ] {
        let proof = judge(path, resource, letters, Access::FULL).unwrap();
        assert!(proof.is_within_scopes(), "{path}");
        assert_eq!(proof.path(), path.trim_end_matches('/'));
        assert_eq!((proof.account(), proof.container()), ("acme", "lake"));
        assert_eq!((proof.host(), proof.resource()), ("acme.dfs.core.windows.net", resource));
    }
    assert_eq!(judge("sales/orders", SasResource::Directory, "ldwr", Access::FULL).unwrap().permissions(), "rwdl");
}

#[test]
fn neighbours_parents_and_other_containers_are_outside() {
    for path in
        ["sales/orders2", "sales/order", "sales", "", "Sales/orders", "orders", "sales/orders%2", "sales/orders "]
    {
        let judged = judge(path, SasResource::Directory, "r", Access::FULL);
        assert!(matches!(judged, Err(SasTooWide::Outside(_))), "{path}: {judged:?}");
        let judged = judge(path, SasResource::Container, "r", Access::FULL);
        assert!(matches!(judged, Err(SasTooWide::Outside(_))), "{path}: {judged:?}");
    }
    for text in [
        "abfss://lake2@acme.dfs.core.windows.net/sales/orders",
        "abfss://lake@acme2.dfs.core.windows.net/sales/orders",
        "abfss://lake@acme.dfs.core.windows.net.evil.io/sales/orders",
        "abfss://lake@acme.blob.core.windows.net/sales/orders",
    ] {
        let judged = azure_sas(
            &Location::parse(text).unwrap(),
            SasResource::Directory,
            "r",
            &[scope("sales/orders", Access::FULL)],
        );
        assert!(matches!(judged, Err(SasTooWide::Outside(_))), "{text}");
    }
    assert!(matches!(azure_sas(&at("a"), SasResource::Directory, "r", &[]), Err(SasTooWide::Outside(_))));
}

#[test]
fn what_is_no_container_of_an_account() {
    for text in [
        "s3://lake/a",
        "gs://lake/a",
        "abfss://acme.dfs.core.windows.net/a",
        "abfss://@acme.dfs.core.windows.net/a",
        "abfss://lake@acme/a",
        "abfss://lake@.dfs.core.windows.net/a",
        "abfss://Lake@acme.dfs.core.windows.net/a",
        "abfss://lake@ACME.dfs.core.windows.net/a",
        "abfss://lake--x@acme.dfs.core.windows.net/a",
        "abfss://lake@acme.x@evil.io/a",
        "abfss://lake@acme-secondary.dfs.core.windows.net/a",
    ] {
        let location = Location::parse(text).unwrap();
        let scopes = [Scope { location: location.as_directory(), access: Access::FULL }];
        let judged = azure_sas(&location, SasResource::Directory, "r", &scopes);
        assert!(matches!(judged, Err(SasTooWide::NotAzure(_))), "{text}: {judged:?}");
    }
}

#[test]
fn letters_are_within_the_access() {
    let fine = |letters: &str, access| judge("sales/orders", SasResource::Directory, letters, access).is_ok();
    assert!(fine("rl", Access::READ) && fine("racwl", Access::READ_WRITE) && fine("racwdl", Access::FULL));
    for letter in ["a", "c", "w", "d"] {
        assert!(!fine(letter, Access::READ), "{letter}");
    }
    assert!(!fine("d", Access::READ_WRITE));
    let write_only = Access { write: true, ..Access::NONE };
    assert!(fine("acw", write_only) && !fine("r", write_only) && !fine("l", write_only));
    let refused = judge("sales/orders", SasResource::Directory, "rld", Access::READ_WRITE);
    assert_eq!(refused, Err(SasTooWide::Access { letter: 'd', access: "read-write" }));
}

#[test]
fn letters_that_no_access_includes_are_refused() {
    for letters in ["", "rr", "rx", "m", "e", "o", "p", "t", "i", "f", "y", "R", "r l", "ré", "r\n", "rl%26sr%3Dc"] {
        let judged = judge("sales/orders", SasResource::Directory, letters, Access::FULL);
        assert!(matches!(judged, Err(SasTooWide::Letters(..))), "{letters}");
    }
    // A blob is not listed.
    assert!(judge("sales/orders/a", SasResource::Blob, "rl", Access::FULL).is_err());
}

#[test]
fn a_container_is_wider_than_a_directory_in_it() {
    let proof = judge("sales/orders", SasResource::Container, "rl", Access::READ).unwrap();
    assert!(!proof.is_within_scopes() && proof.path().is_empty());
    assert!(judge("sales/orders", SasResource::Container, "rw", Access::READ).is_err());

    let all = |access| vec![scope("sales/orders", Access::FULL), Scope { location: at("").as_directory(), access }];
    let within = |letters, access| azure_sas(&at("sales/orders"), SasResource::Container, letters, &all(access));
    assert!(within("rl", Access::READ).unwrap().is_within_scopes());
    // Held on all of the container is read alone; the rest is the table's.
    assert!(!within("rwl", Access::READ).unwrap().is_within_scopes());
    // A part of the container that is no scope's helps nobody.
    assert!(azure_sas(&at("other"), SasResource::Container, "r", &[scope("sales", Access::FULL)]).is_err());
}

#[test]
fn a_resource_is_what_the_location_names() {
    let whole = [Scope { location: Location::parse(LAKE).unwrap().as_directory(), access: Access::FULL }];
    let root = Location::parse(LAKE).unwrap();
    assert!(matches!(azure_sas(&root, SasResource::Directory, "r", &whole), Err(SasTooWide::Resource(..))));
    assert!(matches!(azure_sas(&root, SasResource::Blob, "r", &whole), Err(SasTooWide::Resource(..))));
    assert!(azure_sas(&root, SasResource::Container, "r", &whole).unwrap().is_within_scopes());
    for path in ["sales/orders", "sales/orders/", "sales/orders/data/"] {
        let judged = judge(path, SasResource::Blob, "r", Access::FULL);
        assert!(matches!(judged, Err(SasTooWide::Resource(..))), "{path}");
    }
}

#[test]
fn scopes_around_one_location_add_up() {
    let scopes = [scope("sales", Access::READ), scope("sales/orders", Access { write: true, ..Access::NONE })];
    let letters = |path: &str, letters: &str| azure_sas(&at(path), SasResource::Directory, letters, &scopes).is_ok();
    assert!(letters("sales/orders", "racwl"));
    assert!(letters("sales/other", "rl") && !letters("sales/other", "w") && !letters("sales/orders", "d"));
}

proptest! {
    /// A directory is signed only if its path begins with the scope's, segment by segment.
    #[test]
    fn nothing_outside_is_ever_proved(
        scope_path in "[a-c]{1,2}(/[a-c]{1,2}){0,2}",
        path in "[a-c]{1,2}(/[a-c]{1,2}){0,3}",
        letters in "[racwdlxm]{1,3}",
        read: bool, write: bool, delete: bool,
        directory: bool,
    ) {
        let resource = if directory { SasResource::Directory } else { SasResource::Blob };
        let access = Access { read, write, delete };
        if let Ok(proof) = azure_sas(&at(&path), resource, &letters, &[scope(&scope_path, access)]) {
            let below = format!("{}/", proof.path()).starts_with(&format!("{scope_path}/"));
            let held = |letter| match letter {
                'r' | 'l' => read,
                'a' | 'c' | 'w' => write,
                'd' => delete,
                _ => false,
            };
            prop_assert!(below, "{} below {}", proof.path(), scope_path);
            prop_assert!(letters.chars().all(held), "{}", letters);
            prop_assert_eq!(proof.permissions().len(), letters.len());
        }
    }
}
