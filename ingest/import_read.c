/* SPDX-License-Identifier: Apache-2.0
 *
 * What CloudStack has of a VM: its record, its volumes, and which volume a disk became.
 */
#include <string.h>

#include "import_priv.h"
#include "cleanup.h"

/* --- records ---------------------------------------------------------------------------------- */

static const Field read_ip_fields[] = {F_TEXT(ReadIp, id), F_TEXT(ReadIp, ipaddress)};
static const RecordType read_ip_type = RECORD_TYPE(ReadIp, read_ip_fields);

static const Field read_nic_fields[] = {F_TEXT(ReadNic, id), F_TEXT(ReadNic, networkid),
    F_TEXT(ReadNic, networkname), F_TEXT(ReadNic, macaddress), F_TEXT(ReadNic, ipaddress),
    F_TEXT(ReadNic, type), F_TEXT(ReadNic, broadcasturi), F_TEXT(ReadNic, isolationuri),
    F_TEXT(ReadNic, deviceid), F_BOOL(ReadNic, isdefault),
    F_LIST(ReadNic, secondaryip, &read_ip_type)};
static const RecordType read_nic_type = RECORD_TYPE(ReadNic, read_nic_fields);

static const Field read_detail_fields[] = {F_TEXT(ReadDetail, key), F_TEXT(ReadDetail, value)};
static const RecordType read_detail_type = RECORD_TYPE(ReadDetail, read_detail_fields);

static const Field read_vm_fields[] = {F_TEXT(ReadVm, id), F_TEXT(ReadVm, name),
    F_TEXT(ReadVm, displayname), F_TEXT(ReadVm, instancename), F_TEXT(ReadVm, state),
    F_TEXT(ReadVm, hypervisor), F_TEXT(ReadVm, created), F_TEXT(ReadVm, account),
    F_TEXT(ReadVm, domainid), F_TEXT(ReadVm, projectid), F_TEXT(ReadVm, zoneid),
    F_TEXT(ReadVm, hostid), F_TEXT(ReadVm, hostname), F_TEXT(ReadVm, templateid),
    F_TEXT(ReadVm, serviceofferingid), F_TEXT(ReadVm, serviceofferingname),
    F_TEXT(ReadVm, osdisplayname), F_INT(ReadVm, cpunumber), F_INT(ReadVm, cpuspeed),
    F_INT(ReadVm, memory), F_MAP(ReadVm, details, &read_detail_type),
    F_LIST(ReadVm, nic, &read_nic_type)};
static const RecordType read_vm_type = RECORD_TYPE(ReadVm, read_vm_fields);

static const Field read_volume_fields[] = {F_TEXT(ReadVolume, id), F_TEXT(ReadVolume, name),
    F_TEXT(ReadVolume, type), F_TEXT(ReadVolume, path), F_TEXT(ReadVolume, chaininfo),
    F_TEXT(ReadVolume, state), F_TEXT(ReadVolume, storage), F_TEXT(ReadVolume, storageid),
    F_TEXT(ReadVolume, diskofferingid), F_TEXT(ReadVolume, diskofferingname),
    F_TEXT(ReadVolume, serviceofferingname), F_TEXT(ReadVolume, virtualmachineid),
    F_INT(ReadVolume, size), F_INT(ReadVolume, deviceid)};
static const RecordType read_volume_type = RECORD_TYPE(ReadVolume, read_volume_fields);

/* Decodes the items into the VM's arena. */
static bool
decode(ImportWork *work, const RecordType *type, const ListItems *items, const char *command,
    void *ret_list, GError **error)
{
    LIST_OF(char) list = {.state = FACT_KNOWN};
    list.items = arena_alloc(&work->arena, type->size * items->found->len);
    for (; list.n < items->found->len; list.n++)
        if (!record_decode(type, items->found->pdata[list.n], RECORD_LENIENT, command, &work->arena,
                list.items + list.n * type->size, error))
            return false;
    memcpy(ret_list, &list, sizeof list);
    return true;
}

