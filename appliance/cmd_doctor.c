/* SPDX-License-Identifier: Apache-2.0
 *
 * vm-ingest doctor: test each configured source and target hop by hop.
 */
#include "cmd_plan.h"
#include "target.h"

#include "outfile.h"

static const OutputColumn hop_columns[] = {
    {"WHAT", "subject", false, true},
    {"HOP", "hop", false, true},
    {"RESULT", "result", false, true},
    {"DETAIL", "detail", false, false},
    {"REMEDY", "remedy", false, false},
};

typedef struct Doctor {
    OutputTable *table;
    const char *subject; /* being tested */
    ExitCode worst;
} Doctor;

/* A failed hop tells which exit code it means. */
static ExitCode
code_of_hop(const char *hop)
{
    const char *const access_hops[] = {"login", "rights", NULL};
    return g_strv_contains(access_hops, hop) ? EXIT_CODE_AUTH : EXIT_CODE_CONNECTION;
}

static void
on_hop(void *data, const char *hop, HopResult result, const char *detail, const char *remedy)
{
    Doctor *doctor = data;
    static const char *const words[] = {
        [HOP_OK] = "ok", [HOP_FAILED] = "FAILED", [HOP_SKIPPED] = "skipped"};
    const char *const cells[] = {doctor->subject, hop, words[result], detail, remedy};
    output_table_add(doctor->table, cells);
    if (result == HOP_FAILED && doctor->worst == EXIT_CODE_OK)
        doctor->worst = code_of_hop(hop);
}

static void
note_error(Doctor *doctor, const GError *error)
{
    const char *const cells[] = {doctor->subject, "config", "FAILED", error->message, NULL};
    output_table_add(doctor->table, cells);
    if (doctor->worst == EXIT_CODE_OK)
        doctor->worst = exit_code_of(error);
}

static void
examine_source(Doctor *doctor, const ConfigGroup *group, const SourceContext *context)
{
    g_autoptr(GError) error = NULL;
    const HopSink hops = {.data = doctor, .hop = on_hop};
    g_autofree char *subject = g_strdup_printf("source %s", group->name);
    doctor->subject = subject;
    g_autoptr(Source) source = estate_make_source(group, context, &error);
    bool is_ok = source && source_check(source, &hops, &error);
    if (!is_ok && error)
        note_error(doctor, error);
}

static void
examine_target(Doctor *doctor, ConfigGroup *group)
{
    g_autoptr(GError) error = NULL;
    const HopSink hops = {.data = doctor, .hop = on_hop};
    g_autofree char *subject = g_strdup_printf("cloudstack %s", group->name);
    doctor->subject = subject;
    g_autoptr(Target) target = target_open(group, &error);
    if ((!target || !target_check(target, &hops, &error)) && error)
        note_error(doctor, error);
}

static void
examine_all(Doctor *doctor, const Options *options, const Config *config)
{
    g_autofree char *program = estate_worker_program();
    const SourceContext context = {.is_cancelled = &interrupted, .program = program};
    g_autoptr(GPtrArray) sources = estate_choose_sources(options, config);
    for (unsigned i = 0; i < sources->len; i++)
        examine_source(doctor, g_ptr_array_index(sources, i), &context);
    for (unsigned i = 0; i < config->groups->len; i++) {
        ConfigGroup *group = g_ptr_array_index(config->groups, i);
        const char *wanted = options->cloudstack ? options->cloudstack : options->profile;
        if (g_str_equal(group->kind, "cloudstack") && (!wanted || g_str_equal(group->name, wanted)))
            examine_target(doctor, group);
    }
}

static ExitCode
run_doctor(const Options *options, char **args, int n_args)
{
    (void)args, (void)n_args;
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = config_load(options, &error);
    g_autoptr(OutFile) out = config ? outfile_open(options->out, &error) : NULL;
    if (!out)
        return exit_complain(error);
    g_autofree char *origins = config_describe(config);
    message_verbose(
        "config%s%s:\n%s", config->path ? " " : "", config->path ? config->path : "", origins);
    g_autoptr(OutputTable) table = output_table_new(hop_columns, G_N_ELEMENTS(hop_columns));
    Doctor doctor = {.table = table};
    examine_all(&doctor, options, config);
    if (output_table_count(table) == 0) {
        message_warning(
            "nothing to test: %s has neither a [source NAME] nor a [cloudstack NAME] group",
            config->path ? config->path : "no config file was found, and the environment");
        return EXIT_CODE_USAGE;
    }
    OutputStyle style = chosen_style(options, out->file);
    OutputFormat format = chosen_format(options, OUTPUT_TABLE);
    bool is_printed = output_table_print(table, format, &style, out->file, &error);
    if (!outfile_finish(out, is_printed, &error))
        return exit_complain(error);
    return doctor.worst;
}

static const GOptionEntry *const entries[] = {options_sources, options_target, options_format,
    options_out, options_config, options_general, NULL};

const Command cmd_doctor = {
    .name = "doctor",
    .summary = "test each source and target hop by hop",
    .args = "",
    .entries = entries,
    .formats = "table json yaml csv",
    .description = "Tests name, connection, TLS, login and rights of every configured source and "
                   "CloudStack, and\n"
                   "says for each hop that fails what is missing and what to do.",
    .run = run_doctor,
};
