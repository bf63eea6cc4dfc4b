/* SPDX-License-Identifier: Apache-2.0
 *
 * What the property collector and FetchDVPorts answer, as a stream: each object is read by gSOAP's
 * pull functions into a small tree that keeps every element with its xsi:type as text, is handed
 * over, and is gone. So memory does not grow with the estate, and a type that was invented after
 * us is still there for whoever reads the tree.
 *
 * gSOAP calls the soap_in_...() functions below at <returnval>; soap->user is the transport.
 */
#include "vim_priv.h"

#include <errno.h>
#include <soapH.h>
#include <string.h>

/* What soap_get() answers instead of a character (gSOAP keeps these to itself). */
enum {
    GOT_LESS = -2,       /* <  */
    GOT_LESS_SLASH = -3, /* </ */
    GOT_GREATER = -4,
    GOT_QUOTE = -5,
    GOT_APOSTROPHE = -6,
};

static const char *
without_prefix(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon ? colon + 1 : name;
}

static int
complain(struct soap *soap, const char *what)
{
    VimTransport *transport = soap->user;
    vim_transport_fail(transport, INGEST_ERROR_PROTOCOL, NULL, "'%s' sent %s",
        transport->host ? transport->host : "the server", what);
    return soap->error = SOAP_SYNTAX_ERROR;
}

/* --- text ------------------------------------------------------------------------------------- */

/* To the next markup, or what reads as something else than it is. */
static const char *
skip_plain(const char *at, const char *end)
{
    while (at < end && *at != '<' && *at != '&' && *at != '\r')
        at++;
    return at;
}

/* Takes what lies ready in the buffer up to the next markup, without a call per character. */
static void
take_ready_text(struct soap *soap, GString *text)
{
    if (soap->ahead || soap->cdata)
        return;
    const char *begin = soap->buf + soap->bufidx,
               *end = skip_plain(begin, soap->buf + soap->buflen);
    g_string_append_len(text, begin, end - begin);
    soap->bufidx += (size_t)(end - begin);
}

static void
append_character(GString *text, soap_wchar got)
{
    /* A character reference has the top bit set; the rest is the code point. */
    bool is_reference = ((unsigned)got & 0x80000000u) && got < GOT_APOSTROPHE;
    gunichar code = (gunichar)got & 0x7fffffff;
    if (got == GOT_GREATER)
        g_string_append_c(text, '>');
    else if (got == GOT_QUOTE)
        g_string_append_c(text, '"');
    else if (got == GOT_APOSTROPHE)
        g_string_append_c(text, '\'');
    else if (!is_reference)
        g_string_append_c(text, (char)got);
    else if (code != 0 && code <= 0x10ffff && g_unichar_validate(code))
        g_string_append_unichar(text, code);
    else
        g_string_append_unichar(text, 0xfffd);
}

/* Reads up to the next tag, which stays unread. */
static int
read_text(struct soap *soap, GString *text)
{
    g_string_truncate(text, 0);
    for (;;) {
        take_ready_text(soap, text);
        soap_wchar got = soap_get(soap);
        if (got == (soap_wchar)EOF)
            return soap->error = soap->error ? soap->error : SOAP_EOF;
        if (got == GOT_LESS || got == GOT_LESS_SLASH) {
            soap_unget(soap, got);
            return SOAP_OK;
        }
        append_character(text, got);
        if (text->len > VIM_TEXT_BYTES_MAX)
            return complain(soap, "a text of more than 1 MiB");
    }
}

static const char *
keep_text(Arena *arena, const char *text, size_t length)
{
    if (length == 0)
        return "";
    if (g_utf8_validate(text, (gssize)length, NULL))
        return arena_strndup(arena, text, length);
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)length);
    return arena_strdup(arena, valid);
}

/* --- trees ------------------------------------------------------------------------------------ */

/* Reads one tree after the other, each into the memory of the last. */
typedef struct TreeReader {
    struct soap *soap;
    Arena arena;   /* of the tree at hand */
    GString *text; /* scratch */
} TreeReader;

static void
tree_reader_init(TreeReader *reader, struct soap *soap)
{
    *reader = (TreeReader){.soap = soap, .text = g_string_new(NULL)};
    arena_init(&reader->arena);
}

static void
tree_reader_release(TreeReader *reader)
{
    arena_release(&reader->arena);
    g_string_free(reader->text, true);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TreeReader, tree_reader_release)

/* From what was peeked; @tag is its name as it stands there. */
static VimNode *
new_node(TreeReader *reader, const char *tag)
{
    struct soap *soap = reader->soap;
    const char *type = without_prefix(soap->type);
    VimNode *node = arena_alloc_aligned(&reader->arena, sizeof *node, sizeof(void *));
    *node = (VimNode){.name = without_prefix(tag),
        .type = *type ? arena_strdup(&reader->arena, type) : "",
        .ref_type = "",
        .text = ""};
    for (const struct soap_attribute *at = soap->attributes; at; at = at->next)
        if (at->visible && strcmp(at->name, "type") == 0)
            node->ref_type = at->value ? arena_strdup(&reader->arena, at->value) : "";
    return node;
}

