/* SPDX-License-Identifier: Apache-2.0
 *
 * vm-ingest completion: scripts for bash, zsh and fish, made from the tables of commands and
 * options.
 */
#include "appliance.h"

#include <string.h>

/* Files are completed where an option's argument is one of these. */
static bool
takes_file(const GOptionEntry *entry)
{
    return entry->arg == G_OPTION_ARG_FILENAME;
}

/* --- commands of one first word --------------------------------------------------------------- */

static int
word_length(const Command *command)
{
    return (int)strcspn(command->name, " ");
}

static bool
is_same_word(const Command *a, const Command *b)
{
    return word_length(a) == word_length(b) &&
           strncmp(a->name, b->name, (size_t)word_length(a)) == 0;
}

/* Of the commands "networks", "networks plan", ... the one that stands for all. */
static bool
is_first_of_word(const Command *command)
{
    for (const Command *const *at = commands; *at != command; at++)
        if (is_same_word(*at, command))
            return false;
    return true;
}

/* "plan apply undo"; empty: the command is one word. (owned) */
static char *
second_words(const Command *command)
{
    GString *words = g_string_new(NULL);
    for (const Command *const *at = commands; *at; at++)
        if (is_same_word(*at, command) && (*at)->name[word_length(*at)])
            g_string_append_printf(
                words, "%s%s", words->len ? " " : "", (*at)->name + word_length(*at) + 1);
    return g_string_free(words, false);
}

typedef struct Visit {
    GHashTable *seen;
    OptionVisitor visit;
    void *data;
} Visit;

static void
visit_once(const GOptionEntry *entry, void *data)
{
    const Visit *visit = data;
    if (g_hash_table_add(visit->seen, (gpointer)entry->long_name))
        visit->visit(entry, visit->data);
}

/* Each option of all commands that begin with the same word, once. */
static void
visit_word_options(const Command *command, OptionVisitor visit, void *data)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    Visit once = {seen, visit, data};
    for (const Command *const *at = commands; *at; at++)
        if (is_same_word(*at, command))
            command_visit_options(*at, visit_once, &once);
}

/* --- the shells ------------------------------------------------------------------------------- */

static void
append_long(const GOptionEntry *entry, void *data)
{
    g_string_append_printf(data, " --%s", entry->long_name);
}

static char *
options_of(const Command *command)
{
    GString *words = g_string_new(NULL);
    visit_word_options(command, append_long, words);
    return g_string_free(words, false);
}

static void
print_bash(void)
{
    puts("# bash completion of vm-ingest: source <(vm-ingest completion bash)\n"
         "_vm_ingest() {\n"
         "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words\n"
         "    COMPREPLY=()\n"
         "    if [ \"$COMP_CWORD\" = 1 ]; then");
    printf("        words='");
    for (const Command *const *command = commands; *command; command++)
        if (is_first_of_word(*command))
            printf("%.*s ", word_length(*command), (*command)->name);
    puts("'\n"
         "        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "        return\n"
         "    fi\n"
         "    case ${COMP_WORDS[1]}:$prev in");
    for (const Command *const *command = commands; *command; command++)
        if ((*command)->formats && is_first_of_word(*command))
            printf("    %.*s:-o|%.*s:--output) COMPREPLY=($(compgen -W '%s' -- \"$cur\")); return "
                   ";;\n",
                word_length(*command), (*command)->name, word_length(*command), (*command)->name,
                (*command)->formats);
    for (const Command *const *command = commands; *command; command++) {
        g_autofree char *words = second_words(*command);
        if (*words && is_first_of_word(*command))
            printf("    %.*s:%.*s) COMPREPLY=($(compgen -W '%s' -- \"$cur\")); return ;;\n",
                word_length(*command), (*command)->name, word_length(*command), (*command)->name,
                words);
    }
    puts("    completion:completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$cur\")); return "
         ";;\n"
         "    explain:explain) COMPREPLY=($(compgen -W \"$(vm-ingest explain -o csv --no-headers "
         "2>/dev/null | cut -d, -f1)\" -- \"$cur\")); return ;;\n"
         "    esac\n"
         "    case ${COMP_WORDS[1]} in");
    for (const Command *const *command = commands; *command; command++) {
        g_autofree char *words = options_of(*command);
        if (is_first_of_word(*command))
            printf("    %.*s) words='%s' ;;\n", word_length(*command), (*command)->name, words);
    }
    puts("    esac\n"
         "    case $cur in\n"
         "    -*) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n"
         "    *) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n"
         "    esac\n"
         "}\n"
         "complete -o filenames -F _vm_ingest vm-ingest");
}

