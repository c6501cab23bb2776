// What is said to Cloudflare's `temp-access-credentials`, and what its answers mean. Pure.
//
// https://developers.cloudflare.com/api/resources/r2/subresources/temporary_credentials/methods/create/

import { failed } from "./error.js";

// R2 knows two levels for objects, and the upper one deletes as well. In between there is nothing:
// to round up would open more than was asked for.
function permission({ read, write, delete: del }) {
  if (read && !write && !del) return "object-read-only";
  if (read && write && del) return "object-read-write";
  throw failed("unsupported", "write-without-delete",
    "R2 has object-read-only and object-read-write, and the second deletes as well: a credential for other rights would " +
    "open more than the caller holds. Ask with ?access=read, or hold read, write and delete");
}

// Scopes that one credential may cover: of one bucket, with the same access. The table's root is first.
export function groups(scopes) {
  const found = new Map();
  for (const { location, access } of scopes) {
    const match = /^s3:\/\/([^/]+)\/(.*)$/s.exec(location);
    if (!match) throw failed("unsupported", "not-an-s3-location", "R2Temporary serves s3:// locations");
    const [, bucket, prefix] = match;
    const level = permission(access);
    const key = `${bucket}/${level}`;
    if (!found.has(key)) found.set(key, { location, bucket, permission: level, prefixes: [] });
    found.get(key).prefixes.push(prefix);
  }
  return [...found.values()];
}

// Keys are given as stored and sent so: without a leading slash, with the trailing one, as JSON text.
export function request(config, { bucket, permission, prefixes }, ttlSeconds) {
  const body = { bucket, parentAccessKeyId: config.parent_access_key_id, permission, ttlSeconds };
  // A table whose root is the bucket opens the bucket. An empty list would do the same for any table.
  if (!prefixes.includes("")) body.prefixes = prefixes;
  const url = `${config.api_url.replace(/\/+$/, "")}/accounts/${encodeURIComponent(config.account_id)}/r2/temp-access-credentials`;
  const elsewhere = config.jurisdiction && config.jurisdiction !== "default";
  return { url, headers: elsewhere ? [["cf-r2-jurisdiction", config.jurisdiction]] : [], body };
}

export function credential({ status, headers, text }, { location }, expiresAtMs) {
  const envelope = parse(text);
  if (status !== 200 || envelope?.success !== true) throw refused(status, headers, envelope);
  const { accessKeyId, secretAccessKey, sessionToken } = envelope.result ?? {};
  const values = { "s3.access-key-id": accessKeyId, "s3.secret-access-key": secretAccessKey, "s3.session-token": sessionToken };
  const entries = Object.entries(values).map(([key, val]) => {
    if (typeof val !== "string" || val === "") throw failed("upstream", "cloudflare-unreadable", `Cloudflare answered without ${key.slice(3)}`);
    return { key, value: { tag: "plain", val } };
  });
  return { prefix: location, entries, expiresAtMs, handle: null, extensions: [] };
}

function refused(status, headers, envelope) {
  const said = envelope?.errors?.map(({ code, message }) => ` ${message} (${code})`).join(";").slice(0, 500) ?? "";
  const of = (kind, code, message) => failed(kind, code, `${message} Cloudflare answered ${status}.${said}`, retryAfter(headers));
  switch (true) {
    case status === 401 || status === 403:
      return of("denied", "token-refused", "Cloudflare refuses api_token: it is wrong, over, or may not do this; it needs R2's 'Object Read & Write' on the bucket.");
    case status === 404:
      return of("invalid-config", "account-or-bucket-unknown", "Cloudflare does not know the account or the bucket: check account_id, bucket and jurisdiction.");
    case status === 429:
      return of("throttled", "cloudflare-throttled", "Cloudflare asks for patience.");
    case status >= 500:
      return of("unavailable", "cloudflare-unavailable", "Cloudflare's API is not available at the moment.");
    case status >= 400:
      return of("invalid-config", "request-refused", "Cloudflare refuses the request: check parent_access_key_id, and that the token may what is asked for.");
    default:
      return of("upstream", "cloudflare-unreadable", "Cloudflare answered with something unreadable.");
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function retryAfter(headers) {
  const [, value] = headers.find(([name]) => name.toLowerCase() === "retry-after") ?? [];
  return /^\d{1,5}$/.test(value ?? "") ? Number(value) * 1000 : null;
}
