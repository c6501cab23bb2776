//! Native code of components, kept between starts.
//!
//! Native code is trusted code: the directory is private, each entry carries a MAC under a key
//! beside the directory, over the component's digest, the engine's settings and the code. What
//! does not verify is compiled again; nothing here is ever fatal. What is not loaded goes after a
//! while: see [`NativeCache::prune`].

mod prune;

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use hmac::{Hmac, Mac as _};
use pangolin_core::clock::UnixMillis;
use pangolin_core::secret::Secret;
use sha2::Sha256;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::random;

const MAC_BYTES: usize = 32;
const KEY_BYTES: usize = 32;

/// Why there is no cache.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoCache {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{0} must be readable by its owner only")]
    NotPrivate(PathBuf),
    #[error("{0} does not hold a key of {KEY_BYTES} bytes: remove it, a new one is made")]
    BadKey(PathBuf),
    #[error(transparent)]
    Random(#[from] random::NoRandomness),
}

/// The cache.
#[derive(Debug)]
pub(crate) struct NativeCache {
    directory: PathBuf,
    key: Secret<Vec<u8>>,
    /// Engine version, settings and processor, as one number.
    compatibility: u64,
}

impl NativeCache {
    /// Opens the cache in `directory` with the key in `<directory>.key`, making both where they
    /// are missing.
    pub(crate) fn open(directory: &Path, engine: &Engine) -> Result<Self, NoCache> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| NoCache::Io { path, source }
        };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed(directory))?;
        require_own(directory)?;
        let key_file = directory.with_extension("key");
        let key = match std::fs::read(&key_file) {
            Ok(key) => key,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut key = vec![0; KEY_BYTES];
                random::fill(&mut key)?;
                write_atomically(&key_file, &[&key]).map_err(failed(&key_file))?;
                key
            }
            Err(source) => return Err(failed(&key_file)(source)),
        };
        require_own(&key_file)?;
        if key.len() != KEY_BYTES {
            return Err(NoCache::BadKey(key_file));
        }
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Ok(Self { directory: directory.to_owned(), key: Secret::new(key), compatibility: hasher.finish() })
    }

    /// The native code of a component, if it is there and ours.
    pub(super) fn load(&self, engine: &Engine, digest: &str) -> Option<Component> {
        let path = self.path(digest);
        let bytes = std::fs::read(&path).ok()?;
        let (mac, code) = bytes.split_at_checked(MAC_BYTES)?;
        if self.mac(digest, code)?.verify_slice(mac).is_err() {
            tracing::warn!(path = %path.display(), "native code is not ours or was changed, compiling again");
            return None;
        }
        #[expect(unsafe_code, reason = "the one place that takes native code")]
        // SAFETY: `deserialize` must get what `serialize` of this version made. The MAC says that
        // this host wrote these very bytes, from this component with these settings; they are
        // copied from the buffer that was verified.
        let component = unsafe { Component::deserialize(engine, code) };
        prune::mark_used(&path);
        component.inspect_err(|error| tracing::warn!(path = %path.display(), %error, "compiling again")).ok()
    }

    /// Keeps the native code of a component.
    pub(super) fn store(&self, component: &Component, digest: &str) {
        let path = self.path(digest);
        let Some(code) = component.serialize().ok() else { return };
        let Some(mac) = self.mac(digest, &code) else { return };
        if let Err(error) = write_atomically(&path, &[&mac.finalize().into_bytes(), &code]) {
            tracing::warn!(path = %path.display(), %error, "native code is not kept, the next start compiles again");
        }
    }

    /// Removes what is not loaded and was not used for a while, and of the rest the oldest, until
    /// the directory is within its bounds. Blocking.
    pub(crate) fn prune(&self, loaded: &BTreeSet<String>, now: UnixMillis) {
        let loaded = loaded.iter().map(|digest| self.path(digest)).collect();
        prune::prune(&self.directory, &loaded, now);
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.directory.join(format!("{digest}-{:016x}.{}", self.compatibility, prune::EXTENSION))
    }

    #[expect(clippy::disallowed_methods, reason = "the key of the MAC is used as the key of the MAC")]
    fn mac(&self, digest: &str, code: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.expose()).ok()?;
        mac.update(b"pangolin-native-1");
        mac.update(digest.as_bytes());
        mac.update(&self.compatibility.to_be_bytes());
        mac.update(code);
        Some(mac)
    }
}

/// Refuses what others could read or write, or what another user owns.
fn require_own(path: &Path) -> Result<(), NoCache> {
    let metadata = std::fs::symlink_metadata(path).map_err(|source| NoCache::Io { path: path.to_owned(), source })?;
    let own = metadata.uid() == rustix::process::geteuid().as_raw();
    if own && metadata.mode() & 0o077 == 0 && !metadata.is_symlink() {
        Ok(())
    } else {
        Err(NoCache::NotPrivate(path.to_owned()))
    }
}

/// Writes a file of mode 0600 that is whole or not there.
fn write_atomically(path: &Path, parts: &[&[u8]]) -> std::io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = PathBuf::from(name);
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    for part in parts {
        file.write_all(part)?;
    }
    file.sync_all()?;
    std::fs::rename(&temporary, path)
}

#[cfg(test)]
mod tests;
