// MinioLdap: sessions of a directory user at MinIO (`AssumeRoleWithLDAPIdentity`), each with a policy
// that opens one table. https://min.io/docs/minio/linux/developers/security-token-service.html
//
// The password is never here: the request names its slot, and the host appends it to the form.

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "instant.h"
#include "policy.h"
#include "text.h"

typedef exports_pangolin_vending_strategy_configuration_t configuration;
typedef exports_pangolin_vending_strategy_vend_request_t vend_request;
typedef exports_pangolin_vending_strategy_list_credential_t credentials;
typedef exports_pangolin_vending_strategy_vend_error_t vend_error;
typedef exports_pangolin_vending_strategy_list_config_problem_t config_problems;

#define KIND(name) PANGOLIN_VENDING_TYPES_ERROR_KIND_##name

// `false`, as exports answer when `error` counts. `said` is what MinIO had to say, and may be empty.
static bool fail(vend_error *error, uint8_t kind, const char *code, const char *message, const text *said) {
  memset(error, 0, sizeof *error);
  error->kind = kind;
  plugin_string_dup(&error->code, code);
  text whole = {0};
  text_say(&whole, message);
  if (said != NULL && said->length > 0) {
    text_say(&whole, " MinIO says: ");
    text_add(&whole, said->at, said->length < 500 ? said->length : 500);
  }
  error->message = text_give(&whole);
  return false;
}

static bool has_slot(const configuration *of, const char *name) {
  for (size_t i = 0; i < of->slots.len; i++) {
    if (of->slots.ptr[i].len == strlen(name) && memcmp(of->slots.ptr[i].ptr, name, strlen(name)) == 0) return true;
  }
  return false;
}

bool exports_pangolin_vending_strategy_check_config(configuration *asked, config_problems *problems) {
  static const char *const TEXTS[] = {"sts_endpoint", "ldap_username"};
  const char *missing[3];
  size_t count = 0;
  for (size_t i = 0; i < 2; i++) {
    text value = {0};
    if (!json_member(&asked->fields, TEXTS[i], &value) || value.length == 0) missing[count++] = TEXTS[i];
    free(value.at);
  }
  if (!has_slot(asked, "ldap_password")) missing[count++] = "ldap_password";
  if (count == 0) return true;
  problems->len = count;
  problems->ptr = calloc(count, sizeof *problems->ptr);
  for (size_t i = 0; i < count; i++) {
    text message = {0};
    text_say(&message, missing[i]);
    text_say(&message, " is missing");
    plugin_string_dup(&problems->ptr[i].field, missing[i]);
    problems->ptr[i].message = text_give(&message);
  }
  return false;
}

static bool policy(const vend_request *asked, text *to, vend_error *error) {
  switch (policy_write(&asked->scopes, to)) {
    case POLICY_FINE:
      return true;
    case POLICY_NAME:
      return fail(error, KIND(UNSUPPORTED), "name-not-expressible",
                  "the location has '*', '?' or '$', which mean something else in a policy of MinIO: it would open more", NULL);
    case POLICY_ACCESS:
      return fail(error, KIND(UNSUPPORTED), "access-unsupported", "a session without read is of no use to a table", NULL);
    case POLICY_SIZE:
      return fail(error, KIND(UNSUPPORTED), "policy-too-large",
                  "the session policy has more than MinIO's 2048 bytes: use a shorter location", NULL);
    default:
      return fail(error, KIND(UNSUPPORTED), "bad-location", "MinioLdap serves directories such as s3://bucket/path/", NULL);
  }
}

// The form without the password. The user is the configuration's, everything else is ours.
static bool form(const vend_request *asked, text *to, vend_error *error) {
  text user = {0}, limits = {0};
  if (!json_member(&asked->configuration.fields, "ldap_username", &user)) {
    return fail(error, KIND(INVALID_CONFIG), "invalid-config", "ldap_username is missing", NULL);
  }
  if (!policy(asked, &limits, error)) return false;
  text_say(to, "Action=AssumeRoleWithLDAPIdentity&Version=2011-06-15&LDAPUsername=");
  text_form(to, user.at, user.length);
  text_say(to, "&DurationSeconds=");
  text_number(to, asked->ttl_seconds);
  text_say(to, "&Policy=");
  text_form(to, limits.at, limits.length);
  return true;
}

static bool unreachable(const pangolin_vending_http_failure_t *failure, vend_error *error) {
  text said = {0};
  text_add(&said, (const char *)failure->message.ptr, failure->message.len);
  switch (failure->kind) {
    case PANGOLIN_VENDING_HTTP_FAILURE_KIND_DENIED:
      return fail(error, KIND(DENIED), "egress-denied", said.at, NULL);
    case PANGOLIN_VENDING_HTTP_FAILURE_KIND_DNS:
    case PANGOLIN_VENDING_HTTP_FAILURE_KIND_CONNECT:
      return fail(error, KIND(UNAVAILABLE), "minio-unreachable", said.at, NULL);
    case PANGOLIN_VENDING_HTTP_FAILURE_KIND_TIMEOUT:
      return fail(error, KIND(UNAVAILABLE), "minio-timeout", said.at, NULL);
    default:
      return fail(error, KIND(UPSTREAM), "minio-protocol", said.at, NULL);
  }
}

