/* SPDX-License-Identifier: Apache-2.0
 *
 * Does CloudStack see the instance, and if not, why? Its list says nothing of what it leaves out,
 * so each reason is looked for where it can be read: at the source, in the list of hosts, among the
 * managed VMs. What no API shows is found by exclusion and called probable.
 */
#include <string.h>

#include "mapper_priv.h"

/* The instances of one host of a source. */
typedef struct HostCount {
    size_t n_listed;  /* that CloudStack lists */
    size_t n_missing; /* that it does not list for no reason of their own */
    const char
        *cloudstack; /* the host's name in CloudStack's list, NULL: nothing is listed there */
} HostCount;

/* --- names that are not an instance's --------------------------------------------------------- */

static const char *
skip_number(const char *text)
{
    if (!text || !g_ascii_isdigit(*text))
        return NULL;
    while (g_ascii_isdigit(*text))
        text++;
    return text;
}

/* "r-4-VM", "s-1-VM", "v-2-VM"; of a guest "i-2-10-VM". The last part is a setting of the server.
 */
static bool
is_cloudstack_name(const Planner *planner, const char *name, const char *letters)
{
    const Setting *setting = table_find(&planner->settings, "instance.name");
    const char *last = setting && setting->value.value ? setting->value.value : "VM";
    if (!name || !name[0] || !strchr(letters, name[0]) || name[1] != '-')
        return false;
    const char *rest = skip_number(name + 2);
    if (rest && name[0] == 'i')
        rest = *rest == '-' ? skip_number(rest + 1) : NULL;
    return rest && *rest == '-' && !strcmp(rest + 1, last);
}

/* What it is a part of; NULL: it is an instance like any other. */
static const char *
system_of(const Planner *planner, const InstanceView *view)
{
    const char *name = view->name.value, *by = view->managed_by.value;
    if (name && (g_str_has_prefix(name, "vCLS-") || g_str_has_prefix(name, "vCLS (")))
        return "vSphere's cluster services run in it";
    if (by && !strcmp(by, "com.vmware.vim.eam"))
        return "vSphere's agent manager (com.vmware.vim.eam) runs it";
    return is_cloudstack_name(planner, name, "rsv")
               ? "its name is that of a router, secondary storage or console proxy VM of CloudStack"
               : NULL;
}

/* --- reasons that the source tells ------------------------------------------------------------ */

/* Reasons that hold in some releases only. */
static const struct {
    const char *reason, *suffix;
    size_t member;
} hidden_in[] = {
    {HIDDEN_NO_CPUTUNE, NULL, offsetof(Release, misses_no_cputune)},
    {NULL, HIDDEN_NO_CACHE, offsetof(Release, misses_no_cache)},
    {HIDDEN_ITCO_WATCHDOG, NULL, offsetof(Release, misses_itco)},
};

static Answer
hides(const Planner *planner, const char *reason)
{
    for (size_t i = 0; i < G_N_ELEMENTS(hidden_in); i++)
        if (hidden_in[i].reason ? !strcmp(reason, hidden_in[i].reason)
                                : g_str_has_suffix(reason, hidden_in[i].suffix))
            return releases_ask(&planner->releases, hidden_in[i].member);
    return ANSWER_YES;
}

static bool
is_hidden(const Planner *planner, const InstanceView *view)
{
    for (size_t i = 0; i < view->hidden_because.n; i++)
        if (hides(planner, view->hidden_because.items[i]) != ANSWER_NO)
            return true;
    return false;
}

/* --- index ------------------------------------------------------------------------------------ */

static HostCount *
find_count(Planner *planner, const InstanceView *view)
{
    if (!view->host.value)
        return NULL;
    return table_find_pair(
        &planner->source_hosts, hashed(view->source.value), hashed(view->host.value));
}

