/* SPDX-License-Identifier: Apache-2.0
 *
 * What the helper can do: the table of verbs, their arguments and checks.
 */
#include "helper_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

const char *helper_systemctl = "/usr/bin/systemctl";

/* Starts a program with a clean environment, and waits for its end. */
static bool
run_program(const char *const *argv, GError **error)
{
    static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C.UTF-8";
    char *const environment[] = {path, locale, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t pid = 0;
    int why = posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    if (why != 0) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_FAILED, "'%s' cannot be started: %s", argv[0],
            g_strerror(why));
        return false;
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_FAILED, "'%s %s' ended with %s %d", argv[0],
        argv[1], WIFSIGNALED(status) ? "signal" : "exit code",
        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return false;
}

/* --- power ------------------------------------------------------------------------------------ */

static bool
run_reboot(const HelperRequest *request, json_object **ret_result, GError **error)
{
    (void)request, (void)ret_result;
    return run_program(
        (const char *const[]){helper_systemctl, "reboot", "--no-block", "--no-wall", NULL}, error);
}

static bool
run_poweroff(const HelperRequest *request, json_object **ret_result, GError **error)
{
    (void)request, (void)ret_result;
    return run_program(
        (const char *const[]){helper_systemctl, "poweroff", "--no-block", "--no-wall", NULL},
        error);
}

static const HelperVerb reboot_verb = {.name = "reboot", .run = run_reboot};
static const HelperVerb poweroff_verb = {.name = "poweroff", .run = run_poweroff};

/* --- services --------------------------------------------------------------------------------- */

/* Of an estate: what dry-run --keep takes, and what needs no escaping in a unit's name. */
static bool
check_estate_name(const char *value, GError **error)
{
    size_t length =
        strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    if (length > 0 && length <= 64 && !value[length] && *value != '.')
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID,
        "'%s' is no name of a config: letters, digits, '.', '_' and '-', 64 at most", value);
    return false;
}

static bool
start_unit(const char *unit, GError **error)
{
    return run_program(
        (const char *const[]){helper_systemctl, "start", "--no-block", "--", unit, NULL}, error);
}

static bool
run_dry_run_start(const HelperRequest *request, json_object **ret_result, GError **error)
{
    (void)ret_result;
    g_autofree char *unit =
        g_strdup_printf("vm-ingest-dry-run@%s.service", helper_find_value(request, "name"));
    return start_unit(unit, error);
}

static const HelperVerb dry_run_start_verb = {
    .name = "dry-run-start",
    .args = {{.name = "name", .is_required = true, .check = check_estate_name}},
    .run = run_dry_run_start,
};

/* --- the table -------------------------------------------------------------------------------- */

const HelperVerb *const helper_verbs[] = {
    &dry_run_start_verb,
    &poweroff_verb,
    &reboot_verb,
    NULL,
};
