/* SPDX-License-Identifier: Apache-2.0
 *
 * What makes an appliance itself, and the variables that GRUB reads.
 */
#include "appliance/box.h"
#include "appliance/identity.h"
#include "appliance/slot.h"

#include "error.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- slots ------------------------------------------------------------------------------------ */

static void
the_command_line_tells_the_slot(void)
{
    g_assert_cmpint(slot_find_running("quiet vm_ingest.root=b,1,2,3 vm_ingest.trial x"), ==, 'b');
    g_assert_cmpint(slot_find_running("vm_ingest.root=a,1,2,3"), ==, 'a');
    g_assert_cmpint(slot_find_running("x.vm_ingest.root=a,1"), ==, 0);
    g_assert_cmpint(slot_find_running("vm_ingest.root=c,1"), ==, 0);
    g_assert_cmpint(slot_find_running("root=/dev/sda1"), ==, 0);
    g_assert_true(slot_is_trial("vm_ingest.root=a,1 vm_ingest.trial\n"));
    g_assert_true(slot_is_trial("vm_ingest.trial quiet"));
    g_assert_false(slot_is_trial("vm_ingest.trials quiet"));
    g_assert_cmpint(slot_other('a'), ==, 'b');
    g_assert_cmpint(slot_other('b'), ==, 'a');
}

