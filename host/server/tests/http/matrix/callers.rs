//! The eight callers, each with a token for one request.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::world::World;
use crate::support::PASSWORD;

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

    /// As an Iceberg client gets it.
    async fn narrowed(&self) -> String {
        let body = self.robots_request("PRINCIPAL_ROLE:Reader");
        self.host.post("/v1/oauth/tokens", "", body).await.expect(200).text("access_token")
    }

    /// A token request of the service user.
    pub(super) fn robots_request(&self, scope: &str) -> Value {
        json!({"grant_type": "client_credentials", "client_id": self.robot.0, "client_secret": self.robot.1,
            "scope": scope})
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
