/* SPDX-License-Identifier: Apache-2.0
 *
 * Guests asked by their agents. An agent answers to a read-write connection only, and may never
 * answer: each guest costs its own time at most, and all together no more than the stage.
 */
#include "libvirt_worker.h"

#include <arpa/inet.h>
#include <unistd.h>

#include "record.h"

static bool
is_worth_telling(const char *address)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, address, &v4) == 1) {
        uint32_t ip = ntohl(v4.s_addr);
        return ip >> 24 != 127 && ip >> 16 != (169U << 8 | 254U);
    }
    return inet_pton(AF_INET6, address, &v6) == 1 && !IN6_IS_ADDR_LOOPBACK(&v6) &&
           !IN6_IS_ADDR_LINKLOCAL(&v6);
}

void
nic_take_addresses(Nic *nic, const GPtrArray *addresses, const char *from, Arena *arena)
{
    nic->ips.items = arena_new_n(arena, const char *, addresses->len + 1);
    nic->ips.n = 0;
    for (guint i = 0; i < addresses->len; i++)
        if (is_worth_telling(g_ptr_array_index(addresses, i)))
            nic->ips.items[nic->ips.n++] = arena_strdup(arena, g_ptr_array_index(addresses, i));
    nic->ips.state = FACT_KNOWN;
    nic->ips_from = text_known(from);
}

typedef struct Asking {
    Worker *worker;
    virConnectPtr connection; /* read-write */
    atomic_size_t next, n_ended;
} Asking;

static void
take_interface(InstanceView *view, const virDomainInterface *interface, Arena *arena)
{
    const char *mac = text_to_mac(interface->hwaddr, arena);
    g_autoptr(GPtrArray) addresses = g_ptr_array_new();
    for (unsigned i = 0; i < interface->naddrs; i++)
        g_ptr_array_add(addresses, interface->addrs[i].addr);
    for (size_t i = 0; mac && i < view->nics.n; i++) {
        Nic *nic = &view->nics.items[i];
        if (g_strcmp0(nic->mac.value, mac) != 0)
            continue;
        /* Bonds, bridges and VLANs inside the guest repeat the MAC of their NIC. */
        for (size_t k = 0;
             nic->ips_from.value && strcmp(nic->ips_from.value, "agent") == 0 && k < nic->ips.n;
             k++)
            g_ptr_array_add(addresses, (gpointer)nic->ips.items[k]);
        nic_take_addresses(nic, addresses, "agent", arena);
    }
}

static void
ask_guest_info(virDomainPtr domain, InstanceView *view, Arena *arena)
{
    virTypedParameterPtr params = NULL;
    int n = 0;
    const char *text = NULL;
    if (virDomainGetGuestInfo(domain, VIR_DOMAIN_GUEST_INFO_OS | VIR_DOMAIN_GUEST_INFO_HOSTNAME,
            &params, &n, 0) != 0) {
        virResetLastError();
        return;
    }
    if (virTypedParamsGetString(params, n, "hostname", &text) == 1)
        view->guest_hostname = text_known(arena_strdup(arena, text));
    if (virTypedParamsGetString(params, n, "os.pretty-name", &text) == 1)
        view->guest_os_name = text_known(arena_strdup(arena, text));
    virTypedParamsFree(params, n);
}

/* The addresses of one guest into a copy of its view. */
static void
ask_guest(Asking *asking, DomainEntry *entry, Arena *arena)
{
    Worker *worker = asking->worker;
    const RecordType *type = inventory_record_types[RECORD_INSTANCE];
    InstanceView *view = record_copy(type, &entry->xml.view, arena);
    virDomainPtr domain = virDomainLookupByUUIDString(asking->connection, entry->uuid);
    virDomainInterfacePtr *interfaces = NULL;
    int n = -1;
    if (domain) {
        virDomainAgentSetResponseTimeout(domain, (int)worker->request.agent_timeout_s.value, 0);
        n = virDomainInterfaceAddresses(
            domain, &interfaces, VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT, 0);
    }
    worker->requests += 3;
    if (n < 0) {
        LibvirtError why = libvirt_last_error();
        view->tools_running = text_known("agent-silent");
        view_add_problem(view, arena, "agent-silent", NULL,
            "its guest agent is connected but did not answer: addresses stay unknown", why.text);
    }
    for (int i = 0; i < n; i++) {
        take_interface(view, interfaces[i], arena);
        virDomainInterfaceFree(interfaces[i]);
    }
    free(interfaces);
    if (n >= 0)
        ask_guest_info(domain, view, arena);
    if (domain)
        virDomainFree(domain);
    worker_put_record(worker, RECORD_INSTANCE, view);
    worker_flush(worker);
}

static void *
ask_some(void *data)
{
    Asking *asking = data;
    Worker *worker = asking->worker;
    Arena *arena = stage_arena();
    for (size_t i; (i = atomic_fetch_add(&asking->next, 1)) < worker->n_domains;) {
        if (worker->domains[i].is_agent_asked)
            ask_guest(asking, &worker->domains[i], arena);
        atomic_fetch_add(&asking->n_ended, 1);
    }
    return NULL;
}

void
worker_ask_agents(Worker *worker)
{
    enum { POLL_US = 1000 };
    Asking *asking = g_new0(Asking, 1);
    asking->worker = worker;
    asking->connection = worker_bounded(worker, worker_open_read_write, STAGE_MS);
    if (!asking->connection) {
        worker_problem(worker, "agents-unread", NULL,
            "guest agents could not be asked: addresses of guests stay unknown",
            "give an account with read-write access, or set agent=no", "%s",
            worker->read_write_why.text[0] ? worker->read_write_why.text : "no answer in time");
        return;
    }
    for (size_t i = 0; i < AGENT_THREADS; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, ask_some, asking) != 0)
            break;
        pthread_detach(thread);
    }
    while (atomic_load(&asking->n_ended) < worker->n_domains &&
           g_get_monotonic_time() < worker->deadline_us)
        usleep(POLL_US);
    if (atomic_load(&asking->n_ended) < worker->n_domains)
        worker->is_left = true;
}
