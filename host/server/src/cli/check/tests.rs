//! Files of every form, with a credential at a known place.

use std::fs;
use std::path::{Path, PathBuf};

use super::report::{Report, Settings};
use super::scan::{Scan, scan};

/// Drawn once; no scanner takes it for a real one.
const PLANTED: &str = "hunter2-planted-hunter2";

fn files(pairs: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in pairs {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn scanned(dir: &Path) -> Scan {
    scan(&[dir.to_owned()])
}

/// `line field` of every finding.
fn places(scan: &Scan) -> Vec<String> {
    scan.findings.iter().map(|found| format!("{} {}", found.line, found.field)).collect()
}

/// One file; nothing of the planted value may be in what is said.
fn one(name: &str, text: &str) -> (Vec<String>, Vec<String>) {
    let dir = files(&[(name, text)]);
    let files = scanned(dir.path());
    let places = places(&files);
    let troubles = files.troubles.iter().map(|trouble| format!("{:?} {}", trouble.line, trouble.problem)).collect();
    let report = Report { settings: None, files, strict: false };
    for said in [report.text(), report.json().unwrap(), format!("{report:?}")] {
        assert!(!said.contains(PLANTED), "{said}");
    }
    (places, troubles)
}

#[test]
fn a_credential_is_found_in_every_form_of_file() {
    let cases = [
        ("a.json", format!("{{\n \"db\": {{\n  \"password\": \"{PLANTED}\"}}}}"), "3 db.password"),
        ("twice.json", format!("{{\"token\": \"${{A}}\",\n\"token\": \"{PLANTED}\"}}"), "2 token"),
        ("a.toml", format!("[db]\nuser = 'ada'\npassword = '{PLANTED}'\n"), "3 db.password"),
        ("b.toml", format!("[[dbs]]\n[[dbs]]\npassword = '''\n{PLANTED}'''\n"), "3 dbs[1].password"),
        ("a.yaml", format!("# a\ndb:\n  - user: ada\n    password: {PLANTED}\n"), "4 db[0].password"),
        ("b.yml", format!("a: 1\n---\npassword: >-\n  {PLANTED}\n"), "4 password"),
        ("alias.yaml", format!("x: &p {PLANTED}\npassword: *p\n"), "2 password"),
        ("complex.yaml", format!("? [a, {{password: {PLANTED}}}]\n: b\nc: d\n"), "1 [1].password"),
        (".env", format!("A=b\nexport DB_PASSWORD=\"{PLANTED}\"\n"), "2 DB_PASSWORD"),
        (".env.local", format!("DB_PASSWORD={PLANTED} # of the database\n"), "1 DB_PASSWORD"),
        ("a.ini", format!("[db]\nuser: ada\npassword : {PLANTED}\n"), "3 db.password"),
        ("a.properties", format!("db.password={PLANTED}\n"), "1 db.password"),
        ("Dockerfile", format!("FROM x\nENV DB_PASSWORD={PLANTED}\n"), "2 DB_PASSWORD"),
        ("note.md", format!("see\n\n    postgres://ada:{PLANTED}@db/lake\n"), "3 "),
        ("comment.yaml", format!("a: b\n# postgres://ada:{PLANTED}@db/lake\n"), "2 "),
        ("compose.yaml", format!("environment:\n  - DB_PASSWORD={PLANTED}\n"), "2 environment[0]"),
    ];
    for (name, text, place) in cases {
        assert_eq!(one(name, &text), (vec![place.to_owned()], Vec::new()), "{name}");
    }
}

#[test]
fn references_and_other_values_are_none() {
    let dir = files(&[
        ("a.json", r#"{"password": {"secret_ref": "lake-key"}, "ttl": 3600, "ok": true, "none": null}"#),
        ("a.toml", "password = '${DB_PASSWORD}'\n[package]\nversion = '1.0.0'\nat = 2026-01-01T00:00:00Z\n"),
        ("a.yaml", "password: null\ntoken: ~\nuse_password: yes\nsecret: {{ .Values.secret }}\n"),
        (".env", "# DB_PASSWORD=\nDB_PASSWORD=\nTOKEN=$OTHER\nURL=https://example.com/a#b\n"),
        ("a.txt", "the password is in the vault\n"),
    ]);
    // The template of a chart is no YAML.
    let found = scanned(dir.path());
    assert_eq!(places(&found), Vec::<String>::new());
    assert_eq!(found.searched, 5);
}

#[test]
fn what_no_parser_takes_is_told_with_its_line_and_searched_all_the_same() {
    for (name, text, line) in [
        ("a.json", format!("{{\n\"password\": \"{PLANTED}\",\n}}\n"), 3),
        ("a.toml", format!("password = \"{PLANTED}\"\nx = = 1\n"), 2),
        ("a.yaml", format!("password: \"{PLANTED}\"\n\t- [x\n"), 2),
    ] {
        let (places, troubles) = one(name, &text);
        assert_eq!(troubles.len(), 1, "{name}");
        assert!(troubles[0].starts_with(&format!("Some({line}) is not valid")), "{name}: {troubles:?}");
        assert!(places.iter().any(|place| place.ends_with("password")), "{name}: {places:?}");
    }
}

#[test]
fn deep_and_multiplied_files_end() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(5_000), close.repeat(5_000));
    for (name, text) in
        [("a.json", deep("[", "]")), ("a.yaml", deep("[", "]")), ("a.toml", format!("x = {}", deep("[", "]")))]
    {
        let (_, troubles) = one(name, &text);
        assert_eq!(troubles.len(), 1, "{name}: {troubles:?}");
    }
    let mut laughs = "a0: &a0 [x, x]\n".to_owned();
    for at in 1..60 {
        laughs.push_str(&format!("a{at}: &a{at} [*a{}, *a{}]\n", at - 1, at - 1));
    }
    assert_eq!(one("laughs.yaml", &laughs), (Vec::new(), Vec::new()));
}

#[test]
fn directories_are_walked_without_their_links() {
    let outside = files(&[("other.env", &format!("PASSWORD={PLANTED}"))]);
    let dir = files(&[("a/b/.env", &format!("PASSWORD={PLANTED}")), (".git/x.env", &format!("PASSWORD={PLANTED}"))]);
    std::os::unix::fs::symlink(outside.path(), dir.path().join("link")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("other.env"), dir.path().join("link.env")).unwrap();
    std::os::unix::fs::symlink(dir.path(), dir.path().join("a/loop")).unwrap();
    fs::write(dir.path().join("image.png"), b"\x89PNG\0\0password").unwrap();
    fs::write(dir.path().join("large.json"), vec![b' '; 17 << 20]).unwrap();
    let found = scanned(dir.path());
    assert_eq!((places(&found), found.searched, found.left_out), (vec!["1 PASSWORD".to_owned()], 1, 2));
    assert!(found.troubles.is_empty());
    // What is named itself is not left out in silence; a link that is named is followed.
    let named = |name: &str| scan(&[dir.path().join(name)]);
    assert_eq!(named("link.env").findings.len(), 1);
    for name in ["image.png", "large.json", "nothing.yaml"] {
        assert_eq!(named(name).troubles.len(), 1, "{name}");
    }
}

#[test]
fn other_encodings_are_read() {
    let dir = files(&[]);
    let wide: Vec<u8> = format!("\u{feff}PASSWORD={PLANTED}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(dir.path().join("wide.env"), wide).unwrap();
    fs::write(dir.path().join("mark.env"), format!("\u{feff}PASSWORD={PLANTED}\n")).unwrap();
    fs::write(dir.path().join("latin.env"), [b"NAME=\xe9\nPASSWORD=".as_slice(), PLANTED.as_bytes()].concat()).unwrap();
    assert_eq!(places(&scanned(dir.path())), ["2 PASSWORD", "1 PASSWORD", "1 PASSWORD"]);
}

#[test]
fn nothing_that_a_terminal_obeys_goes_out() {
    let dir = files(&[("a\u{1b}[2J\n.yaml", "\"b\\e]0;x\\a\": {password: hunter22}\n")]);
    let report = Report { settings: None, files: scanned(dir.path()), strict: false };
    assert_eq!(report.files.findings.len(), 1);
    for said in [report.text(), report.json().unwrap()] {
        assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
    }
    assert_eq!(report.text().lines().count(), 3);
}

#[test]
fn the_verdict_counts_what_is_wrong() {
    let dir = files(&[("a.env", "PASSWORD=hunter22"), ("b.json", "{")]);
    let report = Report { settings: Some(Settings::default()), files: scanned(dir.path()), strict: false };
    assert_eq!(report.verdict().unwrap(), "1 credential was found; 1 file has a problem");
    let fine = Report { settings: Some(Settings::default()), files: Scan::default(), strict: false };
    assert_eq!((fine.verdict(), fine.text()), (None, "the settings can be used\n".to_owned()));
}

/// What this repository gives people to begin with.
#[test]
fn examples_and_templates_hold_no_credential() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let of_plugins = fs::read_dir(root.join("plugins")).unwrap().map(|entry| entry.unwrap().path());
    let scenarios = of_plugins.map(|plugin| plugin.join("scenario.toml")).filter(|path| path.exists());
    let named: Vec<PathBuf> = ["examples", "host/plugin-tools/templates", "Cargo.toml", "host/server/openapi.json"]
        .into_iter()
        .map(|name| root.join(name))
        .chain(scenarios)
        .collect();
    let found = scan(&named);
    assert!(found.searched > 40, "{}", found.searched);
    assert_eq!(found.findings, []);
}

/// Small files that stand for very much. Each is judged in seconds, or it stops this test for hours.
#[test]
fn no_file_is_more_than_it_is() {
    let long = "k".repeat(256 * 1024);
    let many = |one: &str| one.repeat(256 * 1024 / one.len());
    let nested = |open: &str, close: &str, inner: &str| format!("{}{inner}{}", open.repeat(100), close.repeat(100));
    let ones = format!("[{}1]", many("1,"));
    for (name, text) in [
        ("numbers.json", ones.clone()),
        ("lines.json", format!("[{}1]", many("1\n,"))),
        ("name.json", format!("{{\"{long}\": {ones}}}")),
        ("deep.json", nested("{\"a\":", "}", &ones)),
        ("passwords.json", format!("[{}1]", many("{\"password\":\"hunter2-planted-hunter2\"},"))),
        ("numbers.toml", format!("a = {ones}\n")),
        ("name.toml", format!("{long} = {ones}\n")),
        ("alias.yaml", format!("a: &a {long}\nb: [{}]\n", many("*a ,"))),
        ("name.yaml", format!("? {long}\n: [{}]\n", many("1,"))),
        ("flow.yaml", many("[")),
        ("maps.yaml", many("{a: ")),
        ("anchors.yaml", many("- &a x\n")),
        ("dashes.yaml", many("- ")),
        ("section.ini", format!("[{long}]\n{}", many("a=1\n"))),
        ("quotes.env", many("A=\"\n")),
        ("one.txt", many("AKIA")),
        ("dots.txt", many("eyJ.")),
        ("begin.txt", many("-----BEGIN ")),
        ("urls.txt", many("a://")),
        ("queries.txt", many("a://?a=b&")),
        ("braces.ini", format!("password={}", many("{{"))),
        ("angles.ini", format!("password={}", many("<a "))),
        ("equal.txt", many("==a")),
        ("bearer.txt", many("Bearer ")),
    ] {
        let began = std::time::Instant::now();
        let (places, _) = one(name, &text);
        assert!(places.len() <= 1_000, "{name}");
        assert!(began.elapsed().as_secs() < 60, "{name}: {:?}", began.elapsed());
    }
}
