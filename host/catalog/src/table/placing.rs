//! Who may choose where a table lies. Whoever has rights on a table has them on every file below
//! its locations, also on files that were there before: those of a table that was dropped, or of
//! something that is no table. So nobody chooses a place where he would come to hold more than he
//! holds there already.

use pangolin_core::access::Access;
use pangolin_core::location::Location;
use pangolin_core::permission::Target;
use pangolin_core::record::{CatalogSnapshot, Table};

use crate::catalogs::Asker;
use crate::error::{CatalogError, Result};
use crate::place;

/// Judges the locations of `table` that are new. `current` is the table as it is, if there is one.
///
/// # Errors
/// `Forbidden`: the place is not the caller's to choose.
pub(super) fn may_place(
    asker: Asker<'_>,
    snapshot: &CatalogSnapshot,
    current: Option<&Table>,
    table: &Table,
) -> Result<()> {
    let known = |location: &Location| match current {
        Some(current) => current.locations().any(|held| held.contains(location)),
        // Nothing can lie where the host itself chooses: the name has the new table's identifier.
        None => place::choose(&snapshot.catalog.base, &table.namespace, &table.name, table.id.0)
            .is_ok_and(|chosen| chosen.contains(location)),
    };
    match table.locations().find(|location| !known(location) && !holds_place(asker, snapshot, table, location)) {
        None => Ok(()),
        Some(location) => Err(CatalogError::Refused {
            code: "location-not-yours",
            message: format!(
                "'{location}' is not yours to choose: it takes rights on the whole catalog, or, for a place in the \
                 namespace's own directory, on the namespace; or leave the location out and let the host choose"
            ),
        }),
    }
}

/// Whether the caller holds, on everything that may lie there, what the table will give.
fn holds_place(asker: Asker<'_>, snapshot: &CatalogSnapshot, table: &Table, location: &Location) -> bool {
    let catalog = snapshot.catalog.id;
    let held = asker.principal.access_on(Target::Table(catalog, &table.namespace, table.id));
    // Others read and write the table too: that is passed on, so it must be held.
    let given = Access { delete: held.delete, ..Access::READ_WRITE };
    let holds = |target| asker.principal.access_on(target).covers(given);
    let in_namespace = || {
        place::directory(&snapshot.catalog.base, &table.namespace)
            .is_some_and(|directory| directory.contains(location) && directory.canonical() != location.canonical())
    };
    holds(Target::Catalog(catalog)) || (holds(Target::Namespace(catalog, &table.namespace)) && in_namespace())
}
