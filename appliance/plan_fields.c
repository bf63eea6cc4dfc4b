/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan file's members, table by table. appliance/schema/plan.schema.json says the same.
 */
#include "report.h"

#include "record.h"

#define REQUIRED .is_required = true
#define INTERNED .is_interned = true

/* --- choices ---------------------------------------------------------------------------------- */

static const Field detail_fields[] = {
    F_TEXT(DetailChoice, key, INTERNED),
    F_TEXT(DetailChoice, value, INTERNED),
};
static const RecordType detail_type = RECORD_TYPE(DetailChoice, detail_fields);

static const Field nic_choice_fields[] = {
    F_TEXT(NicChoice, nic, REQUIRED, INTERNED),
    F_TEXT(NicChoice, networkid, INTERNED),
    F_TEXT(NicChoice, ip4),
};
static const RecordType nic_choice_type = RECORD_TYPE(NicChoice, nic_choice_fields);

static const Field disk_choice_fields[] = {
    F_TEXT(DiskChoice, disk, REQUIRED),
    F_TEXT(DiskChoice, diskofferingid, INTERNED),
};
static const RecordType disk_choice_type = RECORD_TYPE(DiskChoice, disk_choice_fields);

static const Field migrate_choice_fields[] = {
    F_TEXT(MigrateChoice, disk, REQUIRED),
    F_TEXT(MigrateChoice, storageid, INTERNED),
    F_TEXT(MigrateChoice, diskofferingid, INTERNED),
};
static const RecordType migrate_choice_type = RECORD_TYPE(MigrateChoice, migrate_choice_fields);

static const Field power_choice_fields[] = {
    F_BOOL(PowerChoice, off),
    F_INT(PowerChoice, deadline),
};
static const RecordType power_choice_type = RECORD_TYPE(PowerChoice, power_choice_fields);

static const Field ip_choice_fields[] = {
    F_TEXT(IpChoice, nic, REQUIRED, INTERNED),
    F_TEXT(IpChoice, ip, REQUIRED),
};
static const RecordType ip_choice_type = RECORD_TYPE(IpChoice, ip_choice_fields);

static const Field convert_choice_fields[] = {
    F_TEXT(ConvertChoice, importsource, INTERNED),
    F_TEXT(ConvertChoice, zoneid, INTERNED),
    F_TEXT(ConvertChoice, existingvcenterid, INTERNED),
    F_TEXT(ConvertChoice, vcenter, INTERNED),
    F_TEXT(ConvertChoice, datacentername, INTERNED),
    F_TEXT(ConvertChoice, credentials, INTERNED),
    F_TEXT(ConvertChoice, clustername, INTERNED),
    F_TEXT(ConvertChoice, hostip, INTERNED),
    F_TEXT(ConvertChoice, convertinstancehostid, INTERNED),
    F_TEXT(ConvertChoice, importinstancehostid, INTERNED),
    F_TEXT(ConvertChoice, convertinstancepoolid, INTERNED),
    F_BOOL(ConvertChoice, forceconverttopool),
    F_BOOL(ConvertChoice, forcemstoimportvmfiles),
    F_BOOL(ConvertChoice, usevddk),
    F_TEXT(ConvertChoice, extraparams, INTERNED),
    F_TEXT(ConvertChoice, osid, INTERNED),
};
static const RecordType convert_choice_type = RECORD_TYPE(ConvertChoice, convert_choice_fields);

static const Field choice_fields[] = {
    F_TEXT(Choice, clusterid, INTERNED),
    F_TEXT(Choice, name),
    F_TEXT(Choice, displayname),
    F_TEXT(Choice, hostname),
    F_TEXT(Choice, account, INTERNED),
    F_TEXT(Choice, domainid, INTERNED),
    F_TEXT(Choice, projectid, INTERNED),
    F_TEXT(Choice, templateid, INTERNED),
    F_TEXT(Choice, serviceofferingid, INTERNED),
    F_MAP(Choice, details, &detail_type),
    F_LIST(Choice, nics, &nic_choice_type),
    F_TEXT(Choice, root),
    F_LIST(Choice, disks, &disk_choice_type),
    F_BOOL(Choice, migrateallowed),
    F_BOOL(Choice, forced),
    F_LIST(Choice, migrate, &migrate_choice_type),
    F_RECORD(Choice, power, &power_choice_type),
    F_LIST(Choice, ips, &ip_choice_type),
    F_TEXT(Choice, wave, INTERNED),
    F_RECORD(Choice, convert, &convert_choice_type),
    F_INT(Choice, priority),
};
const RecordType plan_choice_type = RECORD_TYPE(Choice, choice_fields);

