/* SPDX-License-Identifier: Apache-2.0
 *
 * Every choice that may be made for a VM of a small estate, one after the other, and which of two
 * is better: by brute force, without a thought that the planner has, too.
 */
#ifndef EVERY_CHOICE_H
#define EVERY_CHOICE_H

#include "tests/estate_builder.h"

/* --- the rules that the choices must be within ------------------------------------------------ */

typedef struct OwnerOption {
    const char *rule; /* as it stands in a rule */
    const char *account, *domainid, *projectid;
} OwnerOption;

typedef struct OfferingRule {
    bool is_prefer, is_disk;
    const char *prefix; /* of the names that it is about */
} OfferingRule;

enum { RULES_MAX = 4 };

typedef struct Rules {
    OwnerOption owners[RULES_MAX]; /* the one that is wanted first comes first */
    size_t n_owners;
    OfferingRule offerings[RULES_MAX];
    size_t n_offerings;
    const char *network;  /* that NICs of VLAN 10 must have; NULL: any */
    const char *template; /* prefix of names; NULL: any */
} Rules;

static inline char *
rules_text(const Rules *rules)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < rules->n_owners; i++)
        g_string_append_printf(text, "%s%s", i ? " or " : "owner any -> ", rules->owners[i].rule);
    g_string_append_c(text, '\n');
    for (size_t i = 0; i < rules->n_offerings; i++)
        g_string_append_printf(text, "%s %s \"%s*\"\n",
            rules->offerings[i].is_prefer ? "prefer" : "forbid",
            rules->offerings[i].is_disk ? "disk-offering" : "offering", rules->offerings[i].prefix);
    if (rules->network)
        g_string_append_printf(text, "network vlan 10 -> network \"%s\"\n", rules->network);
    if (rules->template)
        g_string_append_printf(text, "template \"%s*\"\n", rules->template);
    return g_string_free(text, false);
}

/* Of the first rule about the name: more for an earlier one that prefers it, -1: forbidden. */
static inline int
score_by_rules(const Rules *rules, bool is_disk, const char *name)
{
    for (size_t i = 0; i < rules->n_offerings; i++)
        if (rules->offerings[i].is_disk == is_disk &&
            g_str_has_prefix(name, rules->offerings[i].prefix))
            return rules->offerings[i].is_prefer ? (int)(RULES_MAX - i) : -1;
    return 0;
}

/* --- dials ------------------------------------------------------------------------------------ */

enum { PLACES_MAX = 3, OPTIONS_MAX = 24, DIALS_MAX = 24 };

typedef struct Option {
    Text values[PLACES_MAX];
} Option;

/* Members of a choice that are set together, and all that they may be. */
typedef struct Dial {
    Text *places[PLACES_MAX];
    size_t n_places;
    Option options[OPTIONS_MAX];
    size_t n, at;
} Dial;

typedef struct Search {
    Dial dials[DIALS_MAX];
    size_t n;
    MigrateChoice slots[ESTATE_DEVICES_MAX], moves[ESTATE_DEVICES_MAX]; /* slots: one a disk */
    size_t n_slots;
} Search;

static inline Dial *
add_dial(Search *search, Text *first, Text *second, Text *third)
{
    g_assert_cmpuint(search->n, <, DIALS_MAX);
    Dial *dial = &search->dials[search->n++];
    *dial = (Dial){.places = {first, second, third}};
    dial->n_places = third ? 3 : second ? 2 : 1;
    return dial;
}

static inline void
add_option(Dial *dial, Text first, Text second, Text third)
{
    g_assert_cmpuint(dial->n, <, OPTIONS_MAX);
    dial->options[dial->n++] = (Option){{first, second, third}};
}

static inline void
set_dial(Dial *dial, size_t at)
{
    dial->at = at;
    for (size_t i = 0; i < dial->n_places; i++)
        *dial->places[i] = dial->options[at].values[i];
}

