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

/* A row of the table of the server's checks. */
static void
print_check(const FindingKind *kind, FILE *file)
{
    static const char *const proofs[PROOF_N] = {[PROOF_RECORDED] = "recorded from a running server",
        [PROOF_READ] = "read in the server's code"};
    g_autofree char *releases = finding_kind_releases(kind);
    g_autofree char *wordings = finding_kind_wordings(kind);
    g_auto(GStrv) lines = g_strsplit(wordings, "\n", -1);
    fprintf(file, "Server:   %d at %s: %s\n", kind->server_code, server_stage_words[kind->stage],
        kind->server_text ? kind->server_text : "(without a text)");
    for (char **line = lines; *line && **line; line++)
        fprintf(file, "          %s\n", *line);
    fprintf(file, "Releases: %s\nOrder:    %d\nKnown:    %s\n", releases, kind->rank,
        proofs[kind->proof]);
}

static void
add_explanation(OutputTable *table, const FindingKind *kind)
{
    bool is_check = kind->stage != STAGE_NONE;
    g_autofree char *releases = finding_kind_releases(kind);
    g_autofree char *wordings = finding_kind_wordings(kind);
    char code[16], order[16];
    g_snprintf(code, sizeof code, "%d", kind->server_code);
    g_snprintf(order, sizeof order, "%d", kind->rank);
    const char *const cells[] = {kind->id, severity_words[kind->severity], kind->text,
        kind->meaning, kind->evidence, kind->remedy,
        is_check ? server_stage_words[kind->stage] : NULL, is_check ? code : NULL,
        kind->server_text, *wordings ? g_strchomp(wordings) : NULL, is_check ? releases : NULL,
        is_check ? order : NULL, is_check ? check_proof_words[kind->proof] : NULL};
    output_table_add(table, cells);
}

static bool
explain_finding(const Options *options, const FindingKind *kind, FILE *file, GError **error)
{
    if (chosen_format(options, OUTPUT_TABLE) == OUTPUT_TABLE) {
        fprintf(file, "%s (%s)\n\n%s\n\nMeaning:  %s\nEvidence: %s\nRemedy:   %s\n", kind->id,
            severity_words[kind->severity], kind->text, kind->meaning, kind->evidence,
            kind->remedy);
        if (kind->stage != STAGE_NONE)
            print_check(kind, file);
        return true;
    }
    static const OutputColumn columns[] = {{"FINDING", "id", false, true},
        {"SEVERITY", "severity", false, true}, {"TEXT", "text", false, false},
        {"MEANING", "meaning", false, false}, {"EVIDENCE", "evidence", false, false},
        {"REMEDY", "remedy", false, false}, {"STAGE", "server_stage", false, false},
        {"CODE", "server_code", true, false}, {"SERVER TEXT", "server_text", false, false},
        {"OTHER TEXTS", "server_texts_elsewhere", false, false},
        {"RELEASES", "server_releases", false, false}, {"ORDER", "server_order", true, false},
        {"KNOWN", "server_known", false, false}};
    g_autoptr(OutputTable) table = output_table_new(columns, G_N_ELEMENTS(columns));
    add_explanation(table, kind);
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
    .description =
        "Tells the meaning, evidence and remedy of a finding. Where the server makes the "
        "check: its stage,\n"
        "code and text, the releases that make it, its place in the server's order, and "
        "whether it was\n"
        "recorded from a running server or read in its code. Without a name it lists all "
        "findings.",
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
