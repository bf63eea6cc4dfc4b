/* SPDX-License-Identifier: Apache-2.0
 *
 * The one refusal that the server would send: the first in the order of its checks, which the rows
 * of the findings hold for the newest release. Here is how the others differ.
 */
#include "mapper_priv.h"

/* Releases that reserve nothing look at the limits elsewhere. */
static CheckRank
rank_of_limit(FindingId id, CheckRank rank)
{
    if (id == FINDING_LIMIT_INSTANCES)
        return RANK_EARLY_LIMIT;
    if (id == FINDING_LIMIT_CPU || id == FINDING_LIMIT_MEMORY)
        return RANK_OFFERING_LIMITS;
    return id == FINDING_LIMIT_STORAGE ? RANK_STORAGE_LIMIT : rank;
}

static bool
is_refusal(const Finding *finding)
{
    return finding->kind->stage != STAGE_NONE && !finding->is_unforetold &&
           (finding->severity == SEVERITY_BLOCKER || finding->severity == SEVERITY_ACTION);
}

/* importVm looks at the NICs earlier; its first release, at hosts and pools later. */
static CheckRank
rank_of_conversion(const ReleaseSet *set, CheckRank rank)
{
    bool is_place = rank >= RANK_CONVERT_HOST && rank <= RANK_CONVERT_TARGET;
    if (is_place && RELEASES_ASK(set, clones_always) == ANSWER_YES)
        return rank - RANK_CONVERT_HOST + RANK_LATE_HOST;
    return rank == RANK_NICS ? RANK_CONVERT_NICS : rank;
}

static CheckRank
rank_of(const Finding *finding, const ReleaseSet *set, bool is_converted)
{
    CheckRank rank = (CheckRank)finding->kind->rank;
    if (RELEASES_ASK(set, reserves_limits) == ANSWER_NO)
        rank = rank_of_limit((FindingId)finding->kind->number, rank);
    if (rank == RANK_LIMITS && RELEASES_ASK(set, breaks_custom) == ANSWER_YES)
        rank = finding->kind == &kind_LIMIT_INSTANCES ? RANK_EARLY_INSTANCES : RANK_EARLY_SIZES;
    if (rank == RANK_DOMAIN_ALONE && RELEASES_ASK(set, asks_cluster_first) == ANSWER_YES)
        rank = RANK_CLUSTER_STATE;
    return is_converted ? rank_of_conversion(set, rank) : rank;
}

guint
first_refusal(const Planner *planner, const GArray *findings, bool is_converted)
{
    guint first = findings->len;
    CheckRank least = RANK_N;
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = &g_array_index(findings, Finding, i);
        CheckRank rank =
            is_refusal(finding) ? rank_of(finding, &planner->releases, is_converted) : RANK_N;
        if (rank < least) {
            least = rank;
            first = i;
        }
    }
    return first;
}
