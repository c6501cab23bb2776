//! The listener: bind, serve, stop gracefully.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use pangolin_core::audit::{AuditResult, RequestContext};
use pangolin_core::id::UserId;
use serde_json::json;

use crate::audited::Event;
use crate::config::Config;
use crate::housekeeping::Housekeeping;
use crate::lease_sweeper::LeaseSweeper;
use crate::plugin_watcher::PluginWatcher;
use crate::state::AppState;
use crate::{router, wiring};

/// How long running requests may take to end after a signal.
const GRACE: Duration = Duration::from_secs(20);

/// Serves until SIGTERM or SIGINT.
pub(crate) async fn serve(config: Config) -> anyhow::Result<()> {
    for name in &config.unknown_variables {
        tracing::warn!(variable = %name, "not a setting of this host");
    }
    let address = SocketAddr::new(config.listen.address, config.listen.port);
    let no_auth = config.is_no_auth();
    let open_references = !no_auth && config.secret_refs.is_open();
    let state = wiring::build(config).await?;
    let listener = tokio::net::TcpListener::bind(address).await.with_context(|| not_bound(address))?;
    let local = listener.local_addr()?;
    if no_auth {
        tracing::warn!(
            "NO-AUTH MODE: every request without credentials is the administrator of the default tenant. \
             For development only; never reachable from other machines."
        );
    }
    if open_references {
        tracing::warn!(
            "PANGOLIN_SECRET_REFS is not set: an administrator of any tenant may name secrets of this host's \
             environment and of /var/run/secrets; set the list before tenants share the host"
        );
    }
    started(&state).await?;
    tracing::info!(address = %local, version = env!("CARGO_PKG_VERSION"), "serving");
    let sweeper = LeaseSweeper::start(state.clone());
    let housekeeping = Housekeeping::start(state.clone());
    let watcher = PluginWatcher::start(&state);
    let warmed = state.clone();
    // Nothing waits for it: a request that comes first fetches what it needs.
    let warming = tokio::spawn(async move { warmed.issuers.warm().await });
    let app = router::router(state.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = axum::serve(listener, app).with_graceful_shutdown(async move {
        signal().await;
        tracing::info!("stopping");
        let _ = stop.send(());
    });
    let grace = async {
        let _ = stopped.await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = server => served.context("the listener failed")?,
        () = grace => tracing::warn!("requests were still running and have been ended"),
    }
    warming.abort();
    drop((sweeper, housekeeping, watcher));
    state.close().await;
    Ok(())
}

/// The first row of this run. A host whose trail cannot be written, for want of its key or of a
/// database that takes writes, could do nothing but refuse: it does not start.
async fn started(state: &AppState) -> anyhow::Result<()> {
    let context = RequestContext { request_id: uuid::Uuid::now_v7().to_string(), ..RequestContext::default() };
    let event = Event::new("start_host", "host").metadata(json!({"version": env!("CARGO_PKG_VERSION")}));
    let row = event.finish(state, (Some(UserId::SYSTEM), "system"), &context, AuditResult::Success, None);
    let recorded = state.audit.record(row).await;
    recorded.context(NOT_WRITTEN)
}

/// Why a host does not start whose trail cannot be written; the log has the cause.
pub(crate) const NOT_WRITTEN: &str = "the host does not start: its audit trail cannot be written, and the log says why. Where \
     that names a key, put that key back into PANGOLIN_ENCRYPTION_KEY or encryption.key";

/// What is said of an address that cannot be listened on.
pub(crate) fn not_bound(address: SocketAddr) -> String {
    format!("{address} cannot be bound (PANGOLIN_BIND_ADDRESS, PORT)")
}

async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
