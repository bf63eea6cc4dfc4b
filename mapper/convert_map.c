/* SPDX-License-Identifier: Apache-2.0
 *
 * Which VMs are converted, and what is proposed for the call beside what every import needs.
 */
#include <string.h>

#include "convert_priv.h"

/* --- looking things up ------------------------------------------------------------------------ */

const VmwareDc *
find_vmware_dc(const Planner *planner, const char *id)
{
    const Catalog *catalog = planner->catalog;
    for (size_t i = 0; id && i < catalog->vmware_dcs.n; i++)
        if (!g_strcmp0(catalog->vmware_dcs.items[i].id.value, id))
            return &catalog->vmware_dcs.items[i];
    return NULL;
}

const Host *
find_host_by_id(const Planner *planner, const char *id)
{
    const Catalog *catalog = planner->catalog;
    for (size_t i = 0; id && i < catalog->hosts.n; i++)
        if (!g_strcmp0(catalog->hosts.items[i].id.value, id))
            return &catalog->hosts.items[i];
    return NULL;
}

bool
is_host_up(const Host *host)
{
    return !g_strcmp0(host->state.value, "Up") && !g_strcmp0(host->resourcestate.value, "Enabled");
}

bool
is_of_kvm(const Planner *planner, const Host *host)
{
    const Cluster *cluster =
        host->clusterid.value ? table_find(&planner->clusters, host->clusterid.value) : NULL;
    const char *word = host->hypervisor.value ? host->hypervisor.value
                       : cluster              ? cluster->hypervisortype.value
                                              : NULL;
    return word && !g_ascii_strcasecmp(word, "KVM");
}

static bool
is_called(Text id, Text name, const char *wanted)
{
    return !g_strcmp0(id.value, wanted) || !g_strcmp0(name.value, wanted);
}

static bool
is_in_zone(const Planner *planner, Text zoneid)
{
    return !zoneid.value || !strcmp(zoneid.value, planner->zone->id.value);
}

/* A KVM cluster before another one of that name. */
static const Cluster *
find_cluster_called(const Planner *planner, const char *wanted)
{
    const Catalog *catalog = planner->catalog;
    const Cluster *found = NULL;
    for (size_t i = 0; i < catalog->clusters.n; i++) {
        const Cluster *cluster = &catalog->clusters.items[i];
        if (!is_called(cluster->id, cluster->name, wanted) || !is_in_zone(planner, cluster->zoneid))
            continue;
        if (!g_strcmp0(cluster->hypervisortype.value, "KVM"))
            return cluster;
        found = cluster;
    }
    return found;
}

bool
check_convert_cluster(const Planner *planner, GError **error)
{
    const Catalog *catalog = planner->catalog;
    const Cluster *cluster =
        planner->convert ? find_cluster_called(planner, planner->convert) : NULL;
    bool is_kvm = cluster && !g_strcmp0(cluster->hypervisortype.value, "KVM");
    if (!planner->convert || is_kvm || !is_read(&catalog->clusters))
        return true;
    g_autoptr(GString) names = g_string_new(NULL);
    for (size_t i = 0; i < catalog->clusters.n; i++)
        if (!g_strcmp0(catalog->clusters.items[i].hypervisortype.value, "KVM") &&
            is_in_zone(planner, catalog->clusters.items[i].zoneid))
            g_string_append_printf(names, "%s'%s'", names->len ? ", " : "",
                text_or_word(catalog->clusters.items[i].name));
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND,
        "convert: '%s' is no KVM cluster of zone '%s', which has %s", planner->convert,
        text_or_word(planner->zone->name), names->len ? names->str : "none");
    return false;
}

static Text
host_called(const Planner *planner, const char *wanted)
{
    const Catalog *catalog = planner->catalog;
    for (size_t i = 0; wanted && i < catalog->hosts.n; i++) {
        const Host *host = &catalog->hosts.items[i];
        if (is_called(host->id, host->name, wanted) || !g_strcmp0(host->ipaddress.value, wanted))
            return host->id;
    }
    return text_absent();
}

