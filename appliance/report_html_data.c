/* SPDX-License-Identifier: Apache-2.0
 *
 * The VMs of the HTML report as compact JSON.
 *
 * Members of a VM, by place (report.js reads them so): name, source, id, instance UUID, BIOS UUID,
 * path, datacenter, cluster, host, guest OS, power, CPUs, memory in bytes, disks, NICs, verdict,
 * owner, choice, findings, reasons, calls, digest of facts, CloudStack's name of the view, place in
 * the order of imports.
 */
#include "report_priv.h"

#include <string.h>

#include "arena.h"
#include "record.h"

/* Numbers things in the order in which they are met, each once. */
typedef struct Shared {
    GHashTable *numbers; /* text (owned) -> number + 1 */
    GString *json;       /* the things, separated by commas */
    unsigned n;
} Shared;

typedef struct DataWriter {
    Shared texts, templates, findings, reasons;
    GHashTable *kinds; /* FindingKind template text (borrowed) -> its split (owned) */
    GString *piece;    /* scratch */
} DataWriter;

static void
shared_init(Shared *shared)
{
    shared->numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    shared->json = g_string_new(NULL);
}

static void
shared_release(Shared *shared)
{
    g_hash_table_unref(shared->numbers);
    g_string_free(shared->json, true);
}

/* @json: whether @key is JSON already. */
static unsigned
shared_number(Shared *shared, const char *key, bool is_json)
{
    gpointer known = g_hash_table_lookup(shared->numbers, key);
    if (known)
        return GPOINTER_TO_UINT(known) - 1;
    if (shared->n)
        g_string_append(shared->json, is_json ? ",\n" : ",");
    if (is_json)
        g_string_append(shared->json, key);
    else
        json_append_text(shared->json, key);
    g_hash_table_insert(shared->numbers, g_strdup(key), GUINT_TO_POINTER(shared->n + 1));
    return shared->n++;
}

static unsigned
text_number(DataWriter *writer, const char *text)
{
    return text && *text ? shared_number(&writer->texts, text, false) : 0;
}

static void
add_unsigned(GString *out, unsigned number)
{
    char digits[16], *at = digits + sizeof digits;
    do
        *--at = (char)('0' + number % 10);
    while (number /= 10);
    g_string_append_len(out, at, digits + sizeof digits - at);
}

static void
add_ref(DataWriter *writer, GString *out, const char *text)
{
    add_unsigned(out, text_number(writer, text));
}

static void
add_fact(DataWriter *writer, GString *out, Text fact)
{
    if (fact.state == FACT_ABSENT)
        g_string_append_c(out, '1');
    else
        add_ref(writer, out, fact.value);
    g_string_append_c(out, ',');
}

static void
add_int(GString *out, Int fact)
{
    if (fact.state == FACT_KNOWN && fact.value >= 0)
        g_string_append_printf(out, "%" PRId64, fact.value);
    else
        g_string_append(out, "-1");
}

/* --- findings --------------------------------------------------------------------------------- */

/* The literal pieces of a template between its {..} gaps. */
static const char *const *
split_template(DataWriter *writer, const char *text)
{
    char **pieces = g_hash_table_lookup(writer->kinds, text);
    if (pieces)
        return (const char *const *)pieces;
    GPtrArray *found = g_ptr_array_new();
    const char *begin = text;
    for (const char *at = text; (at = strchr(at, '{'));) {
        size_t length = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz0123456789");
        if (!length || at[1 + length] != '}') {
            at++;
            continue;
        }
        g_ptr_array_add(found, g_strndup(begin, (gsize)(at - begin)));
        begin = at = at + length + 2;
    }
    g_ptr_array_add(found, g_strdup(begin));
    g_ptr_array_add(found, NULL);
    pieces = (char **)g_ptr_array_free(found, false);
    g_hash_table_insert(writer->kinds, (gpointer)text, pieces);
    return (const char *const *)pieces;
}

