/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings: guest OS and service offerings.
 */
#include "finding_rows.h"

#define FIT_TEXT(inner)                                                                            \
    "Failed to import Unmanaged VM [{vm}] because the service offering [{1}] is not compatible "   \
    "due to [" inner "]."

KIND(OFFERING_NONE_FITS, "no-offering", SEVERITY_BLOCKER,
    "No service offering fits {1} CPUs and {2} MiB{3}.", "Nearest: {4}.",
    "createServiceOffering name=so-{1}x{2} displaytext=so-{1}x{2} cpunumber={1} memory={2} "
    "cpuspeed=1000, or a custom one with limits around it.",
    "A running VM needs a fixed offering of its very size or a custom one whose limits hold "
    "it; its storage tags must be on the pool of the root disk.",
    STAGE_SUBMIT, 431,
    "Unable to execute API command importunmanagedinstance due to missing parameter "
    "serviceofferingid");
KIND(OFFERING_NEEDS_POWER_OFF, "offering-needs-power-off", SEVERITY_ACTION,
    "No offering fits {1} CPUs and {2} MiB while it runs; '{3}' fits when it is powered off.",
    "A fixed offering is compared with a VM that is not powered off.",
    "Power the VM off before the import, or createServiceOffering cpunumber={1} memory={2}.",
    "A VM that is powered off is given the size of its offering at the next start.", NO_SERVER);
KIND(OFFERING_NOT_FOUND, "offering-not-found", SEVERITY_BLOCKER,
    "The chosen service offering does not exist.",
    "No service offering of the catalog has the id '{1}'.",
    "Correct choice.serviceofferingid: listServiceOfferings.",
    "The id was edited, or the offering is hidden from the keys in use.", STAGE_SUBMIT, 431,
    NOT_FOUND_TEXT);
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
    "There's no way to confirm Account [{2}] has access to Service offering [{1}].");
KIND(OFFERING_OF_OTHER_ZONE, "offering-of-other-zone", SEVERITY_BLOCKER,
    "Service offering '{1}' is not offered in the zone.",
    "listServiceOfferings: zoneid does not hold zone '{2}'.",
    "updateServiceOffering id={3} zoneid=..., or choose another.",
    "An offering limited to zones binds everyone.", STAGE_JOB, 530, NULL);
KIND(OFFERING_CPU, "offering-cpu-differs", SEVERITY_ACTION,
    "Service offering '{1}' has {3} CPUs, the VM {4}, and it is not powered off.",
    "Power state: {5}.", "Power the VM off before the import, or choose an offering with {4} CPUs.",
    "A fixed offering must have the very size of a VM that is not powered off.", STAGE_JOB, 530,
    FIT_TEXT("Service offering ({2}) {3} CPU cores do not match VM CPU cores {4} and VM is not "
             "in powered off state (Power state: {5})"));
KIND(OFFERING_MEMORY, "offering-memory-differs", SEVERITY_ACTION,
    "Service offering '{1}' has {3} MiB of memory, the VM {4}, and it is not powered off.",
    "Power state: {5}.", "Power the VM off before the import, or choose an offering with {4} MiB.",
    "A fixed offering must have the very size of a VM that is not powered off.", STAGE_JOB, 530,
    FIT_TEXT("Service offering ({2}) {3}MB memory does not match VM memory {4}MB and VM is not "
             "in powered off state (Power state: {5})"));
KIND(OFFERING_SPEED, "offering-speed-differs", SEVERITY_ACTION,
    "Service offering '{1}' has {3} MHz, the VM reserves {4} MHz, and it is not powered off.",
    "Power state: {5}; the server takes a VM's CPU reservation for its speed.",
    "Take the CPU reservation off at the source, or power the VM off before the import.",
    "A fixed offering must have the very speed of a VM that is not powered off, if the VM has "
    "a reservation.",
    STAGE_JOB, 530,
    FIT_TEXT("Service offering ({2}) {3}MHz CPU speed does not match VM CPU speed {4}MHz and "
             "VM is not in powered off state (Power state: {5})"));
KIND(OFFERING_CPU_RANGE, "offering-cpu-out-of-range", SEVERITY_BLOCKER,
    "Service offering '{1}' allows {3} to {4} CPUs, the VM has {5}.",
    "listServiceOfferings: serviceofferingdetails.", "Choose another offering.",
    "The limits of a custom offering hold in each power state.", STAGE_JOB, 530,
    FIT_TEXT("Invalid CPU cores value, specify a value between {3} and {4}"));
KIND(OFFERING_MEMORY_RANGE, "offering-memory-out-of-range", SEVERITY_BLOCKER,
    "Service offering '{1}' allows {3} to {4} MiB of memory, the VM has {5}.",
    "listServiceOfferings: serviceofferingdetails.", "Choose another offering.",
    "The limits of a custom offering hold in each power state.", STAGE_JOB, 530,
    FIT_TEXT("Invalid memory value, specify a value between {3} and {4}"));
KIND(OFFERING_NEEDS_SPEED, "offering-needs-speed", SEVERITY_BLOCKER,
    "Service offering '{1}' is custom without a CPU speed, and none is given.",
    "choice.details has no cpuSpeed that is a number above 0.",
    "Add cpuSpeed to choice.details, in MHz: \"cpuSpeed\": \"1000\".",
    "A custom offering takes CPUs and memory from the VM, but not the speed.", STAGE_JOB, 530,
    FIT_TEXT("Invalid CPU speed value, specify a value between 1 and 2147483647"));
KIND(OFFERING_PARTLY_FIXED, "offering-partly-fixed", SEVERITY_BLOCKER,
    "Service offering '{1}' fixes its CPUs or its memory but not both.",
    "listServiceOfferings: cpunumber {3}, memory {4} (0 = free).", "Choose another offering.",
    "The server always passes both, so such an offering can never be used for an import.",
    STAGE_JOB, 530,
    FIT_TEXT("The CPU cores of this offering id:{2} is not customizable. This is predefined in "
             "the Template."));
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
    "Service offering '{1}' wants host tag '{4}', which host '{3}' lacks.",
    "listHosts: hosttags; listConfigurations: vm.strict.host.tags.",
    "updateHost id=... hosttags=..., or choose another offering.",
    "Up to 4.19 each host tag counts, later only those in vm.strict.host.tags.", STAGE_JOB, 431,
    "Service offering: {2} or template: {5} is not compatible with host: {6} of unmanaged VM: "
    "{vm}");
KIND(OFFERING_RESIZES, "offering-resizes", SEVERITY_WARNING,
    "Service offering '{1}' differs from the size of the VM, which is powered off.",
    "Offering {2} CPUs and {3} MiB, VM {4} CPUs and {5} MiB.",
    "Accept it, or choose an offering of the same size.",
    "At the next start the VM is given the size of its offering.", NO_SERVER);
KIND(SIZE_INVALID, "size-invalid", SEVERITY_BLOCKER,
    "CloudStack reads {1} CPUs and {2} MiB of memory, which it does not accept.",
    "A KVM domain that is powered off is read with 0 CPUs.",
    "Start the VM, then list and plan again.",
    "A VM without CPUs or memory is refused before its offering is looked at.", STAGE_JOB, 530,
    "Failed to import Unmanaged VM [{vm}] because the service offering [{3}] is not compatible "
    "due to [CPU cores [{1}] is not valid for importing VM [{vm}].].");
