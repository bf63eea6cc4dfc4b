/* SPDX-License-Identifier: Apache-2.0
 *
 * vm-ingest-libvirt-worker: the process that reads one libvirt host for vm-ingest.
 *
 * A program of its own, so that only it loads libvirt, libxml2 and the forty libraries that those
 * bring: they would be half of the memory of a discovery that has no libvirt host.
 */
#include "source.h"

#include <locale.h>

int
main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    return libvirt_worker_main(argc, argv);
}
