/* SPDX-License-Identifier: Apache-2.0
 *
 * One domain: its power, and its guest asked to shut down. This is the only call here that changes
 * anything, and no other that ends a domain is made: not destroy, not reset, not managed save.
 */
#include "libvirt_worker.h"

void *
worker_open_read_write(Worker *worker)
{
    if (worker->read_write)
        return worker->read_write;
    worker->read_write = virConnectOpen(worker->request.uri.value);
    worker->requests++;
    if (!worker->read_write)
        worker->read_write_why = libvirt_last_error();
    return worker->read_write;
}

/* NULL without an error: the host does not have it. */
static virDomainPtr
find_domain(Worker *worker, virConnectPtr connection, LibvirtError *ret_error)
{
    const Texts *ids = &worker->request.ids;
    virDomainPtr domain = ids->n ? virDomainLookupByUUIDString(connection, ids->items[0]) : NULL;
    worker->requests++;
    if (domain || !ids->n)
        return domain;
    *ret_error = libvirt_last_error();
    /* A text that is no UUID is no domain of any host. */
    if (ret_error->code == VIR_ERR_NO_DOMAIN || ret_error->code == VIR_ERR_INVALID_ARG)
        *ret_error = (LibvirtError){0};
    return NULL;
}

bool
worker_put_power(Worker *worker, LibvirtError *ret_error)
{
    virDomainPtr domain = find_domain(worker, worker->connection, ret_error);
    int state = 0;
    if (!domain)
        return ret_error->text[0] == '\0';
    bool is_read = virDomainGetState(domain, &state, NULL, 0) == 0;
    worker->requests++;
    if (!is_read)
        *ret_error = libvirt_last_error();
    virDomainFree(domain);
    if (!is_read) /* it went between the two calls: as if it had gone before */
        return ret_error->code == VIR_ERR_NO_DOMAIN;
    PowerState power = worker_power_of(state);
    WirePower told = {text_known(power_words[power] ? power_words[power] : "unknown")};
    worker_put(worker, WIRE_POWER, &wire_power_type, &told);
    return true;
}

bool
worker_shutdown_guest(Worker *worker, LibvirtError *ret_error)
{
    virConnectPtr connection = worker_bounded(worker, worker_open_read_write, STAGE_MS);
    if (!connection) {
        *ret_error = worker->read_write_why;
        if (ret_error->text[0] == '\0')
            g_strlcpy(ret_error->text, "opening a read-write connection timed out",
                sizeof ret_error->text);
        return false;
    }
    virDomainPtr domain = find_domain(worker, connection, ret_error);
    if (!domain)
        return ret_error->text[0] == '\0';
    virDomainAgentSetResponseTimeout(domain, (int)worker->request.agent_timeout_s.value, 0);
    virResetLastError();
    /* No flags: by the agent if it is connected, and by ACPI if that fails. */
    bool is_asked = virDomainShutdownFlags(domain, 0) == 0;
    worker->requests += 2;
    if (!is_asked)
        *ret_error = libvirt_last_error();
    virDomainFree(domain);
    if (!is_asked)
        return false;
    WirePower told = {text_known("asked")};
    worker_put(worker, WIRE_POWER, &wire_power_type, &told);
    return true;
}
