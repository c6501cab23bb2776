//! The life of a credential (A15): the least of everything that limits it.

use serde::Serialize;

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
    /// What is left of the credential that signs.
    pub(super) credential: Option<u32>,
    /// The longest that stores take a signature of this kind.
    pub(super) signature: Option<u32>,
}

/// A life, and what decided it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) seconds: u32,
    pub(super) limited_by: LimitedBy,
}

/// What decided how long a credential lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitedBy {
    /// What was asked for.
    Requested,
    /// The operator's default: nobody asked for less.
    Default,
    /// The shortest that the strategy can mint; the default is less.
    StrategyMinimum,
    /// The warehouse's maximum.
    Warehouse,
    /// The longest that the strategy can mint.
    Strategy,
    /// The rest of the caller's token.
    Token,
    /// The life of the credential that signs.
    Credential,
    /// The longest that stores take a signature of this kind.
    Signature,
}

impl LimitedBy {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Requested,
        Self::Default,
        Self::StrategyMinimum,
        Self::Warehouse,
        Self::Strategy,
        Self::Token,
        Self::Credential,
        Self::Signature,
    ];
}

impl Limits {
    /// The rest of the caller's token, in whole seconds.
    pub(super) fn token_rest(&self) -> Option<u32> {
        self.token_rest_ms.map(|ms| u32::try_from(ms.max(0) / 1000).unwrap_or(u32::MAX))
    }
}

/// The least of what is asked for and of every maximum. A shorter life than the strategy can
/// mint is refused, never lengthened; the operator's default gives way, for nobody asked for it.
pub(super) fn choose(limits: &Limits) -> Result<Life, VendError> {
    let least = limits.strategy_min.unwrap_or(1).max(1);
    let asked = match limits.requested {
        Some(seconds) => Life { seconds, limited_by: LimitedBy::Requested },
        None if limits.default < least => Life { seconds: least, limited_by: LimitedBy::StrategyMinimum },
        None => Life { seconds: limits.default, limited_by: LimitedBy::Default },
    };
    let chosen = asked.at_most(limits.warehouse, LimitedBy::Warehouse).at_most(limits.strategy, LimitedBy::Strategy);
    if chosen.seconds < least {
        return Err(VendError::TtlTooShort { asked: chosen.seconds, least });
    }
    let rest = limits.token_rest();
    if let Some(rest) = rest.filter(|rest| *rest < least) {
        return Err(VendError::TokenTooOld { rest, least });
    }
    Ok(chosen.at_most(rest, LimitedBy::Token))
}

impl Life {
    pub(super) fn at_most(self, maximum: Option<u32>, limited_by: LimitedBy) -> Self {
        match maximum {
            Some(seconds) if seconds < self.seconds => Self { seconds, limited_by },
            _ => self,
        }
    }
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
        credential: None,
        signature: None,
    };

    fn chosen(limits: Limits) -> (u32, LimitedBy) {
        let life = choose(&limits).unwrap();
        (life.seconds, life.limited_by)
    }

    #[test]
    fn the_least_of_all_maxima_wins_and_is_named() {
        assert_eq!(chosen(BASE), (3600, LimitedBy::Default));
        assert_eq!(chosen(Limits { requested: Some(1000), ..BASE }), (1000, LimitedBy::Requested));
        assert_eq!(chosen(Limits { requested: Some(99_999), ..BASE }), (43200, LimitedBy::Strategy));
        let capped = Limits { requested: Some(99_999), warehouse: Some(1800), ..BASE };
        assert_eq!(chosen(capped), (1800, LimitedBy::Warehouse));
        assert_eq!(chosen(Limits { token_rest_ms: Some(1_000_500), ..BASE }), (1000, LimitedBy::Token));
        assert_eq!(
            chosen(Limits { warehouse: Some(3600), ..BASE }),
            (3600, LimitedBy::Default),
            "it takes nothing away"
        );
    }

    #[test]
    fn a_default_below_the_least_gives_way_and_a_maximum_does_not() {
        assert_eq!(chosen(Limits { default: 60, ..BASE }), (900, LimitedBy::StrategyMinimum));
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
