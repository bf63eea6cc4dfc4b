/* SPDX-License-Identifier: Apache-2.0
 *
 * vm-ingest report and dry-run: what people read.
 */
#include "cmd_plan.h"
#include "demo.h"
#include "outfile.h"
#include "state.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- report ----------------------------------------------------------------------------------- */

static bool
write_report(const Options *options, const Plan *plan, FILE *file, GError **error)
{
    if (g_strcmp0(options->format, "html") == 0)
        return report_html(plan, file, error);
    OutputStyle style = chosen_style(options, file);
    if (!options->format || strcmp(options->format, "table") == 0)
        return report_text(plan, &style, file, error);
    return report_items(plan, chosen_format(options, OUTPUT_JSON), &style, file, error);
}

static bool
print_report(const Options *options, const Plan *plan, GError **error)
{
    g_autoptr(OutFile) out = outfile_open(options->out, error);
    return out && outfile_finish(out, write_report(options, plan, out->file, error), error);
}

static ExitCode
run_report(const Options *options, char **args, int n_args)
{
    g_autoptr(GError) error = NULL;
    g_auto(Estate) estate = {0};
    g_autoptr(Plan) plan = NULL;
    const char *input = options->zone             ? "--zone"
                        : options->server_version ? "--server-version"
                        : options->convert        ? "--convert"
                                                  : options_find_input(options);
    if (n_args == 1 && input)
        return refuse_option(
            input, "a saved plan, which is shown as it is; judge it anew with: vm-ingest check");
    if (n_args == 1) {
        plan = plan_load(args[0], &error);
    } else {
        const unsigned needs = NEEDS_INVENTORY | NEEDS_CATALOG | NEEDS_POLICY | NEEDS_ZONE;
        if (!estate_read(options, needs, &estate, &error))
            return exit_complain(error);
        if (estate_is_empty_handed(&estate))
            return estate.worst;
        plan = make_plan(options, &estate, &error);
    }
    if (!plan || !print_report(options, plan, &error))
        return exit_complain(error);
    return plan_exit_code(plan, estate.worst);
}

static const GOptionEntry *const report_entries[] = {options_inventory, options_catalog,
    options_policy, options_convert, options_choices, options_sources, options_target,
    options_release, options_format, options_out, options_config, options_general, NULL};

const Command cmd_report = {
    .name = "report",
    .summary = "make a report of a plan",
    .args = "[PLAN]",
    .args_max = 1,
    .entries = report_entries,
    .formats = "table html json yaml csv",
    .description = "Writes the report of a saved plan, or of a plan made now if none is named. "
                   "html is one file\n"
                   "that opens without network; csv has one line a VM.",
    .run = run_report,
};

/* --- dry-run ---------------------------------------------------------------------------------- */

static bool
as_inventory(const void *estate, FILE *file, GError **error)
{
    return inventory_save(((const Estate *)estate)->inventory, file, error);
}

static bool
as_catalog(const void *estate, FILE *file, GError **error)
{
    return catalog_save(((const Estate *)estate)->catalog, file, error);
}

static bool
as_html(const void *plan, FILE *file, GError **error)
{
    return report_html(plan, file, error);
}

static bool
as_csv(const void *plan, FILE *file, GError **error)
{
    return report_csv(plan, &(OutputStyle){0}, file, error);
}

static bool
as_networks_csv(const void *plan, FILE *file, GError **error)
{
    return report_csv_networks(plan, file, error);
}

static bool
as_absences_csv(const void *plan, FILE *file, GError **error)
{
    return report_csv_absences(plan, file, error);
}

static bool
as_json(const void *plan, FILE *file, GError **error)
{
    return plan_save(plan, file, error);
}

static const struct {
    const char *name, *what;
    OutFileWriter write;
    bool is_of_plan; /* else of the estate */
} report_files[] = {
    {"report.html", "for people: opens in any browser, without network", as_html, true},
    {"report.csv", "one line a VM", as_csv, true},
    {"networks.csv", "one line a VLAN", as_networks_csv, true},
    {"absent.csv", "one line a VM that CloudStack does not list", as_absences_csv, true},
    {"report.json", "the plan: edit it, then vm-ingest check", as_json, true},
    {"inventory.json", "what the sources have", as_inventory, false},
    {"catalog.json", "what the target offers", as_catalog, false},
};

/* Looked at before anything is read: nobody waits an hour for a folder that is not theirs. */
static bool
check_folder(const char *folder, GError **error)
{
    struct stat st;
    g_autofree char *parent = g_path_get_dirname(folder);
    const bool is_there = stat(folder, &st) == 0;
    if (is_there && !S_ISDIR(st.st_mode))
        errno = ENOTDIR;
    else if (access(is_there ? folder : parent, W_OK | X_OK) == 0)
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE,
        "folder '%s': cannot be written: %s; choose another with --out-dir", folder,
        g_strerror(errno));
    return false;
}

static bool
write_report_file(
    const char *folder, size_t i, const Plan *plan, const Estate *estate, GError **error)
{
    g_autofree char *path = g_build_filename(folder, report_files[i].name, NULL);
    const void *what = report_files[i].is_of_plan ? (const void *)plan : estate;
    g_autoptr(OutFile) out = outfile_open(path, error);
    return out && outfile_finish(out, report_files[i].write(what, out->file, error), error);
}

