//! The eight callers, each with a token for one request.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pangolin_core::clock::{Clock as _, SystemClock, UnixMillis};
use pangolin_core::id::TokenId;
use pangolin_core::principal::UserRole;
use pangolin_core::record::TokenRecord;
use serde_json::{Value, json};

use super::world::World;
use crate::support::{JWT_SECRET, PASSWORD};

/// Who asks. The order is that of the table's columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Without credentials.
    None,
    /// An administrator of another tenant.
    Foreign,
    Discovery,
    Reader,
    Writer,
    /// A service user of an administrator's rank whose token is narrowed to the role Reader.
    Narrowed,
    /// An administrator of the tenant.
    Admin,
    Root,
}

impl Role {
    pub(super) const ALL: [Self; 8] = [
        Self::None,
        Self::Foreign,
        Self::Discovery,
        Self::Reader,
        Self::Writer,
        Self::Narrowed,
        Self::Admin,
        Self::Root,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Foreign => "foreign",
            Self::Discovery => "discovery",
            Self::Reader => "reader",
            Self::Writer => "writer",
            Self::Narrowed => "narrowed",
            Self::Admin => "admin",
            Self::Root => "root",
        }
    }
}

/// The identifier in a token.
pub(super) fn jti(token: &str) -> String {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["jti"].as_str().unwrap().to_owned()
}

impl World {
    /// A token that nobody else uses: a route may end it.
    pub(super) async fn token(&self, role: Role) -> String {
        let (maker, username) = match role {
            Role::None => return String::new(),
            Role::Narrowed => return self.narrowed().await,
            Role::Foreign => (&self.foreign, None),
            Role::Admin => (&self.admin, None),
            Role::Root => (&self.root, None),
            Role::Discovery | Role::Reader | Role::Writer => (&self.admin, Some(role.name())),
        };
        self.host.post("/api/v1/tokens", maker, json!({ "username": username })).await.expect(200).text("token")
    }

    /// As the token endpoint makes it for `scope=PRINCIPAL_ROLE:Reader`.
    async fn narrowed(&self) -> String {
        let now = SystemClock.now().0 / 1000 * 1000;
        let id = TokenId(uuid::Uuid::new_v4());
        let record = TokenRecord {
            id,
            family: id,
            user_id: self.robot.parse().unwrap(),
            tenant_id: Some(self.tenant.parse().unwrap()),
            username: "robot".to_owned(),
            role: UserRole::TenantAdmin,
            roles: Some(vec![self.role_id("Reader").await.parse().unwrap()]),
            created_at: UnixMillis(now),
            expires_at: UnixMillis(now + 3_600_000),
            revoked_at: None,
        };
        self.store.insert_token(&record).await.unwrap();
        let claims = json!({"sub": self.robot, "jti": id, "tenant_id": self.tenant, "username": "robot",
            "role": "tenant-admin", "iat": now / 1000, "exp": now / 1000 + 3600});
        let key = jsonwebtoken::EncodingKey::from_secret(JWT_SECRET.as_bytes());
        jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap()
    }

    /// A plain user of the tenant, with a role or without.
    pub(super) async fn user(&self, name: &str, role: Option<&str>) -> String {
        let body = json!({"username": name, "password": PASSWORD, "role": "tenant-user"});
        let id = self.host.post("/api/v1/users", &self.admin, body).await.expect(201).text("id");
        if let Some(role) = role {
            self.assign(&id, role).await;
        }
        id
    }

    pub(super) async fn assign(&self, user: &str, role: &str) {
        let body = json!({"role-id": self.role_id(role).await});
        self.host.post(&format!("/api/v1/users/{user}/roles"), &self.admin, body).await.expect(201);
    }

    pub(super) async fn role_id(&self, name: &str) -> String {
        let roles = self.host.get("/api/v1/roles", &self.admin).await.expect(200).body;
        let found = roles.as_array().unwrap().iter().find(|role| role["name"] == name);
        found.unwrap()["id"].as_str().unwrap().to_owned()
    }
}
