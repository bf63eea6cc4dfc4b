/* SPDX-License-Identifier: Apache-2.0
 *
 * A NIC that is judged: network_check.c and ip_check.c.
 */
#ifndef NIC_TASK_H
#define NIC_TASK_H

#include "mapper_priv.h"

/* A NIC with its choice and everything that the findings about it name. */
typedef struct NicTask {
    Task *task;
    const Nic *server; /* as the server reads it */
    const Nic *nic;    /* as it is */
    const Vlan *vlan;
    const NicChoice *choice;
    const Network *network;
    const char *id;
    HashedText mac; /* of the server's view, else of ours; no text: neither tells it */
} NicTask;

/* The address that it is given on its network. */
void check_ip(const NicTask *at);

#endif