static inline void
gather_moves(Search *search, Choice *choice)
{
    choice->migrate.n = 0;
    choice->migrate.items = search->moves;
    for (size_t i = 0; i < search->n_slots; i++)
        if (search->slots[i].storageid.value)
            search->moves[choice->migrate.n++] = search->slots[i];
}

static inline bool
turn(Search *search)
{
    for (size_t i = 0; i < search->n; i++) {
        Dial *dial = &search->dials[i];
        set_dial(dial, (dial->at + 1) % dial->n);
        if (dial->at)
            return true;
    }
    return false;
}

static inline size_t
count_combinations(const Search *search)
{
    size_t n = 1;
    for (size_t i = 0; i < search->n; i++)
        n *= search->dials[i].n;
    return n;
}

/* --- all that may be chosen ------------------------------------------------------------------- */

#define EACH(type, row, list)                                                                      \
    for (type *row = (type *)(void *)(list)->data;                                                 \
         row < (type *)(void *)(list)->data + (list)->len; row++)

static inline void
dial_owner(Search *search, const Rules *rules, Choice *choice)
{
    Dial *dial = add_dial(search, &choice->account, &choice->domainid, &choice->projectid);
    for (size_t i = 0; i < rules->n_owners; i++) {
        const OwnerOption *owner = &rules->owners[i];
        add_option(dial, known(owner->account), known(owner->domainid), known(owner->projectid));
    }
    if (!rules->n_owners)
        add_option(dial, text_absent(), text_absent(), text_absent());
}

/* Networks of the NIC's VLAN, and the first of another one. */
static inline void
dial_nic(Search *search, const Estate *estate, const Nic *nic, NicChoice *choice)
{
    Dial *network = add_dial(search, &choice->networkid, NULL, NULL);
    g_autofree char *uri =
        nic->vlan.kind == VLAN_PVLAN  ? g_strdup_printf("pvlan://%d-i%d", (int)nic->vlan.id.value,
                                            (int)nic->vlan.secondary.value)
        : nic->vlan.kind == VLAN_NONE ? g_strdup("vlan://untagged")
                                      : g_strdup_printf("vlan://%d", (int)nic->vlan.id.value);
    bool has_other = false;
    EACH(const Network, row, estate->networks)
    if (!g_strcmp0(row->broadcasturi.value, uri))
        add_option(network, row->id, text_absent(), text_absent());
    else if (!has_other) {
        add_option(network, row->id, text_absent(), text_absent());
        has_other = true;
    }
    Dial *ip = add_dial(search, &choice->ip4, NULL, NULL);
    add_option(ip, text_absent(), text_absent(), text_absent());
    add_option(ip, text_known("auto"), text_absent(), text_absent());
    for (size_t i = 0; i < nic->ips.n; i++)
        add_option(ip, text_known(nic->ips.items[i]), text_absent(), text_absent());
}

/* Stays where it is, or is moved to any pool and given any offering. */
static inline void
dial_move(Search *search, const Estate *estate, Text disk)
{
    MigrateChoice *slot = &search->slots[search->n_slots++];
    slot->disk = disk;
    Dial *move = add_dial(search, &slot->storageid, &slot->diskofferingid, NULL);
    add_option(move, text_absent(), text_absent(), text_absent());
    EACH(const StoragePool, pool, estate->pools)
    EACH(const DiskOffering, offering, estate->disk_offerings)
    add_option(move, pool->id, offering->id, text_absent());
}

