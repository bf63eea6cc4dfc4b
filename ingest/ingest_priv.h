/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of ingest/ share among themselves.
 */
#ifndef INGEST_PRIV_H
#define INGEST_PRIV_H

#include "arena.h"
#include "catalog.h"
#include "cloudstack_client.h"
#include "journal.h"
#include "record.h"

#include <pthread.h>
#include <time.h>

/* --- cloudstack_sign.c ------------------------------------------------------------------------ */

/* Java's URLEncoder with "%20" for a space: what the server computes the signature over. */
void cloudstack_append_encoded(GString *out, const char *text);

/* (owned) The text that is signed: sorted by name, values encoded, in lower case. */
char *cloudstack_string_to_sign(const CloudStackParam *params, size_t n);

/* (owned) Base64 of the HMAC-SHA1; NULL values are left out, as in the request. */
char *cloudstack_sign(const char *secret_key, const CloudStackParam *params, size_t n);

/* --- codes ------------------------------------------------------------------------------------ */

/* The number of a refusal, errorcode and HTTP status alike. Source: ApiErrorCode of the server. */
enum {
    API_UNAUTHORIZED = 401,   /* keys, signature, expiry, and an API that is not there */
    API_LIMIT_EXCEEDED = 429, /* the text names the delay */
    API_PARAM_ERROR = 431,    /* also a page that is larger than allowed */
    API_NOT_FOR_ROLE = 432,   /* told before the signature is looked at */
    API_WITHOUT_2FA = 511,    /* the second factor of the login is missing */
    API_ACCOUNT_ERROR = 531,  /* the account may not */
};

/* --- cloudstack_reply.c ----------------------------------------------------------------------- */

/**
 * cloudstack_json_parse - parse a reply's JSON, repairing what the server is known to break
 * @ret_repairs: backslashes before no escape character dropped, raw control characters and bytes
 *               that are not UTF-8 replaced
 *
 * Errors: PROTOCOL with the offset and the text around it
 */
json_object *cloudstack_json_parse(
    const char *text, size_t length, unsigned *ret_repairs, GError **error);

/* Reads one HTTP reply; see cloudstack.h for the result. @body ends in a NUL beyond @length. */
bool cloudstack_reply_read(const char *command, int http_status, const char *body, size_t length,
    CloudStackFault *fault, json_object **ret_reply, GError **error);

/* --- cloudstack_http.c ------------------------------------------------------------------------ */

enum { FINGERPRINT_BYTES = 32, REPLY_BYTES_MAX = 256 * 1024 * 1024 };

typedef struct HttpPool HttpPool;

/* One HTTP exchange. */
typedef struct HttpReply {
    int curl_code;      /* CURLE_OK: there is a reply */
    int status;         /* HTTP status */
    GString *body;      /* (owned) */
    time_t date;        /* the server's clock, -1: not told */
    char *address;      /* (owned) "192.0.2.1 port 443", NULL: no connection */
    char *fingerprint;  /* (owned) SHA-256 of the certificate, NULL: connection reused or no TLS */
    char *location;     /* (owned) of a redirect */
    char *why, *remedy; /* (owned) of a failure */
} HttpReply;

/* (owned) The endpoint in full; CONFIG when it is no HTTP address or carries a password. */
char *cloudstack_url_parse(const char *given, GError **error);

HttpPool *http_pool_new(const char *url, const CloudStackClientOptions *options, GError **error);
void http_pool_free(HttpPool *pool);

/**
 * http_pool_post - send a form and read the reply
 * @is_reading: a broken reused connection may be repeated on a fresh one
 * @reply:      zeroed; filled on failure too, release with http_reply_clear()
 *
 * Errors: UNREACHABLE, TIMEOUT, PROTOCOL (reply too large or cut off), CANCELLED, CONFIG (CA file)
 */
bool http_pool_post(HttpPool *pool, const GString *form, unsigned timeout_s, bool is_reading,
    HttpReply *reply, GError **error);
void http_reply_clear(HttpReply *reply);

/* --- journal.c -------------------------------------------------------------------------------- */

struct Journal {
    struct sqlite3 *database;
    char *path;
    int lock_file;        /* -1: not open yet; holds the locks on runs */
    pthread_mutex_t lock; /* guards the database handle, a whole transaction long */
};