/* In single quotes, with what is special to zsh's _arguments taken out. */
static char *
zsh_quote(const char *text)
{
    g_autofree char *plain = g_strdup(text);
    g_strdelimit(plain, "[]", ' ');
    g_auto(GStrv) parts = g_strsplit(plain, "'", -1), colons = NULL;
    g_autofree char *quoted = g_strjoinv("'\\''", parts);
    colons = g_strsplit(quoted, ":", -1);
    return g_strjoinv("\\:", colons);
}

static void
print_zsh_option(const GOptionEntry *entry, void *data)
{
    (void)data;
    g_autofree char *text = zsh_quote(entry->description);
    const char *action =
        entry->arg_description ? takes_file(entry) ? ":file:_files" : ":value: " : "";
    const char *repeat = entry->arg == G_OPTION_ARG_STRING_ARRAY ? "*" : "";
    printf("            '%s--%s[%s]%s' \\\n", repeat, entry->long_name, text, action);
}

static void
print_zsh(void)
{
    puts("#compdef vm-ingest\n"
         "# zsh completion of vm-ingest: source <(vm-ingest completion zsh)\n"
         "_vm_ingest() {\n"
         "    local -a commands\n"
         "    commands=(");
    for (const Command *const *command = commands; *command; command++) {
        g_autofree char *text = zsh_quote((*command)->summary);
        if (is_first_of_word(*command))
            printf("        '%.*s:%s'\n", word_length(*command), (*command)->name, text);
    }
    puts("    )\n"
         "    if (( CURRENT == 2 )); then\n"
         "        _describe command commands\n"
         "        return\n"
         "    fi\n"
         "    case $words[2] in");
    for (const Command *const *command = commands; *command; command++) {
        g_autofree char *words = second_words(*command);
        if (!is_first_of_word(*command))
            continue;
        printf("    %.*s)\n        _arguments \\\n", word_length(*command), (*command)->name);
        visit_word_options(*command, print_zsh_option, NULL);
        if (*words)
            printf("            '2:what:(%s)' \\\n", words);
        puts("            '*:file:_files' ;;");
    }
    puts("    esac\n"
         "}\n"
         "compdef _vm_ingest vm-ingest");
}

static void
print_fish_option(const GOptionEntry *entry, void *data)
{
    const Command *command = data;
    g_auto(GStrv) parts = g_strsplit(entry->description, "'", -1);
    g_autofree char *text = g_strjoinv("\\'", parts);
    printf("complete -c vm-ingest -n '__fish_seen_subcommand_from %.*s' -l %s",
        word_length(command), command->name, entry->long_name);
    if (entry->short_name)
        printf(" -s %c", entry->short_name);
    if (entry->arg_description)
        printf(" -r%s", takes_file(entry) ? " -F" : "");
    if (strcmp(entry->long_name, "output") == 0 && command->formats)
        printf(" -a '%s'", command->formats);
    printf(" -d '%s'\n", text);
}

static void
print_fish(void)
{
    puts("# fish completion of vm-ingest: vm-ingest completion fish | source");
    for (const Command *const *command = commands; *command; command++) {
        g_auto(GStrv) parts = g_strsplit((*command)->summary, "'", -1);
        g_autofree char *text = g_strjoinv("\\'", parts);
        g_autofree char *words = second_words(*command);
        if (!is_first_of_word(*command))
            continue;
        printf("complete -c vm-ingest -n __fish_use_subcommand -f -a %.*s -d '%s'\n",
            word_length(*command), (*command)->name, text);
        if (*words)
            printf("complete -c vm-ingest -n '__fish_seen_subcommand_from %.*s' -a '%s'\n",
                word_length(*command), (*command)->name, words);
        visit_word_options(*command, print_fish_option, (void *)*command);
    }
}

static const struct {
    const char *shell;
    void (*print)(void);
} shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};

static ExitCode
run_completion(const Options *options, char **args, int n_args)
{
    (void)options, (void)n_args;
    for (size_t i = 0; i < G_N_ELEMENTS(shells); i++) {
        if (strcmp(args[0], shells[i].shell) == 0) {
            shells[i].print();
            return EXIT_CODE_OK;
        }
    }
    message_warning("no completion for '%s': it is one of: bash, zsh, fish", args[0]);
    return EXIT_CODE_USAGE;
}

static const GOptionEntry *const entries[] = {options_general, NULL};

const Command cmd_completion = {
    .name = "completion",
    .summary = "print the completion script of a shell",
    .args = "bash|zsh|fish",
    .args_min = 1,
    .args_max = 1,
    .entries = entries,
    .description = "Prints a completion script: source <(vm-ingest completion bash)",
    .run = run_completion,
};
