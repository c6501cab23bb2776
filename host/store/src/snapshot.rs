//! Bounded memory of what was read, each entry with the generation under which it was read.

use std::hash::Hash;
use std::sync::Arc;

use moka::sync::Cache;

/// Entries by key.
pub(crate) struct Snapshots<K, V: ?Sized>(Cache<K, (i64, Arc<V>)>);

impl<K, V> Snapshots<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// At most `capacity` entries.
    pub(crate) fn bounded(capacity: u64) -> Self {
        Self(Cache::new(capacity))
    }

    /// At most `capacity` bytes by `weight`.
    pub(crate) fn weighed(capacity: u64, weight: fn(&V) -> usize) -> Self {
        let weigher = move |_: &K, (_, value): &(i64, Arc<V>)| u32::try_from(weight(value)).unwrap_or(u32::MAX);
        Self(Cache::builder().weigher(weigher).max_capacity(capacity).build())
    }

    /// The entry, if it was read under `generation`.
    pub(crate) fn get(&self, key: &K, generation: i64) -> Option<Arc<V>> {
        self.0.get(key).filter(|(read_under, _)| *read_under == generation).map(|(_, value)| value)
    }

    /// Keeps what was read. `generation` was noted before the database was asked.
    pub(crate) fn keep(&self, key: K, generation: i64, value: &Arc<V>) {
        self.0.insert(key, (generation, Arc::clone(value)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_of_another_generation_is_a_miss() {
        let snapshots = Snapshots::bounded(8);
        snapshots.keep("a", 1, &Arc::new(10));
        assert_eq!(snapshots.get(&"a", 1).as_deref(), Some(&10));
        assert_eq!(snapshots.get(&"a", 2), None);
        assert_eq!(snapshots.get(&"b", 1), None);
    }
}