static bool refused(const pangolin_vending_http_response_t *answer, vend_error *error) {
  text said = {0}, code = {0};
  xml_element(&answer->body, "Message", &said);
  xml_element(&answer->body, "Code", &code);
  bool is_size = code.length > 0 && strcmp(code.at, "PackedPolicyTooLarge") == 0;
  if (answer->status == 429 || (answer->status == 503 && code.length > 0 && strcmp(code.at, "SlowDown") == 0)) {
    fail(error, KIND(THROTTLED), "minio-throttled", "MinIO asks for patience.", &said);
    for (size_t i = 0; i < answer->headers.len; i++) {
      plugin_tuple2_string_string_t *header = &answer->headers.ptr[i];
      if (header->f0.len != 11 || strncasecmp((const char *)header->f0.ptr, "retry-after", 11) != 0 || header->f1.len > 5) continue;
      uint32_t seconds = 0;
      for (size_t at = 0; at < header->f1.len; at++) {
        uint8_t digit = (uint8_t)(header->f1.ptr[at] - '0');
        if (digit > 9) return false;
        seconds = seconds * 10 + digit;
      }
      error->retry_after_ms = (plugin_option_u32_t){true, seconds * 1000};
    }
    return false;
  }
  if (answer->status >= 500) return fail(error, KIND(UNAVAILABLE), "minio-unavailable", "MinIO is not available at the moment.", &said);
  if (is_size) return fail(error, KIND(UNSUPPORTED), "policy-too-large", "MinIO takes no policy of that size.", &said);
  // MinIO calls a wrong password an invalid parameter as well as a refusal.
  if (answer->status == 401 || answer->status == 403 || answer->status == 400) {
    return fail(error, KIND(DENIED), "login-refused", "MinIO refuses ldap_username with ldap_password, or has no LDAP.", &said);
  }
  return fail(error, KIND(UPSTREAM), "minio-unreadable", "MinIO answered with something unreadable: check sts_endpoint.", &said);
}

static bool credential(const vend_request *asked, const pangolin_vending_http_response_t *answer, credentials *to, vend_error *error) {
  static const char *const PARTS[][2] = {
      {"AccessKeyId", "s3.access-key-id"}, {"SecretAccessKey", "s3.secret-access-key"}, {"SessionToken", "s3.session-token"}};
  text values[3] = {0}, ends = {0};
  uint64_t ends_ms = 0;
  bool whole = xml_element(&answer->body, "Expiration", &ends) && instant_ms(ends.at, ends.length, &ends_ms);
  for (size_t i = 0; i < 3; i++) whole = whole && xml_element(&answer->body, PARTS[i][0], &values[i]) && values[i].length > 0;
  if (!whole) return fail(error, KIND(UPSTREAM), "minio-unreadable", "MinIO answered without a whole credential.", NULL);

  pangolin_vending_types_credential_t *one = calloc(1, sizeof *one);
  pangolin_vending_types_entry_t *entries = calloc(3, sizeof *entries);
  if (one == NULL || entries == NULL) __builtin_trap();
  plugin_string_dup_n(&one->prefix, (const char *)asked->scopes.ptr->location.ptr, asked->scopes.ptr->location.len);
  one->entries.ptr = entries;
  one->entries.len = 3;
  for (size_t i = 0; i < 3; i++) {
    plugin_string_dup(&entries[i].key, PARTS[i][1]);
    entries[i].value.tag = PANGOLIN_VENDING_TYPES_VALUE_PLAIN;
    entries[i].value.val.plain = text_give(&values[i]);
  }
  one->expires_at_ms = (plugin_option_u64_t){true, ends_ms};
  to->ptr = one;
  to->len = 1;
  return true;
}

bool exports_pangolin_vending_strategy_vend(vend_request *asked, credentials *to, vend_error *error) {
  text url = {0}, body = {0};
  if (!json_member(&asked->configuration.fields, "sts_endpoint", &url)) {
    return fail(error, KIND(INVALID_CONFIG), "invalid-config", "sts_endpoint is missing", NULL);
  }
  if (!form(asked, &body, error)) return false;

  plugin_tuple2_string_string_t type;
  plugin_string_set(&type.f0, "content-type");
  plugin_string_set(&type.f1, "application/x-www-form-urlencoded");
  pangolin_vending_http_request_t request = {0};
  plugin_string_set(&request.method, "POST");
  plugin_string_set(&request.url, url.at);
  request.headers = (plugin_list_tuple2_string_string_t){&type, 1};
  request.body = (plugin_list_u8_t){(uint8_t *)body.at, body.length};
  request.auth.tag = PANGOLIN_VENDING_HTTP_AUTH_FORM_FIELD;
  plugin_string_set(&request.auth.val.form_field.f0, "LDAPPassword");
  plugin_string_set(&request.auth.val.form_field.f1, "ldap_password");

  pangolin_vending_http_response_t answer;
  pangolin_vending_http_failure_t failure;
  if (!pangolin_vending_http_send(&request, &answer, &failure)) return unreachable(&failure, error);
  if (answer.status != 200) return refused(&answer, error);
  return credential(asked, &answer, to, error);
}
