/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of the vSphere source, from the wire up:
 *
 *   vim_tls        what certificate we accept
 *   vim_transport  TCP and TLS under deadlines; looks at the cancel flag
 *   vim_session    one login: SOAP calls, faults, version, cookie; always logged out
 *   vim_reader     a page of objects or ports, read as a stream of small trees
 *   vim_collect    property collector: views, pages, restarts
 *   vim_fields     tables (property, element) -> field, and how they are applied
 *   vim_infra      what instances hang on: paths, clusters, hosts, datastores
 *   vim_network    switches, port groups, VLANs, ports
 *   vim_device     devices -> disks, NICs, ...
 *   vim_instance   one virtual machine -> InstanceView
 *   vim_tags       vAPI tagging service
 *
 * No file statics hold state: several vCenters are read in parallel threads.
 */
#ifndef VIM_PRIV_H
#define VIM_PRIV_H

#include <openssl/ssl.h>
#include <stdsoap2.h>

#include "arena.h"
#include "discover_priv.h"
#include "error.h"
#include "inventory.h"
#include "source.h"

enum {
    VIM_PAGE_BYTES_MAX = 64 << 20,    /* one answer after inflation */
    VIM_OBJECT_BYTES_MAX = 128 << 20, /* one object's tree in memory */
    VIM_TEXT_BYTES_MAX = 1 << 20,
    VIM_DEPTH_MAX = 64,
    VIM_RESTARTS_MAX = 3,
    VIM_DROPPED_PATHS_MAX = 16,
    VIM_CONNECT_TIMEOUT_S = 10,
    VIM_CLOSE_TIMEOUT_S = 5,   /* for a logout nobody waits for */
    VIM_TRANSFER_FACTOR = 5,   /* an answer may take so many stall timeouts in all */
    VIM_DEVICES_MAX = 2000,    /* of one instance */
    VIM_FINGERPRINT_BYTES = 32 /* SHA-256 */
};

/* --- vim_tls.c -------------------------------------------------------------------------------- */

/* What we trust, and what the last handshake showed. Not shared between connections. */
typedef struct VimTrust {
    const char *host;   /* name or address that the certificate must carry; borrowed */
    const char *cacert; /* PEM bundle, or NULL: the system's; borrowed */
    bool has_fingerprint;
    unsigned char fingerprint[VIM_FINGERPRINT_BYTES]; /* trust this certificate alone */
    char seen[3 * VIM_FINGERPRINT_BYTES];             /* "AB:CD:...", "" before a handshake */
    char names[256];                                  /* whom the certificate is for */
    char not_after[64];
    long verify_error; /* X509_V_..., X509_V_OK */
} VimTrust;

/* "AB:CD:..." or "abcd..." of 32 bytes; false if it is not that. */
bool vim_fingerprint_parse(const char *text, unsigned char *ret_bytes);

/* Sets up certificate checking in a context of our own or of libcurl; CONFIG if cacert is bad. */
bool vim_trust_apply(VimTrust *trust, SSL_CTX *context, GError **error);

/* Why the certificate was refused, in words, and what to do about it (both owned). */
char *vim_trust_explain(const VimTrust *trust, char **ret_remedy);

/* --- vim_transport.c -------------------------------------------------------------------------- */

/* How far a connection came; what failed is the first that was not reached. */
typedef enum VimStage {
    VIM_STAGE_NAME,
    VIM_STAGE_CONNECTION,
    VIM_STAGE_TLS,
    VIM_STAGE_LOGIN,
    VIM_STAGE_RIGHTS,
    VIM_STAGE_N
} VimStage;

typedef struct VimReader VimReader;

typedef struct VimTransport {
    VimTrust trust;
    VimReader *reader; /* whom a streamed answer is for; borrowed for the call */
    char *host;
    int port;
    const Source *source; /* for the cancel flags and the deadline of the session's call */
    unsigned timeout_s;
    bool is_closing; /* these no longer count, deadlines are short */
    VimStage stage;
    int fd; /* -1: none */
    SSL_CTX *context;
    SSL *ssl;
    int64_t begin_us, deadline_us; /* of the call under way, monotonic */
    uint64_t page_bytes;           /* of the answer under way, after inflation */
    char address[64];              /* peer as connected */
    GError *error;                 /* why the last operation failed */
    char *remedy;
} VimTransport;

