/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may log in and who is trusted: SSH keys, hashes of secrets, certificates of authorities.
 */
#ifndef SETTINGS_ACCESS_H
#define SETTINGS_ACCESS_H

#include <glib.h>
#include <stdbool.h>

/* Each answers NULL if all is well, else what is wrong and what to write instead. (owned) */
char *ssh_key_find_fault(const char *line);
char *secret_hash_find_fault(const char *hash);
/* PEM, or the base64 of PEM. */
char *certificates_find_fault(const char *text);

/* The PEM of a value that certificates_find_fault() passed. (owned) */
char *certificates_to_pem(const char *text);

#endif
