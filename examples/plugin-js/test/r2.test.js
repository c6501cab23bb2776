import assert from "node:assert/strict";
import test from "node:test";

import { problems } from "../src/config.js";
import { credential, groups, request } from "../src/r2.js";
import { decode, encode } from "../src/utf8.js";

const account = "023e105f4ecef8ad9ca31a8372d0c353";
const config = { account_id: account, parent_access_key_id: "4f1d7b0c9a3e5d62817c4b90ae6f2d35", api_url: "https://api.cloudflare.com/client/v4/", endpoint: `https://${account}.r2.cloudflarestorage.com` };
const reader = { read: true, write: false, delete: false };
const owner = { read: true, write: true, delete: true };
const body = (scopes, ttl = 900) => groups(scopes).map((group) => request(config, group, ttl).body);
const fails = (run, kind, code) => assert.throws(run, (error) => error.kind === kind && error.code === code);

test("a reader gets read-only below the table's prefix", () => {
  const [only] = body([{ location: "s3://lake/sales/orders/", access: reader }]);
  assert.deepEqual(only, { bucket: "lake", parentAccessKeyId: config.parent_access_key_id, permission: "object-read-only", ttlSeconds: 900, prefixes: ["sales/orders/"] });
});

test("all three rights are read-write, anything between is refused", () => {
  assert.equal(body([{ location: "s3://lake/t/", access: owner }])[0].permission, "object-read-write");
  for (const rights of [[1, 1, 0], [1, 0, 1], [0, 1, 1], [0, 1, 0], [0, 0, 1], [0, 0, 0]]) {
    const [read, write, del] = rights.map(Boolean);
    fails(() => groups([{ location: "s3://lake/t/", access: { read, write, delete: del } }]), "unsupported", "write-without-delete");
  }
});

test("scopes share a credential only with equal access to one bucket", () => {
  const found = body([
    { location: "s3://lake/t/", access: owner },
    { location: "s3://lake/data/t/", access: owner },
    { location: "s3://lake/old/", access: reader },
    { location: "s3://other/t/", access: owner },
  ]);
  assert.deepEqual(found.map((one) => [one.bucket, one.permission, one.prefixes]), [
    ["lake", "object-read-write", ["t/", "data/t/"]],
    ["lake", "object-read-only", ["old/"]],
    ["other", "object-read-write", ["t/"]],
  ]);
});

test("a table at the bucket's root has no prefixes; an empty list is never sent", () => {
  assert.ok(!("prefixes" in body([{ location: "s3://lake/", access: reader }])[0]));
});

test("names go out as they are stored, and stay inside the JSON text and the path", () => {
  const odd = 'a"b\\c, ö%2F*\u{1f600}';
  const [sent] = body([{ location: `s3://lake/${odd}/`, access: reader }]);
  assert.equal(JSON.parse(decode(encode(JSON.stringify(sent)))).prefixes[0], `${odd}/`);
  const { url } = request({ ...config, account_id: "../a?b#c" }, groups([{ location: "s3://lake/t/", access: reader }])[0], 60);
  assert.equal(url, "https://api.cloudflare.com/client/v4/accounts/..%2Fa%3Fb%23c/r2/temp-access-credentials");
});

test("refusals are told apart", () => {
  const group = { location: "s3://lake/t/" };
  const said = (status, envelope, headers = []) => () => credential({ status, headers, text: JSON.stringify(envelope) }, group, 1);
  const errors = { success: false, errors: [{ code: 10000, message: "Authentication error" }] };
  fails(said(403, errors), "denied", "token-refused");
  fails(said(400, errors), "invalid-config", "request-refused");
  fails(said(404, errors), "invalid-config", "account-or-bucket-unknown");
  fails(said(502, "<html>"), "unavailable", "cloudflare-unavailable");
  fails(said(200, errors), "upstream", "cloudflare-unreadable");
  fails(said(200, { success: true, result: { accessKeyId: "a", secretAccessKey: "b" } }), "upstream", "cloudflare-unreadable");
  assert.throws(said(429, errors, [["Retry-After", "7"]]), (error) => error.retryAfterMs === 7000 && /Authentication error \(10000\)/.test(error.message));
});

test("a configuration names its mistakes", () => {
  assert.deepEqual(problems(config, ["api_token"]), []);
  assert.deepEqual(problems({ api_url: config.api_url }, []).map(({ field }) => field), ["account_id", "parent_access_key_id", "api_token", "endpoint"]);
  const elsewhere = problems({ ...config, endpoint: "https://s3.example.com" }, ["api_token"]);
  assert.deepEqual(elsewhere.map(({ field }) => field), ["endpoint"]);
  assert.equal(problems({ ...config, jurisdiction: "eu" }, ["api_token"]).length, 1);
  assert.deepEqual(problems({ ...config, jurisdiction: "eu", endpoint: `https://${account}.eu.r2.cloudflarestorage.com` }, ["api_token"]), []);
});