static Text
pool_called(const Planner *planner, const char *wanted)
{
    const Catalog *catalog = planner->catalog;
    for (size_t i = 0; wanted && i < catalog->pools.n; i++) {
        const StoragePool *pool = &catalog->pools.items[i];
        if (is_called(pool->id, pool->name, wanted) && is_in_zone(planner, pool->zoneid))
            return pool->id;
    }
    return text_absent();
}

/* "vc.example" of "https://vc.example:443/sdk"; NULL: its source has no URL. */
static const char *
source_address(const Task *task)
{
    const Planner *planner = task->planner;
    const SourceInfo *source = inventory_find_source(planner->inventory, task->view->source.value);
    const char *url = source ? source->url.value : NULL;
    const char *start = url ? strstr(url, "://") : NULL;
    start = start ? start + 3 : url;
    if (!start || !*start)
        return NULL;
    const char *end = *start == '[' ? strchr(start, ']') : NULL;
    start += end != NULL;
    size_t length = end ? (size_t)(end - start) : strcspn(start, ":/");
    return length ? arena_strndup(planner->arena, start, length) : NULL;
}

/* --- which ------------------------------------------------------------------------------------ */

static bool
is_of_vcenter(const Task *task)
{
    const InstanceView *view = task->instance->source;
    const SourceInfo *source =
        view ? inventory_find_source(task->planner->inventory, view->source.value) : NULL;
    return task->hypervisor == HYPERVISOR_VMWARE &&
           (!source || source->kind == SOURCE_KIND_VSPHERE);
}

void
start_convert(Task *task)
{
    const Choice *choice = &task->item->choice;
    task->target = convert_target_find(task->planner, choice->clusterid.value,
        choice->convert.convertinstancepoolid.value, is_true(choice->convert.forceconverttopool));
    task->hypervisor = HYPERVISOR_KVM;
    task->server = task->view; /* it is read through vCenter, as the source is */
    task->cluster = task->target->cluster;
    task->shape.is_converted = true;
    task->shape.is_off = true; /* what is converted, a clone or the VM itself, is off */
    task->shape.reservation_mhz = 0;
}

static void
keep_rule_options(Planner *planner, const RuleConvert *rule, ConvertChoice *convert)
{
    convert->convertinstancehostid = host_called(planner, rule->host);
    convert->importinstancehostid = host_called(planner, rule->import_host);
    convert->convertinstancepoolid = pool_called(planner, rule->pool);
    convert->forceconverttopool = bool_known(rule->is_direct);
    convert->forcemstoimportvmfiles = bool_known(rule->is_exported_by_server);
    convert->usevddk = bool_known(rule->uses_vddk);
    const struct {
        const char *wanted;
        Text *id;
    } named[] = {{rule->host, &convert->convertinstancehostid},
        {rule->import_host, &convert->importinstancehostid},
        {rule->pool, &convert->convertinstancepoolid}};
    for (size_t i = 0; i < G_N_ELEMENTS(named); i++) /* to be seen, and refused by the check */
        if (named[i].wanted && !named[i].id->value)
            *named[i].id = text_known(arena_intern(planner->arena, named[i].wanted));
}

void
propose_convert(Task *task)
{
    Planner *planner = task->planner;
    Choice *choice = &task->item->choice;
    const Rule *rule =
        policy_find_rule(planner->policy, planner->inventory, RULE_CONVERT, task->view, NULL);
    const char *wanted = rule ? rule->convert->cluster : planner->convert;
    if (!wanted || !is_of_vcenter(task) || is_true(task->view->is_template))
        return;
    static const RuleConvert nothing_said;
    const Cluster *cluster = find_cluster_called(planner, wanted);
    keep_rule_options(planner, rule ? rule->convert : &nothing_said, &choice->convert);
    choice->convert.importsource = text_known("vmware");
    choice->convert.zoneid = planner->zone->id;
    choice->clusterid = cluster ? cluster->id : text_known(arena_intern(planner->arena, wanted));
    start_convert(task);
    if (cluster)
        add_reason(task, "clusterid", text_or_word(cluster->name),
            rule ? "it is converted to KVM, by a convert rule"
                 : "it is converted to KVM (--convert)",
            (Texts){.state = FACT_KNOWN});
}

/* --- the call --------------------------------------------------------------------------------- */