void vim_transport_init(VimTransport *transport);
void vim_transport_release(VimTransport *transport);
/* Makes @soap use this transport for its connections. */
void vim_transport_attach(VimTransport *transport, struct soap *soap);
/* Starts the clock for one call. */
void vim_transport_begin(VimTransport *transport);
/* Keeps the first error of a call; the remedy ends the error text too. */
void vim_transport_fail(VimTransport *transport, IngestErrorCode code, const char *remedy,
    const char *format, ...) G_GNUC_PRINTF(4, 5);

/* --- vim_session.c ---------------------------------------------------------------------------- */

typedef struct VimRef {
    char *type, *id; /* owned */
} VimRef;

typedef struct VimConfig {
    char *url, *host, *path;
    int port;
    char *username, *password;
    char *cacert;
    char *api_version; /* highest version to ask for */
    unsigned timeout_s, page;
    enum VimTagsMode { VIM_TAGS_AUTO, VIM_TAGS_YES, VIM_TAGS_NO } tags;
    bool has_fingerprint;
    unsigned char fingerprint[VIM_FINGERPRINT_BYTES];
} VimConfig;

typedef struct VimListing VimListing;
typedef struct VimSession VimSession;

struct VimSession {
    Source *source; /* borrowed */
    /* NULL: a server answers. Else an export stands for it: hands out the objects that it has. */
    bool (*collect)(VimSession *session, VimListing *listing, GError **error);
    void *export; /* of collect() */
    const VimConfig *config;
    VimTransport transport;
    struct soap *soap;
    char *endpoint, *action; /* "urn:vim25/8.0.2.0" */
    char *cookie_header;     /* "Cookie: name=value", the value verbatim */
    int (*parse_header)(struct soap *soap, const char *name, const char *value); /* gSOAP's own */
    bool is_logged_in;
    VimRef root, collector, views, sessions, fields, tasks;
    char *product, *api_version, *api_type, *uuid;
    char *fault;        /* type of the last fault: "NotAuthenticated", ... or NULL */
    char *fault_detail; /* its XML */
};

VimSession *vim_session_new(Source *source, const VimConfig *config);
void vim_session_free(VimSession *session);
/* Connects, reads the service content, agrees on a version, logs in. */
bool vim_session_open(VimSession *session, GError **error);
bool vim_session_login(VimSession *session, GError **error);
/* Logs out if logged in; never fails, never waits long. */
void vim_session_close(VimSession *session);
/**
 * vim_guest_shutdown - ask the guest of a VM to shut down; the answer does not wait for it
 *
 * Calls:  ShutdownGuest; once more after a login where the session had ended
 * Errors: UNSUPPORTED: Tools do not run; REFUSED: power state, task; AUTH: a right is missing;
 *         NOT_FOUND; those of vim_call_end()
 */
bool vim_guest_shutdown(VimSession *session, const char *id, GError **error);

/* Before each SOAP call: counts it, sends the cookie. @is_strict: for answers of vim_reader.c. */
void vim_call_begin(VimSession *session, bool is_strict);
/**
 * vim_call_end - judge what a soap_call_...() returned and release its memory
 * @what: the operation, for the error text
 *
 * Errors: CANCELLED, UNREACHABLE, TIMEOUT, AUTH (InvalidLogin, NoPermission, NotAuthenticated),
 *         REFUSED (other faults), PROTOCOL; session->fault names the fault's type
 */
bool vim_call_end(VimSession *session, int soap_error, const char *what, GError **error);
/* The text of an element of the last fault's detail, or NULL. (owned) */
char *vim_fault_member(const VimSession *session, const char *element);
static inline bool
vim_fault_is(const VimSession *session, const char *type)
{
    return g_strcmp0(session->fault, type) == 0;
}

/* --- vim_reader.c ----------------------------------------------------------------------------- */

typedef struct VimNode VimNode;
/* An element. Lives in the arena of its object. */
struct VimNode {
    const char *name;     /* without prefix */
    const char *type;     /* xsi:type without prefix, or "" */
    const char *ref_type; /* attribute type of a reference, or "" */
    const char *text;     /* "" if it has child elements */
    VimNode *children, *next;
};

/* Whom the reader hands each tree; the tree dies when it returns. */
struct VimReader {
    bool (*object)(VimReader *reader, const VimNode *node, Arena *arena, GError **error);
    void *data;
    char *token; /* of the page, or NULL; owned */
    uint64_t n_objects;
    GError *error; /* what object() failed with, or what is wrong with the answer */
};

