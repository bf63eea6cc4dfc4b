/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings: guest OS and service offerings.
 */
#include "finding_rows.h"

#define FIT_TEXT(offering, inner)                                                                  \
    "Failed to import Unmanaged VM [{vm}] because the service offering [" offering                 \
    "] is not compatible due to [" inner "]."
/* What no list shows of the objects in the brackets, their names stand for. */
#define FIT(inner) FIT_TEXT("{1}", inner)
#define FIT_ELSEWHERE(inner)                                                                       \
    WORDINGS({"Failed to import VM: {vm}. " inner, IF(has_words_of_418)},                          \
        {FIT_TEXT("{2}", inner), UNLESS(tells_objects)})

#define CPU_INNER                                                                                  \
    "Service offering ({2}) {3} CPU cores do not match VM CPU cores {4} and VM is not in powered " \
    "off state (Power state: {5})"
#define MEMORY_INNER                                                                               \
    "Service offering ({2}) {3}MB memory does not match VM memory {4}MB and VM is not in powered " \
    "off state (Power state: {5})"
#define SPEED_INNER                                                                                \
    "Service offering ({2}) {3}MHz CPU speed does not match VM CPU speed {4}MHz and VM is not in " \
    "powered off state (Power state: {5})"
#define CPU_RANGE_INNER    "Invalid {CPU} cores value, specify a value between {3} and {4}"
#define MEMORY_RANGE_INNER "Invalid memory value, specify a value between {3} and {4}"
#define NEEDS_SPEED_INNER  "Invalid {CPU} speed value, specify a value between 1 and 2147483647"
#define FIXED_CPU_INNER                                                                            \
    "The {CPU} cores of this offering id:{2} is not customizable. This is predefined in the "      \
    "{Template}."
#define FIXED_MEMORY_INNER                                                                         \
    "The memory of this offering id:{2} is not customizable. This is predefined in the "           \
    "{Template}."
#define NO_CPUS_INNER   "CPU cores [{1}] is not valid for importing VM [{vm}]."
#define NO_MEMORY_INNER "Memory [{1}] is not valid for importing VM [{vm}]."
#define ACCESS_TEXT     "There's no way to confirm Account [{4}] has access to Service offering [{1}]."

KIND(OFFERING_NONE_FITS, "no-offering", SEVERITY_BLOCKER,
    "No service offering fits {1} CPUs and {2} MiB{3}.", "Nearest: {4}.",
    "createServiceOffering name=so-{1}x{2} displaytext=so-{1}x{2} cpunumber={1} memory={2} "
    "cpuspeed={5}{6}, or a custom one with limits around it.",
    "A running VM needs a fixed offering of its very size or a custom one whose limits hold "
    "it; its storage tags must be on the pool of the root disk.",
    STAGE_SUBMIT, 431,
    "Unable to execute API command {command} due to missing parameter "
    "serviceofferingid",
    RANK_PARAM_OFFERING, RECORDED);
KIND(OFFERING_NEEDS_POWER_OFF, "offering-needs-power-off", SEVERITY_INFO,
    "No offering fits {1} CPUs and {2} MiB while it runs; '{3}' fits when it is powered off.",
    "'{3}' fits but for {4}: power off. A fixed offering is compared with a VM that is not "
    "powered off.",
    "Power the VM off before the import; or createServiceOffering cpunumber={1} memory={2}, and "
    "make the plan again.",
    "A VM that is powered off is given the size of its offering at the next start.", NO_SERVER);
KIND(OFFERING_NOT_FOUND, "offering-not-found", SEVERITY_BLOCKER,
    "The chosen service offering does not exist.",
    "No service offering of the catalog has the id '{1}'.",
    "Correct choice.serviceofferingid: listServiceOfferings.",
    "The id was edited, or the offering is hidden from the keys in use.", STAGE_SUBMIT, 431,
    NOT_FOUND_TEXT, RANK_PARAM_OFFERING, RECORDED);
KIND(OFFERING_UNSEEN, "offering-not-seen", SEVERITY_UNKNOWN,
    "No list shows the chosen service offering.", "listServiceOfferings has no '{1}'; {2}.",
    "Choose one that is listed, or read the catalog anew.",
    "The server takes a deleted offering by its id all the same, and refuses an id that is none.",
    NO_SERVER);
