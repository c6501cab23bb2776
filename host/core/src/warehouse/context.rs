//! What the judgement of a warehouse needs to know of the host.

use crate::clock::UnixMillis;
use crate::deputy::OperatorIdentity;
use crate::strategy::StrategyInfo;

/// The host as a warehouse's definition meets it.
#[derive(Clone, Copy)]
pub struct WarehouseContext<'a> {
    /// The loaded strategies.
    pub strategies: &'a [StrategyInfo],
    /// What the operator set for the host's own identity.
    pub operator: OperatorIdentity<'a>,
    /// Refuses literal secrets: only `secret_ref` is taken.
    pub strict_secrets: bool,
    /// The directory below which `local` storage may lie, as an absolute path; none: nowhere.
    pub local_root: Option<&'a str>,
    /// `PANGOLIN_VEND_ENV_CREDENTIALS`: keys of the host's environment may be vended.
    pub env_credentials: bool,
    /// The egress policy's word on a URL that a tenant sets.
    pub judge_url: &'a dyn Fn(&str) -> Result<(), String>,
    /// Whether a URL leads to a server that the operator named: the host's own identity may be
    /// shown there.
    pub is_operators: &'a dyn Fn(&str) -> bool,
    /// Now.
    pub now: UnixMillis,
}

impl WarehouseContext<'_> {
    /// Names of the loaded strategies, for people.
    pub(super) fn loaded(&self) -> String {
        let mut names: Vec<&str> = self.strategies.iter().map(|info| info.description.name.as_str()).collect();
        names.sort_unstable();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    }
}

impl std::fmt::Debug for WarehouseContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WarehouseContext")
            .field("operator", &self.operator)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}