static void
grub_variables_are_changed_in_place(void)
{
    g_autofree char *folder = g_dir_make_tmp("vmi-box-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "grubenv", NULL);
    g_autoptr(GError) error = NULL;
    char block[GRUBENV_BYTES + 1] = "# GRUB Environment Block\nslot=a\n";
    memset(block + strlen(block), '#', GRUBENV_BYTES - strlen(block));
    g_assert_true(g_file_set_contents(path, block, GRUBENV_BYTES, NULL));
    const char *const pairs[] = {"next", "b", "machine_id", "0123", NULL};
    g_assert_true(grubenv_write(path, pairs, &error));
    g_assert_no_error(error);
    g_autofree char *text = grubenv_read(path, &error);
    g_assert_cmpuint(strlen(text), ==, GRUBENV_BYTES);
    g_assert_true(
        g_str_has_prefix(text, "# GRUB Environment Block\nslot=a\nnext=b\nmachine_id=0123\n####"));
    g_autofree char *next = grubenv_get(text, "next");
    g_assert_cmpstr(next, ==, "b");
    g_assert_null(grubenv_get(text, "nex"));
    g_assert_true(grubenv_set(text, "next", NULL));
    g_assert_null(grubenv_get(text, "next"));
    g_autofree char *id = grubenv_get(text, "machine_id");
    g_assert_cmpstr(id, ==, "0123");
    char large[GRUBENV_BYTES];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    g_assert_false(grubenv_set(text, "slot", large));

    g_assert_true(g_file_set_contents(path, "# GRUB Environment Block\nslot=a\n", -1, NULL));
    g_assert_null(grubenv_read(path, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_INVALID);
    g_clear_error(&error);
    g_assert_false(grubenv_write(path, pairs, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_INVALID);
    unlink(path);
    rmdir(folder);
}

/* --- identity --------------------------------------------------------------------------------- */

static void
keys_and_code_are_made_once(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *root = g_dir_make_tmp("vmi-box-XXXXXX", NULL);
    g_assert_true(identity_ensure(root, "ingest1.example.org", true, &error));
    g_assert_no_error(error);
    g_autofree char *cert = box_read(root, BOX_TLS_CERT, NULL);
    g_autofree char *shown = box_read(root, BOX_TLS_PRINT, NULL);
    g_autofree char *print = identity_fingerprint(cert, &error);
    g_assert_cmpstr(print, ==, shown);
    g_assert_cmpuint(strlen(print), ==, 32 * 3 - 1);
    g_autofree char *code = box_read(root, BOX_SHOWN_CODE, NULL);
    g_assert_cmpuint(strlen(code), ==, 19);
    g_autofree char *ssh = box_read(root, BOX_SSH_PRINT, NULL);
    g_assert_true(g_str_has_prefix(ssh, "SHA256:"));

    g_assert_true(identity_ensure(root, "other", true, &error));
    g_autofree char *same_cert = box_read(root, BOX_TLS_CERT, NULL);
    g_autofree char *same_code = box_read(root, BOX_SHOWN_CODE, NULL);
    g_assert_cmpstr(cert, ==, same_cert);
    g_assert_cmpstr(code, ==, same_code);
    /* With an admin secret the code is not shown any more. */
    g_assert_true(identity_ensure(root, "other", false, &error));
    g_assert_null(box_read(root, BOX_SHOWN_CODE, NULL));

    g_autofree char *other_root = g_dir_make_tmp("vmi-box-XXXXXX", NULL);
    g_assert_true(identity_ensure(other_root, "ingest1", true, &error));
    g_autofree char *other_code = box_read(other_root, BOX_SHOWN_CODE, NULL);
    g_autofree char *other_print = box_read(other_root, BOX_TLS_PRINT, NULL);
    g_assert_cmpstr(code, !=, other_code);
    g_assert_cmpstr(print, !=, other_print);
    g_autofree char *remove = g_strdup_printf("rm -r '%s' '%s'", root, other_root);
    g_assert_cmpint(system(remove), ==, 0);
}

static void
a_secret_is_the_code_or_the_admins(void)
{
    static const char hash[] = "$6$abcdefgh$"
                               "oGoxMtczJ0/xYkNKQnGuC3pOdNoGsZRZNs7n5JzX8KfMJWEmD2Bx4wBt/"
                               "tMCPvjE87aPyrlQPEKxEcxV6d4J6.";
    g_autoptr(GError) error = NULL;
    g_autofree char *root = g_dir_make_tmp("vmi-box-XXXXXX", NULL);
    g_assert_false(identity_check_secret(root, NULL, ""));
    g_assert_true(box_write(root, BOX_SETUP_CODE, "ABCD-EFGH-JKLM-NPQR", 0600, NULL, &error));
    g_assert_true(identity_check_secret(root, NULL, "ABCD-EFGH-JKLM-NPQR"));
    g_assert_true(identity_check_secret(root, NULL, "abcd efgh jklm npqr"));
    g_assert_false(identity_check_secret(root, NULL, "ABCD-EFGH-JKLM-NPQ"));
    g_assert_false(identity_check_secret(root, NULL, "ABCD-EFGH-JKLM-NPQRS"));
    g_assert_false(identity_check_secret(root, NULL, ""));
    g_assert_true(identity_check_secret(root, hash, "secret1"));
    g_assert_false(identity_check_secret(root, hash, "secret2"));
    g_assert_false(identity_check_secret(root, hash, ""));
    g_assert_false(identity_check_secret(root, hash, "ABCD-EFGH-JKLM-NPQR"));
    g_assert_false(identity_check_secret(root, "nonsense", "nonsense"));
    g_autofree char *remove = g_strdup_printf("rm -r '%s'", root);
    g_assert_cmpint(system(remove), ==, 0);
}

static void
a_damaged_certificate_is_told(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(identity_fingerprint("-----BEGIN CERTIFICATE-----\nAAAA", &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_INVALID);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/box/slot/the-command-line-tells", the_command_line_tells_the_slot);
    g_test_add_func("/box/slot/grub-variables-in-place", grub_variables_are_changed_in_place);
    g_test_add_func("/box/identity/made-once", keys_and_code_are_made_once);
    g_test_add_func("/box/identity/code-or-admin-secret", a_secret_is_the_code_or_the_admins);
    g_test_add_func("/box/identity/damaged-certificate", a_damaged_certificate_is_told);
    return g_test_run();
}
