/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of all commands, as tables. --help, the completion scripts and the test that compares
 * the man pages are made from these tables; an option means the same in each command that has it.
 */
#include "appliance.h"

#include <string.h>

Options command_options;

#define O command_options

const GOptionEntry options_general[] = {
    {"quiet", 'q', 0, G_OPTION_ARG_NONE, &O.is_quiet, "no messages but errors", NULL},
    {"verbose", 'v', 0, G_OPTION_ARG_NONE, &O.is_verbose, "tell more on stderr", NULL},
    {"no-color", 0, 0, G_OPTION_ARG_NONE, &O.no_color, "no colours (as does NO_COLOR)", NULL},
    {"progress", 0, 0, G_OPTION_ARG_STRING, &O.progress, "auto, plain (lines) or none", "WHEN"},
    {"help", 'h', 0, G_OPTION_ARG_NONE, &O.wants_help, "this text", NULL},
    {NULL},
};

const GOptionEntry options_config[] = {
    {"config", 'c', 0, G_OPTION_ARG_FILENAME, &O.config, "read this config file", "FILE"},
    {NULL},
};

const GOptionEntry options_sources[] = {
    {"source", 's', 0, G_OPTION_ARG_STRING_ARRAY, &O.sources,
        "read only this source of the config, or TYPE:URL; may be given again", "NAME"},
    {NULL},
};

const GOptionEntry options_target[] = {
    {"cloudstack", 't', 0, G_OPTION_ARG_STRING, &O.cloudstack, "the [cloudstack NAME] group to use",
        "NAME"},
    {"profile", 'p', 0, G_OPTION_ARG_STRING, &O.profile, "a profile of ~/.cmk/config", "NAME"},
    {"zone", 'z', 0, G_OPTION_ARG_STRING, &O.zone, "the zone to import into", "ZONE"},
    {NULL},
};

const GOptionEntry options_inventory[] = {
    {"inventory", 'i', 0, G_OPTION_ARG_FILENAME, &O.inventory,
        "a saved inventory, instead of the sources", "FILE"},
    {NULL},
};

const GOptionEntry options_catalog[] = {
    {"catalog", 'C', 0, G_OPTION_ARG_FILENAME, &O.catalog, "a saved catalog, instead of the server",
        "FILE"},
    {NULL},
};

const GOptionEntry options_policy[] = {
    {"policy", 'P', 0, G_OPTION_ARG_FILENAME, &O.policy, "mapping rules, see vm-ingest-policy(5)",
        "FILE"},
    {NULL},
};

const GOptionEntry options_choices[] = {
    {"choices", 0, 0, G_OPTION_ARG_FILENAME, &O.choices,
        "choices edited in a CSV report, see vm-ingest-choices(5)", "FILE"},
    {NULL},
};

const GOptionEntry options_release[] = {
    {"server-version", 0, 0, G_OPTION_ARG_STRING, &O.server_version,
        "judge as this CloudStack release would", "RELEASE"},
    {NULL},
};

const GOptionEntry options_convert[] = {
    {"convert", 0, 0, G_OPTION_ARG_STRING, &O.convert,
        "VMs of a vCenter become VMs of this KVM cluster (not proved on a real server)", "CLUSTER"},
    {NULL},
};

const GOptionEntry options_format[] = {
    {"output", 'o', 0, G_OPTION_ARG_STRING, &O.format, "the format of what is printed", "FORMAT"},
    {"no-headers", 0, 0, G_OPTION_ARG_NONE, &O.no_headers,
        "tables and CSV without their first line", NULL},
    {NULL},
};

const GOptionEntry options_out[] = {
    {"out", 0, 0, G_OPTION_ARG_FILENAME, &O.out,
        "write to this file instead of the standard output", "FILE"},
    {NULL},
};

const GOptionEntry options_out_dir[] = {
    {"out-dir", 'd', 0, G_OPTION_ARG_FILENAME, &O.out_dir,
        "the folder for the reports (vm-ingest-report)", "DIR"},
    {"demo", 0, 0, G_OPTION_ARG_NONE, &O.is_demo, "use the built-in demo estate: no network", NULL},
    {NULL},
};

const GOptionEntry options_keep[] = {
    {"keep", 'k', 0, G_OPTION_ARG_STRING, &O.keep,
        "keep the reports in the state folder under this name, with the config of this name",
        "NAME"},
    {NULL},
};

const GOptionEntry options_compat[] = {
    {"compat", 0, 0, G_OPTION_ARG_STRING, &O.compat,
        "discover-networks: as CloudStack's script prints it", "FORM"},
    {NULL},
};

const GOptionEntry options_prepare[] = {
    {"fit", 0, 0, G_OPTION_ARG_STRING, &O.fit,
        "how much of the estate has to fit an offering as it runs (100)", "PERCENT"},
    {"fixed", 0, 0, G_OPTION_ARG_NONE, &O.is_fixed, "offerings of fixed sizes, not one with ranges",
        NULL},
    {"mhz", 0, 0, G_OPTION_ARG_STRING, &O.mhz, "the CPU speed of new offerings (1000)", "MHZ"},
    {"template-url", 0, 0, G_OPTION_ARG_STRING, &O.template_url,
        "where CloudStack finds the placeholder of KVM imports", "URL"},
    {NULL},
};

const GOptionEntry options_journal[] = {
    {"journal", 'j', 0, G_OPTION_ARG_FILENAME, &O.journal,
        "the journal of what was done (default: in the state folder)", "FILE"},
    {NULL},
};

const GOptionEntry options_yes[] = {
    {"yes", 'y', 0, G_OPTION_ARG_NONE, &O.is_yes, "do not ask before anything is sent", NULL},
    {NULL},
};

