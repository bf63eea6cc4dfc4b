/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of plan files: any bytes are read or refused with an error; what was read can be
 * reported, and reading what was saved and saving it again gives the same bytes.
 */
#include "appliance/report.h"

#include "cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Plan *
read_plan(const void *data, size_t size)
{
    g_autoptr(StdioFile) file = size ? fmemopen((void *)data, size, "r") : fopen("/dev/null", "r");
    g_autoptr(GError) error = NULL;
    Plan *plan = plan_read(file, "fuzz", &error);
    g_assert_true(!plan == !!error);
    return plan;
}

static char *
save(const Plan *plan, size_t *ret_size)
{
    char *text = NULL;
    FILE *file = open_memstream(&text, ret_size);
    g_assert_true(plan_save(plan, file, NULL));
    fclose(file);
    return text;
}

static void
report(const Plan *plan)
{
    static FILE *nowhere;
    const OutputStyle narrow = {.columns = 40};
    if (!nowhere)
        nowhere = fopen("/dev/null", "w");
    g_assert_true(report_html(plan, nowhere, NULL));
    g_assert_true(report_text(plan, &narrow, nowhere, NULL));
    g_assert_true(report_items(plan, OUTPUT_TABLE, &narrow, nowhere, NULL));
    g_assert_true(report_items(plan, OUTPUT_YAML, &narrow, nowhere, NULL));
    g_assert_true(report_csv(plan, &(OutputStyle){0}, nowhere, NULL));
    g_assert_true(report_networks(plan, OUTPUT_TABLE, &narrow, nowhere, NULL));
    g_assert_true(report_networks(plan, OUTPUT_JSON, &narrow, nowhere, NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t length = 0, length_again = 0;
    g_autoptr(Plan) plan = read_plan(data, size);
    if (!plan)
        return 0;
    report(plan);
    g_autofree char *text = save(plan, &length);
    g_autoptr(Plan) again = read_plan(text, length);
    g_assert_nonnull(again);
    g_autofree char *text_again = save(again, &length_again);
    g_assert_cmpmem(text, length, text_again, length_again);
    return 0;
}