KIND(OFFERING_NOT_ACTIVE, "offering-not-active", SEVERITY_WARNING,
    "Service offering '{1}' is not active.", "listServiceOfferings: state is '{2}'.",
    "Choose an active one.", "The server takes a deleted offering by its id all the same.",
    NO_SERVER);
KIND(OFFERING_FORBIDDEN, "offering-forbidden", SEVERITY_WARNING,
    "The policy forbids service offering '{1}'.", "A forbid rule matches its name.",
    "Choose another, or change the rule.", "A choice made by hand stands above the rules.",
    NO_SERVER);
KIND(OFFERING_OF_OTHER_DOMAIN, "offering-of-other-domain", SEVERITY_BLOCKER,
    "Service offering '{1}' is not offered to the owner, {2}.",
    "listServiceOfferings: domainid does not hold the owner's domain.",
    "updateServiceOffering id={3} domainid=..., or choose another.",
    "An offering limited to domains is for them and the domains below.", STAGE_JOB, 530,
    "There's no way to confirm Account [{2}] has access to Service offering [{1}].",
    RANK_OFFERING_ACCESS, RECORDED);
KIND(OFFERING_OF_OTHER_ZONE, "offering-of-other-zone", SEVERITY_BLOCKER,
    "Service offering '{1}' is not offered in the zone.",
    "listServiceOfferings: zoneid does not hold zone '{2}'.",
    "updateServiceOffering id={3} zoneid=..., or choose another.",
    "An offering limited to zones binds everyone.", STAGE_JOB, 530, ACCESS_TEXT,
    RANK_OFFERING_ACCESS, READ);
KIND(OFFERING_CPU, "offering-cpu-differs", SEVERITY_ACTION,
    "Service offering '{1}' has {3} CPUs, the VM {4}, and it is not powered off.",
    "Power state: {5}.", "Power the VM off before the import, or choose an offering with {4} CPUs.",
    "A fixed offering must have the very size of a VM that is not powered off.", STAGE_JOB, 530,
    FIT(CPU_INNER), RANK_OFFERING_FIT, RECORDED, FIT_ELSEWHERE(CPU_INNER));
KIND(OFFERING_MEMORY, "offering-memory-differs", SEVERITY_ACTION,
    "Service offering '{1}' has {3} MiB of memory, the VM {4}, and it is not powered off.",
    "Power state: {5}.", "Power the VM off before the import, or choose an offering with {4} MiB.",
    "A fixed offering must have the very size of a VM that is not powered off.", STAGE_JOB, 530,
    FIT(MEMORY_INNER), RANK_OFFERING_FIT, RECORDED, FIT_ELSEWHERE(MEMORY_INNER));
KIND(OFFERING_SPEED, "offering-speed-differs", SEVERITY_ACTION,
    "Service offering '{1}' has {3} MHz, the VM reserves {4} MHz, and it is not powered off.",
    "Power state: {5}; the server takes a VM's CPU reservation for its speed.",
    "Take the CPU reservation off at the source, or power the VM off before the import.",
    "A fixed offering must have the very speed of a VM that is not powered off, if the VM has "
    "a reservation.",
    STAGE_JOB, 530, FIT(SPEED_INNER), RANK_OFFERING_FIT, RECORDED, FIT_ELSEWHERE(SPEED_INNER));
KIND(OFFERING_CPU_RANGE, "offering-cpu-out-of-range", SEVERITY_BLOCKER,
    "Service offering '{1}' allows {3} to {4} CPUs, the VM has {5}.",
    "listServiceOfferings: serviceofferingdetails.", "Choose another offering.",
    "The limits of a custom offering hold in each power state.", STAGE_JOB, 530,
    FIT(CPU_RANGE_INNER), RANK_OFFERING_FIT, RECORDED, FIT_ELSEWHERE(CPU_RANGE_INNER));
KIND(OFFERING_MEMORY_RANGE, "offering-memory-out-of-range", SEVERITY_BLOCKER,
    "Service offering '{1}' allows {3} to {4} MiB of memory, the VM has {5}.",
    "listServiceOfferings: serviceofferingdetails.", "Choose another offering.",
    "The limits of a custom offering hold in each power state.", STAGE_JOB, 530,
    FIT(MEMORY_RANGE_INNER), RANK_OFFERING_FIT, RECORDED, FIT_ELSEWHERE(MEMORY_RANGE_INNER));
