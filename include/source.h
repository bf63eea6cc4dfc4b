/* SPDX-License-Identifier: Apache-2.0
 *
 * A source: something that can list instances. Back ends behind one table of callbacks: vsphere,
 * libvirt, cloudstack, rvtools, govc, file. Each lives in discover/source_<type>.c and ends in its
 * SourceClass; discover/source.c holds the only list and wraps each callback with the contract,
 * so that back ends stay naive.
 *
 * Life of a source:  source_new -> source_config ... -> source_run | source_check -> source_free
 * or                 source_new -> source_config ... -> source_session_new (source_session.h)
 */
#ifndef SOURCE_H
#define SOURCE_H

#include "cloudstack.h"
#include "inventory.h"

#include <stdatomic.h>

/* What a back end is able to tell; what it is not, is unknown and not absent. */
enum {
    SOURCE_CAN_VLAN = 1 << 0,
    SOURCE_CAN_GUEST_IPS = 1 << 1,
    SOURCE_CAN_TAGS = 1 << 2,
    SOURCE_CAN_FOLDERS = 1 << 3,
    SOURCE_CAN_SNAPSHOTS = 1 << 4,
    SOURCE_IS_REPLAY = 1 << 5, /* its records keep the sources and ends they were saved with */
};

typedef struct Source Source;
struct SourceRead;

/* What a source is given for its run; borrowed, outlives the source. */
typedef struct SourceContext {
    const atomic_bool *is_cancelled; /* set on SIGINT; a source looks at it between requests */
    /* May be NULL. How far: @stage is "networks", "instances"; @total 0 = not known. Any thread. */
    void (*progress)(
        void *data, const char *source, const char *stage, uint64_t done, uint64_t total);
    void *progress_data;
    CloudStack *cloudstack;   /* for the cloudstack source, else NULL */
    const char *cache_folder; /* where a source may keep facts between runs, or NULL: nowhere */
    const char *program;      /* that reads a libvirt host: runs libvirt_worker_main() */
} SourceContext;

/* One hop of a connection test. */
typedef enum HopResult { HOP_OK, HOP_FAILED, HOP_SKIPPED } HopResult;

typedef struct HopSink {
    void *data;
    /* @hop: "name", "connection", "tls", "login", "rights", ...; @remedy NULL when HOP_OK */
    void (*hop)(
        void *data, const char *hop, HopResult result, const char *detail, const char *remedy);
} HopSink;

typedef struct SourceClass {
    const char *type;    /* the word in --source TYPE:... and type= of the config */
    SourceKind kind;     /* of what it reads; unknown: the kind that is called as the type is */
    const char *summary; /* one line for --help */
    /* KEY=VALUE and what it is, one a line, for --help and the man page; no other key is let in */
    const char *config_help;
    unsigned can;                    /* SOURCE_CAN_... */
    void *(*create)(Source *source); /* state, kept in the handle */
    bool (*config)(Source *source, const char *key, const char *value, GError **error);
    bool (*open)(Source *source, GError **error); /* log in, check rights */
    /* Emits a SourceInfo first, then infrastructure, then instances. What was put stays put. */
    bool (*list)(Source *source, InventorySink *sink, GError **error);
    bool (*check)(Source *source, const HopSink *hops, GError **error); /* doctor */
    /*
     * What a session (source_session.h) calls between open and close; NULL: it cannot.
     * read emits as list does, but only what it is asked for and what that hangs on; NULL: all is
     * listed, anew when the files have changed that @paths names, by commas.
     */
    bool (*read)(Source *source, struct SourceRead *read, GError **error);
    const char *(*paths)(const Source *source);
    /* NOT_FOUND: no such instance. */
    bool (*read_power)(Source *source, const char *id, PowerState *ret_power, GError **error);
    /* Asks once. UNSUPPORTED: nobody in the guest hears; REFUSED, AUTH, NOT_FOUND: not done */
    bool (*shutdown_guest)(Source *source, const char *id, GError **error);
    void (*close)(Source *source); /* log out; after a failed open too */
    void (*destroy)(void *state);
} SourceClass;

struct Source {
    const SourceClass *class;
    char *name; /* as the operator calls it */
    const SourceContext *context;
    void *state;             /* of the back end */
    uint64_t requests;       /* round trips so far; the back end counts */
    const SourceCall *calls; /* that cost the peer much; the back end's, until it is destroyed */
    size_t n_calls;
    /* Of the session's call under way: beside the context's flag, and monotonic time; 0: none. */
    const atomic_bool *is_call_cancelled;
    int64_t deadline_us;
};

extern const SourceClass source_vsphere, source_libvirt, source_cloudstack, source_rvtools,
    source_govc, source_file;
extern const SourceClass *const source_classes[]; /* NULL-terminated, in the order of --help */

/* NULL = absent. */
const SourceClass *source_find_class(const char *type);
/* @context: borrowed, outlives the source. (owned) */
Source *source_new(const SourceClass *class, const char *name, const SourceContext *context);
void source_free(Source *source);

/* CONFIG: unknown key (the text lists the known ones) or wrong value. */
bool source_config(Source *source, const char *key, const char *value, GError **error);

/**
 * source_run - open, list, close; always closed, also on error and when cancelled
 *
 * Emits a RECORD_END in any case, marked partial with the error when the listing broke; if not
 * even a RECORD_SOURCE came, one with name and kind is emitted first. Each record gets the name of
 * the source. A replay passes its records on as they are: what its file does not end is partial.
 * Errors: those of the back end, prefixed with "source 'NAME': "
 */
bool source_run(Source *source, InventorySink *sink, GError **error);

/* Tests the connection hop by hop; false when a hop failed (no error set then). */
bool source_check(Source *source, const HopSink *hops, GError **error);

/**
 * libvirt_worker_main - the process that reads one libvirt host for the libvirt source
 *
 * What the program vm-ingest-libvirt-worker runs. The request comes on stdin and records go to
 * stdout, one JSON object a line. Returns the exit code.
 */
int libvirt_worker_main(int argc, char **argv);

static inline bool
source_is_cancelled(const Source *source)
{
    const atomic_bool *flags[] = {source->context->is_cancelled, source->is_call_cancelled};
    return (flags[0] && atomic_load(flags[0])) || (flags[1] && atomic_load(flags[1]));
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Source, source_free)

#endif
