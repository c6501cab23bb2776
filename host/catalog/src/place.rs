//! Where a table lies: the host's choice, and the rules for a location that was given.

use iceberg::spec::TableMetadata;
use pangolin_core::location::{InvalidLocation, Location};
use pangolin_core::namespace::NamespacePath;
use pangolin_core::policy::require_inside;
use pangolin_core::record::CatalogSnapshot;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::error::Result;

/// Properties that send a table's files elsewhere. The last two are older names of the first,
/// which clients still follow.
const PATHS: [&str; 4] = ["write.data.path", METADATA_PATH, "write.object-storage.path", "write.folder-storage.path"];

/// Where metadata files go, if not below the root.
const METADATA_PATH: &str = "write.metadata.path";

/// Longest part of a key that one namespace level or the table's name takes.
const SLUG_LENGTH: usize = 64;

/// Bytes of namespace in a key; deeper levels are left out. Data files need room as well.
const NAMESPACE_LENGTH: usize = 400;

/// `{base}/{namespace}/{slug}-{uuid}`: readable for people, unique by the identifier, and only
/// characters that mean the same to every client and in every policy. Whoever makes a table may
/// choose its identifier, so two namespaces never share a directory: where the name is not said
/// whole its digest follows, after the `.` that no level of a namespace has.
pub(crate) fn choose(
    base: &Location,
    namespace: &NamespacePath,
    name: &str,
    id: Uuid,
) -> std::result::Result<Location, InvalidLocation> {
    let mut key = String::new();
    for level in namespace.levels() {
        if key.len() + SLUG_LENGTH > NAMESPACE_LENGTH {
            break;
        }
        key.push_str(&slug(level));
        key.push('/');
    }
    if !is_whole(namespace) {
        key.pop();
        key.push_str(&format!(".{}/", digest(namespace)));
    }
    base.join(&format!("{key}{}-{id}", slug(name)))
}

/// The directory of a namespace's tables, where the host chooses. None where its name does not
/// say all of the namespace's: another namespace may have the same one.
pub(crate) fn directory(base: &Location, namespace: &NamespacePath) -> Option<Location> {
    is_whole(namespace).then(|| base.join(&namespace.levels().join("/")).ok()).flatten()
}

/// Whether the directory's name says all of the namespace's.
fn is_whole(namespace: &NamespacePath) -> bool {
    let levels = namespace.levels();
    let length: usize = levels.iter().map(|level| level.len() + 1).sum();
    levels.iter().all(|level| slug(level) == *level) && length + SLUG_LENGTH <= NAMESPACE_LENGTH
}

/// 128 bits that tell the namespace from all others.
fn digest(namespace: &NamespacePath) -> String {
    let digest = Sha256::digest(namespace.dotted());
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// A segment in `[A-Za-z0-9._-]`, never `.` or `..`.
fn slug(text: &str) -> String {
    let slug: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '_' })
        .take(SLUG_LENGTH)
        .collect();
    if slug.chars().all(|c| c == '.') { "_".to_owned() } else { slug }
}

/// Root and locations outside the root of a table with this metadata, each judged: parsed
/// strictly, and inside the bases of catalog and warehouse.
pub(crate) fn locations(snapshot: &CatalogSnapshot, metadata: &TableMetadata) -> Result<(Location, Vec<Location>)> {
    let root = judged(snapshot, metadata.location())?;
    let mut extra: Vec<Location> = Vec::new();
    for path in PATHS.iter().filter_map(|name| metadata.properties().get(*name)) {
        let location = judged(snapshot, path)?;
        if !root.contains(&location) && !extra.iter().any(|known| known.contains(&location)) {
            extra.push(location);
        }
    }
    Ok((root, extra))
}

fn judged(snapshot: &CatalogSnapshot, text: &str) -> Result<Location> {
    let location = Location::parse(text)?;
    require_inside(&snapshot.catalog.base, &snapshot.warehouse.base, &location)?;
    Ok(location)
}

