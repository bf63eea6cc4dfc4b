/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings: owners and their limits; names and templates.
 */
#include "finding_rows.h"

#define LIMIT_KIND(NAME, id, word, unit, rank, ...)                                                \
    KIND(NAME, id, SEVERITY_BLOCKER, "The import would exceed a limit of " word ": {1}.",          \
        "{1}; VMs of this plan that come before take {2" unit "}, this one asks for {3" unit "}.", \
        "{4} (enough for all of this plan that only limits hold back), or give the VM to another " \
        "owner.",                                                                                  \
        "Limits of the account or project and of every domain above it hold for the sum; they "    \
        "are used up in the order of the plan, by the VMs that can be imported.",                  \
        STAGE_JOB, 530, "{5}", rank, __VA_ARGS__)

KIND(CALLER_FORBIDDEN, "caller-not-permitted", SEVERITY_BLOCKER,
    "The keys that the catalog was read with may not import.",
    "listApis, which shows what the caller may call, has no {api}.",
    "Use the keys of a root administrator: his account type and his role must both allow it.",
    "The API is open to root administrators only.", STAGE_SUBMIT, 432,
    "The API [{api}] does not exist or is not available for the account {1}.", RANK_CALLER,
    RECORDED);
KIND(VALUE_UNPRINTABLE, "value-not-printable", SEVERITY_BLOCKER,
    "The value for '{1}' holds a control character.", "At character {2} of the choice.",
    "Rename the VM, NIC or disk at the source, or correct the choice.",
    "The server takes no value with a tab, a line end or another control character.", STAGE_SUBMIT,
    431, "Received value containing illegal ASCII non-printable characters for parameter {1}",
    RANK_PARAM_CHARACTERS, READ);
KIND(VALUE_TOO_LONG, "value-too-long", SEVERITY_BLOCKER, "The value for '{1}' is too long.",
    "{2} characters; the server takes 255.", "Shorten it in the choice.",
    "The server bounds the length of each text.", STAGE_SUBMIT, 431,
    "Unable to execute API command {command} due to invalid value. Value greater "
    "than max allowed length 255 for param: {1}",
    RANK_PARAM_NAME, READ);
KIND(OWNER_NOT_FOUND, "account-not-found", SEVERITY_BLOCKER,
    "Account '{1}' does not exist in domain '{2}'.", "Not in listAccounts ({3}).",
    "createAccount accounttype=0 username={1} account={1} domainid=..., or correct the rule.",
    "The owner of an imported VM must exist before.", STAGE_SUBMIT, 431,
    "Unable to find account by name {1} in domain with specified id", RANK_OWNER, RECORDED);
KIND(DOMAIN_NOT_FOUND, "domain-not-found", SEVERITY_BLOCKER, "Domain '{1}' does not exist.",
    "Not in listDomains ({2}).", "createDomain name=..., or correct the rule.",
    "The owner's domain must exist before.", STAGE_SUBMIT, 431, ID_TEXT("domainid", "1"),
    RANK_PARAM_DOMAIN, READ);
KIND(PROJECT_NOT_FOUND, "project-not-found", SEVERITY_BLOCKER, "Project '{1}' does not exist.",
    "Not in listProjects ({2}).", "createProject name={1}, or correct the rule.",
    "The project must exist before.", STAGE_SUBMIT, 431, ID_TEXT("projectid", "1"),
    RANK_PARAM_PROJECT, READ);
KIND(PROJECT_AMBIGUOUS, "project-ambiguous", SEVERITY_BLOCKER, "Several projects are called '{1}'.",
    "listProjects: in the domains {2}.", "Name the domain in the rule: project {1} domain PATH.",
    "Projects of different domains may have one name. None is taken by chance.", NO_SERVER);
KIND(OWNER_INACTIVE, "owner-not-active", SEVERITY_BLOCKER, "Owner '{1}' is {2}.",
    "State in listAccounts.", "enableAccount account=... domainid=..., or choose another owner.",
    "Resources cannot be added to an owner that is not active.", STAGE_SUBMIT, 531,
    "Can't add resources to the account {1} in state={2} as it's no longer active", RANK_OWNER,
    RECORDED,
    WORDINGS({"Can't add resources to the account id=(internal number) in state={2} as it's no "
              "longer active",
        UNLESS(tells_objects)}));
KIND(PROJECT_INACTIVE, "project-not-active", SEVERITY_BLOCKER, "Project '{1}' is {2}.",
    "State in listProjects.", "activateProject id=..., or choose another owner.",
    "Resources cannot be added to a project that is not active.", STAGE_SUBMIT, 531,
    "Can't add resources to the project with specified projectId in state={2} as it's no longer "
    "active",
    RANK_OWNER, READ);
KIND(ACCOUNT_WITHOUT_DOMAIN, "account-without-domain", SEVERITY_BLOCKER,
    "An account is chosen without its domain.", "choice.account is '{1}', no choice.domainid.",
    "Write choice.domainid into the plan.", "Names of accounts are unique in a domain only.",
    STAGE_SUBMIT, 431, "Account must be specified with domainId parameter", RANK_OWNER, RECORDED);
