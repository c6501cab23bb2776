use pangolin_core::access::Access;
use pangolin_core::namespace::NamespacePath;
use pangolin_core::principal::Principal;
use pangolin_core::vend::{ExplainAsk, Explanation, GrantSource};

use super::delegation::Sought;
use crate::catalogs::{Asker, Catalogs};
use crate::error::Result;

/// Whose vend is to be explained, and what it asks for.
#[derive(Debug, Clone, Copy)]
pub struct ExplainTable<'a> {
    /// Whose: the asker, or a user of the asker's tenant.
    pub subject: &'a Principal,
    /// Whether the subject could authenticate.
    pub is_active: bool,
    /// Where the subject's grants come from.
    pub sources: &'a [GrantSource],
    /// At most this access.
    pub access: Access,
    /// At most this life.
    pub ttl_seconds: Option<u32>,
}

impl Catalogs {
    /// What a vend of a table's credentials would be: the table may be seen. Nothing is minted.
    ///
    /// # Errors
    /// The table is missing or may not be seen, or no place for the strategy is free.
    pub async fn explain(
        &self,
        asker: Asker<'_>,
        catalog: &str,
        namespace: &NamespacePath,
        name: &str,
        asked: ExplainTable<'_>,
    ) -> Result<Explanation> {
        let ExplainTable { subject, is_active, sources, access, ttl_seconds } = asked;
        let ask = ExplainAsk { subject, is_active, sources, access, ttl_seconds, context: asker.context };
        match self.find_to_open(asker, catalog, namespace, name).await? {
            Sought::Found(snapshot, table) => Ok(self.vending.explain(asker.principal, &snapshot, &table, ask).await?),
            Sought::Hidden(snapshot, table, missing) => {
                let reason = missing.to_string();
                self.vending.refuse_explanation(asker.principal, &snapshot, &table, ask, &reason).await?;
                Err(missing)
            }
        }
    }
}
