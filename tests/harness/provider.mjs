// A real OpenID provider (npm `oidc-provider`) for the tests: on loopback, everything in memory.
// node provider.mjs <the package's index.js> <settings.json>
//
// The settings: `issuer`, `port`, private `keys` (JWK), `clients` by id with `secret`, `by` (how the
// client shows its secret), `claims` and `resource` (whose tokens it gets unless it names another),
// `resources` by their indicator with `audience`, `seconds` and `alg` of their tokens.
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const [index, file] = process.argv.slice(2);
const { default: Provider, errors } = await import(pathToFileURL(index).href);
const settings = JSON.parse(await readFile(file, "utf8"));

function resourceServer(_ctx, indicator) {
  const known = settings.resources[indicator];
  if (!known) throw new errors.InvalidTarget();
  return {
    // What PyIceberg asks for by itself.
    scope: "catalog",
    audience: known.audience,
    accessTokenFormat: "jwt",
    accessTokenTTL: known.seconds,
    jwt: { sign: { alg: known.alg } },
  };
}

const provider = new Provider(settings.issuer, {
  clients: Object.entries(settings.clients).map(([id, client]) => ({
    client_id: id,
    client_secret: client.secret,
    token_endpoint_auth_method: client.by,
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
  })),
  jwks: { keys: settings.keys },
  scopes: ["openid", "catalog"],
  extraTokenClaims: (_ctx, token) => settings.clients[token.clientId].claims,
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_ctx, client) => settings.clients[client.clientId].resource,
      getResourceServerInfo: resourceServer,
    },
  },
});

provider.listen(settings.port, "127.0.0.1");
