/* SPDX-License-Identifier: Apache-2.0
 *
 * The domains of a host: XML, states, marks, snapshots; and all together as instances.
 */
#include "libvirt_worker.h"

#include <unistd.h>

#include "cleanup.h"
#include "record.h"
#include "utc_text.h"

/* --- the list --------------------------------------------------------------------------------- */

static int
compare_names(const void *a, const void *b)
{
    const DomainEntry *left = a, *right = b;
    return strcmp(left->name, right->name);
}

static bool
is_asked_for(const WireRequest *request, const char *uuid)
{
    for (size_t i = 0; i < request->ids.n; i++)
        if (strcmp(request->ids.items[i], uuid) == 0)
            return true;
    return request->ids.state != FACT_KNOWN;
}

bool
worker_list_domains(Worker *worker, LibvirtError *ret_error)
{
    virDomainPtr *handles = NULL;
    int n = virConnectListAllDomains(worker->connection, &handles, 0);
    worker->requests++;
    if (n < 0) {
        *ret_error = libvirt_last_error();
        return false;
    }
    worker->domains = g_new0(DomainEntry, (size_t)n + 1);
    size_t n_others = 0;
    for (int i = 0; i < n; i++) {
        char uuid[VIR_UUID_STRING_BUFLEN] = "";
        virDomainGetUUIDString(handles[i], uuid);
        DomainEntry *entry = is_asked_for(&worker->request, uuid)
                                 ? &worker->domains[worker->n_domains++]
                                 : &worker->domains[(size_t)n - ++n_others];
        entry->handle = handles[i];
        entry->name = virDomainGetName(handles[i]);
        g_strlcpy(entry->uuid, uuid, sizeof entry->uuid);
    }
    worker->n_all = (size_t)n;
    qsort(worker->domains, worker->n_domains, sizeof *worker->domains, compare_names);
    free(handles);
    return true;
}

/* One call for the whole host tells which domains have a property. */
void *
worker_read_marks(Worker *worker)
{
    static const struct {
        unsigned flag, mark;
    } lists[] = {
        {VIR_CONNECT_LIST_DOMAINS_TRANSIENT, MARK_TRANSIENT},
        {VIR_CONNECT_LIST_DOMAINS_AUTOSTART, MARK_AUTOSTART},
        {VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE, MARK_MANAGED_SAVE},
        {VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT, MARK_SNAPSHOT},
        {VIR_CONNECT_LIST_DOMAINS_HAS_CHECKPOINT, MARK_CHECKPOINT},
    };
    Marks *marks = g_new0(Marks, 1);
    marks->by_uuid = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        virDomainPtr *handles = NULL;
        int n = virConnectListAllDomains(worker->connection, &handles, lists[i].flag);
        worker->requests++;
        if (n < 0) {
            virResetLastError();
            continue;
        }
        marks->told |= lists[i].mark;
        for (int k = 0; k < n; k++) {
            char uuid[VIR_UUID_STRING_BUFLEN] = "";
            virDomainGetUUIDString(handles[k], uuid);
            unsigned old = GPOINTER_TO_UINT(g_hash_table_lookup(marks->by_uuid, uuid));
            g_hash_table_replace(
                marks->by_uuid, g_strdup(uuid), GUINT_TO_POINTER(old | lists[i].mark));
            virDomainFree(handles[k]);
        }
        free(handles);
    }
    return marks;
}

/* --- XML -------------------------------------------------------------------------------------- */

static void
read_domain(Worker *worker, DomainEntry *entry, Arena *arena)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *xml = virDomainGetXMLDesc(entry->handle, 0);
    worker->requests++;
    if (!xml) {
        LibvirtError why = libvirt_last_error();
        entry->trouble = arena_strdup(arena, why.text);
        entry->is_lost = why.code != 0; /* no error at all: the text was too large to be sent */
        entry->progress = why.code == VIR_ERR_NO_DOMAIN ? DOMAIN_VANISHED : DOMAIN_FAILED;
    } else if (domain_xml_parse(xml, strlen(xml), arena, &entry->xml, &error)) {
        entry->progress = DOMAIN_READ;
    } else {
        entry->trouble = arena_strdup(arena, error->message);
        entry->progress = DOMAIN_FAILED;
    }
}

