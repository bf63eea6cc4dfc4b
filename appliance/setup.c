/* SPDX-License-Identifier: Apache-2.0
 *
 * vm-ingest-setup: runs as root early on each boot of the appliance, and after its settings
 * changed.
 *
 *   vm-ingest-setup boot     what the first boot has to make; then as apply
 *   vm-ingest-setup apply    writes what the settings say where systemd and others read it
 *
 * --root DIR works below a folder, for tests, and leaves the running system alone. Whatever is
 * wrong stands in BOX_PROBLEMS, where the console finds it; the machine goes on with DHCP and
 * without SSH.
 */
#include "box.h"
#include "error.h"
#include "identity.h"
#include "settings.h"
#include "settings_access.h"
#include "settings_collect.h"
#include "slot.h"

#include <errno.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NIC_WAIT_MS = 10000 };

typedef struct Setup {
    const char *root;    /* "" on the appliance */
    GPtrArray *problems; /* of char *, owned */
    bool has_settings;   /* of an operator, whole and right */
} Setup;

G_GNUC_PRINTF(2, 3)
static void
complain(Setup *setup, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    fprintf(stderr, "vm-ingest-setup: %s\n", text);
    g_ptr_array_add(setup->problems, text);
}

/* Complains of what went wrong, if anything; each part goes on without the others. */
static void
note(Setup *setup, bool is_done, const char *doing, const GError *error)
{
    if (!is_done)
        complain(setup, "%s: %s", doing, error->message);
}

static bool
is_on_appliance(const Setup *setup)
{
    return !*setup->root;
}

/* --- which settings --------------------------------------------------------------------------- */

static void
take_problems(Setup *setup, const char *origin, const Settings *settings)
{
    for (guint i = 0; i < settings->problems->len; i++)
        complain(setup, "%s: %s", origin, (const char *)g_ptr_array_index(settings->problems, i));
}

/* What the hypervisor says is taken over once, whole; what is wrong leaves the machine without. */
static Settings *
take_first(Setup *setup)
{
    const char *origin = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = box_path(setup->root, BOX_SETTINGS);
    g_autoptr(Settings) settings = settings_collect(setup->root, &origin);
    take_problems(setup, origin ? origin : "settings", settings);
    if (settings->problems->len)
        return NULL;
    if (!origin)
        return g_steal_pointer(&settings);
    setup->has_settings = true;
    note(setup, settings_save(settings, path, &error), "settings cannot be kept", error);
    g_clear_error(&error);
    note(setup, box_write(setup->root, BOX_ORIGIN, origin, 0644, NULL, &error), "settings", error);
    return g_steal_pointer(&settings);
}

/* (owned) Never NULL: none are settings, too. */
static Settings *
find_settings(Setup *setup)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = box_path(setup->root, BOX_SETTINGS);
    Settings *settings = settings_load(path, &error);
    if (settings)
        setup->has_settings = true;
    else if (g_error_matches(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND))
        settings = take_first(setup);
    else
        complain(setup, "%s; make them anew on the console", error->message);
    return settings ? settings : settings_new();
}

/* --- what follows from them ------------------------------------------------------------------- */

/* Writes a text, or removes the file where there is none. */
static void
put(Setup *setup, const char *path, const char *text, mode_t mode, const char *group)
{
    g_autoptr(GError) error = NULL;
    if (!text)
        box_remove(setup->root, path);
    else
        note(setup, box_write(setup->root, path, text, mode, group, &error), "settings", error);
}

/* The first NIC by its name, when the drivers have had time to find one. (owned) */
static char *
find_nic(void)
{
    char *first = NULL;
    for (int waited_ms = 0; !first && waited_ms < NIC_WAIT_MS; waited_ms += 100) {
        g_autoptr(GDir) nics = g_dir_open("/sys/class/net", 0, NULL);
        const char *name;
        while (nics && (name = g_dir_read_name(nics))) {
            g_autofree char *device = g_strdup_printf("/sys/class/net/%s/device", name);
            if (!g_file_test(device, G_FILE_TEST_EXISTS) || (first && strcmp(first, name) < 0))
                continue;
            g_free(first);
            first = g_strdup(name);
        }
        if (!first)
            usleep(100 * 1000);
    }
    return first;
}

static void
put_network(Setup *setup, const Settings *settings)
{
    g_autofree char *nic = is_on_appliance(setup) ? find_nic() : g_strdup("ens3");
    if (!nic) {
        complain(setup, "network: there is no network card that this kernel has a driver for");
        return;
    }
    g_autofree char *network = settings_format_network(settings, nic);
    put(setup, BOX_NETWORK, network, 0644, NULL);
}

