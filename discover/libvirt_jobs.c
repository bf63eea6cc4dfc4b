/* SPDX-License-Identifier: Apache-2.0
 *
 * Jobs that run on domains: migration, saving, backup, and block jobs of their disks. While one
 * runs, a disk may become another file.
 */
#include "libvirt_worker.h"

static const char *
block_job_word(int type)
{
    switch (type) {
    case VIR_DOMAIN_BLOCK_JOB_TYPE_PULL:
        return "pull";
    case VIR_DOMAIN_BLOCK_JOB_TYPE_COPY:
        return "copy";
    case VIR_DOMAIN_BLOCK_JOB_TYPE_COMMIT:
    case VIR_DOMAIN_BLOCK_JOB_TYPE_ACTIVE_COMMIT:
        return "commit";
    case VIR_DOMAIN_BLOCK_JOB_TYPE_BACKUP:
        return "backup";
    default:
        return "of a kind that is not known";
    }
}

static void
add_block_jobs(const DomainEntry *entry, Arena *arena, GPtrArray *jobs)
{
    const InstanceView *view = &entry->xml.view;
    for (size_t i = 0; i < view->disks.n; i++) {
        const char *key = view->disks.items[i].key.value;
        virDomainBlockJobInfo info = {0};
        if (key && virDomainGetBlockJobInfo(entry->handle, key, &info, 0) == 1)
            g_ptr_array_add(jobs, (gpointer)arena_printf(arena, "block job '%s' of disk '%s'",
                                      block_job_word(info.type), key));
    }
}

/* NULL: the domain's driver tells no jobs. */
static Texts *
list_jobs(const DomainEntry *entry, Arena *arena)
{
    virDomainJobInfo info = {0};
    if (virDomainGetJobInfo(entry->handle, &info) != 0) {
        virResetLastError();
        return NULL;
    }
    g_autoptr(GPtrArray) jobs = g_ptr_array_new();
    if (info.type == VIR_DOMAIN_JOB_BOUNDED || info.type == VIR_DOMAIN_JOB_UNBOUNDED)
        g_ptr_array_add(jobs, (gpointer) "domain job (migration, save, dump or backup)");
    add_block_jobs(entry, arena, jobs);
    virResetLastError();
    Texts *list = arena_new(arena, Texts);
    list->items = arena_memdup(arena, jobs->pdata, jobs->len * sizeof *list->items);
    list->n = jobs->len;
    list->state = FACT_KNOWN;
    return list;
}

void *
worker_read_jobs(Worker *worker)
{
    Arena *arena = stage_arena();
    GHashTable *jobs = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < worker->n_domains; i++) {
        DomainEntry *entry = &worker->domains[i];
        Texts *list =
            entry->taken == DOMAIN_READ && entry->xml.is_active ? list_jobs(entry, arena) : NULL;
        if (list)
            g_hash_table_insert(jobs, entry->uuid, list);
    }
    return jobs;
}

void
worker_finish_jobs(const Worker *worker, DomainEntry *entry)
{
    InstanceView *view = &entry->xml.view;
    const Texts *list = worker->jobs ? g_hash_table_lookup(worker->jobs, entry->uuid) : NULL;
    if (list)
        view->tasks = *list;
    else if (entry->taken != DOMAIN_READ || entry->xml.is_active)
        view->tasks = (Texts){0};
    view->drs_override = view->sdrs_override = text_absent(); /* there is none of either */
}
