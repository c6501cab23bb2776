//! Generations: what tells a snapshot in memory from a stale one.
//!
//! A change raises a row of `revisions` in its own transaction and, once that is committed, the
//! same number in memory. A reader notes the generation before it asks the database; what it
//! then keeps counts only as long as that generation stands. Because the number in memory moves
//! only after the commit is visible, nothing older than the change can be kept under it.

use std::sync::atomic::{AtomicI64, Ordering};

use pangolin_core::id::CatalogId;

/// Stripes for tables: a commit makes only the snapshots of its own stripe stale.
const STRIPES: usize = 1_024;
const FIRST_STRIPE: usize = 2;

/// One generation. The order is the order in which a transaction raises them, which keeps two
/// transactions from waiting for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Slot {
    /// Tenants, users, roles, grants, warehouses, catalogs.
    Management,
    /// Revocations of tokens.
    Tokens,
    /// One stripe of tables, of catalogs' locations, of leases and of what is cut off.
    Stripe(u16),
}

impl Slot {
    /// The stripe of a table, by its name.
    pub(crate) fn of_table(catalog: CatalogId, namespace: &str, name: &str) -> Self {
        Self::striped(&[b"table", catalog.0.as_bytes(), namespace.as_bytes(), name.as_bytes()])
    }

    /// The stripe of a catalog's set of locations.
    pub(crate) fn of_locations(catalog: CatalogId) -> Self {
        Self::striped(&[b"locations", catalog.0.as_bytes()])
    }

    /// The stripe of a resource's leases.
    pub(crate) fn of_leases(resource: &str) -> Self {
        Self::striped(&[b"leases", resource.as_bytes()])
    }

    /// The stripe of what can be cut off: a user, a warehouse, a table.
    pub(crate) fn of_cut(target: uuid::Uuid) -> Self {
        Self::striped(&[b"cut", target.as_bytes()])
    }

    /// FNV-1a: every host on the same database must come to the same stripe.
    fn striped(parts: &[&[u8]]) -> Self {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        for part in parts {
            for byte in part.iter().chain(&[0u8]) {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        Self::Stripe(u16::try_from(hash % STRIPES as u64).unwrap_or_default())
    }

    /// The name of its row in `revisions`.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Management => "management".to_owned(),
            Self::Tokens => "tokens".to_owned(),
            Self::Stripe(stripe) => format!("stripe/{stripe}"),
        }
    }

    /// The slot of a row in `revisions`.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "management" => Some(Self::Management),
            "tokens" => Some(Self::Tokens),
            _ => {
                let stripe: u16 = name.strip_prefix("stripe/")?.parse().ok()?;
                (usize::from(stripe) < STRIPES).then_some(Self::Stripe(stripe))
            }
        }
    }

    fn index(self) -> usize {
        match self {
            Self::Management => 0,
            Self::Tokens => 1,
            Self::Stripe(stripe) => FIRST_STRIPE + usize::from(stripe),
        }
    }
}

/// The generations as this host knows them.
#[derive(Debug)]
pub(crate) struct Generations(Box<[AtomicI64]>);

impl Generations {
    pub(crate) fn new() -> Self {
        Self((0..FIRST_STRIPE + STRIPES).map(|_| AtomicI64::new(0)).collect())
    }

    /// The generation of a slot now.
    pub(crate) fn get(&self, slot: Slot) -> i64 {
        self.0.get(slot.index()).map_or(0, |value| value.load(Ordering::SeqCst))
    }

    /// Takes note of a committed revision. An older one changes nothing, so a host that reads
    /// back its own change does not drop its snapshots a second time.
    pub(crate) fn raise(&self, slot: Slot, revision: i64) {
        if let Some(value) = self.0.get(slot.index()) {
            value.fetch_max(revision, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for slot in [Slot::Management, Slot::Tokens, Slot::Stripe(0), Slot::Stripe(1_023)] {
            assert_eq!(Slot::parse(&slot.name()), Some(slot));
        }
        for name in ["", "stripe/1024", "stripe/", "stripe/x", "other"] {
            assert_eq!(Slot::parse(name), None, "{name}");
        }
    }

    #[test]
    fn the_stripe_of_a_table_never_moves() {
        let catalog = CatalogId(uuid::Uuid::nil());
        assert_eq!(Slot::of_table(catalog, "sales", "orders"), Slot::of_table(catalog, "sales", "orders"));
        assert_ne!(Slot::of_table(catalog, "sales", "orders"), Slot::of_table(catalog, "sales", "orders2"));
        assert_ne!(Slot::of_table(catalog, "a.b", "c"), Slot::of_table(catalog, "a", "b.c"));
    }

    #[test]
    fn generations_never_go_back() {
        let generations = Generations::new();
        generations.raise(Slot::Tokens, 7);
        generations.raise(Slot::Tokens, 3);
        assert_eq!((generations.get(Slot::Tokens), generations.get(Slot::Management)), (7, 0));
    }
}
