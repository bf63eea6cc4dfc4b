/* SPDX-License-Identifier: Apache-2.0
 *
 * The CloudStack that a [cloudstack NAME] group means, with its keys.
 */
#ifndef TARGET_H
#define TARGET_H

#include "appliance.h"
#include "cloudstack.h"

typedef struct Target Target;

/* Reads the keys (file, descriptor, profile, variable) into @group and a client. CONFIG when one is
 * missing. (owned) */
Target *target_open(ConfigGroup *group, GError **error);
void target_close(Target *target);
/* Borrowed from the target. */
CloudStack *target_seam(Target *target);
/* Connection test; false when a hop failed. */
bool target_check(Target *target, const HopSink *hops, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Target, target_close)

#endif