/* Takes "TAG>", which ends the element, if that is what lies at @at in the buffer. */
static bool
take_ready_end(struct soap *soap, const char *at, const char *tag)
{
    size_t length = strlen(tag), left = (size_t)(soap->buf + soap->buflen - at);
    bool has_namespaces = soap->nlist && soap->nlist->level >= soap->level; /* gSOAP's to end */
    if (has_namespaces || left <= length || memcmp(at, tag, length) != 0 || at[length] != '>')
        return false;
    soap->bufidx = (size_t)(at - soap->buf) + length + 1;
    soap->ahead = 0;
    soap->peeked = 0;
    soap->level--;
    return true;
}

/* Takes text and end tag of an element that lies whole in the buffer, as nearly all do. */
static bool
take_ready_leaf(TreeReader *reader, VimNode *node, const char *tag)
{
    struct soap *soap = reader->soap;
    if (soap->ahead || soap->cdata)
        return false;
    const char *begin = soap->buf + soap->bufidx, *limit = soap->buf + soap->buflen,
               *end = skip_plain(begin, limit);
    if (limit - end < 2 || end[0] != '<' || end[1] != '/' || !take_ready_end(soap, end + 2, tag))
        return false;
    node->text = keep_text(&reader->arena, begin, (size_t)(end - begin));
    return true;
}

static int
read_end(struct soap *soap, const char *tag)
{
    if (soap->ahead == GOT_LESS_SLASH && take_ready_end(soap, soap->buf + soap->bufidx, tag))
        return SOAP_OK;
    g_autofree char *any_namespace = g_strconcat(":", without_prefix(tag), NULL);
    return soap_element_end_in(soap, any_namespace);
}

static int read_node(TreeReader *reader, unsigned depth, VimNode **ret_node);

static int
read_content(TreeReader *reader, unsigned depth, VimNode *node)
{
    struct soap *soap = reader->soap;
    VimNode **last = &node->children;
    if (read_text(soap, reader->text))
        return soap->error;
    if (soap->ahead == GOT_LESS_SLASH)
        node->text = keep_text(&reader->arena, reader->text->str, reader->text->len);
    while (soap_peek_element(soap) == SOAP_OK) {
        if (read_node(reader, depth + 1, last))
            return soap->error;
        last = &(*last)->next;
    }
    return soap->error = soap->error == SOAP_NO_TAG ? SOAP_OK : soap->error;
}

/* The element that was peeked, with all below it. */
static int
read_node(TreeReader *reader, unsigned depth, VimNode **ret_node)
{
    struct soap *soap = reader->soap;
    if (depth >= VIM_DEPTH_MAX)
        return complain(soap, "elements nested more than 64 deep");
    if (reader->arena.total_bytes > VIM_OBJECT_BYTES_MAX)
        return complain(soap, "an object of more than 128 MiB");
    const char *tag = arena_strdup(&reader->arena, soap->tag);
    VimNode *node = new_node(reader, tag);
    if (soap_element_begin_in(soap, NULL, 1, NULL))
        return soap->error;
    if (soap->body && !take_ready_leaf(reader, node, tag) &&
        (read_content(reader, depth, node) || read_end(soap, tag)))
        return soap->error;
    *ret_node = node;
    return SOAP_OK;
}

/* The tree of the peeked element; it lasts until the next one is read. */
static int
read_tree(TreeReader *tree, VimNode **ret_node)
{
    arena_reset(&tree->arena);
    return read_node(tree, 0, ret_node);
}

/* Reads the tree of the peeked element and hands it over. */
static int
hand_over(TreeReader *tree, VimReader *reader)
{
    VimNode *node = NULL;
    if (read_tree(tree, &node))
        return tree->soap->error;
    reader->n_objects++;
    if (!reader->object(reader, node, &tree->arena, &reader->error))
        return tree->soap->error = SOAP_USER_ERROR;
    return SOAP_OK;
}

/* Nothing but digits, letters and such: what comes back to the server must not be markup. */
static bool
is_token(const char *text)
{
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return false;
    return *text != '\0';
}

static int
read_token(TreeReader *tree, VimReader *reader)
{
    VimNode *node = NULL;
    if (read_tree(tree, &node))
        return tree->soap->error;
    if (!is_token(node->text))
        return complain(tree->soap, "a page token that is none");
    g_free(reader->token);
    reader->token = g_strdup(node->text);
    return SOAP_OK;
}

static int
skip_element(struct soap *soap)
{
    soap->peeked = 0;
    return soap->body ? soap_ignore(soap) : SOAP_OK;
}

static int
read_page(struct soap *soap, VimReader *reader)
{
    g_auto(TreeReader) tree;
    tree_reader_init(&tree, soap);
    while (soap_peek_element(soap) == SOAP_OK) {
        const char *name = without_prefix(soap->tag);
        int failure = strcmp(name, "objects") == 0 ? hand_over(&tree, reader)
                      : strcmp(name, "token") == 0 ? read_token(&tree, reader)
                                                   : skip_element(soap);
        if (failure)
            return failure;
    }
    if (soap->error != SOAP_NO_TAG)
        return soap->error;
    return soap->error = SOAP_OK;
}

