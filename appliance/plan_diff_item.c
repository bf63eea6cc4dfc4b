/* SPDX-License-Identifier: Apache-2.0
 *
 * Two items of one VM, and two heads of plans: what differs, as rows.
 */
#include "plan_diff.h"

#include <string.h>

#include "arena.h"
#include "choices.h"
#include "report.h"

const char *const change_words[CHANGE_N] = {
    [CHANGE_READY] = "became-ready",
    [CHANGE_READY_AFTER_ACTION] = "became-ready-after-action",
    [CHANGE_BLOCKED] = "became-blocked",
    [CHANGE_UNKNOWN] = "became-unknown",
    [CHANGE_FINDING_CAME] = "finding-came",
    [CHANGE_FINDING_WENT] = "finding-went",
    [CHANGE_VM_NEW] = "vm-new",
    [CHANGE_VM_GONE] = "vm-gone",
    [CHANGE_RENAMED] = "renamed",
    [CHANGE_MOVED] = "moved",
    [CHANGE_RESIZED] = "resized",
    [CHANGE_POWER] = "power",
    [CHANGE_IDENTITY] = "identity",
    [CHANGE_NIC_NEW] = "nic-new",
    [CHANGE_NIC_GONE] = "nic-gone",
    [CHANGE_NIC] = "nic",
    [CHANGE_DISK_NEW] = "disk-new",
    [CHANGE_DISK_GONE] = "disk-gone",
    [CHANGE_DISK] = "disk",
    [CHANGE_CHOICE] = "choice",
    [CHANGE_FACTS] = "facts",
    [CHANGE_TARGET] = "target",
    [CHANGE_NETWORK_NEW] = "network-new",
    [CHANGE_NETWORK_GONE] = "network-gone",
    [CHANGE_MATCH] = "match",
    [CHANGE_USE] = "use",
};

/* Where rows of one VM, or of the target, go. */
typedef struct Differ {
    const DiffSink *sink;
    const PlanInstance *instance; /* NULL: the target */
    Arena arena;                  /* texts of the rows */
    size_t n;                     /* rows so far */
} Differ;

static void
add_row(Differ *differ, Change change, const char *about, const char *old, const char *new)
{
    const PlanInstance *instance = differ->instance;
    const DiffRow row = {.change = change,
        .source = instance ? instance->source.value : NULL,
        .id = instance ? instance->id.value : NULL,
        .name = instance ? instance->name.value : NULL,
        .about = about,
        .old_value = old,
        .new_value = new};
    differ->sink->row(differ->sink->data, &row);
    differ->n++;
}

/* What was not known and is not known now is no change. */
static const char *
text_word(Text fact)
{
    return fact.state == FACT_KNOWN ? fact.value : fact.state == FACT_ABSENT ? "none" : "unknown";
}

static void
diff_text(Differ *differ, Change change, const char *about, Text old, Text new)
{
    if (old.state != new.state || g_strcmp0(old.value, new.value) != 0)
        add_row(differ, change, about, text_word(old), text_word(new));
}

static const char *
size_word(Differ *differ, Int fact, int64_t unit, const char *suffix)
{
    if (fact.state != FACT_KNOWN)
        return fact.state == FACT_ABSENT ? "none" : "unknown";
    if (unit > 1 && fact.value % unit == 0)
        return arena_printf(&differ->arena, "%" G_GINT64_FORMAT " %s", fact.value / unit, suffix);
    return arena_printf(
        &differ->arena, "%" G_GINT64_FORMAT "%s", fact.value, unit > 1 ? " bytes" : "");
}

static void
diff_int(Differ *differ, Change change, const char *about, Int old, Int new, int64_t unit,
    const char *suffix)
{
    if (old.state != new.state || old.value != new.value)
        add_row(differ, change, about, size_word(differ, old, unit, suffix),
            size_word(differ, new, unit, suffix));
}

/* --- NICs and disks --------------------------------------------------------------------------- */

static const char *
texts_word(Differ *differ, const Texts *texts)
{
    if (texts->state != FACT_KNOWN)
        return texts->state == FACT_ABSENT ? "none" : "unknown";
    g_autoptr(GString) joined = g_string_new(NULL);
    for (size_t i = 0; i < texts->n; i++)
        g_string_append_printf(joined, "%s%s", i ? ", " : "", texts->items[i]);
    return texts->n ? arena_strdup(&differ->arena, joined->str) : "none";
}