/* Where the piece after @at stands in the rest of the text; the last one ends it. */
static const char *
find_piece(const char *at, const char *piece, bool is_last)
{
    if (!is_last)
        return *piece ? strstr(at, piece) : NULL; /* two gaps in a row: cannot be told apart */
    size_t length = strlen(at), tail = strlen(piece);
    return length >= tail && strcmp(at + length - tail, piece) == 0 ? at + length - tail : NULL;
}

/* Appends [template,gap,gap,...] if the text is the template with its gaps filled. */
static bool
add_filled(DataWriter *writer, GString *out, const char *text, const char *template)
{
    const char *const *pieces = split_template(writer, template);
    if (!pieces[1] || !g_str_has_prefix(text, pieces[0]))
        return false;
    gsize begin = out->len;
    g_autofree char *number = g_strdup_printf("%u", text_number(writer, template));
    g_string_append_c(out, '[');
    add_unsigned(out, shared_number(&writer->templates, number, true));
    const char *at = text + strlen(pieces[0]);
    for (size_t i = 1; pieces[i]; i++) {
        const char *next = find_piece(at, pieces[i], !pieces[i + 1]);
        if (!next) {
            g_string_truncate(out, begin);
            return false;
        }
        g_autofree char *gap = g_strndup(at, (gsize)(next - at));
        g_string_append_c(out, ',');
        add_ref(writer, out, gap);
        at = next + strlen(pieces[i]);
    }
    g_string_append_c(out, ']');
    return true;
}

static void
add_rendered(DataWriter *writer, GString *out, Text text, const char *template)
{
    if (!text.value || !template || !add_filled(writer, out, text.value, template))
        add_ref(writer, out, text.value);
    g_string_append_c(out, ',');
}

static unsigned
finding_number(DataWriter *writer, const FindingText *finding)
{
    static const FindingKind none = {0};
    const FindingKind *kind = finding->id.value ? finding_find_kind(finding->id.value) : NULL;
    GString *out = g_string_truncate(writer->piece, 0);
    kind = kind ? kind : &none;
    g_string_append_c(out, '[');
    add_fact(writer, out, finding->id);
    g_string_append_printf(out, "%d,", (int)finding->severity);
    add_fact(writer, out, finding->subject);
    add_rendered(writer, out, finding->text, kind->text);
    add_rendered(writer, out, finding->evidence, kind->evidence);
    add_rendered(writer, out, finding->remedy, kind->remedy);
    add_ref(writer, out, finding->server.stage ? server_stage_words[finding->server.stage] : NULL);
    g_string_append_c(out, ',');
    add_int(out, finding->server.code);
    g_string_append_c(out, ',');
    add_rendered(writer, out, finding->server.text, kind->server_text);
    g_string_truncate(out, out->len - 1);
    g_string_append_c(out, ']');
    return shared_number(&writer->findings, out->str, true);
}

static unsigned
reason_number(DataWriter *writer, const Reason *reason)
{
    GString *out = g_string_truncate(writer->piece, 0);
    g_string_append_c(out, '[');
    add_fact(writer, out, reason->about);
    add_fact(writer, out, reason->chosen);
    add_fact(writer, out, reason->why);
    g_string_append_c(out, '[');
    for (size_t i = 0; i < reason->others.n; i++) {
        g_string_append(out, i ? "," : "");
        add_ref(writer, out, reason->others.items[i]);
    }
    g_string_append(out, "]]");
    return shared_number(&writer->reasons, out->str, true);
}

/* --- VMs -------------------------------------------------------------------------------------- */

static void
add_disks(DataWriter *writer, GString *out, const PlanInstance *instance)
{
    if (instance->disks.state != FACT_KNOWN) {
        g_string_append(out, "null,");
        return;
    }
    g_string_append_c(out, '[');
    for (size_t i = 0; i < instance->disks.n; i++) {
        const PlanDisk *disk = &instance->disks.items[i];
        g_string_append(out, i ? ",[" : "[");
        add_fact(writer, out, disk->id);
        add_fact(writer, out, disk->label);
        add_fact(writer, out, disk->datastore);
        add_fact(writer, out, disk->path);
        add_int(out, disk->capacity_bytes);
        g_string_append_c(out, ']');
    }
    g_string_append(out, "],");
}

