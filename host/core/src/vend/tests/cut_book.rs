//! What is revoked, as a test says it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use crate::clock::UnixMillis;
use crate::ports::{Revocations, StoreError};
use crate::revocation::{Cut, Cuts, Mint, RevokedKind, Targets};

/// Cuts that memory knows, cuts that only the database knows, and what was written down.
#[derive(Debug, Default)]
pub(in crate::vend) struct CutBook {
    known: Mutex<Cuts>,
    stored: Mutex<Cuts>,
    mints: Mutex<Vec<Mint>>,
    pub(in crate::vend) broken: AtomicBool,
}

impl CutBook {
    /// Revokes at this host.
    pub(in crate::vend) fn revoke(&self, kind: RevokedKind) {
        self.revoke_elsewhere(kind);
        self.hear();
    }

    /// Revokes at another host, of which this one did not hear yet.
    pub(in crate::vend) fn revoke_elsewhere(&self, kind: RevokedKind) {
        self.change(kind, |cut| Cut { at: Some(UnixMillis(cut.at.map_or(1, |at| at.0 + 1))), standing: true });
    }

    pub(in crate::vend) fn hear(&self) {
        *self.known.lock().unwrap() = *self.stored.lock().unwrap();
    }

    pub(in crate::vend) fn lift(&self, kind: RevokedKind) {
        self.change(kind, |cut| Cut { standing: false, ..cut });
        self.hear();
    }

    pub(in crate::vend) fn mints(&self) -> Vec<Mint> {
        self.mints.lock().unwrap().clone()
    }

    fn change(&self, kind: RevokedKind, change: impl Fn(Cut) -> Cut) {
        let mut stored = self.stored.lock().unwrap();
        let cut = match kind {
            RevokedKind::Principal => &mut stored.principal,
            RevokedKind::Warehouse => &mut stored.warehouse,
            RevokedKind::Table => &mut stored.table,
        };
        *cut = change(*cut);
    }
}

#[async_trait]
impl Revocations for CutBook {
    async fn cuts(&self, of: Targets) -> Result<Cuts, StoreError> {
        Ok(of_host(of, *self.known.lock().unwrap()))
    }
    async fn cuts_now(&self, of: Targets) -> Result<Cuts, StoreError> {
        Ok(of_host(of, *self.stored.lock().unwrap()))
    }
    async fn write_down(&self, mint: &Mint) -> Result<Cuts, StoreError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(StoreError::Backend("told to fail".into()));
        }
        self.mints.lock().unwrap().push(mint.clone());
        self.cuts_now(mint.targets()).await
    }
}

/// Nobody revokes the host itself.
fn of_host(of: Targets, cuts: Cuts) -> Cuts {
    if of.user == crate::id::UserId::SYSTEM { Cuts { principal: Cut::default(), ..cuts } } else { cuts }
}