static void
diff_words(
    Differ *differ, Change change, const char *about, const char *old_word, const char *new_word)
{
    if (strcmp(old_word, new_word) != 0)
        add_row(differ, change, about, old_word, new_word);
}

#define ABOUT(list, id_, member)                                                                   \
    arena_printf(&differ->arena, list "[%s]" member, (id_).value ? (id_).value : "")

static void
diff_nic(Differ *differ, const PlanNic *old, const PlanNic *new)
{
    diff_text(differ, CHANGE_NIC, ABOUT("nics", new->id, ".mac"), old->mac, new->mac);
    diff_text(differ, CHANGE_NIC, ABOUT("nics", new->id, ".adapter"), old->adapter, new->adapter);
    diff_text(differ, CHANGE_NIC, ABOUT("nics", new->id, ".network"), old->network, new->network);
    diff_words(differ, CHANGE_NIC, ABOUT("nics", new->id, ".vlan"),
        report_vlan_text(&old->vlan, &differ->arena), report_vlan_text(&new->vlan, &differ->arena));
    diff_words(differ, CHANGE_NIC, ABOUT("nics", new->id, ".ips"), texts_word(differ, &old->ips),
        texts_word(differ, &new->ips));
}

static const char *
nic_word(Differ *differ, const PlanNic *nic)
{
    return arena_printf(&differ->arena, "%s, %s, VLAN %s", text_word(nic->mac),
        text_word(nic->network), report_vlan_text(&nic->vlan, &differ->arena));
}

static void
diff_disk(Differ *differ, const PlanDisk *old, const PlanDisk *new)
{
    diff_int(differ, CHANGE_DISK, ABOUT("disks", new->id, ".capacity"), old->capacity_bytes,
        new->capacity_bytes, 1 << 30, "GiB");
    diff_text(
        differ, CHANGE_DISK, ABOUT("disks", new->id, ".datastore"), old->datastore, new->datastore);
    diff_text(differ, CHANGE_DISK, ABOUT("disks", new->id, ".path"), old->path, new->path);
}

static const char *
disk_word(Differ *differ, const PlanDisk *disk)
{
    return arena_printf(&differ->arena, "%s, %s, %s", text_word(disk->label),
        size_word(differ, disk->capacity_bytes, 1 << 30, "GiB"), text_word(disk->path));
}

/* Entries of two lists joined by id; a list that is not known tells nothing of what came or went.
 */
