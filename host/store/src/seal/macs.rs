//! MACs under keys of the ring: they show that something in the database is the host's own word. A
//! MAC names its key, so that it can be checked after a rotation.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::{KeyRing, is_key_id};

type Keyed = Hmac<Sha256>;

const PRINT: &str = "finger print of the key";

/// Why a seal is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealFault {
    /// It is not there, or not what a key of the ring makes of this claim.
    #[error("the seal is not the host's own")]
    Forged,
    /// Its key is not in the ring.
    #[error("the seal was made with encryption key '{0}', which is not in the key ring: add it back")]
    UnknownKey(String),
}

/// Keys of MACs by name, for one purpose, each derived from an encryption key. The first one makes
/// them; all check.
///
/// A name is that of the key in the ring and a finger print of the key itself, so that another key
/// under the same name, an operator's mistake, is told from a MAC that somebody forged.
#[derive(Clone)]
pub(crate) struct MacKeys(Arc<[(String, Keyed)]>);

/// What a MAC is over: parts with their lengths, so that no two claims have the same bytes.
pub(crate) struct Parts<'k>(&'k mut Keyed);

impl std::fmt::Debug for MacKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(id, _)| id)).finish()
    }
}

impl Parts<'_> {
    /// A part.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.update(bytes);
    }

    /// A number.
    pub(crate) fn int(&mut self, number: i64) {
        self.bytes(&number.to_be_bytes());
    }

    /// A part that may be missing, which is told from an empty one.
    pub(crate) fn opt_bytes(&mut self, bytes: Option<&[u8]>) {
        self.bytes(&[u8::from(bytes.is_some())]);
        if let Some(bytes) = bytes {
            self.bytes(bytes);
        }
    }
}

impl MacKeys {
    /// Derived from the keys of a ring.
    pub(crate) fn of(keys: &KeyRing, purpose: &str) -> Self {
        let keyed = |(id, key): (String, zeroize::Zeroizing<[u8; 32]>)| {
            let keyed = Keyed::new_from_slice(key.as_slice()).ok()?;
            let print = keyed.clone().chain_update(PRINT).finalize().into_bytes();
            let print: String = print.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
            Some((format!("{id}.{print}"), keyed))
        };
        Self(keys.derived(purpose).into_iter().filter_map(keyed).collect())
    }

    /// `v1:<key id>.<finger print of the key>:<base64>`.
    pub(crate) fn mac(&self, feed: impl FnOnce(&mut Parts<'_>)) -> String {
        let Some((id, keyed)) = self.0.first() else { return String::new() };
        let mut keyed = keyed.clone();
        feed(&mut Parts(&mut keyed));
        format!("v1:{id}:{}", BASE64.encode(keyed.finalize().into_bytes()))
    }

    /// Whether a MAC is over this.
    pub(crate) fn check(&self, feed: impl FnOnce(&mut Parts<'_>), mac: Option<&str>) -> Result<(), SealFault> {
        let mac = mac.ok_or(SealFault::Forged)?;
        let (id, encoded) = parts(mac).ok_or(SealFault::Forged)?;
        let found = self.0.iter().find(|(known, _)| known == id);
        let (_, keyed) = found.ok_or_else(|| SealFault::UnknownKey(self.told(id)))?;
        let mut keyed = keyed.clone();
        feed(&mut Parts(&mut keyed));
        let bytes = BASE64.decode(encoded).map_err(|_| SealFault::Forged)?;
        keyed.verify_slice(&bytes).map_err(|_| SealFault::Forged)
    }

    /// Whether the MAC names the key that makes them now.
    pub(crate) fn is_of_first(&self, mac: &str) -> bool {
        parts(mac).zip(self.0.first()).is_some_and(|((id, _), (first, _))| id == first)
    }

    /// The name of a key that is not in the ring, for an operator.
    fn told(&self, name: &str) -> String {
        let id = id_of(name);
        let same = self.0.iter().any(|(known, _)| id_of(known) == id);
        if same { format!("{id} (another key of that name)") } else { id.to_owned() }
    }
}

/// The name of a MAC's key, for those who read a report.
pub(crate) fn mac_key_of(mac: &str) -> Option<&str> {
    parts(mac).map(|(id, _)| id_of(id))
}

fn id_of(name: &str) -> &str {
    name.split_once('.').map_or(name, |(id, _)| id)
}

/// The name of the key and the base64.
fn parts(mac: &str) -> Option<(&str, &str)> {
    let (id, encoded) = mac.strip_prefix("v1:")?.split_once(':')?;
    // A name that no ring can have is nobody's key.
    let (name, print) = id.split_once('.')?;
    let is_print = print.len() == 8 && print.bytes().all(|b| b.is_ascii_hexdigit());
    (is_key_id(name) && is_print).then_some((id, encoded))
}
