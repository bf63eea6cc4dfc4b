/* SPDX-License-Identifier: Apache-2.0
 *
 * The columns of choices, each with how it is written and what a cell that was edited does.
 */
#include "choices.h"

#include <arpa/inet.h>
#include <string.h>

#include "arena.h"
#include "output.h"

static Choice *
choice_of(ChoiceReader *reader)
{
    return &reader->item->choice;
}

static Text
keep(ChoiceReader *reader, const char *text)
{
    return *text ? text_known(arena_strdup(plan_arena(reader->plan), text)) : text_absent();
}

/* Why the choice is what it is now; the proposal's own reason goes. */
static void
note_reason(ChoiceReader *reader, const char *about, const char *chosen)
{
    PlanItem *item = reader->item;
    Arena *arena = plan_arena(reader->plan);
    Reason *reasons = arena_new_n(arena, Reason, item->n_reasons + 1);
    size_t n = 0;
    for (size_t i = 0; i < item->n_reasons; i++)
        if (g_strcmp0(item->reasons[i].about.value, about) != 0)
            reasons[n++] = item->reasons[i];
    if (chosen)
        reasons[n++] = (Reason){.about = text_known(arena_strdup(arena, about)),
            .chosen = text_known(arena_strdup(arena, chosen)),
            .why = text_known(reader->from)};
    item->reasons = reasons;
    item->n_reasons = n;
}

/* --- plain texts ------------------------------------------------------------------------------ */

/* A date that was never typed must not become a host name. */
static bool
apply_text(ChoiceReader *reader, Text *to, const char *cell, char **ret_why)
{
    if (!reader->is_guarded && output_is_rewritten(cell)) {
        *ret_why = g_strdup_printf("'%s' may be what a spreadsheet made of something else: if it "
                                   "is meant so, write '%s with the quote before it",
            cell, cell);
        return false;
    }
    *to = keep(reader, cell);
    return true;
}

#define TEXT_COLUMN(member)                                                                        \
    static void render_##member(const Choice *choice, GString *cell)                               \
    {                                                                                              \
        g_string_append(cell, choice->member.value ? choice->member.value : "");                   \
    }                                                                                              \
    static bool apply_##member(ChoiceReader *reader, const char *cell, char **ret_why)             \
    {                                                                                              \
        return apply_text(reader, &choice_of(reader)->member, cell, ret_why);                      \
    }

TEXT_COLUMN(displayname)
TEXT_COLUMN(wave)

static void
render_hostname(const Choice *choice, GString *cell)
{
    g_string_append(cell, choice->hostname.value ? choice->hostname.value : "");
}

static bool
apply_hostname(ChoiceReader *reader, const char *cell, char **ret_why)
{
    if (!apply_text(reader, &choice_of(reader)->hostname, cell, ret_why))
        return false;
    note_reason(reader, "hostname", *cell ? cell : NULL);
    return true;
}

static void
render_importsource(const Choice *choice, GString *cell)
{
    const char *value = choice->convert.importsource.value;
    g_string_append(cell, value ? value : "");
}

static bool
apply_importsource(ChoiceReader *reader, const char *cell, char **ret_why)
{
    return apply_text(reader, &choice_of(reader)->convert.importsource, cell, ret_why);
}

/* --- one id ----------------------------------------------------------------------------------- */

static bool
apply_id(ChoiceReader *reader, Text *to, ChoiceList list, const char *about, const char *cell,
    char **ret_why)
{
    if (!*cell)
        *to = text_absent();
    else if (!choice_find(reader, list, cell, to, ret_why))
        return false;
    note_reason(reader, about, to->value ? choice_name_of(reader, list, to->value) : NULL);
    return true;
}

