//! The optional export `presign`.

use pangolin_core::ports::{PresignAsk, Presigned, StrategyCall};
use pangolin_core::strategy::{StrategyError, StrategyErrorKind};

use super::{GuestConfig, Sandbox, failure, request, require_granted};
use crate::answer;
use crate::bindings::presign as wit;
use crate::call::Call;
use crate::directory::LoadedPlugin;
use crate::dry_run::Notes;
use crate::guest::Phase;

impl Sandbox {
    /// Runs `presign` and checks what it answers.
    pub(crate) async fn presign(
        &self,
        plugin: &LoadedPlugin,
        ask: StrategyCall<'_>,
        object: PresignAsk<'_>,
    ) -> Result<Presigned, StrategyError> {
        let (answer, call) = self.presign_noting(plugin, ask, object, None).await?;
        Ok(Presigned { issued: call.issued, ..self.judged_url(ask, object, answer)? })
    }

    /// Runs `presign`, its answer as it is; with `notes` it is a dry run.
    pub(super) async fn presign_noting(
        &self,
        plugin: &LoadedPlugin,
        ask: StrategyCall<'_>,
        object: PresignAsk<'_>,
        notes: Option<Notes>,
    ) -> Result<(wit::Presigned, Call), StrategyError> {
        let linked = &plugin.component.linked;
        let export = linked.presign.as_ref().ok_or_else(|| not_exported(plugin, "presign"))?;
        require_granted(plugin)?;
        let limits = &plugin.granted.limits;
        let _places = self.places(plugin, ask.authorised.tenant_id()).await?;
        let config = GuestConfig::new(plugin, &ask.warehouse.config);
        let request = wit::PresignRequest {
            configuration: config.configuration(plugin, |slot| ask.slots.contains_key(slot))?,
            location: object.location.as_str().to_owned(),
            method: object.method.to_owned(),
            expires_in_seconds: ask.ttl_seconds,
            principal: ask.authorised.principal().to_owned(),
            tenant: ask.authorised.tenant_id().to_string(),
            table: ask.authorised.table_name().to_owned(),
            request_id: ask.request_id.to_owned(),
            extensions: Vec::new(),
        };
        let call =
            Call { object: Some(object.location.clone()), dry_run: notes, ..request::call(plugin, config, &ask) };
        let (answer, call) = self
            .run(linked, call, Phase::Presign, limits, async |store, instance| {
                export.load(&mut *store, instance)?.call_presign(store, &request).await
            })
            .await?;
        Ok((answer.map_err(|error| failure::of_guest(error, &call))?, call))
    }

    /// The URL, if it is one that may go out.
    pub(super) fn judged_url(
        &self,
        ask: StrategyCall<'_>,
        object: PresignAsk<'_>,
        answer: wit::Presigned,
    ) -> Result<Presigned, StrategyError> {
        let terms = answer::UrlTerms {
            warehouse: ask.warehouse,
            location: object.location,
            ttl_seconds: ask.ttl_seconds,
            now: self.clock.now(),
        };
        answer::presigned(&terms, answer)
    }
}

/// The plugin lacks an optional export.
pub(super) fn not_exported(plugin: &LoadedPlugin, interface: &str) -> StrategyError {
    StrategyError::new(
        StrategyErrorKind::Unsupported,
        "not-supported-by-strategy",
        format!("the strategy '{}' does not export '{interface}'", plugin.name),
    )
}
