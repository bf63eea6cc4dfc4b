/* SPDX-License-Identifier: Apache-2.0
 *
 * The sources of the config as a plan names them, for whoever reads single instances again.
 */
#ifndef SOURCE_ACCESS_H
#define SOURCE_ACCESS_H

#include "appliance.h"
#include "source_session.h"

/**
 * source_access_new - a session for each source, opened when it is first asked for
 * @config: borrowed
 * @target: the [cloudstack NAME] group whose own list is a source of that name, or NULL; borrowed
 *
 * A name that no group has may be one of the sources that a saved file holds (type=file).
 * Interrupted like all of the command: every call ends when SIGINT or SIGTERM comes.
 *
 * Returns: (owned) threads may share it
 */
SourceAccess *source_access_new(const Config *config, ConfigGroup *target);
/* Logs out of all. No call may be under way. NULL-safe. */
void source_access_free(SourceAccess *access);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SourceAccess, source_access_free)

#endif
