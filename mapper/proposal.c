/* SPDX-License-Identifier: Apache-2.0
 *
 * What is proposed for an instance. Each choice is the best one by what is known when it is made;
 * where the checks then tell that it would not do, the next best ones are tried.
 */
#include "convert_priv.h"
#include "plan_priv.h"
#include "trap_priv.h"

/* Each choice may rest on those before it. */
static const Step in_place[] = {
    propose_cluster,
    propose_owner,
    propose_names,
    propose_wave,
    propose_root,
    propose_offering,
    propose_firmware,
    propose_disks,
    propose_template,
    propose_nics,
    NULL,
};

static const Step converted[] = {
    propose_owner,
    propose_names,
    propose_wave,
    propose_root,
    propose_offering,
    propose_firmware,
    propose_disks,
    propose_template,
    propose_nics,
    propose_convert_call,
    NULL,
};

static bool
is_ready(Severity worst)
{
    return worst < SEVERITY_ACTION;
}

/* Back to where it was before the checks. */
static void
start_again(Task *task, const Task *start, guint n_findings)
{
    Planner *planner = task->planner;
    forget_limits(task);
    return_space(planner);
    *task = *start;
    g_array_set_size(planner->findings, n_findings);
    g_array_set_size(planner->nic_uses, 0);
}

/* Offerings are proposed by size and storage. Host tags, limits that are used up and hosts that are
 * too small are seen by the checks: then the next best one is tried. */
static Severity
check_proposal(Task *task)
{
    const Task start = *task;
    const guint n_findings = task->planner->findings->len;
    const OfferingPick *pick = task->offering_pick;
    Severity worst = run_checks(task);
    if (is_ready(worst) || !pick || task->item->choice.migrate.n || !is_offering_to_blame(task))
        return worst;
    const ServiceOffering **offerings = pick->n_fitting ? pick->fitting : pick->when_off;
    size_t n = pick->n_fitting ? pick->n_fitting : pick->n_when_off;
    for (size_t i = 1; i < n; i++) {
        start_again(task, &start, n_findings);
        set_offering(task, offerings[i]);
        worst = run_checks(task);
        if (is_ready(worst) || (!pick->n_fitting && !is_offering_to_blame(task))) {
            keep_offering_reason(task, offerings[i]);
            return worst;
        }
    }
    if (n < 2)
        return worst;
    start_again(task, &start, n_findings);
    set_offering(task, offerings[0]);
    return run_checks(task);
}

/* For the @nth of the owners that the policy allows. */
static Severity
propose_for_owner(Task *task, const Task *start, guint n_findings, size_t nth)
{
    Planner *planner = task->planner;
    start_again(task, start, n_findings);
    g_array_set_size(planner->reasons, 0);
    g_array_set_size(planner->misses, 0);
    task->item->choice = (Choice){0};
    task->nth_owner = nth;
    propose_convert(task);
    for (const Step *step = task->target ? converted : in_place; *step; step++)
        (*step)(task);
    return check_proposal(task);
}

/* The first owner that it can be imported for; where there is none, for whom least is in the way.
 */
void
propose(Task *task)
{
    const Task start = *task;
    const guint n_findings = task->planner->findings->len;
    Severity least = propose_for_owner(task, &start, n_findings, 0);
    size_t best = 0, last = 0, n_owners = task->n_owners;
    while (!is_ready(least) && last + 1 < n_owners) {
        Severity worst = propose_for_owner(task, &start, n_findings, ++last);
        if (worst < least) {
            least = worst;
            best = last;
        }
    }
    if (last != best)
        propose_for_owner(task, &start, n_findings, best);
}
