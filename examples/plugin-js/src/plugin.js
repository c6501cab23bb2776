// R2Temporary: Cloudflare R2's temporary credentials, one per table.
//
// This file is what the host sees: what the strategy asks for, how it judges a configuration, how
// it mints. What is said to Cloudflare, and what its answers mean, stands in `r2.js`, which needs
// no host and is tested with Node alone.

import { now } from "./clock.js";
import { problems } from "./config.js";
import { failed } from "./error.js";
import { call } from "./http.js";
import { credential, groups, request } from "./r2.js";

const nothing = { aliases: [], default: null, choices: [], example: null, secretUses: [], secretHosts: [], destination: false, extensions: [] };

const fields = [
  { ...nothing, name: "account_id", aliases: ["r2.account-id"], kind: "text", required: true,
    example: "023e105f4ecef8ad9ca31a8372d0c353", help: "Cloudflare's account that has the bucket: 32 hexadecimal digits" },
  { ...nothing, name: "parent_access_key_id", aliases: ["r2.parent-access-key-id"], kind: "text", required: true,
    example: "4f1d7b0c9a3e5d62817c4b90ae6f2d35", help: "Access key id of the R2 API token; temporary credentials never open more than it does" },
  { ...nothing, name: "api_token", aliases: ["r2.api-token"], kind: "text", required: true,
    secretUses: [{ tag: "bearer" }], secretHosts: [{ tag: "of-field", val: "api_url" }],
    help: "The R2 API token itself, which asks for the credentials. It stays in the host" },
  { ...nothing, name: "jurisdiction", aliases: ["r2.jurisdiction"], kind: "text", required: false, default: "default",
    choices: ["default", "eu", "fedramp"], help: "Where the bucket was made" },
  { ...nothing, name: "api_url", aliases: ["r2.api-url"], kind: "url", required: false, destination: true,
    default: "https://api.cloudflare.com/client/v4", help: "Cloudflare's API" },
];

export const strategy = {
  describe() {
    return {
      name: "R2Temporary",
      version: "0.1.0",
      summary: "Cloudflare R2: temporary credentials of one table",
      schemes: ["s3"],
      scoping: "exact",
      scopingRules: [],
      fields,
      hosts: [{ tag: "of-field", val: "api_url" }],
      // Seven days: the API's own limit.
      maxTtlSeconds: 604800,
      minTtlSeconds: null,
      extensions: [],
    };
  },

  // `result<_, list<config-problem>>`: nothing is the good answer, what is thrown is the other.
  checkConfig(configuration) {
    const found = problems(JSON.parse(configuration.fields), configuration.slots);
    if (found.length > 0) throw found;
  },

  vend(asked) {
    const config = JSON.parse(asked.configuration.fields);
    // The host ran `checkConfig` when the warehouse was made or changed; nothing is sent without these.
    for (const name of ["account_id", "parent_access_key_id", "api_url"]) {
      if (!config[name]) throw failed("invalid-config", "invalid-config", `${name} is missing`);
    }
    return groups(asked.scopes).map((group) => {
      // The API does not say when a credential ends. It begins after this instant.
      const began = now();
      const answer = call(request(config, group, asked.ttlSeconds));
      return credential(answer, group, began + asked.ttlSeconds * 1000);
    });
  },
};
