/* SPDX-License-Identifier: Apache-2.0
 *
 * The property collector: a view selects objects, RetrievePropertiesEx answers with the first
 * page, ContinueRetrievePropertiesEx with the others for as long as a token comes ("0" is one).
 *
 * A few objects that are known need no view: they are named, with the steps that lead from them to
 * what they hang on.
 *
 * Tokens and views die with the session. So when it has expired, or an object vanished under the
 * collector, the listing starts again from its view; objects that were handed over stay handed
 * over and are passed over the second time.
 */
#include "vim_priv.h"

#include <soapH.h>
#include <string.h>

enum { EMPTY_PAGES_MAX = 10, REPEATED_OBJECTS_MAX = 1000, OBJECTS_MAX = 5000000 };

typedef struct vim25__ManagedObjectReference SoapRef;
typedef struct vim25__PropertySpec SoapPropertySpec;
typedef struct vim25__SelectionSpec SoapSelectionSpec;
typedef struct vim25__ObjectSpec SoapObjectSpec;

static enum xsd__boolean yes = xsd__boolean__true_, no = xsd__boolean__false_;

/* One run over the pages. */
typedef struct Collection {
    VimSession *session;
    VimListing *listing;
    GHashTable *seen; /* ids handed over, in the arena */
    Arena arena;
    uint64_t n_run;   /* objects of this run, the passed over included */
    unsigned n_empty; /* pages in a row that brought nothing */
    VimReader reader;
    VimRef view;
    char *token; /* of the page that comes next */
    /* Of the call that failed; the calls that clean up overwrite the session's. */
    char *fault, *fault_name;
    bool has_overflowed;
} Collection;

/* --- objects ---------------------------------------------------------------------------------- */

/* As VmwareDistributedVirtualSwitch derives from DistributedVirtualSwitch. */
const VimSpec *
vim_listing_find_spec(const VimListing *listing, const char *type)
{
    const VimSpec *derived = NULL;
    for (size_t i = 0; i < listing->n_specs; i++) {
        if (strcmp(listing->specs[i].type, type) == 0)
            return &listing->specs[i];
        if (g_str_has_suffix(type, listing->specs[i].type))
            derived = &listing->specs[i];
    }
    return derived;
}

static bool
take_object(VimReader *reader, const VimNode *node, Arena *arena, GError **error)
{
    Collection *collection = reader->data;
    const VimNode *reference = vim_node_find(node, "obj");
    const VimSpec *spec =
        reference ? vim_listing_find_spec(collection->listing, reference->ref_type) : NULL;
    collection->n_run++;
    if (!spec || !*reference->text || g_hash_table_contains(collection->seen, reference->text))
        return true;
    VimObject object;
    vim_object_read(&object, spec, node, arena);
    if (!collection->listing->object(collection->listing->data, &object, error))
        return false;
    g_hash_table_add(collection->seen, (char *)arena_strdup(&collection->arena, reference->text));
    return true;
}

/* --- requests --------------------------------------------------------------------------------- */

static SoapRef
soap_ref(const VimRef *ref)
{
    return (SoapRef){ref->type, ref->id};
}

/* gSOAP's structs have no const; it does not write to what it sends. */
static SoapSelectionSpec
traversal(const char *type, const char *path)
{
    static char xsi_type[] = "vim25:TraversalSpec";
    return (SoapSelectionSpec){.xsi__type = xsi_type,
        .name = (char *)path,
        .type = (char *)type,
        .path = (char *)path,
        .skip = &no};
}

/* A name is one of the whole request, but the steps are said of each root: "up of vm-7". */
static char *
step_name(Arena *arena, const char *name, const char *root)
{
    return (char *)arena_printf(arena, "%s of %s", name, root);
}

