/* SPDX-License-Identifier: Apache-2.0
 *
 * Plan files and reports: everything that is printed or saved of a Plan.
 *
 * All of them take a plan that was built as well as one that was loaded; texts of findings are
 * made while writing, item by item. Each returns STORAGE when the file cannot be written, and has
 * then written some of it.
 */
#ifndef REPORT_H
#define REPORT_H

#include "arena.h"
#include "output.h"
#include "plan.h"

typedef struct RecordType RecordType;

/* --- plan file -------------------------------------------------------------------------------- */

/* Writes the plan as JSON, one line an item. What was loaded gives the same bytes. */
bool plan_save(const Plan *plan, FILE *file, GError **error);
/* The same document as YAML, for reading. */
bool plan_save_yaml(const Plan *plan, FILE *file, GError **error);

/**
 * plan_load - read a plan file, edited by hand or not
 *
 * Errors: INVALID with file, line, path of the member and remedy (an unknown member is an error);
 *         UNSUPPORTED for another apiVersion or kind; NOT_FOUND, STORAGE
 */
Plan *plan_load(const char *path, GError **error);
/* @name: what error texts call it. (owned) */
Plan *plan_read(FILE *file, const char *name, GError **error);

/* Takes one item of a plan file; it dies when this returns. NULL: the items begin. */
typedef bool (*PlanVisitor)(void *data, const PlanItem *item, GError **error);
/**
 * plan_scan - read a plan file item by item, however large it is
 *
 * Between two visits the file stands behind the item that was read.
 * Errors:  as of plan_load(), and those of @visit
 * Returns: (owned) the plan without its items
 */
Plan *plan_scan(FILE *file, const char *name, PlanVisitor visit, void *data, GError **error);

/* Can it be obeyed? Errors: INVALID with the member and what to do. */
bool schedule_check(const Schedule *schedule, GError **error);

/* Tables of the file: plan_item_type is the whole item, its choice included. */
extern const RecordType plan_info_type, plan_item_type, plan_choice_type, matrix_row_type,
    schedule_type, absence_type, storage_row_type, offering_row_type, freeze_row_type,
    time_row_type;
/* Parts that other documents have, too. */
extern const RecordType plan_finding_type, plan_param_type, plan_input_type;

/* The item as it stands in the file: texts of a built one made, in @arena. */
PlanItem plan_item_with_texts(const PlanItem *item, Arena *arena);

/* --- one item, built or loaded ---------------------------------------------------------------- */

/* Texts in @arena or borrowed from the plan; each returns the number. */
size_t report_findings(const PlanItem *item, Arena *arena, const FindingText **ret);
size_t report_reasons(const PlanItem *item, const Reason **ret);
size_t report_calls(const PlanItem *item, Arena *arena, const Call **ret);

/* --- summary ---------------------------------------------------------------------------------- */

/* How many items of each verdict. */
typedef struct SummaryGroup {
    const char *name; /* borrowed from the plan */
    size_t total, n[VERDICT_N];
} SummaryGroup;

/* A kind of finding that stands in the way, with the first item that has it. */
typedef struct SummaryFinding {
    const char *id;
    Severity severity;
    size_t items;
    const char *name; /* of the first item */
    FindingText first;
} SummaryFinding;

/* Texts are borrowed from the plan or in .arena. */
typedef struct ReportSummary {
    GArray *clusters; /* SummaryGroup, largest first */
    GArray *owners;   /* SummaryGroup, largest first */
    GArray *findings; /* SummaryFinding: blockers, unknown, actions; most items first in each */
    size_t n_matches[MATCH_N];
    Arena arena;
} ReportSummary;

/* A wave, and what is in it. */
typedef struct SummaryWave {
    const char *name; /* borrowed from the plan; NULL: the VMs of no wave */
    size_t total, n[VERDICT_N];
    Int bytes;            /* of all disks */
    const Texts *windows; /* its own, or NULL */
} SummaryWave;

/* (owned) SummaryWave, in their order. */
GArray *report_waves(const Plan *plan);
/* (owned) For each item its place in the order of imports, from 1. */
size_t *report_order(const Plan *plan);
/* In words: "At once: 5 in all, 2 on each host. ...", "fri 20:00 to mon 05:00 UTC". (owned) */
char *report_schedule_text(const Schedule *schedule);
char *report_windows_text(const Texts *windows);

void report_summary_init(ReportSummary *summary, const Plan *plan);
void report_summary_release(ReportSummary *summary);
/* For people: "ready after action". */
const char *report_verdict_title(Verdict verdict);

/* --- reports ---------------------------------------------------------------------------------- */

/* Summary for a person: verdicts, by cluster, top blockers with remedy, networks, problems. */
bool report_text(const Plan *plan, const OutputStyle *style, FILE *file, GError **error);

/**
 * report_items - the items in the format that -o names
 *
 * table: one line a VM; json: the plan file; yaml: the same; csv: report_csv().
 */
bool report_items(
    const Plan *plan, OutputFormat format, const OutputStyle *style, FILE *file, GError **error);

/* One self-contained page that needs no network. */
bool report_html(const Plan *plan, FILE *file, GError **error);

/* One line a VM; columns are stable and documented in report_csv.c. */
bool report_csv(const Plan *plan, const OutputStyle *style, FILE *file, GError **error);
/* The names of its columns, with commas between them. (owned) */
char *report_csv_heading(void);
/* One line a VLAN of the VLAN to network matrix. */
bool report_csv_networks(const Plan *plan, FILE *file, GError **error);

/* One line for each VM that CloudStack does not list, reads wrongly, or alone sees. */
bool report_csv_absences(const Plan *plan, FILE *file, GError **error);

/* How many VMs of each reason. */
typedef struct AbsenceCount {
    AbsenceSide side;
    Certainty certainty;
    const char *reason, *name; /* name of the first VM */
    size_t n;
} AbsenceCount;

/* (owned) AbsenceCount in the order of the plan; texts borrowed from the plan or static. */
GArray *report_count_absences(const Plan *plan);

/* "ready 12, ready-after-action 3, ...": the one line that ends a run. (owned) */
char *report_verdict_line(const Plan *plan);

/* How many are converted, and what whoever converts must know; NULL: none is. (owned) */
char *report_conversions(const Plan *plan);

/* --- absences --------------------------------------------------------------------------------- */

/**
 * report_absences - why VMs are not in CloudStack's list
 * @names: NULL-terminated names, ids, paths or patterns of them; NULL: all that are absent
 *
 * A VM that is named and listed has a row that says so. As a table, named VMs are told at length.
 * Errors: NOT_FOUND when a name fits no VM of the plan; STORAGE
 */
bool report_absences(const Plan *plan, char *const *names, OutputFormat format,
    const OutputStyle *style, FILE *file, size_t *ret_absent, GError **error);

/* --- networks --------------------------------------------------------------------------------- */

/* The VLAN to network matrix in any format. */
bool report_networks(
    const Plan *plan, OutputFormat format, const OutputStyle *style, FILE *file, GError **error);

/**
 * report_discover_networks - the JSON that CloudStack's discover_networks.py prints
 *
 * One entry a port group and host, with the VMs that run there, so that cluster and host are right
 * for each VM of it. vlanid is text; a trunk is "1-10,20"; unknown: no member.
 */
bool report_discover_networks(const Inventory *inventory, FILE *file, GError **error);

/* "120", "trunk 1-10,20", "pvlan 100/101 isolated", "untagged", "unknown": for people. */
const char *report_vlan_text(const Vlan *vlan, Arena *arena);

#endif