/* A transaction that writes; @is_durable: on the disk when it ends. Holds the lock meanwhile. */
bool journal_begin(Journal *journal, bool is_durable, GError **error);
/* Commits, or rolls back if not @is_ok; false if either that or the commit went wrong. */
bool journal_end(Journal *journal, bool is_ok, GError **error);

/* Prepares and binds by @format: 't' const char * (NULL = null), 'i' int64_t, 'f' Int. (owned) */
struct sqlite3_stmt *journal_prepare(
    Journal *journal, GError **error, const char *sql, const char *format, ...);
/* Steps to a row; false without error: there is none (any more). */
bool journal_step(Journal *journal, struct sqlite3_stmt *statement, GError **error);

/* --- catalog_fields.c: how CloudStack's items read into the structs of catalog.h -------------- */

extern const RecordType catalog_info_type, catalog_list_type;
extern const RecordType zone_type, pod_type, cluster_type, host_type, storage_pool_type,
    physical_network_type, traffic_type_type, network_type, network_offering_type,
    network_permission_type, vlan_ip_range_type, shared_ip_type, service_offering_type,
    disk_offering_type, template_type, os_type_type, os_mapping_type, domain_type, account_type,
    project_type, managed_vm_type, managed_volume_type, setting_type, api_type, vmware_dc_type,
    capability_type, cluster_setting_type, router_type, dedicated_host_type, dedicated_cluster_type,
    pending_job_type;

/* --- catalog_lists.c: which calls make up a catalog ------------------------------------------- */

enum { CATALOG_N_LISTS = 31, CATALOG_LIST_PARAMS_MAX = 3 };

typedef struct CatalogListSpec {
    const char *word;    /* in the saved file, in messages */
    const char *command; /* API name */
    const char *object;  /* member of the reply that holds the items */
    const RecordType *type;
    size_t offset; /* of the LIST_OF in Catalog */
    CloudStackParam params[CATALOG_LIST_PARAMS_MAX];
    bool is_paged;            /* takes page and pagesize */
    bool is_by_zone;          /* takes zoneid; without the zone option it is left out */
    bool has_projects;        /* a second sweep with projectid=-1 finds what projects own */
    bool is_optional;         /* a role without it can work: absent from some servers */
    const char *parent;       /* word of the list whose every item needs a call of its own */
    const char *parent_param; /* the call's parameter for the parent's id */
    /* NULL: every parent. Which parents are worth a call. */
    bool (*is_parent_wanted)(const void *parent);
    const char *const *key;     /* members that tell two items apart, NULL-terminated; NULL: "id" */
    const char *const *dropped; /* members that nobody reads and that would fill the file */
} CatalogListSpec;

extern const CatalogListSpec catalog_list_specs[CATALOG_N_LISTS];

/* The index in catalog_list_specs, or -1. */
int catalog_list_index(const char *word);

/* --- catalog_store.c: a catalog while it is being filled -------------------------------------- */

/* The saved form of a list's items: their texts, one a line, deflated. */
typedef struct RawItems RawItems;

typedef struct CatalogStore CatalogStore;

struct CatalogStore {
    Arena arena;
    atomic_uint refs;
    GArray *items[CATALOG_N_LISTS];     /* of the struct of the list */
    RawItems *raw[CATALOG_N_LISTS];     /* NULL: no items */
    CatalogList lists[CATALOG_N_LISTS]; /* .name unknown: not asked for */
    GArray *known;                      /* CatalogList: those of .lists that were asked for */
};

/* (owned) Empty, not frozen, one reference. */
Catalog *catalog_new(void);

/**
 * catalog_add - take one item as the server sent it
 * @index: of the list in catalog_list_specs
 * @text:  @item as JSON on one line
 *
 * Errors:  INVALID with the member; the item is then not in the catalog
 * Threads: one at a time per catalog
 */
bool catalog_add(Catalog *catalog, int index, json_object *item, const char *text, GError **error);

/* Points the lists at what was added; afterwards the catalog is read-only. */
void catalog_freeze(Catalog *catalog);

/* Calls back with each text of a list in the order of adding. */
bool raw_items_each(
    const RawItems *raw, bool (*each)(void *data, const char *text, size_t length), void *data);

/* Removes what must not be saved: passwords, keys, tokens; a setting's value by its name. */
void catalog_scrub(json_object *item);

#endif
