use super::*;

fn imports(names: &[&str]) -> Result<Vec<String>, WrongWorld> {
    check_imports(names.iter().map(|name| (*name, true)))
}

fn refusal(outcome: Result<Vec<String>, WrongWorld>, words: &[&str]) {
    let text = outcome.unwrap_err().to_string();
    for word in words {
        assert!(text.contains(word), "'{word}' is not in: {text}");
    }
}

#[test]
fn what_was_built_against_an_older_contract_or_another_patch_of_it_fits() {
    let host = Version { major: 2, minor: 3, patch: 1 };
    for (text, fits) in [
        ("2.3.1", true),
        ("2.3.0", true),
        ("2.3.9", true),
        ("2.0.0", true),
        ("2.4.0", false),
        ("1.3.1", false),
        ("3.0.0", false),
    ] {
        assert_eq!(Version::parse(text).unwrap().runs_on(host), fits, "{text}");
    }
    for text in ["", "1", "1.0", "1.0.0-rc.1", "1.0.0+build", "1.0.x", "-1.0.0", "1.0.0.0"] {
        assert_eq!(Version::parse(text), None, "{text}");
    }
}

#[test]
fn a_refused_version_is_named_beside_the_hosts_and_with_the_way_out() {
    let both = ["pangolin:vending@1.0.0", "pangolin plugin wit"];
    refusal(imports(&["pangolin:vending/log@2.0.0"]), &["pangolin:vending@2.0.0", both[0], both[1]]);
    refusal(
        imports(&["pangolin:vending/log@1.1.0"]),
        &["pangolin:vending@1.1.0", "run a newer host", both[0], both[1]],
    );
    refusal(imports(&["pangolin:vending/later@1.7.0"]), &["pangolin:vending@1.7.0", "run a newer host"]);
    refusal(imports(&["pangolin:vending/log@1.0.0-rc.1"]), &["pangolin:vending@1.0.0-rc.1", both[1]]);
    refusal(check_exports(["pangolin:vending/strategy@0.1.0"].into_iter()), &["pangolin:vending@0.1.0", both[0]]);
    let leases = ["pangolin:vending/strategy@1.0.0", "pangolin:vending/leases@1.2.0"];
    refusal(check_exports(leases.into_iter()), &["pangolin:vending@1.2.0", "newer host"]);
}

#[test]
fn exports_of_a_later_version_that_the_host_does_not_know_are_left_alone() {
    let names = ["pangolin:vending/strategy@1.0.4", "pangolin:vending/later@1.3.0", "wasi:cli/run@0.2.0"];
    let exports = check_exports(names.into_iter()).unwrap();
    assert_eq!(exports, ["pangolin:vending/later@1.3.0", "pangolin:vending/strategy@1.0.4"]);
}

#[test]
fn interfaces_of_the_contract_and_of_wasi_0_2_are_listed() {
    let names = ["wasi:sockets/tcp@0.2.9", "pangolin:vending/http@1.0.3", "wasi:cli/stderr@0.2.0"];
    assert_eq!(
        imports(&names).unwrap(),
        ["pangolin:vending/http@1.0.3", "wasi:cli/stderr@0.2.0", "wasi:sockets/tcp@0.2.9"]
    );
}

#[test]
fn what_is_not_offered_is_named_with_the_reason() {
    refusal(
        imports(&["wasi:http/types@0.2.3", "wasi:http/outgoing-handler@0.2.3"]),
        &["wasi:http/outgoing-handler@0.2.3, wasi:http/types@0.2.3", "pangolin:vending/http", "--disable http"],
    );
    refusal(imports(&["wasi:cli/environment@0.3.0"]), &["wasi:cli/environment@0.3.0", "WASI 0.2 only", "--sync"]);
    refusal(imports(&["wasi:cli/environment@0.2.0-rc-2023-12-05"]), &["WASI 0.2 only"]);
    refusal(imports(&["wasi:keyvalue/store@0.2.0", "wasi:http/types@0.2.0"]), &["wasi:keyvalue/store@0.2.0"]);
    for name in ["run", "wasi:cli/environment", "wasi:cli/run@0.2.0", "wasi:clocks/timezone@0.2.0", "evil:x/y@1.0.0"] {
        refusal(imports(&[name]), &[name, "does not offer"]);
    }
    refusal(check_imports([("wasi:cli/exit@0.2.0", false)].into_iter()), &["wasi:cli/exit@0.2.0"]);
}

#[test]
fn a_name_cannot_write_into_the_terminal_of_who_reads_the_refusal() {
    let text = imports(&["\u{1b}[31m:x/y@1.0.0"]).unwrap_err().to_string();
    assert!(text.contains("\\u{1b}[31m"), "{text}");
}
