/* SPDX-License-Identifier: Apache-2.0
 *
 * How a row of the findings is written: KIND(NAME, id, severity, text, evidence, remedy, meaning,
 * stage, code, the server's text). The rows are in kinds_*.c by subject; a name of finding_ids.h
 * without a row does not link.
 */
#ifndef FINDING_ROWS_H
#define FINDING_ROWS_H

#include "mapper_priv.h"

#define KIND(NAME, ...) const FindingKind kind_##NAME = {FINDING_##NAME, __VA_ARGS__}

#define NO_SERVER STAGE_NONE, 0, NULL
#define ID_TEXT(param, arg)                                                                        \
    "Unable to execute API command importunmanagedinstance due to invalid value. Invalid "         \
    "parameter " param " value={" arg "} due to incorrect long value format, or entity does not "  \
    "exist or due to incorrect parameter annotation for the field in api cmd class."
#define NOT_FOUND_TEXT                                                                             \
    "Unable to execute API command importunmanagedinstance due to invalid value. Invalid "         \
    "parameter {2} value={1} due to incorrect long value format, or entity does not exist or due " \
    "to incorrect parameter annotation for the field in api cmd class."

#endif