/* A stopped domain is its definition, a transient one has none. */
static bool
has_definition(const Worker *worker, const DomainEntry *entry)
{
    return entry->taken == DOMAIN_READ && entry->xml.is_active && worker->marks &&
           (worker->marks->told & MARK_TRANSIENT) &&
           !(GPOINTER_TO_UINT(g_hash_table_lookup(worker->marks->by_uuid, entry->uuid)) &
               MARK_TRANSIENT);
}

static void
read_definition(Worker *worker, DomainEntry *entry, Arena *arena)
{
    Definition *definition = &entry->definition;
    g_autoptr(GError) error = NULL;
    if (!has_definition(worker, entry))
        return;
    g_autofree char *xml = virDomainGetXMLDesc(entry->handle, VIR_DOMAIN_XML_INACTIVE);
    worker->requests++;
    if (!xml) {
        LibvirtError why = libvirt_last_error();
        definition->trouble = arena_strdup(arena, why.text);
        definition->progress = why.code == VIR_ERR_NO_DOMAIN ? DOMAIN_VANISHED : DOMAIN_FAILED;
    } else if (domain_xml_parse(xml, strlen(xml), arena, &definition->xml, &error)) {
        definition->progress = DOMAIN_READ;
    } else {
        definition->trouble = arena_strdup(arena, error->message);
        definition->progress = DOMAIN_FAILED;
    }
}

/* Given to the reading threads, which may outlive the wait. */
typedef struct Pass {
    Worker *worker;
    void (*read)(Worker *worker, DomainEntry *entry, Arena *arena);
    size_t n; /* of the first domains */
    atomic_size_t next, n_ended;
} Pass;

static void *
read_some(void *data)
{
    Pass *pass = data;
    Arena *arena = stage_arena();
    for (size_t i; (i = atomic_fetch_add(&pass->next, 1)) < pass->n;) {
        pass->read(pass->worker, &pass->worker->domains[i], arena);
        atomic_fetch_add(&pass->n_ended, 1);
    }
    return NULL;
}

/* Waits until all have been read, or @until_us: a domain that hangs does not hold the others. */
static void
read_all(Worker *worker, size_t n, void (*read)(Worker *worker, DomainEntry *entry, Arena *arena),
    int64_t until_us)
{
    enum { POLL_US = 2000 };
    Pass *pass = g_new0(Pass, 1);
    pass->worker = worker;
    pass->read = read;
    pass->n = n;
    bool is_remote = strstr(worker->request.uri.value, "+ssh:") != NULL ||
                     strstr(worker->request.uri.value, "+tls:") != NULL;
    size_t n_threads = MIN((size_t)(is_remote ? XML_THREADS : XML_THREADS_LOCAL), n);
    for (size_t i = 0; i < n_threads; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, read_some, pass) != 0)
            break;
        pthread_detach(thread);
    }
    while (atomic_load(&pass->n_ended) < n && g_get_monotonic_time() < until_us)
        usleep(POLL_US);
    if (atomic_load(&pass->n_ended) < n)
        worker->is_left = true;
}

void
worker_read_domains(Worker *worker)
{
    read_all(worker, worker->n_all, read_domain, worker->deadline_us);
    for (size_t i = 0; i < worker->n_all; i++) {
        DomainEntry *entry = &worker->domains[i];
        entry->taken = entry->progress;
        worker->n_vanished += i < worker->n_domains && entry->taken == DOMAIN_VANISHED;
    }
}

void
worker_read_definitions(Worker *worker)
{
    int64_t until_us = g_get_monotonic_time() + (int64_t)STAGE_MS * 1000;
    read_all(worker, worker->n_domains, read_definition, MIN(until_us, worker->deadline_us));
    for (size_t i = 0; i < worker->n_domains; i++)
        worker->domains[i].definition.taken = worker->domains[i].definition.progress;
}

/* --- states and sizes ------------------------------------------------------------------------- */

/* Of all domains by one call, or of those that were asked for. */
static int
fetch_stats(Worker *worker, virDomainStatsRecordPtr **ret_records)
{
    const unsigned kinds = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_BLOCK,
                   flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT;
    worker->requests++;
    if (worker->n_domains == worker->n_all)
        return virConnectGetAllDomainStats(worker->connection, kinds, ret_records, flags);
    g_autofree virDomainPtr *handles = g_new0(virDomainPtr, worker->n_domains + 1);
    for (size_t i = 0; i < worker->n_domains; i++)
        handles[i] = worker->domains[i].handle;
    return virDomainListGetStats(handles, kinds, ret_records, flags);
}

