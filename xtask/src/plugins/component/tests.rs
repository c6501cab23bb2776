use super::*;
use wit_component::StringEncoding;
use wit_parser::Resolve;

/// A core module of a world with these imports and exports.
fn core(world: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve
        .push_str(
            "test.wit",
            &format!(
                "package pangolin:vending@1.0.0;
                 interface clock {{ now-ms: func() -> u64; }}
                 interface http {{ send: func(); }}
                 interface strategy {{ vend: func(); }}
                 interface other {{ run: func(); }}
                 world plugin {{ {world} }}"
            ),
        )
        .unwrap();
    let id = resolve.select_world(&[package], None).unwrap();
    let mut module = wat::parse_str(text(world)).unwrap();
    wit_component::embed_component_metadata(&mut module, &resolve, id, StringEncoding::UTF8, true).unwrap();
    module
}

/// The module's text: each item of the world under its canonical name.
fn text(world: &str) -> String {
    let mut text = String::from("(module");
    for (item, field) in [
        ("import clock;", "(import \"pangolin:vending/clock@1.0.0\" \"now-ms\" (func (result i64)))"),
        ("import http;", "(import \"pangolin:vending/http@1.0.0\" \"send\" (func))"),
        ("export strategy;", "(func (export \"pangolin:vending/strategy@1.0.0#vend\"))"),
        ("export other;", "(func (export \"pangolin:vending/other@1.0.0#run\"))"),
    ] {
        if world.contains(item) {
            text.push_str(field);
        }
    }
    text + ")"
}

#[test]
fn what_is_expected_passes() {
    let core = core("import clock; export strategy;");
    let component = encode(&core, &["clock"], &["strategy"]).unwrap();
    let (imports, exports) = interfaces(&component).unwrap();
    assert_eq!(imports, BTreeSet::from(["pangolin:vending/clock@1.0.0".to_owned()]));
    assert_eq!(exports, BTreeSet::from(["pangolin:vending/strategy@1.0.0".to_owned()]));
}

#[test]
fn an_import_that_nobody_expects_is_refused() {
    let core = core("import clock; import http; export strategy;");
    let error = encode(&core, &["clock"], &["strategy"]).unwrap_err().to_string();
    assert!(error.contains("pangolin:vending/http@1.0.0"), "{error}");
}

#[test]
fn a_component_without_a_strategy_or_with_more_is_refused() {
    assert!(encode(&core("import clock;"), &["clock"], &["strategy"]).is_err());
    assert!(encode(&core("import clock; export strategy; export other;"), &["clock"], &["strategy"]).is_err());
}

#[test]
fn bytes_that_are_no_strategy_are_refused() {
    assert!(encode(b"not wasm", &[], &["strategy"]).is_err());
    assert!(encode(b"\0asm\x01\0\0\0", &[], &["strategy"]).is_err(), "a module that exports nothing");
}

#[test]
fn the_package_is_the_one_in_wit() {
    let text = include_str!("../../../../wit/world.wit");
    assert!(text.contains(&format!("package {}@{};", PACKAGE.0, PACKAGE.1)));
}
