//! Files of somebody else: read only if they are files, and no further than a host would read.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use pangolin_runtime::MAX_COMPONENT_BYTES;
use pangolin_runtime::signature::MAX_SIGNATURE_FILE_BYTES;

/// A component, or what is given as one.
pub(crate) fn component(path: &Path) -> anyhow::Result<Vec<u8>> {
    at_most(path, MAX_COMPONENT_BYTES)
}

/// The file with signatures; none where there is none.
pub(crate) fn signatures(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    // A link that leads nowhere is there.
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        _ => at_most(path, u64::try_from(MAX_SIGNATURE_FILE_BYTES)?).map(Some),
    }
}

/// A pipe or a device has no end, and a file of holes fills a disk when it is copied.
fn at_most(path: &Path, most: u64) -> anyhow::Result<Vec<u8>> {
    let unread = || format!("{} cannot be read", path.display());
    if !std::fs::metadata(path).with_context(unread)?.is_file() {
        bail!("{} is not a file", path.display());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(unread)?;
    file.take(most + 1).read_to_end(&mut bytes).with_context(unread)?;
    if u64::try_from(bytes.len())? > most {
        bail!("{} has more than {most} bytes: no host reads it", path.display());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_has_no_end_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wasm.sig");
        assert!(signatures(&path).unwrap().is_none());
        std::fs::write(&path, "{}").unwrap();
        assert_eq!(signatures(&path).unwrap().as_deref(), Some(&b"{}"[..]));
        // Sparse: no disk is used.
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        for error in [signatures(&path).unwrap_err(), component(&path).unwrap_err()] {
            assert!(error.to_string().contains("no host reads it"), "{error}");
        }
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("nowhere", &path).unwrap();
        assert!(signatures(&path).is_err());
    }

    #[test]
    fn nobody_waits_for_the_other_end_of_a_pipe() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wasm.sig");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || tell.send((signatures(&path).is_err(), component(&path).is_err())));
        assert_eq!(told.recv_timeout(Duration::from_secs(10)), Ok((true, true)));
    }
}
