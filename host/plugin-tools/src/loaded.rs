//! Opens one component in the runtime that the host uses: same checks, same bounds, same grants.
//!
//! The component is copied into a plugin directory of its own, so the file may lie anywhere.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use pangolin_core::clock::{Clock, SystemClock};
use pangolin_core::egress::EgressPolicy;
use pangolin_core::ports::Strategies as _;
use pangolin_core::strategy::{RejectedPlugin, StrategyInfo};
use pangolin_egress::{EgressClient, EgressError, Request, Response, Upstream};
use pangolin_runtime::{GrantFile, Runtime, RuntimeConfig, ServiceSettings, Services};
use tempfile::TempDir;

use crate::Context;
use crate::captured::{CapturedLog, Line};
use crate::given;
use crate::shown::printable;

/// Lines of a refused component that are shown, and characters of each.
const MOST_SAID: usize = 20;
const LONGEST_SAID: usize = 600;

/// Calls at a time, where a command does not need more.
pub(crate) const FEW_PLACES: u32 = 8;

/// The line of a grant file that lends a component the identity of the machine.
const HOST_IDENTITY: &str = "host_identity = true";

/// What is granted to the component.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Grants<'a> {
    /// Nothing beyond what a component of the release gets.
    Nothing,
    /// What the operator's file says.
    File(&'a Path),
    /// Everything that it asks for; the identity of this machine only if that is said.
    Everything {
        /// Whether it may use the cloud identity that this machine has.
        identity: bool,
    },
}

/// How a component is opened.
#[derive(Debug)]
pub(crate) struct Opening<'a> {
    /// The component's file.
    pub(crate) component: &'a Path,
    /// What is granted to it.
    pub(crate) grants: Grants<'a>,
    /// What answers its requests.
    pub(crate) egress: EgressClient,
    /// What time it is.
    pub(crate) clock: Arc<dyn Clock>,
    /// Calls at a time.
    pub(crate) places: u32,
}

impl<'a> Opening<'a> {
    /// To be looked at: it is described and never called, so it reaches nobody.
    pub(crate) fn to_look_at(component: &'a Path, grants: Grants<'a>) -> anyhow::Result<Self> {
        let egress = EgressClient::answered_by(Arc::new(EgressPolicy::default()), Arc::new(Nobody))?;
        Ok(Self { component, grants, egress, clock: Arc::new(SystemClock), places: FEW_PLACES })
    }
}

/// A component that runs. What it lies in goes away with it.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) info: Arc<StrategyInfo>,
    /// What was logged, from before the component was opened.
    pub(crate) log: CapturedLog,
    _folder: TempDir,
}

/// Why a component does not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotLoaded {
    /// The runtime refuses it.
    #[error("{file} is refused: {reason}", file = .0.file, reason = .0.reason)]
    Refused(RejectedPlugin),
    /// It did not come to that.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl NotLoaded {
    /// With what the component said until then: a runtime prints its exceptions there.
    fn after(self, said: &[Line]) -> Self {
        let Self::Refused(mut rejected) = self else { return self };
        for line in said.iter().filter(|line| line.is_of_guest()).take(MOST_SAID) {
            let level = line.level.as_str().to_lowercase();
            rejected.reason.push_str(&format!("\nlog {level}: {}", printable(&line.text, LONGEST_SAID)));
        }
        Self::Refused(rejected)
    }
}

/// Opens a component. A process has one Wasm engine, so this is called once per command.
///
/// # Errors
/// See [`NotLoaded`].
pub(crate) async fn open(opening: Opening<'_>, context: &Context) -> Result<Loaded, NotLoaded> {
    let log = CapturedLog::start()?;
    let began = log.mark();
    let folder = private_folder()?;
    let plugins = folder.path().join("plugins");
    std::fs::create_dir(&plugins).context("a temporary folder cannot be made")?;
    std::fs::set_permissions(&plugins, Permissions::from_mode(0o700)).context("a temporary folder cannot be closed")?;
    copy(opening.component, &plugins)?;
    let generated = folder.path().join("grants.toml");
    write_private(&generated, "")?;
    let file = match opening.grants {
        Grants::File(path) => path,
        Grants::Nothing | Grants::Everything { .. } => &generated,
    };
    let grants = GrantFile::read(file).map_err(anyhow::Error::new)?;
    let settings = ServiceSettings::default();
    let services = Services::new(opening.egress, settings, opening.clock.clone()).map_err(anyhow::Error::new)?;
    let config = RuntimeConfig {
        plugin_dir: Some(plugins),
        cache_dir: context.native_cache.clone().unwrap_or_else(|| folder.path().join("native")),
        grants: Some(grants),
        builtin: context.builtin.clone(),
        services,
        places: opening.places,
    };
    let runtime = Runtime::open(config, opening.clock).await.map_err(anyhow::Error::new)?;
    let mut info = only(&runtime).map_err(|error| error.after(&log.since(began)))?;
    if let Grants::Everything { identity } = opening.grants
        && !info.missing_grants.is_empty()
    {
        let keeps = |line: &&str| identity || *line != HOST_IDENTITY;
        let lines: Vec<&str> = info.missing_grants.lines().filter(keeps).collect();
        write_private(&generated, lines.join("\n"))?;
        runtime.reload().await.map_err(anyhow::Error::new)?;
        info = only(&runtime)?;
    }
    Ok(Loaded { runtime: Arc::new(runtime), info, log, _folder: folder })
}

/// The one plugin that is there.
fn only(runtime: &Runtime) -> Result<Arc<StrategyInfo>, NotLoaded> {
    if let Some(rejected) = runtime.rejected().pop() {
        return Err(NotLoaded::Refused(rejected));
    }
    let info = runtime.list().pop().context("the runtime neither loads nor refuses the component")?;
    Ok(Arc::new(info))
}

fn private_folder() -> anyhow::Result<TempDir> {
    tempfile::Builder::new()
        .prefix("pangolin-plugin-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
        .context("a temporary folder cannot be made")
}

/// Copies the component, and the signatures beside it, into the plugin directory.
fn copy(component: &Path, plugins: &Path) -> anyhow::Result<()> {
    let name = component.file_name().filter(|_| component.extension().is_some_and(|end| end == "wasm"));
    let name = name.unwrap_or_else(|| std::ffi::OsStr::new("component.wasm"));
    let target = plugins.join(name);
    write_private(&target, &given::component(component)?)?;
    match given::signatures(&beside(component))? {
        Some(signatures) => write_private(&beside(&target), &signatures),
        None => Ok(()),
    }
}

/// Where the signatures of a component lie.
pub(crate) fn beside(component: &Path) -> PathBuf {
    let mut path = component.as_os_str().to_owned();
    path.push(".sig");
    PathBuf::from(path)
}

fn write_private(path: &Path, bytes: impl AsRef<[u8]>) -> anyhow::Result<()> {
    std::fs::write(path, bytes).context("a temporary file cannot be written")?;
    std::fs::set_permissions(path, Permissions::from_mode(0o600)).context("a temporary file cannot be closed")
}

/// Answers nothing.
#[derive(Debug)]
struct Nobody;

#[async_trait::async_trait]
impl Upstream for Nobody {
    async fn answer(&self, request: Request) -> Result<Response, EgressError> {
        let host = request.url.host_str().unwrap_or_default().to_owned();
        Err(EgressError::Connect { host, reason: "nobody is asked while a component is looked at".to_owned() })
    }
}

#[cfg(test)]
mod tests;
