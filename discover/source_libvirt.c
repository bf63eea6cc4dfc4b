/* SPDX-License-Identifier: Apache-2.0
 *
 * KVM hosts through libvirt: config, the hosts behind it, and the test of their connections.
 */
#include "source.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "libvirt_priv.h"
#include "record.h"

enum {
    HOSTS_MAX = 4096,
    CONNECT_S = 15,
    TIMEOUT_MAX_S = 3600,
};

static void
clear_host(void *host)
{
    host_uri_clear(host);
}

static void
dismiss(gpointer kept)
{
    worker_dismiss(kept);
}

static void *
libvirt_create(Source *source)
{
    (void)source;
    LibvirtState *state = g_new0(LibvirtState, 1);
    state->given = g_ptr_array_new_with_free_func(g_free);
    state->hosts = g_array_new(false, true, sizeof(HostUri));
    g_array_set_clear_func(state->hosts, clear_host);
    state->kept = g_ptr_array_new_with_free_func(dismiss);
    state->places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    state->agent = g_strdup("auto");
    state->timeout_s = CONNECT_S;
    return state;
}

static void
libvirt_destroy(void *data)
{
    LibvirtState *state = data;
    g_ptr_array_unref(state->given);
    g_ptr_array_unref(state->kept);
    g_hash_table_unref(state->places);
    g_array_unref(state->hosts);
    g_free(state->keyfile);
    g_free(state->known_hosts);
    g_free(state->pkipath);
    g_free(state->agent);
    g_free(state);
}

/* --- config ----------------------------------------------------------------------------------- */

static bool
config_uris(LibvirtState *state, const char *value, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(value, ",", -1);
    for (char **part = parts; *part; part++) {
        g_auto(HostUri) uri = {0};
        UriOptions options = {0};
        if (!*g_strstrip(*part))
            continue;
        if (!libvirt_uri_build(*part, &options, &uri, error))
            return false;
        if (state->given->len == HOSTS_MAX) {
            g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
                "'uri': more than %d hosts; make several sources", HOSTS_MAX);
            return false;
        }
        g_ptr_array_add(state->given, g_strdup(*part));
    }
    return true;
}

static bool
config_file(char **ret, const char *key, const char *value, bool is_folder, GError **error)
{
    struct stat info;
    if (*value != '/' || stat(value, &info) != 0 ||
        (is_folder ? !S_ISDIR(info.st_mode) : !S_ISREG(info.st_mode))) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "'%s': '%s' is not the absolute path of a %s", key, value,
            is_folder ? "folder" : "file");
        return false;
    }
    g_free(*ret);
    *ret = g_strdup(value);
    return true;
}

static bool
libvirt_config(Source *source, const char *key, const char *value, GError **error)
{
    LibvirtState *state = source->state;
    if (strcmp(key, "uri") == 0)
        return config_uris(state, value, error);
    if (strcmp(key, "keyfile") == 0)
        return config_file(&state->keyfile, key, value, false, error);
    if (strcmp(key, "known-hosts") == 0 && strpbrk(value, "\"%\\")) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "'known-hosts': '%s' has a character (\" %% \\) that ssh takes for its own", value);
        return false;
    }
    if (strcmp(key, "known-hosts") == 0)
        return config_file(&state->known_hosts, key, value, false, error);
    if (strcmp(key, "pkipath") == 0)
        return config_file(&state->pkipath, key, value, true, error);
    if (strcmp(key, "agent") == 0) {
        if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0 && strcmp(value, "auto") != 0) {
            g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
                "'agent': '%s' is not one of yes, no, auto", value);
            return false;
        }
        g_free(state->agent);
        state->agent = g_strdup(value);
        return true;
    }
    uint64_t seconds = 0;
    if (!text_to_uint(value, TIMEOUT_MAX_S, &seconds) || seconds == 0) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "'timeout': '%s' is no number of seconds from 1 to %d", value, TIMEOUT_MAX_S);
        return false;
    }
    state->timeout_s = (int64_t)seconds;
    return true;
}

/* --- open ------------------------------------------------------------------------------------- */

