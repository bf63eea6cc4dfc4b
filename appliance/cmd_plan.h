/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands around a plan share.
 */
#ifndef CMD_PLAN_H
#define CMD_PLAN_H

#include "estate.h"
#include "plan.h"
#include "report.h"

/* Builds the plan of an estate, with the inputs' names and digests in it. */
Plan *make_plan(const Options *options, const Estate *estate, GError **error);

/* The code of a run that ended in a plan: what the sources said, else 3 or 0. */
ExitCode plan_exit_code(const Plan *plan, ExitCode worst);

/* Whether nothing was read at all, so that no plan can be made of it. */
bool estate_is_empty_handed(const Estate *estate);

/* An option that would be passed over is refused: who gives it expects something of it. */
ExitCode refuse_option(const char *option, const char *why);

OutputFormat chosen_format(const Options *options, OutputFormat fallback);
OutputStyle chosen_style(const Options *options, FILE *file);

#endif