/* Debian's authorities, and the operator's. */
static void
put_certificates(Setup *setup, const Settings *settings)
{
    g_autofree char *bundle_path = box_path(setup->root, BOX_CA_BUNDLE);
    g_autofree char *bundle = NULL;
    g_file_get_contents(bundle_path, &bundle, NULL, NULL);
    g_autofree char *own =
        settings->values[SETTING_CA] ? certificates_to_pem(settings->values[SETTING_CA]) : NULL;
    g_autofree char *all = g_strconcat(bundle ? bundle : "", own ? own : "", own ? "\n" : "", NULL);
    put(setup, BOX_CERTIFICATES, all, 0644, NULL);
}

static void
put_hostname(Setup *setup, const char *name)
{
    if (is_on_appliance(setup) && sethostname(name, strlen(name)) != 0)
        complain(setup, "hostname '%s': %s", name, g_strerror(errno));
}

static void
apply(Setup *setup, const Settings *settings)
{
    const char *name = settings->values[SETTING_HOSTNAME];
    const char *keys = settings->values[SETTING_SSH_KEY];
    g_autofree char *timesync = settings_format_timesync(settings);
    g_autofree char *environment = settings_format_environment(settings);
    g_autofree char *syslog = settings_format_syslog(settings);
    g_autofree char *lines = keys ? g_strconcat(keys, "\n", NULL) : NULL;
    put_hostname(setup, name ? name : BOX_DEFAULT_NAME);
    put_network(setup, settings);
    put_certificates(setup, settings);
    put(setup, BOX_TIMESYNC, timesync, 0644, NULL);
    /* The password of a proxy may be in it. */
    put(setup, BOX_ENVIRONMENT, environment, 0640, "vm-ingest");
    put(setup, BOX_SYSLOG, syslog, 0644, NULL);
    put(setup, BOX_AUTHORIZED, lines, 0644, NULL);
    put(setup, BOX_OPEN_PORTS, keys ? "add element inet filter open_tcp { 22 }\n" : NULL, 0644,
        NULL);
}

/* --- the first boot --------------------------------------------------------------------------- */

/* The root cannot hold the machine's id: GRUB gives it to the kernel from the second boot on. */
static void
keep_machine_id(Setup *setup)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *id = box_read(setup->root, "/etc/machine-id", NULL);
    g_autofree char *cmdline = box_read("", "/proc/cmdline", NULL);
    if (!id || !cmdline || strstr(cmdline, "systemd.machine_id=") || !slot_find_running(cmdline))
        return;
    const char *const pairs[] = {"machine_id", g_strstrip(id), NULL};
    if (mount(BOX_ESP_DEVICE, BOX_ESP, "vfat", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_SYNCHRONOUS,
            "umask=0077") != 0) {
        complain(setup, "machine id cannot be kept: '%s': %s", BOX_ESP_DEVICE, g_strerror(errno));
        return;
    }
    note(setup, grubenv_write(BOX_ESP "/" BOX_GRUBENV, pairs, &error), "machine id cannot be kept",
        error);
    umount2(BOX_ESP, 0);
}

static void
boot(Setup *setup, const Settings *settings)
{
    g_autoptr(GError) error = NULL;
    const char *name = settings->values[SETTING_HOSTNAME];
    /* With an admin secret the code has done its work. */
    bool is_code_valid = !settings->values[SETTING_ADMIN_SECRET_HASH];
    note(setup, identity_ensure(setup->root, name ? name : BOX_DEFAULT_NAME, is_code_valid, &error),
        "keys of the appliance", error);
    if (is_on_appliance(setup))
        keep_machine_id(setup);
}

static void
put_problems(Setup *setup)
{
    g_ptr_array_add(setup->problems, NULL);
    g_autofree char *text = g_strjoinv("\n", (char **)setup->problems->pdata);
    put(setup, BOX_PROBLEMS, *text ? text : NULL, 0644, NULL);
}

int
main(int argc, char **argv)
{
    Setup setup = {.root = "", .problems = g_ptr_array_new_with_free_func(g_free)};
    if (argc == 4 && strcmp(argv[2], "--root") == 0)
        setup.root = argv[3];
    bool is_boot = argc > 1 && strcmp(argv[1], "boot") == 0;
    if ((argc != 2 && !*setup.root) || (!is_boot && strcmp(argv[1], "apply") != 0)) {
        fprintf(stderr, "usage: vm-ingest-setup boot|apply [--root DIR]\n");
        return 2;
    }
    umask(022);
    g_autoptr(Settings) settings = find_settings(&setup);
    if (is_boot)
        boot(&setup, settings);
    apply(&setup, settings);
    put_problems(&setup);
    return 0;
}
