/* SPDX-License-Identifier: Apache-2.0
 *
 * How the releases of CloudStack differ in what we depend on: a row each behaviour, a column each
 * release, read from their code. Columns are in order of number, which is not the order of the
 * code: 4.20.0 is older than 4.19.2, 4.21.0 than 4.20.2, and 4.20.3 is newer than 4.22.0.
 *
 * Notes
 *   4.18.0         4.17.2 and 4.18.1 are the same in all of this
 *   4.18.2         and its security releases .1 to .5
 *   4.22.0.1       4.22.0 with the reservations of 4.22.1, and a mistake that 4.22.1 mends
 *   4.23.0         read before its release
 *   picks_pools_by_tag, compares_with_source
 *                  read in 4.19.0, 4.19.1, 4.20.0 and from 4.22.0.1 on; those between by the dates
 *                  of the changes
 *   asks_kvm_template
 *                  4.20.2, 4.20.3 and 4.22.0 only after an import from VMware without a template
 */
#include "mapper_priv.h"

/* clang-format off */
#define ENDS POOL_SEARCH_ENDS
#define PATH POOL_SEARCH_PATH
#define CONT POOL_SEARCH_CONTAINS
#define Y true
#define _ false

#define TABLE(X)                                                                                                                            \
    /*                            18.0   18.2   19.0   19.1   19.2   19.3   20.0   20.1   20.2   20.3   21.0   22.0 22.0.1   22.1   23.0 */ \
    X(pool_search              ,  ENDS,  ENDS,  PATH,  CONT,  CONT,  CONT,  CONT,  CONT,  CONT,  CONT,  CONT,  CONT,  CONT,  CONT,  CONT)   \
    /* How it looks for pools. */                                                                                                           \
    X(filters_pools_by_tag     ,     _,     _,     _,     _,     Y,     Y,     _,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y)   \
    X(finds_pool_by_uuid       ,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     Y,     Y,     Y,     Y)   \
    X(evaluates_tag_rules      ,     _,     _,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y)   \
    /* Which checks it makes. */                                                                                                            \
    X(needs_enabled_cluster    ,     _,     _,     _,     _,     Y,     Y,     _,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y)   \
    X(imports_kvm              ,     _,     _,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y)   \
    X(asks_kvm_template        ,     _,     _,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     _,     _)   \
    X(needs_every_host_tag     ,     Y,     Y,     Y,     Y,     Y,     Y,     _,     _,     _,     _,     _,     _,     _,     _,     _)   \
    X(evaluates_host_rules     ,     _,     _,     Y,     Y,     Y,     Y,     _,     _,     _,     _,     _,     _,     _,     _,     _)   \
    X(counts_single_disk       ,     _,     _,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y)   \
    X(lends_disk_size          ,     _,     _,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y)   \
    X(compares_null_uri        ,     _,     _,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y)   \
    X(validates_mac            ,     _,     _,     _,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y)   \
    X(needs_free_basic_ip      ,     _,     _,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y)   \
    X(needs_free_shared_ip     ,     _,     _,     _,     _,     _,     _,     _,     _,     Y,     Y,     _,     Y,     Y,     Y,     Y)   \
    X(breaks_custom            ,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     Y,     _,     _)   \
    X(limits_cpu               ,     Y,     Y,     Y,     Y,     Y,     Y,     _,     _,     _,     Y,     _,     _,     Y,     Y,     Y)   \
    X(limits_storage           ,     _,     _,     _,     _,     _,     _,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y)   \
    X(reserves_limits          ,     _,     _,     _,     _,     _,     _,     _,     _,     _,     Y,     _,     _,     Y,     Y,     Y)   \
    /* What it does besides. */                                                                                                             \
    X(asks_cluster_first       ,     Y,     Y,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _)   \
    X(force_removes_other_nic  ,     Y,     Y,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _)   \
    X(hides_names_by_host      ,     Y,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _)   \
    /* Which domains its reader of KVM misses. */                                                                                           \
    X(misses_no_cputune        ,     _,     _,     Y,     Y,     _,     _,     Y,     _,     _,     _,     _,     _,     _,     _,     _)   \
    X(misses_no_cache          ,     _,     _,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     _,     Y,     Y,     Y,     _,     _)   \
    X(misses_itco              ,     _,     _,     Y,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _)   \
    /* How it words its texts. */                                                                                                           \
    X(has_words_of_418         ,     Y,     Y,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _)   \
    X(misspells_please         ,     _,     _,     Y,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _)   \
    X(numbers_network          ,     Y,     Y,     Y,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _)   \
    X(tells_network_id         ,     _,     _,     _,     Y,     Y,     Y,     Y,     _,     _,     _,     _,     _,     _,     _,     _)   \
    X(tells_limit_tag          ,     _,     _,     _,     _,     _,     _,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y)   \
    X(tells_objects            ,     _,     _,     _,     _,     _,     _,     _,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y)   \
    X(writes_cpu_large         ,     _,     _,     _,     _,     _,     _,     _,     _,     _,     Y,     _,     _,     _,     Y,     Y)   \
    X(shows_displayname        ,     _,     _,     _,     _,     _,     _,     _,     _,     Y,     Y,     _,     Y,     Y,     Y,     Y)   \
    /* What its APIs and settings show. */                                                                                                  \
    X(has_import_vm            ,     _,     _,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y)   \
    X(has_import_volume        ,     _,     _,     _,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y)   \
    X(has_import_host          ,     _,     _,     _,     _,     Y,     Y,     _,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y)   \
    X(has_dcvms_batch          ,     _,     _,     _,     _,     Y,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _)   \
    X(has_dcvms_instance       ,     _,     _,     _,     _,     _,     Y,     _,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y)   \
    X(has_delete_protection    ,     _,     _,     _,     _,     _,     _,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y)   \
    X(has_import_tasks         ,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     Y,     Y,     Y,     Y)   \
    X(has_vddk                 ,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     Y,     Y)   \
    X(has_update_nic           ,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     Y)   \
    X(has_strict_tags_setting  ,     _,     _,     _,     _,     _,     _,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y)   \
    X(has_key_access_setting   ,     _,     _,     _,     _,     _,     _,     _,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y)   \
    X(has_post_setting         ,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     Y,     Y,     Y,     Y,     Y)   \
    /* How it converts. */                                                                                                                  \
    X(clones_always            ,     _,     _,     Y,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _)   \
    X(picks_pools_by_tag       ,     _,     _,     _,     _,     Y,     Y,     _,     Y,     Y,     Y,     Y,     Y,     Y,     Y,     Y)   \
    X(compares_with_source     ,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     _,     Y,     Y,     Y,     Y)

