/* SPDX-License-Identifier: Apache-2.0
 *
 * vm-ingest prepare: what a bulk import needs beside networks.
 */
#include "prepare.h"

#include <string.h>

#include "cmd_changes.h"
#include "cmd_plan.h"

/* --- plan ------------------------------------------------------------------------------------- */

static bool
read_number(const char *option, const char *text, int least, int most, int *ret, GError **error)
{
    char *end = NULL;
    gint64 number = text ? g_ascii_strtoll(text, &end, 10) : 0;
    if (text && (!*text || *end || number < least || number > most)) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_USAGE,
            "%s '%s': give a whole number, %d to %d", option, text, least, most);
        return false;
    }
    *ret = (int)number;
    return true;
}

static bool
read_options(const Options *options, PrepareOptions *ret, GError **error)
{
    PrepareOptions read = {.plan = estate_plan_options(options),
        .is_fixed = options->is_fixed,
        .template_url = options->template_url};
    if (read.template_url && !g_str_has_prefix(read.template_url, "http://") &&
        !g_str_has_prefix(read.template_url, "https://")) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_USAGE,
            "--template-url '%s': CloudStack downloads by http:// or https:// only",
            read.template_url);
        return false;
    }
    if (!read_number("--fit", options->fit, 1, 100, &read.fit_percent, error) ||
        !read_number("--mhz", options->mhz, 100, 100000, &read.cpu_speed_mhz, error))
        return false;
    *ret = read;
    return true;
}

/* "ready 12 -> 30, blocked 20 -> 2" */
static void
tell_gain(const Changes *changes, const PrepareGain *gain)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = VERDICT_READY; i < VERDICT_N; i++)
        if (gain->before[i] || gain->after[i])
            g_string_append_printf(text, "%s%s %zu -> %zu", text->len ? ", " : "", verdict_words[i],
                gain->before[i], gain->after[i]);
    message("changes: %zu; VMs without and with those that can be made: %s", changes->changes.n,
        text->len ? text->str : "none");
}

static ExitCode
run_prepare_plan(const Options *options, char **args, int n_args)
{
    (void)args, (void)n_args;
    g_autoptr(GError) error = NULL;
    g_auto(Estate) estate = {0};
    PrepareOptions prepare = {0};
    PrepareGain gain;
    const unsigned needs = NEEDS_INVENTORY | NEEDS_CATALOG | NEEDS_POLICY | NEEDS_ZONE;
    if (!read_options(options, &prepare, &error) || !estate_read(options, needs, &estate, &error))
        return exit_complain(error);
    if (estate_is_empty_handed(&estate))
        return estate.worst;
    g_autoptr(Changes) changes =
        prepare_build(estate.inventory, estate.catalog, estate.policy, &prepare, &gain, &error);
    if (!changes || !changes_describe(changes, &estate, &error) ||
        !changes_print(options, changes, &error))
        return exit_complain(error);
    tell_gain(changes, &gain);
    return changes_exit_code(changes, estate.worst);
}

static const GOptionEntry *const plan_entries[] = {options_prepare, options_inventory,
    options_catalog, options_policy, options_convert, options_sources, options_target,
    options_release, options_format, options_out, options_config, options_general, NULL};

const Command cmd_prepare_plan = {
    .name = "prepare plan",
    .summary = "tell what a bulk import needs beside networks, with the calls",
    .args = "",
    .entries = plan_entries,
    .formats = "json table yaml csv",
    .description =
        "Domains, accounts and projects that the policy's owner rules name, their limits for the "
        "sum of\n"
        "the estate, rights to networks of others, the fewest offerings that fit without powering "
        "VMs\n"
        "off, guest OS mappings, and the placeholder template of KVM imports. The file can be "
        "edited,\n"
        "and is carried out by: vm-ingest prepare apply FILE",
    .run = run_prepare_plan,
};

/* --- apply and undo --------------------------------------------------------------------------- */

static ExitCode
run_prepare_apply(const Options *options, char **args, int n_args)
{
    (void)n_args;
    return changes_run_apply(options, "preparations", args[0]);
}

static const GOptionEntry *const changing_entries[] = {options_journal, options_yes, options_target,
    options_format, options_out, options_config, options_general, NULL};

const Command cmd_prepare_apply = {
    .name = "prepare apply",
    .summary = "make what a file of preparations asks for",
    .args = "FILE",
    .args_min = 1,
    .args_max = 1,
    .entries = changing_entries,
    .formats = "table json yaml csv",
    .description = "Makes what is not there yet, and reads each thing back. Each call stands in "
                   "the journal before\n"
                   "it is sent: running it again, after a crash too, makes nothing twice.",
    .run = run_prepare_apply,
};

static ExitCode
run_prepare_undo(const Options *options, char **args, int n_args)
{
    return changes_run_undo(options, "preparations", n_args ? args[0] : NULL);
}

const Command cmd_prepare_undo = {
    .name = "prepare undo",
    .summary = "take back what a run of preparations made and that is not in use",
    .args = "[RUN]",
    .args_max = 1,
    .entries = changing_entries,
    .formats = "table json yaml csv",
    .description = "Takes back what run RUN of the journal made, or the last run that left "
                   "something. What is in use, or\n"
                   "was changed since, stays.",
    .run = run_prepare_undo,
};