/* --- VMs -------------------------------------------------------------------------------------- */

/* Statistics, which take the server long, are not among them. */
#define VM_DETAILS                                                                                 \
    {                                                                                              \
        "details", "min,nics,servoff,tmpl"                                                         \
    }

/* The longest part of the name that the server can look for: characters beyond the basic plane
 * break its query. (in the arena); NULL: there is none */
static const char *
searchable(ImportWork *work, const char *name)
{
    const char *best = NULL;
    size_t best_length = 0;
    for (const char *run = name, *end; *run; run = *end ? g_utf8_next_char(end) : end) {
        for (end = run; *end && g_utf8_get_char(end) <= 0xffff; end = g_utf8_next_char(end))
            continue;
        if ((size_t)(end - run) > best_length) {
            best = run;
            best_length = (size_t)(end - run);
        }
    }
    return best_length ? arena_strndup(&work->arena, best, best_length) : NULL;
}

static bool
is_record_of(const ReadVm *vm, const ImportTask *task)
{
    return !g_strcmp0(vm->instancename.value, task->item.choice.name.value) &&
           (!vm->hypervisor.value || !task->hypervisor.value ||
               !g_ascii_strcasecmp(vm->hypervisor.value, task->hypervisor.value));
}

bool
import_find_managed(ImportWork *work, ReadVms *ret, GError **error)
{
    const char *name = work->task.item.choice.name.value;
    const char *keyword = g_utf8_validate(name, -1, NULL) ? searchable(work, name) : NULL;
    const CloudStackParam params[] = {{"listall", "true"}, {"zoneid", work->run->zoneid},
        {"keyword", keyword}, VM_DETAILS, {"projectid", "-1"}};
    g_auto(ListItems) items = list_items_new();
    size_t n = G_N_ELEMENTS(params);
    ReadVms all;
    /* What projects own is in a list of its own. */
    if (!list_fetch(work->sender.cs, "listVirtualMachines", params, n - 1, "virtualmachine", &items,
            error) ||
        !list_fetch(
            work->sender.cs, "listVirtualMachines", params, n, "virtualmachine", &items, error) ||
        !decode(work, &read_vm_type, &items, "listVirtualMachines", &all, error))
        return false;
    *ret = (ReadVms){.items = all.items, .state = FACT_KNOWN};
    for (size_t i = 0; i < all.n; i++)
        if (is_record_of(&all.items[i], &work->task))
            ret->items[ret->n++] = all.items[i];
    return true;
}

/* What a project owns is listed with its id only. */
static CloudStackParam
owner_param(const ImportWork *work)
{
    Text project = work->task.item.choice.projectid;
    return (CloudStackParam){
        project.value ? "projectid" : "listall", project.value ? project.value : "true"};
}

