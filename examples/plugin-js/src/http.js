// One request through the host, which checks the address and adds the token.

import { send } from "pangolin:vending/http@1.0.0";
import { decode, encode } from "./utf8.js";
import { failed } from "./error.js";

// What the host's refusal to send means to the caller.
const FAILURES = {
  denied: ["denied", "egress-denied"],
  invalid: ["internal", "bad-request"],
  dns: ["unavailable", "cloudflare-unreachable"],
  connect: ["unavailable", "cloudflare-unreachable"],
  timeout: ["unavailable", "cloudflare-timeout"],
  tls: ["upstream", "cloudflare-tls"],
};

// The token is named, not known: `auth` says into which request the host puts which slot.
export function call({ url, headers, body }) {
  const request = {
    method: "POST",
    url,
    headers: [["content-type", "application/json"], ...headers],
    body: encode(JSON.stringify(body)),
    auth: { tag: "bearer", val: "api_token" },
    captures: [],
    trust: null,
    timeoutMs: null,
  };
  try {
    const { status, headers, body } = send(request);
    return { status, headers, text: decode(body) };
  } catch (error) {
    // The other side of an import's `result` is thrown as an Error that carries it.
    if (error.payload === undefined) throw error;
    const [kind, code] = FAILURES[error.payload.kind] ?? ["upstream", "cloudflare-protocol"];
    throw failed(kind, code, error.payload.message);
  }
}
