//! The life of a credential (A15): the least of everything that limits it.

use super::VendError;

/// What limits a life, in seconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Limits {
    pub(super) requested: Option<u32>,
    pub(super) default: u32,
    pub(super) warehouse: Option<u32>,
    pub(super) strategy: Option<u32>,
    pub(super) strategy_min: Option<u32>,
    pub(super) token_rest_ms: Option<i64>,
}

/// The least of what is asked for and of every maximum. A shorter life than the strategy can
/// mint is refused, never lengthened; the operator's default gives way, for nobody asked for it.
pub(super) fn choose(limits: &Limits) -> Result<u32, VendError> {
    let least = limits.strategy_min.unwrap_or(1).max(1);
    let maximum = limits.warehouse.unwrap_or(u32::MAX).min(limits.strategy.unwrap_or(u32::MAX));
    let chosen = limits.requested.unwrap_or(limits.default.max(least)).min(maximum);
    if chosen < least {
        return Err(VendError::TtlTooShort { asked: chosen, least });
    }
    let rest = limits.token_rest_ms.map_or(u32::MAX, |ms| u32::try_from(ms.max(0) / 1000).unwrap_or(u32::MAX));
    if rest < least {
        return Err(VendError::TokenTooOld { rest, least });
    }
    Ok(chosen.min(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Limits = Limits {
        requested: None,
        default: 3600,
        warehouse: None,
        strategy: Some(43200),
        strategy_min: Some(900),
        token_rest_ms: None,
    };

    #[test]
    fn the_least_of_all_maxima_wins() {
        assert_eq!(choose(&BASE).unwrap(), 3600);
        assert_eq!(choose(&Limits { requested: Some(1000), ..BASE }).unwrap(), 1000);
        assert_eq!(choose(&Limits { requested: Some(99_999), ..BASE }).unwrap(), 43200);
        assert_eq!(choose(&Limits { requested: Some(99_999), warehouse: Some(1800), ..BASE }).unwrap(), 1800);
        assert_eq!(choose(&Limits { token_rest_ms: Some(1_000_500), ..BASE }).unwrap(), 1000);
    }

    #[test]
    fn a_default_below_the_least_gives_way_and_a_maximum_does_not() {
        assert_eq!(choose(&Limits { default: 60, ..BASE }).unwrap(), 900);
        assert!(choose(&Limits { default: 60, warehouse: Some(60), ..BASE }).is_err());
    }

    #[test]
    fn less_than_possible_is_refused_and_never_lengthened() {
        assert!(matches!(
            choose(&Limits { requested: Some(60), ..BASE }),
            Err(VendError::TtlTooShort { asked: 60, least: 900 })
        ));
        assert!(matches!(
            choose(&Limits { token_rest_ms: Some(5000), ..BASE }),
            Err(VendError::TokenTooOld { rest: 5, least: 900 })
        ));
        assert!(matches!(
            choose(&Limits { token_rest_ms: Some(-1), ..BASE }),
            Err(VendError::TokenTooOld { rest: 0, .. })
        ));
    }
}