void *
worker_read_stats(Worker *worker)
{
    GHashTable *stats = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    virDomainStatsRecordPtr *records = NULL;
    int n = fetch_stats(worker, &records);
    for (int i = 0; i < n; i++) {
        char uuid[VIR_UUID_STRING_BUFLEN] = "";
        virDomainGetUUIDString(records[i]->dom, uuid);
        g_hash_table_replace(stats, g_strdup(uuid), records[i]);
    }
    if (n >= 0)
        return stats;
    /* Without the bulk call: one a domain, and no sizes. */
    virResetLastError();
    for (size_t i = 0; i < worker->n_domains; i++) {
        int state = 0;
        if (virDomainGetState(worker->domains[i].handle, &state, NULL, 0) == 0) {
            virDomainStatsRecordPtr record = g_new0(virDomainStatsRecord, 1);
            int size = 0;
            virTypedParamsAddInt(&record->params, &record->nparams, &size, "state.state", state);
            g_hash_table_replace(stats, g_strdup(worker->domains[i].uuid), record);
        }
        worker->requests++;
    }
    virResetLastError();
    return stats;
}

PowerState
worker_power_of(int state)
{
    switch (state) {
    case VIR_DOMAIN_RUNNING:
    case VIR_DOMAIN_BLOCKED:
    case VIR_DOMAIN_SHUTDOWN: /* is being shut down */
        return POWER_ON;
    case VIR_DOMAIN_PAUSED:
    case VIR_DOMAIN_PMSUSPENDED:
        return POWER_SUSPENDED;
    case VIR_DOMAIN_SHUTOFF:
    case VIR_DOMAIN_CRASHED:
        return POWER_OFF;
    default:
        return POWER_UNKNOWN;
    }
}

static void
finish_state(Worker *worker, DomainEntry *entry)
{
    InstanceView *view = &entry->xml.view;
    virDomainStatsRecordPtr record =
        worker->stats ? g_hash_table_lookup(worker->stats, entry->uuid) : NULL;
    int state = -1;
    if (record && virTypedParamsGetInt(record->params, record->nparams, "state.state", &state) == 1)
        view->power = worker_power_of(state);
    else if (entry->taken == DOMAIN_READ)
        view->power = entry->xml.is_active ? POWER_ON : POWER_OFF;
    if (state == VIR_DOMAIN_PAUSED)
        view_add_problem(view, &worker->arena, "paused", NULL,
            "it is paused: its CPUs stand still, its memory is held", "state paused");
    if (state == VIR_DOMAIN_CRASHED)
        view_add_problem(view, &worker->arena, "crashed", NULL,
            "it has crashed: its disks may not be clean", "state crashed");
    view->connection = CONNECTION_CONNECTED;
}

static void
finish_marks(Worker *worker, DomainEntry *entry)
{
    InstanceView *view = &entry->xml.view;
    unsigned told = worker->marks ? worker->marks->told : 0;
    unsigned marks =
        worker->marks ? GPOINTER_TO_UINT(g_hash_table_lookup(worker->marks->by_uuid, entry->uuid))
                      : 0;
    entry->marks = marks;
    if (told & MARK_TRANSIENT)
        view->is_persistent = bool_known(!(marks & MARK_TRANSIENT));
    if (told & MARK_AUTOSTART)
        view->is_autostart = bool_known(marks & MARK_AUTOSTART);
    if (marks & MARK_TRANSIENT)
        view_add_problem(view, &worker->arena, "transient", NULL,
            "it is not defined on its host: when it is shut off, it is gone",
            "libvirt lists it as transient");
    if (marks & MARK_MANAGED_SAVE) {
        view->power = POWER_SUSPENDED;
        view_add_problem(view, &worker->arena, "managed-save", NULL,
            "its memory is saved on its host: the next start would go on from there",
            "libvirt lists it with a managed save image");
    }
    if (marks & MARK_CHECKPOINT)
        view_add_problem(view, &worker->arena, "checkpoints", NULL,
            "backup software keeps checkpoints of it, which would be lost",
            "libvirt lists it with checkpoints");
}

