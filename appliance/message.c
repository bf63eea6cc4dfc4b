/* SPDX-License-Identifier: Apache-2.0
 *
 * What the command says on stderr: messages, progress, and the answer to SIGINT.
 */
#include "appliance.h"

#include "output.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
    pthread_mutex_t lock; /* guards what follows, and stderr */
    bool is_quiet, is_verbose;
    bool shows_progress; /* plain lines or one line on a terminal */
    bool is_terminal;
    bool has_line; /* a progress line stands on the terminal */
    struct timespec begin, last;
    char *last_warning;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

atomic_bool interrupted, stop_wanted;
static atomic_bool is_gentle;

static void
on_interrupt(int signal_number)
{
    if (atomic_load(&is_gentle) && !atomic_exchange(&stop_wanted, true)) {
        static const char gently[] =
            "\nvm-ingest: stopping after what is under way (once more to leave at once)\n";
        (void)!write(STDERR_FILENO, gently, sizeof gently - 1);
        return;
    }
    if (atomic_exchange(&interrupted, true))
        _exit(128 + signal_number);
    static const char text[] =
        "\nvm-ingest: interrupted; logging out (once more to stop at once)\n";
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
}

void
interrupt_init(void)
{
    /* No SA_RESTART: a call that waits is to come back and look. */
    struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

void
interrupt_gently(bool is_on)
{
    atomic_store(&is_gentle, is_on);
}

void
message_init(const Options *options)
{
    bool is_plain = g_strcmp0(options->progress, "plain") == 0;
    state.is_quiet = options->is_quiet;
    state.is_verbose = options->is_verbose;
    state.is_terminal = isatty(STDERR_FILENO) && !is_plain;
    state.shows_progress = !options->is_quiet && g_strcmp0(options->progress, "none") != 0 &&
                           (is_plain || state.is_terminal);
    clock_gettime(CLOCK_MONOTONIC, &state.begin);
}

static void
clear_line(void)
{
    if (state.has_line)
        fputs("\r\033[K", stderr);
    state.has_line = false;
}

/* @is_warning: it is remembered, too. */
G_GNUC_PRINTF(2, 0)
static void
say(bool is_warning, const char *format, va_list args)
{
    g_autofree char *raw = g_strdup_vprintf(format, args);
    g_autofree char *text = output_printable(raw); /* it may quote a peer or a file */
    pthread_mutex_lock(&state.lock);
    clear_line();
    fprintf(stderr, "vm-ingest: %s\n", text);
    if (is_warning) {
        g_free(state.last_warning);
        state.last_warning = g_steal_pointer(&text);
    }
    pthread_mutex_unlock(&state.lock);
}

char *
message_last_warning(void)
{
    pthread_mutex_lock(&state.lock);
    char *text = g_strdup(state.last_warning);
    pthread_mutex_unlock(&state.lock);
    return text;
}

void
message(const char *format, ...)
{
    if (state.is_quiet)
        return;
    va_list args;
    va_start(args, format);
    say(false, format, args);
    va_end(args);
}

void
message_verbose(const char *format, ...)
{
    if (!state.is_verbose)
        return;
    va_list args;
    va_start(args, format);
    say(false, format, args);
    va_end(args);
}

void
message_warning(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(true, format, args);
    va_end(args);
}

static double
seconds_between(const struct timespec *from, const struct timespec *to)
{
    return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

void
progress_report(void *unused, const char *subject, const char *stage, uint64_t done, uint64_t total)
{
    (void)unused;
    if (!state.shows_progress)
        return;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    pthread_mutex_lock(&state.lock);
    double elapsed = seconds_between(&state.begin, &now);
    /* What ends within a second needs no progress; then five lines a second, or one in five. */
    if (elapsed > 1 && seconds_between(&state.last, &now) > (state.is_terminal ? 0.2 : 5)) {
        state.last = now;
        clear_line();
        fprintf(stderr, "%s: %s %" G_GUINT64_FORMAT, subject, stage, done);
        if (total)
            fprintf(stderr, " of %" G_GUINT64_FORMAT, total);
        fprintf(stderr, " (%.0f s)%s", elapsed, state.is_terminal ? "" : "\n");
        state.has_line = state.is_terminal;
        fflush(stderr);
    }
    pthread_mutex_unlock(&state.lock);
}

void
progress_end(void)
{
    pthread_mutex_lock(&state.lock);
    clear_line();
    pthread_mutex_unlock(&state.lock);
}

static const ExitCode exit_codes[] = {
    [INGEST_ERROR_FAILED] = EXIT_CODE_ERROR,
    [INGEST_ERROR_USAGE] = EXIT_CODE_USAGE,
    [INGEST_ERROR_CONFIG] = EXIT_CODE_USAGE,
    [INGEST_ERROR_INVALID] = EXIT_CODE_ERROR,
    [INGEST_ERROR_AUTH] = EXIT_CODE_AUTH,
    [INGEST_ERROR_UNREACHABLE] = EXIT_CODE_CONNECTION,
    [INGEST_ERROR_TIMEOUT] = EXIT_CODE_TIMEOUT,
    [INGEST_ERROR_PROTOCOL] = EXIT_CODE_ERROR,
    [INGEST_ERROR_REFUSED] = EXIT_CODE_ERROR,
    [INGEST_ERROR_NOT_FOUND] = EXIT_CODE_ERROR,
    [INGEST_ERROR_CONFLICT] = EXIT_CODE_STALE,
    [INGEST_ERROR_UNSUPPORTED] = EXIT_CODE_ERROR,
    [INGEST_ERROR_STORAGE] = EXIT_CODE_ERROR,
    [INGEST_ERROR_CANCELLED] = EXIT_CODE_INTERRUPTED,
};

ExitCode
exit_code_of(const GError *error)
{
    if (!error)
        return EXIT_CODE_OK;
    if (error->domain == G_OPTION_ERROR)
        return EXIT_CODE_USAGE;
    if (error->domain != INGEST_ERROR || (size_t)error->code >= G_N_ELEMENTS(exit_codes))
        return EXIT_CODE_ERROR;
    return exit_codes[error->code];
}

bool
is_reader_gone(void)
{
    struct pollfd poller = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&poller, 1, 0) == 1 && (poller.revents & POLLERR);
}

static bool has_complained;

bool
message_has_complained(void)
{
    return has_complained;
}

ExitCode
exit_complain(const GError *error)
{
    has_complained = true;
    /* Who reads "| head" has what he wanted. */
    if (g_str_has_suffix(error->message, g_strerror(EPIPE)) && is_reader_gone())
        return EXIT_CODE_ERROR;
    message_warning("%s", error->message);
    return exit_code_of(error);
}
