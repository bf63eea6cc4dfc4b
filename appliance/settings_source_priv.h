/* SPDX-License-Identifier: Apache-2.0
 *
 * What the readers of settings share.
 */
#ifndef SETTINGS_SOURCE_PRIV_H
#define SETTINGS_SOURCE_PRIV_H

#include "settings_source.h"

/* false: @text is too long or no text, which was complained of. */
bool settings_check_text(Settings *settings, const char *what, const char *text, size_t length);
/* A name that no setting has becomes a problem. */
void settings_put_named(Settings *settings, const char *name, const char *value);

#endif