KIND(OFFERING_NEEDS_SPEED, "offering-needs-speed", SEVERITY_BLOCKER,
    "Service offering '{1}' is custom without a CPU speed, and none is given.",
    "choice.details has no cpuSpeed that is a number above 0.",
    "Add cpuSpeed to choice.details, in MHz: \"cpuSpeed\": \"1000\".",
    "A custom offering takes CPUs and memory from the VM, but not the speed.", STAGE_JOB, 530,
    FIT(NEEDS_SPEED_INNER), RANK_OFFERING_FIT, RECORDED, FIT_ELSEWHERE(NEEDS_SPEED_INNER));
KIND(OFFERING_PARTLY_FIXED, "offering-partly-fixed", SEVERITY_BLOCKER,
    "Service offering '{1}' fixes its CPUs but not all of its size.",
    "listServiceOfferings: cpunumber {3}, memory {4}, cpuspeed {5} (0 = free).",
    "Choose another offering.",
    "The server always passes CPUs and memory, so such an offering can never be used for an "
    "import.",
    STAGE_JOB, 530, FIT(FIXED_CPU_INNER), RANK_OFFERING_FIT, READ, FIT_ELSEWHERE(FIXED_CPU_INNER));
KIND(OFFERING_MEMORY_FIXED, "offering-memory-fixed", SEVERITY_BLOCKER,
    "Service offering '{1}' fixes its memory but not its CPUs.",
    "listServiceOfferings: memory {3}, cpunumber is free.", "Choose another offering.",
    "The server always passes CPUs and memory, so such an offering can never be used for an "
    "import.",
    STAGE_JOB, 530, FIT(FIXED_MEMORY_INNER), RANK_OFFERING_FIT, READ,
    FIT_ELSEWHERE(FIXED_MEMORY_INNER));
KIND(OFFERING_CUSTOM_BROKEN, "offering-custom-broken", SEVERITY_BLOCKER,
    "This release cannot import with a custom offering, such as '{1}'.",
    "listServiceOfferings: {2} of '{1}' is free to choose.",
    "Choose a fixed offering of the VM's size, or upgrade the server to 4.22.1.",
    "4.22.0.1 reserves the resources of the offering, of which a custom one has none: a null "
    "pointer ends the import. The server sends no text.",
    STAGE_JOB, 530, NULL, RANK_LIMITS, READ, IF(breaks_custom));
KIND(OFFERING_ENCRYPTS, "offering-encrypts-root", SEVERITY_BLOCKER,
    "Service offering '{1}' encrypts the root disk, which is not encrypted.",
    "listServiceOfferings: encryptroot is true.", "Choose another offering.",
    "The server would record a plain disk as an encrypted one.", NO_SERVER);
KIND(OFFERING_VOLATILE, "offering-volatile", SEVERITY_BLOCKER,
    "Service offering '{1}' is volatile: the root disk is reset at each reboot.",
    "listServiceOfferings: isvolatile is true.", "Choose another offering.",
    "The server accepts it; the data of the root disk would be lost at the next reboot.",
    NO_SERVER);
KIND(OFFERING_GPU, "offering-with-gpu", SEVERITY_WARNING, "Service offering '{1}' asks for a GPU.",
    "listServiceOfferings: gpucardname {2}.", "Choose another offering, unless the host has one.",
    "At the next start the VM needs a host with that GPU.", NO_SERVER);
KIND(OFFERING_HOST_TAG, "offering-host-tag", SEVERITY_BLOCKER,
    "Service offering '{1}' or the template wants host tag '{4}', which host '{3}' lacks.",
    "listHosts: hosttags; listConfigurations: vm.strict.host.tags.",
    "updateHost id={6} hosttags=..., or choose another offering.",
    "Up to 4.19 each host tag of the offering counts, later only those in vm.strict.host.tags, "
    "and the template's too.",
    STAGE_JOB, 431,
    "Service offering: {2} or template: {5} is not compatible with host: {6} of unmanaged VM: "
    "{shown}",
    RANK_HOST_TAGS, RECORDED,
    WORDINGS({"Service offering: {2} is not compatible with host: {6} of unmanaged VM: {shown}",
        IF(needs_every_host_tag)}));
