/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of ingest/ share among themselves.
 */
#ifndef INGEST_PRIV_H
#define INGEST_PRIV_H

#include "arena.h"
#include "catalog.h"
#include "change_run.h"
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
    API_SERVICE_UNAVAILABLE = 503,
    API_WITHOUT_2FA = 511, /* the second factor of the login is missing */
    API_INTERNAL_ERROR = 530,
    API_ACCOUNT_ERROR = 531, /* the account may not */
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

/* --- list.c: a list call, read to its end ----------------------------------------------------- */

/* Items of one or more calls, each once. */
typedef struct ListItems {
    GPtrArray *found; /* json_object, owned */
    GHashTable *seen; /* ids, or texts of those without one; owned */
} ListItems;

ListItems list_items_new(void);
void list_items_clear(ListItems *items);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ListItems, list_items_clear)

/**
 * list_fetch - all pages of a list call
 * @list:  the member of the reply that holds the items
 * @items: gets those that it has not yet
 *
 * A page size that is more than the server allows is corrected; a list that knows no pages gives
 * the same again, and that is its end.
 * Errors: of the calls; PROTOCOL
 */
bool list_fetch(CloudStack *cs, const char *command, const CloudStackParam *given, size_t n_given,
    const char *list, ListItems *items, GError **error);

/* --- jobs.c: waiting for asynchronous jobs ---------------------------------------------------- */

typedef struct Jobs Jobs;

/* @patience_s: how long a server may not answer, or answer garbage, before waiting fails. (owned)
 */
Jobs *jobs_new(CloudStack *cs, const atomic_bool *is_cancelled, unsigned patience_s);
void jobs_free(Jobs *jobs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Jobs, jobs_free)

/**
 * jobs_wait - until a job is at its end; any number of threads
 * @ret_job: (owned) as queryAsyncJobResult gives it; NULL: the server knows no such job
 *
 * Errors: AUTH when the keys are refused again and again; UNREACHABLE, TIMEOUT, PROTOCOL, REFUSED
 * when patience is over; CANCELLED
 */
bool jobs_wait(Jobs *jobs, const char *id, json_object **ret_job, GError **error);

/* --- patient.c: a seam that sits out a server that is restarted ------------------------------- */

typedef struct Patient Patient;

/* Reading calls are repeated until the patience is over; writing calls never. (owned) */
Patient *patient_new(CloudStack *inner, const atomic_bool *is_cancelled, unsigned patience_s);
CloudStack *patient_seam(Patient *patient);
void patient_free(Patient *patient);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Patient, patient_free)

/* --- send.c: one writing call, journal first -------------------------------------------------- */

typedef struct Sender {
    CloudStack *cs;
    Journal *journal;
    Jobs *jobs;
    Arena *arena;             /* texts of steps */
    bool is_login_an_outcome; /* a refusal for want of rights, as any other; else it is an error */
} Sender;

/* How the item changes with the outcome of a step; @result: the reply or the job's, or NULL. */
typedef void (*SendSettle)(
    void *data, JournalItem *item, const JournalStep *step, json_object *result);

typedef struct Sending {
    const char *purpose, *subject; /* of the step; subject: NULL = the item as a whole */
    const char *command;
    const CloudStackParam *params; /* without keys, job id and secrets */
    size_t n;
    Texts secrets;   /* parameters made up at random when the call is sent, and kept nowhere */
    const char *job; /* id of the job; NULL: made up */
    SendSettle settle;
    void *data; /* of settle */
} Sending;

/**
 * send_call - a writing call: intent, call, its job's end, outcome
 * @ret_step: with the outcome
 *
 * A refusal, a failed job and a lost answer are outcomes.
 * Errors: of the journal; AUTH, CANCELLED, and whatever breaks off the wait for a job
 */
bool send_call(const Sender *sender, const Sending *sending, JournalItem *item,
    JournalStep *ret_step, GError **error);

/* Whether what became of it is not known. */
bool send_is_open(const JournalStep *step);
/* One alone may be a server that is just starting. */
bool send_is_login_refused(const JournalStep *step);
/* Whether the server is busy or going down: it did nothing, and may do it later. */
bool send_is_put_off(const JournalStep *step);
/* Whether it was refused because a job of its id is there already. */
bool send_is_duplicate(const JournalStep *step);