/* --- identity --------------------------------------------------------------------------------- */

static const Field plan_disk_fields[] = {
    F_TEXT(PlanDisk, id),
    F_TEXT(PlanDisk, label, INTERNED),
    F_TEXT(PlanDisk, datastore, INTERNED),
    F_TEXT(PlanDisk, path),
    F_INT(PlanDisk, capacity_bytes),
};
static const RecordType plan_disk_type = RECORD_TYPE(PlanDisk, plan_disk_fields);

static const Field plan_nic_fields[] = {
    F_TEXT(PlanNic, id, INTERNED),
    F_TEXT(PlanNic, mac),
    F_TEXT(PlanNic, adapter, INTERNED),
    F_TEXT(PlanNic, network, INTERNED),
    F_RECORD(PlanNic, vlan, &vlan_type),
    F_TEXTS(PlanNic, ips),
};
static const RecordType plan_nic_type = RECORD_TYPE(PlanNic, plan_nic_fields);

static const Field plan_instance_fields[] = {
    F_TEXT(PlanInstance, source, INTERNED),
    F_TEXT(PlanInstance, id),
    F_TEXT(PlanInstance, instance_uuid),
    F_TEXT(PlanInstance, bios_uuid),
    F_TEXT(PlanInstance, name),
    F_TEXT(PlanInstance, path, INTERNED),
    F_TEXT(PlanInstance, cloudstack_source, INTERNED),
    F_TEXT(PlanInstance, cloudstack_id),
    F_BOOL(PlanInstance, is_listed),
    F_TEXT(PlanInstance, datacenter, INTERNED),
    F_TEXT(PlanInstance, cluster, INTERNED),
    F_TEXT(PlanInstance, host, INTERNED),
    F_TEXT(PlanInstance, guest_os, INTERNED),
    F_ENUM(PlanInstance, power, power_words),
    F_INT(PlanInstance, cpus),
    F_INT(PlanInstance, memory_bytes),
    F_LIST(PlanInstance, disks, &plan_disk_type),
    F_LIST(PlanInstance, nics, &plan_nic_type),
};
static const RecordType plan_instance_type = RECORD_TYPE(PlanInstance, plan_instance_fields);

/* --- what led to the verdict ------------------------------------------------------------------ */

static const Field server_reply_fields[] = {
    F_ENUM(ServerReply, stage, server_stage_words),
    F_INT(ServerReply, code),
    F_TEXT(ServerReply, text, INTERNED),
};
static const RecordType server_reply_type = RECORD_TYPE(ServerReply, server_reply_fields);

static const Field finding_fields[] = {
    F_TEXT(FindingText, id, REQUIRED, INTERNED),
    F_ENUM(FindingText, severity, severity_words),
    F_TEXT(FindingText, subject, INTERNED),
    F_TEXT(FindingText, text, INTERNED),
    F_TEXT(FindingText, evidence, INTERNED),
    F_TEXT(FindingText, remedy, INTERNED),
    F_RECORD(FindingText, server, &server_reply_type),
};
const RecordType plan_finding_type = RECORD_TYPE(FindingText, finding_fields);

static const Field reason_fields[] = {
    F_TEXT(Reason, about, INTERNED),
    F_TEXT(Reason, chosen, INTERNED),
    F_TEXT(Reason, why, INTERNED),
    F_TEXTS(Reason, others),
};
static const RecordType reason_type = RECORD_TYPE(Reason, reason_fields);

static const Field param_fields[] = {
    F_TEXT(CallParam, name, INTERNED),
    F_TEXT(CallParam, value, INTERNED),
};
const RecordType plan_param_type = RECORD_TYPE(CallParam, param_fields);

static const Field call_fields[] = {
    F_TEXT(Call, command, REQUIRED, INTERNED),
    F_MAP(Call, params, &plan_param_type),
    F_TEXT(Call, credentials, INTERNED),
};
static const RecordType call_type = RECORD_TYPE(Call, call_fields);

static const Field move_fields[] = {
    F_TEXT(PlanMove, disk),
    F_TEXT(PlanMove, label, INTERNED),
    F_INT(PlanMove, bytes),
    F_TEXT(PlanMove, from_pool, INTERNED),
    F_TEXT(PlanMove, from_poolid, INTERNED),
    F_TEXT(PlanMove, to_pool, INTERNED),
    F_TEXT(PlanMove, to_poolid, INTERNED),
    F_TEXT(PlanMove, offering_before, INTERNED),
    F_TEXT(PlanMove, offering, INTERNED),
    F_BOOL(PlanMove, is_live),
    F_INT(PlanMove, free_after_bytes),
    F_TEXT(PlanMove, why),
};
static const RecordType move_type = RECORD_TYPE(PlanMove, move_fields);