/*
 * libvirt's ssh transport takes a program, but no options of ssh. This one never asks anything,
 * refuses unknown hosts, and does not wait for silent ones.
 */
static bool
write_ssh_command(LibvirtState *state, GError **error)
{
    state->folder = g_dir_make_tmp("vm-ingest-XXXXXX", error);
    if (!state->folder)
        return false;
    state->ssh_command = g_build_filename(state->folder, "ssh", NULL);
    g_autofree char *known = state->known_hosts
                                 ? g_strdup_printf("UserKnownHostsFile=\"%s\"", state->known_hosts)
                                 : NULL;
    g_autofree char *quoted = known ? g_shell_quote(known) : NULL;
    g_autofree char *script =
        g_strdup_printf("#!/bin/sh\nexec ssh -o BatchMode=yes -o StrictHostKeyChecking=yes "
                        "-o ConnectTimeout=%d %s%s%s \"$@\"\n",
            (int)state->timeout_s, quoted ? "-o " : "", quoted ? quoted : "",
            quoted ? " -o GlobalKnownHostsFile=/dev/null" : "");
    if (!g_file_set_contents_full(
            state->ssh_command, script, -1, G_FILE_SET_CONTENTS_NONE, 0700, error))
        return false;
    return true;
}

static bool
libvirt_open(Source *source, GError **error)
{
    LibvirtState *state = source->state;
    if (state->given->len == 0) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "no 'uri': give one, such as 'qemu+ssh://USER@HOST/system'");
        return false;
    }
    if (!source->context->program) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_FAILED,
            "no worker program is known, so no libvirt host can be read");
        return false;
    }
    g_autoptr(GError) trouble = NULL;
    if (!write_ssh_command(state, &trouble)) {
        g_set_error(
            error, INGEST_ERROR, INGEST_ERROR_STORAGE, "no temporary folder: %s", trouble->message);
        return false;
    }
    UriOptions options = {state->keyfile, state->pkipath, state->ssh_command};
    for (guint i = 0; i < state->given->len; i++) {
        HostUri uri = {0};
        if (!libvirt_uri_build(g_ptr_array_index(state->given, i), &options, &uri, error))
            return false;
        for (guint k = 0; k < state->hosts->len; k++)
            if (strcmp(g_array_index(state->hosts, HostUri, k).label, uri.label) == 0) {
                g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG, "'uri': '%s' is given twice",
                    uri.label);
                host_uri_clear(&uri);
                return false;
            }
        g_array_append_val(state->hosts, uri);
        g_ptr_array_add(state->kept, worker_keep());
    }
    return true;
}

static void
libvirt_close(Source *source)
{
    LibvirtState *state = source->state;
    g_ptr_array_set_size(state->kept, 0);
    g_hash_table_remove_all(state->places);
    g_array_set_size(state->hosts, 0);
    if (state->ssh_command)
        g_unlink(state->ssh_command);
    if (state->folder)
        g_rmdir(state->folder);
    g_clear_pointer(&state->ssh_command, g_free);
    g_clear_pointer(&state->folder, g_free);
}

/* --- doctor ----------------------------------------------------------------------------------- */

typedef struct CheckRun {
    const HopSink *hops;
    const HostUri *uri;
    Arena arena;
    const char *remedy; /* what the worker advises, NULL: nothing */
    bool is_connected, is_failed;
} CheckRun;

static void
tell_hop(CheckRun *run, const char *name, HopResult result, const char *detail, const char *remedy)
{
    g_autofree char *text = g_strdup_printf("%s: %s", run->uri->label, detail ? detail : "");
    run->is_failed |= result == HOP_FAILED;
    run->hops->hop(run->hops->data, name, result, text, result == HOP_OK ? NULL : remedy);
}

