/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the command share: options, exit codes, config, secrets, running sources.
 */
#ifndef APPLIANCE_H
#define APPLIANCE_H

#include "error.h"
#include "inventory.h"
#include "source.h"

#include <stdatomic.h>
#include <stdio.h>

/* --- exit codes ------------------------------------------------------------------------------- */

typedef enum ExitCode {
    EXIT_CODE_OK = 0,
    EXIT_CODE_ERROR = 1,
    EXIT_CODE_USAGE = 2,
    EXIT_CODE_BLOCKED = 3, /* some VM is blocked or unknown */
    EXIT_CODE_AUTH = 4,
    EXIT_CODE_CONNECTION = 5, /* connection or TLS */
    EXIT_CODE_PARTIAL = 6,    /* a source only half read, or a batch partly done; outranks 3 */
    EXIT_CODE_TIMEOUT = 7,
    EXIT_CODE_STALE = 8, /* the facts are not those the plan was made from */
    EXIT_CODE_INTERRUPTED = 130,
} ExitCode;

ExitCode exit_code_of(const GError *error);
/* Prints "vm-ingest: <message>" on stderr and returns exit_code_of(). */
ExitCode exit_complain(const GError *error);
bool message_has_complained(void);
/* Nobody reads our standard output any more: that is no fault to complain of. */
bool is_reader_gone(void);

/* --- commands and options --------------------------------------------------------------------- */

typedef struct Options {
    /* general */
    char *config;
    gboolean is_quiet, is_verbose, no_color, wants_help;
    char *progress; /* "auto", "plain", "none" */
    /* what to read */
    char **sources; /* NULL-terminated, or NULL */
    char *cloudstack, *profile, *zone, *server_version;
    char *inventory, *catalog, *policy, *choices;
    char *convert; /* a KVM cluster */
    gboolean is_demo;
    /* what to write */
    char *format, *out, *out_dir, *keep, *compat;
    gboolean no_headers;
    /* what to change */
    char *journal;
    char *fit, *mhz, *template_url;
    gboolean is_fixed;
    gboolean is_yes;
    /* what to import */
    char **accepted; /* ids of findings; NULL-terminated, or NULL */
    gboolean may_power_off, is_unchecked, may_recheck;
    int canary;
    char *step;
    int jobs, per_cluster, per_host, per_pool, failures; /* 0: not given */
    char **windows;
} Options;

typedef struct Command Command;

enum { ARGS_ANY = 1 << 20 }; /* args_max of a command that takes any number */

struct Command {
    const char *name;    /* one or two words: "discover", "policy check" */
    const char *summary; /* one line for help and the man page's name section */
    const char *args;    /* after the options: "PLAN", "[FINDING]", "" */
    int args_min, args_max;
    const GOptionEntry *const *entries; /* NULL-terminated list of option tables */
    const char *formats; /* words of -o, the first is the default: "table json yaml csv"; or NULL */
    const char *description; /* for --help: what it does, in a paragraph */
    ExitCode (*run)(const Options *options, char **args, int n_args);
};

extern const Command *const commands[]; /* NULL-terminated, in the order of help */
extern Options command_options;         /* where the option tables write */

/* Name of an option that says what to read; NULL: none was given. */
const char *options_find_input(const Options *options);
/* NULL when there is none. A command of two words wins over one. @ret_words: 1 or 2 */
const Command *command_find(char *const *argv, int argc, int *ret_words);
/* All options of a command, one table after the other. */
typedef void (*OptionVisitor)(const GOptionEntry *entry, void *data);
void command_visit_options(const Command *command, OptionVisitor visit, void *data);
/* Text of --help. (owned) */
char *command_help(const Command *command);
char *command_help_all(void);

extern const GOptionEntry options_convert[];
extern const GOptionEntry options_general[], options_config[], options_sources[], options_target[],
    options_inventory[], options_catalog[], options_policy[], options_release[], options_format[],
    options_out[], options_out_dir[], options_compat[], options_choices[], options_journal[],
    options_yes[], options_prepare[], options_keep[], options_import[], options_limits[],
    options_unchecked[], options_retry[];

extern const Command cmd_discover, cmd_catalog, cmd_plan, cmd_check, cmd_diff, cmd_report,
    cmd_networks, cmd_networks_plan, cmd_networks_apply, cmd_networks_undo, cmd_prepare_plan,
    cmd_prepare_apply, cmd_prepare_undo, cmd_import, cmd_run_list, cmd_run_show, cmd_run_watch,
    cmd_run_pause, cmd_run_stop, cmd_run_resume, cmd_run_retry, cmd_verify, cmd_undo, cmd_dry_run,
    cmd_reports_list, cmd_reports_prune, cmd_doctor, cmd_policy_check, cmd_explain,
    cmd_explain_absence, cmd_completion, cmd_version, cmd_help;