static HostCount *
add_count(Planner *planner, const InstanceView *view)
{
    if (!view->host.value)
        return NULL;
    void **at =
        table_at_pair(&planner->source_hosts, hashed(view->source.value), hashed(view->host.value));
    return *at = *at ? *at : arena_new(&planner->scratch, HostCount);
}

static bool
has_own_reason(const Planner *planner, const InstanceView *view)
{
    const char *name = view->name.value;
    return !name || is_true(view->is_template) || is_hidden(planner, view) ||
           system_of(planner, view) || table_find(&planner->managed_names, name);
}

static void
index_twin(Planner *planner, const Instance *instance)
{
    NameUse *use =
        is_true(instance->source->is_template) ? NULL : name_use_find(planner, instance->source);
    if (use && use->n > 1 && !use->shown)
        use->shown = instance;
}

/* The hosts as CloudStack's source met them. */
static void
index_listing_hosts(Planner *planner)
{
    const Inventory *inventory = planner->inventory;
    for (size_t i = 0; i < inventory->n_hosts; i++) {
        const SourceHost *host = inventory->hosts[i];
        const SourceInfo *source = inventory_find_source(inventory, host->source.value);
        if (source && source->kind == SOURCE_KIND_CLOUDSTACK && host->id.value)
            *table_at(&planner->listing_hosts, host->id.value) = (void *)host;
    }
}

static void
index_absences(Planner *planner)
{
    const Inventory *inventory = planner->inventory;
    planner->has_absences = true;
    index_listing_hosts(planner);
    for (size_t i = 0; planner->has_cloudstack_view && i < inventory->n_instances; i++) {
        const Instance *instance = &inventory->instances[i];
        HostCount *count = instance->source ? add_count(planner, instance->source) : NULL;
        if (instance->source && instance->cloudstack)
            index_twin(planner, instance);
        if (count && instance->cloudstack) {
            count->n_listed++;
            count->cloudstack = instance->cloudstack->host_name.value;
        } else if (count && !has_own_reason(planner, instance->source)) {
            count->n_missing++;
        }
    }
}

/* --- a name that nobody has ------------------------------------------------------------------- */

static bool
is_name_free(Planner *planner, const char *name)
{
    return !name_uses_find(planner, name) && !table_find(&planner->managed_names, name) &&
           !table_find(&planner->managed_files, name);
}

/* Without a '-': the part before one is filtered as well. vCenter takes 80 characters. */
static char *
safe_name(Planner *planner, const char *name)
{
    enum { KEPT_MAX = 60 };
    g_autofree char *kept = g_utf8_substring(name, 0, MIN(g_utf8_strlen(name, -1), KEPT_MAX));
    g_strdelimit(kept, "-/\\% ", '_');
    for (unsigned n = 1;; n++) {
        char *safe =
            n == 1 ? g_strdup_printf("%s_import", kept) : g_strdup_printf("%s_import%u", kept, n);
        if (is_name_free(planner, safe))
            return safe;
        g_free(safe);
    }
}

const char *
rename_text(const Task *task)
{
    Planner *planner = task->planner;
    const InstanceView *view = task->view;
    if (!view->name.value)
        return "rename it";
    g_autofree char *safe = safe_name(planner, view->name.value);
    g_autofree char *full =
        g_strdup_printf("%s/%s", view->path.value ? view->path.value : "", view->name.value);
    bool is_kvm = task->hypervisor == HYPERVISOR_KVM && !task->target;
    g_autofree char *from = g_shell_quote(is_kvm || !view->path.value ? view->name.value : full);
    g_autofree char *to = g_shell_quote(safe);
    return arena_printf(
        planner->arena, is_kvm ? "virsh domrename %s %s" : "govc object.rename %s %s", from, to);
}

/* --- hosts ------------------------------------------------------------------------------------ */

static const char *
bad_host_state(const Host *host)
{
    if (host->state.value && strcmp(host->state.value, "Up") != 0)
        return host->state.value;
    if (host->resourcestate.value && strstr(host->resourcestate.value, "Maintenance"))
        return host->resourcestate.value;
    return NULL;
}