/* --- what gSOAP calls ------------------------------------------------------------------------- */

static VimReader *
reader_of(struct soap *soap)
{
    return ((VimTransport *)soap->user)->reader;
}

struct vim_page_stream *
soap_in_vim25__RetrieveResult(
    struct soap *soap, const char *tag, struct vim_page_stream *page, const char *type)
{
    (void)type;
    if (soap_element_begin_in(soap, tag, 1, NULL))
        return NULL;
    if (!page && !(page = soap_malloc(soap, sizeof *page)))
        return NULL;
    bool has_body = soap->body;
    if (has_body && read_page(soap, reader_of(soap)))
        return NULL;
    if (has_body && soap_element_end_in(soap, tag))
        return NULL;
    return page;
}

struct vim_port_stream *
soap_in_vim25__DistributedVirtualPort(
    struct soap *soap, const char *tag, struct vim_port_stream *port, const char *type)
{
    (void)type;
    /* The caller peeked; a tag that is not ours it must be able to try elsewhere. */
    if (soap_peek_element(soap))
        return NULL;
    if (soap_match_tag(soap, soap->tag, tag)) {
        soap->error = SOAP_TAG_MISMATCH;
        return NULL;
    }
    if (!port && !(port = soap_malloc(soap, sizeof *port)))
        return NULL;
    g_auto(TreeReader) tree;
    tree_reader_init(&tree, soap);
    return hand_over(&tree, reader_of(soap)) ? NULL : port;
}

/* The streams are only ever read: the rest of what gSOAP wants of a type is empty. */
/* clang-format off */
#define STREAM_ONLY_READ(name, stream)                                                             \
    void soap_default_##name(struct soap *soap, struct stream *a)                                  \
    {                                                                                              \
        (void)soap;                                                                                \
        a->unused = 0;                                                                             \
    }                                                                                              \
    void soap_serialize_##name(struct soap *soap, const struct stream *a)                          \
    {                                                                                              \
        (void)soap, (void)a;                                                                       \
    }                                                                                              \
    const char *soap_##name##2s(struct soap *soap, struct stream a)                                \
    {                                                                                              \
        (void)soap, (void)a;                                                                       \
        return "";                                                                                 \
    }                                                                                              \
    int soap_s2##name(struct soap *soap, const char *s, struct stream *a)                          \
    {                                                                                              \
        (void)soap, (void)s, (void)a;                                                              \
        return SOAP_OK;                                                                            \
    }                                                                                              \
    int soap_out_##name(                                                                           \
        struct soap *soap, const char *tag, int id, const struct stream *a, const char *type)      \
    {                                                                                              \
        (void)soap, (void)tag, (void)id, (void)a, (void)type;                                      \
        return SOAP_OK;                                                                            \
    }

/* clang-format on */

STREAM_ONLY_READ(vim25__RetrieveResult, vim_page_stream)
STREAM_ONLY_READ(vim25__DistributedVirtualPort, vim_port_stream)

/* --- reading trees ---------------------------------------------------------------------------- */

static const VimNode *
find_child(const VimNode *node, const char *name, size_t length)
{
    for (const VimNode *child = node->children; child; child = child->next)
        if (child->name[0] == name[0] && strncmp(child->name, name, length) == 0 &&
            child->name[length] == '\0')
            return child;
    return NULL;
}

const VimNode *
vim_node_find(const VimNode *node, const char *name)
{
    return node ? find_child(node, name, strlen(name)) : NULL;
}

const VimNode *
vim_node_find_path(const VimNode *node, const char *path)
{
    while (node && *path) {
        size_t length = strcspn(path, "/");
        node = find_child(node, path, length);
        path += length + (path[length] == '/');
    }
    return node;
}

const char *
vim_node_text(const VimNode *node, const char *path)
{
    node = vim_node_find_path(node, path);
    return node ? node->text : NULL;
}

Text
vim_node_fact(const VimNode *node, const char *path)
{
    return text_known(vim_node_text(node, path));
}

Int
vim_node_int(const VimNode *node, const char *path)
{
    const char *text = vim_node_text(node, path);
    if (!text || !*text)
        return (Int){0};
    char *end = NULL;
    errno = 0;
    int64_t value = g_ascii_strtoll(text, &end, 10);
    return *end == '\0' && errno == 0 ? int_known(value) : (Int){0};
}

Bool
vim_node_bool(const VimNode *node, const char *path)
{
    const char *text = vim_node_text(node, path);
    if (!text)
        return (Bool){0};
    if (strcmp(text, "true") == 0 || strcmp(text, "1") == 0)
        return bool_known(true);
    if (strcmp(text, "false") == 0 || strcmp(text, "0") == 0)
        return bool_known(false);
    return (Bool){0};
}
