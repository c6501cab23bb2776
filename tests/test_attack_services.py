"""A plugin that has the host's own services mint or sign more than was asked for, elsewhere, or with what is not its own."""

import json
from typing import Any

import pytest

from harness.attack_arena import Arena
from harness.seaweed import VEND_ROLE

Step = dict[str, Any]
OBJECTS = "arn:aws:s3:::{path}*"


def policy(**statement: Any) -> str:
    honest = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": OBJECTS}
    return json.dumps({"Version": "2012-10-17", "Statement": [honest | statement]})


# Session policies that open more than the table, or that nobody can judge.
WIDE_POLICIES = {
    "nothing": "",
    "no policy": "{}",
    "no JSON": "allow all",
    "everything": policy(Action="*", Resource="*"),
    "any object": policy(Resource="*"),
    "any bucket": policy(Resource="arn:aws:s3:::*"),
    "the bucket": policy(Resource="arn:aws:s3:::{bucket}/*"),
    "a neighbour": policy(Resource="arn:aws:s3:::{bare}*"),
    "another service": policy(Action="sts:*"),
    "any action": policy(Action="s3:*"),
    "another right": policy(Action="s3:PutBucketPolicy"),
    "the contrary": policy(Resource=None, NotResource="arn:aws:s3:::other/*"),
    "another action than": policy(Action=None, NotAction="s3:DeleteBucket"),
    "one more": json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}] * 2}),
    "a variable": policy(Resource="arn:aws:s3:::${{aws:username}}/*"),
    "twice a name": '{{"Version":"2012-10-17","Statement":[],"Statement":[{{"Effect":"Allow","Action":"*","Resource":"*"}}]}}',
    "capitals": policy(effect="Allow", Action="s3:GetObject", resource="*"),
    "a list of the bucket": policy(Action="s3:ListBucket", Resource="arn:aws:s3:::{bucket}"),
    "a principal": policy(Principal="*"),
    "long": policy(Sid="x" * 100_000),
}
OUTSIDE = [
    *("{endpoint}/{bucket}/", "{endpoint}/{bucket}/lake/secret", "{endpoint}/{bare}2/x", "{endpoint}/other/x"),
    *("{endpoint}/{path}../x", "{endpoint}/{path}%2e%2e/x", "{endpoint}/{path}..%2fx", "{endpoint}/{path}x/../../y"),
    *("{collector}/{path}x", "{upstream}/{path}x", "https://s3.amazonaws.com/{path}x", "https://{bucket}.evil.example/x"),
    *("{endpoint}/{path}x?versioning", "{endpoint}/{path}x?acl", "{endpoint}/{path}x#y", "http://u@{host}/{path}x", "", "s3://{path}x"),
    *("{endpoint}/{path}x?X-Amz-Expires=604800", "{endpoint}/{path}x?response-content-type=a&policy", "{endpoint}//{path}x"),
]


def words(arena: Arena) -> dict[str, str]:
    api = arena.mallory.tenant.admin.api
    bare = api.load_table(arena.mallory.catalog, "sales", "mine", headers={})["metadata"]["location"].rstrip("/")[5:]
    endpoint = arena.seaweed.endpoint
    return {"bucket": arena.mallory.bucket, "bare": bare, "path": bare + "/", "endpoint": endpoint, "host": endpoint[7:]}


def filled(arena: Arena, text: str) -> str:
    for name, value in words(arena).items():
        text = text.replace(f"{{{name}}}", value)
    return text.replace("{{", "{").replace("}}", "}")


def assume(**more: Any) -> Step:
    return {"do": "assume-role", "role": VEND_ROLE, "policy": policy()} | more


def refused(seen: Step) -> bool:
    return "ok" not in seen and seen["kind"] in ("Denied", "InvalidConfig", "Unsupported")


def test_what_is_minted_for_the_table_is_in_no_log(arena: Arena) -> None:
    # The host has them masked in lines and refusals of the guest that they were minted for.
    out = arena.script(assume(policy=filled(arena, policy())), *({"do": "log", "text": text} for text in ("{seen}", "a {seen} b")))
    minted = out.seen[0]["ok"].split()
    assert len(minted) == 3, out
    for secret in minted[1:]:
        assert secret not in arena.host.logged()
        assert secret not in out.text + json.dumps(out.row)


@pytest.mark.parametrize("name", WIDE_POLICIES)
def test_no_session_wider_than_the_table(arena: Arena, name: str) -> None:
    # Parts that are none are left out, not null.
    text = WIDE_POLICIES[name].replace('"Resource": null, ', "").replace('"Action": null, ', "")
    out = arena.script(assume(policy=filled(arena, text)) if len(text) < 8000 else assume(policy={"repeat": ["x", 100_000]}))
    assert refused(out.seen[0]), out.seen
    assert out.seen[0]["code"] in ("policy-too-wide", "policy-required", "policy-too-large"), out.seen


