/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the HTML report share among themselves.
 */
#ifndef REPORT_PRIV_H
#define REPORT_PRIV_H

#include "report.h"

/**
 * report_html_data - write what the page's script reads, as JSON that is safe inside <script>
 *
 * {"s": texts, "t": templates, "f": findings, "r": reasons, "vms": VMs}. Each text, finding and
 * reason stands once and is referred to by number, so that large reports stay small. Text 0 means
 * not known, text 1 means that there is none.
 */
void report_html_data(const Plan *plan, FILE *file);

/* Text of a page, escaped; NULL is nothing. */
void report_html_text(FILE *file, const char *text);
/* "#name=value", encoded: the address of the list filtered by it. */
void report_html_link(FILE *file, const char *name, const char *value);
/* Sections of the page, report_html_matrix.c. */
void report_html_matrix(const Plan *plan, FILE *file);
void report_html_creations(const Plan *plan, FILE *file);
/* Sections of the page, report_html_lists.c. */
void report_html_waves(const Plan *plan, FILE *file);
void report_html_storage(const Plan *plan, FILE *file);
void report_html_offerings(const Plan *plan, FILE *file);
void report_html_absences(const Plan *plan, FILE *file);
void report_html_freeze(const Plan *plan, FILE *file);
void report_html_time(const Plan *plan, FILE *file);

/* Whose the instance will be, for people. Borrowed from the plan. */
const char *report_owner(const PlanItem *item);

#endif