static bool
take_check_line(
    void *data, const char *word, struct json_object *value, int64_t *deadline_ms, GError **error)
{
    CheckRun *run = data;
    if (strcmp(word, WIRE_CONNECTED) == 0) {
        WireConnected connected = {0};
        if (!record_decode(
                &wire_connected_type, value, RECORD_STRICT, word, &run->arena, &connected, error))
            return false;
        run->is_connected = true;
        *deadline_ms = CONNECT_S * 1000;
        tell_hop(run, "connection", HOP_OK, connected.product.value, NULL);
    } else if (strcmp(word, WIRE_HOP) == 0) {
        WireHop hop = {0};
        if (!record_decode(&wire_hop_type, value, RECORD_STRICT, word, &run->arena, &hop, error))
            return false;
        tell_hop(run, hop.name.value,
            strcmp(hop.result.value, "ok") == 0       ? HOP_OK
            : strcmp(hop.result.value, "failed") == 0 ? HOP_FAILED
                                                      : HOP_SKIPPED,
            hop.detail.value, hop.remedy.value);
    } else if (strcmp(word, WIRE_FAILED) == 0) {
        WireFailed failed = {0};
        if (record_decode(
                &wire_failed_type, value, RECORD_STRICT, word, &run->arena, &failed, error))
            g_set_error_literal(error, INGEST_ERROR, (int)failed.code.value, failed.text.value);
        run->remedy = failed.remedy.value;
        return false;
    }
    return true;
}

static const char *
remedy_for(const GError *error)
{
    if (error->code == INGEST_ERROR_AUTH)
        return "give a key or certificate that the host accepts, and an account that may use "
               "libvirt";
    if (error->code == INGEST_ERROR_TIMEOUT)
        return "see that the host is up, that no firewall drops the connection, and that its "
               "libvirt daemon is alive";
    return "see that the name, port and path are right and that the libvirt daemon runs";
}

static bool
check_host(Source *source, const HostUri *uri, const HopSink *hops)
{
    g_autoptr(GError) trouble = NULL;
    CheckRun run = {.hops = hops, .uri = uri};
    arena_init(&run.arena);
    const HostAsk ask = {.mode = "check", .uri = uri};
    const WorkerHandler handler = {&run, take_check_line};
    if (!host_ask(source, &ask, &handler, &trouble))
        tell_hop(&run,
            trouble->code == INGEST_ERROR_AUTH ? "login"
            : run.is_connected                 ? "rights"
                                               : "connection",
            HOP_FAILED, trouble->message, run.remedy ? run.remedy : remedy_for(trouble));
    arena_release(&run.arena);
    return !run.is_failed;
}

static bool
libvirt_check(Source *source, const HopSink *hops, GError **error)
{
    LibvirtState *state = source->state;
    bool is_ok = libvirt_open(source, error);
    bool is_open = is_ok;
    for (guint i = 0; is_open && i < state->hosts->len && !source_is_cancelled(source); i++)
        is_ok &= check_host(source, &g_array_index(state->hosts, HostUri, i), hops);
    libvirt_close(source);
    return is_ok;
}

const SourceClass source_libvirt = {
    .type = "libvirt",
    .summary = "KVM hosts through libvirt, or an estate of its test driver",
    .config_help =
        "uri=URI          host: qemu:///system, qemu+ssh://USER@HOST/system,\n"
        "                 qemu+tls://HOST/system, qemu+unix:///system?socket=PATH,\n"
        "                 test:///FILE; several with commas, or the key several times\n"
        "keyfile=FILE     private key for qemu+ssh\n"
        "known-hosts=FILE host keys for qemu+ssh, instead of the user's own\n"
        "pkipath=FOLDER   cacert.pem, clientcert.pem and clientkey.pem for qemu+tls\n"
        "agent=yes|no|auto  ask guest agents for addresses; needs read-write access (auto)\n"
        "timeout=SECONDS  to connect to a host (15); its inventory gets twice as long",
    .can = SOURCE_CAN_VLAN | SOURCE_CAN_GUEST_IPS | SOURCE_CAN_SNAPSHOTS,
    .create = libvirt_create,
    .config = libvirt_config,
    .open = libvirt_open,
    .list = libvirt_list,
    .check = libvirt_check,
    .read = libvirt_read,
    .read_power = libvirt_read_power,
    .shutdown_guest = libvirt_shutdown_guest,
    .close = libvirt_close,
    .destroy = libvirt_destroy,
};
