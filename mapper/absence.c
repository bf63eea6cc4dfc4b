/* SPDX-License-Identifier: Apache-2.0
 *
 * What CloudStack does not list, what the source does not see, and what CloudStack read wrongly: as
 * the findings of the items tell it. Nothing is judged here.
 */
#include <string.h>

#include "mapper_priv.h"

const char *const absence_side_words[ABSENCE_SIDE_N] = {
    [ABSENCE_LISTED] = "listed",
    [ABSENCE_NOT_LISTED] = "not-listed",
    [ABSENCE_NOT_AT_SOURCE] = "not-at-source",
    [ABSENCE_READ_WRONGLY] = "read-wrongly",
};

const char *const certainty_words[CERTAINTY_N] = {
    [CERTAINTY_CERTAIN] = "certain",
    [CERTAINTY_PROBABLE] = "probable",
    [CERTAINTY_UNKNOWN] = "unknown",
};

typedef struct AbsenceKind {
    const char *finding; /* id */
    AbsenceSide side;
    const char *reason;
    Certainty certainty;
} AbsenceKind;

/* Of several reasons why an instance is not listed, the first one here is told. */
static const AbsenceKind kinds[] = {
    {"is-template", ABSENCE_NOT_LISTED, "template", CERTAINTY_CERTAIN},
    {"system-vm", ABSENCE_NOT_LISTED, "system-vm", CERTAINTY_CERTAIN},
    {"already-managed", ABSENCE_NOT_LISTED, "managed", CERTAINTY_CERTAIN},
    {"name-is-managed", ABSENCE_NOT_LISTED, "name-managed", CERTAINTY_CERTAIN},
    {"cluster-not-added", ABSENCE_NOT_LISTED, "cluster-not-added", CERTAINTY_CERTAIN},
    {"cluster-hypervisor", ABSENCE_NOT_LISTED, "hypervisor", CERTAINTY_CERTAIN},
    {"not-visible-host", ABSENCE_NOT_LISTED, "host-not-up", CERTAINTY_CERTAIN},
    {"not-visible-known-reason", ABSENCE_NOT_LISTED, "unreadable", CERTAINTY_CERTAIN},
    {"not-visible-by-release", ABSENCE_NOT_LISTED, "unreadable", CERTAINTY_PROBABLE},
    {"not-visible-duplicate-name", ABSENCE_NOT_LISTED, "duplicate-name", CERTAINTY_CERTAIN},
    {"not-visible-duplicate-elsewhere", ABSENCE_NOT_LISTED, "duplicate-name", CERTAINTY_PROBABLE},
    {"not-visible-host-not-added", ABSENCE_NOT_LISTED, "host-not-added", CERTAINTY_PROBABLE},
    {"not-visible-host-silent", ABSENCE_NOT_LISTED, "host-silent", CERTAINTY_PROBABLE},
    {"not-visible-cloudstack-name", ABSENCE_NOT_LISTED, "cloudstack-name", CERTAINTY_PROBABLE},
    {"not-visible-hidden-name", ABSENCE_NOT_LISTED, "hidden-name", CERTAINTY_PROBABLE},
    {"not-visible", ABSENCE_NOT_LISTED, "unexplained", CERTAINTY_PROBABLE},
    {"cluster-ambiguous", ABSENCE_NOT_LISTED, "cluster-unknown", CERTAINTY_UNKNOWN},
    {"cloudstack-view-unread", ABSENCE_NOT_LISTED, "list-unread", CERTAINTY_UNKNOWN},
    {"facts-unread", ABSENCE_NOT_LISTED, "place-unread", CERTAINTY_UNKNOWN},
    {"list-unread", ABSENCE_NOT_LISTED, "catalog-unread", CERTAINTY_UNKNOWN},
    {"unseen-by-source", ABSENCE_NOT_AT_SOURCE, "right-missing", CERTAINTY_PROBABLE},
    {"nics-differ", ABSENCE_READ_WRONGLY, "nics", CERTAINTY_CERTAIN},
    {"disks-differ", ABSENCE_READ_WRONGLY, "disks", CERTAINTY_CERTAIN},
};

enum { ROWS_MAX = 4 }; /* of one item: each side once, and disks beside NICs */

static bool
is_built(const PlanItem *item)
{
    return item->facts_of || item->n_findings;
}

static size_t
count_findings(const PlanItem *item)
{
    return is_built(item) ? item->n_findings : item->loaded_findings.n;
}

static const char *
finding_id(const PlanItem *item, size_t i)
{
    return is_built(item) ? item->findings[i].kind->id : item->loaded_findings.items[i].id.value;
}

static const AbsenceKind *
find_kind(const char *id)
{
    for (size_t i = 0; id && i < G_N_ELEMENTS(kinds); i++)
        if (!strcmp(kinds[i].finding, id))
            return &kinds[i];
    return NULL;
}

static Absence
absence_of(const PlanItem *item, AbsenceSide side)
{
    const PlanInstance *instance = &item->instance;
    return (Absence){.source = instance->source,
        .id = instance->id,
        .name = instance->name,
        .path = instance->path,
        .cluster = instance->cluster,
        .host = instance->host,
        .side = side,
        .reason = text_absent()};
}

static Absence
make_absence(const PlanItem *item, const AbsenceKind *kind, size_t i, Arena *arena)
{
    Absence absence = absence_of(item, kind->side);
    FindingText text;
    if (is_built(item))
        finding_render(item, &item->findings[i], arena, &text);
    else
        text = item->loaded_findings.items[i];
    absence.reason = text_known(kind->reason);
    absence.certainty = kind->certainty;
    absence.finding = text.id;
    absence.text = text.text;
    absence.evidence = text.evidence;
    absence.remedy = text.remedy;
    return absence;
}

size_t
plan_item_absences(const PlanItem *item, Arena *arena, Absence **ret_absences)
{
    Bool is_listed = item->instance.is_listed;
    bool is_missing =
        is_listed.state == FACT_KNOWN && !is_listed.value && !choice_is_converted(&item->choice);
    const AbsenceKind *missing = NULL;
    size_t missing_at = 0, n = 0;
    Absence *rows = NULL;
    /* What is converted is read through vCenter, whatever CloudStack lists. */
    size_t n_findings = choice_is_converted(&item->choice) ? 0 : count_findings(item);
    for (size_t i = 0; i < n_findings; i++) {
        const AbsenceKind *kind = find_kind(finding_id(item, i));
        if (!kind ||
            (kind->side == ABSENCE_NOT_LISTED && (!is_missing || (missing && kind >= missing))))
            continue;
        if (kind->side == ABSENCE_NOT_LISTED) {
            missing = kind;
            missing_at = i;
            continue;
        }
        rows = rows ? rows : arena_new_n(arena, Absence, ROWS_MAX);
        if (n < ROWS_MAX - 1)
            rows[n++] = make_absence(item, kind, i, arena);
    }
    if (is_missing) {
        rows = rows ? rows : arena_new_n(arena, Absence, ROWS_MAX);
        rows[n++] = missing ? make_absence(item, missing, missing_at, arena)
                            : absence_of(item, ABSENCE_NOT_LISTED);
    }
    *ret_absences = rows;
    return n;
}

Absence
plan_item_listed(const PlanItem *item)
{
    return absence_of(item, ABSENCE_LISTED);
}
