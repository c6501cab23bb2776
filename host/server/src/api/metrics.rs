//! `GET /metrics`: what Prometheus reads. Without credentials, so nothing of a tenant is in it.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use pangolin_core::clock::UnixMillis;
use pangolin_core::ports::Strategies;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiError;
use crate::state::AppState;

/// The form of the text; every Prometheus since 2.5 reads it.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(metrics))
}

/// Metrics in the text form of OpenMetrics.
#[utoipa::path(get, path = "/metrics", tag = "system", security(()),
    responses((status = 200, description = "OpenMetrics 1.0", body = String,
        content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8")))]
async fn metrics(State(state): State<AppState>) -> Result<impl IntoResponse, ApiError> {
    let mut body = String::new();
    text::encode(&mut body, &state.metrics).map_err(ApiError::internal)?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], body))
}

/// Adds what the server itself shows.
pub(crate) fn register(registry: &mut Registry, strategies: Arc<dyn Strategies>) {
    let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("pangolin_build", "The host", build);
    registry.register_collector(Box::new(Plugins(strategies)));
}

/// The plugin directory, as it is when somebody asks.
#[derive(Debug)]
struct Plugins(Arc<dyn Strategies>);

impl Collector for Plugins {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let (plugins, rejected, state) = (self.0.list(), self.0.rejected(), self.0.directory_state());
        let name = "pangolin_plugin";
        let mut metric = encoder.encode_descriptor(name, "A plugin in service", None, MetricType::Info)?;
        for plugin in &plugins {
            metric.encode_info(&[
                ("plugin", plugin.description.name.as_str()),
                ("version", plugin.description.version.as_str()),
                ("digest", plugin.digest.as_str()),
                ("file", plugin.file.as_str()),
            ])?;
        }
        let (name, help) = ("pangolin_plugin_loaded_since_seconds", "Since when this version of it serves, Unix time");
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for plugin in &plugins {
            let labels = [("plugin", plugin.description.name.as_str())];
            metric.encode_family(&labels)?.encode_gauge(&seconds(plugin.since))?;
        }
        let (name, help) = ("pangolin_plugin_rejected", "A file of the plugin directory that is refused");
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for refused in &rejected {
            metric.encode_family(&[("file", refused.file.as_str())])?.encode_gauge(&1_i64)?;
        }
        let pending = i64::try_from(state.pending.len()).unwrap_or(i64::MAX);
        let failed = i64::from(state.problem.is_some());
        for (name, help, value) in [
            ("pangolin_plugin_pending", "Files that are read, compiled and checked now", pending),
            ("pangolin_plugin_directory_failed", "1: directory or grant file cannot be used, plugins stay", failed),
        ] {
            encoder.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)?;
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this age fit many times")]
fn seconds(at: UnixMillis) -> f64 {
    at.0 as f64 / 1000.0
}