static void
finish_definition(Worker *worker, DomainEntry *entry)
{
    const Definition *definition = &entry->definition;
    if (!has_definition(worker, entry) || definition->taken == DOMAIN_VANISHED)
        return;
    const char *pending = definition->taken == DOMAIN_READ ? domain_pending_changes(&entry->xml,
                                                                 &definition->xml, &worker->arena)
                                                           : NULL;
    if (definition->taken != DOMAIN_READ)
        view_add_problem(&entry->xml.view, &worker->arena, "definition-unread", NULL,
            "its definition could not be read: its next start may change it",
            definition->taken == DOMAIN_FAILED ? definition->trouble
                                               : "no answer before the deadline");
    else if (pending)
        view_add_problem(&entry->xml.view, &worker->arena, "definition-differs", NULL,
            "it runs otherwise than it is defined: its next start would change it", pending);
}

/* --- snapshots -------------------------------------------------------------------------------- */

typedef struct SnapshotFacts {
    const char *name, *parent;
    int64_t created_at; /* Unix time, 0 = not told */
} SnapshotFacts;

static SnapshotFacts
read_snapshot(virDomainSnapshotPtr handle, Arena *arena)
{
    uint64_t created = 0;
    SnapshotFacts facts = {.name = arena_strdup(arena, virDomainSnapshotGetName(handle))};
    g_autofree char *xml = virDomainSnapshotGetXMLDesc(handle, 0);
    g_autoptr(xmlDoc) document =
        xml ? xml_walk_parse(xml, strlen(xml), "snapshot XML", "domainsnapshot", NULL) : NULL;
    virResetLastError();
    if (!document)
        return facts;
    const xmlNode *root = xmlDocGetRootElement(document);
    if (text_to_uint(xml_text(xml_child(root, "creationTime"), arena), INT32_MAX, &created))
        facts.created_at = (int64_t)created;
    facts.parent = xml_text(xml_child(xml_child(root, "parent"), "name"), arena);
    return facts;
}

static int
snapshot_depth(const SnapshotFacts *all, size_t n, const SnapshotFacts *one)
{
    int depth = 1;
    for (const char *parent = one->parent; parent && depth <= (int)n; depth++) {
        size_t i = 0;
        while (i < n && strcmp(all[i].name, parent) != 0)
            i++;
        parent = i < n ? all[i].parent : NULL;
    }
    return depth;
}

static int
compare_snapshots(const void *a, const void *b)
{
    const Snapshot *left = a, *right = b;
    int by_depth = (int)(left->depth.value - right->depth.value);
    return by_depth ? by_depth : g_strcmp0(left->name.value, right->name.value);
}

static SnapshotList *
list_snapshots(Worker *worker, virDomainPtr domain, Arena *arena)
{
    enum { SNAPSHOTS_MAX = 1000 };
    virDomainSnapshotPtr *handles = NULL;
    SnapshotList *list = arena_new(arena, SnapshotList);
    int n = virDomainListAllSnapshots(domain, &handles, 0);
    worker->requests++;
    if (n < 0) {
        virResetLastError();
        return list;
    }
    SnapshotFacts *facts = arena_new_n(arena, SnapshotFacts, (size_t)n + 1);
    for (int i = 0; i < n; i++) {
        if (i < SNAPSHOTS_MAX)
            facts[i] = read_snapshot(handles[i], arena);
        virDomainSnapshotFree(handles[i]);
        worker->requests++;
    }
    free(handles);
    list->n = (size_t)MIN(n, SNAPSHOTS_MAX);
    list->items = arena_new_n(arena, Snapshot, list->n + 1);
    list->is_read = true;
    for (size_t i = 0; i < list->n; i++) {
        char at[UTC_TEXT_BYTES];
        time_t created = (time_t)facts[i].created_at;
        list->items[i] = (Snapshot){.name = text_known(facts[i].name),
            .created_at =
                created ? text_known(arena_strdup(arena, utc_text(created, at))) : (Text){0},
            .depth = int_known(snapshot_depth(facts, list->n, &facts[i]))};
    }
    qsort(list->items, list->n, sizeof *list->items, compare_snapshots);
    return list;
}

void *
worker_read_snapshots(Worker *worker)
{
    Arena *arena = stage_arena();
    GHashTable *snapshots = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; worker->marks && i < worker->n_domains; i++) {
        DomainEntry *entry = &worker->domains[i];
        unsigned marks = GPOINTER_TO_UINT(g_hash_table_lookup(worker->marks->by_uuid, entry->uuid));
        if (marks & MARK_SNAPSHOT)
            g_hash_table_insert(
                snapshots, entry->uuid, list_snapshots(worker, entry->handle, arena));
    }
    return snapshots;
}

