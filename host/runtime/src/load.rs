//! From a file to a plugin that can run: read once, hash, compile, check, ask what it is.
//!
//! Each step works on the bytes that the step before it checked; the file is not opened again.

mod compile;
mod convert;
mod describe;
mod files;
mod native;
mod weight;
mod world;

use std::path::Path;
use std::sync::Arc;

use pangolin_core::clock::{ManualClock, UnixMillis};
use pangolin_core::strategy::{Description, StrategyError};
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;

pub(crate) use self::compile::Compiler;
pub(crate) use self::describe::defaults;
pub(crate) use self::files::{
    FileError, MAX_COMPONENTS, SIGNATURES, all_above, is_component, is_read_only, list, open_at_once, open_directory,
    read, read_signatures, require_private, require_steady,
};
pub use self::files::{MAX_COMPONENT_BYTES, NotPrivate};
pub(crate) use self::native::NativeCache;
use crate::bindings::Exports;
use crate::run::Sandbox;

/// What time it is when a component describes itself, on every host and every day: what a reviewer
/// was told is what each host is told, also by one that waits for a date. 1 January 2026.
const ASKED_AT: UnixMillis = UnixMillis(1_767_225_600_000);

/// How much later the second question is asked, as the component's runtime sees it: another second,
/// minute, hour, day, month and year.
const LATER_SECONDS: i64 = 401 * 86_400 + 3_661;

/// A component that passed every check, before anything is granted to it.
#[derive(Clone)]
pub(crate) struct Component {
    /// SHA-256 of the file, hexadecimal.
    pub(crate) digest: String,
    /// Interfaces that it imports.
    pub(crate) imports: Vec<String>,
    /// Interfaces of the contract that it exports.
    pub(crate) exports: Vec<String>,
    /// What it says of itself.
    pub(crate) description: Description,
    /// Ready to be instantiated.
    pub(crate) linked: Exports,
}

impl std::fmt::Debug for Component {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Component").field("digest", &self.digest).finish_non_exhaustive()
    }
}

/// Why a component is not loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(
        "this is precompiled native code, which is never accepted from the plugin directory: put the .wasm component \
         there, the host compiles it itself"
    )]
    Precompiled,
    #[error("this is a core Wasm module: make a component of it with `pangolin plugin component`")]
    CoreModule,
    #[error("this is not a Wasm component")]
    NotAComponent,
    #[error("the component is not valid: {0}")]
    Invalid(String),
    #[error(
        "the component has asynchronous functions of WASI 0.3, which this host does not run: build it without them \
         (JavaScript: `componentize-qjs --sync`)"
    )]
    Asynchronous,
    #[error(transparent)]
    TooHeavy(#[from] weight::TooHeavy),
    #[error("the compiler failed on this component: {0}")]
    Compiler(String),
    #[error(transparent)]
    World(#[from] world::WrongWorld),
    #[error("`describe` failed: {0}")]
    DescribeFailed(StrategyError),
    #[error(transparent)]
    Description(#[from] describe::BadDescription),
    #[error(transparent)]
    Pin(#[from] crate::grants::PinMismatch),
    #[error(transparent)]
    Unsigned(#[from] crate::grants::Unsigned),
    #[error("'{0}' is already loaded from {1}: two plugins cannot have one name")]
    Duplicate(String, String),
}

impl LoadError {
    /// Whether the same bytes may do better at another time. What the compiler and the checks say
    /// of them stays as it is; a busy machine passes.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::File(FileError::Io { .. }) => true,
            Self::DescribeFailed(error) => {
                ["plugin-busy", "plugin-timeout", "plugin-cpu-exceeded"].contains(&error.code.as_str())
            }
            _ => false,
        }
    }
}

/// SHA-256, hexadecimal.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Checks and compiles the bytes, then runs `describe` without any grant.
pub(crate) async fn component(
    sandbox: &Sandbox,
    compiler: &Arc<Compiler>,
    file: &str,
    bytes: Vec<u8>,
) -> Result<Component, LoadError> {
    require_component(&bytes)?;
    let (digest, compiled) = compile::in_background(compiler, bytes).await?;
    let interfaces = world::check(&sandbox.engine, &compiled)?;
    let linked = sandbox.prepare(&compiled).map_err(|error| world::WrongWorld::Types(format!("{error:#}")))?;
    let description = description(sandbox, file, &linked).await?;
    let world::Interfaces { imports, exports } = interfaces;
    Ok(Component { digest, imports, exports, description, linked })
}

/// What the component says of itself, checked. It is asked twice, the second time as if it were
/// later.
pub(crate) async fn description(sandbox: &Sandbox, file: &str, linked: &Exports) -> Result<Description, LoadError> {
    let ask = async |clock| sandbox.describe(file, linked, clock).await.map(convert::description);
    let later = Arc::new(ManualClock::at(ASKED_AT.plus_seconds(LATER_SECONDS)));
    let first = ask(Arc::new(ManualClock::at(ASKED_AT))).await.map_err(LoadError::DescribeFailed)?;
    let second = ask(later).await.map_err(LoadError::DescribeFailed)?;
    Ok(describe::checked(describe::steady(first, &second)?)?)
}

/// The cheap refusals, before the compiler sees a byte.
fn require_component(bytes: &[u8]) -> Result<(), LoadError> {
    if Engine::detect_precompiled(bytes).is_some() || bytes.starts_with(b"\x7fELF") {
        return Err(LoadError::Precompiled);
    }
    // Magic, then version and layer: layer 1 is a component, 0 a module.
    match (bytes.get(..4), bytes.get(6..8)) {
        (Some(b"\0asm"), Some([1, 0])) => Ok(()),
        (Some(b"\0asm"), Some([0, 0])) => Err(LoadError::CoreModule),
        _ => Err(LoadError::NotAComponent),
    }
}

/// The file's name for messages.
pub(crate) fn file_name(path: &Path) -> String {
    crate::text::printable(&path.file_name().unwrap_or_default().to_string_lossy(), 255)
}
