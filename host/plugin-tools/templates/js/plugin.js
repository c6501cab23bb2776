// TokenShop: asks a token service for the keys of one table.
//
// The contract stands in `wit/`: names there are kebab-case, here camelCase. An `option` is a value or
// null, a variant is `{ tag, val }`, and a `result` returns its good side and throws its other one.

import { send } from "pangolin:vending/http@1.0.0";

const field = { aliases: [], required: true, default: null, choices: [], example: null, secretUses: [], secretHosts: [], destination: false, extensions: [] };

export const strategy = {
  // What the strategy is and asks for. It runs before anything is granted, and must always say the same.
  describe() {
    return {
      name: "TokenShop",
      version: "0.1.0",
      summary: "Keys of a token service",
      schemes: ["s3"],
      // Each credential opens what was asked for and nothing else. The host trusts this word and shows it.
      scoping: "exact",
      scopingRules: [],
      fields: [
        { ...field, name: "token_url", kind: "url", destination: true, example: "https://tokens.example.com/v1/credentials",
          help: "Where tokens are sold" },
        // A secret: the host keeps the value, and this code names it ("slot") where it is to be used.
        { ...field, name: "api_key", kind: "text", secretUses: [{ tag: "bearer" }], secretHosts: [{ tag: "of-field", val: "token_url" }],
          help: "Key of the token service" },
      ],
      // Servers that it wants to reach. The operator grants them or not.
      hosts: [{ tag: "of-field", val: "token_url" }],
      minTtlSeconds: 60,
      maxTtlSeconds: 43200,
      extensions: [],
    };
  },

  // Judges a warehouse's configuration when it is created, without talking to anyone.
  checkConfig({ fields, slots }) {
    const problems = [];
    if (!JSON.parse(fields).token_url) problems.push({ field: "token_url", message: "token_url is missing" });
    if (!slots.includes("api_key")) problems.push({ field: "api_key", message: "api_key is missing" });
    if (problems.length > 0) throw problems;
  },

  // Mints. The caller is authorised already; `scopes` is what the credential may open.
  vend({ configuration, scopes, ttlSeconds, principal }) {
    const { token_url } = JSON.parse(configuration.fields);
    if (!token_url) throw failed("invalid-config", "invalid-config", "token_url is missing");
    return scopes.map(({ location, access }) => {
      const rights = ["read", "write", "delete"].filter((right) => access[right]);
      const bought = buy(token_url, { location, access: rights, ttl_seconds: ttlSeconds, principal });
      const entry = (key, name) => ({ key, value: { tag: "plain", val: text(bought, name) } });
      return {
        prefix: location,
        entries: [
          entry("s3.access-key-id", "access_key_id"),
          entry("s3.secret-access-key", "secret_access_key"),
          entry("s3.session-token", "session_token"),
        ],
        expiresAtMs: instant(bought.expires_at_ms),
        handle: null,
        extensions: [],
      };
    });
  },
};

// One request through the host, which checks the address and adds `Authorization: Bearer <api_key>`.
function buy(url, order) {
  let answer;
  try {
    answer = send({
      method: "POST",
      url,
      headers: [["content-type", "application/json"]],
      body: bytes(JSON.stringify(order)),
      auth: { tag: "bearer", val: "api_key" },
      captures: [],
      trust: null,
      timeoutMs: null,
    });
  } catch (error) {
    // The other side of an import's `result` is thrown as an Error that carries it.
    const { kind, message } = error.payload ?? { kind: "internal", message: String(error) };
    const kinds = { denied: "denied", invalid: "invalid-config", dns: "unavailable", connect: "unavailable", timeout: "unavailable" };
    throw failed(kinds[kind] ?? "upstream", "token-service-unreachable", `The token service gave no answer: ${message}`);
  }
  const { status, headers, body } = answer;
  if (status === 200) return parsed(body);
  if (status === 401 || status === 403) throw failed("denied", "token-service-refused", "The token service refuses: check api_key");
  if (status === 429) throw failed("throttled", "token-service-throttled", "The token service asks for patience", retryAfter(headers));
  if (status >= 500) throw failed("unavailable", "token-service-unavailable", `The token service failed with ${status}`);
  throw failed("upstream", "token-service-unreadable", `The token service answered ${status}`);
}

// People read `message`; programs read `code`. Neither ever holds a secret.
function failed(kind, code, message, retryAfterMs = null) {
  return { kind, code, message, retryAfterMs };
}

const unreadable = () => failed("upstream", "token-service-unreadable", "The token service answered with something unreadable");

function text(answer, name) {
  if (typeof answer[name] !== "string" || answer[name] === "") throw unreadable();
  return answer[name];
}

function instant(value) {
  if (!Number.isSafeInteger(value) || value <= 0) throw unreadable();
  return value;
}

function retryAfter(headers) {
  const [, seconds] = headers.find(([name]) => name.toLowerCase() === "retry-after") ?? [];
  return /^\d{1,5}$/.test(seconds ?? "") ? Number(seconds) * 1000 : null;
}

// QuickJS has neither TextEncoder nor TextDecoder.
function bytes(text) {
  const units = unescape(encodeURIComponent(text)); // one character per byte of UTF-8
  const out = new Uint8Array(units.length);
  for (let at = 0; at < out.length; at++) out[at] = units.charCodeAt(at);
  return out;
}

function parsed(body) {
  try {
    const answer = JSON.parse(decodeURIComponent(escape(String.fromCharCode(...body))));
    if (typeof answer === "object" && answer !== null) return answer;
  } catch {
    // Neither text nor JSON.
  }
  throw unreadable();
}
