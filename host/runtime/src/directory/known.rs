//! What the bytes of a digest turned out to be, so that nothing is compiled twice: not while it
//! serves, not while policy keeps it out, and not while it is refused for what it is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::load::{Component, LoadError};

/// The first pause before what may pass is tried again, and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// Components and refusals by digest.
#[derive(Debug, Default)]
pub(super) struct Known {
    by_digest: BTreeMap<String, Result<Component, String>>,
    /// Something was refused for a reason that may pass: when to look again, and the pause until then.
    again: Option<(Instant, Duration)>,
    passing: bool,
}

impl Known {
    /// What is known of the bytes: a component, or why they are none.
    pub(super) fn of(&self, digest: &str) -> Option<Result<Component, String>> {
        self.by_digest.get(digest).cloned()
    }

    pub(super) fn keep(&mut self, component: Component) {
        self.by_digest.insert(component.digest.clone(), Ok(component));
    }

    /// The bytes were refused. What may pass is not kept, and looked at again after a while.
    pub(super) fn refuse(&mut self, digest: &str, error: &LoadError) {
        if error.may_pass() {
            self.passing = true;
        } else {
            self.by_digest.insert(digest.to_owned(), Err(error.to_string()));
        }
    }

    /// A file could not be read.
    pub(super) fn unread(&mut self, error: &LoadError) {
        self.passing |= error.may_pass();
    }

    /// Everything was looked at: forgets what is not there any more.
    pub(super) fn settle(&mut self, there: &BTreeSet<String>, now: Instant) {
        self.by_digest.retain(|digest, _| there.contains(digest));
        let pause = match self.again {
            Some((_, pause)) => (pause * 2).min(LONGEST_PAUSE),
            None => FIRST_PAUSE,
        };
        self.again = std::mem::take(&mut self.passing).then(|| (now + pause, pause));
    }

    /// The directory changed, or somebody asks: pauses begin anew.
    pub(super) fn changed(&mut self) {
        self.again = None;
    }

    /// Whether it is time to look at what may have passed.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.again.is_some_and(|(at, _)| at <= now)
    }
}

#[cfg(test)]
mod tests {
    use pangolin_core::strategy::{StrategyError, StrategyErrorKind};

    use super::*;

    fn busy() -> LoadError {
        LoadError::DescribeFailed(StrategyError::new(StrategyErrorKind::NotReady, "plugin-busy", "busy"))
    }

    #[test]
    fn what_may_pass_is_tried_again_after_pauses_that_grow() {
        let mut known = Known::default();
        let mut now = Instant::now();
        let mut waited = Vec::new();
        for _ in 0..9 {
            known.refuse("d1", &busy());
            known.settle(&BTreeSet::from(["d1".to_owned()]), now);
            assert!(known.of("d1").is_none());
            let began = now;
            while !known.is_due(now) {
                now += Duration::from_secs(5);
            }
            waited.push((now - began).as_secs());
        }
        assert_eq!(waited, [5, 10, 20, 40, 80, 160, 320, 600, 600]);
        known.settle(&BTreeSet::new(), now);
        assert!(!known.is_due(now + LONGEST_PAUSE));
    }

    #[test]
    fn what_stays_is_remembered_while_the_file_is_there() {
        let mut known = Known::default();
        let now = Instant::now();
        known.refuse("d1", &LoadError::NotAComponent);
        known.settle(&BTreeSet::from(["d1".to_owned()]), now);
        assert_eq!(known.of("d1").map(Result::err), Some(Some("this is not a Wasm component".to_owned())));
        assert!(!known.is_due(now + LONGEST_PAUSE));
        known.settle(&BTreeSet::new(), now);
        assert!(known.of("d1").is_none());
    }
}
