/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of commands, and from the command line to one of them.
 */
#include "appliance.h"

#include <errno.h>
#include <locale.h>
#include <string.h>

const Command *const commands[] = {
    &cmd_dry_run,
    &cmd_discover,
    &cmd_catalog,
    &cmd_plan,
    &cmd_check,
    &cmd_diff,
    &cmd_report,
    &cmd_reports_list,
    &cmd_reports_prune,
    &cmd_networks,
    &cmd_networks_plan,
    &cmd_networks_apply,
    &cmd_networks_undo,
    &cmd_prepare_plan,
    &cmd_prepare_apply,
    &cmd_prepare_undo,
    &cmd_import,
    &cmd_run_list,
    &cmd_run_show,
    &cmd_run_watch,
    &cmd_run_pause,
    &cmd_run_stop,
    &cmd_run_resume,
    &cmd_run_retry,
    &cmd_verify,
    &cmd_undo,
    &cmd_doctor,
    &cmd_policy_check,
    &cmd_explain,
    &cmd_explain_absence,
    &cmd_completion,
    &cmd_version,
    &cmd_help,
    NULL,
};

static ExitCode
complain_usage(const Command *command, const char *text)
{
    if (command)
        fprintf(stderr, "vm-ingest: %s\nsee: vm-ingest %s --help\n", text, command->name);
    else
        fprintf(stderr, "vm-ingest: %s\nsee: vm-ingest help\n", text);
    return EXIT_CODE_USAGE;
}

static bool
parse_options(const Command *command, int *argc, char ***argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_set_help_enabled(context, false);
    for (const GOptionEntry *const *table = command->entries; *table; table++)
        g_option_context_add_main_entries(context, *table, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

/* Words that only some values fit: refused here, so that each command may rely on them. */
static char *
find_bad_value(const Command *command)
{
    const Options *options = &command_options;
    const char *const whens[] = {"auto", "plain", "none", NULL};
    if (options->progress && !g_strv_contains(whens, options->progress))
        return g_strdup_printf(
            "--progress '%s': it is one of: auto, plain, none", options->progress);
    if (options->inventory && options->sources)
        return g_strdup("--inventory and --source exclude each other: leave one of them out");
    g_auto(GStrv) formats = g_strsplit(command->formats ? command->formats : "", " ", -1);
    if (options->format && !g_strv_contains((const char *const *)formats, options->format))
        return g_strdup_printf("-o '%s': it is one of: %s", options->format, command->formats);
    return NULL;
}

static ExitCode
run_command(const Command *command, int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (!parse_options(command, &argc, &argv, &error))
        return complain_usage(command, error->message);
    if (command_options.wants_help) {
        g_autofree char *text = command_help(command);
        fputs(text, stdout);
        return EXIT_CODE_OK;
    }
    int n_args = argc - 1;
    char **args = argv + 1;
    if (n_args > 0 && strcmp(args[0], "--") == 0) {
        args++;
        n_args--;
    }
    g_autofree char *bad = find_bad_value(command);
    if (bad)
        return complain_usage(command, bad);
    if (n_args < command->args_min) {
        g_autofree char *text = g_strdup_printf("an argument is missing: %s", command->args);
        return complain_usage(command, text);
    }
    if (n_args > command->args_max) {
        g_autofree char *text =
            g_strdup_printf("unexpected argument '%s'", args[command->args_max]);
        return complain_usage(command, text);
    }
    message_init(&command_options);
    return command->run(&command_options, args, n_args);
}

/* @word may be the first of two: then the second is what is missing. (owned) */
static char *
tell_no_command(const char *word)
{
    g_autofree char *first = g_strconcat(word, " ", NULL);
    g_autoptr(GString) next = g_string_new(NULL);
    for (const Command *const *command = commands; *command; command++)
        if (g_str_has_prefix((*command)->name, first))
            g_string_append_printf(
                next, "%s%s", next->len ? ", " : "", (*command)->name + strlen(first));
    return next->len ? g_strdup_printf("after '%s' comes: %s", word, next->str)
                     : g_strdup_printf("there is no command '%s'", word);
}

int
main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    secret_protect_process();
    interrupt_init();
    if (argc < 2)
        return complain_usage(NULL, "a command is missing");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        argv[1] = (char *)"help";
    if (strcmp(argv[1], "--version") == 0)
        argv[1] = (char *)"version";
    int words = 0;
    const Command *command = command_find(argv + 1, argc - 1, &words);
    if (!command) {
        g_autofree char *text = tell_no_command(argv[1]);
        return complain_usage(NULL, text);
    }
    ExitCode code = run_command(command, argc - words, argv + words);
    progress_end();
    /* What was printed may still wait in the buffer, and the disk may be full. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        if (!message_has_complained() && !is_reader_gone())
            fprintf(stderr, "vm-ingest: the standard output cannot be written: %s\n",
                g_strerror(errno));
        return code == EXIT_CODE_OK ? EXIT_CODE_ERROR : code;
    }
    return code;
}
