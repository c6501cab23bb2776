// What the strategy is and asks for. Everything returned is on the heap: the generated code frees it.
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

typedef exports_pangolin_vending_strategy_field_t field;

static void *many(size_t count, size_t size) {
  void *found = calloc(count, size);
  if (found == NULL) __builtin_trap();
  return found;
}

static field *named(field *it, const char *name, const char *help, uint8_t kind, const char *example) {
  plugin_string_dup(&it->name, name);
  plugin_string_dup(&it->help, help);
  it->kind = kind;
  it->required = true;
  it->example.is_some = example != NULL;
  if (example != NULL) plugin_string_dup(&it->example.val, example);
  return it;
}

static void of_field(exports_pangolin_vending_strategy_list_host_pattern_t *hosts, const char *name) {
  hosts->len = 1;
  hosts->ptr = many(1, sizeof *hosts->ptr);
  hosts->ptr->tag = EXPORTS_PANGOLIN_VENDING_STRATEGY_HOST_PATTERN_OF_FIELD;
  plugin_string_dup(&hosts->ptr->val.of_field, name);
}

void exports_pangolin_vending_strategy_describe(exports_pangolin_vending_strategy_description_t *to) {
  memset(to, 0, sizeof *to);
  plugin_string_dup(&to->name, "MinioLdap");
  plugin_string_dup(&to->version, "0.1.0");
  plugin_string_dup(&to->summary, "MinIO with LDAP: sessions of a directory user, scoped to one table");
  to->schemes.len = 1;
  to->schemes.ptr = many(1, sizeof *to->schemes.ptr);
  plugin_string_dup(to->schemes.ptr, "s3");
  to->scoping = EXPORTS_PANGOLIN_VENDING_STRATEGY_SCOPING_EXACT;
  // MinIO gives 15 minutes to a year.
  to->min_ttl_seconds = (plugin_option_u32_t){true, 900};
  to->max_ttl_seconds = (plugin_option_u32_t){true, 31536000};
  of_field(&to->hosts, "sts_endpoint");

  to->fields.len = 3;
  to->fields.ptr = many(3, sizeof *to->fields.ptr);
  field *it = to->fields.ptr;
  named(it++, "sts_endpoint", "Address of MinIO", EXPORTS_PANGOLIN_VENDING_STRATEGY_FIELD_KIND_URL, "https://minio.example.com:9000")
      ->destination = true;
  named(it++, "ldap_username", "The directory user whose policies bound every session", EXPORTS_PANGOLIN_VENDING_STRATEGY_FIELD_KIND_TEXT,
        "svc-lake");
  named(it, "ldap_password", "Password of that user. It stays in the host", EXPORTS_PANGOLIN_VENDING_STRATEGY_FIELD_KIND_TEXT, NULL);
  it->secret_uses.len = 1;
  it->secret_uses.ptr = many(1, sizeof *it->secret_uses.ptr);
  it->secret_uses.ptr->tag = EXPORTS_PANGOLIN_VENDING_STRATEGY_SECRET_USE_FORM_FIELD;
  plugin_string_dup(&it->secret_uses.ptr->val.form_field, "LDAPPassword");
  of_field(&it->secret_hosts, "sts_endpoint");
}
