"""Explanations of vends and signatures, and what came to a server while one was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests

from harness.api import Api
from harness.world import Lake, User


def ask(user: User, lake: Lake, table: str = "orders", /, **parameters: Any) -> requests.Response:
    """The route, whatever it answers. `for_` is the parameter whose name Python keeps for itself."""
    return ask_by(user.api, lake, table, **parameters)


def ask_by(api: Api, lake: Lake, table: str = "orders", /, **parameters: Any) -> requests.Response:
    parameters = {name.rstrip("_"): value for name, value in parameters.items()}
    path = api.table_path(lake.catalog, "sales", table) + "/credentials/explain"
    return api.request("GET", path, params=parameters)


def explain(user: User, lake: Lake, table: str = "orders", /, **parameters: Any) -> dict[str, Any]:
    return explain_by(user.api, lake, table, **parameters)


def explain_by(api: Api, lake: Lake, table: str = "orders", /, **parameters: Any) -> dict[str, Any]:
    reply = ask_by(api, lake, table, **parameters)
    assert reply.status_code == 200, reply.text
    assert "no-store" in reply.headers["Cache-Control"]
    assert not lake.tenant.planted.found_in(reply.content)
    return reply.json()


def failed(told: dict[str, Any]) -> str | None:
    """The name of the check that did not pass; all before it did."""
    names = [check["name"] for check in told["checks"] if not check["passed"]]
    assert len(names) <= 1 and (not names or told["checks"][-1]["name"] == names[0])
    assert told["allowed"] == (not names) == ("refusal" not in told)
    return names[0] if names else None


@contextmanager
def silence(*counts: Callable[[], int]) -> Iterator[None]:
    """None of these numbers grows meanwhile."""
    before = [count() for count in counts]
    yield
    assert [count() for count in counts] == before
