"""What is secret of a strategy follows from its own description: fields that the host never heard of are hidden too."""

import json
from typing import Any

import pytest

from harness.attack_arena import Arena
from harness.host import unused_name

# The canonical name, the aliases that the component describes, and what is the same to the host.
SPELLINGS = ("bearer_secret", "bearer-secret", "Bearer_Secret", "hostile.bearer", "Hostile.Bearer", "upstream-ticket", "upstream_ticket")


def definition(arena: Arena, spelling: str, secret: str) -> dict[str, Any]:
    """A warehouse of a strategy from elsewhere, with one of its secrets in this spelling."""
    fields = arena.strategy("idle")["Hostile"]
    del fields["bearer_secret"]
    place = arena.mallory.tenant.admin.api.get(f"/api/v1/warehouses/{arena.mallory.warehouse}")["storage_config"]
    keep = ("type", "bucket", "region", "endpoint", "path_style_access")
    storage = {name: place[name] for name in keep if name in place} | {"prefix": unused_name("p")}
    return {"name": unused_name("wh"), "storage_config": storage, "vending_strategy": {"Hostile": fields | {spelling: secret}}}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_secret_of_a_plugin_is_hidden_in_every_spelling(arena: Arena, spelling: str) -> None:
    secret, admin = arena.planted.key("secret of a plugin"), arena.mallory.tenant.admin.api
    body = definition(arena, spelling, secret)
    made = admin.post("/api/v1/warehouses", body, status=201)
    path = f"/api/v1/warehouses/{made['name']}"
    shown = admin.get(path)
    assert shown["vending_strategy"]["Hostile"]["bearer_secret"] == "<redacted>"
    # What is shown keeps it when it is sent back, also in the spelling in which it was given.
    sent = {"storage_config": shown["storage_config"], "vending_strategy": shown["vending_strategy"]}
    kept = admin.put(path, sent)
    again = admin.put(path, {"vending_strategy": {"Hostile": {spelling: "<redacted>"}}})
    wrong = body | {"name": unused_name("wh")}
    wrong["vending_strategy"]["Hostile"]["surprise"] = 1
    refused = admin.request("POST", "/api/v1/warehouses", json=wrong)
    elsewhere = admin.request("PUT", path, json={"vending_strategy": {"Hostile": {"upstream": arena.collector.url}}})
    assert (refused.status_code, elsewhere.status_code) == (422, 422)
    assert "bearer_secret" in elsewhere.text
    both = {"vending_strategy": {"Hostile": {"bearer_secret": secret, "upstream-ticket": secret + "2"}}}
    disagree = admin.request("PUT", path, json=both)
    assert disagree.status_code == 422 and "disagree" in disagree.text
    replies = [made, shown, kept, again, admin.get("/api/v1/warehouses"), admin.audit(limit=50)[:50]]
    texts = [json.dumps(reply) for reply in replies] + [refused.text, elsewhere.text, disagree.text, arena.host.logged()]
    for text in texts:
        assert arena.planted.found_in(text.encode()) == []
    admin.delete(path)


def test_every_secret_of_the_description_is_hidden(arena: Arena) -> None:
    admin = arena.mallory.tenant.admin.api
    schema = admin.get("/api/v1/plugins/Hostile/schema")
    secret = {name for name, field in schema["properties"].items() if "secret_ref" in json.dumps(field)}
    assert secret >= set(arena.secrets) - {"access_key_id", "secret_access_key"}, schema
    made = admin.post("/api/v1/warehouses", definition(arena, "bearer_secret", arena.planted.key("bearer")), status=201)
    shown = made["vending_strategy"]["Hostile"]
    assert {name for name, value in shown.items() if value == "<redacted>"} == secret & set(shown)
    admin.delete(f"/api/v1/warehouses/{made['name']}")