static void
fill_steps(const VimRoots *roots, const char *root, Arena *arena, SoapObjectSpec *to)
{
    to->selectSet = arena_new_n(arena, SoapSelectionSpec, roots->n_steps);
    to->__sizeselectSet = (int)roots->n_steps;
    for (size_t i = 0; i < roots->n_steps; i++) {
        const VimStep *step = &roots->steps[i];
        SoapSelectionSpec *spec = &to->selectSet[i];
        *spec = traversal(step->type, step->path);
        spec->name = step_name(arena, step->name, root);
        spec->selectSet = arena_new_n(arena, SoapSelectionSpec, G_N_ELEMENTS(step->then));
        for (const char *const *then = step->then; *then; then++)
            spec->selectSet[spec->__sizeselectSet++].name = step_name(arena, *then, root);
    }
}

/* The objects themselves, and what the steps lead to from them. */
static int
fill_roots(const VimRoots *roots, Arena *arena, SoapObjectSpec *to)
{
    for (size_t i = 0; i < roots->n; i++) {
        SoapRef *reference = arena_new(arena, SoapRef);
        *reference = (SoapRef){(char *)roots->type, (char *)roots->ids[i]};
        to[i] = (SoapObjectSpec){.obj = reference};
        fill_steps(roots, roots->ids[i], arena, &to[i]);
    }
    return (int)roots->n;
}

static bool
create_view(Collection *collection, GError **error)
{
    VimSession *session = collection->session;
    SoapRef views = soap_ref(&session->views), root = soap_ref(&session->root);
    struct vim25__CreateContainerViewResponse response = {0};
    const char *const *types = collection->listing->view_types;
    int n = (int)g_strv_length((char **)types);
    vim_call_begin(session, false);
    int failure = soap_call_vim25__CreateContainerView(session->soap, session->endpoint,
        session->action, &views, &root, n, (char **)types, yes, &response);
    if (!failure && response.returnval && response.returnval->__item) {
        collection->view.type = g_strdup(response.returnval->type);
        collection->view.id = g_strdup(response.returnval->__item);
    } else if (!failure) {
        vim_transport_fail(&session->transport, INGEST_ERROR_PROTOCOL, NULL, "'%s' made no view",
            session->transport.host);
    }
    return vim_call_end(session, failure, "making a view of the inventory", error);
}

static void
destroy_view(Collection *collection)
{
    VimSession *session = collection->session;
    if (collection->view.id && session->is_logged_in) {
        SoapRef view = soap_ref(&collection->view);
        struct vim25__DestroyViewResponse response = {0};
        session->transport.is_closing = true;
        vim_call_begin(session, false);
        int failure = soap_call_vim25__DestroyView(
            session->soap, session->endpoint, session->action, &view, &response);
        vim_call_end(session, failure, "destroying a view", NULL);
        session->transport.is_closing = false;
    }
    g_clear_pointer(&collection->view.type, g_free);
    g_clear_pointer(&collection->view.id, g_free);
}

/* The server keeps the pages that were not fetched until told. */
static void
cancel_pages(Collection *collection)
{
    VimSession *session = collection->session;
    if (!collection->token || !session->is_logged_in)
        return;
    SoapRef collector = soap_ref(&session->collector);
    struct vim25__CancelRetrievePropertiesExResponse response = {0};
    session->transport.is_closing = true;
    vim_call_begin(session, false);
    int failure = soap_call_vim25__CancelRetrievePropertiesEx(session->soap, session->endpoint,
        session->action, &collector, collection->token, &response);
    vim_call_end(session, failure, "cancelling pages", NULL);
    session->transport.is_closing = false;
    g_clear_pointer(&collection->token, g_free);
}

static void
fill_property_spec(SoapPropertySpec *to, const VimSpec *spec)
{
    *to = (SoapPropertySpec){.type = (char *)spec->type};
    to->pathSet = g_new0(char *, spec->n_paths + 1);
    for (size_t i = 0; i < spec->n_paths; i++)
        if (!spec->is_dropped[i])
            to->pathSet[to->__sizepathSet++] = (char *)spec->paths[i];
}

