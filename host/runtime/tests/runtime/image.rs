//! Values of the contract as they lie in a guest's memory, by the canonical ABI.

/// First address of the image; below it guests have scratch space.
pub(crate) const BASE: u32 = 4096;

/// A part of linear memory, built from the bottom.
pub(crate) struct Image {
    base: u32,
    pub(crate) bytes: Vec<u8>,
}

impl Default for Image {
    fn default() -> Self {
        Self::at(BASE)
    }
}

/// Address and length.
pub(crate) type Slice = (u32, u32);

/// One record under construction.
pub(crate) struct Record(Vec<u8>);

impl Record {
    pub(crate) fn new(size: usize) -> Self {
        Self(vec![0; size])
    }
    pub(crate) fn u8(mut self, at: usize, value: u8) -> Self {
        self.0[at] = value;
        self
    }
    pub(crate) fn u32(mut self, at: usize, value: u32) -> Self {
        self.0[at..at + 4].copy_from_slice(&value.to_le_bytes());
        self
    }
    pub(crate) fn u64(mut self, at: usize, value: u64) -> Self {
        self.0[at..at + 8].copy_from_slice(&value.to_le_bytes());
        self
    }
    pub(crate) fn slice(self, at: usize, (address, length): Slice) -> Self {
        self.u32(at, address).u32(at + 4, length)
    }
}

impl Image {
    /// A part that begins at this address.
    pub(crate) fn at(base: u32) -> Self {
        Self { base, bytes: Vec::new() }
    }

    fn align(&mut self) -> u32 {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        self.base + u32::try_from(self.bytes.len()).unwrap()
    }

    pub(crate) fn record(&mut self, record: Record) -> u32 {
        let at = self.align();
        self.bytes.extend(record.0);
        at
    }

    pub(crate) fn text(&mut self, text: &[u8]) -> Slice {
        let at = self.align();
        self.bytes.extend(text);
        (at, u32::try_from(text.len()).unwrap())
    }

    pub(crate) fn list(&mut self, records: Vec<Record>) -> Slice {
        let length = u32::try_from(records.len()).unwrap();
        let at = self.align();
        for record in records {
            self.bytes.extend(record.0);
        }
        (at, length)
    }

    /// As the text of a WAT data segment.
    pub(crate) fn wat(&self) -> String {
        self.bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
    }
}
