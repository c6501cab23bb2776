"""TokenShop, the example in Rust and the SDK's documentation: it vends, and says why it does not."""

from typing import Any

import pytest

from harness.examples.sessions import Sessions
from harness.examples.token_shop import TokenShop
from harness.examples.world import Scene, example_scene
from harness.host import Host
from harness.listener import instead
from harness.planted import Planted
from harness.seaweed import Seaweed

TROUBLE: dict[str, tuple[int, Any]] = {
    "token-refused": (403, instead(401)),
    "token-service-throttled": (503, instead(429)),
    "token-service-unavailable": (503, instead(503)),
    "token-service-unreadable": (502, instead(200, "one line")),
}


@pytest.fixture(scope="module")
def shop(sessions: Sessions, planted: Planted) -> TokenShop:
    return TokenShop(sessions, planted)


@pytest.fixture(scope="module")
def scene(stubbed_host: Host, planted: Planted, seaweed: Seaweed, shop: TokenShop) -> Scene:
    return example_scene(stubbed_host, planted, seaweed, {"TokenShop": {"token_url": shop.url, "api_key": shop.key}})


def test_it_vends_one_table(scene: Scene, shop: TokenShop) -> None:
    bucket = scene.lake.bucket
    store = scene.store(scene.vend(scene.tenant.user("Reader"), ttl=1800))
    assert shop.sold[-1] == (f"s3://{bucket}/lake/orders/", "read", 1800)
    assert store.get(bucket, "lake/orders/data/file") == "ok"
    assert store.put(bucket, "lake/orders/data/new") == store.get(bucket, "lake/orders2/data/file") == "AccessDenied"
    store = scene.store(scene.vend(scene.tenant.user("Writer")))
    assert store.put(bucket, "lake/orders/data/new") == store.delete(bucket, "lake/orders/data/new") == "ok"


@pytest.mark.parametrize("code", TROUBLE)
def test_each_refusal_has_its_own_code(scene: Scene, shop: TokenShop, code: str) -> None:
    status, fault = TROUBLE[code]
    with shop.wire.failing(fault):
        assert scene.refused(scene.tenant.user("Reader"), status)["reason"] == code


def test_an_answer_that_repeats_the_key_is_withheld(scene: Scene, shop: TokenShop) -> None:
    with shop.wire.failing(instead(200, f"id\n{shop.key}\ntoken\n5000\n")):
        reply = scene.ask(scene.tenant.user("Reader"))
    assert reply.status_code == 502
    assert shop.key not in reply.text
