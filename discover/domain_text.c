/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers, sizes, addresses and ids as libvirt writes them.
 */
#include "libvirt_priv.h"

#include <string.h>

bool
text_to_uint(const char *text, uint64_t max, uint64_t *ret)
{
    if (!text || !*text)
        return false;
    uint64_t value = 0;
    for (const char *c = text; *c; c++) {
        if (*c < '0' || *c > '9')
            return false;
        unsigned digit = (unsigned)(*c - '0');
        if (digit > max || value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret = value;
    return true;
}

bool
text_to_bytes(const char *text, const char *unit, int64_t *ret)
{
    static const struct {
        const char *name;
        uint64_t factor;
    } units[] = {{"b", 1}, {"bytes", 1}, {"byte", 1}, {"KB", 1000}, {"k", 1 << 10},
        {"KiB", 1 << 10}, {"MB", 1000000}, {"M", 1 << 20}, {"MiB", 1 << 20}, {"GB", 1000000000},
        {"G", 1 << 30}, {"GiB", 1 << 30}, {"TB", 1000000000000}, {"T", 1ULL << 40},
        {"TiB", 1ULL << 40}, {"PB", 1000000000000000}, {"P", 1ULL << 50}, {"PiB", 1ULL << 50},
        {"EB", 1000000000000000000}, {"E", 1ULL << 60}, {"EiB", 1ULL << 60}};
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        if (g_ascii_strcasecmp(unit ? unit : "KiB", units[i].name) != 0)
            continue;
        uint64_t value = 0;
        if (!text_to_uint(text, INT64_MAX / units[i].factor, &value))
            return false;
        *ret = (int64_t)(value * units[i].factor);
        return true;
    }
    return false;
}

const char *
text_to_mac(const char *text, Arena *arena)
{
    enum { MAC_LENGTH = 17 };
    if (!text || strlen(text) != MAC_LENGTH)
        return NULL;
    for (size_t i = 0; i < MAC_LENGTH; i++)
        if (i % 3 == 2 ? text[i] != ':' && text[i] != '-' : !g_ascii_isxdigit(text[i]))
            return NULL;
    g_autofree char *lower = g_ascii_strdown(text, -1);
    return arena_strdup(arena, g_strdelimit(lower, "-", ':'));
}

bool
text_is_uuid(const char *text)
{
    enum { UUID_LENGTH = 36 };
    if (!text || strlen(text) != UUID_LENGTH)
        return false;
    for (size_t i = 0; i < UUID_LENGTH; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? text[i] != '-' : !g_ascii_isxdigit(text[i]))
            return false;
    }
    return true;
}