/* As it was read, without secrets. (in the arena) */
static const char *
keep_json(ImportWork *work, json_object *item)
{
    catalog_scrub(item);
    return arena_strdup(&work->arena, json_object_to_json_string_ext(item,
                                          JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

bool
import_read_vm(ImportWork *work, const char *id, ReadVm **ret_vm, GError **error)
{
    const CloudStackParam params[] = {{"id", id}, owner_param(work), VM_DETAILS};
    g_auto(ListItems) items = list_items_new();
    ReadVms vms;
    *ret_vm = NULL;
    if (!list_fetch(work->sender.cs, "listVirtualMachines", params, G_N_ELEMENTS(params),
            "virtualmachine", &items, error) ||
        !decode(work, &read_vm_type, &items, "listVirtualMachines", &vms, error))
        return false;
    for (size_t i = 0; i < vms.n; i++)
        if (!g_strcmp0(vms.items[i].id.value, id)) {
            json_object *iso = NULL;
            *ret_vm = &vms.items[i];
            work->vm_json = keep_json(work, items.found->pdata[i]);
            work->has_iso = json_object_object_get_ex(items.found->pdata[i], "isoid", &iso) && iso;
        }
    return true;
}

/* --- volumes ---------------------------------------------------------------------------------- */

bool
import_read_volumes(ImportWork *work, const char *vmid, ReadVolumes *ret, GError **error)
{
    const CloudStackParam params[] = {{"virtualmachineid", vmid}, owner_param(work)};
    g_auto(ListItems) items = list_items_new();
    if (!list_fetch(work->sender.cs, "listVolumes", params, G_N_ELEMENTS(params), "volume", &items,
            error) ||
        !decode(work, &read_volume_type, &items, "listVolumes", ret, error))
        return false;
    g_autoptr(GString) json = g_string_new("[");
    for (guint i = 0; i < items.found->len; i++)
        g_string_append_printf(json, "%s%s", i ? "," : "", keep_json(work, items.found->pdata[i]));
    work->volumes_json = arena_strdup(&work->arena, g_string_append_c(json, ']')->str);
    return true;
}

/* "DATA-37-121-2001" is disk "121-2001" of VM 37. */
static bool
is_named_after(const char *name, const char *disk)
{
    if (!name || !g_str_has_prefix(name, "DATA-"))
        return false;
    const char *rest = name + strlen("DATA-");
    size_t digits = strspn(rest, "0123456789");
    return digits && rest[digits] == '-' && !strcmp(rest + digits + 1, disk);
}

/* The file's name without folder and ".vmdk": what a volume's path is. */
bool
import_is_path_of(const char *path, const char *file)
{
    if (!path || !file)
        return false;
    const char *slash = strrchr(file, '/');
    const char *base = slash ? slash + 1 : file;
    size_t length = strlen(base);
    if (g_str_has_suffix(base, ".vmdk"))
        length -= strlen(".vmdk");
    return strlen(path) == length && !strncmp(path, base, length);
}

static const PlanDisk *
planned_disk(const ImportWork *work, const char *disk)
{
    const PlanInstance *instance = &work->task.item.instance;
    for (size_t i = 0; i < instance->disks.n; i++)
        if (!g_strcmp0(instance->disks.items[i].id.value, disk))
            return &instance->disks.items[i];
    return NULL;
}

const ReadVolume *
import_find_volume(
    const ImportWork *work, const ReadVolumes *volumes, const char *disk, const char **ret_why)
{
    bool is_root = !g_strcmp0(work->task.item.choice.root.value, disk);
    const PlanDisk *planned = planned_disk(work, disk);
    const ReadVolume *by_name = NULL, *by_path = NULL;
    size_t n_named = 0, n_pathed = 0;
    for (size_t i = 0; i < volumes->n; i++) {
        const ReadVolume *volume = &volumes->items[i];
        bool is_it = is_root ? !g_strcmp0(volume->type.value, "ROOT")
                             : is_named_after(volume->name.value, disk);
        if (is_it && !n_named++)
            by_name = volume;
        if (planned && import_is_path_of(volume->path.value, planned->path.value) && !n_pathed++)
            by_path = volume;
    }
    const ReadVolume *found = n_named == 1                    ? by_name
                              : n_named == 0 && n_pathed == 1 ? by_path
                                                              : NULL;
    *ret_why = found                         ? NULL
               : n_named > 1 || n_pathed > 1 ? "several volumes may be it"
                                             : "the VM has no such volume";
    return found;
}

/* --- the journal ------------------------------------------------------------------------------ */

bool
import_note_read(ImportWork *work, const char *purpose, const char *command, const char *subject,
    const char *text, GError **error)
{
    const JournalStep step = {.purpose = text_known(purpose),
        .command = text_known(command),
        .subject = text_known(subject),
        .outcome = OUTCOME_OK,
        .text = text_known(text)};
    return journal_note_read(work->run->journal, work->item, &step, error);
}
