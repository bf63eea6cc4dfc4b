/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a hypervisor may have left settings.
 */
#ifndef SETTINGS_COLLECT_H
#define SETTINGS_COLLECT_H

#include "settings.h"

/**
 * settings_collect - the settings of the first place that has any
 * @root:       "" on the appliance, a folder in tests
 * @ret_origin: which place that was, for people; NULL: none has any (static)
 *
 * Checked, with their problems. Returns: (owned), never NULL
 */
Settings *settings_collect(const char *root, const char **ret_origin);

#endif
