/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Speaks the protocol of accel/qtest/qtest.h over the standard input and output of rhea. */
#include "tests/device/qtest_client.h"

#include <glib.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_SECONDS = 20 };

struct QtestClient {
    GPid pid;
    int socket;
    FILE *in;
    char *line;
    size_t line_bytes;
    char *stderr_path;
    bool irq[QTEST_CLIENT_MAX_IRQ];
    unsigned edges[QTEST_CLIENT_MAX_IRQ];
};

static char *program_path(const char *arch)
{
    g_autofree char *upper = g_ascii_strup(arch, -1);
    g_autofree char *variable = g_strconcat("RHEA_SYSTEM_", upper, NULL);
    const char *set = g_getenv(variable), *folder = g_getenv("RHEA_BUILD");
    g_autofree char *name = g_strconcat("rhea-system-", arch, NULL);
    return set ? g_strdup(set) : g_build_filename(folder ? folder : "build", name, NULL);
}

/* In the child: it dies with the test, however that ends. */
static void setup_child(gpointer opaque)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

QtestClient *qtest_client_start(const char *arch, const char *options)
{
    QtestClient *client = g_new0(QtestClient, 1);
    g_autofree char *program = program_path(arch);
    int ends[2];
    g_assert_no_errno(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    g_autofree char *line =
        g_strdup_printf("'%s' -accel qtest -display none -chardev socket,id=qtest-line,fd=%d "
                        "-qtest chardev:qtest-line %s",
                        program, ends[1], options);
    g_auto(GStrv) words = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_true(g_shell_parse_argv(line, NULL, &words, &error));
    int err_fd = g_file_open_tmp("rhea-stderr-XXXXXX", &client->stderr_path, &error);
    g_assert_no_error(error);
    g_spawn_async_with_pipes_and_fds(NULL, (const char *const *)words, NULL,
                                     G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL,
                                     setup_child, NULL, -1, -1, err_fd, &ends[1], &ends[1], 1,
                                     &client->pid, NULL, NULL, NULL, &error);
    g_assert_no_error(error);
    close(err_fd);
    close(ends[1]);
    client->socket = ends[0];
    struct timeval limit = { .tv_sec = START_SECONDS };
    setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    client->in = fdopen(dup(ends[0]), "r");
    return client;
}

static void show_stderr(QtestClient *client)
{
    g_autofree char *text = NULL;
    if (g_file_get_contents(client->stderr_path, &text, NULL, NULL) && *text) {
        g_test_message("rhea said: %s", text);
    }
}

void qtest_client_stop(QtestClient *client)
{
    int status;
    g_autofree char *text = NULL;
    kill(client->pid, SIGTERM);
    g_assert_cmpint(waitpid(client->pid, &status, 0), ==, client->pid);
    g_file_get_contents(client->stderr_path, &text, NULL, NULL);
    g_assert_cmpstr(text, ==, "");
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
    fclose(client->in);
    close(client->socket);
    unlink(client->stderr_path);
    g_free(client->stderr_path);
    free(client->line);
    g_free(client);
}

/* One answer; notices about lines that come before it are noted. */
static const char *receive(QtestClient *client, const char *command)
{
    for (;;) {
        ssize_t length = getline(&client->line, &client->line_bytes, client->in);
        unsigned number;
        char edge[8];
        if (length <= 0) {
            show_stderr(client);
            g_error("no answer to '%s'", command);
        }
        client->line[strcspn(client->line, "\n")] = '\0';
        if (sscanf(client->line, "IRQ %7s %u", edge, &number) != 2) {
            return client->line;
        }
        g_assert_cmpuint(number, <, QTEST_CLIENT_MAX_IRQ);
        client->irq[number] = strcmp(edge, "raise") == 0;
        client->edges[number] += client->irq[number];
    }
}

static const char *send_command(QtestClient *client, const char *command)
{
    g_autofree char *line = g_strconcat(command, "\n", NULL);
    size_t done = 0, length = strlen(line);
    while (done < length) {
        ssize_t count = send(client->socket, line + done, length - done, MSG_NOSIGNAL);
        if (count <= 0) {
            show_stderr(client);
            g_error("rhea is gone before '%s'", command);
        }
        done += count;
    }
    return receive(client, command);
}

/* What follows "OK"; NULL for "FAIL". */
static const char *try_command(QtestClient *client, const char *command)
{
    const char *answer = send_command(client, command);
    return g_str_has_prefix(answer, "OK") ? answer + 2 + (answer[2] == ' ') : NULL;
}

static const char *must_command(QtestClient *client, const char *command)
{
    const char *answer = try_command(client, command);
    if (!answer) {
        g_error("%.200s: %s", command, client->line);
    }
    return answer;
}

const char *qtest_client_ask(QtestClient *client, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    g_autofree char *command = g_strdup_vprintf(format, ap);
    va_end(ap);
    return must_command(client, command);
}

static char size_letter(unsigned size)
{
    g_assert(size == 1 || size == 2 || size == 4 || size == 8);
    return size == 1 ? 'b' : size == 2 ? 'w' : size == 4 ? 'l' : 'q';
}

bool qtest_client_try_read(QtestClient *client, uint64_t address, unsigned size, uint64_t *value)
{
    g_autofree char *command = g_strdup_printf("read%c 0x%" PRIx64, size_letter(size), address);
    const char *answer = try_command(client, command);
    *value = answer ? g_ascii_strtoull(answer, NULL, 0) : 0;
    return answer != NULL;
}

bool qtest_client_try_write(QtestClient *client, uint64_t address, unsigned size, uint64_t value)
{
    g_autofree char *command =
        g_strdup_printf("write%c 0x%" PRIx64 " 0x%" PRIx64, size_letter(size), address, value);
    return try_command(client, command) != NULL;
}

uint64_t qtest_client_read(QtestClient *client, uint64_t address, unsigned size)
{
    uint64_t value;
    if (!qtest_client_try_read(client, address, size, &value)) {
        g_error("read of %u bytes at 0x%" PRIx64 ": %s", size, address, client->line);
    }
    return value;
}

void qtest_client_write(QtestClient *client, uint64_t address, unsigned size, uint64_t value)
{
    if (!qtest_client_try_write(client, address, size, value)) {
        g_error("write of %u bytes at 0x%" PRIx64 ": %s", size, address, client->line);
    }
}

void qtest_client_read_bytes(QtestClient *client, uint64_t address, void *bytes, size_t length)
{
    gsize decoded;
    const char *answer = qtest_client_ask(client, "b64read 0x%" PRIx64 " %zu", address, length);
    g_autofree guchar *data = g_base64_decode(answer, &decoded);
    g_assert_cmpuint(decoded, ==, length);
    memcpy(bytes, data, length);
}

void qtest_client_write_bytes(QtestClient *client, uint64_t address, const void *bytes,
                              size_t length)
{
    g_autofree char *text = g_base64_encode(bytes, length);
    qtest_client_ask(client, "b64write 0x%" PRIx64 " %zu %s", address, length, text);
}

int64_t qtest_client_step(QtestClient *client, int64_t ns)
{
    return g_ascii_strtoll(qtest_client_ask(client, "clock_step %" PRId64, ns), NULL, 10);
}

int64_t qtest_client_step_next(QtestClient *client)
{
    return g_ascii_strtoll(qtest_client_ask(client, "clock_step"), NULL, 10);
}

static void watch(QtestClient *client, const char *direction, const char *path, const char *name)
{
    qtest_client_ask(client, "irq_intercept_%s %s%s%s", direction, path, name ? " " : "",
                     name ? name : "");
}

void qtest_client_watch_in(QtestClient *client, const char *path, const char *name)
{
    watch(client, "in", path, name);
}

void qtest_client_watch_out(QtestClient *client, const char *path, const char *name)
{
    watch(client, "out", path, name);
}

/* An answer comes after every notice that was on its way, so asking anything brings them in. */
bool qtest_client_irq(QtestClient *client, unsigned number)
{
    g_assert_cmpuint(number, <, QTEST_CLIENT_MAX_IRQ);
    qtest_client_ask(client, "endianness");
    return client->irq[number];
}

unsigned qtest_client_irq_edges(QtestClient *client, unsigned number)
{
    g_assert_cmpuint(number, <, QTEST_CLIENT_MAX_IRQ);
    qtest_client_ask(client, "endianness");
    return client->edges[number];
}

void qtest_client_set_irq(QtestClient *client, const char *path, const char *name, unsigned number,
                          int level)
{
    qtest_client_ask(client, "set_irq_in %s %s %u %d", path, name ? name : "unnamed-gpio-in",
                     number, level);
}