/**
 * send_settle - what became of a step that is open
 * @ret_wait_ms: how long the server may still be at it, so that what is absent may yet come
 */
bool send_settle(const Sender *sender, const Sending *sending, JournalItem *item, JournalStep *step,
    unsigned *ret_wait_ms, GError **error);

/* False with CANCELLED. */
bool send_pause(const atomic_bool *is_cancelled, unsigned ms, GError **error);
/* (in the arena) Of 16 bytes. */
const char *send_format_uuid(Arena *arena, const uint8_t *bytes);

/* --- change_find.c ---------------------------------------------------------------------------- */

/* A document being carried out. */
typedef struct ChangeWork {
    const Changes *changes;
    const ChangesRun *run;
    JournalItem *items; /* of the changes, in their order */
    Jobs *jobs;
    Arena *arena; /* texts of this process's work */
} ChangeWork;

/* Parameters of a call, with the ids that its references stand for. */
typedef struct ResolvedCall {
    CloudStackParam *params;
    size_t n;
    const char *request; /* JSON for the journal: without secrets */
} ResolvedCall;

/* The change whose id is not known yet, or NULL: @ret is filled. */
const char *change_resolve(const ChangeWork *work, const ChangeCall *call, ResolvedCall *ret);
/* The first change that @change refers to and that is not there, or NULL. */
const char *change_find_missing(const ChangeWork *work, const Change *change);

typedef enum LookResult {
    LOOK_ABSENT,
    LOOK_THERE,    /* one item meets all expectations */
    LOOK_CONFLICT, /* something equals in part, or several items in all */
} LookResult;

typedef struct Look {
    LookResult result;
    json_object *item; /* (owned) that meets all expectations, or is in the way; NULL: none */
    const char *id;    /* of that item; NULL: it has none */
    const char *text;  /* what was found, in words */
    bool is_before;    /* some item meets .before, or nothing is asked of it */
} Look;

void look_clear(Look *look);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Look, look_clear)

/* Reads and judges. Errors: of the calls. */
bool change_look(const ChangeWork *work, const Change *change, Look *ret, GError **error);
/* The item of that id among what the change's reads give, judged as by change_look(). */
bool change_look_at(
    const ChangeWork *work, const Change *change, const char *id, Look *ret, GError **error);
/* @ret_text: what keeps the change from being taken back; NULL: nothing. */
bool change_find_use(
    const ChangeWork *work, const Change *change, const char **ret_text, GError **error);

/* --- change_send.c ---------------------------------------------------------------------------- */

/* @settle gets @work as its data. */
bool change_send(const ChangeWork *work, size_t at, const ChangeCall *call, const char *purpose,
    SendSettle settle, JournalStep *ret_step, GError **error);

/**
 * change_settle_last - what became of the last writing call, if its outcome is not known
 * @ret_wait_ms: how long the server may still be at it, so that what is absent may yet come
 */
bool change_settle_last(
    const ChangeWork *work, size_t at, SendSettle settle, unsigned *ret_wait_ms, GError **error);

/* --- catalog_fields.c: how CloudStack's items read into the structs of catalog.h -------------- */

extern const RecordType catalog_info_type, catalog_list_type;
extern const RecordType zone_type, pod_type, cluster_type, host_type, storage_pool_type,
    physical_network_type, traffic_type_type, network_type, network_offering_type,
    network_permission_type, vlan_ip_range_type, shared_ip_type, service_offering_type,
    disk_offering_type, template_type, os_type_type, os_mapping_type, domain_type, account_type,
    project_type, managed_vm_type, managed_volume_type, setting_type, api_type, vmware_dc_type,
    image_store_type, capability_type, cluster_setting_type, zone_setting_type, pool_setting_type,
    router_type, dedicated_host_type, dedicated_cluster_type, pending_job_type;

/* --- catalog_lists.c: which calls make up a catalog ------------------------------------------- */

enum { CATALOG_N_LISTS = 34, CATALOG_LIST_PARAMS_MAX = 3 };

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