/* As CloudStack had it while it listed: a host may have come back since. */
static const char *
state_while_listing(const Planner *planner, const Host *host)
{
    const SourceHost *seen =
        host->id.value ? table_find(&planner->listing_hosts, host->id.value) : NULL;
    if (seen && is_true(seen->in_maintenance))
        return "in maintenance while the list was read";
    return seen && seen->connection == CONNECTION_DISCONNECTED ? "not Up while the list was read"
                                                               : NULL;
}

/* The host of CloudStack that the instance is on; NULL: none has its name or address. */
static const Host *
find_host(const Task *task, const HostCount *count)
{
    const Planner *planner = task->planner;
    const char *names[] = {source_host_name(task), count ? count->cloudstack : NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const Host *host = names[i] ? table_find(&planner->hosts, names[i]) : NULL;
        if (host)
            return host;
    }
    return NULL;
}

static const char *
hosts_of_cluster(const Planner *planner, const Cluster *cluster)
{
    enum { NAMED_MAX = 20 };
    const Catalog *catalog = planner->catalog;
    g_autoptr(GString) names = g_string_new(NULL);
    size_t n = 0;
    for (size_t i = 0; i < catalog->hosts.n; i++) {
        const Host *host = &catalog->hosts.items[i];
        if (g_strcmp0(host->clusterid.value, cluster->id.value) != 0 || n++ >= NAMED_MAX)
            continue;
        g_string_append_printf(names, "%s%s", names->len ? ", " : "", text_or_word(host->name));
    }
    if (n > NAMED_MAX)
        g_string_append_printf(names, " and %zu more", n - NAMED_MAX);
    return n ? arena_intern(planner->arena, names->str) : "none";
}

/* --- the reason that the source tells --------------------------------------------------------- */

/* Those reasons that hold for the server, or for some of the releases that it may be. */
static const char *
hidden_text(const Task *task, Answer wanted)
{
    const Planner *planner = task->planner;
    const Texts *reasons = &task->view->hidden_because;
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < reasons->n; i++) {
        if (hides(planner, reasons->items[i]) == wanted)
            g_string_append_printf(text, "%s%s", text->len ? "; " : "", reasons->items[i]);
    }
    return text->len ? arena_intern(planner->arena, text->str) : NULL;
}

/* vCenter cannot tell what is in it, so CloudStack's reader cannot either. */
static const char *
unreadable_text(const Task *task)
{
    ConnectionState state = task->view->connection;
    if (state != CONNECTION_INACCESSIBLE && state != CONNECTION_ORPHANED &&
        state != CONNECTION_INVALID)
        return NULL;
    return arena_printf(task->planner->arena, "the source calls it %s", connection_words[state]);
}

/* --- the one reason --------------------------------------------------------------------------- */

static bool
find_host_reason(Task *task, const HostCount *count)
{
    const Planner *planner = task->planner;
    const Host *host = find_host(task, count);
    const char *cluster = text_or_word(task->cluster->id), *name = source_host_name(task);
    const char *state = host ? bad_host_state(host) : NULL;
    if (!state && host && (!count || !count->n_listed))
        state = state_while_listing(planner, host);
    if (state)
        FIND(task, NOT_VISIBLE_HOST, NULL, ARG(cluster), ARG(text_or_word(host->name)), ARG(state),
            ARG(text_or_word(host->id)));
    else if (!host && name && is_read(&planner->catalog->hosts) && (!count || !count->n_listed))
        FIND(task, HOST_NOT_ADDED, NULL, ARG(cluster), ARG(name),
            ARG(text_or_word(task->cluster->name)), ARG(hosts_of_cluster(planner, task->cluster)));
    else
        return false;
    return true;
}

