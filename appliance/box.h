/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the appliance's image keeps things. What is under BOX_STATE outlasts boots and updates;
 * what is under BOX_RUN was made on this boot, by vm-ingest-setup, and anyone may read it but what
 * is private.
 */
#ifndef BOX_H
#define BOX_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#define BOX_STATE         "/var/lib/vm-ingest-appliance"
#define BOX_SETTINGS      BOX_STATE "/settings"
#define BOX_SETUP_CODE    BOX_STATE "/setup-code"
#define BOX_TLS_CERT      BOX_STATE "/tls/cert.pem"
#define BOX_TLS_KEY       BOX_STATE "/tls/key.pem"
#define BOX_SSH_HOST_KEY  BOX_STATE "/ssh_host_ed25519_key"
#define BOX_RUN           "/run/vm-ingest-appliance"
#define BOX_PROBLEMS      BOX_RUN "/problems"        /* of the settings, a line each */
#define BOX_ORIGIN        BOX_RUN "/origin"          /* of the settings: "OVF environment" */
#define BOX_TLS_PRINT     BOX_RUN "/tls-fingerprint" /* SHA-256 */
#define BOX_SSH_PRINT     BOX_RUN "/ssh-fingerprint"
#define BOX_SHOWN_CODE    BOX_RUN "/setup-code" /* while it is valid; for the consoles */
#define BOX_AUTHORIZED    BOX_RUN "/authorized_keys"
#define BOX_ENVIRONMENT   BOX_RUN "/environment"
#define BOX_CERTIFICATES  BOX_RUN "/ca-certificates.crt"
#define BOX_SYSLOG        BOX_RUN "/rsyslog.conf"
#define BOX_OPEN_PORTS    BOX_RUN "/open-ports.nft"
#define BOX_STATE_PROBLEM BOX_RUN "/state"           /* of the state disk, a line each */
#define BOX_COMMITTED     BOX_RUN "/committed"       /* this boot's trial is over, and went well */
#define BOX_UPDATE_RESULT BOX_STATE "/update-result" /* of the last update, a line */
#define BOX_NETWORK       "/run/systemd/network/10-vm-ingest.network"
#define BOX_TIMESYNC      "/run/systemd/timesyncd.conf.d/vm-ingest.conf"
#define BOX_CREDENTIALS   "/run/credentials/@system"
#define BOX_MEDIA         "/dev/disk/by-label"
#define BOX_ESP           "/efi"
#define BOX_ESP_DEVICE    "/dev/disk/by-partlabel/vm-ingest-esp"
#define BOX_GRUBENV       "grub/grubenv" /* below BOX_ESP */
#define BOX_CONSOLE_GROUP "vm-ingest-console"
#define BOX_DEFAULT_NAME  "vm-ingest"
#define BOX_CA_BUNDLE     "/usr/share/vm-ingest/ca-certificates.crt" /* as Debian made it */

/* @root: "" on the appliance, a folder in tests. (owned) */
char *box_path(const char *root, const char *path);
/* Whole or not at all, synced; makes the folders above it. @group: NULL: root's. STORAGE */
bool box_write(const char *root, const char *path, const char *text, mode_t mode, const char *group,
    GError **error);
/* At most 256 KiB. NULL without error: there is none. STORAGE (owned) */
char *box_read(const char *root, const char *path, GError **error);
/* A file that need not be there. */
void box_remove(const char *root, const char *path);
/* Starts a program and waits for its end; what it prints is left out. FAILED: its name and code */
bool box_run(const char *const *argv, GError **error);

#endif
