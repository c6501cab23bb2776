//! The plugin directory and the grant file, by the very steps of a start: what is loaded, what is
//! refused. Native code goes to where `pangolin plugin` keeps it, or nowhere.

use pangolin_core::ports::Strategies as _;

use super::{Judged, Level};
use crate::config::Config;
use crate::wiring;

const DIRECTORY: &str = "PANGOLIN_PLUGIN_DIR";
const GRANTS: &str = "PANGOLIN_PLUGIN_GRANTS";

pub(super) async fn judge(judged: &mut Judged, config: &Config) {
    if config.plugins.dir.is_none() {
        judged.say(Level::Warning, DIRECTORY, "is not set: there are no plugins, and no credential can be vended");
        if config.plugins.grants.is_none() {
            return;
        }
    }
    match open(config).await {
        Ok(runtime) => tell(judged, &runtime),
        Err(error) => {
            let of_grants = super::super::super::told(&error).contains("grant file");
            judged.fails(if of_grants { GRANTS } else { DIRECTORY }, &error);
        }
    }
}

async fn open(config: &Config) -> anyhow::Result<pangolin_runtime::Runtime> {
    let folder = tempfile::Builder::new().prefix("pangolin-check-").tempdir()?;
    let cache = wiring::tool_context().native_cache.unwrap_or_else(|| folder.path().join("native"));
    wiring::runtime(config, wiring::egress(config)?, cache).await
}

fn tell(judged: &mut Judged, runtime: &pangolin_runtime::Runtime) {
    let loaded = runtime.list();
    let names: Vec<&str> = loaded.iter().map(|plugin| plugin.description.name.as_str()).collect();
    if !names.is_empty() {
        judged.say(Level::Note, DIRECTORY, format!("{} would serve: {}", names.len(), names.join(", ")));
    }
    for plugin in &loaded {
        let name = &plugin.description.name;
        if !plugin.granted {
            judged.say(Level::Warning, GRANTS, format!("{name} ({}) may do nothing: {LINES}", plugin.file));
        } else if !plugin.missing_grants.is_empty() {
            judged.say(Level::Warning, GRANTS, format!("{name} ({}) asks for more than it gets: {LINES}", plugin.file));
        }
    }
    for rejected in runtime.rejected() {
        judged.say(Level::Warning, DIRECTORY, format!("{} would be refused: {}", rejected.file, rejected.reason));
    }
}

const LINES: &str = "`pangolin plugin list` prints the lines that the grant file lacks";
