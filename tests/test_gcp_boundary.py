"""The reader of access boundaries takes what Google documents, and nothing else."""

import json
from typing import Any

import pytest

from harness.google import boundary, cel
from harness.google.boundary import Need

BUCKET = "projects/_/buckets/lake"
LISTED = "api.getAttribute('storage.googleapis.com/objectListPrefix', '')"


def holds(expression: str, name: str = "", prefix: str = "") -> bool:
    return cel.condition(expression)(cel.Context(name, prefix))


def test_names_and_prefixes_are_compared() -> None:
    orders = f"resource.name.startsWith('{BUCKET}/objects/orders/')"
    assert holds(orders, f"{BUCKET}/objects/orders/file")
    assert not holds(orders, f"{BUCKET}/objects/orders2/file")
    assert holds(f"{LISTED}.startsWith('orders/')", prefix="orders/data/")
    assert not holds(f"{LISTED}.startsWith('orders/')")
    either = f"{orders} || {LISTED}.startsWith('orders/')"
    assert holds(either, f"{BUCKET}/objects/orders/x") and holds(either, BUCKET, "orders/")
    assert not holds(f"{orders} && {LISTED}.startsWith('orders/')", f"{BUCKET}/objects/orders/x")


def test_and_binds_more_tightly_than_or() -> None:
    a, b, c = (f"resource.name.startsWith('{letter}')" for letter in ("a", "b", "ab"))
    assert holds(f"{a} || {b} && {c}", "a")
    assert not holds(f"({a} || {b}) && {c}", "a")
    assert holds(f"({a}||{b})&&{c}", "abc")


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        (r"'it\'s'", "it's"),
        (r'"it\'s"', "it's"),
        ('"it\'s"', "it's"),
        (r"'a\\b'", "a\\b"),
        (r"'\x41\u0142\U0001F600\101'", "Ał😀A"),
        ("'zażółć 表'", "zażółć 表"),
        ("''", ""),
        ("'a) || resource.name.startsWith('", "a) || resource.name.startsWith("),
        (r"'a\'", None),
        (r"'\q'", None),
        ("'''a'''", None),
        ("'a\nb'", None),
        ("r'a'", None),
        ("a", None),
    ],
)
def test_strings_are_read_as_cel_reads_them(literal: str, value: str | None) -> None:
    expression = f"resource.name.startsWith({literal})"
    if value is None:
        with pytest.raises(cel.Unreadable):
            cel.condition(expression)
    else:
        assert holds(expression, value + "x")
        assert value == "" or not holds(expression, value[:-1])


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "true",
        "resource.name == 'a'",
        "resource.name.endsWith('a')",
        "resource.name.matches('a')",
        "!resource.name.startsWith('a')",
        "resource.type.startsWith('a')",
        "resource.name.startsWith('a') |  resource.name.startsWith('b')",
        "resource.name.startsWith('a') resource.name.startsWith('b')",
        "resource.name.startsWith('a'))",
        "(resource.name.startsWith('a')",
        "resource.name.startsWith('a', 'b')",
        "api.getAttribute('storage.googleapis.com/objectListPrefix').startsWith('a')",
        "api.getAttribute('storage.googleapis.com/objectListPrefix', 'a').startsWith('a')",
        "api.getAttribute('another', '').startsWith('a')",
        "resource.name.startsWith('a') // remark",
    ],
)
def test_what_is_not_of_the_grammar_is_refused(expression: str) -> None:
    with pytest.raises(cel.Unreadable):
        cel.condition(expression)


def rule(**changes: Any) -> dict[str, Any]:
    body = {
        "availableResource": "//storage.googleapis.com/projects/_/buckets/lake",
        "availablePermissions": ["inRole:roles/storage.objectViewer"],
        "availabilityCondition": {"expression": f"resource.name.startsWith('{BUCKET}/objects/orders/')"},
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


def written(*rules: dict[str, Any]) -> str:
    return json.dumps({"accessBoundary": {"accessBoundaryRules": list(rules)}})


def test_a_boundary_permits_what_one_of_its_rules_permits() -> None:
    writing = rule(availablePermissions=["inRole:roles/storage.objectCreator"], availabilityCondition=None)
    read = boundary.read(written(rule(), writing))
    assert read.permits(Need("storage.objects.get", "lake", "orders/file"))
    assert not read.permits(Need("storage.objects.get", "lake", "orders2/file"))
    assert not read.permits(Need("storage.objects.get", "lake2", "orders/file"))
    assert read.permits(Need("storage.objects.create", "lake", "orders2/file"))
    assert not read.permits(Need("storage.objects.delete", "lake", "orders/file"))
    assert not read.permits(Need("storage.objects.list", "lake", None, "orders/"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        written(),
        written(*[rule()] * 11),
        json.dumps({"accessBoundaryRules": [rule()]}),
        written(rule(availableResource="//storage.googleapis.com/projects/my/buckets/lake")),
        written(rule(availableResource="//storage.googleapis.com/projects/_/buckets/*")),
        written(rule(availableResource="lake")),
        written(rule(availablePermissions=[])),
        written(rule(availablePermissions=None)),
        written(rule(availablePermissions=["roles/storage.objectViewer"])),
        written(rule(availablePermissions=["inRole:roles/owner"])),
        written(rule(availablePermissions="inRole:roles/storage.objectViewer")),
        written(rule(availabilityCondition={"expression": "true"})),
        written(rule(availabilityCondition={})),
        written(rule(availabilityCondition={"expression": "resource.name.startsWith('a')", "location": "x"})),
        written(rule(more="x")),
    ],
)
def test_a_boundary_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(boundary.Invalid):
        boundary.read(text)
