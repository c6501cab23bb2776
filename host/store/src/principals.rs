//! A user with the roles held and all grants, as each request needs it.

use std::sync::Arc;

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{RoleId, UserId};
use pangolin_core::permission::Grant;
use pangolin_core::ports::StoreError;
use pangolin_core::principal::AccountKind;
use pangolin_core::record::User;
use pangolin_core::revocation::RevokedKind;

use crate::generation::Slot;
use crate::store::Store;

/// A role that somebody holds.
#[derive(Debug, Clone)]
pub struct HeldRole {
    /// The role.
    pub id: RoleId,
    /// Its name.
    pub name: String,
    /// What it allows.
    pub grants: Vec<Grant>,
}

/// A user with everything that decides what the user may do. `last_login` may be older than
/// what is stored.
#[derive(Debug, Clone)]
pub struct PrincipalRecord {
    /// The user.
    pub user: User,
    /// The roles held, by name.
    pub held: Arc<[HeldRole]>,
    /// Identifiers of these.
    pub roles: Arc<[RoleId]>,
    /// Direct grants, then those of the roles.
    pub grants: Arc<[Grant]>,
    /// When the account ends, if ever; only service users do.
    pub expires_at: Option<UnixMillis>,
    /// Until when the account was revoked, if ever: nothing minted before is served.
    pub cut_off: Option<UnixMillis>,
    /// Whether it is revoked now.
    pub revoked: bool,
}

impl PrincipalRecord {
    /// The grants of those of `roles` that are held, and nothing else.
    #[must_use]
    pub fn narrowed(&self, roles: &[RoleId]) -> (Arc<[RoleId]>, Arc<[Grant]>) {
        let chosen = || self.held.iter().filter(|role| roles.contains(&role.id));
        (chosen().map(|role| role.id).collect(), chosen().flat_map(|role| role.grants.iter().cloned()).collect())
    }
}

impl Store {
    /// A user with roles and grants. Warm: from memory.
    ///
    /// # Errors
    /// The database failed.
    pub async fn principal(&self, user: UserId) -> Result<Option<Arc<PrincipalRecord>>, StoreError> {
        let generation = self.db().generation(Slot::Management).await?;
        if let Some(known) = self.inner.principals.get(&user, generation) {
            return Ok(Some(known));
        }
        let Some(record) = self.user(user).await? else { return Ok(None) };
        let roles = self.roles_of(record.tenant_id, user).await?;
        let direct = self.list_grants(record.tenant_id, Some(user)).await?;
        let held: Arc<[HeldRole]> =
            roles.into_iter().map(|role| HeldRole { id: role.id, name: role.name, grants: role.permissions }).collect();
        let expires_at = match record.kind {
            AccountKind::Service => self.end_of_service_user(user).await?,
            AccountKind::Person | AccountKind::External => None,
        };
        let cut = self.cut_now(RevokedKind::Principal, user.0).await?;
        let principal = Arc::new(PrincipalRecord {
            user: record,
            expires_at,
            roles: held.iter().map(|role| role.id).collect(),
            grants: direct
                .into_iter()
                .map(|given| given.grant)
                .chain(held.iter().flat_map(|role| role.grants.iter().cloned()))
                .collect(),
            held,
            cut_off: cut.at,
            revoked: cut.standing,
        });
        self.inner.principals.keep(user, generation, &principal);
        Ok(Some(principal))
    }
}
