/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a file of choices: an error that names the file, or a plan that can be judged, saved
 * and written as CSV that gives the same choices again.
 */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "appliance/choices.h"
#include "appliance/demo.h"
#include "appliance/report.h"
#include "cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Estate estate;

static Plan *
plan_with(const void *data, size_t size, ChoicesCount *ret_count)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan =
        plan_build(estate.inventory, estate.catalog, estate.policy, NULL, &error);
    int fd = memfd_create("choices", MFD_CLOEXEC);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        g_error("no file");
    bool is_ok = choices_read(path, plan, ret_count, &error);
    close(fd);
    if (is_ok != !error || (error && !strstr(error->message, path)))
        g_error("not a good error: %s", error ? error->message : "none");
    return is_ok ? g_steal_pointer(&plan) : NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ChoicesCount count, again;
    if (!estate.inventory && !demo_read(&estate, NULL))
        g_error("no demo");
    g_autoptr(Plan) plan = plan_with(data, size, &count);
    if (!plan)
        return 0;
    g_autoptr(Plan) checked =
        plan_check(plan, estate.inventory, estate.catalog, estate.policy, NULL, NULL);
    char *text = NULL, *text_again = NULL;
    size_t length = 0;
    const OutputStyle style = {0};
    FILE *file = open_memstream(&text, &length);
    if (!checked || !report_csv(plan, &style, file, NULL) || fclose(file) != 0)
        g_error("not judged or not written");
    g_autoptr(Plan) back = plan_with(text, length, &again);
    file = open_memstream(&text_again, &length);
    if (!back || !report_csv(back, &style, file, NULL) || fclose(file) != 0)
        g_error("not read back");
    char *choices = strstr(text, "\r\n"), *choices_again = strstr(text_again, "\r\n");
    if (strcmp(choices, choices_again) != 0)
        g_error("other choices:\n%s\n%s", text, text_again);
    free(text);
    free(text_again);
    return 0;
}
