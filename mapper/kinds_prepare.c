/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings: why a preparation cannot be made as it stands. They are of a change, not of a VM.
 */
#include "finding_rows.h"

KIND(CHANGE_NOT_PERMITTED, "change-not-permitted", SEVERITY_BLOCKER,
    "The keys that the catalog was read with may not make this call.",
    "listApis, which shows what the caller may call, does not have it.",
    "Allow it in the caller's role (createRolePermission), or use the keys of a root "
    "administrator.",
    "A change that will be refused is not sent, nor is what depends on it.", NO_SERVER);
KIND(PROJECT_WITHOUT_ACCOUNT, "project-without-account", SEVERITY_BLOCKER,
    "The project's domain has no account that could administer it.",
    "listAccounts has no enabled account in the domain.",
    "Name one by an owner rule, so that it is made first, or make it with createAccount.",
    "A project outside of the caller's domain is made for an account of its own domain.",
    NO_SERVER);
KIND(PLACEHOLDER_URL, "placeholder-url-needed", SEVERITY_BLOCKER,
    "CloudStack downloads templates, and where this one is to be had was not said.",
    "No --template-url was given.",
    "Make a file (qemu-img create -f qcow2 placeholder.qcow2 1M), put it where the secondary "
    "storage VM can fetch it, and say --template-url http://...",
    "Nothing of the template gets into the imported VM; the server only asks for one.", NO_SERVER);
