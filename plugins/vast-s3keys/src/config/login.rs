//! Who speaks with VMS, and by what proof.

use pangolin_plugin_sdk::{Config, Problem};

/// Of VAST's API tokens.
pub(crate) const SCHEME: &str = "Api-Token";

/// A proof, by the slot of the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof<'a> {
    /// The password with each request.
    Basic(&'a str),
    /// The password once, then a token.
    Jwt(&'a str),
    /// A token that a user made.
    ApiToken(&'a str),
}

/// A user and a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Login<'a> {
    pub(crate) user: &'a str,
    pub(crate) proof: Proof<'a>,
}

/// The fields of one login.
pub(super) struct Names {
    user: &'static str,
    password: &'static str,
    token: &'static str,
}

pub(super) const MAIN: Names = Names { user: "username", password: "password", token: "api_token" };
pub(super) const READ: Names = Names { user: "read_username", password: "read_password", token: "read_api_token" };

impl<'a> Login<'a> {
    pub(super) fn read(config: &'a Config, names: &Names) -> Result<Self, Problem> {
        let user = config.text(names.user).ok_or_else(|| {
            let message =
                format!("{0} is missing: name the user at VMS; with an API token, the user who made it", names.user);
            Problem::new(names.user, message)
        })?;
        if user.contains(':') || user.chars().any(char::is_control) {
            return Err(Problem::new(names.user, format!("{} must not hold ':' or control characters", names.user)));
        }
        let missing = |slot: &str| Problem::new(slot, format!("{slot} is missing"));
        let password = config.slot(names.password);
        let token = config.slot(names.token);
        let proof = match config.text("auth") {
            Some("basic") => Proof::Basic(password.ok_or_else(|| missing(names.password))?),
            Some("jwt") => Proof::Jwt(password.ok_or_else(|| missing(names.password))?),
            Some("api-token" | "api_token" | "token") => Proof::ApiToken(token.ok_or_else(|| missing(names.token))?),
            Some(_) => return Err(Problem::new("auth", "auth must be basic, jwt or api-token")),
            None => match (password, token) {
                (Some(password), _) => Proof::Basic(password),
                (None, Some(token)) => Proof::ApiToken(token),
                (None, None) => {
                    let message = format!("{} is missing: give it, or {}", names.password, names.token);
                    return Err(Problem::new(names.password, message));
                }
            },
        };
        Ok(Self { user, proof })
    }
}