static inline void
dial_all(Search *search, const Estate *estate, const Rules *rules, PlanItem *item, bool has_moves)
{
    Choice *choice = &item->choice;
    const InstanceView *view = instance_view(item->facts_of);
    dial_owner(search, rules, choice);
    Dial *offering = add_dial(search, &choice->serviceofferingid, NULL, NULL);
    EACH(const ServiceOffering, row, estate->service_offerings)
    add_option(offering, row->id, text_absent(), text_absent());
    for (size_t i = 0; i < choice->disks.n; i++) {
        Dial *disk = add_dial(search, &choice->disks.items[i].diskofferingid, NULL, NULL);
        EACH(const DiskOffering, row, estate->disk_offerings)
        add_option(disk, row->id, text_absent(), text_absent());
        if (has_moves)
            dial_move(search, estate, choice->disks.items[i].disk);
    }
    for (size_t i = 0; i < choice->nics.n; i++)
        dial_nic(search, estate, &view->nics.items[i], &choice->nics.items[i]);
    if (estate->is_kvm) {
        Dial *template = add_dial(search, &choice->templateid, NULL, NULL);
        EACH(const Template, row, estate->templates)
        add_option(template, row->id, text_absent(), text_absent());
    }
    for (size_t i = 0; i < search->n; i++)
        if (search->dials[i].n)
            set_dial(&search->dials[i], 0);
}

/* --- what may be proposed --------------------------------------------------------------------- */

#define FIND_BY_ID(list, type, text)                                                               \
    ({                                                                                             \
        const type *found_ = NULL;                                                                 \
        EACH(const type, row_, list)                                                               \
        if (!g_strcmp0(row_->id.value, (text).value))                                              \
            found_ = row_;                                                                         \
        found_;                                                                                    \
    })

/* On the wire that it is on, and nothing that a rule forbids. */
static inline bool
is_within(const Estate *estate, const Rules *rules, const PlanItem *item)
{
    static const char *const beyond[] = {"network-changes-vlan", "vlan-trunk", "offering-forbidden",
        "disk-offering-forbidden", "move-offering-small", NULL};
    for (size_t i = 0; i < item->n_findings; i++)
        if (g_strv_contains(beyond, item->findings[i].kind->id))
            return false;
    const Choice *choice = &item->choice;
    for (size_t i = 0; rules->network && i < choice->nics.n; i++) {
        const Network *network =
            FIND_BY_ID(estate->networks, Network, choice->nics.items[i].networkid);
        const Vlan *vlan = &instance_view(item->facts_of)->nics.items[i].vlan;
        if (vlan->kind == VLAN_ID && vlan->id.value == 10 &&
            (!network || strcmp(network->name.value, rules->network) != 0))
            return false;
    }
    for (size_t i = 0; i < choice->migrate.n; i++) {
        const DiskOffering *offering = FIND_BY_ID(
            estate->disk_offerings, DiskOffering, choice->migrate.items[i].diskofferingid);
        if (score_by_rules(rules, true, offering->name.value) < 0)
            return false;
    }
    const Template *template = FIND_BY_ID(estate->templates, Template, choice->templateid);
    return !rules->template || !template || g_str_has_prefix(template->name.value, rules->template);
}

static inline bool
is_acceptable(const Estate *estate, const Rules *rules, const PlanItem *item)
{
    return item->verdict == VERDICT_READY && is_within(estate, rules, item);
}

/* --- which of two is better ------------------------------------------------------------------- */

enum { MERITS_MAX = 96 };

typedef struct MeritPlace {
    const char *what;
    int64_t number;
    const char *text;
} MeritPlace;

/* Compared place by place; less is better. */
typedef struct Merit {
    MeritPlace places[MERITS_MAX];
    size_t n;
} Merit;

static inline void
add_place(Merit *merit, const char *what, int64_t number, const char *text)
{
    g_assert(merit->n < MERITS_MAX);
    merit->places[merit->n++] = (MeritPlace){what, number, text};
}

static inline void
add_number(Merit *merit, const char *what, int64_t number)
{
    add_place(merit, what, number, NULL);
}

static inline void
add_text(Merit *merit, const char *what, const char *text)
{
    add_place(merit, what, 0, text);
}

/* NULL: they are as good as each other; else in what they differ first. */
static inline const char *
compare_merits(const Merit *a, const Merit *b, int *ret_order)
{
    for (size_t i = 0; i < MIN(a->n, b->n); i++) {
        int order = a->places[i].number != b->places[i].number
                        ? (a->places[i].number < b->places[i].number ? -1 : 1)
                        : g_strcmp0(a->places[i].text, b->places[i].text);
        if (!order)
            continue;
        *ret_order = order;
        return a->places[i].what;
    }
    return NULL;
}