static const char *
place_text(const Planner *planner, const InstanceView *view)
{
    return arena_printf(planner->arena, "%s/%s (%s)", view->path.value ? view->path.value : "",
        text_or_word(view->name), text_or_word(view->id));
}

/* Its name is shown, so nothing hides it: another instance is taken for it. */
static bool
find_twin(Task *task)
{
    Planner *planner = task->planner;
    const InstanceView *view = task->view;
    const NameUse *use = name_use_find(planner, view);
    if (!use || !use->shown)
        return false;
    const InstanceView *shown = use->shown->source;
    bool is_one_host = !g_strcmp0(shown->host.value, view->host.value);
    add_finding(task, is_one_host ? FINDING_TWIN_SHOWN : FINDING_TWIN_ELSEWHERE, NULL,
        (FindingArg[FINDING_ARGS_MAX]){ARG(place_text(planner, shown)),
            ARG(text_or_word(shown->host_name)), ARG(place_text(planner, view)),
            ARG(text_or_word(view->host_name)), ARG(rename_text(task))});
    return true;
}

/* Nothing of its own and nothing of its host explains it: what is left. */
static void
find_by_exclusion(Task *task, const HostCount *count)
{
    const Planner *planner = task->planner;
    const char *cluster = text_or_word(task->cluster->id),
               *name = text_or_word(task->cluster->name), *host = source_host_name(task);
    host = host ? host : "unknown";
    if (is_cloudstack_name(planner, task->view->name.value, "i"))
        FIND(task, OWN_NAME, NULL, ARG(cluster), ARG(name), ARG(rename_text(task)));
    else if (count && !count->n_listed && count->n_missing > 1)
        FIND(task, HOST_SILENT, NULL, ARG(cluster), ARG(name), ARG(host),
            ARG_N((int64_t)count->n_missing));
    else if (count && count->n_listed && task->hypervisor == HYPERVISOR_VMWARE)
        FIND(task, NAME_HIDDEN, NULL, ARG(cluster), ARG(name), ARG(host),
            ARG_N((int64_t)count->n_listed), ARG(rename_text(task)));
    else
        FIND(task, NOT_VISIBLE, NULL, ARG(cluster), ARG(name), ARG(rename_text(task)), ARG(host));
}

static bool
find_hidden(Task *task)
{
    const char *certain = hidden_text(task, ANSWER_YES);
    const char *perhaps = certain ? NULL : hidden_text(task, ANSWER_UNKNOWN);
    const char *text = certain ? certain : perhaps ? perhaps : unreadable_text(task);
    const char *id = text_or_word(task->cluster->id), *name = text_or_word(task->cluster->name);
    if (text && text == perhaps)
        FIND(task, NOT_VISIBLE_RELEASE, NULL, ARG(id), ARG(name), ARG(text),
            ARG(releases_text(task->planner->arena, &task->planner->releases)));
    else if (text)
        FIND(task, NOT_VISIBLE_REASON, NULL, ARG(id), ARG(name), ARG(text));
    return text != NULL;
}

/* CloudStack's view of its cluster was read, and it is not in it. */
static void
find_not_visible(Task *task)
{
    if (!task->planner->has_absences)
        index_absences(task->planner);
    const HostCount *count = find_count(task->planner, task->view);
    bool has_reason = find_hidden(task);
    has_reason |= find_host_reason(task, count);
    if (!has_reason && !find_twin(task))
        find_by_exclusion(task, count);
}

/* --- the other direction ---------------------------------------------------------------------- */

static void
check_unseen_by_source(Task *task)
{
    Planner *planner = task->planner;
    const InstanceView *cloudstack = task->instance->cloudstack;
    const char *names[] = {cloudstack->cluster_name.value, cloudstack->host_name.value,
        task->cluster ? task->cluster->name.value : NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *slash = names[i] ? strrchr(names[i], '/') : NULL;
        const char *name = slash ? slash + 1 : names[i];
        const char *source = name ? table_find(&planner->seen_clusters, name) : NULL;
        if (!source)
            continue;
        FIND(task, UNSEEN_BY_SOURCE, NULL, ARG(source), ARG(name));
        return;
    }
}

