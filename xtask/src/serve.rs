//! `cargo xtask serve`: the host alone, for a first table without any cloud.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
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
    let plugins = data.join("plugins");
    let grants = data.join("grants.toml");
    place_plugins(&plugins, &grants)?;
    let url = format!("http://127.0.0.1:{}", arguments.port);
    println!("{}", try_this(&url, &lake.join("warehouse").display().to_string()));
    println!("{}", own_strategy(&host, &plugins, &grants));
    let error = Command::new(&host)
        .arg("serve")
        .env("PANGOLIN_NO_AUTH", "true")
        .env("PANGOLIN_BIND_ADDRESS", "127.0.0.1")
        .env("PORT", arguments.port.to_string())
        .env("PANGOLIN_DATA_DIR", data.join("host"))
        .env("PANGOLIN_PLUGIN_DIR", &plugins)
        .env("PANGOLIN_PLUGIN_GRANTS", &grants)
        .env("PANGOLIN_PLUGIN_SCAN_SECS", "1")
        // `pangolin plugin mock` stands in for servers of the cloud on this machine.
        .env("PANGOLIN_EGRESS_ALLOW", "127.0.0.0/8")
        .env("PANGOLIN_LOCAL_STORAGE_DIR", &lake)
        .env_remove("DATABASE_URL")
        .exec();
    Err(error).with_context(|| format!("cannot start {}", host.display()))
}

/// Our strategies, in a directory to which one's own can be added, and a grant file for these.
fn place_plugins(plugins: &Path, grants: &Path) -> Result<()> {
    let private = |path: &Path, mode| {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).with_context(|| path.display().to_string())
    };
    std::fs::create_dir_all(plugins).with_context(|| format!("cannot create {}", plugins.display()))?;
    private(plugins, 0o755)?;
    for entry in std::fs::read_dir(paths::plugins())? {
        let path = entry?.path();
        let Some(name) = path.file_name().filter(|_| path.extension().is_some_and(|wasm| wasm == "wasm")) else {
            continue;
        };
        let place = plugins.join(name);
        std::fs::copy(&path, &place).with_context(|| format!("cannot write {}", place.display()))?;
        private(&place, 0o644)?;
    }
    if !grants.exists() {
        std::fs::write(grants, "# What plugins may do: `pangolin plugin inspect` prints the lines.\n")
            .with_context(|| format!("cannot write {}", grants.display()))?;
    }
    private(grants, 0o600)
}

/// What a plugin's author needs in the other shell.
fn own_strategy(host: &Path, plugins: &Path, grants: &Path) -> String {
    format!(
        "A strategy of your own (plugins/README.md), in another shell:\n\n\
         export PATH=\"{}:$PATH\"\nexport PANGOLIN_PLUGIN_DIR=\"{}\" PANGOLIN_PLUGIN_GRANTS=\"{}\"\n",
        host.parent().unwrap_or(host).display(),
        plugins.display(),
        grants.display()
    )
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