const VimNode *vim_node_find(const VimNode *node, const char *name);
/* Down a path "backing/parent/fileName"; NULL = absent. */
const VimNode *vim_node_find_path(const VimNode *node, const char *path);
/* Text of the element at a path, or NULL. */
const char *vim_node_text(const VimNode *node, const char *path);
Text vim_node_fact(const VimNode *node, const char *path);
Int vim_node_int(const VimNode *node, const char *path);
Bool vim_node_bool(const VimNode *node, const char *path);

/* --- vim_fields.c ----------------------------------------------------------------------------- */

typedef struct VimInfra VimInfra;
typedef struct VimSpec VimSpec;
typedef struct VimObject VimObject;

typedef enum VimFieldKind {
    VIM_TEXT,
    VIM_TEXT_OR_NONE, /* unset means that there is none */
    VIM_INT,          /* times .scale */
    VIM_BOOL,
    VIM_FALSE, /* a Bool; unset means false */
    VIM_WORD,  /* an enum, by .words */
    VIM_NAME,  /* a Text with %2f, %5c, %25 unescaped */
    VIM_VALUE, /* only fetched; code reads it */
} VimFieldKind;

typedef struct VimWord {
    const char *text;
    int value;
} VimWord;

/* One row: where a fact stands in the API and in our record. */
typedef struct VimField {
    const char *path;    /* property to ask for */
    const char *element; /* path of elements below it, or NULL */
    VimFieldKind kind;
    size_t offset;
    int64_t scale;
    const VimWord *words; /* ends with .text NULL */
} VimField;

enum { VIM_PATHS_MAX = 64 };

/* What is asked of one object type. Made from its table; not shared. */
struct VimSpec {
    const char *type;
    const VimField *fields;
    size_t n_fields;
    const char *paths[VIM_PATHS_MAX]; /* without repeats */
    bool is_dropped[VIM_PATHS_MAX];   /* the server does not know it */
    size_t n_paths;
    unsigned char field_path[VIM_PATHS_MAX]; /* field -> path */
};

/* One object as the property collector answered. */
struct VimObject {
    const VimSpec *spec;
    const char *type, *id;
    Arena *arena;                          /* of this object */
    const VimNode *values[VIM_PATHS_MAX];  /* NULL: not set, or missing */
    const VimNode *missing[VIM_PATHS_MAX]; /* the fault of a missing path */
    size_t n_missing;
};

void vim_spec_init(VimSpec *spec, const char *type, const VimField *fields, size_t n_fields);
bool vim_spec_drop(VimSpec *spec, const char *path);
/* Reads <objects> against the spec of its type. */
void vim_object_read(VimObject *object, const VimSpec *spec, const VimNode *node, Arena *arena);
const VimNode *vim_object_value(const VimObject *object, const char *path);
bool vim_object_is_missing(const VimObject *object, const char *path);
/* Some property whose path begins with @prefix has a value: the unset ones are really unset. */
bool vim_object_has(const VimObject *object, const char *prefix);
void vim_fields_apply(const VimObject *object, void *record);
/* The same for a table of elements below @node: .path is the path of elements. */
void vim_elements_apply(
    const VimNode *node, const VimField *fields, size_t n, Arena *arena, void *record);
/* Copies the texts that a table filled in, so that the record outlives its object. */
void vim_fields_keep(const VimSpec *spec, void *record, Arena *arena);

/* --- vim_collect.c ---------------------------------------------------------------------------- */

/* One step from an object of a type to those that a property names, and on from there. */
typedef struct VimStep {
    const char *name, *type, *path;
    const char *then[4]; /* names of steps; NULL-terminated */
} VimStep;

/* Objects that are known, and the steps from them. One that is gone is left out of the answer. */
typedef struct VimRoots {
    const char *type;
    const char *const *ids;
    size_t n;
    const VimStep *steps;
    size_t n_steps;
} VimRoots;

struct VimListing {
    const VimRoots *roots;         /* what to read; NULL: all of */
    const char *const *view_types; /* types the view selects; NULL-terminated */
    VimSpec *specs;
    size_t n_specs;
    unsigned page;
    bool with_managers; /* custom field definitions and recent tasks in the same call */
    bool (*object)(void *data, const VimObject *object, GError **error);
    void *data;
};

/* The spec of a type: its own, else that of the type it derives from, or NULL. */
const VimSpec *vim_listing_find_spec(const VimListing *listing, const char *type);

