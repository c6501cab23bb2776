//! Users whom another issuer of tokens vouches for: made at their first use, found by who they are
//! there, with the roles that their claims give beside those that are stored.

use std::sync::Arc;

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{TenantId, UserId};
use pangolin_core::ports::StoreError;
use pangolin_core::record::{ExternalIdentity, User};

use crate::db::sql;
use crate::error::{backend, is_taken};
use crate::generation::Slot;
use crate::principals::{HeldRole, PrincipalRecord};
use crate::row;
use crate::store::Store;
use crate::tx::Tx;
use crate::users;

/// How [`Store::provision_external_user`] ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provisioned {
    /// The user was made.
    Made(UserId),
    /// Another request was first.
    Found(UserId),
    /// Another account of the tenant has the name.
    NameTaken,
}

/// How [`Store::rename_external_user`] ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renamed {
    /// The user has the name.
    Done,
    /// A token that was issued later gave it the name that it has.
    Older,
    /// Another account of the tenant has the name.
    NameTaken,
}

impl Store {
    /// The account of somebody at an issuer. Warm: from memory.
    ///
    /// # Errors
    /// The database failed.
    pub async fn external_user(
        &self,
        tenant: TenantId,
        identity: &ExternalIdentity,
    ) -> Result<Option<UserId>, StoreError> {
        let generation = self.db().generation(Slot::Management).await?;
        let key = (tenant, identity.issuer.clone(), identity.subject.clone());
        if let Some(known) = self.inner.externals.get(&key, generation) {
            return Ok(Some(*known));
        }
        let select = sql("SELECT id FROM users WHERE tenant_id = $1 AND issuer = $2 AND subject = $3")
            .bind(tenant.to_string())
            .bind(identity.issuer.as_str())
            .bind(identity.subject.as_str());
        let Some(found) = self.db().optional(select).await? else { return Ok(None) };
        let id = row::parsed(&found, "id")?;
        self.inner.externals.keep(key, generation, &Arc::new(id));
        Ok(Some(id))
    }

    /// Makes an external user, unless somebody was first. Of many at once one makes it. `issued` is
    /// when the token was issued that names it.
    ///
    /// # Errors
    /// There is no such tenant, the user is no external one, or the database failed.
    pub async fn provision_external_user(&self, user: &User, issued: UnixMillis) -> Result<Provisioned, StoreError> {
        let identity = user.external.as_ref().ok_or(StoreError::NotFound("identity at an issuer"))?;
        // The first statement puts such transactions in a row: what is read after it stays true.
        let mut tx = Tx::management(self.db()).await?;
        let same = sql("SELECT id FROM users WHERE tenant_id = $1 AND issuer = $2 AND subject = $3")
            .bind(user.tenant_id.to_string())
            .bind(identity.issuer.as_str())
            .bind(identity.subject.as_str());
        if let Some(found) = tx.optional(same).await? {
            return Ok(Provisioned::Found(row::parsed(&found, "id")?));
        }
        let named = sql("SELECT id FROM users WHERE tenant_id = $1 AND username = $2")
            .bind(user.tenant_id.to_string())
            .bind(user.username.as_str());
        if tx.exists(named).await? {
            return Ok(Provisioned::NameTaken);
        }
        users::insert(&mut tx, user).await?;
        let named = sql("UPDATE users SET named_at = $2 WHERE id = $1").bind(user.id.to_string()).bind(issued.0);
        tx.execute(named).await.map_err(backend)?;
        tx.commit().await?;
        Ok(Provisioned::Made(user.id))
    }

    /// Gives an external user the name that its issuer gives it, in a token that was issued then.
    ///
    /// # Errors
    /// The database failed.
    pub async fn rename_external_user(
        &self,
        id: UserId,
        username: &str,
        issued: UnixMillis,
    ) -> Result<Renamed, StoreError> {
        let mut tx = Tx::management(self.db()).await?;
        let update = sql("UPDATE users SET username = $2, named_at = $3 \
             WHERE id = $1 AND kind = 'external' AND (named_at IS NULL OR named_at < $3)")
        .bind(id.to_string())
        .bind(username)
        .bind(issued.0);
        match tx.execute(update).await {
            Ok(0) => Ok(Renamed::Older),
            Ok(_) => tx.commit().await.map(|()| Renamed::Done),
            Err(error) if is_taken(&error) => Ok(Renamed::NameTaken),
            Err(error) => Err(backend(error)),
        }
    }

    /// A user with everything that is stored, and for this request the tenant's roles of these
    /// names. A name that no role of the tenant has gives nothing. Warm: from memory.
    ///
    /// # Errors
    /// The database failed.
    pub async fn principal_with_roles(
        &self,
        user: UserId,
        names: &[String],
    ) -> Result<Option<Arc<PrincipalRecord>>, StoreError> {
        if names.is_empty() {
            return self.principal(user).await;
        }
        let generation = self.db().generation(Slot::Management).await?;
        let key = (user, names.to_vec());
        if let Some(known) = self.inner.claimed.get(&key, generation) {
            return Ok(Some(known));
        }
        let Some(stored) = self.principal(user).await? else { return Ok(None) };
        let mut held = stored.held.to_vec();
        let mut grants = stored.grants.to_vec();
        for name in names.iter().filter(|name| stored.held.iter().all(|role| role.name != **name)) {
            let Some(role) = self.role_by_name(stored.user.tenant_id, name).await? else { continue };
            grants.extend_from_slice(&role.permissions);
            held.push(HeldRole { id: role.id, name: role.name, grants: role.permissions });
        }
        let record = Arc::new(PrincipalRecord {
            roles: held.iter().map(|role| role.id).collect(),
            held: held.into(),
            grants: grants.into(),
            ..PrincipalRecord::clone(&stored)
        });
        self.inner.claimed.keep(key, generation, &record);
        Ok(Some(record))
    }
}
