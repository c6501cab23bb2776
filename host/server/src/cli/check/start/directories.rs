//! The data directory with its keys, the directory of `local` warehouses, and the files of identities.

use std::fs;
use std::path::Path;

use super::{Judged, Level};
use crate::config::Config;
use crate::data_dir;

pub(super) fn judge(judged: &mut Judged, config: &Config) {
    const DATA: &str = "PANGOLIN_DATA_DIR";
    let dir = &config.store.data_dir;
    match data_dir::look(dir) {
        Ok(true) => {}
        Ok(false) => judged.say(Level::Note, DATA, format!("{} is not there yet: a start makes it", dir.display())),
        Err(error) => return judged.fails(DATA, &error),
    }
    if config.store.keys.is_none() {
        judged.take(DATA, data_dir::existing_key_ring(dir));
    }
    judged.take(DATA, data_dir::existing_fingerprint_key(dir));
    for (path, mode) in data_dir::open_to_others(dir) {
        let path = path.display();
        let message = format!("{path} is open to others than its owner (mode {mode:o}): run `chmod go-rwx {path}`");
        judged.say(Level::Warning, DATA, message);
    }
    local_storage(judged, config);
    identities(judged, config);
}

/// A host starts without it; each `local` warehouse fails.
fn local_storage(judged: &mut Judged, config: &Config) {
    const LOCAL: &str = "PANGOLIN_LOCAL_STORAGE_DIR";
    let Some(dir) = &config.local_storage_dir else { return };
    let shown = dir.display();
    if !dir.is_absolute() {
        return judged.say(Level::Warning, LOCAL, format!("{shown} is not absolute: no `local` warehouse can be made"));
    }
    let access = match fs::metadata(dir) {
        Ok(found) if found.is_dir() => {
            rustix::fs::access(dir, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).map_err(Into::into)
        }
        Ok(_) => Err(rustix::io::Errno::NOTDIR.into()),
        Err(error) => Err(error),
    };
    if let Err(error) = access {
        judged.say(Level::Warning, LOCAL, format!("{shown}: {error}: every `local` warehouse fails"));
    }
}

/// They are read at each use.
fn identities(judged: &mut Judged, config: &Config) {
    let files = [
        ("AZURE_FEDERATED_TOKEN_FILE", config.azure.federated_token_file.as_deref()),
        ("GOOGLE_APPLICATION_CREDENTIALS", config.gcp.credentials_file.as_deref()),
    ];
    for (variable, file) in files {
        if let Some(Err(error)) = file.map(readable) {
            judged.say(Level::Warning, variable, format!("{error}: what needs this identity will fail"));
        }
    }
}

fn readable(file: &Path) -> anyhow::Result<()> {
    let cannot = |why: &dyn std::fmt::Display| anyhow::anyhow!("{} cannot be read: {why}", file.display());
    let found = fs::metadata(file).map_err(|error| cannot(&error))?;
    if !found.is_file() {
        return Err(cannot(&"it is not a file"));
    }
    fs::File::open(file).map(drop).map_err(|error| cannot(&error))
}
