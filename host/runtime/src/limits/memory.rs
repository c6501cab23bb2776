//! Adds up all memories and tables of one store: the engine's own bound is per memory.

use crate::stop::Stop;

/// Bytes that one element of a table takes in the host.
const TABLE_ELEMENT_BYTES: usize = size_of::<usize>();

/// What the memories and tables of one store use together.
#[derive(Debug)]
pub(crate) struct MemoryMeter {
    used: usize,
    limit: usize,
}

impl MemoryMeter {
    pub(crate) fn new(limit: usize) -> Self {
        Self { used: 0, limit }
    }

    /// Bytes that they have together. None is ever given back.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    fn grow(&mut self, current: usize, desired: usize) -> wasmtime::Result<bool> {
        let used = self.used.saturating_add(desired.saturating_sub(current));
        if used > self.limit {
            // A trap, not a failed `memory.grow`: guests abort on the latter without saying why.
            return Err(Stop::Memory(self.limit).into());
        }
        self.used = used;
        Ok(true)
    }
}

impl wasmtime::ResourceLimiter for MemoryMeter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        self.grow(current, desired)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        self.grow(current.saturating_mul(TABLE_ELEMENT_BYTES), desired.saturating_mul(TABLE_ELEMENT_BYTES))
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::ResourceLimiter as _;

    use super::*;

    #[test]
    fn memories_and_tables_add_up() {
        let mut meter = MemoryMeter::new(1000);
        assert!(meter.memory_growing(0, 600, None).unwrap());
        assert!(meter.memory_growing(0, 300, None).unwrap());
        assert!(meter.table_growing(0, 12, None).unwrap());
        let error = meter.table_growing(12, 13, None).unwrap_err();
        assert_eq!(error.downcast_ref::<Stop>(), Some(&Stop::Memory(1000)));
    }
}