/* Ends a streamed call: what the consumer or the limits complained of comes first. */
static bool
end_page(Collection *collection, int failure, const char *what, GError **error)
{
    VimSession *session = collection->session;
    VimReader *reader = &collection->reader;
    session->transport.reader = NULL;
    g_free(collection->token);
    collection->token = failure ? NULL : g_steal_pointer(&reader->token);
    if (!reader->error)
        return vim_call_end(session, failure, what, error);
    soap_force_closesock(session->soap);
    vim_call_end(session, SOAP_USER_ERROR, what, NULL);
    g_propagate_error(error, g_steal_pointer(&reader->error));
    return false;
}

static void
begin_page(Collection *collection)
{
    VimReader *reader = &collection->reader;
    g_clear_pointer(&reader->token, g_free);
    reader->n_objects = 0;
    vim_call_begin(collection->session, true);
    collection->session->transport.reader = reader;
}

static bool
retrieve_first(Collection *collection, GError **error)
{
    VimSession *session = collection->session;
    VimListing *listing = collection->listing;
    g_autofree SoapPropertySpec *properties = g_new0(SoapPropertySpec, listing->n_specs);
    for (size_t i = 0; i < listing->n_specs; i++)
        fill_property_spec(&properties[i], &listing->specs[i]);
    SoapRef view = soap_ref(&collection->view), fields = soap_ref(&session->fields),
            tasks = soap_ref(&session->tasks), root = soap_ref(&session->root);
    SoapSelectionSpec in_view = traversal("ContainerView", "view"),
                      recent = traversal("TaskManager", "recentTask");
    const VimRoots *roots = listing->roots;
    g_autofree SoapObjectSpec *objects = g_new0(SoapObjectSpec, (roots ? roots->n : 1) + 3);
    int n_objects = 1;
    if (roots)
        n_objects = fill_roots(roots, &collection->arena, objects);
    else
        objects[0] = (SoapObjectSpec){&view, &yes, 1, &in_view};
    if (listing->with_managers) {
        objects[n_objects++] = (SoapObjectSpec){.obj = &root};
        if (fields.__item)
            objects[n_objects++] = (SoapObjectSpec){.obj = &fields};
        if (tasks.__item && !roots)
            objects[n_objects++] = (SoapObjectSpec){&tasks, &yes, 1, &recent};
    }
    struct vim25__PropertyFilterSpec filter = {
        (int)listing->n_specs, properties, n_objects, objects, roots ? &yes : NULL};
    int page = (int)listing->page;
    struct vim25__RetrieveOptions options = {&page};
    struct vim25__RetrievePropertiesExResponse response = {0};
    SoapRef collector = soap_ref(&session->collector);
    begin_page(collection);
    int failure = soap_call_vim25__RetrievePropertiesEx(session->soap, session->endpoint,
        session->action, &collector, &filter, &options, &response);
    for (size_t i = 0; i < listing->n_specs; i++)
        g_free(properties[i].pathSet);
    return end_page(collection, failure, "reading properties", error);
}

static bool
retrieve_next(Collection *collection, GError **error)
{
    VimSession *session = collection->session;
    g_autofree char *token = g_strdup(collection->token);
    struct vim25__ContinueRetrievePropertiesExResponse response = {0};
    SoapRef collector = soap_ref(&session->collector);
    begin_page(collection);
    int failure = soap_call_vim25__ContinueRetrievePropertiesEx(
        session->soap, session->endpoint, session->action, &collector, token, &response);
    if (end_page(collection, failure, "reading the next page", error))
        return true;
    if (!session->fault)
        collection->token = g_steal_pointer(&token); /* the server still holds the rest */
    return false;
}

/* A server that hands out tokens for ever must not keep us for ever. */
static bool
check_progress(Collection *collection, GError **error)
{
    collection->n_empty = collection->reader.n_objects ? 0 : collection->n_empty + 1;
    uint64_t n_known = g_hash_table_size(collection->seen);
    if (collection->n_empty <= EMPTY_PAGES_MAX &&
        collection->n_run <= n_known + REPEATED_OBJECTS_MAX && n_known <= OBJECTS_MAX)
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_PROTOCOL,
        "the listing of '%s' does not end: %" G_GUINT64_FORMAT
        " objects, of which %" G_GUINT64_FORMAT " are different",
        collection->session->transport.host, collection->n_run, n_known);
    return false;
}