static void
add_nics(DataWriter *writer, GString *out, const PlanInstance *instance, Arena *arena)
{
    if (instance->nics.state != FACT_KNOWN) {
        g_string_append(out, "null,");
        return;
    }
    g_string_append_c(out, '[');
    for (size_t i = 0; i < instance->nics.n; i++) {
        const PlanNic *nic = &instance->nics.items[i];
        g_string_append(out, i ? ",[" : "[");
        add_fact(writer, out, nic->id);
        add_fact(writer, out, nic->mac);
        add_fact(writer, out, nic->adapter);
        add_fact(writer, out, nic->network);
        add_ref(writer, out, report_vlan_text(&nic->vlan, arena));
        g_string_append(out, ",[");
        for (size_t k = 0; k < nic->ips.n; k++) {
            g_string_append(out, k ? "," : "");
            add_ref(writer, out, nic->ips.items[k]);
        }
        g_string_append(out, "]]");
    }
    g_string_append(out, "],");
}

static void add_choices(DataWriter *writer, GString *out, const RecordType *type,
    const void *record, const char *place, size_t first);

static void
add_choice(DataWriter *writer, GString *out, const char *label, Text value)
{
    add_ref(writer, out, label);
    g_string_append_c(out, ',');
    add_fact(writer, out, value);
}

/* One record of a list is named by its first member: "nics[Network adapter 1].networkid". */
static void
add_choice_list(
    DataWriter *writer, GString *out, const Field *field, const RecordList *list, const char *label)
{
    for (size_t i = 0; i < list->n; i++) {
        const Text *first = record_map_text(field, list, i, 0);
        const char *name = first->value ? first->value : "";
        if (field->kind == FIELD_MAP) {
            g_autofree char *inner = g_strdup_printf("%s.%s", label, name);
            add_choice(writer, out, inner, *record_map_text(field, list, i, 1));
        } else {
            g_autofree char *inner = g_strdup_printf("%s[%s].", label, name);
            add_choices(writer, out, field->record,
                (const char *)list->items + i * field->record->size, inner, 1);
        }
    }
}

/* Flattens a record, from its field @first on, to label, value, label, value, ... */
static void
add_choices(DataWriter *writer, GString *out, const RecordType *type, const void *record,
    const char *place, size_t first)
{
    for (size_t i = first; i < type->n_fields; i++) {
        const Field *field = &type->fields[i];
        const void *at = (const char *)record + field->offset;
        if (field_state(field, at) == FACT_UNKNOWN)
            continue;
        g_autofree char *label = g_strconcat(place, field->name, NULL);
        if (field->kind == FIELD_LIST || field->kind == FIELD_MAP) {
            add_choice_list(writer, out, field, at, label);
        } else if (field->kind == FIELD_RECORD) {
            g_autofree char *inner = g_strconcat(label, ".", NULL);
            add_choices(writer, out, field->record, at, inner, 0);
        } else if (field->kind == FIELD_TEXT) {
            add_choice(writer, out, label, *(const Text *)at);
        } else {
            g_autoptr(GString) value = g_string_new(NULL);
            field_encode_value(field, at, value);
            add_choice(writer, out, label, text_known(value->str));
        }
    }
}

/* Takes the comma after the last entry away. */
static void
close_list(GString *out, const char *close)
{
    if (out->str[out->len - 1] == ',')
        g_string_truncate(out, out->len - 1);
    g_string_append(out, close);
}

static void
add_led_to(DataWriter *writer, GString *out, const PlanItem *item, Arena *arena)
{
    const FindingText *findings;
    const Reason *reasons;
    const Call *calls;
    size_t n = report_findings(item, arena, &findings);
    g_string_append_c(out, '[');
    for (size_t i = 0; i < n; i++)
        g_string_append_printf(out, "%u,", finding_number(writer, &findings[i]));
    close_list(out, "],[");
    n = report_reasons(item, &reasons);
    for (size_t i = 0; i < n; i++)
        g_string_append_printf(out, "%u,", reason_number(writer, &reasons[i]));
    close_list(out, "],[");
    n = report_calls(item, arena, &calls);
    for (size_t i = 0; i < n; i++) {
        g_string_append_c(out, '[');
        add_fact(writer, out, calls[i].command);
        for (size_t k = 0; k < calls[i].params.n; k++)
            add_choice(
                writer, out, calls[i].params.items[k].name.value, calls[i].params.items[k].value);
        if (calls[i].credentials.value)
            add_choice(writer, out, "username, password",
                text_known(
                    arena_printf(arena, "(those of source '%s')", calls[i].credentials.value)));
        close_list(out, "],");
    }
    close_list(out, "],");
}

