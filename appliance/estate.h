/* SPDX-License-Identifier: Apache-2.0
 *
 * From options and config to the facts: sources run into an inventory, the target into a catalog,
 * saved files instead of either.
 */
#ifndef ESTATE_H
#define ESTATE_H

#include "appliance.h"
#include "catalog.h"
#include "plan.h"
#include "policy.h"

/* A file that the policy was read from. */
typedef struct PolicyFile {
    const char *kind; /* "policy", "list" */
    char *name, *sha256;
} PolicyFile;

typedef struct Estate {
    Config *config; /* NULL when nothing had to be asked */
    Inventory *inventory;
    Catalog *catalog;
    Policy *policy;
    char *inventory_name, *catalog_name; /* where each came from, for people */
    GPtrArray *policy_files;             /* PolicyFile; NULL: there is no policy */
    ExitCode worst;                      /* of the sources: partial, login, connection, ... */
} Estate;

typedef enum EstateNeeds {
    NEEDS_INVENTORY = 1,
    NEEDS_CATALOG = 2,
    NEEDS_POLICY = 4,
    NEEDS_ZONE = 8 /* that --zone, --server-version and --convert fit the catalog, early */
} EstateNeeds;

/* What the options say of a plan that is made anew. */
PlanOptions estate_plan_options(const Options *options);

/**
 * estate_read - what the command needs, from files or live
 *
 * A source that fails leaves the others: what was read stays, .worst says how bad, and each failure
 * has been told on stderr. Errors: those of files and of the config; all sources failed before a
 * single record came.
 */
bool estate_read(const Options *options, unsigned needs, Estate *ret_estate, GError **error);
void estate_release(Estate *estate);

/* Run all chosen sources into a sink; *ret_worst as in Estate. */
bool estate_run_sources(const Options *options, const Config *config, bool wants_cloudstack,
    InventorySink *sink, ExitCode *ret_worst, GError **error);

/* The chosen target group; NOT set = CONFIG error with the remedy. Borrowed from @config. */
ConfigGroup *estate_find_target(const Options *options, const Config *config, GError **error);

/* One source of the config, configured with its secrets, ready to run. (owned) */
Source *estate_make_source(const ConfigGroup *group, const SourceContext *context, GError **error);
/* The groups of kind "source" that the options choose. (owned, elements borrowed) */
GPtrArray *estate_choose_sources(const Options *options, const Config *config);

/* The program that reads libvirt hosts: beside this one, else where it is installed. (owned) */
char *estate_worker_program(void);

/* @ret_files: (owned, may be NULL) PolicyFile: the policy and the lists that it names. */
Policy *estate_read_policy(const char *path, GPtrArray **ret_files, GError **error);
PolicyFile *policy_file_new(const char *kind, const char *name, const char *text, size_t length);
void policy_file_free(void *file);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Estate, estate_release)

#endif
