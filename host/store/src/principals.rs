//! A user with the roles held and all grants, as each request needs it.

use std::sync::Arc;

use pangolin_core::id::{RoleId, UserId};
use pangolin_core::permission::Grant;
use pangolin_core::ports::StoreError;
use pangolin_core::record::User;

use crate::generation::Slot;
use crate::store::Store;

/// A user with everything that decides what the user may do. `last_login` may be older than
/// what is stored.
#[derive(Debug, Clone)]
pub struct PrincipalRecord {
    /// The user.
    pub user: User,
    /// The roles held.
    pub roles: Arc<[RoleId]>,
    /// Direct grants, then those of the roles.
    pub grants: Arc<[Grant]>,
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
        let principal = Arc::new(PrincipalRecord {
            user: record,
            roles: roles.iter().map(|role| role.id).collect(),
            grants: direct
                .into_iter()
                .map(|given| given.grant)
                .chain(roles.into_iter().flat_map(|r| r.permissions))
                .collect(),
        });
        self.inner.principals.keep(user, generation, &principal);
        Ok(Some(principal))
    }
}