KIND(HOST_TAG_RULE, "host-tag-rule", SEVERITY_UNKNOWN,
    "A rule decides which offerings host '{1}' takes.",
    "listHosts: istagarule is true; offering '{2}'.",
    "Evaluate the rule by hand, or move the VM to a host without one.",
    "4.19 runs the rule as a script, for offerings without tags too; it is not run here.",
    NO_SERVER);
KIND(OFFERING_NO_HOST, "offering-without-host", SEVERITY_BLOCKER,
    "No other host of the cluster has the host tag '{2}' that service offering '{1}' or the "
    "template wants.",
    "choice.migrateallowed is true; listHosts: hosttags.",
    "updateHost id=... hosttags=..., or choose another offering.",
    "With migrateallowed the server looks for another host when all else is done, and gives up "
    "if there is none.",
    STAGE_JOB, 530,
    "VM import failed for unmanaged vm: {vm} during vm migration, no deployment destination "
    "found",
    RANK_HOST_CHANGE, RECORDED);
KIND(OFFERING_MOVES, "offering-moves-vm", SEVERITY_WARNING,
    "The import moves the VM to another host: '{3}' lacks the host tag '{2}' that service "
    "offering '{1}' or the template wants.",
    "choice.migrateallowed is true; listHosts: hosttags.",
    "Set choice.migrateallowed to false, or choose another offering.",
    "The server moves a VM that runs, at once; it needs a host with room for it.", NO_SERVER);
KIND(OFFERING_RESIZES, "offering-resizes", SEVERITY_WARNING,
    "Service offering '{1}' differs from the size of the VM, which is powered off.",
    "Offering {2} CPUs and {3} MiB, VM {4} CPUs and {5} MiB.",
    "Accept it, or choose an offering of the same size.",
    "At the next start the VM is given the size of its offering.", NO_SERVER);
KIND(SIZE_INVALID, "size-invalid", SEVERITY_BLOCKER,
    "CloudStack reads {1} CPUs, which it does not accept.",
    "A KVM domain that is powered off is read with 0 CPUs.",
    "Start the VM, then list and plan again.",
    "A VM without CPUs is refused before its offering is looked at.", STAGE_JOB, 530,
    FIT_TEXT("{3}", NO_CPUS_INNER), RANK_OFFERING_FIT, RECORDED,
    WORDINGS({"Failed to import VM: {vm}. CPU cores for VM ({vm}) not valid", IF(has_words_of_418)},
        {FIT_TEXT("{2}", NO_CPUS_INNER), UNLESS(tells_objects)}));
KIND(CPUS_UNCOUNTED, "cpus-not-counted", SEVERITY_BLOCKER,
    "CloudStack reads {1} CPUs, which it does not accept.",
    "A KVM domain that is powered off is read with 0 CPUs.",
    "Start the VM, then list and plan again.",
    "Releases that reserve what an import takes refuse a VM without CPUs before that.", STAGE_JOB,
    530, NO_CPUS_INNER, RANK_SIZE, READ, IF(reserves_limits));
KIND(MEMORY_UNCOUNTED, "memory-not-counted", SEVERITY_BLOCKER,
    "CloudStack reads {1} MiB of memory, which it does not accept.",
    "listUnmanagedInstances: memory.", "Look at the VM's memory at the source, then list again.",
    "Releases that reserve what an import takes refuse a VM without memory before that.", STAGE_JOB,
    530, NO_MEMORY_INNER, RANK_SIZE, READ, IF(reserves_limits));
KIND(MEMORY_INVALID, "memory-invalid", SEVERITY_BLOCKER,
    "CloudStack reads {1} MiB of memory, which it does not accept.",
    "listUnmanagedInstances: memory.", "Look at the VM's memory at the source, then list again.",
    "A VM without memory is refused before its offering is looked at.", STAGE_JOB, 530,
    FIT_TEXT("{3}", NO_MEMORY_INNER), RANK_OFFERING_FIT, READ,
    WORDINGS({"Failed to import VM: {vm}. Memory for VM ({vm}) not valid", IF(has_words_of_418)},
        {FIT_TEXT("{2}", NO_MEMORY_INNER), UNLESS(tells_objects)}));
