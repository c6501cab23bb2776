// The session policy: what the scopes say, and nothing beyond.
#ifndef POLICY_H
#define POLICY_H

#include "text.h"

// Why no policy can be written.
typedef enum { POLICY_FINE, POLICY_LOCATION, POLICY_NAME, POLICY_ACCESS, POLICY_SIZE } policy_problem;

policy_problem policy_write(const pangolin_vending_types_list_scope_t *scopes, text *to);

#endif