KIND(DOMAIN_WITHOUT_ACCOUNT, "domain-without-account", SEVERITY_BLOCKER,
    "A domain is chosen without an account.", "choice.domainid is '{1}', no choice.account.",
    "Write choice.account into the plan, or take the domain out.", "A domain alone owns nothing.",
    STAGE_JOB, 431, "domainid parameter must be specified with account parameter",
    RANK_DOMAIN_ALONE, RECORDED);
KIND(CALLER_UNKNOWN, "caller-unknown", SEVERITY_INFO,
    "No rule names an owner: the account whose keys are used will own the VM.",
    "The catalog does not tell which account that is; {1} may be it.",
    "Name the owner: owner any -> account ... domain ... in the policy.",
    "Without an owner the server takes the caller.", NO_SERVER);
LIMIT_KIND(LIMIT_INSTANCES, "limit-exceeded-instances", "instances", "", RANK_LIMITS, RECORDED);
LIMIT_KIND(LIMIT_CPU, "limit-exceeded-cpus", "CPUs", "", RANK_LIMITS, RECORDED, IF(limits_cpu));
LIMIT_KIND(LIMIT_MEMORY, "limit-exceeded-memory", "memory (MiB)", "", RANK_LIMITS, RECORDED,
    IF(limits_cpu));
LIMIT_KIND(LIMIT_VOLUMES, "limit-exceeded-volumes", "volumes", "", RANK_DISKS, RECORDED);
LIMIT_KIND(LIMIT_STORAGE, "limit-exceeded-storage", "primary storage", ":size", RANK_DISKS,
    RECORDED, IF(limits_storage));
KIND(LIMIT_UNKNOWN, "limit-unknown", SEVERITY_UNKNOWN,
    "Whether the limit of {1} of {2} is enough is not known.", "{3}",
    "Read the catalog again with the keys of a root administrator, decide the VMs that come "
    "before, or raise the limit (updateResourceLimit).",
    "The server refuses what would exceed a limit of the owner or of a domain above it.",
    NO_SERVER);
KIND(HOSTNAME_INVALID, "hostname-invalid", SEVERITY_BLOCKER,
    "The host name '{1}' is not a DNS label.",
    "1 to 63 letters, digits and hyphens; no hyphen at either end, no digit first.",
    "Write a valid choice.hostname into the plan, or a hostname rule into the policy.",
    "CloudStack hands the host name out by DHCP and DNS.", STAGE_JOB, 431,
    "Invalid VM hostname. VM hostname can contain ASCII letters 'a' through 'z', the digits "
    "'0' through '9', and the hyphen ('-'), must be between 1 and 63 characters long, and "
    "can't start or end with \"-\" and can't start with digit",
    RANK_HOSTNAME, RECORDED);
KIND(HOSTNAME_DERIVED, "hostname-derived", SEVERITY_INFO,
    "The name is not a DNS label; the host name '{1}' was derived from it.",
    "Name '{vm}'; the display name stays as it is.",
    "Choose another by a hostname rule, or edit choice.hostname.",
    "Without a host name the server would take the VM's name and refuse it.", NO_SERVER);
KIND(HOSTNAME_MISSING, "hostname-missing", SEVERITY_BLOCKER,
    "The name is no DNS label, and no host name is chosen.",
    "Name '{vm}'; a host name can be derived only if an ASCII letter is left of it.",
    "Write choice.hostname into the plan, or a hostname rule into the policy.",
    "Without a host name the server takes the name, and refuses what is no DNS label.", STAGE_JOB,
    431,
    "Please provide a valid hostname for the VM. VM name contains unsupported characters that "
    "cannot be used as hostname.",
    RANK_HOSTNAME, RECORDED,
    WORDINGS({"Please provide hostname for the VM. VM name contains unsupported characters for it "
              "to be used as hostname",
        IF(has_words_of_418)}));
KIND(HOSTNAME_TAKEN, "hostname-taken", SEVERITY_BLOCKER,
    "The host name '{1}' is in use on network '{2}' by '{3}'.",
    "listVirtualMachines, or an earlier item of this plan.",
    "Choose another by a hostname rule, or edit choice.hostname.",
    "Host names are unique on a network.", STAGE_JOB, 431,
    "VM with Name [{1}] already exists in the network [{2}] domain [{4}]. Cannot import "
    "another VM with the same name. Please try again with a different name.",
    RANK_NICS, RECORDED,
    WORDINGS({"The vm with hostName {1} already exists in the network domain: {4}; network={2}",
                 IF(has_words_of_418)},
        {"VM with Name [{1}] already exists in the network [{2}] domain [{4}]. Cannot import "
         "another VM with the same name. Pleasy try again with a different name.",
            IF(misspells_please)}));
KIND(HOSTNAME_IN_ZONE, "hostname-in-zone", SEVERITY_BLOCKER,
    "The host name '{1}' is in use in zone '{4}' by '{3}'.",
    "listVirtualMachines, or an earlier item of this plan; listConfigurations: "
    "vm.instancename.flag is true.",
    "Choose another by a hostname rule, or edit choice.hostname.",
    "With that setting host names are unique in a zone on VMware.", STAGE_JOB, 431,
    "Failed to import VM: {vm}. There already exists a VM by the hostname: {1} in zone: {2}",
    RANK_HOSTNAME_IN_ZONE, RECORDED);
