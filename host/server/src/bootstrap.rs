//! No-Auth mode: the default tenant and its administrator (document 003).

use pangolin_core::id::{TenantId, UserId};
use pangolin_core::ports::StoreError;
use pangolin_core::principal::{AccountKind, UserRole};
use pangolin_core::record::{HostIdentityPins, Properties, Tenant, User};
use pangolin_core::secret::Secret;

use crate::state::AppState;

/// The administrator's name.
pub(crate) const NO_AUTH_ADMIN: &str = "tenant_admin";
/// The administrator's documented password.
const NO_AUTH_PASSWORD: &str = "password123";

/// Makes the default tenant and its administrator, if they are not there.
pub(crate) async fn default_tenant(state: &AppState) -> anyhow::Result<()> {
    let tenant = Tenant {
        id: TenantId::DEFAULT,
        name: "default".to_owned(),
        properties: Properties::new(),
        host_identity: HostIdentityPins::default(),
    };
    accept_existing(state.store.create_tenant(&tenant).await)?;
    if state.store.user_by_name(tenant.id, NO_AUTH_ADMIN).await?.is_some() {
        return Ok(());
    }
    let hash = state.passwords.hash(Secret::from(NO_AUTH_PASSWORD)).await.map_err(|e| anyhow::anyhow!(e.detail))?;
    let admin = User {
        id: UserId::generate(),
        tenant_id: tenant.id,
        username: NO_AUTH_ADMIN.to_owned(),
        email: None,
        role: UserRole::TenantAdmin,
        kind: AccountKind::Person,
        external: None,
        password_hash: Some(hash),
        active: true,
        created_at: state.clock.now(),
        last_login: None,
    };
    accept_existing(state.store.create_user(&admin).await)
}

fn accept_existing(result: Result<(), StoreError>) -> anyhow::Result<()> {
    match result {
        Ok(()) | Err(StoreError::AlreadyExists(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
