/* SPDX-License-Identifier: Apache-2.0
 *
 * How a row of the findings is written: KIND(NAME, id, severity, text, evidence, remedy, meaning,
 * stage, code, the server's text). The rows are in kinds_*.c by subject; a name of finding_ids.h
 * without a row does not link.
 *
 * A row that is a check of the server goes on with its rank and RECORDED or READ; with the releases
 * that make it, if not all do (IF, UNLESS); and with the wordings of other releases.
 */
#ifndef FINDING_ROWS_H
#define FINDING_ROWS_H

#include "mapper_priv.h"

#define KIND(NAME, ...) const FindingKind kind_##NAME = {.number = FINDING_##NAME, __VA_ARGS__}

#define NO_SERVER STAGE_NONE, 0, NULL
#define RECORDED  PROOF_RECORDED
#define READ      PROOF_READ
#define IF(member)                                                                                 \
    {                                                                                              \
        offsetof(Release, member), false                                                           \
    }
#define UNLESS(member)                                                                             \
    {                                                                                              \
        offsetof(Release, member), true                                                            \
    }
/* WORDINGS({"text", IF(member)}, ...): the first one that holds for the release counts. */
#define WORDINGS(...)                                                                              \
    .wordings = (const ServerWording[])                                                            \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }
#define ID_TEXT(param, arg)                                                                        \
    "Unable to execute API command {command} due to invalid value. Invalid "                       \
    "parameter " param " value={" arg "} due to incorrect long value format, or entity does not "  \
    "exist or due to incorrect parameter annotation for the field in api cmd class."
#define NOT_FOUND_TEXT                                                                             \
    "Unable to execute API command {command} due to invalid value. Invalid "                       \
    "parameter {2} value={1} due to incorrect long value format, or entity does not exist or due " \
    "to incorrect parameter annotation for the field in api cmd class."

#endif