/* plan_save() puts the texts of a built item where a loaded one has them. */
/* clang-format off */
#define LOADED(name_, member, kind_, ...) {.name = (name_), .kind = (kind_), .offset = offsetof(PlanItem, member), __VA_ARGS__}
/* clang-format on */

static const Field item_fields[] = {
    F_RECORD(PlanItem, instance, &plan_instance_type, REQUIRED),
    F_RECORD(PlanItem, choice, &plan_choice_type),
    LOADED("facts", loaded_facts, FIELD_TEXT),
    F_ENUM(PlanItem, verdict, verdict_words),
    LOADED("findings", loaded_findings, FIELD_LIST, .record = &plan_finding_type),
    LOADED("reasons", loaded_reasons, FIELD_LIST, .record = &reason_type),
    F_LIST(PlanItem, moves, &move_type),
    LOADED("calls", loaded_calls, FIELD_LIST, .record = &call_type),
};
const RecordType plan_item_type = RECORD_TYPE(PlanItem, item_fields);

/* --- networks --------------------------------------------------------------------------------- */

static const Field matrix_network_fields[] = {
    F_TEXT(MatrixNetwork, id, INTERNED),
    F_TEXT(MatrixNetwork, name, INTERNED),
    F_TEXT(MatrixNetwork, type, INTERNED),
    F_TEXT(MatrixNetwork, owner, INTERNED),
    F_TEXT(MatrixNetwork, physicalnetwork, INTERNED),
};
static const RecordType matrix_network_type = RECORD_TYPE(MatrixNetwork, matrix_network_fields);

static const Field matrix_row_fields[] = {
    F_RECORD(MatrixRow, vlan, &vlan_type),
    F_TEXTS(MatrixRow, portgroups),
    F_TEXTS(MatrixRow, switches),
    F_INT(MatrixRow, hosts),
    F_INT(MatrixRow, instances),
    F_INT(MatrixRow, nics),
    F_TEXT(MatrixRow, zone, INTERNED),
    F_ENUM(MatrixRow, match, network_match_words),
    F_LIST(MatrixRow, networks, &matrix_network_type),
    F_TEXTS(MatrixRow, physicalnetworks),
    F_TEXT(MatrixRow, note),
    F_TEXT(MatrixRow, create),
};
const RecordType matrix_row_type = RECORD_TYPE(MatrixRow, matrix_row_fields);

/* --- freeze list ------------------------------------------------------------------------------ */

static const Field freeze_fields[] = {
    F_TEXT(FreezeRow, kind, INTERNED),
    F_TEXT(FreezeRow, source, INTERNED),
    F_TEXT(FreezeRow, datacenter, INTERNED),
    F_TEXT(FreezeRow, where),
    F_ENUM(FreezeRow, state, freeze_state_words),
    F_TEXT(FreezeRow, text),
    F_TEXT(FreezeRow, evidence),
    F_TEXT(FreezeRow, command),
    F_TEXT(FreezeRow, undo),
    F_TEXT(FreezeRow, until),
    F_INT(FreezeRow, instances),
    F_TEXTS(FreezeRow, names),
};
const RecordType freeze_row_type = RECORD_TYPE(FreezeRow, freeze_fields);

/* --- time ------------------------------------------------------------------------------------- */

static const Field time_fields[] = {
    F_ENUM(TimeRow, kind, time_kind_words),
    F_TEXT(TimeRow, about),
    F_INT(TimeRow, count),
    F_INT(TimeRow, each_ms),
    F_INT(TimeRow, total_ms),
    F_INT(TimeRow, most_ms),
    F_TEXT(TimeRow, arithmetic),
    F_TEXT(TimeRow, basis),
};
const RecordType time_row_type = RECORD_TYPE(TimeRow, time_fields);

/* --- absences --------------------------------------------------------------------------------- */

static const Field absence_fields[] = {
    F_TEXT(Absence, source, INTERNED),
    F_TEXT(Absence, id),
    F_TEXT(Absence, name),
    F_TEXT(Absence, path, INTERNED),
    F_TEXT(Absence, cluster, INTERNED),
    F_TEXT(Absence, host, INTERNED),
    F_ENUM(Absence, side, absence_side_words),
    F_TEXT(Absence, reason, INTERNED),
    F_ENUM(Absence, certainty, certainty_words),
    F_TEXT(Absence, finding, INTERNED),
    F_TEXT(Absence, text, INTERNED),
    F_TEXT(Absence, evidence, INTERNED),
    F_TEXT(Absence, remedy, INTERNED),
};
const RecordType absence_type = RECORD_TYPE(Absence, absence_fields);