const GOptionEntry options_import[] = {
    {"canary", 0, 0, G_OPTION_ARG_INT, &O.canary,
        "import so many first, verify them, then ask for the others", "N"},
    {"accept", 0, 0, G_OPTION_ARG_STRING_ARRAY, &O.accepted,
        "import VMs in spite of this finding, which asks for an action; may be given again",
        "FINDING"},
    {"power-off", 0, 0, G_OPTION_ARG_NONE, &O.may_power_off,
        "shut down the guests that the plan says have to be off", NULL},
    {"only-changed-recheck", 0, 0, G_OPTION_ARG_NONE, &O.may_recheck,
        "judge VMs that changed since the plan by what they are now, instead of giving up", NULL},
    {NULL},
};

const GOptionEntry options_limits[] = {
    {"jobs", 0, 0, G_OPTION_ARG_INT, &O.jobs, "so many jobs at once (5)", "N"},
    {"per-cluster", 0, 0, G_OPTION_ARG_INT, &O.per_cluster, "of one cluster", "N"},
    {"per-host", 0, 0, G_OPTION_ARG_INT, &O.per_host, "of one host", "N"},
    {"per-pool", 0, 0, G_OPTION_ARG_INT, &O.per_pool, "of one primary storage", "N"},
    {"failures", 0, 0, G_OPTION_ARG_INT, &O.failures, "so many failures pause a wave (3)", "N"},
    {"window", 0, 0, G_OPTION_ARG_STRING_ARRAY, &O.windows,
        "begin only then, as in vm-ingest-policy(5); may be given again", "TEXT"},
    {NULL},
};

const GOptionEntry options_unchecked[] = {
    {"unchecked", 0, 0, G_OPTION_ARG_NONE, &O.is_unchecked, "do not look at VMs at their source",
        NULL},
    {NULL},
};

const GOptionEntry options_retry[] = {
    {"step", 0, 0, G_OPTION_ARG_STRING, &O.step,
        "where they failed: import (the default), migrate or verify", "STEP"},
    {NULL},
};

const char *
options_find_input(const Options *options)
{
    const struct {
        const char *name;
        bool is_given;
    } inputs[] = {
        {"--source", options->sources},
        {"--inventory", options->inventory},
        {"--catalog", options->catalog},
        {"--policy", options->policy},
        {"--choices", options->choices},
        {"--cloudstack", options->cloudstack},
        {"--profile", options->profile},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(inputs); i++)
        if (inputs[i].is_given)
            return inputs[i].name;
    return NULL;
}

void
command_visit_options(const Command *command, OptionVisitor visit, void *data)
{
    for (const GOptionEntry *const *table = command->entries; *table; table++)
        for (const GOptionEntry *entry = *table; entry->long_name; entry++)
            visit(entry, data);
}

static void
describe_option(const GOptionEntry *entry, void *data)
{
    GString *text = data;
    g_autoptr(GString) left = g_string_new(NULL);
    if (entry->short_name)
        g_string_append_printf(left, "-%c, ", entry->short_name);
    else
        g_string_append(left, "    ");
    g_string_append_printf(left, "--%s", entry->long_name);
    if (entry->arg_description)
        g_string_append_printf(left, " %s", entry->arg_description);
    g_string_append_printf(text, "  %-28s %s\n", left->str, entry->description);
}

char *
command_help(const Command *command)
{
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "usage: vm-ingest %s [OPTION...]%s%s\n\n%s\n", command->name,
        *command->args ? " " : "", command->args, command->description);
    if (command->formats)
        g_string_append_printf(text, "\nFormats (-o): %s\n", command->formats);
    g_string_append(text, "\nOptions:\n");
    command_visit_options(command, describe_option, text);
    g_autofree char *page = g_strdelimit(g_strdup(command->name), " ", '-');
    g_string_append_printf(text, "\nMore: man vm-ingest-%s\n", page);
    return g_string_free(text, false);
}

char *
command_help_all(void)
{
    GString *text = g_string_new(
        "usage: vm-ingest COMMAND [OPTION...] [ARG...]\n\n"
        "Finds VMs that CloudStack does not manage and tells, for each, what importing it "
        "would do.\nOnly the commands that apply or undo change anything, and they ask before.\n\n"
        "Commands:\n");
    for (const Command *const *command = commands; *command; command++)
        g_string_append_printf(text, "  %-16s %s\n", (*command)->name, (*command)->summary);
    g_string_append(text,
        "\nThe main job: vm-ingest dry-run.  Without an estate of your own: vm-ingest dry-run "
        "--demo\n"
        "vm-ingest COMMAND --help tells a command's options.\n\n"
        "Exit codes: 0 ok, 1 error, 2 usage, 3 some VM is blocked or unknown, 4 login or rights,\n"
        "5 connection or TLS, 6 a source only half read, 7 timeout, 8 stale plan, 130 "
        "interrupted\n");
    return g_string_free(text, false);
}

/* How many of the words of @name stand at the beginning of @argv: all (1 or 2) or none (0). */
static int
match_words(const char *name, char *const *argv, int argc)
{
    g_auto(GStrv) words = g_strsplit(name, " ", 2);
    int n = (int)g_strv_length(words);
    for (int i = 0; i < n; i++)
        if (i >= argc || strcmp(words[i], argv[i]) != 0)
            return 0;
    return n;
}

const Command *
command_find(char *const *argv, int argc, int *ret_words)
{
    const Command *best = NULL;
    *ret_words = 0;
    for (const Command *const *command = commands; *command; command++) {
        int words = match_words((*command)->name, argv, argc);
        if (words > *ret_words) {
            best = *command;
            *ret_words = words;
        }
    }
    return best;
}