/* --- interruption ----------------------------------------------------------------------------- */

/* Set by the first SIGINT or SIGTERM; the second one ends the process at once. */
extern atomic_bool interrupted;
void interrupt_init(void);
/* Where work can end in order: the first signal sets this alone, and the second .interrupted. */
extern atomic_bool stop_wanted;
void interrupt_gently(bool is_on);

/* --- messages --------------------------------------------------------------------------------- */

void message_init(const Options *options);
/* On stderr; not with --quiet. */
G_GNUC_PRINTF(1, 2) void message(const char *format, ...);
/* On stderr; only with --verbose. */
G_GNUC_PRINTF(1, 2) void message_verbose(const char *format, ...);
/* Something that the operator must not overlook: shown with --quiet, too. */
G_GNUC_PRINTF(1, 2) void message_warning(const char *format, ...);
/* The last of these, errors included. (owned) NULL: there was none */
char *message_last_warning(void);

/* How far something is; shown on a terminal once it has lasted a second. Any thread. */
void progress_report(
    void *unused, const char *subject, const char *stage, uint64_t done, uint64_t total);
/* Clears the line, before other output. */
void progress_end(void);

/* --- secrets ---------------------------------------------------------------------------------- */

enum { SECRET_BYTES_MAX = 4096 };

/* Keeps this process out of core dumps and debuggers of others. */
void secret_protect_process(void);

/**
 * secret_from_file - first line of a file
 * Errors: CONFIG when others than its owner may read it (the text has the chmod to run), when it
 *         is not ours, no regular file, empty or too long; STORAGE
 */
char *secret_from_file(const char *path, GError **error);
/* First line that a file descriptor gives; the descriptor is closed. */
char *secret_from_fd(const char *number, GError **error);
/* Asks on the terminal without echo; AUTH when there is none. */
char *secret_from_prompt(const char *question, GError **error);
/* A copy of the variable, which is overwritten and removed from the environment. NULL = not set. */
char *secret_from_environment(const char *name);
/* Wipes and frees; NULL-safe. */
void secret_free(char *secret);

/* --- config ----------------------------------------------------------------------------------- */

#define CONFIG_SYSTEM_FOLDER "/etc/vm-ingest"
#define CONFIG_SYSTEM_PATH   CONFIG_SYSTEM_FOLDER "/vm-ingest.conf"

typedef struct ConfigValue {
    char *key, *value;
    const char *origin; /* "flag", "environment", or the file */
    bool is_secret;
} ConfigValue;

/* One source, one CloudStack, or where our own state is. */
typedef struct ConfigGroup {
    char *kind;        /* "source", "cloudstack" or "state" */
    char *name;        /* empty: of "state" */
    GPtrArray *values; /* of ConfigValue, owned */
} ConfigGroup;

typedef struct Config {
    GPtrArray *groups; /* of ConfigGroup, owned; order of the file */
    char *path;        /* of the file that was read, or NULL */
} Config;

/**
 * config_load - the key file, then the environment, then the flags
 *
 * Takes the secret variables out of the environment. Errors: CONFIG naming file, group and key and
 * listing the known ones; STORAGE when a file named by --config cannot be read
 */
Config *config_load(const Options *options, GError **error);
/* The key file alone; the environment stays as it is. */
Config *config_load_file(const Options *options, GError **error);
void config_free(Config *config);
ConfigGroup *config_find_group(const Config *config, const char *kind, const char *name);
bool config_has_kind(const Config *config, const char *kind);
/* NULL = not set. */
const char *config_find(const ConfigGroup *group, const char *key);
void config_set(ConfigGroup *group, const char *key, const char *value, const char *origin);
/* "url = https://... (environment)", a line each, secrets shown as "set". (owned) */
char *config_describe(const Config *config);

/* Reads KEY, KEY-file or KEY-fd of the group. NULL without error = none of them is set. (owned) */
char *config_read_secret(const ConfigGroup *group, const char *key, GError **error);

/* Fills @group from a profile of cmk's config, which is only read. NULL @path: ~/.cmk/config */
bool config_read_cmk(ConfigGroup *group, const char *path, const char *profile, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_free)

#endif
