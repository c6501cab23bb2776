use super::*;

const TENANT: &str = "7b0d7d5c-2a5e-4b53-a4b2-6b1a4f3f0000";

fn egress(allow: &str, allow_http: bool) -> EgressSection {
    EgressSection { allow: EgressPolicy::parse_ranges(allow).unwrap(), allow_http, operator_endpoints: Vec::new() }
}

fn problems(text: &str) -> Vec<String> {
    parse(text, &egress("", false)).unwrap_err()
}

#[test]
fn the_least_that_an_issuer_needs() {
    let text = format!("[[issuers]]\nissuer = 'https://sso.example/'\naudience = 'pangolin'\ntenant = '{TENANT}'\n");
    let read = parse(&text, &egress("", false)).unwrap().remove(0);
    assert_eq!(
        (read.issuer.as_str(), read.audience.as_slice()),
        ("https://sso.example/", ["pangolin".to_owned()].as_slice())
    );
    assert_eq!(read.algorithms, [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA]);
    assert_eq!(read.tenant, TenantRule::Fixed(TENANT.parse().unwrap()));
    assert_eq!((read.username_claim.as_str(), read.roles_claim), ("sub", None));
}

#[test]
fn all_that_an_issuer_may_say() {
    let text = format!(
        "[[issuers]]\nissuer = 'https://sso.example/realms/a'\naudience = ['a', 'b']\ntenant_claim = 'org.name'\n\
         username_claim = 'preferred_username'\nroles_claim = 'realm_access.roles'\nalgorithms = ['PS512', 'ES384']\n\
         [issuers.tenants]\nacme = '{TENANT}'\n[issuers.roles]\nboss = 'TenantAdmin'\n'read only' = 'Reader'\n"
    );
    let read = parse(&text, &egress("", false)).unwrap().remove(0);
    assert_eq!(read.algorithms, [Algorithm::PS512, Algorithm::ES384]);
    let tenants = BTreeMap::from([("acme".to_owned(), TENANT.parse().unwrap())]);
    assert_eq!(read.tenant, TenantRule::Claim { claim: "org.name".to_owned(), tenants });
    assert_eq!(read.roles.get("boss"), Some(&MappedRole::TenantAdmin));
    assert_eq!(read.roles.get("read only"), Some(&MappedRole::Named("Reader".to_owned())));
}

#[test]
fn everything_wrong_is_said_at_once_with_its_field() {
    let said = problems(
        "surprise = 1\n[[issuers]]\nissuer = 'sso'\naudience = []\ntenant = 'acme'\nalgorithms = ['HS256', 'none', 'RS256']\n\
         roles_claim = 3\ncolour = 'red'\nca_file = '/nowhere/ca.pem'\n\
         [issuers.roles]\na = 'root'\nb = 'tenant-user'\nc = ''\n\
         [[issuers]]\nissuer = 'https://a.example?x'\ntenant_claim = 'org'\n",
    )
    .join("\n");
    for part in [
        "surprise: is not a field here",
        "issuer 1: issuer: use an absolute https URL",
        "issuer 1: audience: ",
        "issuer 1: tenant: use the UUID",
        "issuer 1: algorithms: 'HS256' is none of",
        "issuer 1: algorithms: 'none' is none of",
        "issuer 1: roles_claim: use a text",
        "issuer 1: roles: use a table of texts",
        "issuer 1: colour: is not a field here",
        "issuer 1: ca_file: '/nowhere/ca.pem' cannot be read",
        "issuer 2: issuer: ",
        "issuer 2: audience: is needed",
        "issuer 2: tenant: use either",
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
}

#[test]
fn nobody_becomes_root_by_a_claim() {
    for spelling in ["root", "Root"] {
        let text = format!(
            "[[issuers]]\nissuer = 'https://a.example'\naudience = 'a'\ntenant = '{TENANT}'\nroles_claim = 'r'\n\
             [issuers.roles]\nadmins = '{spelling}'\n"
        );
        assert_eq!(problems(&text), ["issuer 1: roles.\"admins\": no issuer makes anybody Root"]);
    }
}

#[test]
fn an_issuer_is_reached_in_clear_only_where_that_is_allowed() {
    let of = |issuer: &str, egress: &EgressSection| {
        parse(&format!("[[issuers]]\nissuer = '{issuer}'\naudience = 'a'\ntenant = '{TENANT}'\n"), egress)
    };
    assert!(of("https://10.0.0.1:8443/realms/a", &egress("", false)).is_ok(), "an operator's endpoint lies anywhere");
    for (issuer, section, good) in [
        ("http://sso.example", egress("", false), false),
        ("http://sso.example", egress("", true), true),
        ("http://127.0.0.1:8080", egress("", false), false),
        ("http://127.0.0.1:8080", egress("", true), false),
        ("http://127.0.0.1:8080", egress("127.0.0.0/8", false), true),
    ] {
        assert_eq!(of(issuer, &section).is_ok(), good, "{issuer}");
    }
}

#[test]
fn an_issuer_stands_once_and_there_is_one() {
    let one = format!("[[issuers]]\nissuer = 'https://a.example'\naudience = 'a'\ntenant = '{TENANT}'\n");
    assert!(problems(&format!("{one}{one}")).join("").contains("twice"));
    assert!(problems("").join("").contains("there is none"));
    assert!(problems("[[issuers]\n").join("").contains("line 1"));
}

#[test]
fn what_is_no_small_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let read = |path: &Path| read(path, &egress("", false)).unwrap_err().join("");
    assert!(read(dir.path()).contains("is not a file"));
    assert!(read(&dir.path().join("none")).contains("cannot be read"));
    let large = dir.path().join("large");
    std::fs::write(&large, vec![b'#'; 1 << 21]).unwrap();
    assert!(read(&large).contains("larger than"));
}
