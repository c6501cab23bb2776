//! What a walk over the chains finds.

use super::SealFault;

/// Why a chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditFault {
    /// A number is not there.
    #[error("the event is missing")]
    Missing,
    /// The text, its link, or its place.
    #[error("the event or its link was changed, or the event does not belong here")]
    Changed,
    /// A column beside the text.
    #[error("column {0} says something else than the event")]
    Column(&'static str),
    /// After the sealed end.
    #[error("the event is not covered by the seal: it was put in, or an older seal was put back")]
    BeyondEnd,
    /// Before the sealed start.
    #[error("the event stands where retention had removed everything")]
    BeforeStart,
    /// No seal of the end.
    #[error("the seal of the chain's end is gone")]
    NoEnd,
    /// The seal of the end.
    #[error("the chain's end: {0}")]
    End(SealFault),
    /// The seal of the start.
    #[error("the point up to which retention removed events: {0}")]
    Start(SealFault),
    /// The whole chain.
    #[error("the whole chain is gone")]
    NoChain,
    /// A chain that no host began.
    #[error("the chain is not on the list of chains: no host began it")]
    Stranger,
    /// No list.
    #[error("the list of chains is gone")]
    NoList,
    /// The seal of the list.
    #[error("the list of chains: {0}")]
    List(SealFault),
}

impl AuditFault {
    /// A word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Changed => "changed",
            Self::Column(_) => "column",
            Self::BeyondEnd => "beyond-end",
            Self::BeforeStart => "before-start",
            Self::NoEnd => "no-end",
            Self::NoChain => "no-chain",
            Self::Stranger => "stranger",
            Self::NoList => "no-list",
            Self::End(SealFault::UnknownKey(_))
            | Self::Start(SealFault::UnknownKey(_))
            | Self::List(SealFault::UnknownKey(_)) => "unknown-key",
            Self::End(SealFault::Forged) => "forged-end",
            Self::Start(SealFault::Forged) => "forged-start",
            Self::List(SealFault::Forged) => "forged-list",
        }
    }
}

/// Where a chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditBreak {
    /// The chain; empty where it is the list of chains.
    pub host: String,
    /// The event, or the place of the seal.
    pub seq: i64,
    /// Why.
    pub fault: AuditFault,
}

/// A chain that holds, or how much of it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditChain {
    /// The host that writes it.
    pub host: String,
    /// Events walked over.
    pub rows: u64,
    /// Events before this and this one were removed by retention; 0: none.
    pub start: i64,
    /// The last event.
    pub end: i64,
    /// Its link. Kept elsewhere, it shows later that the chain was not put back to before it.
    pub link: String,
    /// The name of the key of its seal.
    pub key: String,
}

/// What a walk over every chain found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// Chains that hold.
    pub chains: Vec<AuditChain>,
    /// Of each other chain the first place that does not fit.
    pub breaks: Vec<AuditBreak>,
}

impl AuditReport {
    /// Whether everything is as it was written.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.breaks.is_empty()
    }

    /// Events of the chains that hold.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.chains.iter().map(|chain| chain.rows).sum()
    }
}
