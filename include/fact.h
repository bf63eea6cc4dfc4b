/* SPDX-License-Identifier: Apache-2.0
 *
 * A fact is a value together with whether we know it.
 *
 *   FACT_UNKNOWN  nobody told us (no right, not asked, could not be read)   JSON: no member
 *   FACT_ABSENT   we know that there is none                                JSON: null
 *   FACT_KNOWN    the value                                                 JSON: the value
 *
 * Zeroed memory is unknown. Enumerations carry their own ..._UNKNOWN as value 0.
 */
#ifndef FACT_H
#define FACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum FactState { FACT_UNKNOWN, FACT_ABSENT, FACT_KNOWN } FactState;

typedef struct Text {
    const char *value; /* NULL unless known; UTF-8 */
    FactState state;
} Text;

typedef struct Int {
    int64_t value; /* 0 unless known */
    FactState state;
} Int;

typedef struct Bool {
    bool value; /* false unless known */
    FactState state;
} Bool;

/* A known list may be empty; an unknown one has no items here but may have some out there. */
#define LIST_OF(type)                                                                              \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t n;                                                                                  \
        FactState state;                                                                           \
    }

typedef LIST_OF(const char *) Texts;

static inline Text
text_known(const char *value)
{
    return value ? (Text){value, FACT_KNOWN} : (Text){0};
}

static inline Text
text_absent(void)
{
    return (Text){.state = FACT_ABSENT};
}

static inline Int
int_known(int64_t value)
{
    return (Int){value, FACT_KNOWN};
}

static inline Bool
bool_known(bool value)
{
    return (Bool){value, FACT_KNOWN};
}

/* Known and true. */
static inline bool
is_true(Bool fact)
{
    return fact.state == FACT_KNOWN && fact.value;
}

#endif
