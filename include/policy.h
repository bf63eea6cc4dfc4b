/* SPDX-License-Identifier: Apache-2.0
 *
 * The operator's mapping rules: owners, preferred and forbidden offerings, networks per port group,
 * naming, waves, and how imports are spread over time. First match wins. The grammar is documented
 * in vm-ingest-policy(5).
 */
#ifndef POLICY_H
#define POLICY_H

#include <glib.h>
#include <stdbool.h>

enum { POLICY_BYTES_MAX = 1024 * 1024 };

typedef struct Policy Policy;

/**
 * policy_parse - read rules
 * @text: whole file, NUL-terminated; at most POLICY_BYTES_MAX
 * @name: what error texts call it
 *
 * Errors:  CONFIG naming file, line, word and remedy; the first error of the file is reported
 *          first, and up to twenty are in the text, one a line
 * Returns: (owned)
 */
Policy *policy_parse(const char *text, const char *name, GError **error);

/* Who reads the files that a policy names: its lists. */
typedef struct PolicyFiles {
    /* (owned) the text of a file, by the name that the policy gives it */
    char *(*read)(void *data, const char *name, GError **error);
    void *data;
} PolicyFiles;

/* As policy_parse(); @files NULL: lists from files are errors. */
Policy *policy_parse_with(
    const char *text, const char *name, const PolicyFiles *files, GError **error);
/* The policy without a rule: whoever calls the API owns what is imported. (owned) */
Policy *policy_new_default(void);
void policy_free(Policy *policy);
/* How many rules and settings; for "policy check". */
size_t policy_count_rules(const Policy *policy);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Policy, policy_free)

#endif
