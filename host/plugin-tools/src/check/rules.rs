//! What a reviewer would ask. None of it stops a component; each line says what to do about it.
//! Pure.

use pangolin_core::strategy::{Field, FieldKind, HostPattern, Scoping, SecretUse, StrategyInfo};

use crate::{reach, words};

/// Interfaces by which a secret is used, beside values that go out.
const USES: [&str; 5] = ["http", "sts", "signing", "azure", "gcp"];
/// Interfaces that reach servers.
const NETWORK: [&str; 4] = ["http", "sts", "azure", "gcp"];
/// Interfaces that may use the host's own identity.
const CLOUDS: [&str; 3] = ["sts", "azure", "gcp"];
/// A caller's usual life; a strategy that cannot go below it cannot serve shorter ones.
const LONG_MINIMUM_SECONDS: u32 = 900;

/// Every question.
pub(super) fn warnings(info: &StrategyInfo) -> Vec<String> {
    let description = &info.description;
    let mut out = Vec::new();
    whole(info, &mut out);
    hosts(info, &mut out);
    for field in &description.fields {
        about_field(field, info, &mut out);
    }
    out
}

fn imports(info: &StrategyInfo, interfaces: &[&str]) -> bool {
    let prefix = |interface: &&str| format!("pangolin:vending/{interface}@");
    interfaces.iter().any(|interface| info.imports.iter().any(|import| import.starts_with(&prefix(interface))))
}

fn whole(info: &StrategyInfo, out: &mut Vec<String>) {
    let d = &info.description;
    if d.summary.trim().is_empty() {
        out.push("the summary is empty: say in one line what the strategy mints, and where".to_owned());
    }
    if d.version == "0.0.0" {
        out.push("the version is 0.0.0: audit rows name it, so count it up with each release".to_owned());
    }
    if d.scoping != Scoping::Exact {
        out.push(format!(
            "a credential opens {}: only callers with all rights on the warehouse get one, unless the warehouse \
             says `allow_unscoped`",
            words::scoping(d.scoping)
        ));
    }
    if d.min_ttl_seconds.is_some_and(|least| least > LONG_MINIMUM_SECONDS) {
        out.push(format!(
            "a credential lives {} s at least: a caller who asks for less gets this",
            d.min_ttl_seconds.unwrap_or_default()
        ));
    }
    if d.max_ttl_seconds.is_none() {
        out.push("no longest life is given: say what the store allows, so that nobody asks for more".to_owned());
    }
    let inert: Vec<&str> =
        info.imports.iter().filter(|name| name.starts_with("wasi:")).map(|name| name.as_str()).collect();
    if let Some(first) = inert.first() {
        out.push(format!(
            "{} imports of wasi:* ({first}, …) come from the language's library and do nothing here: {}",
            inert.len(),
            "stub them out where the tools can, a component without them is smaller and easier to review"
        ));
    }
    let clouds: Vec<&str> = CLOUDS.into_iter().filter(|cloud| imports(info, &[*cloud])).collect();
    if clouds.len() > 1 {
        out.push(format!(
            "it imports {}, and asks for `host_identity` by that: import what is called. In JavaScript and Python \
             everything of the world that is built for is imported, so build for a world of its own",
            clouds.join(" and ")
        ));
    }
    for import in info.imports.iter().filter(|import| reach::of(import).text.starts_with("not offered")) {
        out.push(format!("{import} is not offered by this host"));
    }
}

fn hosts(info: &StrategyInfo, out: &mut Vec<String>) {
    let d = &info.description;
    let network = imports(info, &NETWORK);
    if imports(info, &["http"]) && d.hosts.is_empty() {
        out.push("it imports `http` and asks for no host, so every request is refused: name the hosts".to_owned());
    }
    if !network && !d.hosts.is_empty() {
        out.push("it asks for hosts and imports nothing that reaches one: do not ask".to_owned());
    }
    for host in &d.hosts {
        if let HostPattern::Literal(name) = host
            && name.starts_with("*.")
        {
            out.push(format!("the host {name} is every host below that name: name those that are needed"));
        }
    }
}

fn about_field(field: &Field, info: &StrategyInfo, out: &mut Vec<String>) {
    let d = &info.description;
    let name = &field.name;
    if field.help.trim().is_empty() {
        out.push(format!("field `{name}` has no help: forms and documentation show it"));
    }
    if field.is_secret() {
        about_secret(field, info, out);
        return;
    }
    let shown = field.example.is_some() || field.default.is_some() || !field.choices.is_empty();
    if field.required && !shown && !matches!(field.kind, FieldKind::Boolean | FieldKind::Integer) {
        out.push(format!("field `{name}` is required and has no example: forms show one"));
    }
    if field.kind == FieldKind::Url && !field.destination {
        out.push(format!(
            "field `{name}` is a URL that decides nothing: if requests go there ask for the host of the field, or \
             mark it as a destination, so that a change of it requires the secrets again"
        ));
    }
    let has = |value: &String| field.choices.is_empty() || field.choices.contains(value);
    if d.scoping_rules.iter().any(|rule| rule.field == *name && !has(&rule.equals)) {
        out.push(format!("a scoping rule of `{name}` has a value that is none of its choices"));
    }
}

fn about_secret(field: &Field, info: &StrategyInfo, out: &mut Vec<String>) {
    let d = &info.description;
    let name = &field.name;
    if field.secret_uses.contains(&SecretUse::CredentialValue) {
        out.push(format!(
            "secret `{name}` goes out to clients as it is, unscoped and for good: it needs the grant \
             `credential_values`, and a store that mints would not need it"
        ));
    }
    if field.secret_uses.contains(&SecretUse::RawHmac) {
        out.push(format!(
            "secret `{name}` is the key of a raw HMAC, which signs anything: it needs the grant `raw_hmac`"
        ));
    }
    let sent = field.secret_uses.iter().filter(|wanted| words::is_sent(wanted)).count();
    if sent > 1 {
        out.push(format!("secret `{name}` has {sent} uses: each is a way to send it, keep the one that is needed"));
    }
    if sent > 0 && field.secret_hosts.is_empty() && d.hosts.len() > 1 {
        out.push(format!("secret `{name}` may go to any of {} hosts: name the one that it belongs to", d.hosts.len()));
    }
    let goes_out = field.secret_uses.contains(&SecretUse::CredentialValue);
    if !goes_out && !imports(info, &USES) {
        out.push(format!("secret `{name}` has no import by which it could be used"));
    }
}

#[cfg(test)]
mod tests;
