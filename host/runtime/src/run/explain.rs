//! A run of `vend` that asks nobody.

use pangolin_core::ports::StrategyCall;
use pangolin_core::strategy::{CredentialShape, DryRun, DryRunEnd, Minted, StrategyError};

use super::{Sandbox, failure, require_granted};
use crate::directory::LoadedPlugin;
use crate::dry_run::Notes;

impl Sandbox {
    /// Runs `claim` where there are leases, and `vend`; notes what it would ask for.
    pub(crate) async fn explain(&self, plugin: &LoadedPlugin, ask: StrategyCall<'_>) -> Result<DryRun, StrategyError> {
        require_granted(plugin)?;
        let mut claim = None;
        if plugin.component.linked.leases.is_some() {
            match self.claim(plugin, ask).await {
                Ok(claimed) => claim = Some(claimed),
                Err(error) if failure::is_busy(&error) => return Err(error),
                Err(error) => return Ok(DryRun { claim, steps: Vec::new(), end: DryRunEnd::Failed(error) }),
            }
        }
        let notes = Notes::default();
        let answer = self.vend_noting(plugin, ask, Some(notes.clone())).await;
        let (steps, at_request) = notes.take();
        let end = match answer {
            _ if at_request => DryRunEnd::AtRequest,
            // Of what others mint, only they say when it ends.
            Ok(minted) => DryRunEnd::Answered(shapes(minted, steps.is_empty())),
            Err(error) if failure::is_busy(&error) => return Err(error),
            Err(error) => DryRunEnd::Failed(error),
        };
        Ok(DryRun { claim, steps, end })
    }
}

/// Everything but the values, which go no further.
fn shapes(minted: Minted, knows_its_end: bool) -> Vec<CredentialShape> {
    let shape = |credential: pangolin_core::strategy::MintedCredential| CredentialShape {
        prefix: credential.prefix,
        entries: credential.entries.into_iter().map(|(name, _)| name).collect(),
        expires_at: credential.expires_at.filter(|_| knows_its_end),
    };
    minted.credentials.into_iter().map(shape).collect()
}
