/* SPDX-License-Identifier: Apache-2.0
 *
 * Preparations: what a bulk import needs beside networks, as changes to the target.
 *
 * Owners that the rules name, their limits for the sum of the estate, rights to use networks of
 * others, the fewest offerings that the estate fits without being powered off, guest OS mappings,
 * and the placeholder template that each KVM import asks for.
 */
#ifndef PREPARE_H
#define PREPARE_H

#include "change.h"
#include "policy.h"

enum { PREPARE_FIT_PERCENT = 100, PREPARE_CPU_SPEED_MHZ = 1000 };

typedef struct PrepareOptions {
    PlanOptions plan;
    int fit_percent;   /* of the VMs, to fit an offering as they run; 0: PREPARE_FIT_PERCENT */
    int cpu_speed_mhz; /* of new offerings; 0: PREPARE_CPU_SPEED_MHZ */
    bool is_fixed;     /* offerings of fixed sizes, not one with ranges */
    const char *template_url; /* of the KVM placeholder, or NULL */
} PrepareOptions;

/* The verdicts of the estate, judged by plan_build() with and without the changes. */
typedef struct PrepareGain {
    size_t before[VERDICT_N], after[VERDICT_N];
} PrepareGain;

/**
 * prepare_build - what has to be made before the estate can be imported
 * @ret_gain: what it is good for; a blocked change counts as not made
 *
 * Pure, as plan_build(). info.created_at, tool_version and inputs are the caller's to fill in.
 *
 * Errors:  as of plan_build()
 * Returns: (owned)
 */
Changes *prepare_build(const Inventory *inventory, const Catalog *catalog, const Policy *policy,
    const PrepareOptions *options, PrepareGain *ret_gain, GError **error);

#endif
