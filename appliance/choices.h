/* SPDX-License-Identifier: Apache-2.0
 *
 * The choices of a plan as columns of its CSV report, written and read back: a person edits them in
 * a spreadsheet. One table of columns serves both ways; vm-ingest-choices(5) documents it.
 */
#ifndef CHOICES_H
#define CHOICES_H

#include "plan.h"

/* --- columns ---------------------------------------------------------------------------------- */

/* What is looked up while choices are read. */
typedef struct ChoiceReader ChoiceReader;

typedef struct ChoiceColumn {
    const char *name;
    /* Appends the text of the cell; nothing for what is not chosen. */
    void (*render)(const Choice *choice, GString *cell);
    /* Takes a cell that is not the rendered one. On failure *ret_why (owned) says what is wrong. */
    bool (*apply)(ChoiceReader *reader, const char *cell, char **ret_why);
} ChoiceColumn;

extern const ChoiceColumn choice_columns[];
extern const size_t choice_columns_n;

/* --- reading ---------------------------------------------------------------------------------- */

enum { CHOICES_PROBLEMS_MAX = 50 };

/**
 * choices_check_file - that a file can be read to its end and says which VMs its rows are of
 * @ret_unknown: names of columns that no report has, for a message; "" if there are none; (owned)
 *
 * Errors: as of choices_read()
 */
bool choices_check_file(const char *path, char **ret_unknown, GError **error);

typedef struct ChoicesCount {
    size_t rows;    /* VMs that have one */
    size_t changed; /* cells that differ from what the plan proposed */
} ChoicesCount;

/**
 * choices_read - put the choices of a file into a plan that was built
 * @plan: the choices of its items are replaced; judge it anew with plan_check()
 *
 * A row is of the VM that it names by source and id, else by instance_uuid, else by name and path.
 * A column that is not there, and a VM without a row, keep what was proposed; an empty cell says
 * that nothing is chosen.
 *
 * Errors: INVALID, with row, column and reason of each wrong cell, CHOICES_PROBLEMS_MAX at most, or
 *         with the line that cannot be read; STORAGE. The plan is of no use then.
 */
bool choices_read(const char *path, Plan *plan, ChoicesCount *ret_count, GError **error);

/* --- between the files of choices ------------------------------------------------------------- */

/* Lists of the catalog whose things may be given by name. */
typedef enum ChoiceList {
    CHOICE_CLUSTERS,
    CHOICE_DOMAINS,
    CHOICE_PROJECTS,
    CHOICE_TEMPLATES,
    CHOICE_SERVICE_OFFERINGS,
    CHOICE_DISK_OFFERINGS,
    CHOICE_NETWORKS,
    CHOICE_POOLS,
    CHOICE_LIST_N
} ChoiceList;

struct ChoiceReader {
    Plan *plan;
    PlanItem *item;   /* of the row */
    bool is_guarded;  /* the cell has the quote that says: this is a text, take it as it stands */
    bool has_owner;   /* account or domain of the row were changed */
    const char *from; /* the file, for the reasons; in the plan's arena */
    GHashTable *names[CHOICE_LIST_N]; /* see choices_names.c; NULL: not asked for yet */
    bool was_read[CHOICE_LIST_N];     /* the catalog has the whole list */
};

/* An entry of a list in a cell. */
typedef struct ChoicePair {
    char *key, *value; /* owned; key NULL: the entry is a value alone */
} ChoicePair;

#define CHOICE_PAIR(pairs, i) (&g_array_index((pairs), ChoicePair, (i)))

/* What the entries of a list may be about. */
typedef struct ChoiceSubjects {
    const char *thing; /* "NIC", "disk" */
    GPtrArray *ids;    /* owned; borrowed texts */
    bool may_repeat;
} ChoiceSubjects;

ChoiceSubjects choice_nic_subjects(const PlanItem *item);
ChoiceSubjects choice_disk_subjects(const PlanItem *item);
/* Appends an entry to a list. */
void choice_render_pair(GString *cell, Text key, Text value);
/* The entries of a cell, as they stand. (owned) ChoicePair */
GArray *choice_parse_pairs(const char *cell);
/* The same, each about a subject (taken) that there is; NULL: *ret_why (owned) says what is wrong.
 */
GArray *choice_read_pairs(ChoiceSubjects subjects, const char *cell, char **ret_why);
/* NULL: no entry is about @key. */
const char *choice_pair_value(const GArray *pairs, Text key);

/* Once all cells of a row were taken: account and domain belong together. */
bool choice_finish_owner(ChoiceReader *reader, char **ret_why);

/* The id that @text is or names, known; *ret_why (owned) when there is none or more than one. */
bool choice_find(
    ChoiceReader *reader, ChoiceList list, const char *text, Text *ret_id, char **ret_why);
/* The name of an id, or the id. Borrowed from the catalog. */
const char *choice_name_of(ChoiceReader *reader, ChoiceList list, const char *id);
/* The account of that name or id; @domainid NULL: it must be the only one of that name. */
const Account *choice_find_account(
    ChoiceReader *reader, const char *text, const char *domainid, char **ret_why);
void choice_names_free(ChoiceReader *reader);

#endif