static void
add_vm(DataWriter *writer, GString *out, const PlanItem *item, size_t order, Arena *arena)
{
    const PlanInstance *vm = &item->instance;
    const Text facts[] = {vm->name, vm->source, vm->id, vm->instance_uuid, vm->bios_uuid, vm->path,
        vm->datacenter, vm->cluster, vm->host, vm->guest_os};
    g_autofree char *digest = plan_item_facts(item);
    g_string_append_c(out, '[');
    for (size_t i = 0; i < G_N_ELEMENTS(facts); i++)
        add_fact(writer, out, facts[i]);
    g_string_append_printf(out, "%d,", (int)vm->power);
    add_int(out, vm->cpus);
    g_string_append_c(out, ',');
    add_int(out, vm->memory_bytes);
    g_string_append_c(out, ',');
    add_disks(writer, out, vm);
    add_nics(writer, out, vm, arena);
    g_string_append_printf(out, "%d,", (int)item->verdict);
    add_ref(writer, out, report_owner(item));
    g_string_append(out, ",[");
    add_choices(writer, out, &plan_choice_type, &item->choice, "", 0);
    close_list(out, "],");
    add_led_to(writer, out, item, arena);
    add_fact(writer, out, digest ? text_known(digest) : item->loaded_facts);
    add_fact(writer, out, vm->cloudstack_source);
    g_string_append_printf(out, "%zu]", order);
}

/* JSON inside <script>: nothing that HTML or an old reader of JavaScript would take for an end. */
static void
write_safe(const GString *json, FILE *file)
{
    const char *run = json->str, *end = run + json->len;
    for (const char *at = run; at < end; at++) {
        bool is_separator = (unsigned char)*at == 0xe2 && (unsigned char)at[1] == 0x80 &&
                            ((unsigned char)at[2] | 1) == 0xa9;
        if (*at != '<' && *at != '>' && *at != '&' && !is_separator)
            continue;
        fwrite(run, 1, (size_t)(at - run), file);
        if (is_separator)
            fprintf(file, "\\u20%s", (unsigned char)at[2] == 0xa8 ? "28" : "29");
        else
            fprintf(file, "\\u%04x", (unsigned)*at);
        at += is_separator ? 2 : 0;
        run = at + 1;
    }
    fwrite(run, 1, (size_t)(end - run), file);
}

void
report_html_data(const Plan *plan, FILE *file)
{
    DataWriter writer = {.piece = g_string_new(NULL),
        .kinds = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_strfreev)};
    Shared *const parts[] = {&writer.texts, &writer.templates, &writer.findings, &writer.reasons};
    static const char *const names[] = {"{\"s\":[", "],\n\"t\":[", "],\n\"f\":[", "],\n\"r\":["};
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        shared_init(parts[i]);
    g_string_append(writer.texts.json, "\"\",\"none\"");
    writer.texts.n = 2;
    g_autoptr(GString) vms = g_string_new(NULL);
    g_autofree size_t *order = report_order(plan);
    for (size_t i = 0; i < plan->n_items; i++) {
        Arena arena;
        arena_init(&arena);
        g_string_append(vms, i ? ",\n" : "");
        add_vm(&writer, vms, &plan->items[i], order[i], &arena);
        arena_release(&arena);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        fputs(names[i], file);
        write_safe(parts[i]->json, file);
        shared_release(parts[i]);
    }
    fputs("],\n\"vms\":[", file);
    write_safe(vms, file);
    fputs("]}", file);
    g_hash_table_unref(writer.kinds);
    g_string_free(writer.piece, true);
}
