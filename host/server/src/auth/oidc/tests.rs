mod cache;
mod claims;
mod freshness;
mod identity;
mod issuer;
mod keys;
mod source;
mod token;

use std::collections::BTreeMap;

use jsonwebtoken::Algorithm;
use pangolin_core::clock::UnixMillis;
use pangolin_core::id::TenantId;

use crate::config::{IssuerSettings, TenantRule};

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
const ISSUER: &str = "https://sso.example/realms/a";
const TENANT: TenantId = TenantId(uuid::Uuid::from_u128(0xa));

fn settings() -> IssuerSettings {
    IssuerSettings {
        issuer: ISSUER.to_owned(),
        url: ISSUER.parse().unwrap(),
        audience: vec!["pangolin".to_owned()],
        algorithms: vec![Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA],
        tenant: TenantRule::Fixed(TENANT),
        username_claim: "sub".to_owned(),
        roles_claim: None,
        roles: BTreeMap::new(),
        authorities: None,
    }
}
