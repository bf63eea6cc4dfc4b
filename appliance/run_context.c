/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal's place, the operator's yes, and the run that is meant.
 */
#include "run_context.h"

#include <string.h>
#include <unistd.h>

#include "state.h"

char *
journal_path(const Options *options, const Config *config)
{
    if (options->journal)
        return g_strdup(options->journal);
    g_autofree char *folder = state_folder(config);
    return g_build_filename(folder, "journal.sqlite", NULL);
}

bool
is_confirmed(const Options *options, const char *question, GError **error)
{
    if (options->is_yes)
        return true;
    if (!isatty(STDIN_FILENO)) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_USAGE,
            "nobody can be asked here: look at what it would do, and give --yes");
        return false;
    }
    char answer[16] = "";
    fprintf(stderr, "%s (yes/no) ", question);
    fflush(stderr);
    if (fgets(answer, sizeof answer, stdin) && !g_ascii_strcasecmp(g_strchomp(answer), "yes"))
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_CANCELLED, "nothing was sent");
    return false;
}

bool
run_number_parse(const char *text, int64_t *ret, GError **error)
{
    char *end = NULL;
    *ret = g_ascii_strtoll(text, &end, 10);
    if (*text && !*end && *ret >= 1)
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_USAGE,
        "'%s': a run is a number that 'apply' or 'import' told, see: vm-ingest run list", text);
    return false;
}

bool
run_check_target(const JournalRun *run, const CloudStack *cs, GError **error)
{
    if (!g_strcmp0(run->target.value, cs->url))
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFLICT,
        "run %d was against %s, not %s: choose that one with --cloudstack", (int)run->number,
        run->target.value, cs->url);
    return false;
}