def test_no_session_by_another_s_identity_or_of_another_server(arena: Arena) -> None:
    right = filled(arena, policy())
    port = arena.forbidden.port
    endpoints = ["{collector}", f"http://127.0.0.1:{port}", f"http://127.0.0.2:{port}", "http://169.254.169.254", "http://[::1]:1"]
    endpoints += [f"http://x@127.0.0.1:{port}", "https://sts.amazonaws.com.evil.example", "file:///etc/passwd", "http://localhost:1"]
    steps = [assume(policy=right, base="host")]
    steps += [assume(policy=right, endpoint=endpoint) for endpoint in endpoints]
    steps += [assume(policy=right, base="host", endpoint=endpoint) for endpoint in (*endpoints, "{upstream}")]
    steps += [assume(policy=right, secret=slot) for slot in ("bearer_secret", "vended_secret", "empty_secret", "nobody", "mode")]
    steps += [assume(policy=right, session=name) for name in ("a b", "a\r\nX-B: c", "", "x" * 65, "ünï")]
    steps += [assume(policy=right, role=role) for role in ("", "arn:aws:iam::1:role/x\r\n", "role with blanks")]
    steps += [assume(policy=right, seconds=seconds) for seconds in (0, 1, 899, 43_201, 2**32 - 1)]
    before = arena.granted.mark()
    out = arena.script(*steps)
    for step, seen in zip(steps, out.seen, strict=True):
        assert refused(seen), (step, seen)
    assert arena.granted.since(before) == []


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_no_signature_outside_of_the_table(arena: Arena, method: str) -> None:
    urls = [filled(arena, url) for url in OUTSIDE]
    out = arena.script(*({"do": "presign-s3", "method": method, "url": url} for url in urls))
    for url, seen in zip(urls, out.seen, strict=True):
        assert refused(seen), (url, seen)


def test_no_signature_that_lives_longer_or_of_another_key(arena: Arena) -> None:
    url = filled(arena, "{endpoint}/{path}x")
    steps: list[Step] = [{"do": "presign-s3", "url": url, "seconds": seconds} for seconds in (0, 3601, 604_800, 2**32 - 1)]
    steps += [{"do": "presign-s3", "url": url, "secret": slot} for slot in ("bearer_secret", "jwt_secret", "empty_secret", "nobody")]
    steps += [{"do": "presign-s3", "url": url, "method": method} for method in ("POST", "get", "", "GET\r\n")]
    steps += [{"do": "presign-s3", "url": url, "region": region} for region in ("", "a/b", "us-east-1\r\n", "x" * 1000)]
    out = arena.script({"do": "presign-s3", "url": url}, *steps)
    assert "X-Amz-Signature=" in out.seen[0]["ok"], out.seen[0]
    for step, seen in zip(steps, out.seen[1:], strict=True):
        assert refused(seen), (step, seen)


def test_no_signed_request_to_the_storage_outside_of_the_table(arena: Arena) -> None:
    auth = {"by": "sigv4", "service": "s3"}
    urls = [filled(arena, url) for url in OUTSIDE if "{upstream}" not in url]
    steps = [{"do": "send", "method": method, "url": url, "auth": auth} for url in urls for method in ("GET", "PUT")][:60]
    # The field says that the storage is the server that secrets may go to.
    out = arena.script(*steps, upstream=arena.seaweed.endpoint)
    for step, seen in zip(steps, out.seen, strict=True):
        assert seen.get("failed") in ("Denied", "Invalid"), (step, seen)


def test_no_key_of_the_storage_signs_for_another_service(arena: Arena) -> None:
    services = ("sts", "STS", "sts ", "iam", "s3express", "S3", "s3-object-lambda", "dynamodb", "")
    urls = ("{endpoint}/{path}x", "{endpoint}/", "{endpoint}/?Action=AssumeRole")
    steps = [
        {"do": "send", "method": "POST", "url": filled(arena, url), "auth": {"by": "sigv4", "service": service}}
        for service in services
        for url in urls
    ]
    steps += [
        {"do": "send", "url": filled(arena, "{endpoint}/{path}x"), "auth": {"by": "sigv4", "service": "s3"}, "headers": [[name, "x"]]}
        for name in ("x-amz-copy-source", "x-amz-acl", "x-amz-grant-read", "x-http-method-override")
    ]
    out = arena.script(*steps, upstream=arena.seaweed.endpoint)
    for step, seen in zip(steps, out.seen, strict=True):
        assert seen.get("failed") in ("Denied", "Invalid"), (step, seen)


