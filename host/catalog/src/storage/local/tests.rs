use super::*;

fn files(root: &Path) -> LocalFiles {
    LocalFiles::new(Some(Arc::new(root.to_owned()))).unwrap()
}

fn at(root: &Path, relative: &str) -> Location {
    Location::parse(&format!("file://{}/{relative}", root.display())).unwrap()
}

#[tokio::test]
async fn writes_reads_and_deletes_below_the_root() {
    let root = tempfile::tempdir().unwrap();
    let files = files(root.path());
    let file = at(root.path(), "a/b/metadata/00000-x.metadata.json");
    files.write(&file, Arc::from("{}")).await.unwrap();
    assert_eq!(files.read(&file).await.unwrap(), "{}");
    assert!(files.write(&file, Arc::from("other")).await.is_err(), "never over an existing file");
    files.delete(&file).await.unwrap();
    assert!(matches!(files.read(&file).await, Err(StorageError::Missing(_))));
}

#[tokio::test]
async fn purges_a_directory_and_nothing_beside_it() {
    let root = tempfile::tempdir().unwrap();
    let files = files(root.path());
    for name in ["orders/data/f", "orders2/data/f"] {
        files.write(&at(root.path(), name), Arc::from("x")).await.unwrap();
    }
    files.purge(&at(root.path(), "orders")).await.unwrap();
    assert!(!root.path().join("orders").exists());
    assert!(root.path().join("orders2/data/f").exists());
    assert!(files.purge(&at(root.path(), "orders")).await.is_ok(), "nothing there is nothing to do");
}

#[tokio::test]
async fn refuses_what_lies_outside() {
    let root = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let files = files(root.path());
    for location in [at(elsewhere.path(), "f"), Location::parse("s3://bucket/f").unwrap()] {
        let refused = files.write(&location, Arc::from("x")).await;
        assert!(matches!(refused, Err(StorageError::LocalOutside(_))), "{refused:?}");
    }
    let root_itself = Location::parse(&format!("file://{}", root.path().display())).unwrap();
    assert!(files.purge(&root_itself).await.is_err());
}

#[cfg(unix)]
#[tokio::test]
async fn follows_no_link() {
    let root = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), root.path().join("link")).unwrap();
    fs::write(elsewhere.path().join("secret"), "s").unwrap();
    std::os::unix::fs::symlink(elsewhere.path().join("secret"), root.path().join("file")).unwrap();
    let files = files(root.path());
    assert!(files.write(&at(root.path(), "link/f"), Arc::from("x")).await.is_err());
    assert!(files.read(&at(root.path(), "link/secret")).await.is_err());
    assert!(files.read(&at(root.path(), "file")).await.is_err());
    assert!(files.write(&at(root.path(), "file"), Arc::from("x")).await.is_err());
    assert!(files.purge(&at(root.path(), "link")).await.is_err());
    assert_eq!(fs::read_to_string(elsewhere.path().join("secret")).unwrap(), "s");
}

#[tokio::test]
async fn a_root_that_is_not_there_is_what_is_missing() {
    let above = tempfile::tempdir().unwrap();
    let root = above.path().join("store");
    let files = files(&root);
    let refused = files.write(&at(&root, "orders/f"), Arc::from("x")).await.unwrap_err();
    assert_eq!(refused.code(), "storage-failed");
    assert!(refused.to_string().contains("PANGOLIN_LOCAL_STORAGE_DIR"), "{refused}");
}

#[test]
fn without_a_root_there_is_no_local_storage() {
    assert_eq!(LocalFiles::new(None).unwrap_err(), StorageError::LocalDisabled);
}
