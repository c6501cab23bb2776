"""Search finds the same on both databases: what the caller may list, page by page."""

from __future__ import annotations

from typing import Any

from harness.api import Api
from harness.host import unused_name
from harness.world import Lake


def search(api: Api, q: str, **arguments: Any) -> list[tuple[str, str, str | None]]:
    found: list[tuple[str, str, str | None]] = []
    token = None
    while True:
        page = api.get("/api/v1/search", params={"q": q, "page_token": token} | arguments)
        found += [(one["kind"], one["name"], one["context"]) for one in page["results"]]
        if (token := page.get("next_page_token")) is None:
            return found


def test_names_are_found_as_they_are_written(any_lake: Lake) -> None:
    admin, catalog = any_lake.tenant.admin.api, any_lake.catalog
    for name in ("Straße_1", "100%", "percent", "ÄPFEL", "a'b\"c", "x" * 200):
        admin.create_table(catalog, "sales", name)
    inside = f"{catalog}.sales"
    for q, names in [
        ("STRASSE", []),
        ("straße", ["Straße_1"]),
        ("%", ["100%"]),
        ("_", ["Straße_1"]),
        ("äpf", ["ÄPFEL"]),
        ("'", ["a'b\"c"]),
        ('"', ["a'b\"c"]),
        ("PERC", ["percent"]),
        ("sales.perc", ["percent"]),
        ("x" * 200, ["x" * 200]),
        ("\\", []),
    ]:
        tables = [one for one in search(admin, q) if one[0] == "Asset"]
        assert tables == [("Asset", name, inside) for name in names], q
    assert ("Catalog", catalog, None) in search(admin, catalog.upper())
    assert search(admin, "sales") == [("Namespace", "sales", catalog)]


def test_pages_show_each_name_once_while_names_come_and_go(any_lake: Lake) -> None:
    admin, catalog = any_lake.tenant.admin.api, any_lake.catalog
    marker = unused_name("n").replace("-", "_")
    names = [f"{marker}_{n:02}" for n in range(12)]
    for name in names:
        admin.create_namespace(catalog, name)
    whole = search(admin, marker)
    assert [name for _, name, _ in whole] == names
    assert search(admin, marker, limit=5) == whole
    first = admin.get("/api/v1/search", params={"q": marker, "limit": 5})
    # What is dropped behind the page and made before it changes nothing of what follows.
    admin.delete(f"/v1/{catalog}/namespaces/{names[4]}")
    admin.create_namespace(catalog, f"{marker}_00a")
    rest = admin.get("/api/v1/search", params={"q": marker, "page_token": first["next_page_token"]})
    assert [one["name"] for one in rest["results"]] == names[5:]


def test_what_may_not_be_listed_is_not_found_and_not_told_by_the_token(any_lake: Lake) -> None:
    tenant, catalog = any_lake.tenant, any_lake.catalog
    admin = tenant.admin.api
    secret = unused_name("hidden").replace("-", "_")
    for n in range(3):
        admin.create_namespace(catalog, f"{secret}_{n}")
    admin.create_namespace(catalog, f"z_{secret}")
    user = tenant.user()
    assert search(user.api, secret) == []
    scope = {"type": "namespace", "catalog_id": admin.get(f"/api/v1/catalogs/{catalog}")["id"], "namespace": f"z_{secret}"}
    tenant.grant(user, scope, ["list"])
    assert search(user.api, secret) == [("Namespace", f"z_{secret}", catalog)]
    for limit in (1, 2):
        page = user.api.get("/api/v1/search", params={"q": secret, "limit": limit})
        assert [one["name"] for one in page["results"]] == [f"z_{secret}"]
    # A token of one caller is none of another's.
    token = admin.get("/api/v1/search", params={"q": secret, "limit": 1})["next_page_token"]
    assert user.api.request("GET", f"/api/v1/search?q={secret}&page_token={token}").status_code == 400
