/* SPDX-License-Identifier: Apache-2.0
 *
 * A library to be preloaded: the process dies, or its disk is full, at the n-th call that leaves a
 * trace outside of it - a write or sync of a file, a send or receive of a connection.
 *
 *   KILL_AT=N  SIGKILL instead of the N-th such call
 *   KILL_AT_WRITE=N  SIGKILL after the N-th write or sync of a file
 *   FULL_AT=N  from the N-th write to a file on, each fails as on a full disk
 *
 * COUNT_TO=FILE gets the number of calls when the process ends; COUNT=writes: of writes and syncs.
 */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long n_calls, n_writes, n_file_calls;

static long
number_of(const char *name)
{
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : 0;
}

static void
pass(void)
{
    if (atomic_fetch_add(&n_calls, 1) + 1 == number_of("KILL_AT"))
        kill(getpid(), SIGKILL);
}

/* After a write or sync of a file, with its result. */
static ssize_t
written(ssize_t result)
{
    if (atomic_fetch_add(&n_file_calls, 1) + 1 == number_of("KILL_AT_WRITE"))
        kill(getpid(), SIGKILL);
    return result;
}

static int
is_full(void)
{
    long at = number_of("FULL_AT");
    if (!at || atomic_fetch_add(&n_writes, 1) + 1 < at)
        return 0;
    errno = ENOSPC;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t
pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    pass();
    return is_full() ? -1 : written(REAL(pwrite)(fd, bytes, n, at));
}

ssize_t
pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
    pass();
    return is_full() ? -1 : written(REAL(pwrite64)(fd, bytes, n, at));
}

/* SQLite grows the index of its log by single bytes. */
ssize_t
write(int fd, const void *bytes, size_t n)
{
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        pass();
        if (is_full())
            return -1;
    }
    return REAL(write)(fd, bytes, n);
}

int
fsync(int fd)
{
    pass();
    return (int)written(REAL(fsync)(fd));
}

int
fdatasync(int fd)
{
    pass();
    return (int)written(REAL(fdatasync)(fd));
}

ssize_t
send(int fd, const void *bytes, size_t n, int flags)
{
    pass();
    return REAL(send)(fd, bytes, n, flags);
}

ssize_t
recv(int fd, void *bytes, size_t n, int flags)
{
    pass();
    return REAL(recv)(fd, bytes, n, flags);
}

__attribute__((destructor)) static void
tell(void)
{
    const char *path = getenv("COUNT_TO");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file)
        return;
    const char *what = getenv("COUNT");
    fprintf(file, "%ld\n", atomic_load(what ? &n_file_calls : &n_calls));
    fclose(file);
}