static bool
collect_once(Collection *collection, GError **error)
{
    VimSession *session = collection->session;
    collection->n_run = collection->n_empty = 0;
    bool is_ok = (collection->listing->roots || create_view(collection, error)) &&
                 retrieve_first(collection, error);
    while (is_ok && collection->token)
        is_ok = check_progress(collection, error) && retrieve_next(collection, error);
    g_free(collection->fault);
    g_free(collection->fault_name);
    collection->fault = is_ok ? NULL : g_strdup(session->fault);
    collection->fault_name = is_ok ? NULL : vim_fault_member(session, "name");
    collection->has_overflowed = !is_ok && session->transport.page_bytes > VIM_PAGE_BYTES_MAX &&
                                 collection->reader.n_objects > 0;
    if (g_strcmp0(collection->fault, "NotAuthenticated") == 0)
        session->is_logged_in = false; /* nothing is left to clean up */
    cancel_pages(collection);
    destroy_view(collection);
    return is_ok;
}

/* --- starting again --------------------------------------------------------------------------- */

static bool
drop_unknown_path(VimListing *listing, const char *path)
{
    bool has_dropped = false;
    for (size_t i = 0; path && *path && i < listing->n_specs; i++)
        has_dropped |= vim_spec_drop(&listing->specs[i], path);
    return has_dropped;
}

typedef struct Retries {
    unsigned restarts, drops, shrinks;
} Retries;

/* Does what makes another try worth while; false if there is nothing. */
static bool
prepare_retry(Collection *collection, Retries *retries)
{
    VimListing *listing = collection->listing;
    const char *fault = collection->fault ? collection->fault : "";
    if (strcmp(fault, "InvalidProperty") == 0)
        return retries->drops++ < VIM_DROPPED_PATHS_MAX &&
               drop_unknown_path(listing, collection->fault_name);
    if (strcmp(fault, "ManagedObjectNotFound") == 0)
        return retries->restarts++ < VIM_RESTARTS_MAX;
    if (strcmp(fault, "NotAuthenticated") == 0)
        return retries->restarts++ < VIM_RESTARTS_MAX &&
               vim_session_login(collection->session, NULL);
    if (collection->has_overflowed && listing->page > 1 && retries->shrinks++ < 2) {
        listing->page = MAX(listing->page / 10, 1u);
        return true;
    }
    return false;
}

bool
vim_collect(VimSession *session, VimListing *listing, GError **error)
{
    if (session->collect)
        return session->collect(session, listing, error);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    Collection collection = {.session = session, .listing = listing, .seen = seen};
    arena_init(&collection.arena);
    collection.reader = (VimReader){.object = take_object, .data = &collection};
    Retries retries = {0};
    g_autoptr(GError) failure = NULL;
    while (!collect_once(&collection, &failure) && prepare_retry(&collection, &retries))
        g_clear_error(&failure);
    arena_release(&collection.arena);
    g_free(collection.token);
    g_free(collection.reader.token);
    g_free(collection.fault);
    g_free(collection.fault_name);
    if (!failure)
        return true;
    g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}

/* --- ports ------------------------------------------------------------------------------------ */

bool
vim_collect_ports(VimSession *session, const VimPorts *ports, VimReader *reader, GError **error)
{
    SoapRef reference = {(char *)ports->switch_type, (char *)ports->switch_id};
    struct vim25__DistributedVirtualSwitchPortCriteria criteria = {
        &yes, (int)ports->n_keys, (char **)ports->keys};
    struct vim25__FetchDVPortsResponse response = {0};
    vim_call_begin(session, true);
    session->transport.reader = reader;
    int failure = soap_call_vim25__FetchDVPorts(
        session->soap, session->endpoint, session->action, &reference, &criteria, &response);
    session->transport.reader = NULL;
    return vim_call_end(session, failure, "reading distributed ports", error);
}
