//! Google's predefined roles for objects, and the access that each amounts to.

use crate::access::Access;

/// The least access that includes everything the role does to objects. None: a role that no table
/// access includes.
///
/// - `objectViewer`: get and list. `legacyObjectReader`: get. `legacyBucketReader`: list, and the
///   bucket's own metadata.
/// - `objectCreator`: create, and parts of an upload. It has no `storage.objects.delete`, so it
///   replaces nothing that is there.
/// - `objectUser` and `legacyBucketWriter` hold `storage.objects.delete` and `list`: they need
///   everything.
/// - `objectAdmin`, `legacyObjectOwner` and wider ones set access control lists, by which a holder
///   gives access to others: never.
pub(super) fn access(role: &str) -> Option<Access> {
    Some(match role {
        "roles/storage.objectViewer" | "roles/storage.legacyObjectReader" | "roles/storage.legacyBucketReader" => {
            Access::READ
        }
        "roles/storage.objectCreator" => Access { write: true, ..Access::NONE },
        "roles/storage.objectUser" | "roles/storage.legacyBucketWriter" => Access::FULL,
        _ => return None,
    })
}
