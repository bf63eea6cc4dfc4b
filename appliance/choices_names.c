/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person may write in place of an id: the name of a cluster, offering, network and so on.
 * A name that several things bear is refused with their ids.
 */
#include "choices.h"

#include <string.h>

/* Things of one name; the first is told from "several". */
typedef struct Named {
    const char *id, *name; /* borrowed from the catalog */
    size_t n;              /* how many things are meant by it */
    GString *ids;          /* of several, for the text; NULL: there is one */
} Named;

static const struct {
    const char *thing, *things, *command;
} words[CHOICE_LIST_N] = {
    [CHOICE_CLUSTERS] = {"cluster", "clusters", "listClusters"},
    [CHOICE_DOMAINS] = {"domain", "domains", "listDomains"},
    [CHOICE_PROJECTS] = {"project", "projects", "listProjects"},
    [CHOICE_TEMPLATES] = {"template", "templates", "listTemplates"},
    [CHOICE_SERVICE_OFFERINGS] = {"service offering", "service offerings", "listServiceOfferings"},
    [CHOICE_DISK_OFFERINGS] = {"disk offering", "disk offerings", "listDiskOfferings"},
    [CHOICE_NETWORKS] = {"network", "networks", "listNetworks"},
    [CHOICE_POOLS] = {"storage pool", "storage pools", "listStoragePools"},
};

static void
named_free(gpointer data)
{
    Named *named = data;
    if (named->ids)
        g_string_free(named->ids, true);
    g_free(named);
}

/* An id goes before a name; a template stands in the list once a zone. */
static void
add_name(GHashTable *table, Text key, Text id, Text name)
{
    if (!key.value || !*key.value || !id.value)
        return;
    Named *named = g_hash_table_lookup(table, key.value);
    if (!named) {
        named = g_new0(Named, 1);
        *named = (Named){.id = id.value, .name = name.value ? name.value : id.value, .n = 1};
        g_hash_table_insert(table, (gpointer)key.value, named);
    } else if (strcmp(named->id, id.value) != 0 && strcmp(named->id, key.value) != 0) {
        if (!named->ids)
            named->ids = g_string_new(named->id);
        if (++named->n <= 10)
            g_string_append_printf(named->ids, ", %s", id.value);
    }
}

#define ADD_IDS(items_)                                                                            \
    for (size_t i = 0; i < (items_).n; i++)                                                        \
    add_name(table, (items_).items[i].id, (items_).items[i].id, (items_).items[i].name)
#define ADD_NAMES(items_)                                                                          \
    for (size_t i = 0; i < (items_).n; i++)                                                        \
    add_name(table, (items_).items[i].name, (items_).items[i].id, (items_).items[i].name)

static void
add_networks(GHashTable *table, const Plan *plan)
{
    const Catalog *catalog = plan->catalog;
    ADD_IDS(catalog->networks);
    for (size_t i = 0; i < catalog->networks.n; i++) {
        const Network *network = &catalog->networks.items[i];
        if (!network->zoneid.value || !g_strcmp0(network->zoneid.value, plan->info.zoneid.value))
            add_name(table, network->name, network->id, network->name);
    }
}

static void
add_domains(GHashTable *table, const Catalog *catalog)
{
    ADD_IDS(catalog->domains);
    for (size_t i = 0; i < catalog->domains.n; i++) {
        const Domain *domain = &catalog->domains.items[i];
        add_name(table, domain->path, domain->id, domain->path);
    }
    ADD_NAMES(catalog->domains);
}

static FactState
fill_names(GHashTable *table, ChoiceList list, const Plan *plan)
{
    const Catalog *catalog = plan->catalog;
#define CASE(word, member)                                                                         \
    case word:                                                                                     \
        ADD_IDS(catalog->member);                                                                  \
        ADD_NAMES(catalog->member);                                                                \
        return catalog->member.state
    switch (list) {
        CASE(CHOICE_CLUSTERS, clusters);
        CASE(CHOICE_PROJECTS, projects);
        CASE(CHOICE_TEMPLATES, templates);
        CASE(CHOICE_SERVICE_OFFERINGS, service_offerings);
        CASE(CHOICE_DISK_OFFERINGS, disk_offerings);
        CASE(CHOICE_POOLS, pools);
    case CHOICE_DOMAINS:
        add_domains(table, catalog);
        return catalog->domains.state;
    case CHOICE_NETWORKS:
        add_networks(table, plan);
        return catalog->networks.state;
    case CHOICE_LIST_N:
        break;
    }
#undef CASE
    g_assert_not_reached();
}

static GHashTable *
table_of(ChoiceReader *reader, ChoiceList list)
{
    if (!reader->names[list]) {
        reader->names[list] = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, named_free);
        reader->was_read[list] = fill_names(reader->names[list], list, reader->plan) == FACT_KNOWN;
    }
    return reader->names[list];
}

bool
choice_find(ChoiceReader *reader, ChoiceList list, const char *text, Text *ret_id, char **ret_why)
{
    const Named *named = g_hash_table_lookup(table_of(reader, list), text);
    if (named && named->n == 1) {
        *ret_id = text_known(named->id);
        return true;
    }
    if (named)
        *ret_why = g_strdup_printf("%zu %s are called '%s': give the id: %s%s", named->n,
            words[list].things, text, named->ids->str, named->n > 10 ? ", ..." : "");
    else if (!reader->was_read[list])
        *ret_why = g_strdup_printf("whether there is a %s '%s' is not known: the catalog has no "
                                   "whole answer of %s",
            words[list].thing, text, words[list].command);
    else
        *ret_why = g_strdup_printf(
            "there is no %s '%s', neither by id nor by name", words[list].thing, text);
    return false;
}

const char *
choice_name_of(ChoiceReader *reader, ChoiceList list, const char *id)
{
    const Named *named = g_hash_table_lookup(table_of(reader, list), id);
    return named ? named->name : id;
}

const Account *
choice_find_account(ChoiceReader *reader, const char *text, const char *domainid, char **ret_why)
{
    const Catalog *catalog = reader->plan->catalog;
    const Account *found = NULL;
    size_t n = 0;
    for (size_t i = 0; i < catalog->accounts.n; i++) {
        const Account *account = &catalog->accounts.items[i];
        if ((g_strcmp0(account->id.value, text) && g_strcmp0(account->name.value, text)) ||
            (domainid && g_strcmp0(account->domainid.value, domainid)))
            continue;
        found = account;
        n++;
    }
    if (n == 1)
        return found;
    if (n > 1)
        *ret_why = g_strdup_printf(
            "%zu accounts are called '%s': give the domain in column 'domainid', too", n, text);
    else if (catalog->accounts.state != FACT_KNOWN)
        *ret_why = g_strdup_printf("whether there is an account '%s' is not known: the catalog has "
                                   "no whole answer of listAccounts",
            text);
    else
        *ret_why =
            g_strdup_printf("there is no account '%s'%s%s", text, domainid ? " in domain " : "",
                domainid ? choice_name_of(reader, CHOICE_DOMAINS, domainid) : "");
    return NULL;
}

void
choice_names_free(ChoiceReader *reader)
{
    for (size_t i = 0; i < G_N_ELEMENTS(reader->names); i++)
        g_clear_pointer(&reader->names[i], g_hash_table_unref);
}
