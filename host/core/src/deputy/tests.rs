use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const ROLE: &str = "arn:aws:iam::123456789012:role/Lake";

fn tenant(n: u128) -> TenantId {
    TenantId(Uuid::from_u128(n))
}

fn claim(n: u128, role: Option<&str>, base: &str) -> HostClaim {
    HostClaim {
        warehouse_id: WarehouseId(Uuid::from_u128(n)),
        tenant_id: tenant(n),
        role: role.map(str::to_owned),
        base: Location::parse(base).unwrap(),
    }
}

fn pins(n: u128, roles: &[&str], bases: &[&str]) -> (TenantId, HostIdentityPins) {
    let bases = bases.iter().map(|base| Location::parse(base).unwrap()).collect();
    (tenant(n), HostIdentityPins { roles: roles.iter().map(|role| (*role).to_owned()).collect(), bases })
}

#[test]
fn a_role_belongs_to_the_tenant_that_came_first() {
    let first = claim(1, Some(ROLE), "s3://a/");
    assert!(judge(&claim(1, Some(ROLE), "s3://c/"), std::slice::from_ref(&first), &[]));
    assert!(!judge(&claim(2, Some(ROLE), "s3://b/"), std::slice::from_ref(&first), &[]));
    assert!(!judge(&claim(2, Some(&ROLE.to_uppercase()), "s3://b/"), std::slice::from_ref(&first), &[]));
    assert!(judge(&claim(2, Some("arn:aws:iam::1:role/Other"), "s3://b/"), &[first], &[]));
}

#[test]
fn with_an_sts_of_its_own_a_role_is_its_name() {
    let url = |text| url::Url::parse(text).unwrap();
    assert!(
        is_own_sts(Some(&url("http://store.example:8333")))
            && is_own_sts(Some(&url("https://amazonaws.com.evil.example")))
    );
    assert!(!is_own_sts(Some(&url("https://sts.eu-west-1.amazonaws.com"))) && !is_own_sts(None));
    let first = claim(1, Some(&named_only(ROLE)), "s3://a/");
    let older = claim(1, Some(ROLE), "s3://a/");
    for alias in [ROLE, "arn:aws:iam::111111111111:role/Lake", "arn:aws:iam::123456789012:role/path/LAKE"] {
        let second = claim(2, Some(&named_only(alias)), "s3://b/");
        assert!(!judge(&second, std::slice::from_ref(&first), &[]), "{alias}");
        assert!(!judge(&second, std::slice::from_ref(&older), &[]), "{alias}");
        assert!(!judge(&second, &[], &[pins(1, &[ROLE], &[])]), "pinned: {alias}");
        assert!(judge(&second, &[], &[pins(2, &[ROLE], &[])]), "pinned: {alias}");
    }
    assert!(judge(&claim(2, Some(&named_only("arn:aws:iam::1:role/Lake2")), "s3://b/"), &[first, older], &[]));
    let aws = claim(2, Some("arn:aws:iam::111111111111:role/Lake"), "s3://b/");
    assert!(judge(&aws, &[claim(1, Some(ROLE), "s3://a/")], &[]), "at AWS the account counts");
}

#[test]
fn overlapping_bases_are_refused_both_ways() {
    let first = claim(1, None, "s3://lake/sales/");
    for base in ["s3://lake/", "s3://lake/sales/", "s3a://lake/sales/eu/", "s3://LAKE/sales"] {
        assert!(!judge(&claim(2, None, base), std::slice::from_ref(&first), &[]), "{base}");
        assert!(judge(&claim(1, None, base), std::slice::from_ref(&first), &[]), "{base}");
    }
    for base in ["s3://lake/sales2/", "s3://lake2/sales/"] {
        assert!(judge(&claim(2, None, base), std::slice::from_ref(&first), &[]), "{base}");
    }
}

#[test]
fn an_account_of_azure_is_one_by_whatever_host() {
    let first = claim(1, None, "abfss://lake@acct.dfs.core.windows.net/sales/");
    let pinned = pins(1, &[], &["abfss://lake@acct.dfs.core.windows.net/sales"]);
    for host in
        ["acct.blob.core.windows.net", "acct.z01.blob.storage.azure.net", "acct.privatelink.dfs.core.windows.net"]
    {
        for path in ["", "sales/", "sales/eu/"] {
            let base = format!("abfss://lake@{host}/{path}");
            assert!(!judge(&claim(2, None, &base), std::slice::from_ref(&first), &[]), "{base}");
            assert!(!judge(&claim(2, None, &base), &[], std::slice::from_ref(&pinned)), "pinned: {base}");
        }
        let own = claim(1, None, &format!("abfss://lake@{host}/sales/eu/"));
        assert!(judge(&own, &[claim(2, None, own.base.as_str())], std::slice::from_ref(&pinned)), "{host}");
        for base in [
            format!("abfss://lake@{host}/sales2/"),
            format!("abfss://lake2@{host}/"),
            format!("wasbs://lake@acct2.{host}/"),
        ] {
            assert!(judge(&claim(2, None, &base), std::slice::from_ref(&first), &[]), "{base}");
        }
    }
}

