/* SPDX-License-Identifier: Apache-2.0
 *
 * The two slots of the image, and GRUB's block of variables that says which one boots.
 *
 *   slot=a        the slot that boots
 *   next=b        the slot that is tried on the next boot; GRUB forgets it before it boots
 *   machine_id=   the machine's id, which the read-only root cannot hold
 */
#ifndef SLOT_H
#define SLOT_H

#include <glib.h>
#include <stdbool.h>

enum { GRUBENV_BYTES = 1024 };

/* What the kernel was told: 'a', 'b'; 0: this is no image's slot. */
char slot_find_running(const char *cmdline);
/* GRUB tries it: not committed yet. */
bool slot_is_trial(const char *cmdline);
char slot_other(char slot);

/* NULL: not set; else (owned) */
char *grubenv_get(const char *block, const char *name);
/* NULL @value: unset. false: there is no room, or it is no block of GRUB's. */
bool grubenv_set(char block[GRUBENV_BYTES], const char *name, const char *value);

/* NULL-terminated pairs of name and value, written at once, in place. INVALID, STORAGE */
bool grubenv_write(const char *path, const char *const *pairs, GError **error);
/* (owned) INVALID, STORAGE */
char *grubenv_read(const char *path, GError **error);

#endif
