/* SPDX-License-Identifier: Apache-2.0
 *
 * Scope cleanup for foreign handles: g_autoptr(JsonObject) and the like are declared here and
 * nowhere else. Include it after the library's own header: a file gets the handles of the
 * libraries that it has included, so that no folder is drawn to a library it may not use.
 */
#ifndef CLEANUP_H
#define CLEANUP_H

#include <glib.h>
#include <stdio.h>

typedef FILE StdioFile;

static inline void
stdio_file_close(StdioFile *file)
{
    if (file)
        fclose(file);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StdioFile, stdio_file_close)

#ifdef JSON_C_VERSION_NUM
typedef struct json_object JsonObject;
typedef struct json_tokener JsonTokener;

/* json_object_put() answers an int, g_autoptr wants void. */
static inline void
json_object_unref(JsonObject *object)
{
    if (object)
        json_object_put(object);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JsonObject, json_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JsonTokener, json_tokener_free)
#endif

#ifdef LIBXML_VERSION
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)
#endif

#ifdef LIBCURL_VERSION_NUM
typedef CURL CurlEasy;
typedef struct curl_slist CurlList;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CurlEasy, curl_easy_cleanup)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CurlList, curl_slist_free_all)
#endif

#ifdef SQLITE_VERSION
typedef struct sqlite3_stmt SqliteStatement;

/* sqlite3_finalize() answers with the error that sqlite3_step() gave already. */
static inline void
sqlite_statement_free(SqliteStatement *statement)
{
    sqlite3_finalize(statement);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SqliteStatement, sqlite_statement_free)
#endif

#endif
