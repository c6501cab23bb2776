//! A PostgreSQL server for the length of one test.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};

const BIN: &str = "/usr/lib/postgresql/15/bin";

pub(crate) struct Cluster {
    server: Child,
    port: u16,
    databases: AtomicU32,
    _dir: tempfile::TempDir,
}

/// PostgreSQL refuses to run as root: it runs as `postgres` then.
fn command(dir: &Path, program: &str) -> Command {
    let program = format!("{BIN}/{program}");
    let mut command = if dir.metadata().unwrap().uid() == 0 || is_root(dir) {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--pdeathsig=INT", &program]);
        command
    } else {
        Command::new(program)
    };
    command.current_dir(dir).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// After the directory was given to `postgres`, only root can have done that.
fn is_root(dir: &Path) -> bool {
    dir.parent().and_then(|parent| std::fs::metadata(parent).ok()).is_some_and(|parent| parent.uid() == 0)
        && std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

impl Cluster {
    pub(crate) async fn start() -> Self {
        assert!(
            Path::new(BIN).join("postgres").exists(),
            "PostgreSQL is not installed in {BIN}: apt-get install postgresql-15"
        );
        let dir = tempfile::tempdir().unwrap();
        if dir.path().metadata().unwrap().uid() == 0 {
            let given = Command::new("chown").arg("postgres:postgres").arg(dir.path()).status().unwrap();
            assert!(given.success());
        }
        let data = dir.path().join("data");
        // Linguistic order by default, so that a missing collation shows.
        let made = command(dir.path(), "initdb")
            .args(["--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"])
            .args(["--locale-provider=icu", "--icu-locale=en", "--pgdata"])
            .arg(&data)
            .status()
            .unwrap();
        assert!(made.success(), "initdb failed");
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = command(dir.path(), "postgres")
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
            .args(["-c", "max_connections=200", "-c"])
            .arg(format!("unix_socket_directories={}", dir.path().display()))
            .spawn()
            .unwrap();
        let cluster = Self { server, port, databases: AtomicU32::new(0), _dir: dir };
        sqlx::any::install_default_drivers();
        for _ in 0..300 {
            if AnyConnection::connect(&cluster.url("postgres")).await.is_ok() {
                return cluster;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("PostgreSQL did not start within 30 seconds");
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// The URL of a new, empty database.
    pub(crate) async fn database(&self) -> String {
        let name = format!("case_{}", self.databases.fetch_add(1, Ordering::SeqCst));
        let mut admin = AnyConnection::connect(&self.url("postgres")).await.unwrap();
        admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        admin.close().await.unwrap();
        self.url(&name)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg("-INT").arg(self.server.id().to_string()).status();
        let _ = self.server.wait();
    }
}
