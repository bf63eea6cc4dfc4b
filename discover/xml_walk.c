/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading XML that a stranger wrote: bounded, without entities, network or DTD.
 */
#include "libvirt_priv.h"

#include <libxml/parser.h>

#include "cleanup.h"

/* Never NOENT, DTDLOAD, XINCLUDE or HUGE: with NOENT a file of ours could be read into a text. */
enum {
    PARSE_FLAGS = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_COMPACT |
                  XML_PARSE_NOBLANKS
};

static void
complain_syntax(xmlParserCtxt *parser, const char *what, GError **error)
{
    const xmlError *why = xmlCtxtGetLastError(parser);
    g_autofree char *text = g_strdup(why && why->message ? why->message : "unknown reason");
    g_strdelimit(text, "\r\n\t", ' ');
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID, "%s, line %d: not well formed: %s", what,
        why ? why->line : 0, g_strchomp(text));
}

static xmlDoc *
read_document(const char *xml, size_t length, const char *what, GError **error)
{
    xmlParserCtxt *parser = xmlNewParserCtxt();
    xmlDoc *document = xmlCtxtReadMemory(parser, xml, (int)length, NULL, NULL, PARSE_FLAGS);
    if (!document)
        complain_syntax(parser, what, error);
    xmlFreeParserCtxt(parser);
    return document;
}

xmlDoc *
xml_walk_parse(
    const char *xml, size_t length, const char *what, const char *root_name, GError **error)
{
    if (length > XML_BYTES_MAX) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID, "%s: %zu bytes; %d at most", what,
            length, XML_BYTES_MAX);
        return NULL;
    }
    g_autoptr(xmlDoc) document = read_document(xml, length, what, error);
    if (!document)
        return NULL;
    if (document->intSubset || document->extSubset) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID,
            "%s: it has a DOCTYPE, which libvirt never writes", what);
        return NULL;
    }
    const xmlNode *root = xmlDocGetRootElement(document);
    if (!xml_is(root, root_name)) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID,
            "%s: the outermost element is '%.60s', not '%s'", what,
            root ? (const char *)root->name : "", root_name);
        return NULL;
    }
    return g_steal_pointer(&document);
}

bool
xml_is(const xmlNode *node, const char *name)
{
    return node && node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

xmlNode *
xml_element(xmlNode *node)
{
    while (node && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

const char *
xml_attr(const xmlNode *node, const char *name)
{
    if (!node || node->type != XML_ELEMENT_NODE)
        return NULL;
    for (const xmlAttr *at = node->properties; at; at = at->next)
        if (!at->ns && strcmp((const char *)at->name, name) == 0)
            return at->children && at->children->content ? (const char *)at->children->content : "";
    return NULL;
}

const char *
xml_attr_copy(const xmlNode *node, const char *name, Arena *arena)
{
    const char *value = xml_attr(node, name);
    return value && *value ? arena_intern(arena, value) : NULL;
}

xmlNode *
xml_child(const xmlNode *node, const char *name)
{
    XML_EACH(node, child)
        if (xml_is(child, name))
            return child;
    return NULL;
}

const char *
xml_child_attr(const xmlNode *node, const char *child, const char *name)
{
    return xml_attr(xml_child(node, child), name);
}

const char *
xml_text(const xmlNode *node, Arena *arena)
{
    if (!node)
        return NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    for (const xmlNode *part = node->children; part; part = part->next)
        if ((part->type == XML_TEXT_NODE || part->type == XML_CDATA_SECTION_NODE) && part->content)
            g_string_append(text, (const char *)part->content);
    g_strstrip(text->str);
    return *text->str ? arena_strdup(arena, text->str) : NULL;
}
