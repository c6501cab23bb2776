use pangolin_core::access::Access;
use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::{Action, Target};
use pangolin_core::policy::Denied;
use pangolin_core::record::{CatalogSnapshot, Table};
use pangolin_core::strategy::StrategyErrorKind;
use pangolin_core::vend::{VendAsk, VendError};

use super::delegation::{Delegated, Delegation};
use super::reply::LoadedTable;
use super::sign::is_signable;
use crate::catalogs::{Asker, Catalogs};
use crate::error::{CatalogError, Result};
use crate::trail::Deed;

impl Catalogs {
    /// Loads a table: `read` on it, with a credential or signing properties if asked for. Warm, it asks the
    /// store's memory alone, parses nothing and waits for one audit row: the vend's, or its own.
    ///
    /// # Errors
    /// It is missing, the right is, or the vend was refused.
    pub async fn load_table(
        &self,
        asker: Asker<'_>,
        catalog: &str,
        namespace: &NamespacePath,
        name: &str,
        delegation: Delegation,
    ) -> Result<LoadedTable> {
        let (snapshot, table) = if delegation.vended {
            self.find_to_vend(asker, catalog, namespace, name, everything(asker, "load_table")).await?
        } else {
            let snapshot = self.find_catalog(asker, catalog).await?;
            let table = self.find_table(asker, &snapshot, namespace, name).await?;
            (snapshot, table)
        };
        let deed = || Deed::of_table("load_table", &snapshot, &table);
        if let Err(refused) = asker.require(Action::Read, Target::Table(table.catalog_id, &table.namespace, table.id)) {
            return self.recorded(asker, &snapshot, deed(), Err(refused)).await;
        }
        let loaded = match self.delegated(asker, &snapshot, &table, delegation, "load_table").await {
            // A vend that is refused has its own row.
            Err(refused) if !delegation.vended => {
                return self.recorded(asker, &snapshot, deed(), Err(refused)).await;
            }
            other => other?,
        };
        if loaded.has_credential() {
            return Ok(loaded);
        }
        self.recorded(asker, &snapshot, deed(), Ok(loaded)).await
    }

    /// The table together with what was asked for beside it: a credential; or what a client needs to
    /// have its requests signed, also in place of a credential that is refused.
    pub(super) async fn delegated(
        &self,
        asker: Asker<'_>,
        snapshot: &CatalogSnapshot,
        table: &Table,
        delegation: Delegation,
        trigger: &'static str,
    ) -> Result<LoadedTable> {
        let to = Delegated { snapshot, table, form: delegation.form, client: delegation.client };
        let bare = || LoadedTable::new(table, None, None, self.clock.now());
        let refused = if delegation.vended {
            match self.vend(asker, snapshot, table, everything(asker, trigger)).await {
                Ok(Some(vended)) => {
                    let emitted = self.emitted(&to, &vended)?;
                    return Ok(LoadedTable::new(table, Some(&vended), Some(emitted), self.clock.now()));
                }
                Ok(None) => return Ok(bare()),
                Err(error) => Some(error),
            }
        } else {
            if delegation.signing {
                self.vending.check_standing(asker.principal, snapshot, table).await?;
            }
            None
        };
        let signing = delegation.signing.then(|| self.signing_properties(&to)).flatten();
        match (refused, signing) {
            (Some(error), None) => Err(error),
            (Some(error), Some(_)) if !gives_way(&error) => Err(error),
            (_, Some(signing)) => Ok(bare().signed(signing)),
            (None, None) if delegation.signing && is_staged_for_signing(snapshot, table) => {
                // With nothing in hand a client fails somewhere in its storage library.
                Err(CatalogError::Refused {
                    code: "staged-not-signable",
                    message: "nothing is signed for a staged table: ask for 'vended-credentials,remote-signing', or \
                              create the table first and write to it then"
                        .to_owned(),
                })
            }
            (None, None) => Ok(bare()),
        }
    }
}

/// Whether its requests would be signed if it were there already.
fn is_staged_for_signing(snapshot: &CatalogSnapshot, table: &Table) -> bool {
    table.metadata_location.is_empty() && is_signable(&snapshot.warehouse)
}

/// Whether a refused credential may be replaced by signing: it cannot be narrowed to the table, or
/// the strategy does not give one.
fn gives_way(error: &CatalogError) -> bool {
    match error {
        CatalogError::Vend(VendError::Denied(Denied::Unscoped(_) | Denied::Narrowed(_))) => true,
        CatalogError::Vend(VendError::Strategy(cause)) => {
            matches!(cause.kind, StrategyErrorKind::Denied | StrategyErrorKind::Unsupported)
        }
        _ => false,
    }
}

/// All that the caller holds, for as long as it is vended.
fn everything<'a>(asker: Asker<'a>, trigger: &'static str) -> VendAsk<'a> {
    VendAsk { access: Access::FULL, ttl_seconds: None, trigger, context: asker.context }
}
