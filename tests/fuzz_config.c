/* SPDX-License-Identifier: Apache-2.0
 *
 * The config file and the cmk config, from any bytes.
 */
#include "appliance/appliance.h"

#include <fcntl.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[64];
    if (!*path) {
        g_snprintf(path, sizeof path, "/tmp/vm-ingest-fuzz-config.%d", getpid());
        message_init(&(Options){.is_quiet = true});
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        return 0;
    close(fd);
    Options options = {.config = path};
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = config_load(&options, &error);
    g_assert_true((config == NULL) == (error != NULL));
    if (config) {
        g_autofree char *text = config_describe(config);
        if (config->groups->len)
            config_read_cmk(g_ptr_array_index(config->groups, 0), path, "prod", NULL);
    }
    unlink(path);
    return 0;
}
