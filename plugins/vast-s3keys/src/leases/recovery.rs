//! Which keys an interrupted mint left. Pure: it decides what is deleted.

use crate::keys::Listed;

/// How far the clocks of VMS and of the host may be apart: a directory lets nobody in beyond it.
const SKEW_MS: u64 = 300_000;
/// For a user who has keys of their own: NTP's measure, and a second that VMS does not split.
const TIGHT_SKEW_MS: u64 = 5_000;

/// What is known of the mint.
#[derive(Debug, Clone)]
pub(super) struct Mint {
    /// Keys that were there before it.
    pub(super) before: Vec<String>,
    /// Keys of the host's leases.
    pub(super) known: Vec<String>,
    pub(super) started_at_ms: u64,
    pub(super) ended_at_ms: u64,
    /// Whether others make keys of this user as well.
    pub(super) is_shared: bool,
}

/// Access keys.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Left {
    /// Certainly of the mint.
    pub(super) found: Vec<String>,
    /// Perhaps.
    pub(super) undecided: Vec<String>,
}

impl Mint {
    fn is_within(&self, at_ms: u64) -> bool {
        let skew = if self.is_shared { TIGHT_SKEW_MS } else { SKEW_MS };
        (self.started_at_ms.saturating_sub(skew)..=self.ended_at_ms.saturating_add(skew)).contains(&at_ms)
    }
}

/// One mint made one key at most. That it is this one is certain if it was made while the mint ran
/// and no other was; where VMS says no times, if it is the only new one of a user who is the
/// host's alone. Everything else is left to people.
pub(super) fn judge(mint: &Mint, present: &[Listed]) -> Left {
    let is_new = |key: &&Listed| !mint.before.contains(&key.access_key) && !mint.known.contains(&key.access_key);
    let new: Vec<&Listed> = present.iter().filter(is_new).collect();
    let names = |keys: &[&Listed]| keys.iter().map(|key| key.access_key.clone()).collect();
    let timed = new.iter().all(|key| key.made_at_ms.is_some());
    let inside: Vec<&Listed> =
        new.iter().copied().filter(|key| key.made_at_ms.is_some_and(|at| mint.is_within(at))).collect();
    match (timed, inside.as_slice(), new.as_slice()) {
        (true, [one], _) => Left { found: names(&[*one]), undecided: Vec::new() },
        (false, _, [one]) if !mint.is_shared => Left { found: names(&[*one]), undecided: Vec::new() },
        // Several while it ran, or times that fit nothing: the clocks may be wrong.
        (true, [_, ..], _) => Left { found: Vec::new(), undecided: names(&inside) },
        _ => Left { found: Vec::new(), undecided: names(&new) },
    }
}

#[cfg(test)]
mod tests;
