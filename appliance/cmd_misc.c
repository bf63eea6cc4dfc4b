/* SPDX-License-Identifier: Apache-2.0
 *
 * vm-ingest policy check, explain, version and help.
 */
#include "cmd_plan.h"
#include "outfile.h"

#include <string.h>

/* --- policy check ----------------------------------------------------------------------------- */

static ExitCode
run_policy_check(const Options *options, char **args, int n_args)
{
    (void)options, (void)n_args;
    g_autoptr(GError) error = NULL;
    g_autoptr(Policy) policy = estate_read_policy(args[0], NULL, &error);
    if (!policy)
        return exit_complain(error);
    printf("%s: %zu rules, no error\n", args[0], policy_count_rules(policy));
    return EXIT_CODE_OK;
}

static const GOptionEntry *const plain_entries[] = {options_general, NULL};

const Command cmd_policy_check = {
    .name = "policy check",
    .summary = "read a policy file and name what is wrong in it",
    .args = "FILE",
    .args_min = 1,
    .args_max = 1,
    .entries = plain_entries,
    .description = "Reads a file of mapping rules, see vm-ingest-policy(5), and names line and "
                   "remedy of every error.",
    .run = run_policy_check,
};

/* --- explain ---------------------------------------------------------------------------------- */

static const OutputColumn kind_columns[] = {
    {"FINDING", "id", false, true},
    {"SEVERITY", "severity", false, true},
    {"SERVER", "server_code", true, true},
    {"TEXT", "text", false, false},
};

static bool
list_findings(const Options *options, FILE *file, GError **error)
{
    g_autoptr(OutputTable) table = output_table_new(kind_columns, G_N_ELEMENTS(kind_columns));
    for (size_t i = 0; i < finding_kinds_n; i++) {
        const FindingKind *kind = finding_kinds[i];
        char code[16];
        g_snprintf(code, sizeof code, "%d", kind->server_code);
        const char *const cells[] = {
            kind->id, severity_words[kind->severity], kind->server_code ? code : NULL, kind->text};
        output_table_add(table, cells);
    }
    OutputStyle style = chosen_style(options, file);
    return output_table_print(table, chosen_format(options, OUTPUT_TABLE), &style, file, error);
}

static bool
explain_finding(const Options *options, const FindingKind *kind, FILE *file, GError **error)
{
    if (chosen_format(options, OUTPUT_TABLE) == OUTPUT_TABLE) {
        fprintf(file, "%s (%s)\n\n%s\n\nMeaning:  %s\nEvidence: %s\nRemedy:   %s\n", kind->id,
            severity_words[kind->severity], kind->text, kind->meaning, kind->evidence,
            kind->remedy);
        if (kind->server_text)
            fprintf(file, "Server:   %d at %s: %s\n", kind->server_code,
                server_stage_words[kind->stage], kind->server_text);
        return true;
    }
    static const OutputColumn columns[] = {{"FINDING", "id", false, true},
        {"SEVERITY", "severity", false, true}, {"TEXT", "text", false, false},
        {"MEANING", "meaning", false, false}, {"EVIDENCE", "evidence", false, false},
        {"REMEDY", "remedy", false, false}, {"SERVER TEXT", "server_text", false, false}};
    g_autoptr(OutputTable) table = output_table_new(columns, G_N_ELEMENTS(columns));
    const char *const cells[] = {kind->id, severity_words[kind->severity], kind->text,
        kind->meaning, kind->evidence, kind->remedy, kind->server_text};
    output_table_add(table, cells);
    OutputStyle style = chosen_style(options, file);
    return output_table_print(table, chosen_format(options, OUTPUT_JSON), &style, file, error);
}

/* Those that have the word in their name. (owned) NULL: none. */
static char *
findings_like(const char *word)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; *word && i < finding_kinds_n; i++)
        if (strstr(finding_kinds[i]->id, word))
            g_string_append_printf(
                text, "%s%s", text->len ? ", " : "there are: ", finding_kinds[i]->id);
    return text->len ? g_strdup(text->str) : NULL;
}

static ExitCode
run_explain(const Options *options, char **args, int n_args)
{
    g_autoptr(GError) error = NULL;
    const FindingKind *kind = n_args ? finding_find_kind(args[0]) : NULL;
    if (n_args && !kind) {
        g_autofree char *alike = findings_like(args[0]);
        message_warning("there is no finding '%s'; %s", args[0],
            alike ? alike : "list them with: vm-ingest explain");
        return EXIT_CODE_USAGE;
    }
    g_autoptr(OutFile) out = outfile_open(options->out, &error);
    if (!out || !outfile_finish(out,
                    kind ? explain_finding(options, kind, out->file, &error)
                         : list_findings(options, out->file, &error),
                    &error))
        return exit_complain(error);
    return EXIT_CODE_OK;
}

static const GOptionEntry *const explain_entries[] = {
    options_format, options_out, options_general, NULL};

const Command cmd_explain = {
    .name = "explain",
    .summary = "say what a finding means and what to do",
    .args = "[FINDING]",
    .args_max = 1,
    .entries = explain_entries,
    .formats = "table json yaml csv",
    .description = "Tells the meaning, evidence and remedy of a finding, and the server's own text "
                   "where the server\n"
                   "makes the check. Without a name it lists all findings.",
    .run = run_explain,
};

/* --- version, help ---------------------------------------------------------------------------- */

static ExitCode
run_version(const Options *options, char **args, int n_args)
{
    (void)options, (void)args, (void)n_args;
    puts("vm-ingest " VM_INGEST_VERSION);
    return EXIT_CODE_OK;
}

const Command cmd_version = {
    .name = "version",
    .summary = "print the version",
    .args = "",
    .entries = plain_entries,
    .description = "Prints the program's version.",
    .run = run_version,
};

static ExitCode
run_help(const Options *options, char **args, int n_args)
{
    (void)options;
    int words = 0;
    const Command *command = n_args ? command_find(args, n_args, &words) : NULL;
    if (n_args && !command) {
        message_warning("there is no command '%s'; see: vm-ingest help", args[0]);
        return EXIT_CODE_USAGE;
    }
    g_autofree char *text = command ? command_help(command) : command_help_all();
    fputs(text, stdout);
    return EXIT_CODE_OK;
}

const Command cmd_help = {
    .name = "help",
    .summary = "tell what the program and its commands do",
    .args = "[COMMAND]",
    .args_max = 2,
    .entries = plain_entries,
    .description = "Lists the commands, or tells about one.",
    .run = run_help,
};
