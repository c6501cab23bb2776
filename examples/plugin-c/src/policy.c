#include "policy.h"

#include <string.h>

// MinIO's own limit.
static const size_t LONGEST = 2048;

#define READ PANGOLIN_VENDING_TYPES_ACCESS_READ
#define WRITE PANGOLIN_VENDING_TYPES_ACCESS_WRITE
#define DELETE PANGOLIN_VENDING_TYPES_ACCESS_DELETE

typedef struct {
  const char *bucket, *key;
  size_t bucket_length, key_length;
} place;

static bool split(const plugin_string_t *location, place *found) {
  static const char SCHEME[] = "s3://";
  const size_t lead = sizeof SCHEME - 1;
  const char *at = (const char *)location->ptr, *end = at + location->len;
  if (location->len <= lead || memcmp(at, SCHEME, lead) != 0 || end[-1] != '/') return false;
  at += lead;
  const char *slash = memchr(at, '/', (size_t)(end - at));
  *found = (place){at, slash + 1, (size_t)(slash - at), (size_t)(end - slash - 1)};
  return found->bucket_length > 0;
}

// Names of a policy are patterns: these three stand for others, and MinIO knows no way to write them plainly.
static bool is_literal(const char *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (bytes[i] == '*' || bytes[i] == '?' || bytes[i] == '$') return false;
  }
  return true;
}

static void arn(text *to, const place *of, bool objects) {
  text name = {0};
  text_say(&name, "arn:aws:s3:::");
  text_add(&name, of->bucket, of->bucket_length);
  if (objects) {
    text_say(&name, "/");
    text_add(&name, of->key, of->key_length);
    text_say(&name, "*");
  }
  text_json(to, name.at, name.length);
}

static void statements(text *to, const place *of, uint8_t access) {
  text_say(to, "{\"Effect\":\"Allow\",\"Action\":[\"s3:GetObject\"");
  if (access & WRITE) text_say(to, ",\"s3:PutObject\",\"s3:AbortMultipartUpload\",\"s3:ListMultipartUploadParts\"");
  if (access & DELETE) text_say(to, ",\"s3:DeleteObject\"");
  text_say(to, "],\"Resource\":");
  arn(to, of, true);
  // Lists below the key only: without its slash the names of neighbours would show.
  text_say(to, "},{\"Effect\":\"Allow\",\"Action\":[\"s3:ListBucket\"");
  if (access & WRITE) text_say(to, ",\"s3:ListBucketMultipartUploads\"");
  text_say(to, "],\"Resource\":");
  arn(to, of, false);
  if (of->key_length > 0) {
    text prefix = {0};
    text_add(&prefix, of->key, of->key_length);
    text_say(&prefix, "*");
    text_say(to, ",\"Condition\":{\"StringLike\":{\"s3:prefix\":");
    text_json(to, prefix.at, prefix.length);
    text_say(to, "}}");
  }
  text_say(to, "},{\"Effect\":\"Allow\",\"Action\":[\"s3:GetBucketLocation\"],\"Resource\":");
  arn(to, of, false);
  text_say(to, "}");
}

policy_problem policy_write(const pangolin_vending_types_list_scope_t *scopes, text *to) {
  // Without a statement a policy would be none, and none means everything.
  if (scopes->len == 0) return POLICY_LOCATION;
  text_say(to, "{\"Version\":\"2012-10-17\",\"Statement\":[");
  for (size_t i = 0; i < scopes->len; i++) {
    place of;
    if (!split(&scopes->ptr[i].location, &of)) return POLICY_LOCATION;
    if (!is_literal(of.bucket, of.bucket_length) || !is_literal(of.key, of.key_length)) return POLICY_NAME;
    if (!(scopes->ptr[i].access & READ)) return POLICY_ACCESS;
    if (i > 0) text_say(to, ",");
    statements(to, &of, scopes->ptr[i].access);
  }
  text_say(to, "]}");
  return to->length <= LONGEST ? POLICY_FINE : POLICY_SIZE;
}
