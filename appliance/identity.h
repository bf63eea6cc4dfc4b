/* SPDX-License-Identifier: Apache-2.0
 *
 * What makes an appliance itself: the key and certificate it shows, the SSH key of the host, and
 * the setup code, which permits changes until there is an admin secret. All are made on the first
 * boot.
 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include <glib.h>
#include <stdbool.h>

/* SHA-256 of a certificate in PEM: "AB:CD:..." INVALID (owned) */
char *identity_fingerprint(const char *cert, GError **error);
/* Makes what is missing below @root, and shows the fingerprints and the code below BOX_RUN. */
bool identity_ensure(const char *root, const char *hostname, bool is_code_valid, GError **error);

/* Is it the admin secret, or the setup code while there is no admin secret? */
bool identity_check_secret(const char *root, const char *admin_hash, const char *secret);

#endif