def test_azure_signs_and_asks_for_nothing_that_is_not_the_table_s(arena: Arena) -> None:
    root = "abfss://files@account.dfs.core.windows.net/"
    sas = {"do": "sign-sas", "slot": "sas_secret"}
    steps: list[Step] = [
        sas,
        sas | {"location": root},
        sas | {"location": root + "x/", "resource": "container", "permissions": "racwdl"},
        sas | {"slot": "bearer_secret", "location": root},
        sas | {"principal": "host", "location": root},
        {"do": "access-token", "principal": "host"},
        *({"do": "access-token", "slot": slot, "authority": "{upstream}"} for slot in ("bearer_secret", "sas_secret", "nobody")),
        *({"do": "access-token", "authority": authority} for authority in (None, "{collector}", "http://169.254.169.254")),
        {"do": "access-token", "authority": f"http://127.0.0.1:{arena.forbidden.port}"},
        {"do": "access-token", "authority": "{upstream}", "directory": "../../x\r\n"},
    ]
    before = arena.granted.mark()
    out = arena.script(*steps, wide=True, dump=True)
    for step, seen in zip(steps, out.seen, strict=True):
        assert refused(seen), (step, seen)
    assert arena.granted.since(before) == []
    # To the server that the field allows the secret goes as the field that it is for.
    out = arena.script({"do": "access-token", "authority": "{upstream}"}, wide=True, dump=True)
    assert "ok" not in out.seen[0], out.seen
    assert len(arena.granted.since(before)) == 1


def test_google_signs_and_asks_for_nothing_that_is_not_the_table_s(arena: Arena) -> None:
    wide = {"accessBoundary": {"accessBoundaryRules": [{"availableResource": "//storage.googleapis.com/projects/_/buckets/b"}]}}
    steps: list[Step] = [
        *({"do": "downscope", "principal": who, "boundary": json.dumps(wide)} for who in ("key", "host", "parts")),
        *({"do": "downscope", "principal": "key", "boundary": text} for text in ("", "{}", "[]", '{"accessBoundary":{}}')),
        {"do": "downscope", "principal": "key", "boundary": '{"accessBoundary":{"accessBoundaryRules":[]}}'},
        {"do": "sign-url", "principal": "key", "location": "gs://bucket/x"},
        {"do": "sign-url", "principal": "host", "location": "gs://bucket/x"},
        {"do": "sign-url", "principal": "key", "location": "s3://{path}x", "seconds": 604_800},
        {"do": "sign-url", "principal": "key", "slot": "bearer_secret", "location": "s3://{path}x"},
    ]
    before = arena.granted.mark()
    out = arena.script(*steps, dump=True)
    for step, seen in zip(steps, out.seen, strict=True):
        assert refused(seen), (step, seen)
    assert arena.granted.since(before) == []


# URLs that the strategy makes itself, where the host asks it for one.
PRESIGNED = ("long", "ended", "other-object", "other-table", "up", "huge", "header", "header-value", "header-host", "headers")
PRESIGNED += ("spin", "abort", "panic", "allocate", "spin-clock")
NOTES = ("file:///etc/passwd", "https://elsewhere.example/x", "javascript:0", "", "http://127.0.0.1:1/x", "http://127.0.0.1@evil.example/x")


def test_honest_urls_of_the_strategy_pass(arena: Arena) -> None:
    status, text = presigned(arena, "presign-honest")
    assert (status, "?signed" in text) == (200, True), text


@pytest.mark.parametrize("mode", PRESIGNED)
def test_no_url_that_leads_elsewhere_or_lives_longer(arena: Arena, mode: str) -> None:
    status, text = presigned(arena, f"presign-{mode}")
    assert 400 <= status < 600, text
    assert "signed" not in text.replace("presigned", "")


@pytest.mark.parametrize("note", NOTES)
def test_no_url_of_another_server(arena: Arena, note: str) -> None:
    status, text = presigned(arena, "presign-note", note=filled(arena, note) or None)
    assert 400 <= status < 600, text


def presigned(arena: Arena, mode: str, **fields: Any) -> tuple[int, str]:
    """The host's answer, which left its row; the honest tenant's credentials came meanwhile."""
    arena.turn(arena.mallory, mode, **fields)
    api = arena.mallory.tenant.admin.api
    path = api.table_path(arena.mallory.catalog, "sales", "mine") + "/presign"
    reply = api.request("GET", path, params={"location": f"s3://{words(arena)['path']}data/file"})
    assert arena.vend(arena.honest)[0] == 200
    assert not arena.planted.found_in(reply.text.encode())
    rows = api.get("/api/v1/audit", params={"limit": 3})
    row = next(row for row in rows if row["request_id"] == reply.headers["x-request-id"] and row["result"] != "started")
    assert (row["result"] == "success") == (reply.status_code == 200), row
    return reply.status_code, reply.text
