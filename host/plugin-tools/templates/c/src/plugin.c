// TokenShop: asks a token service for the keys of one table.
//
// The contract stands in `wit/`; `gen/plugin.h` has it as C. An export answers true and fills its result,
// or answers false and fills its error.

#include "plugin.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text.h"

#define WORDS(constant) {(uint8_t *)(constant), sizeof(constant) - 1}
#define COUNT(array) (sizeof(array) / sizeof *(array))
#define KIND(name) PANGOLIN_VENDING_TYPES_ERROR_KIND_##name
#define FAILURE(name) PANGOLIN_VENDING_HTTP_FAILURE_KIND_##name

typedef exports_pangolin_vending_strategy_field_t field;
typedef exports_pangolin_vending_strategy_description_t description;
typedef exports_pangolin_vending_strategy_configuration_t configuration;
typedef exports_pangolin_vending_strategy_config_problem_t problem;
typedef exports_pangolin_vending_strategy_list_config_problem_t problems;
typedef exports_pangolin_vending_strategy_vend_request_t vend_request;
typedef exports_pangolin_vending_strategy_list_credential_t credentials;
typedef exports_pangolin_vending_strategy_vend_error_t vend_error;
typedef pangolin_vending_types_credential_t credential;
typedef pangolin_vending_types_entry_t entry;
typedef pangolin_vending_types_scope_t scope;
typedef pangolin_vending_http_request_t request;
typedef pangolin_vending_http_response_t response;

// What the strategy is and asks for. It runs before anything is granted, and must always say the same.
void exports_pangolin_vending_strategy_describe(description *is) {
  static exports_pangolin_vending_strategy_host_pattern_t token_url = {
      .tag = EXPORTS_PANGOLIN_VENDING_STRATEGY_HOST_PATTERN_OF_FIELD, .val.of_field = WORDS("token_url")};
  static exports_pangolin_vending_strategy_secret_use_t bearer = {.tag = EXPORTS_PANGOLIN_VENDING_STRATEGY_SECRET_USE_BEARER};
  static plugin_string_t schemes[] = {WORDS("s3")};
  static field fields[] = {
      {.name = WORDS("token_url"),
       .kind = EXPORTS_PANGOLIN_VENDING_STRATEGY_FIELD_KIND_URL,
       .required = true,
       .example = {true, WORDS("https://tokens.example.com/v1/credentials")},
       .destination = true,
       .help = WORDS("Where tokens are sold")},
      // A secret: the host keeps the value, and this code names it ("slot") where it is to be used.
      {.name = WORDS("api_key"),
       .kind = EXPORTS_PANGOLIN_VENDING_STRATEGY_FIELD_KIND_TEXT,
       .required = true,
       .secret_uses = {&bearer, 1},
       .secret_hosts = {&token_url, 1},
       .help = WORDS("Key of the token service")},
  };
  *is = (description){
      .name = WORDS("TokenShop"),
      .version = WORDS("0.1.0"),
      .summary = WORDS("Keys of a token service"),
      .schemes = {schemes, COUNT(schemes)},
      // Each credential opens what was asked for and nothing else. The host trusts this word and shows it.
      .scoping = EXPORTS_PANGOLIN_VENDING_STRATEGY_SCOPING_EXACT,
      .fields = {fields, COUNT(fields)},
      // Servers that it wants to reach. The operator grants them or not.
      .hosts = {&token_url, 1},
      .min_ttl_seconds = {true, 60},
      .max_ttl_seconds = {true, 43200},
  };
}

static bool text_field(const configuration *of, const char *name, plugin_string_t *value) {
  return json_string(of->fields.ptr, of->fields.len, name, value) && value->len > 0;
}

static bool has_slot(const configuration *of, const char *name) {
  for (size_t i = 0; i < of->slots.len; i++) {
    plugin_string_t slot = of->slots.ptr[i];
    if (slot.len == strlen(name) && memcmp(slot.ptr, name, slot.len) == 0) return true;
  }
  return false;
}

// Judges a warehouse's configuration when it is created, without talking to anyone.
bool exports_pangolin_vending_strategy_check_config(configuration *of, problems *error) {
  static problem found[2];
  plugin_string_t url;
  *error = (problems){found, 0};
  if (!text_field(of, "token_url", &url)) found[error->len++] = (problem){WORDS("token_url"), WORDS("token_url is missing")};
  if (!has_slot(of, "api_key")) found[error->len++] = (problem){WORDS("api_key"), WORDS("api_key is missing")};
  return error->len == 0;
}

// People read the message, programs the code. Neither ever holds a secret.
static bool fail(vend_error *error, uint8_t kind, const char *code, const char *message) {
  *error = (vend_error){.kind = kind, .code = words(code), .message = words(message)};
  return false;
}

static bool unreachable(const pangolin_vending_http_failure_t *failure, vend_error *error) {
  bool waits = failure->kind == FAILURE(DNS) || failure->kind == FAILURE(CONNECT) || failure->kind == FAILURE(TIMEOUT);
  uint8_t kind = failure->kind == FAILURE(DENIED)    ? KIND(DENIED)
                 : failure->kind == FAILURE(INVALID) ? KIND(INVALID_CONFIG)
                 : waits                             ? KIND(UNAVAILABLE)
                                                     : KIND(UPSTREAM);
  text message = {0};
  text_say(&message, "The token service gave no answer: ");
  text_add(&message, (const char *)failure->message.ptr, failure->message.len);
  fail(error, kind, "token-service-unreachable", "");
  error->message = whole(message);
  return false;
}

