//! `wasi:random`: the system's generator, bounded.

use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};

use crate::guest::Guest;
use crate::random::fill;
use crate::stop::Stop;

/// Bytes of one call of a guest. A runtime seeds its hashes and generators with a few thousand.
const MAX_BYTES: u32 = 64 << 10;

impl random::Host for Guest {
    fn get_random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        self.enter()?;
        self.random_bytes(len)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.enter()?;
        self.random_u64()
    }
}

impl insecure::Host for Guest {
    fn get_insecure_random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        self.enter()?;
        self.random_bytes(len)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.enter()?;
        self.random_u64()
    }
}

impl insecure_seed::Host for Guest {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        self.enter()?;
        Ok((self.random_u64()?, self.random_u64()?))
    }
}

impl Guest {
    fn random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let used = self.wasi.random_bytes.saturating_add(len);
        if used > usize::try_from(MAX_BYTES).unwrap_or(usize::MAX) {
            return Err(Stop::WasiRandomBytes(MAX_BYTES).into());
        }
        self.wasi.random_bytes = used;
        let mut bytes = vec![0; len];
        fill(&mut bytes).map_err(wasmtime::Error::new)?;
        Ok(bytes)
    }

    fn random_u64(&mut self) -> wasmtime::Result<u64> {
        let mut bytes = [0; 8];
        fill(&mut bytes).map_err(wasmtime::Error::new)?;
        Ok(u64::from_le_bytes(bytes))
    }
}
