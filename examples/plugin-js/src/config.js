// Judges the configuration of a warehouse before anything is minted for it.

const CLOUDFLARE = "api.cloudflare.com";
const R2 = ".r2.cloudflarestorage.com";

const hostOf = (url) => /^https?:\/\/([^/?#:]+)/i.exec(url ?? "")?.[1].toLowerCase();

export function problems(fields, slots) {
  const found = [];
  const expect = (holds, field, message) => holds || found.push({ field, message });

  expect(/^[0-9a-f]{32}$/.test(fields.account_id ?? ""), "account_id",
    "account_id is 32 hexadecimal digits in lower case: the dashboard shows it beside the bucket");
  expect(/^[0-9A-Za-z]{16,64}$/.test(fields.parent_access_key_id ?? ""), "parent_access_key_id",
    "parent_access_key_id is the access key id that was shown when the R2 API token was made");
  expect(slots.includes("api_token"), "api_token", "api_token is missing");
  expect(hostOf(fields.api_url), "api_url", "api_url is an address such as https://api.cloudflare.com/client/v4");

  // Clients find the bucket by the warehouse's own endpoint; without one they would ask AWS.
  const endpoint = hostOf(fields.endpoint);
  const home = fields.jurisdiction && fields.jurisdiction !== "default" ? `${fields.account_id}.${fields.jurisdiction}${R2}` : `${fields.account_id}${R2}`;
  if (!endpoint) {
    found.push({ field: "endpoint", message: `storage_config needs the endpoint of the bucket: https://${home}` });
  } else if (endpoint.endsWith(R2) || hostOf(fields.api_url) === CLOUDFLARE) {
    expect(endpoint === home, "endpoint", `endpoint is not the one of this account and jurisdiction: https://${home}`);
  }
  return found;
}