/// The next metadata file: `{write.metadata.path, or root/metadata}/{number}-{uuid}.metadata.json`.
/// `previous` is the file that it follows.
pub(crate) fn metadata_file(metadata: &TableMetadata, previous: Option<&str>) -> Result<Location> {
    let number = previous.map_or(0, |file| number(file).map_or(1, |number| number.saturating_add(1)));
    let file = format!("{number:05}-{}.metadata.json", Uuid::new_v4());
    Ok(match metadata.properties().get(METADATA_PATH) {
        Some(path) => Location::parse(path)?.join(&file)?,
        None => Location::parse(metadata.location())?.join(&format!("metadata/{file}"))?,
    })
}

fn number(file: &str) -> Option<u32> {
    file.rsplit('/').next()?.split_once('-')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_chosen_location_is_plain_and_strictly_inside(
            levels in prop::collection::vec("[^./%\\\\\\p{Cc}]{1,80}", 1..32),
            name in "\\PC{1,256}",
        ) {
            let base = Location::parse("s3://bucket/lake").unwrap();
            let namespace = NamespacePath::new(levels).unwrap();
            let id = Uuid::from_u128(7);
            let chosen = choose(&base, &namespace, &name, id).unwrap();
            prop_assert!(base.contains(&chosen) && base.canonical() != chosen.canonical());
            prop_assert!(chosen.key().chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c)), "{chosen}");
            prop_assert!(chosen.key().ends_with(&id.to_string()));
            prop_assert!(chosen.key().len() < 600);
        }

        #[test]
        fn two_tables_of_one_name_never_overlap(name in "\\PC{1,100}", a in any::<u128>(), b in any::<u128>()) {
            prop_assume!(a != b);
            let base = Location::parse("s3://bucket/lake").unwrap();
            let namespace = NamespacePath::parse_dotted("sales").unwrap();
            let one = choose(&base, &namespace, &name, Uuid::from_u128(a)).unwrap();
            let two = choose(&base, &namespace, &name, Uuid::from_u128(b)).unwrap();
            prop_assert!(!one.overlaps(&two));
        }
    }

    #[test]
    fn two_namespaces_never_share_a_directory() {
        let base = Location::parse("s3://bucket/lake").unwrap();
        let long = "a".repeat(65);
        let deep = |last: &'static str| [vec!["aaaaaaaaaaaaaaaa"; 28], vec![last]].concat();
        let namespaces = [
            vec!["a_b"],
            vec!["a b"],
            vec!["a?b"],
            vec!["ab"],
            vec!["a", "b"],
            vec!["ą"],
            vec!["ü"],
            vec!["u\u{308}"],
            vec![long.as_str()],
            vec![&long[..64]],
            deep("a"),
            deep("b"),
        ];
        let places: std::collections::BTreeSet<String> = namespaces
            .iter()
            .map(|levels| NamespacePath::new(levels.iter().map(|level| (*level).to_owned()).collect()).unwrap())
            .map(|namespace| choose(&base, &namespace, "t", Uuid::from_u128(7)).unwrap().as_str().to_owned())
            .collect();
        assert_eq!(places.len(), namespaces.len(), "{places:?}");
    }

    #[test]
    fn a_namespace_has_a_directory_where_its_name_is_whole() {
        let base = Location::parse("s3://bucket/lake/").unwrap();
        let of = |levels: &[&str]| {
            let namespace = NamespacePath::new(levels.iter().map(|level| (*level).to_owned()).collect()).unwrap();
            let chosen = choose(&base, &namespace, "t", Uuid::from_u128(7)).unwrap();
            directory(&base, &namespace).inspect(|directory| assert!(directory.contains(&chosen)))
        };
        assert_eq!(of(&["a", "b-c"]).unwrap().as_str(), "s3://bucket/lake/a/b-c");
        for shared in [vec!["a b"], vec!["a", "ü"], vec!["x"; 0x20].into_iter().map(|_| "aaaaaaaaaaaaaaaa").collect()]
        {
            assert_eq!(of(&shared), None, "{shared:?}");
        }
        let long = "a".repeat(65);
        assert_eq!(of(&[&long]), None);
    }

    #[test]
    fn dots_never_become_a_path() {
        for name in [".", "..", "...."] {
            assert_eq!(slug(name), "_");
        }
        assert_eq!(slug("a b/ü"), "a_b__");
    }

    #[test]
    fn files_are_numbered_on() {
        assert_eq!(number("s3://b/t/metadata/00041-abc.metadata.json"), Some(41));
        assert_eq!(number("s3://b/t/metadata/v3.metadata.json"), None);
    }
}
