//! Parts of a list by offset.

/// The most that one page holds.
const MAX_LIMIT: usize = 1_000;

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffsetPage {
    /// At most so many; the store never returns more than 1,000.
    pub limit: usize,
    /// So many are left out at the start.
    pub offset: usize,
}

impl Default for OffsetPage {
    fn default() -> Self {
        Self { limit: MAX_LIMIT, offset: 0 }
    }
}

impl OffsetPage {
    /// The limit as a statement takes it.
    pub(crate) fn sql_limit(&self) -> i64 {
        i64::try_from(self.limit.min(MAX_LIMIT)).unwrap_or(0)
    }

    /// The offset as a statement takes it.
    pub(crate) fn sql_offset(&self) -> i64 {
        i64::try_from(self.offset).unwrap_or(i64::MAX)
    }
}

/// The limit of a page by name; none given is the most there is.
pub(crate) fn name_limit(limit: usize) -> usize {
    if limit == 0 { MAX_LIMIT } else { limit.min(MAX_LIMIT) }
}