KIND(TEMPLATE_NEEDED, "kvm-template-needed", SEVERITY_BLOCKER,
    "A KVM instance needs a template: {1}.",
    "listTemplates: hypervisor KVM, ready, in the zone, not bigger than the root disk ({2}).",
    "Register a small one: registerTemplate hypervisor=KVM format=QCOW2 name=kvm-placeholder "
    "..., or write choice.templateid into the plan.",
    "Without templateid every import of a KVM instance fails, in each release. 4.20.2, 4.20.3 "
    "and "
    "4.22.0 say so at the root disk instead if nothing was ever imported from VMware without a "
    "template: Unable to look up template by id.",
    STAGE_JOB, 431, "Template is needed and unable to use default template for hypervisor KVM",
    RANK_TEMPLATE_NEEDED, RECORDED, IF(asks_kvm_template));
KIND(TEMPLATE_MISSING, "kvm-without-template", SEVERITY_BLOCKER,
    "A KVM instance needs a template: {1}.",
    "listTemplates: hypervisor KVM, ready, in the zone, not bigger than the root disk ({2}).",
    "Register a small one: registerTemplate hypervisor=KVM format=QCOW2 name=kvm-placeholder "
    "..., or write choice.templateid into the plan.",
    "Without templateid every import of a KVM instance fails, in each release.", STAGE_JOB, 431,
    "Unable to look up template by id {3}", RANK_TEMPLATE_SIZE, RECORDED,
    UNLESS(asks_kvm_template));
KIND(TEMPLATE_NOT_FOUND, "template-not-found", SEVERITY_BLOCKER,
    "The chosen template does not exist.", "No template of the catalog has the id '{1}'.",
    "Correct choice.templateid: listTemplates templatefilter=all.",
    "The id was edited, or the template removed.", STAGE_SUBMIT, 431, NOT_FOUND_TEXT,
    RANK_PARAM_TEMPLATE, READ);
KIND(TEMPLATE_TOO_BIG, "template-too-big", SEVERITY_BLOCKER,
    "Template '{1}' is bigger than the root disk.",
    "Template {2:size}, root disk {3} GB when rounded up.",
    "Choose a smaller template: choice.templateid, or a template rule.",
    "The server compares the size of the root disk with that of the template on KVM.", STAGE_JOB,
    431, "Unsupported: rootdisksize override ({3} GB) is smaller than template size ({4} GB) {2}",
    RANK_TEMPLATE_SIZE, RECORDED);
KIND(TEMPLATE_SIZE_UNKNOWN, "template-size-unknown", SEVERITY_UNKNOWN,
    "Whether template '{1}' is bigger than the root disk is not known.",
    "Size of the template {2}, size of the root disk {3}.",
    "Read the catalog and the inventory again.",
    "The server compares the two on KVM and refuses a bigger template.", NO_SERVER);
KIND(TEMPLATE_ODD, "template-odd", SEVERITY_WARNING,
    "Template '{1}' is none that a KVM instance would be made from: {2}.", "listTemplates.",
    "Choose another in choice.templateid, or registerTemplate a small one ('vm-ingest prepare "
    "plan').",
    "The server only compares its size with the root disk; the record names the template for good, "
    "and with it the guest OS.",
    NO_SERVER);
KIND(GUEST_OS_UNKNOWN, "guest-os-unknown", SEVERITY_BLOCKER,
    "CloudStack knows no guest OS for '{1}' (id '{2}') on hypervisor version {3}.",
    "listOsTypes has no such name, listGuestOsMapping no such id for VMware {3}.",
    "addGuestOsMapping ostypeid=... hypervisor=VMware hypervisorversion={3} "
    "osnameforhypervisor={2}, or write choice.templateid into the plan.",
    "Without a template the guest OS is looked up by its name, then by its id.", STAGE_JOB, 530,
    "Unable to retrieve guest OS details for unmanaged VM: {vm} with OS name: {1}, OS ID: {2} "
    "for hypervisor: VMware version: {3}. templateid parameter can be used to assign template "
    "for VM",
    RANK_GUEST_OS, RECORDED);
KIND(GUEST_OS_UNMAPPED, "guest-os-unmapped", SEVERITY_BLOCKER,
    "Guest OS '{1}' is not mapped on hypervisor version {3}.",
    "listGuestOsMapping: none of OS type {4}, nor of '{2}', for VMware {3}.",
    "addGuestOsMapping ostypeid={4} hypervisor=VMware hypervisorversion={3} "
    "osnameforhypervisor={2}, or write choice.templateid into the plan.",
    "Without a template the guest OS is looked up by its name, then by its id.", STAGE_JOB, 530,
    "Unable to find hypervisor guest OS ID: {4} details for unmanaged VM: {vm} for hypervisor: "
    "VMware version: {3}. templateid parameter can be used to assign template for VM",
    RANK_GUEST_OS, RECORDED);
