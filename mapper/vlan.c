/* SPDX-License-Identifier: Apache-2.0
 *
 * A VLAN as a number that can be looked up, from a NIC's facts and from a network's broadcast URI.
 */
#include <string.h>

#include "mapper_priv.h"

static VlanKey
make_key(VlanKind kind, int64_t primary, int64_t secondary, PvlanType type)
{
    /* The IDs stand in the lower half, which is all that g_int64_hash() looks at. */
    return (VlanKey)kind << 48 | (VlanKey)type << 32 | (VlanKey)(secondary & 0xffff) << 16 |
           (VlanKey)(primary & 0xffff);
}

VlanKey
vlan_key(const Vlan *vlan)
{
    if (vlan->kind == VLAN_NONE ||
        (vlan->kind == VLAN_ID && vlan->id.state == FACT_KNOWN && !vlan->id.value))
        return make_key(VLAN_NONE, 0, 0, PVLAN_UNKNOWN);
    if (vlan->kind == VLAN_ID && vlan->id.state == FACT_KNOWN && vlan->id.value > 0 &&
        vlan->id.value < VLAN_ALL)
        return make_key(VLAN_ID, vlan->id.value, 0, PVLAN_UNKNOWN);
    if (vlan->kind == VLAN_PVLAN && vlan->id.state == FACT_KNOWN &&
        vlan->secondary.state == FACT_KNOWN && vlan->pvlan_type != PVLAN_UNKNOWN)
        return make_key(VLAN_PVLAN, vlan->id.value, vlan->secondary.value, vlan->pvlan_type);
    return 0;
}

VlanKey
vlan_key_of_id(int64_t id)
{
    return make_key(VLAN_ID, id, 0, PVLAN_UNKNOWN);
}

/* "pvlan://100-i201": primary, letter of the type, secondary */
static VlanKey
key_of_pvlan(const char *text)
{
    char *end = NULL;
    int64_t primary = g_ascii_strtoll(text, &end, 10);
    if (end == text || *end != '-')
        return 0;
    static const char letters[] = " icp";
    const char *letter = end[1] ? strchr(letters + 1, end[1]) : NULL;
    if (!letter)
        return 0;
    return make_key(
        VLAN_PVLAN, primary, g_ascii_strtoll(end + 2, NULL, 10), (PvlanType)(letter - letters));
}

VlanKey
vlan_key_of_uri(const char *uri)
{
    if (g_str_has_prefix(uri, "pvlan://"))
        return key_of_pvlan(uri + strlen("pvlan://"));
    if (!g_str_has_prefix(uri, "vlan://"))
        return 0;
    const char *text = uri + strlen("vlan://");
    char *end = NULL;
    int64_t id = g_ascii_strtoll(text, &end, 10);
    if (!strcmp(text, "untagged") || (end != text && !*end && !id))
        return make_key(VLAN_NONE, 0, 0, PVLAN_UNKNOWN);
    return end != text && !*end ? make_key(VLAN_ID, id, 0, PVLAN_UNKNOWN) : 0;
}

static const char *
trunk_text(const Vlan *vlan, Arena *arena)
{
    if (!vlan->ranges.n)
        return "trunk of VLANs that were not read";
    g_autoptr(GString) text = g_string_new("trunk of VLANs ");
    for (size_t i = 0; i < vlan->ranges.n; i++) {
        const VlanRange *range = &vlan->ranges.items[i];
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT, i ? "," : "", range->start.value);
        if (range->end.value != range->start.value)
            g_string_append_printf(text, "-%" G_GINT64_FORMAT, range->end.value);
    }
    return arena_strndup(arena, text->str, text->len);
}

const char *
vlan_text(const Vlan *vlan, Arena *arena)
{
    switch (vlan->kind) {
    case VLAN_NONE:
        return "untagged traffic";
    case VLAN_ID:
        return arena_printf(arena, "VLAN %" G_GINT64_FORMAT, vlan->id.value);
    case VLAN_TRUNK:
        return trunk_text(vlan, arena);
    case VLAN_PVLAN:
        return arena_printf(arena, "PVLAN %" G_GINT64_FORMAT "-%" G_GINT64_FORMAT " (%s)",
            vlan->id.value, vlan->secondary.value,
            vlan->pvlan_type ? pvlan_words[vlan->pvlan_type] : "type unknown");
    case VLAN_OVERLAY:
        return arena_printf(arena, "segment %s", text_or_word(vlan->segment));
    case VLAN_PRIVATE:
        return "private to its host";
    case VLAN_UNKNOWN:
    case VLAN_N:
        break;
    }
    return "unknown VLAN";
}

VlanInfo *
planner_vlan(Planner *planner, VlanKey key)
{
    const VlanKey id = key & 0xffff;
    VlanInfo **plain =
        id <= VLAN_ALL && key == vlan_key_of_id((int64_t)id) ? &planner->plain_vlans[id] : NULL;
    VlanInfo *info = plain ? *plain : g_hash_table_lookup(planner->other_vlans, &key);
    if (info)
        return info;
    info = arena_new(&planner->scratch, VlanInfo);
    info->key = key;
    if (plain)
        *plain = info;
    else
        g_hash_table_insert(planner->other_vlans, &info->key, info);
    return info;
}

const char *
planner_vlan_text(Planner *planner, const Vlan *vlan)
{
    VlanKey key = vlan_key(vlan);
    if (!key)
        return vlan_text(vlan, planner->arena);
    VlanInfo *info = planner_vlan(planner, key);
    if (!info->text)
        info->text = vlan_text(vlan, planner->arena);
    return info->text;
}
