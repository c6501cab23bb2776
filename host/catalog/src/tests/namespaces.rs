use pangolin_core::permission::Action;
use pangolin_core::principal::UserRole;
use pangolin_core::record::Properties;

use super::world::{World, path};
use crate::{CatalogError, Listed, Paging, PropertyChanges};

async fn with(world: &World, names: &[&str]) {
    for name in names {
        world.catalogs.create_namespace(world.by(&world.admin()), "lake", path(name), Properties::new()).await.unwrap();
    }
}

fn names(listed: &Listed<pangolin_core::namespace::NamespacePath>) -> Vec<String> {
    listed.items.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn are_created_below_existing_parents_only() {
    let world = World::local();
    let admin = world.admin();
    let create = |name| world.catalogs.create_namespace(world.by(&admin), "lake", path(name), Properties::new());
    let orphan = create("a.b").await;
    assert!(matches!(orphan, Err(CatalogError::NoSuchNamespace(_))), "{orphan:?}");
    create("a").await.unwrap();
    create("a.b").await.unwrap();
    let twice = create("a").await;
    assert!(matches!(twice, Err(CatalogError::NamespaceExists(_))), "{twice:?}");
}

#[tokio::test]
async fn lists_show_what_may_be_seen_and_their_tokens_tell_nothing_else() {
    let world = World::local();
    with(&world, &["a", "b", "b.x", "c", "d"]).await;
    let seer = {
        let mut grants = world.on_namespace("b.x", &[Action::Read]).grants.to_vec();
        grants.extend(world.on_namespace("d", &[Action::List]).grants.to_vec());
        world.user(grants)
    };
    let list = |parent: Option<&'static str>, token: Option<&str>, size| {
        let paging = Paging { token: token.map(str::to_owned), size };
        let (world, seer) = (&world, &seer);
        async move {
            let parent = parent.map(path);
            world.catalogs.list_namespaces(world.by(seer), "lake", parent.as_ref(), &paging).await
        }
    };
    assert_eq!(names(&list(None, None, None).await.unwrap()), ["b", "d"]);
    let first = list(None, Some(""), Some(1)).await.unwrap();
    assert_eq!((names(&first), first.next.as_deref()), (vec!["b".to_owned()], Some("b")), "c is hidden");
    let second = list(None, first.next.as_deref(), Some(1)).await.unwrap();
    assert_eq!((names(&second), second.next), (vec!["d".to_owned()], None));
    assert_eq!(names(&list(Some("b"), None, None).await.unwrap()), ["b.x"]);
    let hidden = list(Some("a"), None, None).await;
    assert!(matches!(hidden, Err(CatalogError::NoSuchNamespace(_))), "{hidden:?}");
}

#[tokio::test]
async fn a_long_list_without_paging_is_whole() {
    let world = World::local();
    let many: Vec<String> = (0..1203).map(|n| format!("n{n:04}")).collect();
    with(&world, &many.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let admin = world.admin();
    let listed = world.catalogs.list_namespaces(world.by(&admin), "lake", None, &Paging::default()).await.unwrap();
    assert_eq!((listed.items.len(), listed.next), (1203, None));
}

#[tokio::test]
async fn only_an_empty_one_is_dropped() {
    let world = World::local().sales().await;
    world.table("orders").await;
    let admin = world.admin();
    let refused = world.catalogs.drop_namespace(world.by(&admin), "lake", &path("sales")).await;
    assert!(matches!(refused, Err(CatalogError::NamespaceNotEmpty(_))), "{refused:?}");
    with(&world, &["empty"]).await;
    world.catalogs.drop_namespace(world.by(&admin), "lake", &path("empty")).await.unwrap();
    let gone = world.catalogs.load_namespace(world.by(&admin), "lake", &path("empty")).await;
    assert!(matches!(gone, Err(CatalogError::NoSuchNamespace(_))), "{gone:?}");
}

#[tokio::test]
async fn properties_need_the_right_to_update() {
    let world = World::local().sales().await;
    let changes = || PropertyChanges {
        updates: Properties::from([("owner".to_owned(), "ann".to_owned())]),
        removals: Vec::new(),
    };
    let reader = world.on_catalog(&[Action::Read]);
    let refused = world.catalogs.update_namespace(world.by(&reader), "lake", &path("sales"), changes()).await;
    assert!(matches!(refused, Err(CatalogError::Forbidden(_))), "{refused:?}");
    let keeper = world.on_catalog(&[Action::List, Action::Update]);
    world.catalogs.update_namespace(world.by(&keeper), "lake", &path("sales"), changes()).await.unwrap();
    let found = world.catalogs.load_namespace(world.by(&keeper), "lake", &path("sales")).await.unwrap();
    assert_eq!(found.properties.get("owner").map(String::as_str), Some("ann"));
}

#[tokio::test]
async fn another_tenants_catalog_never_was_and_root_has_no_data() {
    let world = World::local().sales().await;
    let stranger = World::local().admin();
    for name in ["lake", "never-was"] {
        let refused = world.catalogs.load_namespace(world.by(&stranger), name, &path("sales")).await;
        let Err(CatalogError::NoSuchCatalog(shown)) = refused else { panic!("{refused:?}") };
        assert_eq!(shown, name);
    }
    let nobody = world.user(Vec::new());
    let refused = world.catalogs.load_namespace(world.by(&nobody), "lake", &path("sales")).await;
    assert!(matches!(refused, Err(CatalogError::NoSuchCatalog(_))), "{refused:?}");
    let root = world.principal(UserRole::Root, Vec::new());
    let refused = world.catalogs.load_namespace(world.by(&root), "lake", &path("sales")).await;
    assert!(matches!(refused, Err(CatalogError::Refused { code: "forbidden", .. })), "{refused:?}");
}
