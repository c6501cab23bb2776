use std::os::unix::fs::PermissionsExt;

use super::*;

const EMPTY: &str = "(component)";

struct Fixture {
    _home: tempfile::TempDir,
    directory: PathBuf,
    engine: Engine,
}

fn fixture() -> Fixture {
    let home = tempfile::tempdir().unwrap();
    Fixture { directory: home.path().join("native"), _home: home, engine: Engine::default() }
}

fn component(engine: &Engine) -> Component {
    Component::from_binary(engine, &wat::parse_str(EMPTY).unwrap()).unwrap()
}

#[test]
fn code_that_was_stored_is_loaded_again_by_another_start() {
    let fixture = fixture();
    let cache = NativeCache::open(&fixture.directory, &fixture.engine).unwrap();
    assert!(cache.load(&fixture.engine, "d1").is_none());
    cache.store(&component(&fixture.engine), "d1");
    let again = NativeCache::open(&fixture.directory, &fixture.engine).unwrap();
    assert!(again.load(&fixture.engine, "d1").is_some());
    assert!(again.load(&fixture.engine, "d2").is_none());
}

#[test]
fn changed_moved_cut_and_foreign_code_is_not_loaded() {
    let fixture = fixture();
    let cache = NativeCache::open(&fixture.directory, &fixture.engine).unwrap();
    cache.store(&component(&fixture.engine), "d1");
    let good = std::fs::read(cache.path("d1")).unwrap();

    // Code of one component under the name of another.
    std::fs::write(cache.path("d2"), &good).unwrap();
    assert!(cache.load(&fixture.engine, "d2").is_none());

    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for bad in [&flipped[..], &good[..40], &good[..10], &[]] {
        std::fs::write(cache.path("d1"), bad).unwrap();
        assert!(cache.load(&fixture.engine, "d1").is_none());
    }

    // The right code, under another host's key.
    std::fs::write(cache.path("d1"), &good).unwrap();
    std::fs::write(fixture.directory.with_extension("key"), [7; KEY_BYTES]).unwrap();
    let foreign = NativeCache::open(&fixture.directory, &fixture.engine).unwrap();
    assert!(foreign.load(&fixture.engine, "d1").is_none());
}

#[test]
fn key_and_directory_are_private_or_there_is_no_cache() {
    let fixture = fixture();
    drop(NativeCache::open(&fixture.directory, &fixture.engine).unwrap());
    let key = fixture.directory.with_extension("key");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!((mode(&fixture.directory), mode(&key)), (0o700, 0o600));

    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o640)).unwrap();
    assert!(matches!(NativeCache::open(&fixture.directory, &fixture.engine), Err(NoCache::NotPrivate(_))));
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::set_permissions(&fixture.directory, PermissionsExt::from_mode(0o755)).unwrap();
    assert!(matches!(NativeCache::open(&fixture.directory, &fixture.engine), Err(NoCache::NotPrivate(_))));
}