static void
finish_snapshots(Worker *worker, DomainEntry *entry)
{
    InstanceView *view = &entry->xml.view;
    if (!worker->marks || !(worker->marks->told & MARK_SNAPSHOT))
        return;
    if (!(entry->marks & MARK_SNAPSHOT)) {
        view->snapshots.state = FACT_KNOWN;
        return;
    }
    const SnapshotList *list =
        worker->snapshots ? g_hash_table_lookup(worker->snapshots, entry->uuid) : NULL;
    if (list && list->is_read) {
        view->snapshots.items = list->items;
        view->snapshots.n = list->n;
        view->snapshots.state = FACT_KNOWN;
    } else {
        view_add_problem(view, &worker->arena, "snapshots-unread", NULL,
            "it has snapshots that could not be read", "libvirt lists it with snapshots");
    }
}

/* --- together --------------------------------------------------------------------------------- */

static void
finish_leases(Worker *worker, DomainEntry *entry)
{
    InstanceView *view = &entry->xml.view;
    for (size_t i = 0; worker->leases && i < view->nics.n; i++) {
        Nic *nic = &view->nics.items[i];
        const GPtrArray *addresses =
            nic->mac.value ? g_hash_table_lookup(worker->leases, nic->mac.value) : NULL;
        if (addresses && entry->xml.is_active)
            nic_take_addresses(nic, addresses, "lease", &worker->arena);
    }
}

static void
finish_agent(Worker *worker, DomainEntry *entry)
{
    InstanceView *view = &entry->xml.view;
    if (!entry->xml.is_active) {
        view->tools_status = view->tools_running = text_absent();
        return;
    }
    const char *state = entry->xml.is_agent_connected ? "agent-connected" : "agent-absent";
    view->tools_status = view->tools_running = text_known(state);
    entry->is_agent_asked =
        entry->xml.is_agent_connected && strcmp(worker->request.agent.value, "no") != 0;
}

/* What is left when the XML could not be read: that it is there. */
static void
stand_in(Worker *worker, DomainEntry *entry, const char *why)
{
    InstanceView *view = &entry->xml.view;
    *view = (InstanceView){.id = text_known(entry->uuid),
        .instance_uuid = text_known(entry->uuid),
        .name = text_known(entry->name)};
    view_add_problem(
        view, &worker->arena, "config-unread", NULL, "its configuration could not be read", why);
}

static void
put_entry(Worker *worker, DomainEntry *entry)
{
    DomainEntry fresh = {.handle = entry->handle, .name = entry->name, .taken = entry->taken};
    bool is_read = entry->taken == DOMAIN_READ;
    if (!is_read) { /* a thread may still be writing into its entry */
        g_strlcpy(fresh.uuid, entry->uuid, sizeof fresh.uuid);
        stand_in(worker, &fresh,
            entry->taken == DOMAIN_FAILED ? entry->trouble : "no answer before the deadline");
        entry = &fresh;
    }
    InstanceView *view = &entry->xml.view;
    view->host = worker->request.label;
    finish_state(worker, entry);
    finish_marks(worker, entry);
    finish_snapshots(worker, entry);
    worker_finish_jobs(worker, entry);
    if (is_read) {
        finish_definition(worker, entry); /* first: the next one adds to the disks */
        worker_finish_disks(worker, entry);
        finish_leases(worker, entry);
        finish_agent(worker, entry);
    }
    if (!entry->is_agent_asked) {
        worker_put_record(worker, RECORD_INSTANCE, view);
        return;
    }
    InstanceView silent = *view;
    silent.source = text_known("-");
    view_add_problem(&silent, &worker->arena, "agent-silent", NULL,
        "its guest agent is connected but did not answer: addresses stay unknown",
        "no answer before the deadline");
    worker_put(worker, WIRE_PENDING, inventory_record_types[RECORD_INSTANCE], &silent);
}

void
worker_put_domains(Worker *worker)
{
    worker_find_shared_disks(worker);
    for (size_t i = 0; i < worker->n_domains; i++)
        if (worker->domains[i].taken != DOMAIN_VANISHED)
            put_entry(worker, &worker->domains[i]);
    if (worker->n_vanished > 0)
        worker_problem(worker, "instances-vanished", NULL,
            "instances vanished while they were being read", "read again if the number matters",
            "%zu of %zu", worker->n_vanished, worker->n_domains);
}
