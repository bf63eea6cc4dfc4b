/* SPDX-License-Identifier: Apache-2.0
 *
 * A worker process: started, heard, and ended in time.
 *
 * A call into libvirt may hang for ever (a silent port, a frozen QEMU, a hung file system), and no
 * thread can be got out of it. A process can. One that is kept has one request after the other, and
 * is ended, too, when it is late; whoever asks next gets another.
 */
#include "libvirt_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"

enum {
    WORKER_ADDRESS_SPACE_BYTES = 2000 * 1024 * 1024,
    POLL_MS = 100, /* how soon an interrupt is seen */
    READ_BYTES = 64 * 1024,
    WORKER_JSON_DEPTH_MAX = 32,
};

typedef struct Process {
    pid_t pid;
    int in, out; /* to its stdin, from its stdout; -1 = closed */
    bool is_reaped;
    int status;
} Process;

/* What ssh and TLS need, and no more: no credentials of other peers. */
static char **
worker_environment(void)
{
    static const char *const kept[] = {"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL",
        "TMPDIR", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "SSH_AUTH_SOCK",
        "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"};
    GPtrArray *environment = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(kept); i++) {
        const char *value = g_getenv(kept[i]);
        if (value)
            g_ptr_array_add(environment, g_strdup_printf("%s=%s", kept[i], value));
    }
    g_ptr_array_add(environment, NULL);
    return (char **)g_ptr_array_free(environment, false);
}

/* Runs in the child between fork and exec: only what is safe there. */
static void
become_worker(const char *program, char *const *environment, int in, int out, bool is_kept)
{
    static const struct rlimit no_core = {0, 0};
    char *const argv[] = {(char *)program, (char *)"libvirt-worker", NULL};
    setsid();     /* own process group, no terminal for ssh to ask at */
    if (!is_kept) /* else the thread that starts it may end before it; its stdin tells it then */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    setrlimit(RLIMIT_CORE, &no_core);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    const struct rlimit space = {WORKER_ADDRESS_SPACE_BYTES, WORKER_ADDRESS_SPACE_BYTES};
    setrlimit(RLIMIT_AS, &space);
#endif
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGINT, SIG_DFL);
    signal(SIGPIPE, SIG_IGN); /* a daemon that dies is an error, not the end */
    int null = open("/dev/null", O_WRONLY);
    if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
        _exit(126);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    execve(program, argv, environment);
    _exit(127);
}

static bool
process_start(const char *program, bool is_kept, Process *ret, GError **error)
{
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
        g_set_error(
            error, INGEST_ERROR, INGEST_ERROR_FAILED, "no pipe to a worker: %s", g_strerror(errno));
        return false;
    }
    char **environment = worker_environment();
    pid_t pid = fork();
    if (pid == 0)
        become_worker(program, environment, in[0], out[1], is_kept);
    int trouble = errno;
    g_strfreev(environment);
    close(in[0]);
    close(out[1]);
    if (pid < 0) {
        close(in[1]);
        close(out[0]);
        g_set_error(
            error, INGEST_ERROR, INGEST_ERROR_FAILED, "no worker process: %s", g_strerror(trouble));
        return false;
    }
    *ret = (Process){.pid = pid, .in = in[1], .out = out[0]};
    return true;
}

/* A group that is gone is none of ours any more, so only before the leader is reaped. */
static void
process_end(Process *process)
{
    if (process->in >= 0)
        close(process->in);
    if (process->out >= 0)
        close(process->out);
    process->in = process->out = -1;
    if (process->is_reaped)
        return;
    kill(-process->pid, SIGKILL);
    kill(process->pid, SIGKILL); /* it may not have reached setsid() yet */
    while (waitpid(process->pid, &process->status, 0) < 0 && errno == EINTR)
        ;
    process->is_reaped = true;
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Process, process_end)

static bool
write_all(int fd, const char *text)
{
    for (size_t left = strlen(text); left > 0;) {
        ssize_t n = write(fd, text, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        left -= (size_t)n;
    }
    return true;
}

/* --- lines ------------------------------------------------------------------------------------ */

typedef struct Reader {
    WorkerRun *run;
    const WorkerHandler *handler;
    json_tokener *tokener;
    GString *text; /* an unfinished line */
    int64_t deadline_us, end_us;
    bool is_kept;   /* its output does not end with the answer */
    bool has_heard; /* anything */
} Reader;

static bool
nonsense(GError **error, const char *why)
{
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_PROTOCOL,
        "the worker said something that cannot be read: %s", why);
    return false;
}

static bool
read_line(Reader *reader, const char *line, size_t length, GError **error)
{
    json_tokener_reset(reader->tokener);
    g_autoptr(JsonObject) object = json_tokener_parse_ex(reader->tokener, line, (int)length);
    if (!object)
        return nonsense(error, json_tokener_error_desc(json_tokener_get_error(reader->tokener)));
    if (!json_object_is_type(object, json_type_object) || json_object_object_length(object) != 1)
        return nonsense(error, "not an object with one member");
    struct json_object_iterator at = json_object_iter_begin(object);
    const char *word = json_object_iter_peek_name(&at);
    if (strcmp(word, WIRE_DONE) == 0)
        reader->run->is_done = true;
    int64_t deadline_ms = -1;
    if (!reader->handler->line(
            reader->handler->data, word, json_object_iter_peek_value(&at), &deadline_ms, error))
        return false;
    if (deadline_ms >= 0)
        reader->deadline_us = MIN(g_get_monotonic_time() + deadline_ms * 1000, reader->end_us);
    return true;
}