static inline bool
has_finding_about(const PlanItem *item, const char *id, const char *subject)
{
    for (size_t i = 0; i < item->n_findings; i++)
        if (!strcmp(item->findings[i].kind->id, id) &&
            !g_strcmp0(item->findings[i].subject, subject))
            return true;
    return false;
}

static inline void
add_owner(Merit *merit, const Rules *rules, const Choice *choice)
{
    for (size_t i = 0; i < rules->n_owners; i++)
        if (!g_strcmp0(rules->owners[i].account, choice->account.value) &&
            !g_strcmp0(rules->owners[i].projectid, choice->projectid.value)) {
            add_number(merit, "owner", (int64_t)i);
            return;
        }
    add_number(merit, "owner", RULES_MAX);
}

/* No change at the next start, tags, surplus, name; a fixed one before one that leaves open. */
static inline void
add_offering(Merit *merit, const Estate *estate, const Rules *rules, const PlanItem *item)
{
    const ServiceOffering *offering =
        FIND_BY_ID(estate->service_offerings, ServiceOffering, item->choice.serviceofferingid);
    const char *root = item->choice.root.value;
    bool is_fixed = offering->cpunumber.state == FACT_KNOWN;
    int64_t cpus = is_fixed ? offering->cpunumber.value - item->instance.cpus.value : 0;
    int64_t memory =
        is_fixed ? offering->memory.value - (item->instance.memory_bytes.value >> 20) : 0;
    add_number(merit, "offering's rule", -score_by_rules(rules, false, offering->name.value));
    add_number(merit, "pool of the root disk is certain",
        has_finding_about(item, "datastore-ambiguous", root));
    add_number(merit, "offering changes at the next start",
        is_true(offering->limitcpuuse) + (cpus != 0) + (memory != 0) +
            3 * ((cpus < 0) + (memory < 0)));
    add_number(merit, "offering's tags", -(int64_t)offering->storagetags.n);
    add_number(
        merit, "offering's kind of storage", has_finding_about(item, "storage-type-differs", root));
    add_number(merit, "offering's surplus", ABS(cpus) * 1024 + ABS(memory));
    add_number(
        merit, "offering leaves open", is_fixed ? 0 : 1 + (offering->cpuspeed.state != FACT_KNOWN));
    add_text(merit, "offering's name", offering->name.value);
}

static inline int64_t
gib_of_disk(const PlanItem *item, Text id)
{
    for (size_t i = 0; i < item->instance.disks.n; i++)
        if (!strcmp(item->instance.disks.items[i].id.value, id.value))
            return item->instance.disks.items[i].capacity_bytes.value >> 30;
    g_assert_not_reached();
}

static inline const MigrateChoice *
move_of(const Choice *choice, Text disk)
{
    for (size_t i = 0; i < choice->migrate.n; i++)
        if (!strcmp(choice->migrate.items[i].disk.value, disk.value))
            return &choice->migrate.items[i];
    return NULL;
}

