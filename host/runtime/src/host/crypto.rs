//! `crypto`: primitives over bytes that the guest holds.

use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::bindings::crypto;
use crate::guest::Guest;
use crate::random;
use crate::stop::Stop;

/// Random bytes of one call.
const RANDOM_LIMIT: u32 = 1_024;

impl crypto::Host for Guest {
    fn sha256(&mut self, data: Vec<u8>) -> wasmtime::Result<Vec<u8>> {
        self.enter()?;
        self.not_in_describe("crypto.sha256")?;
        self.charge_hash(data.len())?;
        Ok(Sha256::digest(&data).to_vec())
    }

    fn hmac_sha256(&mut self, key: Vec<u8>, data: Vec<u8>) -> wasmtime::Result<Vec<u8>> {
        self.enter()?;
        self.not_in_describe("crypto.hmac-sha256")?;
        self.charge_hash(key.len().saturating_add(data.len()))?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key)?;
        mac.update(&data);
        Ok(mac.finalize().into_bytes().to_vec())
    }

    fn random_bytes(&mut self, length: u32) -> wasmtime::Result<Vec<u8>> {
        self.enter()?;
        self.not_in_describe("crypto.random-bytes")?;
        if length > RANDOM_LIMIT {
            return Err(Stop::RandomBytes(RANDOM_LIMIT).into());
        }
        let mut bytes = vec![0; usize::try_from(length)?];
        random::fill(&mut bytes)?;
        Ok(bytes)
    }
}