/* Does CloudStack list an instance of that name in the cluster? */
static bool
is_listed(Planner *planner, const char *cluster, const char *name)
{
    const Inventory *inventory = planner->inventory;
    size_t n = planner->listed_names.n ? 0 : inventory->n_instances;
    for (size_t i = 0; i < n; i++) {
        const InstanceView *listed = inventory->instances[i].cloudstack;
        if (listed)
            table_add_pair(&planner->listed_names, hashed(listed->cluster.value),
                hashed(listed->name.value), listed);
    }
    return table_find_pair(&planner->listed_names, hashed(cluster), hashed(name));
}

/* A call names cluster and name, nothing else: with others it finds nothing, or another VM. */
static bool
is_named_as_listed(Task *task, const InstanceView *cloudstack)
{
    Planner *planner = task->planner;
    const Choice *choice = &task->item->choice;
    const char *cluster = choice->clusterid.value, *name = choice->name.value;
    if (!cluster || !task->cluster || !name || !*name ||
        (!g_strcmp0(cluster, cloudstack->cluster.value) &&
            !g_strcmp0(name, cloudstack->name.value)))
        return true;
    task->is_other = is_listed(planner, cluster, name);
    if (task->is_other)
        FIND(task, NAME_OF_OTHER, NULL, ARG(name), ARG(text_or_word(task->cluster->name)));
    else if (table_find(&planner->read_clusters, cluster))
        FIND(task, NAME_NOT_LISTED, NULL, ARG(cluster), ARG(name),
            ARG(text_or_word(task->cluster->name)));
    else
        FIND(
            task, VIEW_UNREAD, NULL, ARG("The CloudStack source did not read the chosen cluster."));
    return false;
}

static void
check_listed(Task *task, const InstanceView *cloudstack)
{
    const Planner *planner = task->planner;
    const char *name = cloudstack->host_name.value;
    if (!is_named_as_listed(task, cloudstack))
        return;
    const Host *host = name ? table_find(&planner->hosts, name) : NULL;
    const char *state = host ? bad_host_state(host) : NULL;
    if (state)
        FIND(task, HOST_NOT_UP, NULL,
            ARG(task->cluster ? text_or_word(task->cluster->id) : "unknown"), ARG(name),
            ARG(state));
    if (!task->instance->source)
        check_unseen_by_source(task);
}

void
check_visible(Task *task)
{
    Planner *planner = task->planner;
    const InstanceView *cloudstack = task->instance->cloudstack;
    const char *clusterid = task->cluster ? task->cluster->id.value : NULL;
    const char *system = system_of(planner, task->view);
    if (is_true(task->view->is_template)) {
        FIND(task, IS_TEMPLATE, NULL, ARG(clusterid ? clusterid : "none"));
        return;
    }
    if (system)
        FIND(task, SYSTEM_VM, NULL, ARG(clusterid ? clusterid : "none"), ARG(system))
            ->is_unforetold = cloudstack != NULL;
    if (cloudstack)
        check_listed(task, cloudstack);
    bool is_listable = task->hypervisor != HYPERVISOR_KVM ||
                       RELEASES_ASK(&planner->releases, imports_kvm) != ANSWER_NO;
    if (cloudstack || !clusterid || task->managed || system || !is_listable)
        return; /* another finding says it */
    if (table_find(&planner->read_clusters, clusterid))
        find_not_visible(task);
    else
        FIND(task, VIEW_UNREAD, NULL,
            ARG(!planner->has_cloudstack_view ? "The inventory has no CloudStack source."
                : planner->is_cloudstack_view_complete
                    ? "The CloudStack source did not read this cluster."
                    : "The CloudStack source broke off before this cluster was read."));
}
