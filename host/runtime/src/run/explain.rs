//! A run of `vend`, or of `presign`, that asks nobody.

use pangolin_core::ports::{PresignAsk, StrategyCall};
use pangolin_core::strategy::{
    CredentialShape, DryRun, DryRunEnd, Minted, MintedCredential, StrategyError, StrategyErrorKind as Kind,
};

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
        let end = if at_request { DryRunEnd::AtRequest } else { end(answer, !steps.is_empty())? };
        Ok(DryRun { claim, steps, end })
    }

    /// Runs `presign`; notes what it would ask for. The URL goes no further.
    pub(crate) async fn explain_presign(
        &self,
        plugin: &LoadedPlugin,
        ask: StrategyCall<'_>,
        object: PresignAsk<'_>,
    ) -> Result<DryRun, StrategyError> {
        let notes = Notes::default();
        let answer = self.presign_noting(plugin, ask, object, Some(notes.clone())).await;
        let (steps, at_request) = notes.take();
        let end = match answer {
            _ if at_request => DryRunEnd::AtRequest,
            // What was made with a stand-in is no URL.
            Ok(_) if !steps.is_empty() => DryRunEnd::AtRequest,
            Ok((answer, _)) => match self.judged_url(ask, object, answer) {
                Ok(_) => DryRunEnd::Answered(Vec::new()),
                Err(error) => DryRunEnd::Failed(error),
            },
            Err(error) => end(Err(error), !steps.is_empty())?,
        };
        Ok(DryRun { claim: None, steps, end })
    }
}

/// What the answer is worth. `asked`: there were stand-ins in place of what others would say.
fn end(answer: Result<Minted, StrategyError>, asked: bool) -> Result<DryRunEnd, StrategyError> {
    match answer {
        // Of what others mint, only they say when it ends.
        Ok(minted) => Ok(DryRunEnd::Answered(shapes(minted, !asked))),
        Err(error) if failure::is_busy(&error) => Err(error),
        Err(error) if asked && is_about_an_answer(&error) => Ok(DryRunEnd::AtRequest),
        Err(error) => Ok(DryRunEnd::Failed(error)),
    }
}

/// Whether a guest complains of what it got: it was a stand-in. What the host refuses is of another kind.
fn is_about_an_answer(error: &StrategyError) -> bool {
    let complains =
        matches!(error.kind, Kind::Upstream | Kind::Throttled | Kind::Unavailable | Kind::Exhausted | Kind::Plugin);
    complains && (!error.code.starts_with("plugin-") || error.code == "plugin-error")
}

/// Everything but the values, which go no further.
fn shapes(minted: Minted, knows_its_end: bool) -> Vec<CredentialShape> {
    let shape = |credential: MintedCredential| CredentialShape {
        prefix: credential.prefix,
        entries: credential.entries.into_iter().map(|(name, _)| name).collect(),
        expires_at: credential.expires_at.filter(|_| knows_its_end),
    };
    minted.credentials.into_iter().map(shape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(kind: Kind, code: &str, asked: bool) -> &'static str {
        match end(Err(StrategyError::new(kind, code, "why")), asked) {
            Ok(DryRunEnd::AtRequest) => "unknown",
            Ok(DryRunEnd::Answered(_)) => "answered",
            Ok(DryRunEnd::Failed(_)) => "failed",
            Err(_) => "not run",
        }
    }

    #[test]
    fn a_complaint_about_a_stand_in_says_nothing_of_the_vend() {
        assert_eq!(ended(Kind::Upstream, "sts-unreadable", true), "unknown");
        assert_eq!(ended(Kind::Plugin, "plugin-error", true), "unknown");
        assert_eq!(ended(Kind::Upstream, "sts-unreadable", false), "failed", "nobody was asked");
    }

    #[test]
    fn what_the_host_refuses_and_bounds_are_failures() {
        for asked in [false, true] {
            assert_eq!(ended(Kind::Denied, "policy-too-wide", asked), "failed");
            assert_eq!(ended(Kind::Unsupported, "too-many-steps", asked), "failed");
            assert_eq!(ended(Kind::Plugin, "plugin-cpu-exceeded", asked), "failed");
            assert_eq!(ended(Kind::Plugin, "plugin-wider-scope", asked), "failed");
            assert_eq!(ended(Kind::NotReady, "plugin-busy", asked), "not run");
        }
    }
}