#define DIFF_LIST(list, member, CAME, WENT, diff_one, word)                                        \
    static void diff_##list(Differ *differ, const PlanInstance *old, const PlanInstance *new)      \
    {                                                                                              \
        if (old->list.state != new->list.state) {                                                  \
            add_row(differ, member, #list, old->list.state == FACT_KNOWN ? "known" : "unknown",    \
                new->list.state == FACT_KNOWN ? "known" : "unknown");                              \
            return;                                                                                \
        }                                                                                          \
        for (size_t i = 0; i < new->list.n; i++) {                                                 \
            size_t k = 0;                                                                          \
            while (k < old->list.n &&                                                              \
                   g_strcmp0(old->list.items[k].id.value, new->list.items[i].id.value))            \
                k++;                                                                               \
            if (k < old->list.n)                                                                   \
                diff_one(differ, &old->list.items[k], &new->list.items[i]);                        \
            else                                                                                   \
                add_row(differ, CAME, ABOUT(#list, new->list.items[i].id, ""), NULL,               \
                    word(differ, &new->list.items[i]));                                            \
        }                                                                                          \
        for (size_t i = 0; i < old->list.n; i++) {                                                 \
            size_t k = 0;                                                                          \
            while (k < new->list.n &&                                                              \
                   g_strcmp0(new->list.items[k].id.value, old->list.items[i].id.value))            \
                k++;                                                                               \
            if (k == new->list.n)                                                                  \
                add_row(differ, WENT, ABOUT(#list, old->list.items[i].id, ""),                     \
                    word(differ, &old->list.items[i]), NULL);                                      \
        }                                                                                          \
    }

DIFF_LIST(nics, CHANGE_NIC, CHANGE_NIC_NEW, CHANGE_NIC_GONE, diff_nic, nic_word)
DIFF_LIST(disks, CHANGE_DISK, CHANGE_DISK_NEW, CHANGE_DISK_GONE, diff_disk, disk_word)

/* --- the estate ------------------------------------------------------------------------------- */

static void
diff_instances(Differ *differ, const PlanInstance *old, const PlanInstance *new)
{
    static const struct {
        Change change;
        const char *about;
        size_t offset;
    } texts[] = {
        {CHANGE_RENAMED, "name", offsetof(PlanInstance, name)},
        {CHANGE_MOVED, "path", offsetof(PlanInstance, path)},
        {CHANGE_MOVED, "datacenter", offsetof(PlanInstance, datacenter)},
        {CHANGE_MOVED, "cluster", offsetof(PlanInstance, cluster)},
        {CHANGE_MOVED, "host", offsetof(PlanInstance, host)},
        {CHANGE_IDENTITY, "source", offsetof(PlanInstance, source)},
        {CHANGE_IDENTITY, "id", offsetof(PlanInstance, id)},
        {CHANGE_IDENTITY, "instance_uuid", offsetof(PlanInstance, instance_uuid)},
        {CHANGE_IDENTITY, "guest_os", offsetof(PlanInstance, guest_os)},
        {CHANGE_IDENTITY, "cloudstack_id", offsetof(PlanInstance, cloudstack_id)},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        diff_text(differ, texts[i].change, texts[i].about,
            *(const Text *)((const char *)old + texts[i].offset),
            *(const Text *)((const char *)new + texts[i].offset));
    if (old->power != new->power)
        add_row(differ, CHANGE_POWER, "power", old->power ? power_words[old->power] : "unknown",
            new->power ? power_words[new->power] : "unknown");
    diff_int(differ, CHANGE_RESIZED, "cpus", old->cpus, new->cpus, 1, "");
    diff_int(
        differ, CHANGE_RESIZED, "memory", old->memory_bytes, new->memory_bytes, 1 << 20, "MiB");
    diff_nics(differ, old, new);
    diff_disks(differ, old, new);
}

/* --- findings and choices --------------------------------------------------------------------- */

static bool
has_finding(const FindingText *findings, size_t n, const FindingText *wanted)
{
    for (size_t i = 0; i < n; i++)
        if (!g_strcmp0(findings[i].id.value, wanted->id.value) &&
            !g_strcmp0(findings[i].subject.value, wanted->subject.value))
            return true;
    return false;
}

/* Those of @these that are not among @others; mere information aside. */
static void
diff_findings(Differ *differ, Change change, const FindingText *these, size_t n_these,
    const FindingText *others, size_t n_others)
{
    for (size_t i = 0; i < n_these; i++) {
        const FindingText *finding = &these[i];
        if (finding->severity == SEVERITY_INFO || has_finding(others, n_others, finding))
            continue;
        const char *about = finding->subject.value ? arena_printf(&differ->arena, "%s (%s)",
                                                         finding->id.value, finding->subject.value)
                                                   : finding->id.value;
        add_row(differ, change, about, change == CHANGE_FINDING_WENT ? finding->text.value : NULL,
            change == CHANGE_FINDING_CAME ? finding->text.value : NULL);
    }
}

static void
diff_verdicts(Differ *differ, const PlanItem *old, const PlanItem *new)
{
    static const Change changes[VERDICT_N] = {
        [VERDICT_READY] = CHANGE_READY,
        [VERDICT_READY_AFTER_ACTION] = CHANGE_READY_AFTER_ACTION,
        [VERDICT_BLOCKED] = CHANGE_BLOCKED,
        [VERDICT_UNKNOWN] = CHANGE_UNKNOWN,
    };
    if (old->verdict != new->verdict &&new->verdict != VERDICT_NONE)
        add_row(differ, changes[new->verdict], "verdict", plan_diff_verdict(old),
            plan_diff_verdict(new));
    const FindingText *before, *now;
    size_t n_before = report_findings(old, &differ->arena, &before),
           n_now = report_findings(new, &differ->arena, &now);
    diff_findings(differ, CHANGE_FINDING_WENT, before, n_before, now, n_now);
    diff_findings(differ, CHANGE_FINDING_CAME, now, n_now, before, n_before);
}

static void
diff_choices(Differ *differ, const Choice *old, const Choice *new)
{
    g_autoptr(GString) before = g_string_new(NULL);
    g_autoptr(GString) now = g_string_new(NULL);
    for (size_t i = 0; i < choice_columns_n; i++) {
        g_string_truncate(before, 0);
        g_string_truncate(now, 0);
        choice_columns[i].render(old, before);
        choice_columns[i].render(new, now);
        diff_words(differ, CHANGE_CHOICE, choice_columns[i].name, before->str, now->str);
    }
}

const char *
plan_diff_verdict(const PlanItem *item)
{
    return item->verdict == VERDICT_NONE ? "-" : verdict_words[item->verdict];
}

void
plan_diff_items(const DiffSink *sink, const PlanItem *old, const PlanItem *new)
{
    Differ differ = {.sink = sink, .instance = &new->instance};
    arena_init(&differ.arena);
    diff_verdicts(&differ, old, new);
    diff_choices(&differ, &old->choice, &new->choice);
    diff_instances(&differ, &old->instance, &new->instance);
    /* Something that the plan itself does not show, such as CloudStack's own view. */
    if (differ.n == 0 && old->loaded_facts.value && new->loaded_facts.value)
        diff_text(&differ, CHANGE_FACTS, "facts", old->loaded_facts, new->loaded_facts);
    arena_release(&differ.arena);
}

/* --- the target ------------------------------------------------------------------------------- */

static const char *
row_about(Differ *differ, const MatrixRow *row)
{
    return arena_printf(&differ->arena, "VLAN %s", report_vlan_text(&row->vlan, &differ->arena));
}

static const char *
network_word(Differ *differ, const MatrixNetwork *network)
{
    return arena_printf(&differ->arena, "%s (%s)",
        network->name.value ? network->name.value : "no name", text_word(network->id));
}

static void
diff_networks(Differ *differ, Change change, const MatrixRow *these, const MatrixRow *others)
{
    for (size_t i = 0; these && i < these->networks.n; i++) {
        const MatrixNetwork *network = &these->networks.items[i];
        size_t k = 0;
        while (others && k < others->networks.n &&
               g_strcmp0(others->networks.items[k].id.value, network->id.value))
            k++;
        if (others && k < others->networks.n)
            continue;
        const char *word = network_word(differ, network);
        add_row(differ, change, row_about(differ, these),
            change == CHANGE_NETWORK_GONE ? word : NULL,
            change == CHANGE_NETWORK_NEW ? word : NULL);
    }
}

static char *
row_key(const MatrixRow *row, Arena *arena)
{
    return g_strdup_printf(
        "%s\n%s", row->zone.value ? row->zone.value : "", report_vlan_text(&row->vlan, arena));
}

static GHashTable *
index_rows(Differ *differ, const Plan *plan)
{
    GHashTable *rows = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; i < plan->n_networks; i++)
        g_hash_table_insert(rows, row_key(&plan->networks[i], &differ->arena), &plan->networks[i]);
    return rows;
}

static const char *
match_word(const MatrixRow *row)
{
    return row && row->match ? network_match_words[row->match] : "not in use";
}

static void
diff_matrix(Differ *differ, const Plan *old, const Plan *new)
{
    g_autoptr(GHashTable) before = index_rows(differ, old);
    g_autoptr(GHashTable) now = index_rows(differ, new);
    for (size_t i = 0; i < new->n_networks; i++) {
        const MatrixRow *row = &new->networks[i];
        g_autofree char *key = row_key(row, &differ->arena);
        const MatrixRow *was = g_hash_table_lookup(before, key);
        diff_words(differ, CHANGE_MATCH, row_about(differ, row), match_word(was), match_word(row));
        if (was) {
            diff_networks(differ, CHANGE_NETWORK_GONE, was, row);
            diff_networks(differ, CHANGE_NETWORK_NEW, row, was);
        }
    }
    for (size_t i = 0; i < old->n_networks; i++) {
        const MatrixRow *row = &old->networks[i];
        g_autofree char *key = row_key(row, &differ->arena);
        if (!g_hash_table_contains(now, key))
            add_row(differ, CHANGE_MATCH, row_about(differ, row), match_word(row), "not in use");
    }
}

void
plan_diff_heads(const DiffSink *sink, const Plan *old, const Plan *new)
{
    Differ differ = {.sink = sink};
    arena_init(&differ.arena);
    diff_text(&differ, CHANGE_TARGET, "zone", old->info.zone, new->info.zone);
    diff_text(&differ, CHANGE_TARGET, "zoneid", old->info.zoneid, new->info.zoneid);
    diff_text(&differ, CHANGE_TARGET, "server_version", old->info.server_version,
        new->info.server_version);
    diff_matrix(&differ, old, new);
    arena_release(&differ.arena);
}