/* Reads all objects of a listing; starts again, bounded, when the session or an object is gone. */
bool vim_collect(VimSession *session, VimListing *listing, GError **error);

/* Connected ports of a distributed switch: those of the keys; n 0: all. */
typedef struct VimPorts {
    const char *switch_type, *switch_id;
    const char *const *keys;
    size_t n_keys;
} VimPorts;

/* Hands each to the reader's object(). One call. */
bool vim_collect_ports(
    VimSession *session, const VimPorts *ports, VimReader *reader, GError **error);

/* --- vim_infra.c, vim_network.c --------------------------------------------------------------- */

typedef struct VimEntity {
    const char *id, *type, *name, *parent; /* name as the server has it, escaped */
    const char *folder;                    /* of a vApp: the folder it is shown in */
    const char *path;                      /* cached by vim_infra_path() */
} VimEntity;

typedef struct VimTagSet VimTagSet; /* vim_tags.c */

/* What a port group, a port or a switch says of VLANs, before it is resolved. */
typedef struct VimVlanSetting {
    bool is_set, is_inherited;
    Vlan vlan;                /* PVLAN: only the id of the spec, in .secondary */
    const char *unknown_type; /* of a spec that we do not know */
} VimVlanSetting;

typedef struct VimSwitch {
    Switch record;
    const char *type;
    VimVlanSetting default_setting;
    Texts hosts, uplink_portgroups;
    bool has_ports; /* its ports were told */
} VimSwitch;

typedef struct VimPortgroup {
    Portgroup record;
    const char *key; /* of a distributed one */
    const VimSwitch *in_switch;
    VimVlanSetting setting;
    bool is_nsx;
    bool forbids_override; /* a port cannot have another VLAN */
} VimPortgroup;

/* Objects whose properties a missing right hid. */
typedef struct VimDenied {
    char *privilege, *first; /* "System.Read", "VirtualMachine vm-7" */
    unsigned n;
} VimDenied;

/* What a datastore cluster tells of its Storage DRS. */
typedef struct VimPod {
    Bool has_sdrs;
    Text sdrs_level;
} VimPod;

struct VimInfra {
    VimSession *session;
    const char *source; /* name */
    Arena arena;
    GHashTable *entities;                           /* id -> VimEntity */
    GPtrArray *clusters, *hosts, *datastores;       /* records, in the arena */
    GPtrArray *switches, *portgroups;               /* VimSwitch, VimPortgroup */
    GPtrArray *problems;                            /* SourceProblem */
    GHashTable *hosts_with_network;                 /* ids: their port groups were told */
    GHashTable *hosts_by_id, *datastores_by_id;     /* -> record */
    GHashTable *switches_by_id, *switches_by_uuid;  /* -> VimSwitch */
    GHashTable *portgroups_by_key;                  /* of distributed ones -> VimPortgroup */
    GHashTable *standard_by_name;                   /* "host/name" -> VimPortgroup */
    GHashTable *opaque_by_id;                       /* opaque network id -> VimPortgroup */
    GHashTable *ports;                              /* "uuid/key" -> VimVlanSetting */
    GHashTable *attribute_names;                    /* key -> name */
    GHashTable *tasks;                              /* entity id -> GPtrArray of names */
    GHashTable *pods_by_id;                         /* -> VimPod */
    GHashTable *drs_overrides, *sdrs_overrides;     /* VM id -> level */
    bool has_root, has_attribute_names, has_tasks;  /* these were told */
    bool lacks_drs_overrides, lacks_sdrs_overrides; /* some cluster, some pod told none */
    bool is_around;                                 /* only what some instances hang on was read */
    GHashTable *port_keys; /* UUID of a switch -> GPtrArray: the ports to ask for; else all are */
    VimTagSet *tags;       /* NULL: not read */
    GHashTable *denied;    /* privilege -> VimDenied */
};

void vim_infra_init(VimInfra *infra, VimSession *session);
void vim_infra_release(VimInfra *infra);
/* Fetches everything but instances; a handful of calls for any estate. */
bool vim_infra_fetch(VimInfra *infra, GError **error);

/* Instances, to be fetched with what they hang on. */
typedef struct VimAround {
    const char *const *ids;
    size_t n;
    VimSpec *spec; /* of the instances */
    bool (*instance)(void *data, const VimObject *object, GError **error);
    void *data;
} VimAround;