#[test]
fn root_may_share_what_it_pins() {
    let first = claim(1, Some(ROLE), "s3://lake/");
    let shared = [pins(1, &[ROLE], &["s3://lake/"]), pins(2, &[ROLE], &["s3://lake/eu/"])];
    assert!(judge(&claim(2, Some(ROLE), "s3://lake/eu/x/"), std::slice::from_ref(&first), &shared));
    assert!(judge(&first, &[claim(2, Some(ROLE), "s3://lake/eu/x/")], &shared));
    assert!(!judge(&claim(2, Some(ROLE), "s3://lake/us/"), std::slice::from_ref(&first), &shared));
    assert!(!judge(&claim(2, Some(ROLE), "s3://lake/"), std::slice::from_ref(&first), &shared));
    assert!(!judge(&claim(3, Some(ROLE), "s3://other/"), &[], &shared));
}

#[test]
fn a_pin_keeps_out_a_tenant_that_came_first() {
    let pinned = [pins(2, &[ROLE], &["s3://lake/eu/"])];
    assert!(!judge(&claim(1, Some(ROLE), "s3://a/"), &[], &pinned));
    for base in ["s3://lake/", "s3://lake/eu/", "s3://lake/eu/x/"] {
        assert!(!judge(&claim(1, None, base), &[], &pinned), "{base}");
    }
    assert!(judge(&claim(1, None, "s3://lake/eu2/"), &[], &pinned));
}

#[test]
fn a_pinned_role_does_not_open_another_tenants_base() {
    let pinned = [pins(2, &[ROLE], &[])];
    assert!(!judge(&claim(2, Some(ROLE), "s3://lake/x/"), &[claim(1, None, "s3://lake/")], &pinned));
}

#[test]
fn external_ids_never_cross_tenants() {
    let operator =
        OperatorIdentity { role: Some("arn:aws:iam::1:role/Op"), external_id: Some("op-id"), own_sts: false };
    let ask = |role: &str, configured: Option<&str>| external_id(tenant(1), role, configured, operator);
    assert_eq!(ask("arn:aws:iam::1:role/Op", None), Ok(Some("op-id".to_owned())));
    assert_eq!(ask("arn:aws:iam::1:role/Op", Some("mine")), Ok(Some("op-id".to_owned())));
    assert_eq!(ask(ROLE, None), Ok(Some(format!("pangolin-{}", tenant(1)))));
    assert_eq!(ask(ROLE, Some("")), Ok(Some(format!("pangolin-{}", tenant(1)))));
    assert_eq!(ask(ROLE, Some("mine")), Ok(Some("mine".to_owned())));
    assert_eq!(ask(ROLE, Some(&own_external_id(tenant(1)))), Ok(Some(own_external_id(tenant(1)))));
    assert_eq!(ask(ROLE, Some("op-id")), Err(ExternalIdRefused::Operators));
    assert_eq!(ask(ROLE, Some(&own_external_id(tenant(2)))), Err(ExternalIdRefused::OtherTenants));
    let upper = format!("pangolin-{}", tenant(0xabcdef)).replace("abcdef", "ABCDEF");
    assert_eq!(ask(ROLE, Some(&upper)), Err(ExternalIdRefused::OtherTenants));
}

#[test]
fn the_operators_role_without_an_id_gets_none_of_the_hosts_making() {
    let operator = OperatorIdentity { role: Some(ROLE), external_id: None, own_sts: false };
    assert_eq!(external_id(tenant(1), ROLE, None, operator), Ok(None));
    assert_eq!(external_id(tenant(1), ROLE, Some("x"), operator), Ok(Some("x".to_owned())));
    let stray = OperatorIdentity { role: None, external_id: Some("op-id"), own_sts: false };
    assert_eq!(external_id(tenant(1), ROLE, None, stray), Ok(Some(own_external_id(tenant(1)))));
}

fn bases() -> impl Strategy<Value = String> {
    prop::collection::vec("[ab]", 0..4).prop_map(|parts| format!("s3://lake/{}", parts.join("/")))
}

proptest! {
    #[test]
    fn without_pins_no_two_tenants_ever_share(claims in prop::collection::vec((1_u128..4, bases(), 0_usize..4), 1..12)) {
        let roles = [None, Some("r1"), Some("r2"), Some("R1")];
        let mut stored: Vec<HostClaim> = Vec::new();
        for (n, base, role) in claims {
            let next = claim(n, roles[role], &base);
            if judge(&next, &stored, &[]) {
                stored.push(next);
            }
        }
        for one in &stored {
            // What was let in stays in: the judgement of a snapshot equals that of the change.
            prop_assert!(judge(one, &stored, &[]));
            for other in stored.iter().filter(|other| other.tenant_id != one.tenant_id) {
                prop_assert!(!one.base.overlaps(&other.base));
                if let (Some(a), Some(b)) = (&one.role, &other.role) {
                    prop_assert!(!a.eq_ignore_ascii_case(b));
                }
            }
        }
    }

    #[test]
    fn what_is_pinned_is_used_by_holders_only(holder in 1_u128..4, asker in 1_u128..4, pin in bases(), base in bases()) {
        let pinned = [pins(holder, &[ROLE], &[&pin])];
        let allowed = judge(&claim(asker, Some(ROLE), &base), &[], &pinned);
        prop_assert_eq!(allowed, asker == holder);
    }
}
