/* SPDX-License-Identifier: Apache-2.0
 *
 * What the helper's files share.
 */
#ifndef HELPER_PRIV_H
#define HELPER_PRIV_H

#include "helper.h"

#include <json-c/json.h>

#include "cleanup.h"

/* The program that controls services; tests put their own in its place. */
extern const char *helper_systemctl;

/* Of "usage", "invalid", ... as replies have them. */
IngestErrorCode helper_error_code(const char *word);

#endif
