//! `cargo xtask serve`: the host alone, for a first table without any cloud.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::build::{self, Profile};
use crate::paths;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The port on 127.0.0.1.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Where the database and the tables lie; kept between runs.
    #[arg(long)]
    data_dir: Option<PathBuf>,
}

/// No-Auth mode on loopback, SQLite, the built strategies, `local` storage below the data directory.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let host = build::host(Profile::Dev)?;
    let data = arguments.data_dir.clone().unwrap_or_else(|| paths::target().join("serve"));
    let data = std::path::absolute(&data).with_context(|| data.display().to_string())?;
    let lake = data.join("lake");
    std::fs::create_dir_all(&lake).with_context(|| format!("cannot create {}", lake.display()))?;
    let url = format!("http://127.0.0.1:{}", arguments.port);
    println!("{}", try_this(&url, &lake.join("warehouse").display().to_string()));
    let error = Command::new(&host)
        .arg("serve")
        .env("PANGOLIN_NO_AUTH", "true")
        .env("PANGOLIN_BIND_ADDRESS", "127.0.0.1")
        .env("PORT", arguments.port.to_string())
        .env("PANGOLIN_DATA_DIR", data.join("host"))
        .env("PANGOLIN_PLUGIN_DIR", paths::plugins())
        .env("PANGOLIN_LOCAL_STORAGE_DIR", &lake)
        .env_remove("DATABASE_URL")
        .exec();
    Err(error).with_context(|| format!("cannot start {}", host.display()))
}

/// The commands of README.md, with the address and the directory filled in.
fn try_this(url: &str, warehouse: &str) -> String {
    format!(
        r#"
The host serves {url} in No-Auth mode: everybody on this machine is its administrator. Ctrl-C ends it.

curl -X POST {url}/api/v1/warehouses -H 'Content-Type: application/json' \
  -d '{{"name": "dev", "storage_config": {{"type": "local", "path": "{warehouse}"}}, "vending_strategy": "None"}}'
curl -X POST {url}/api/v1/catalogs -H 'Content-Type: application/json' \
  -d '{{"name": "first", "warehouse_name": "dev"}}'

Then, with PyIceberg (pip install 'pyiceberg[pyarrow]'):

import pyarrow
from pyiceberg.catalog import load_catalog

catalog = load_catalog("first", uri="{url}", prefix="first")
catalog.create_namespace("sales")
rows = pyarrow.table({{"id": [1, 2, 3]}})
catalog.create_table("sales.orders", schema=rows.schema).append(rows)
print(catalog.load_table("sales.orders").scan().to_arrow())
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_commands_are_those_of_the_readme() {
        let readme = std::fs::read_to_string(paths::root().join("README.md")).unwrap();
        let shown = try_this("http://127.0.0.1:8080", "DATA/warehouse");
        let commands = shown.lines().filter(|line| line.starts_with("curl") || line.contains("catalog"));
        for line in commands.filter(|line| !line.starts_with("Then")) {
            assert!(readme.contains(line), "README.md lacks: {line}");
        }
    }
}