/* The zone's link with the VM's own datacenter; its name alone may be that of another vCenter. */
static const VmwareDc *
linked_dc(const Task *task, const char *address)
{
    const Catalog *catalog = task->planner->catalog;
    for (size_t i = 0; address && i < catalog->vmware_dcs.n; i++) {
        const VmwareDc *dc = &catalog->vmware_dcs.items[i];
        if (dc->vcenter.value && !g_ascii_strcasecmp(dc->vcenter.value, address) &&
            !g_strcmp0(dc->name.value, task->view->datacenter.value))
            return dc;
    }
    return NULL;
}

static void
propose_vcenter(Task *task, ConvertChoice *convert)
{
    const char *address = source_address(task);
    const VmwareDc *dc = linked_dc(task, address);
    const InstanceView *view = task->view;
    convert->existingvcenterid = dc ? dc->id : text_absent();
    convert->vcenter = dc || !address ? text_absent() : text_known(address);
    convert->datacentername = dc ? text_absent() : view->datacenter;
    convert->credentials = dc ? text_absent() : view->source;
    convert->clustername = view->cluster_name;
    const char *host = source_host_name(task);
    convert->hostip = host ? text_known(host) : text_absent();
    add_reason(task, "convert.existingvcenterid", dc ? text_or_word(dc->name) : "none",
        dc ? "the zone is linked with its datacenter"
           : "no datacenter that the zone is linked with is its own: vCenter is named, and the "
             "user of its source",
        (Texts){.state = FACT_KNOWN});
}

/* The next one in turn of those that can: conversions are spread over them. */
static void
propose_host(Task *task, ConvertChoice *convert)
{
    ConvertTarget *target = task->target;
    if (convert->convertinstancehostid.value || !target->n_hosts)
        return;
    const Host *host = target->hosts[target->turn++ % target->n_hosts];
    convert->convertinstancehostid = host->id;
    add_reason(task, "convert.convertinstancehostid", text_or_word(host->name),
        is_true(host->instanceconversionsupported)
            ? "the next in turn of the KVM hosts that have virt-v2v"
            : "no KVM host is known to have virt-v2v; this one is Up",
        (Texts){.state = FACT_KNOWN});
}

/* Left open, the server takes any host of the cluster, be it down: after the conversion. */
static void
propose_import_host(Task *task, ConvertChoice *convert)
{
    const Planner *planner = task->planner;
    const Catalog *catalog = planner->catalog;
    const Host *host = find_host_by_id(planner, convert->convertinstancehostid.value);
    const char *cluster = task->cluster ? task->cluster->id.value : NULL;
    if (convert->importinstancehostid.value ||
        RELEASES_ASK(&planner->releases, has_import_host) != ANSWER_YES)
        return;
    if (host && (!is_host_up(host) || g_strcmp0(host->clusterid.value, cluster) != 0))
        host = NULL;
    for (size_t i = 0; !host && i < catalog->hosts.n; i++)
        if (!g_strcmp0(catalog->hosts.items[i].clusterid.value, cluster) &&
            is_host_up(&catalog->hosts.items[i]))
            host = &catalog->hosts.items[i];
    if (host)
        convert->importinstancehostid = host->id;
}

/* The guest OS of that name, where the release takes one; else the server records a dummy's. */
static void
propose_os(Task *task, ConvertChoice *convert)
{
    const Planner *planner = task->planner;
    const char *name = task->view->guest_os_name.value;
    const OsType *type = name ? table_find(&planner->os_types, name) : NULL;
    convert->osid =
        type && RELEASES_ASK(&planner->releases, has_vddk) == ANSWER_YES ? type->id : text_absent();
}

void
propose_convert_call(Task *task)
{
    const ReleaseSet *set = &task->planner->releases;
    ConvertChoice *convert = &task->item->choice.convert;
    propose_vcenter(task, convert);
    propose_host(task, convert);
    propose_import_host(task, convert);
    propose_os(task, convert);
    convert->extraparams = text_absent();
    /* What the release does not know is left out, unless it was asked for. */
    if (RELEASES_ASK(set, has_vddk) == ANSWER_NO && !is_true(convert->usevddk))
        convert->usevddk = (Bool){.state = FACT_ABSENT};
}
