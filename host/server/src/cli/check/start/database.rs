//! The database: its URL and its file; with `--connect` what is in it.

use std::fs::{File, OpenOptions};
use std::path::Path;

use anyhow::Context as _;
use pangolin_store::{AuditReader, KeyRing, OpenError, Store};

use super::{Judged, Level};
use crate::config::Config;
use crate::wiring::NO_DATABASE;
use crate::{data_dir, serve, wiring};

const URL: &str = "DATABASE_URL";

pub(super) async fn judge(judged: &mut Judged, config: &Config, connect: bool) {
    // The driver's URL goes no further than here.
    let settings = |keys| wiring::store_config(config, keys);
    let url = settings(KeyRing::generate().0).url;
    let Some(file) = judged.take(URL, Store::file_of(&url).context(NO_DATABASE)) else { return };
    if let Some(file) = &file {
        let looked = look(file, &config.store.data_dir).and_then(|()| Store::is_held(file));
        match looked.context(NO_DATABASE) {
            Ok(false) => {}
            Ok(true) => {
                let held = format!("{} is held by a running host: no second one starts on it", file.display());
                judged.say(Level::Note, URL, held);
            }
            Err(error) => return judged.fails(URL, &error),
        }
    }
    if connect {
        // A ring that cannot be read was told with its directory.
        let stored = data_dir::existing_key_ring(&config.store.data_dir).ok().flatten();
        let keys = config.store.keys.clone().or(stored).unwrap_or_else(|| KeyRing::generate().0);
        inside(judged, &settings(keys)).await;
    }
}

/// What taking the file would say.
fn look(file: &Path, made: &Path) -> Result<(), OpenError> {
    match OpenOptions::new().read(true).write(true).open(file) {
        Ok(_) => return Ok(()),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(OpenError::File(error)),
        Err(_) => {}
    }
    let parent = file.parent().unwrap_or(Path::new("/"));
    // A start makes the data directory first.
    if std::path::absolute(made).is_ok_and(|made| made.starts_with(parent)) {
        return Ok(());
    }
    File::open(parent).map_err(OpenError::File)?;
    let access = rustix::fs::access(parent, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK);
    access.map_err(|error| OpenError::File(error.into()))
}

/// Reads and changes nothing; a host may run beside.
async fn inside(judged: &mut Judged, settings: &pangolin_store::StoreConfig) {
    let schema = Store::check_migrations(settings).await.context(NO_DATABASE);
    let Some(schema) = judged.take(URL, schema) else { return };
    if !schema.is_current() {
        let at = if schema.applied == 0 {
            "the database is empty".to_owned()
        } else {
            format!("the database has schema {} of {}", schema.applied, schema.latest)
        };
        return judged.say(Level::Note, URL, format!("{at}: a start brings it up"));
    }
    let Some(reader) = judged.take(URL, AuditReader::open(settings).await.context(NO_DATABASE)) else { return };
    let refusal = reader.refusal_of(&settings.host_name).await;
    reader.close().await;
    match refusal {
        Ok(None) => judged.say(Level::Note, URL, format!("the database answers, with schema {}", schema.applied)),
        Ok(Some(fault)) => {
            judged.say(Level::Problem, "PANGOLIN_ENCRYPTION_KEY", format!("{}: {fault}", serve::NOT_WRITTEN));
        }
        Err(error) => judged.fails(URL, &anyhow::Error::new(error).context(NO_DATABASE)),
    }
}
