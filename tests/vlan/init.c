/* SPDX-License-Identifier: Apache-2.0
 *
 * First process of the VLAN test's guest: loads the modules of its initrd, makes the machine's root
 * file system (9p, read only) writable by a layer in memory, and runs the script that the kernel's
 * command line names with inside=PATH. Static: nothing else is in the initrd.
 */
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void
fail(const char *what)
{
    perror(what);
    reboot(RB_POWER_OFF);
    _exit(1);
}

static void
mount_at(const char *type, const char *source, const char *target, unsigned long flags,
    const char *options)
{
    mkdir(target, 0755); /* it may exist */
    if (mount(source, target, type, flags, options) != 0)
        fail(target);
}

static void
load_modules(void)
{
    glob_t found;
    if (glob("/modules/*.ko", 0, NULL, &found) != 0)
        fail("/modules");
    for (size_t i = 0; i < found.gl_pathc; i++) { /* sorted: each after those that it needs */
        int file = open(found.gl_pathv[i], O_RDONLY | O_CLOEXEC);
        if (file < 0 || syscall(SYS_finit_module, file, "", 0) != 0)
            fail(found.gl_pathv[i]);
        close(file);
    }
    globfree(&found);
}

int
main(void)
{
    const char *script = getenv("inside"); /* the kernel passes what it does not know */
    load_modules();
    mount_at("9p", "machine", "/lower", MS_RDONLY,
        "trans=virtio,version=9p2000.L,msize=262144,cache=loose");
    mount_at("tmpfs", "upper", "/upper", 0, NULL);
    mkdir("/upper/upper", 0755);
    mkdir("/upper/work", 0755);
    mount_at(
        "overlay", "root", "/new", 0, "lowerdir=/lower,upperdir=/upper/upper,workdir=/upper/work");
    mount_at("proc", "proc", "/new/proc", 0, NULL);
    mount_at("sysfs", "sysfs", "/new/sys", 0, NULL);
    mount_at("devtmpfs", "dev", "/new/dev", 0, NULL);
    mount_at("devpts", "devpts", "/new/dev/pts", 0, NULL);
    mount_at("tmpfs", "tmpfs", "/new/run", 0, NULL);
    mount_at("tmpfs", "tmpfs", "/new/tmp", 0, NULL);
    mount_at("9p", "out", "/new/mnt", 0, "trans=virtio,version=9p2000.L");
    if (!script || chroot("/new") != 0 || chdir("/") != 0)
        fail("chroot");
    execl("/bin/bash", "bash", script, (char *)NULL);
    fail(script);
}