static bool
read_lines(Reader *reader, const char *bytes, size_t n, GError **error)
{
    for (const char *end; n > 0 && (end = memchr(bytes, '\n', n)) != NULL;) {
        size_t length = (size_t)(end - bytes);
        const char *line = bytes;
        size_t line_length = length;
        if (reader->text->len) {
            g_string_append_len(reader->text, bytes, (gssize)length);
            line = reader->text->str;
            line_length = reader->text->len;
        }
        if (!read_line(reader, line, line_length, error))
            return false;
        g_string_truncate(reader->text, 0);
        bytes = end + 1;
        n -= length + 1;
    }
    g_string_append_len(reader->text, bytes, (gssize)n);
    return reader->text->len <= WIRE_LINE_BYTES_MAX || nonsense(error, "a line without end");
}

/* 1: something to read, 0: look again, -1: over, with an error. */
static int
wait_for_output(const Reader *reader, int fd, GError **error)
{
    if (source_is_cancelled(reader->run->source)) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_CANCELLED, "interrupted");
        return -1;
    }
    if (g_get_monotonic_time() >= reader->deadline_us) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_TIMEOUT, "it did not answer in time");
        return -1;
    }
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    return poll(&poller, 1, POLL_MS) > 0;
}

static bool
hear(Reader *reader, Process *process, GError **error)
{
    g_autofree char *buffer = g_malloc(READ_BYTES);
    for (;;) {
        int ready = wait_for_output(reader, process->out, error);
        if (ready < 0)
            return false;
        if (ready == 0)
            continue;
        ssize_t n = read(process->out, buffer, READ_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return true;
        reader->has_heard = true;
        if (!read_lines(reader, buffer, (size_t)n, error))
            return false;
        if (reader->is_kept && reader->run->is_done)
            return true;
    }
}

/* After the end of its output, a worker that did not say "done" tells by its status why. */
static bool
explain_end(Process *process, GError **error)
{
    enum { ENDING_MS = 1000 };
    for (int ms = 0; ms < ENDING_MS && !process->is_reaped; ms += 10) {
        process->is_reaped = waitpid(process->pid, &process->status, WNOHANG) == process->pid;
        if (!process->is_reaped)
            g_usleep(10 * 1000);
    }
    process_end(process);
    if (WIFEXITED(process->status) && WEXITSTATUS(process->status) == 127)
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_FAILED,
            "the worker process could not be started: vm-ingest-libvirt-worker must stand beside "
            "vm-ingest, or be installed by 'make install'");
    else if (WIFEXITED(process->status))
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_PROTOCOL,
            "the worker process ended early with status %d", WEXITSTATUS(process->status));
    else
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_PROTOCOL,
            "the worker process ended early by signal %d", WTERMSIG(process->status));
    return false;
}

/* Sends the request and hears the answer. */
static bool
converse(Process *process, Reader *reader, GError **error)
{
    WorkerRun *run = reader->run;
    int64_t now_us = g_get_monotonic_time();
    reader->end_us = now_us + run->total_ms * 1000;
    if (run->source->deadline_us)
        reader->end_us = MIN(reader->end_us, run->source->deadline_us);
    reader->deadline_us = MIN(now_us + run->connect_ms * 1000, reader->end_us);
    run->is_done = false;
    write_all(process->in, run->request); /* if it died, its end tells */
    write_all(process->in, "\n");
    if (!reader->is_kept) {
        close(process->in);
        process->in = -1;
    }
    if (!hear(reader, process, error))
        return false;
    return run->is_done || explain_end(process, error);
}

bool
worker_run(WorkerRun *run, const WorkerHandler *handler, GError **error)
{
    g_auto(Process) process = {.in = -1, .out = -1, .is_reaped = true};
    if (!process_start(run->program, false, &process, error))
        return false;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(JsonTokener) tokener = json_tokener_new_ex(WORKER_JSON_DEPTH_MAX);
    Reader reader = {.run = run, .handler = handler, .tokener = tokener, .text = text};
    return converse(&process, &reader, error);
}

/* --- kept ------------------------------------------------------------------------------------- */

struct KeptWorker {
    Process process; /* .pid 0: none runs */
};

KeptWorker *
worker_keep(void)
{
    KeptWorker *kept = g_new0(KeptWorker, 1);
    kept->process = (Process){.in = -1, .out = -1, .is_reaped = true};
    return kept;
}

static void
end_kept(KeptWorker *kept)
{
    process_end(&kept->process);
    kept->process = (Process){.in = -1, .out = -1, .is_reaped = true};
}

void
worker_dismiss(KeptWorker *kept)
{
    if (!kept)
        return;
    end_kept(kept);
    g_free(kept);
}

bool
worker_ask(KeptWorker *kept, WorkerRun *run, const WorkerHandler *handler, GError **error)
{
    for (;;) {
        bool is_fresh = kept->process.pid == 0;
        g_autoptr(GError) trouble = NULL;
        if (is_fresh && !process_start(run->program, true, &kept->process, error))
            return false;
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(JsonTokener) tokener = json_tokener_new_ex(WORKER_JSON_DEPTH_MAX);
        Reader reader = {
            .run = run, .handler = handler, .tokener = tokener, .text = text, .is_kept = true};
        if (converse(&kept->process, &reader, &trouble))
            return true;
        end_kept(kept);
        /* It had served its time, and ended between two requests. */
        bool has_gone = !is_fresh && !reader.has_heard && trouble->code == INGEST_ERROR_PROTOCOL;
        if (!has_gone) {
            g_propagate_error(error, g_steal_pointer(&trouble));
            return false;
        }
    }
}