static inline void
add_disk(Merit *merit, const Estate *estate, const Rules *rules, const PlanItem *item,
    const DiskChoice *choice)
{
    const DiskOffering *offering =
        FIND_BY_ID(estate->disk_offerings, DiskOffering, choice->diskofferingid);
    const MigrateChoice *move = move_of(&item->choice, choice->disk);
    const DiskOffering *final =
        move ? FIND_BY_ID(estate->disk_offerings, DiskOffering, move->diskofferingid) : offering;
    const StoragePool *pool = move ? FIND_BY_ID(estate->pools, StoragePool, move->storageid) : NULL;
    int64_t gib = gib_of_disk(item, choice->disk);
    add_number(merit, "disk's rule", -score_by_rules(rules, true, final->name.value));
    add_number(merit, "disk is moved", move != NULL);
    add_number(merit, "tags after the move", move ? -(int64_t) final->tags.n : 0);
    add_number(merit, "surplus after the move",
        move && final->disksize.value ? final->disksize.value - gib : 0);
    add_text(merit, "name after the move", move ? final->name.value : NULL);
    add_number(merit, "further tags of the pool", pool ? (int64_t)pool->tags.n : 0);
    add_number(merit, "pool of the zone", pool && !pool->clusterid.value);
    add_number(merit, "rule until then", -score_by_rules(rules, true, offering->name.value));
    add_number(merit, "pool of the disk is certain",
        has_finding_about(item, "datastore-ambiguous", choice->disk.value));
    add_number(merit, "disk's tags", -(int64_t)offering->tags.n);
    add_number(merit, "disk's kind of storage",
        has_finding_about(item, "storage-type-differs", choice->disk.value));
    add_number(
        merit, "disk's surplus", offering->disksize.value ? offering->disksize.value - gib : 0);
    add_text(merit, "disk's name", offering->name.value);
}

static inline int
rank_of_type(const Network *network)
{
    return !strcmp(network->type.value, "L2") ? 0 : !strcmp(network->type.value, "Shared") ? 1 : 2;
}

/* All NICs together: fewest addresses that the guest does not have; then each by type and name. */
static inline void
add_nics(Merit *merit, const Estate *estate, const PlanItem *item)
{
    int64_t changes = 0;
    for (size_t i = 0; i < item->n_findings; i++)
        changes += !strcmp(item->findings[i].kind->id, "ip-new") ||
                   !strcmp(item->findings[i].kind->id, "ip-not-the-guests");
    add_number(merit, "new addresses", changes);
    for (size_t i = 0; i < item->choice.nics.n; i++) {
        const Network *network =
            FIND_BY_ID(estate->networks, Network, item->choice.nics.items[i].networkid);
        add_number(merit, "type of the network", rank_of_type(network));
        add_text(merit, "name of the network", network->name.value);
    }
}

static inline Merit
merit_of(const Estate *estate, const Rules *rules, const PlanItem *item)
{
    Merit merit = {0};
    add_owner(&merit, rules, &item->choice);
    add_offering(&merit, estate, rules, item);
    for (size_t i = 0; i < item->choice.disks.n; i++)
        add_disk(&merit, estate, rules, item, &item->choice.disks.items[i]);
    const Template *template = FIND_BY_ID(estate->templates, Template, item->choice.templateid);
    add_number(&merit, "template that is none", has_finding_about(item, "template-odd", NULL));
    add_number(&merit, "size of the template", template ? template->size.value : 0);
    add_text(&merit, "name of the template", template ? template->name.value : NULL);
    add_nics(&merit, estate, item);
    return merit;
}

/* --- telling ---------------------------------------------------------------------------------- */

static inline void
describe_choice(const char *title, const PlanItem *item)
{
    const Choice *choice = &item->choice;
    g_test_message("%s: %s, owner %s %s, offering %s, template %s", title,
        verdict_words[item->verdict], choice->account.value, choice->projectid.value,
        choice->serviceofferingid.value, choice->templateid.value);
    for (size_t i = 0; i < choice->nics.n; i++)
        g_test_message("  NIC %s: %s %s", choice->nics.items[i].nic.value,
            choice->nics.items[i].networkid.value, choice->nics.items[i].ip4.value);
    for (size_t i = 0; i < choice->disks.n; i++)
        g_test_message("  disk %s: %s", choice->disks.items[i].disk.value,
            choice->disks.items[i].diskofferingid.value);
    for (size_t i = 0; i < choice->migrate.n; i++)
        g_test_message("  move %s to %s: %s", choice->migrate.items[i].disk.value,
            choice->migrate.items[i].storageid.value,
            choice->migrate.items[i].diskofferingid.value);
    for (size_t i = 0; i < item->n_findings; i++)
        g_test_message("  finding %s: %s", item->findings[i].kind->id,
            severity_words[item->findings[i].severity]);
}

#endif
