/* SPDX-License-Identifier: Apache-2.0
 *
 * Names as vCenter writes them: it escapes the slash, the backslash and the per cent sign.
 *
 * Source: vSphere Web Services API, ManagedEntity.name
 */
#include <string.h>

#include "discover_priv.h"

const char *
vim_unescape(Arena *arena, const char *name)
{
    if (!name || !strchr(name, '%'))
        return name;
    GString *plain = g_string_new(NULL);
    while (*name) {
        char code = 0;
        if (g_ascii_strncasecmp(name, "%2f", 3) == 0)
            code = '/';
        else if (g_ascii_strncasecmp(name, "%5c", 3) == 0)
            code = '\\';
        else if (strncmp(name, "%25", 3) == 0)
            code = '%';
        g_string_append_c(plain, code ? code : *name);
        name += code ? 3 : 1;
    }
    const char *kept = arena_strdup(arena, plain->str);
    g_string_free(plain, true);
    return kept;
}