#define ID_COLUMN(member, list)                                                                    \
    static void render_##member(const Choice *choice, GString *cell)                               \
    {                                                                                              \
        g_string_append(cell, choice->member.value ? choice->member.value : "");                   \
    }                                                                                              \
    static bool apply_##member(ChoiceReader *reader, const char *cell, char **ret_why)             \
    {                                                                                              \
        return apply_id(reader, &choice_of(reader)->member, list, #member, cell, ret_why);         \
    }

ID_COLUMN(clusterid, CHOICE_CLUSTERS)
ID_COLUMN(projectid, CHOICE_PROJECTS)
ID_COLUMN(templateid, CHOICE_TEMPLATES)
ID_COLUMN(serviceofferingid, CHOICE_SERVICE_OFFERINGS)

/* --- owner ------------------------------------------------------------------------------------ */

static void
render_account(const Choice *choice, GString *cell)
{
    g_string_append(cell, choice->account.value ? choice->account.value : "");
}

static bool
apply_account(ChoiceReader *reader, const char *cell, char **ret_why G_GNUC_UNUSED)
{
    choice_of(reader)->account = keep(reader, cell);
    reader->has_owner = true;
    return true;
}

static void
render_domainid(const Choice *choice, GString *cell)
{
    g_string_append(cell, choice->domainid.value ? choice->domainid.value : "");
}

static bool
apply_domainid(ChoiceReader *reader, const char *cell, char **ret_why)
{
    reader->has_owner = true;
    return apply_id(
        reader, &choice_of(reader)->domainid, CHOICE_DOMAINS, "domainid", cell, ret_why);
}

bool
choice_finish_owner(ChoiceReader *reader, char **ret_why)
{
    Choice *choice = choice_of(reader);
    if (!reader->has_owner || !choice->account.value)
        return true;
    const Account *account =
        choice_find_account(reader, choice->account.value, choice->domainid.value, ret_why);
    if (!account)
        return false;
    choice->account = account->name;
    choice->domainid = account->domainid;
    return true;
}

/* --- yes and no, numbers ---------------------------------------------------------------------- */

static void
render_bool(Bool value, GString *cell)
{
    if (value.state == FACT_KNOWN)
        g_string_append(cell, value.value ? "yes" : "no");
}

static bool
apply_bool(Bool *to, const char *cell, char **ret_why)
{
    static const char *const words[][2] = {{"no", "yes"}, {"false", "true"}};
    if (!*cell) {
        *to = (Bool){.state = FACT_ABSENT};
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        for (int value = 0; value < 2; value++) {
            if (g_ascii_strcasecmp(cell, words[i][value]) != 0)
                continue;
            *to = bool_known(value);
            return true;
        }
    }
    *ret_why = g_strdup_printf("'%s' is neither yes nor no", cell);
    return false;
}

#define BOOL_COLUMN(name, member)                                                                  \
    static void render_##name(const Choice *choice, GString *cell)                                 \
    {                                                                                              \
        render_bool(choice->member, cell);                                                         \
    }                                                                                              \
    static bool apply_##name(ChoiceReader *reader, const char *cell, char **ret_why)               \
    {                                                                                              \
        return apply_bool(&choice_of(reader)->member, cell, ret_why);                              \
    }

BOOL_COLUMN(migrateallowed, migrateallowed)
BOOL_COLUMN(forced, forced)
BOOL_COLUMN(power_off, power.off)

static void
render_power_deadline(const Choice *choice, GString *cell)
{
    if (choice->power.deadline.state == FACT_KNOWN)
        g_string_append_printf(cell, "%" G_GINT64_FORMAT, choice->power.deadline.value);
}

static bool
apply_power_deadline(ChoiceReader *reader, const char *cell, char **ret_why)
{
    enum { DEADLINE_MAX_S = 7 * 24 * 3600 };
    guint64 seconds = 0;
    if (*cell && !g_ascii_string_to_unsigned(cell, 10, 1, DEADLINE_MAX_S, &seconds, NULL)) {
        *ret_why = g_strdup_printf(
            "'%s' is not a whole number of seconds from 1 to %d", cell, DEADLINE_MAX_S);
        return false;
    }
    choice_of(reader)->power.deadline =
        *cell ? int_known((int64_t)seconds) : (Int){.state = FACT_ABSENT};
    return true;
}

static void
render_priority(const Choice *choice, GString *cell)
{
    if (choice->priority.state == FACT_KNOWN)
        g_string_append_printf(cell, "%" G_GINT64_FORMAT, choice->priority.value);
}

static bool
apply_priority(ChoiceReader *reader, const char *cell, char **ret_why)
{
    gint64 number = 0;
    if (*cell && !g_ascii_string_to_signed(cell, 10, INT32_MIN, INT32_MAX, &number, NULL)) {
        *ret_why = g_strdup_printf("'%s' is no whole number", cell);
        return false;
    }
    choice_of(reader)->priority = *cell ? int_known(number) : (Int){.state = FACT_ABSENT};
    return true;
}

/* --- NICs ------------------------------------------------------------------------------------- */

static void
render_networkids(const Choice *choice, GString *cell)
{
    for (size_t i = 0; i < choice->nics.n; i++)
        choice_render_pair(cell, choice->nics.items[i].nic, choice->nics.items[i].networkid);
}

static void
render_ips(const Choice *choice, GString *cell)
{
    for (size_t i = 0; i < choice->nics.n; i++)
        choice_render_pair(cell, choice->nics.items[i].nic, choice->nics.items[i].ip4);
}

/* A list of its own, with an entry for each of the pairs. */
static void
own_nics(ChoiceReader *reader, const GArray *pairs)
{
    Choice *choice = choice_of(reader);
    NicChoice *nics = arena_new_n(plan_arena(reader->plan), NicChoice, choice->nics.n + pairs->len);
    size_t n = choice->nics.n;
    for (size_t i = 0; i < n; i++)
        nics[i] = choice->nics.items[i];
    for (unsigned k = 0; k < pairs->len; k++) {
        bool is_there = false;
        for (size_t i = 0; i < n; i++)
            is_there |= !g_strcmp0(nics[i].nic.value, CHOICE_PAIR(pairs, k)->key);
        if (!is_there)
            nics[n++] =
                (NicChoice){keep(reader, CHOICE_PAIR(pairs, k)->key), text_absent(), text_absent()};
    }
    choice->nics.items = nics;
    choice->nics.n = n;
    choice->nics.state = FACT_KNOWN;
}

static bool
apply_networkids(ChoiceReader *reader, const char *cell, char **ret_why)
{
    g_autoptr(GArray) pairs = choice_read_pairs(choice_nic_subjects(reader->item), cell, ret_why);
    if (!pairs)
        return false;
    own_nics(reader, pairs);
    for (size_t i = 0; i < choice_of(reader)->nics.n; i++) {
        NicChoice *nic = &choice_of(reader)->nics.items[i];
        const char *value = choice_pair_value(pairs, nic->nic);
        if (!g_strcmp0(value ? value : "", nic->networkid.value ? nic->networkid.value : ""))
            continue;
        g_autofree char *about = g_strdup_printf("nics[%s].networkid", nic->nic.value);
        if (!apply_id(reader, &nic->networkid, CHOICE_NETWORKS, about, value ? value : "", ret_why))
            return false;
    }
    return true;
}

static bool
is_ip4(const char *text)
{
    struct in_addr address;
    return inet_pton(AF_INET, text, &address) == 1;
}

static bool
apply_ips(ChoiceReader *reader, const char *cell, char **ret_why)
{
    g_autoptr(GArray) pairs = choice_read_pairs(choice_nic_subjects(reader->item), cell, ret_why);
    if (!pairs)
        return false;
    own_nics(reader, pairs);
    for (size_t i = 0; i < choice_of(reader)->nics.n; i++) {
        NicChoice *nic = &choice_of(reader)->nics.items[i];
        const char *value = choice_pair_value(pairs, nic->nic);
        value = value ? value : "";
        if (!g_strcmp0(value, nic->ip4.value ? nic->ip4.value : ""))
            continue;
        if (*value && strcmp(value, "auto") != 0 && !is_ip4(value)) {
            *ret_why = g_strdup_printf(
                "'%s' for NIC '%s' is neither an IPv4 address nor auto", value, nic->nic.value);
            return false;
        }
        nic->ip4 = keep(reader, value);
    }
    return true;
}

static void
render_further_ips(const Choice *choice, GString *cell)
{
    for (size_t i = 0; i < choice->ips.n; i++)
        choice_render_pair(cell, choice->ips.items[i].nic, choice->ips.items[i].ip);
}

static bool
apply_further_ips(ChoiceReader *reader, const char *cell, char **ret_why)
{
    ChoiceSubjects subjects = choice_nic_subjects(reader->item);
    subjects.may_repeat = true;
    g_autoptr(GArray) pairs = choice_read_pairs(subjects, cell, ret_why);
    if (!pairs)
        return false;
    Choice *choice = choice_of(reader);
    choice->ips.items = arena_new_n(plan_arena(reader->plan), IpChoice, pairs->len);
    choice->ips.n = 0;
    choice->ips.state = FACT_KNOWN;
    for (unsigned i = 0; i < pairs->len; i++) {
        const ChoicePair *pair = CHOICE_PAIR(pairs, i);
        if (!g_hostname_is_ip_address(pair->value)) {
            *ret_why =
                g_strdup_printf("'%s' for NIC '%s' is not an IP address", pair->value, pair->key);
            return false;
        }
        choice->ips.items[choice->ips.n++] =
            (IpChoice){keep(reader, pair->key), keep(reader, pair->value)};
    }
    return true;
}

/* --- disks ------------------------------------------------------------------------------------ */

static void
render_rootdisk(const Choice *choice, GString *cell)
{
    g_string_append(cell, choice->root.value ? choice->root.value : "");
}

static bool
apply_rootdisk(ChoiceReader *reader, const char *cell, char **ret_why)
{
    g_autofree char *entry = g_strconcat(cell, "=", NULL);
    g_autoptr(GArray) pairs =
        *cell ? choice_read_pairs(choice_disk_subjects(reader->item), entry, ret_why)
              : choice_parse_pairs("");
    if (!pairs)
        return false;
    choice_of(reader)->root = keep(reader, cell);
    return true;
}

static void
render_diskofferingids(const Choice *choice, GString *cell)
{
    for (size_t i = 0; i < choice->disks.n; i++)
        choice_render_pair(
            cell, choice->disks.items[i].disk, choice->disks.items[i].diskofferingid);
}

/* Disks are sent in the order of the cell; what it does not name becomes no data disk. */
static bool
apply_diskofferingids(ChoiceReader *reader, const char *cell, char **ret_why)
{
    g_autoptr(GArray) pairs = choice_read_pairs(choice_disk_subjects(reader->item), cell, ret_why);
    if (!pairs)
        return false;
    Choice *choice = choice_of(reader);
    DiskChoice *disks = arena_new_n(plan_arena(reader->plan), DiskChoice, pairs->len);
    for (unsigned i = 0; i < pairs->len; i++) {
        const ChoicePair *pair = CHOICE_PAIR(pairs, i);
        disks[i].disk = keep(reader, pair->key);
        bool is_same = false;
        for (size_t k = 0; k < choice->disks.n && !is_same; k++) {
            const DiskChoice *old = &choice->disks.items[k];
            is_same =
                !g_strcmp0(old->disk.value, pair->key) &&
                !g_strcmp0(old->diskofferingid.value ? old->diskofferingid.value : "", pair->value);
            if (is_same)
                disks[i].diskofferingid = old->diskofferingid;
        }
        g_autofree char *about = g_strdup_printf("disks[%s].diskofferingid", pair->key);
        if (!is_same && !apply_id(reader, &disks[i].diskofferingid, CHOICE_DISK_OFFERINGS, about,
                            pair->value, ret_why))
            return false;
    }
    choice->disks.items = disks;
    choice->disks.n = pairs->len;
    choice->disks.state = FACT_KNOWN;
    return true;
}

static void
render_migratepoolids(const Choice *choice, GString *cell)
{
    for (size_t i = 0; i < choice->migrate.n; i++)
        choice_render_pair(cell, choice->migrate.items[i].disk, choice->migrate.items[i].storageid);
}

static void
render_migrateofferingids(const Choice *choice, GString *cell)
{
    for (size_t i = 0; i < choice->migrate.n; i++)
        choice_render_pair(
            cell, choice->migrate.items[i].disk, choice->migrate.items[i].diskofferingid);
}

/* The step of a disk, added if it has none; the list has room for it. */
static MigrateChoice *
own_step(ChoiceReader *reader, const char *disk)
{
    Choice *choice = choice_of(reader);
    for (size_t i = 0; i < choice->migrate.n; i++)
        if (!g_strcmp0(choice->migrate.items[i].disk.value, disk))
            return &choice->migrate.items[i];
    MigrateChoice *step = &choice->migrate.items[choice->migrate.n++];
    *step = (MigrateChoice){keep(reader, disk), text_absent(), text_absent()};
    return step;
}

static void
own_steps(ChoiceReader *reader, size_t n_more)
{
    Choice *choice = choice_of(reader);
    MigrateChoice *steps =
        arena_new_n(plan_arena(reader->plan), MigrateChoice, choice->migrate.n + n_more);
    for (size_t i = 0; i < choice->migrate.n; i++)
        steps[i] = choice->migrate.items[i];
    choice->migrate.items = steps;
    choice->migrate.state = FACT_KNOWN;
}

/* A step without pool and offering is none. */
static void
drop_empty_steps(Choice *choice)
{
    size_t n = 0;
    for (size_t i = 0; i < choice->migrate.n; i++)
        if (choice->migrate.items[i].storageid.value ||
            choice->migrate.items[i].diskofferingid.value)
            choice->migrate.items[n++] = choice->migrate.items[i];
    choice->migrate.n = n;
}

static bool
apply_steps(ChoiceReader *reader, const char *cell, ChoiceList list, size_t offset, char **ret_why)
{
    g_autoptr(GArray) pairs = choice_read_pairs(choice_disk_subjects(reader->item), cell, ret_why);
    if (!pairs)
        return false;
    Choice *choice = choice_of(reader);
    own_steps(reader, pairs->len);
    for (size_t i = 0; i < choice->migrate.n; i++)
        if (!choice_pair_value(pairs, choice->migrate.items[i].disk))
            *(Text *)((char *)&choice->migrate.items[i] + offset) = text_absent();
    for (unsigned i = 0; i < pairs->len; i++) {
        Text *to = (Text *)((char *)own_step(reader, CHOICE_PAIR(pairs, i)->key) + offset);
        const char *value = CHOICE_PAIR(pairs, i)->value;
        if (g_strcmp0(to->value ? to->value : "", value) == 0)
            continue;
        *to = text_absent();
        if (*value && !choice_find(reader, list, value, to, ret_why))
            return false;
    }
    drop_empty_steps(choice);
    return true;
}

static bool
apply_migratepoolids(ChoiceReader *reader, const char *cell, char **ret_why)
{
    return apply_steps(reader, cell, CHOICE_POOLS, offsetof(MigrateChoice, storageid), ret_why);
}

static bool
apply_migrateofferingids(ChoiceReader *reader, const char *cell, char **ret_why)
{
    return apply_steps(
        reader, cell, CHOICE_DISK_OFFERINGS, offsetof(MigrateChoice, diskofferingid), ret_why);
}

/* --- details ---------------------------------------------------------------------------------- */

static void
render_details(const Choice *choice, GString *cell)
{
    for (size_t i = 0; i < choice->details.n; i++)
        choice_render_pair(cell, choice->details.items[i].key, choice->details.items[i].value);
}

static bool
apply_details(ChoiceReader *reader, const char *cell, char **ret_why)
{
    g_autoptr(GArray) pairs = choice_parse_pairs(cell);
    Choice *choice = choice_of(reader);
    DetailChoice *details = arena_new_n(plan_arena(reader->plan), DetailChoice, pairs->len);
    for (unsigned i = 0; i < pairs->len; i++) {
        const ChoicePair *pair = CHOICE_PAIR(pairs, i);
        if (!pair->key || !*pair->key || !*pair->value) {
            *ret_why = g_strdup_printf("'%s' is not of the form KEY=VALUE, as in cpuSpeed=2000",
                pair->key ? pair->key : pair->value);
            return false;
        }
        details[i] = (DetailChoice){keep(reader, pair->key), keep(reader, pair->value)};
        for (unsigned k = 0; k < i; k++) {
            if (strcmp(CHOICE_PAIR(pairs, k)->key, pair->key) != 0)
                continue;
            *ret_why = g_strdup_printf("detail '%s' stands twice", pair->key);
            return false;
        }
    }
    choice->details.items = details;
    choice->details.n = pairs->len;
    choice->details.state = FACT_KNOWN;
    return true;
}

/* --- the table -------------------------------------------------------------------------------- */

#define COLUMN(name)                                                                               \
    {                                                                                              \
#name, render_##name, apply_##name                                                         \
    }

/* Columns keep their names and order; new ones come at the end. */
const ChoiceColumn choice_columns[] = {
    COLUMN(account),
    COLUMN(domainid),
    COLUMN(projectid),
    COLUMN(clusterid),
    COLUMN(displayname),
    COLUMN(hostname),
    COLUMN(templateid),
    COLUMN(serviceofferingid),
    COLUMN(networkids),
    COLUMN(rootdisk),
    COLUMN(diskofferingids),
    COLUMN(wave),
    COLUMN(ips),
    COLUMN(details),
    COLUMN(migrateallowed),
    COLUMN(forced),
    COLUMN(migratepoolids),
    COLUMN(migrateofferingids),
    COLUMN(power_off),
    COLUMN(power_deadline),
    COLUMN(further_ips),
    COLUMN(importsource),
    COLUMN(priority),
};
const size_t choice_columns_n = G_N_ELEMENTS(choice_columns);
