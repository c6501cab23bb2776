//! What one call did.

use std::time::Duration;

use pangolin_core::strategy::{StrategyError, StrategyErrorKind};

use crate::captured::{Line, USAGE};
use crate::upstream::{By, Seen};

/// What one call did, beside what it answered.
#[derive(Debug)]
pub(crate) struct Observed<T> {
    pub(crate) result: Result<T, StrategyError>,
    /// What it sent.
    pub(crate) seen: Vec<Seen>,
    /// What was logged on its behalf.
    pub(crate) lines: Vec<Line>,
    /// What it took of its bounds.
    pub(crate) usage: Option<Usage>,
    pub(crate) elapsed: Duration,
}

/// What a call took of its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) memory_bytes: u64,
    pub(crate) host_calls: u64,
}

impl<T> Observed<T> {
    pub(super) fn new(
        result: Result<T, StrategyError>,
        seen: Vec<Seen>,
        lines: Vec<Line>,
        request_id: &str,
        elapsed: Duration,
    ) -> Self {
        let is_own = |line: &Line| line.request_id.as_deref() == Some(request_id);
        let (usage, lines): (Vec<Line>, Vec<Line>) =
            lines.into_iter().filter(is_own).partition(|line| line.target == USAGE);
        Self { result, seen, lines, usage: usage.last().and_then(Usage::of), elapsed }
    }

    /// The requests for which the scenario has no answer.
    pub(crate) fn unanswered(&self) -> Vec<String> {
        self.seen.iter().filter(|seen| seen.by == By::Nobody).map(Seen::title).collect()
    }
}

impl Usage {
    fn of(line: &Line) -> Option<Self> {
        let number = |name: &str| line.text.split(' ').find_map(|word| word.strip_prefix(name)?.parse().ok());
        Some(Self { memory_bytes: number("memory_bytes=")?, host_calls: number("host_calls=")? })
    }
}

/// Whether the host had to stop the component, or to refuse what it answered.
pub(crate) fn was_stopped(error: &StrategyError) -> bool {
    error.kind == StrategyErrorKind::Plugin
}