/* --- schedule --------------------------------------------------------------------------------- */

static const Field limit_fields[] = {
    F_ENUM(ScheduleLimit, kind, limit_kind_words, REQUIRED),
    F_TEXT(ScheduleLimit, name),
    F_INT(ScheduleLimit, jobs, REQUIRED),
};
static const RecordType limit_type = RECORD_TYPE(ScheduleLimit, limit_fields);

static const Field wave_fields[] = {
    F_TEXT(ScheduleWave, name, REQUIRED),
    F_TEXTS(ScheduleWave, windows),
    F_INT(ScheduleWave, failures),
};
static const RecordType wave_type = RECORD_TYPE(ScheduleWave, wave_fields);

static const Field schedule_fields[] = {
    F_INT(Schedule, jobs),
    F_LIST(Schedule, limits, &limit_type),
    F_TEXTS(Schedule, windows),
    F_INT(Schedule, failures),
    F_LIST(Schedule, waves, &wave_type),
    F_BOOL(Schedule, overlap),
};
const RecordType schedule_type = RECORD_TYPE(Schedule, schedule_fields);

/* --- storage and offerings -------------------------------------------------------------------- */

static const Field storage_row_fields[] = {
    F_TEXT(StorageRow, datastore, INTERNED),
    F_TEXT(StorageRow, datacenter, INTERNED),
    F_TEXT(StorageRow, type, INTERNED),
    F_INT(StorageRow, datastore_capacity_bytes),
    F_INT(StorageRow, datastore_free_bytes),
    F_ENUM(StorageRow, match, storage_match_words),
    F_TEXT(StorageRow, pool, INTERNED),
    F_TEXT(StorageRow, poolid, INTERNED),
    F_TEXT(StorageRow, pooltype, INTERNED),
    F_TEXT(StorageRow, scope, INTERNED),
    F_TEXT(StorageRow, state, INTERNED),
    F_TEXT(StorageRow, cluster, INTERNED),
    F_TEXTS(StorageRow, tags),
    F_BOOL(StorageRow, istagarule),
    F_INT(StorageRow, capacity_bytes),
    F_INT(StorageRow, allocated_bytes),
    F_INT(StorageRow, used_bytes),
    F_INT(StorageRow, limit_bytes),
    F_INT(StorageRow, instances),
    F_INT(StorageRow, disks),
    F_INT(StorageRow, bytes),
    F_INT(StorageRow, imported_bytes),
    F_INT(StorageRow, leaving_bytes),
    F_INT(StorageRow, arriving_bytes),
    F_INT(StorageRow, free_after_bytes),
    F_TEXT(StorageRow, note),
};
const RecordType storage_row_type = RECORD_TYPE(StorageRow, storage_row_fields);

static const Field offering_row_fields[] = {
    F_ENUM(OfferingRow, kind, offering_kind_words),
    F_TEXT(OfferingRow, id, INTERNED),
    F_TEXT(OfferingRow, name, INTERNED),
    F_TEXTS(OfferingRow, tags),
    F_INT(OfferingRow, instances),
    F_INT(OfferingRow, disks),
    F_INT(OfferingRow, moved),
    F_TEXT(OfferingRow, why),
    F_INT(OfferingRow, missed),
    F_TEXT(OfferingRow, miss),
};
const RecordType offering_row_type = RECORD_TYPE(OfferingRow, offering_row_fields);

/* --- info ------------------------------------------------------------------------------------- */

static const Field input_fields[] = {
    F_TEXT(PlanInput, kind, INTERNED),
    F_TEXT(PlanInput, name),
    F_TEXT(PlanInput, sha256),
    F_TEXT(PlanInput, read_at),
    F_BOOL(PlanInput, is_partial),
};
const RecordType plan_input_type = RECORD_TYPE(PlanInput, input_fields);

static const Field info_fields[] = {
    F_TEXT(PlanInfo, created_at),
    F_TEXT(PlanInfo, tool_version),
    F_TEXT(PlanInfo, zone),
    F_TEXT(PlanInfo, zoneid),
    F_TEXT(PlanInfo, server_version),
    F_TEXTS(PlanInfo, physicalnetworks),
    F_LIST(PlanInfo, inputs, &plan_input_type),
    F_LIST(PlanInfo, problems, &source_problem_type),
};
const RecordType plan_info_type = RECORD_TYPE(PlanInfo, info_fields);
