/* SPDX-License-Identifier: Apache-2.0
 *
 * The records that parent and worker exchange, table by table.
 */
#include "libvirt_priv.h"

#include "record.h"

static const Field request_fields[] = {
    F_TEXT(WireRequest, mode, .is_required = true),
    F_TEXT(WireRequest, uri, .is_required = true),
    F_TEXT(WireRequest, label, .is_required = true),
    F_TEXTS(WireRequest, ids),
    F_BOOL(WireRequest, is_kept),
    F_TEXT(WireRequest, agent),
    F_INT(WireRequest, agent_timeout_s),
    F_INT(WireRequest, inventory_ms),
    F_BOOL(WireRequest, is_same_host),
};
const RecordType wire_request_type = RECORD_TYPE(WireRequest, request_fields);

static const Field connected_fields[] = {
    F_TEXT(WireConnected, product),
    F_TEXT(WireConnected, api_version),
    F_TEXT(WireConnected, uuid),
};
const RecordType wire_connected_type = RECORD_TYPE(WireConnected, connected_fields);

static const Field stage_fields[] = {
    F_TEXT(WireStage, name, .is_required = true),
    F_INT(WireStage, total),
    F_INT(WireStage, deadline_ms, .is_required = true),
};
const RecordType wire_stage_type = RECORD_TYPE(WireStage, stage_fields);

static const Field hop_fields[] = {
    F_TEXT(WireHop, name, .is_required = true),
    F_TEXT(WireHop, result, .is_required = true),
    F_TEXT(WireHop, detail),
    F_TEXT(WireHop, remedy),
};
const RecordType wire_hop_type = RECORD_TYPE(WireHop, hop_fields);

static const Field power_fields[] = {
    F_TEXT(WirePower, power, .is_required = true),
};
const RecordType wire_power_type = RECORD_TYPE(WirePower, power_fields);

static const Field failed_fields[] = {
    F_INT(WireFailed, code, .is_required = true),
    F_TEXT(WireFailed, text, .is_required = true),
    F_TEXT(WireFailed, remedy),
};
const RecordType wire_failed_type = RECORD_TYPE(WireFailed, failed_fields);

static const Field done_fields[] = {
    F_INT(WireDone, requests),
};
const RecordType wire_done_type = RECORD_TYPE(WireDone, done_fields);
