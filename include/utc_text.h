/* SPDX-License-Identifier: Apache-2.0
 *
 * A time as our files have it: RFC 3339, in UTC, to the second.
 */
#ifndef UTC_TEXT_H
#define UTC_TEXT_H

#include <time.h>

enum { UTC_TEXT_BYTES = 32 };

/* "2026-03-01T12:00:00Z" in @out, which is returned. */
static inline const char *
utc_text(time_t at, char out[static UTC_TEXT_BYTES])
{
    struct tm utc;
    gmtime_r(&at, &utc);
    strftime(out, UTC_TEXT_BYTES, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return out;
}

#endif