#define COLUMN_0(member, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o) .member = a,
#define COLUMN_1(member, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o) .member = b,
#define COLUMN_2(member, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o) .member = c,
#define COLUMN_3(member, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o) .member = d,
#define COLUMN_4(member, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o) .member = e,
#define COLUMN_5(member, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o) .member = f,
#define COLUMN_6(member, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o) .member = g,
#define COLUMN_7(member, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o) .member = h,
#define COLUMN_8(member, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o) .member = i,
#define COLUMN_9(member, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o) .member = j,
#define COLUMN_10(member, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o) .member = k,
#define COLUMN_11(member, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o) .member = l,
#define COLUMN_12(member, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o) .member = m,
#define COLUMN_13(member, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o) .member = n,
#define COLUMN_14(member, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o) .member = o,

const Release releases[] = {
    {.name = "4.18.0", .minor = 18, .patch = 0, .security = 0, .last_patch = 1, .last_security = 99, TABLE(COLUMN_0)},
    {.name = "4.18.2", .minor = 18, .patch = 2, .security = 0, .last_patch = 2, .last_security = 5, TABLE(COLUMN_1)},
    {.name = "4.19.0", .minor = 19, .patch = 0, .security = 0, .last_patch = 0, .last_security = 0, TABLE(COLUMN_2)},
    {.name = "4.19.1", .minor = 19, .patch = 1, .security = 0, .last_patch = 1, .last_security = 0, TABLE(COLUMN_3)},
    {.name = "4.19.2", .minor = 19, .patch = 2, .security = 0, .last_patch = 2, .last_security = 0, TABLE(COLUMN_4)},
    {.name = "4.19.3", .minor = 19, .patch = 3, .security = 0, .last_patch = 3, .last_security = 0, TABLE(COLUMN_5)},
    {.name = "4.20.0", .minor = 20, .patch = 0, .security = 0, .last_patch = 0, .last_security = 0, TABLE(COLUMN_6)},
    {.name = "4.20.1", .minor = 20, .patch = 1, .security = 0, .last_patch = 1, .last_security = 0, TABLE(COLUMN_7)},
    {.name = "4.20.2", .minor = 20, .patch = 2, .security = 0, .last_patch = 2, .last_security = 0, TABLE(COLUMN_8)},
    {.name = "4.20.3", .minor = 20, .patch = 3, .security = 0, .last_patch = 3, .last_security = 0, TABLE(COLUMN_9)},
    {.name = "4.21.0", .minor = 21, .patch = 0, .security = 0, .last_patch = 0, .last_security = 0, TABLE(COLUMN_10)},
    {.name = "4.22.0", .minor = 22, .patch = 0, .security = 0, .last_patch = 0, .last_security = 0, TABLE(COLUMN_11)},
    {.name = "4.22.0.1", .minor = 22, .patch = 0, .security = 1, .last_patch = 0, .last_security = 1, TABLE(COLUMN_12)},
    {.name = "4.22.1", .minor = 22, .patch = 1, .security = 0, .last_patch = 1, .last_security = 0, TABLE(COLUMN_13)},
    {.name = "4.23.0", .minor = 23, .patch = 0, .security = 0, .last_patch = 0, .last_security = 0, TABLE(COLUMN_14)},
};
/* clang-format on */

const size_t releases_n = G_N_ELEMENTS(releases);
