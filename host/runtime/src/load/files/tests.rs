use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
    directory
}

fn write(path: &Path, mode: u32) {
    std::fs::write(path, b"bytes").unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn only_wasm_files_are_listed_in_order() {
    let directory = directory();
    for name in ["b.wasm", "a.wasm", "a.cwasm", "readme.md", ".hidden.wasm", "..x.wasm", "a.wasm.sig", "a.wasm.tmp"] {
        write(&directory.path().join(name), 0o644);
    }
    let names: Vec<_> = list(directory.path()).unwrap().iter().map(|path| super::super::file_name(path)).collect();
    assert_eq!(names, ["a.wasm", "b.wasm"]);
}

#[test]
fn what_others_can_write_is_refused() {
    let directory = directory();
    let file = directory.path().join("a.wasm");
    for mode in [0o664, 0o646] {
        write(&file, mode);
        assert!(matches!(read(directory.path(), &file), Err(FileError::NotPrivate(NotPrivate::Mode { .. }))));
    }
    write(&file, 0o644);
    assert_eq!(read(directory.path(), &file).unwrap(), b"bytes");
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o777)).unwrap();
    let message = list(directory.path()).unwrap_err().to_string();
    assert!(message.contains("chmod go-w"), "{message}");
}

#[test]
fn a_link_is_followed_inside_the_directory_only() {
    let (inside, outside) = (directory(), directory());
    write(&outside.path().join("x"), 0o644);
    write(&inside.path().join("real"), 0o644);
    symlink(outside.path().join("x"), inside.path().join("out.wasm")).unwrap();
    symlink("real", inside.path().join("in.wasm")).unwrap();
    assert!(matches!(read(inside.path(), &inside.path().join("out.wasm")), Err(FileError::Outside(_))));
    assert!(read(inside.path(), &inside.path().join("in.wasm")).is_ok());
}

#[test]
fn a_directory_and_a_fifo_are_not_files() {
    let directory = directory();
    let path = directory.path().join("dir.wasm");
    std::fs::create_dir(&path).unwrap();
    assert!(matches!(read(directory.path(), &path), Err(FileError::NotAFile(_))));
    let fifo = directory.path().join("fifo.wasm");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    assert!(matches!(read(directory.path(), &fifo), Err(FileError::NotAFile(_))));
}

#[test]
fn on_a_read_only_mount_the_mode_says_nothing_and_the_owner_does() {
    let me = rustix::process::geteuid().as_raw();
    let path = Path::new("a.wasm");
    assert_eq!(judge(path, 0o100_777, me, || true), Ok(()));
    assert_eq!(judge(path, 0o40_777, 0, || true), Ok(()));
    assert!(matches!(judge(path, 0o100_777, me, || false), Err(NotPrivate::Mode { mode: 0o777, .. })));
    assert!(matches!(judge(path, 0o100_444, me + 1, || true), Err(NotPrivate::Owner { .. })));
    // A mount that can be written is none.
    let writable = tempfile::tempfile().unwrap();
    assert!(!is_read_only(&writable));
}

#[test]
fn a_directory_that_everyone_can_swap_is_refused() {
    let open = directory();
    let plugins = open.path().join("plugins");
    std::fs::create_dir(&plugins).unwrap();
    let set = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    set(&plugins, 0o755);
    set(open.path(), 0o777);
    let message = list(&plugins).unwrap_err().to_string();
    assert!(message.contains("chmod +t"), "{message}");
    // Each entry is its owner's, or the group's own business.
    for mode in [0o1777, 0o775] {
        set(open.path(), mode);
        assert!(list(&plugins).is_ok(), "{mode:o}");
    }
    // The link can be swapped where the directory itself cannot.
    let steady = directory();
    symlink(steady.path(), open.path().join("link")).unwrap();
    assert!(list(&open.path().join("link")).is_ok());
    set(open.path(), 0o777);
    assert!(matches!(list(&open.path().join("link")), Err(FileError::NotPrivate(NotPrivate::Above { .. }))));
}

#[test]
fn a_directory_between_is_as_private_as_the_file() {
    let directory = directory();
    let between = directory.path().join("..2026_01");
    std::fs::create_dir(&between).unwrap();
    write(&between.join("a.wasm"), 0o644);
    symlink("..2026_01", directory.path().join("..data")).unwrap();
    symlink("..data/a.wasm", directory.path().join("a.wasm")).unwrap();
    let path = directory.path().join("a.wasm");
    std::fs::set_permissions(&between, PermissionsExt::from_mode(0o755)).unwrap();
    assert_eq!(list(directory.path()).unwrap(), std::slice::from_ref(&path));
    assert!(read(directory.path(), &path).is_ok());
    std::fs::set_permissions(&between, PermissionsExt::from_mode(0o775)).unwrap();
    assert!(matches!(read(directory.path(), &path), Err(FileError::NotPrivate(_))));
}

#[test]
fn signatures_lie_beside_the_component() {
    let directory = directory();
    let path = directory.path().join("a.wasm");
    write(&path, 0o644);
    assert_eq!(read_signatures(directory.path(), &path).unwrap(), None);
    write(&directory.path().join("a.wasm.sig"), 0o644);
    assert_eq!(read_signatures(directory.path(), &path).unwrap().as_deref(), Some(&b"bytes"[..]));
    write(&directory.path().join("a.wasm.sig"), 0o664);
    assert!(matches!(read_signatures(directory.path(), &path), Err(FileError::NotPrivate(_))));
}

#[test]
fn a_fifo_in_the_place_of_the_directory_blocks_nothing() {
    let directory = directory();
    let fifo = directory.path().join("plugins");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    assert!(matches!(list(&fifo), Err(FileError::NotADirectory(_))));
}

#[test]
fn a_directory_without_end_is_refused_as_a_whole() {
    let directory = directory();
    for number in 0..=MAX_COMPONENTS {
        if number == MAX_COMPONENTS {
            assert_eq!(list(directory.path()).unwrap().len(), MAX_COMPONENTS);
        }
        std::fs::write(directory.path().join(format!("{number}.wasm")), "").unwrap();
    }
    assert!(matches!(list(directory.path()), Err(FileError::TooMany(_))));
}

#[test]
fn a_name_cannot_forge_a_line_of_log() {
    let directory = directory();
    let file = directory.path().join("a\n2026-01-01 INFO all is well\u{1b}[2J.wasm");
    write(&file, 0o666);
    let message = read(directory.path(), &file).unwrap_err().to_string();
    assert!(!message.contains(char::is_control) && message.contains("a\\n2026"), "{message}");
}