/* One call, and one for each distributed switch that they are on. */
bool vim_infra_fetch_around(VimInfra *infra, const VimAround *around, GError **error);
bool vim_infra_put(VimInfra *infra, InventorySink *sink, GError **error);
const VimEntity *vim_infra_find(const VimInfra *infra, const char *id);
/**
 * vim_infra_path - "/DC0/vm/Finance" of an entity, itself included
 *
 * Names stand as the server escapes them ("Web%2fTier"), so that a slash always divides. NULL if
 * the entity or one above it may not be seen. Borrowed.
 */
const char *vim_infra_path(VimInfra *infra, const char *id);
/* Its name unescaped, as a fact. */
Text vim_infra_datacenter(VimInfra *infra, const char *id);
/* A problem of the source; @remedy and @evidence may be NULL. */
SourceProblem *vim_infra_problem(
    VimInfra *infra, const char *id, const char *about, const char *remedy);
/* Counts what a missing right hid of an object; becomes one problem per privilege. */
void vim_infra_note_denied(VimInfra *infra, const VimObject *object);
bool vim_infra_put_problems(VimInfra *infra, InventorySink *sink, GError **error);

extern const VimField vim_switch_fields[], vim_portgroup_fields[], vim_opaque_fields[];
extern const size_t vim_switch_fields_n, vim_portgroup_fields_n, vim_opaque_fields_n;
/* Keep the network part of an object. */
void vim_network_take_host(VimInfra *infra, const VimObject *object);
void vim_network_take_switch(VimInfra *infra, const VimObject *object);
void vim_network_take_portgroup(VimInfra *infra, const VimObject *object);
void vim_network_take_opaque(VimInfra *infra, const VimObject *object);
/* The ports that the NICs among these devices are on will be asked for. */
void vim_network_note_ports(VimInfra *infra, const VimNode *devices);
/* When all objects are there: ports of each distributed switch, inherited VLANs, uplinks. */
bool vim_network_finish(VimInfra *infra, GError **error);
const VimPortgroup *vim_network_find_standard(
    const VimInfra *infra, const char *host, const char *name, Arena *scratch);
/* The VLAN of a port of a port group: the port's own, else the group's. In @arena or the infra's.
 */
Vlan vim_network_port_vlan(const VimInfra *infra, const VimPortgroup *portgroup,
    const VimSwitch *dvs, const char *port, Arena *arena);

/* --- vim_device.c, vim_instance.c ------------------------------------------------------------- */

/* An instance under construction. */
typedef struct VimInstance {
    VimInfra *infra;
    const VimObject *object;
    Arena *arena; /* of the object; the view lives as long */
    InstanceView view;
    GPtrArray *problems; /* Problem, in the arena */
} VimInstance;

void vim_instance_problem(VimInstance *instance, const char *id, const char *about,
    const char *evidence, const char *format, ...) G_GNUC_PRINTF(5, 6);
/* Disks, NICs, CD-ROMs and the rest from the device list. */
void vim_devices_read(VimInstance *instance, const VimNode *devices);
/* vim_tunings.c */
void vim_tunings_read(VimInstance *instance);
/* Addresses from guest.net onto the NICs. */
void vim_guest_read(VimInstance *instance, const VimNode *guest_nics);

/* Streams every instance to the sink. */
bool vim_instances_list(VimInfra *infra, InventorySink *sink, GError **error);
/* Emits those asked for, and before them what they hang on. */
bool vim_instances_read(VimInfra *infra, const SourceRead *read, GError **error);
/* NOT_FOUND, or AUTH when it may not be read. */
bool vim_power_read(VimSession *session, const char *id, PowerState *ret_power, GError **error);
/* How many instances the account sees; notes what it may not read of them. */
bool vim_instances_count(VimInfra *infra, uint64_t *ret_n, GError **error);

/* --- vim_tags.c ------------------------------------------------------------------------------- */

/**
 * vim_tags_fetch - read which tags hang on which object, before the instances are read
 * @ret_tags: (owned)
 *
 * Errors: of the tagging service; never fatal to the caller
 */
bool vim_tags_fetch(VimSession *session, VimTagSet **ret_tags, GError **error);
void vim_tags_free(VimTagSet *tags);
/* Tags of an object in @arena, n 0 if it has none; their texts are borrowed from the set. */
Tag *vim_tags_find(const VimTagSet *tags, const char *id, Arena *arena, size_t *ret_n);

#endif