/* Older reports go rather than that this one does not fit. */
static bool
write_kept_file(
    const KeptRun *kept, size_t i, const Plan *plan, const Estate *estate, GError **error)
{
    for (;;) {
        GError *why = NULL;
        if (write_report_file(kept_folder(kept), i, plan, estate, &why))
            return kept_keep_room(kept, error);
        if (!g_error_matches(why, INGEST_ERROR, INGEST_ERROR_STORAGE) || !kept_make_room(kept)) {
            g_propagate_error(error, why);
            return false;
        }
        g_error_free(why);
    }
}

static bool
write_report_files(
    const char *folder, const KeptRun *kept, const Plan *plan, const Estate *estate, GError **error)
{
    if (mkdir(folder, 0755) != 0 && errno != EEXIST) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE, "folder '%s': cannot be made: %s",
            folder, g_strerror(errno));
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(report_files); i++)
        if (!(kept ? write_kept_file(kept, i, plan, estate, error)
                   : write_report_file(folder, i, plan, estate, error)))
            return false;
    return true;
}

static void
name_report_files(const char *folder)
{
    for (size_t i = 0; i < G_N_ELEMENTS(report_files); i++)
        message("%s/%-15s %s", folder, report_files[i].name, report_files[i].what);
}

/* @kept: NULL = the folder is the operator's */
static ExitCode
make_dry_run(const Options *options, const char *folder, KeptRun *kept)
{
    g_autoptr(GError) error = NULL;
    g_auto(Estate) estate = {0};
    const unsigned needs = NEEDS_INVENTORY | NEEDS_CATALOG | NEEDS_POLICY | NEEDS_ZONE;
    if (!check_folder(folder, &error) ||
        !(options->is_demo ? demo_read(&estate, &error)
                           : estate_read(options, needs, &estate, &error)))
        return exit_complain(error);
    if (estate_is_empty_handed(&estate))
        return estate.worst;
    g_autoptr(Plan) plan = make_plan(options, &estate, &error);
    if (!plan || !write_report_files(folder, kept, plan, &estate, &error))
        return exit_complain(error);
    ExitCode code = plan_exit_code(plan, estate.worst);
    if ((kept && !kept_commit(kept, code, plan, &error)) || !print_report(options, plan, &error))
        return exit_complain(error);
    progress_end();
    fflush(stdout);
    name_report_files(kept ? kept_folder(kept) : folder);
    return code;
}

/* Config and policy are those of the name, unless others are given. */
static bool
choose_kept_files(Options *options, GError **error)
{
    const bool is_saved = options->is_demo || (options->inventory && options->catalog);
    if (!options->config) {
        options->config = g_strdup_printf(CONFIG_SYSTEM_FOLDER "/%s.conf", options->keep);
        if (access(options->config, F_OK) != 0) {
            if (!is_saved)
                g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
                    "--keep '%s': '%s': %s; write it, or name another with --config", options->keep,
                    options->config, g_strerror(errno));
            options->config = NULL;
            return is_saved;
        }
    }
    g_autofree char *folder = g_path_get_dirname(options->config);
    g_autofree char *policy = g_strdup_printf("%s/%s.policy", folder, options->keep);
    if (!options->policy && !options->is_demo && access(policy, F_OK) == 0)
        options->policy = g_steal_pointer(&policy);
    return true;
}

static ExitCode
keep_dry_run(const Options *given)
{
    g_autoptr(GError) error = NULL;
    Options options = *given;
    g_autoptr(Config) config = NULL;
    g_autoptr(KeptRun) kept = NULL;
    if (kept_check_name(options.keep, &error) && choose_kept_files(&options, &error))
        config = config_load_file(&options, &error);
    g_autofree char *folder = config ? state_folder(config) : NULL;
    StateLimits limits;
    if (folder && state_limits(config, folder, &limits, &error))
        kept = kept_begin(folder, options.keep, &limits, &error);
    if (!kept)
        return exit_complain(error);
    ExitCode code = make_dry_run(&options, kept_folder(kept), kept);
    if (!kept_is_committed(kept)) {
        g_autofree char *reason = message_last_warning();
        kept_fail(kept, code, reason);
    }
    return code;
}

static ExitCode
run_dry_run(const Options *options, char **args, int n_args)
{
    (void)args, (void)n_args;
    const char *input = options_find_input(options);
    if (options->is_demo && input)
        return refuse_option(input, "--demo, which has an estate of its own");
    if (options->keep && options->out_dir)
        return refuse_option("--out-dir", "--keep, which has a folder of its own");
    return options->keep ? keep_dry_run(options)
                         : make_dry_run(options,
                               options->out_dir ? options->out_dir : "vm-ingest-report", NULL);
}

static const GOptionEntry *const dry_run_entries[] = {options_out_dir, options_keep,
    options_sources, options_inventory, options_catalog, options_policy, options_convert,
    options_choices, options_target, options_release, options_format, options_out, options_config,
    options_general, NULL};

const Command cmd_dry_run = {
    .name = "dry-run",
    .summary = "tell for every VM what importing it would do (the main job)",
    .args = "",
    .entries = dry_run_entries,
    .formats = "table json yaml csv",
    .description =
        "Reads the sources and the target, makes a plan, prints its summary, and writes "
        "report.html,\n"
        "report.csv, networks.csv, absent.csv, report.json, inventory.json and catalog.json. It "
        "changes nothing\n"
        "but these files, and with --keep removes old ones; see vm-ingest reports prune.",
    .run = run_dry_run,
};
