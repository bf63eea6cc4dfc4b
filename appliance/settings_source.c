/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings out of an OVF environment, and out of plain lines.
 */
#include "settings_source.h"

#include "settings_source_priv.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

#include "cleanup.h"

#define OVF_NAMESPACE   "http://schemas.dmtf.org/ovf/environment/1"
#define SETTINGS_PREFIX "vm-ingest."

bool
settings_has_any(const Settings *settings)
{
    for (SettingKey key = 0; key < SETTING_N; key++)
        if (settings->values[key])
            return true;
    return false;
}

bool
settings_check_text(Settings *settings, const char *what, const char *text, size_t length)
{
    if (length > SETTINGS_TEXT_BYTES_MAX)
        settings_complain(settings, "%s: longer than %d bytes", what, SETTINGS_TEXT_BYTES_MAX);
    else if (memchr(text, '\0', length) || !g_utf8_validate(text, (gssize)length, NULL))
        settings_complain(settings, "%s: is no UTF-8 text", what);
    else
        return true;
    return false;
}

void
settings_put_named(Settings *settings, const char *name, const char *value)
{
    SettingKey key = setting_from_name(name);
    if (key != SETTING_N) {
        settings_put(settings, key, value);
        return;
    }
    g_autoptr(GString) known = g_string_new(NULL);
    for (key = 0; key < SETTING_N; key++)
        g_string_append_printf(known, "%s%s", key ? ", " : "", setting_name(key));
    g_autofree char *printable = g_strndup(name, 40);
    for (char *c = printable; *c; c++)
        if (!g_ascii_isprint(*c))
            *c = '?';
    settings_complain(
        settings, "'%s': there is no such setting; there are: %s", printable, known->str);
}

static bool
is_element(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0 &&
           node->ns && node->ns->href && strcmp((const char *)node->ns->href, OVF_NAMESPACE) == 0;
}

/* Of a Property; with the namespace as the standard says, or without, as some write it. (owned) */
static char *
attribute_of(xmlNode *node, const char *name)
{
    xmlChar *value = xmlGetNsProp(node, (const xmlChar *)name, (const xmlChar *)OVF_NAMESPACE);
    if (!value)
        value = xmlGetNoNsProp(node, (const xmlChar *)name);
    char *copy = g_strdup((const char *)value);
    xmlFree(value);
    return copy;
}

static void
put_property(Settings *settings, xmlNode *node)
{
    g_autofree char *key = attribute_of(node, "key");
    g_autofree char *value = attribute_of(node, "value");
    if (!key) {
        settings_complain(
            settings, "OVF environment: line %ld: a property without a key", xmlGetLineNo(node));
        return;
    }
    if (g_str_has_prefix(key, SETTINGS_PREFIX))
        settings_put_named(settings, key + strlen(SETTINGS_PREFIX), value ? value : "");
    else if (setting_from_name(key) != SETTING_N)
        settings_put(settings, setting_from_name(key), value ? value : "");
}

void
settings_parse_ovf(Settings *settings, const char *xml, size_t length)
{
    if (!settings_check_text(settings, "OVF environment", xml, length))
        return;
    xmlParserCtxt *parser = xmlNewParserCtxt();
    g_autoptr(xmlDoc) document = xmlCtxtReadMemory(parser, xml, (int)length, "ovf-env.xml", NULL,
        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    const xmlError *fault = xmlCtxtGetLastError(parser);
    if (!document) {
        g_autofree char *why = g_strdup(fault && fault->message ? fault->message : "not read");
        settings_complain(settings, "OVF environment: is no XML: line %d: %s",
            fault ? fault->line : 0, g_strstrip(why));
    }
    xmlFreeParserCtxt(parser);
    xmlNode *root = document ? xmlDocGetRootElement(document) : NULL;
    if (!root)
        return;
    if (document->intSubset) {
        settings_complain(settings, "OVF environment: has a document type, which none has");
        return;
    }
    if (!is_element(root, "Environment")) {
        settings_complain(settings,
            "OVF environment: begins with <%s>, not with an Environment of %s",
            (const char *)root->name, OVF_NAMESPACE);
        return;
    }
    /* An Entity is another machine of the same vApp. */
    for (xmlNode *section = root->children; section; section = section->next)
        if (is_element(section, "PropertySection"))
            for (xmlNode *node = section->children; node; node = node->next)
                if (is_element(node, "Property"))
                    put_property(settings, node);
}

void
settings_parse_lines(Settings *settings, const char *text, size_t length)
{
    if (!settings_check_text(settings, "settings", text, length))
        return;
    g_autofree char *copy = g_strndup(text, length);
    g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
    for (unsigned i = 0; lines[i]; i++) {
        char *line = g_strstrip(lines[i]);
        if (!*line || *line == '#' || strcmp(line, "[settings]") == 0)
            continue;
        char *equals = strchr(line, '=');
        if (!equals) {
            settings_complain(settings, "line %u: is not KEY = VALUE", i + 1);
            continue;
        }
        *equals = '\0';
        g_autofree char *value = g_strcompress(g_strstrip(equals + 1));
        settings_put_named(settings, g_strstrip(line), value);
    }
}