static plugin_option_u32_t retry_after(const response *answer) {
  static const char NAME[] = "retry-after";
  for (size_t i = 0; i < answer->headers.len; i++) {
    plugin_string_t name = answer->headers.ptr[i].f0, value = answer->headers.ptr[i].f1;
    if (name.len != sizeof NAME - 1 || strncasecmp((const char *)name.ptr, NAME, name.len) != 0) continue;
    uint32_t seconds = 0;
    if (value.len == 0 || value.len > 5) break;
    for (size_t at = 0; at < value.len; at++) {
      if (value.ptr[at] < '0' || value.ptr[at] > '9') return (plugin_option_u32_t){0};
      seconds = seconds * 10 + (uint32_t)(value.ptr[at] - '0');
    }
    return (plugin_option_u32_t){true, seconds * 1000};
  }
  return (plugin_option_u32_t){0};
}

static bool refused(const response *answer, vend_error *error) {
  uint16_t status = answer->status;
  if (status == 401 || status == 403) {
    return fail(error, KIND(DENIED), "token-service-refused", "The token service refuses: check api_key");
  }
  if (status == 429) {
    fail(error, KIND(THROTTLED), "token-service-throttled", "The token service asks for patience");
    error->retry_after_ms = retry_after(answer);
    return false;
  }
  if (status >= 500) {
    return fail(error, KIND(UNAVAILABLE), "token-service-unavailable", "The token service is not available");
  }
  return fail(error, KIND(UPSTREAM), "token-service-unreadable", "The token service answered with something unreadable");
}

// What is asked of the token service, as JSON.
static plugin_string_t order(const vend_request *asked, const scope *place) {
  static const struct {
    uint8_t flag;
    const char *name;
  } RIGHTS[] = {{PANGOLIN_VENDING_TYPES_ACCESS_READ, "read"},
                {PANGOLIN_VENDING_TYPES_ACCESS_WRITE, "write"},
                {PANGOLIN_VENDING_TYPES_ACCESS_DELETE, "delete"}};
  text body = {0};
  text_say(&body, "{\"location\":");
  text_json(&body, place->location);
  text_say(&body, ",\"access\":[");
  const char *before = "";
  for (size_t i = 0; i < COUNT(RIGHTS); i++) {
    if (!(place->access & RIGHTS[i].flag)) continue;
    text_say(&body, before);
    text_json(&body, words(RIGHTS[i].name));
    before = ",";
  }
  text_say(&body, "],\"ttl_seconds\":");
  text_number(&body, asked->ttl_seconds);
  text_say(&body, ",\"principal\":");
  text_json(&body, asked->principal);
  text_say(&body, "}");
  return whole(body);
}

// One request through the host, which checks the address and adds `Authorization: Bearer <api_key>`.
static bool buy(plugin_string_t url, plugin_string_t body, response *answer, vend_error *error) {
  plugin_tuple2_string_string_t type = {WORDS("content-type"), WORDS("application/json")};
  request sent = {.method = WORDS("POST"), .url = url, .headers = {&type, 1}, .body = {body.ptr, body.len}};
  sent.auth.tag = PANGOLIN_VENDING_HTTP_AUTH_BEARER;
  sent.auth.val.bearer = words("api_key");
  pangolin_vending_http_failure_t failure;
  if (!pangolin_vending_http_send(&sent, answer, &failure)) return unreachable(&failure, error);
  return answer->status == 200 || refused(answer, error);
}

static bool mint(const response *answer, const scope *place, credential *made, vend_error *error) {
  static const char *const PARTS[][2] = {{"s3.access-key-id", "access_key_id"},
                                         {"s3.secret-access-key", "secret_access_key"},
                                         {"s3.session-token", "session_token"}};
  entry *entries = calloc(COUNT(PARTS), sizeof *entries);
  if (entries == NULL) __builtin_trap();
  const uint8_t *json = answer->body.ptr;
  size_t length = answer->body.len;
  bool good = true;
  for (size_t i = 0; i < COUNT(PARTS); i++) {
    entries[i] = (entry){.key = words(PARTS[i][0]), .value.tag = PANGOLIN_VENDING_TYPES_VALUE_PLAIN};
    plugin_string_t *value = &entries[i].value.val.plain;
    good = good && json_string(json, length, PARTS[i][1], value) && value->len > 0;
  }
  uint64_t ends;
  if (!good || !json_integer(json, length, "expires_at_ms", &ends)) {
    return fail(error, KIND(UPSTREAM), "token-service-unreadable", "The token service answered with something unreadable");
  }
  *made = (credential){.prefix = place->location, .entries = {entries, COUNT(PARTS)}, .expires_at_ms = {true, ends}};
  return true;
}

// Mints. The caller is authorised already; `scopes` is what the credentials may open.
bool exports_pangolin_vending_strategy_vend(vend_request *asked, credentials *made, vend_error *error) {
  plugin_string_t url;
  if (!text_field(&asked->configuration, "token_url", &url)) {
    return fail(error, KIND(INVALID_CONFIG), "invalid-config", "token_url is missing");
  }
  *made = (credentials){calloc(asked->scopes.len, sizeof(credential)), asked->scopes.len};
  if (made->ptr == NULL) __builtin_trap();
  for (size_t i = 0; i < made->len; i++) {
    const scope *place = &asked->scopes.ptr[i];
    response answer;
    if (!buy(url, order(asked, place), &answer, error)) return false;
    if (!mint(&answer, place, &made->ptr[i], error)) return false;
  }
  return true;
}
