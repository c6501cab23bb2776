//! Until when what was minted for something is served no more.

use crate::clock::UnixMillis;
use crate::id::{TableId, UserId, WarehouseId};

/// What a credential depends on, and what can be cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Targets {
    /// Whose credential.
    pub user: UserId,
    /// Of which warehouse.
    pub warehouse: WarehouseId,
    /// Of which table.
    pub table: TableId,
}

/// How it stands with one target. The instant is a mark that only grows: it is compared with other
/// marks of the same target and never with a clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cut {
    /// The last time that it was cut off, if ever.
    pub at: Option<UnixMillis>,
    /// Whether a revocation stands.
    pub standing: bool,
}

/// How it stands with all that a credential depends on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cuts {
    /// The principal.
    pub principal: Cut,
    /// The warehouse.
    pub warehouse: Cut,
    /// The table.
    pub table: Cut,
}

impl Cuts {
    /// Whether a revocation stands.
    #[must_use]
    pub fn is_standing(&self) -> bool {
        self.principal.standing || self.warehouse.standing || self.table.standing
    }

    /// Whether something was cut off after `earlier` was read.
    #[must_use]
    pub fn is_newer_than(&self, earlier: &Self) -> bool {
        self.principal.at > earlier.principal.at
            || self.warehouse.at > earlier.warehouse.at
            || self.table.at > earlier.table.at
    }

    /// Whether what was begun, or minted, under `earlier` is not to be handed out.
    #[must_use]
    pub fn refuse(&self, earlier: &Self) -> bool {
        self.is_standing() || self.is_newer_than(earlier)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut() -> impl Strategy<Value = Cut> {
        (proptest::option::of(0_i64..4), any::<bool>())
            .prop_map(|(at, standing)| Cut { at: at.map(UnixMillis), standing })
    }

    prop_compose! {
        fn cuts()(principal in cut(), warehouse in cut(), table in cut()) -> Cuts {
            Cuts { principal, warehouse, table }
        }
    }

    fn lifted(cuts: Cuts) -> Cuts {
        let lift = |cut: Cut| Cut { standing: false, ..cut };
        Cuts { principal: lift(cuts.principal), warehouse: lift(cuts.warehouse), table: lift(cuts.table) }
    }

    proptest! {
        #[test]
        fn what_stands_refuses_everything(now in cuts(), earlier in cuts()) {
            prop_assert!(!now.is_standing() || now.refuse(&earlier));
        }

        #[test]
        fn a_cut_is_not_forgotten_when_it_is_lifted(now in cuts(), earlier in cuts()) {
            prop_assert_eq!(now.is_newer_than(&earlier), lifted(now).refuse(&earlier));
        }

        #[test]
        fn what_is_minted_after_a_lift_is_served(now in cuts()) {
            prop_assert!(!lifted(now).refuse(&lifted(now)));
            prop_assert!(!Cuts::default().refuse(&now), "a host that is behind takes nothing for older than it is");
        }

        #[test]
        fn one_newer_part_is_enough(now in cuts(), at in 0_i64..4) {
            let later = Some(UnixMillis(at + 5));
            for changed in [
                Cuts { principal: Cut { at: later, ..now.principal }, ..now },
                Cuts { warehouse: Cut { at: later, ..now.warehouse }, ..now },
                Cuts { table: Cut { at: later, ..now.table }, ..now },
            ] {
                prop_assert!(changed.refuse(&now) && !now.is_newer_than(&changed));
            }
        }
    }
}
