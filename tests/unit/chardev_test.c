/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flow control, and the forms of -serial and -chardev. tests/cli/lines.py drives the back ends of a
 * real program. */
#include "chardev/chardev.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chardev/chardev_spec.h"
#include "chardev/ringbuf.h"
#include "util/machine_lock.h"

typedef struct {
    ChardevPort port;
    size_t left; /* to write, from the writable callback */
    unsigned calls;
} Writer;

static void write_more(Writer *writer)
{
    static const uint8_t bytes[100000] = { 'x' };
    while (writer->left) {
        size_t length = MIN(writer->left, sizeof(bytes));
        size_t taken = chardev_write(&writer->port, bytes, length);
        writer->left -= taken;
        if (taken < length) {
            return;
        }
    }
}

static void on_writable(void *opaque)
{
    Writer *writer = opaque;
    writer->calls++;
    write_more(writer);
}

static const ChardevHandlers writer_handlers = { .writable = on_writable };
static const ChardevHandlers no_handlers = { 0 };

static Chardev *make(Object *root, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Keyval) keys = keyval_parse(text, "backend", NULL);
    Chardev *chardev = chardev_spec_create(root, keys, NULL, NULL, &error);
    g_assert_no_error(error);
    return chardev;
}

static void test_every_byte_arrives_when_the_host_is_slow(void)
{
    g_autofree char *folder = g_dir_make_tmp("chardev-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "pipe", NULL);
    g_autofree char *text = g_strdup_printf("pipe,id=a,path=%s", path);
    Object *root = object_new(&container_class);
    Writer writer = { .left = 3000000 };
    size_t got = 0;
    g_assert_no_errno(mkfifo(path, 0600));
    g_assert_true(chardev_attach(&writer.port, make(root, text), &writer_handlers, &writer, NULL));
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    write_more(&writer);
    g_assert_cmpuint(writer.left, >, 0);
    while (got < 3000000) {
        static uint8_t bytes[70000];
        ssize_t length = read(fd, bytes, sizeof(bytes));
        got += length > 0 ? length : 0;
        g_main_context_iteration(NULL, FALSE);
    }
    g_assert_cmpuint(writer.left, ==, 0);
    g_assert_cmpuint(writer.calls, >, 3);
    g_assert_cmpint(read(fd, &got, 1), <, 0);
    chardev_detach(&writer.port);
    object_unref(root);
    close(fd);
    g_unlink(path);
    g_rmdir(folder);
}

static void test_an_unconnected_port_takes_everything(void)
{
    ChardevPort port = { 0 };
    g_assert_true(chardev_attach(&port, NULL, &no_handlers, NULL, NULL));
    g_assert_cmpuint(chardev_write(&port, "abc", 3), ==, 3);
    chardev_accept_input(&port);
    chardev_detach(&port);
}

static void test_a_second_front_end_needs_a_mux(void)
{
    Object *root = object_new(&container_class);
    Chardev *plain = make(root, "null,id=a"), *mux = make(root, "null,id=b,mux=on");
    ChardevPort ports[4] = { 0 };
    g_autoptr(GError) error = NULL;
    g_assert_true(chardev_attach(&ports[0], plain, &no_handlers, NULL, NULL));
    g_assert_false(chardev_attach(&ports[1], plain, &no_handlers, NULL, &error));
    g_assert_cmpstr(error->message, ==,
                    "chardev 'a' is in use already; mux=on lets several share it");
    g_assert_true(chardev_attach(&ports[2], mux, &no_handlers, NULL, NULL));
    g_assert_true(chardev_attach(&ports[3], mux, &no_handlers, NULL, NULL));
    object_unref(root);
    g_assert_null(ports[0].chardev); /* a front end outlives its line */
    g_assert_cmpuint(chardev_write(&ports[3], "abc", 3), ==, 3);
}

static void test_ringbuf_keeps_the_newest_bytes(void)
{
    Object *root = object_new(&container_class);
    Chardev *ring = make(root, "ringbuf,id=a,size=4"), *other = make(root, "null,id=b");
    ChardevPort port = { 0 };
    uint8_t bytes[8];
    g_assert_true(chardev_attach(&port, ring, &no_handlers, NULL, NULL));
    g_assert_cmpuint(chardev_write(&port, "abcdef", 6), ==, 6);
    g_assert_cmpint(chardev_ringbuf_read(ring, bytes, 3), ==, 3);
    g_assert_cmpmem(bytes, 3, "cde", 3);
    g_assert_cmpint(chardev_ringbuf_read(ring, bytes, 8), ==, 1);
    g_assert_cmpint(chardev_ringbuf_read(ring, bytes, 8), ==, 0);
    g_assert_cmpint(chardev_ringbuf_read(other, bytes, 8), ==, -1);
    object_unref(root);
}

static void note_status(void *opaque, int status)
{
    *(int *)opaque = status;
}

static void test_testdev_tells_the_status(void)
{
    static const ChardevMuxOps ops = { .exit = note_status };
    static const struct {
        const char *text;
        int status;
    } cases[] = { { "0q", 1 }, { "3q", 7 },      { "x 12 q", 25 }, { "1x2q", 5 },
                  { "q", 1 },  { "1000q", 209 }, { "3", -1 },      { "99999999999999q", -2 } };
    Object *root = object_new(&container_class);
    int status;
    g_autoptr(GError) error = NULL;
    g_autoptr(Keyval) keys = keyval_parse("testdev,id=t", "backend", NULL);
    g_autoptr(Keyval) again = keyval_parse("testdev,id=u", "backend", NULL);
    Chardev *chardev = chardev_spec_create(root, keys, &ops, &status, &error);
    ChardevPort port = { 0 };
    g_assert_no_error(error);
    g_assert_true(chardev_attach(&port, chardev, &no_handlers, NULL, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        status = -1;
        chardev_write(&port, cases[i].text, strlen(cases[i].text));
        if (cases[i].status >= -1) {
            g_assert_cmpint(status, ==, cases[i].status);
        }
        chardev_write(&port, "x", 1);
    }
    g_assert_null(chardev_spec_create(root, again, NULL, NULL, &error));
    g_assert_nonnull(strstr(error->message, "command line only"));
    object_unref(root);
}

static void test_short_forms_become_keys(void)
{
    static const struct {
        const char *text, *keys;
        ChardevSpecKind kind;
    } cases[] = {
        { "stdio", "backend=stdio,id=s0", CHARDEV_SPEC_BACKEND },
        { "mon:stdio", "backend=stdio,id=s0,mux=on,signal=off", CHARDEV_SPEC_BACKEND },
        { "none", "", CHARDEV_SPEC_NONE },
        { "chardev:x", "id=x", CHARDEV_SPEC_EXISTING },
        { "file:/a,b", "backend=file,id=s0,path=/a,,b", CHARDEV_SPEC_BACKEND },
        { "tcp:localhost:23,server,nowait",
          "backend=socket,id=s0,host=localhost,port=23,server=on,nowait=on", CHARDEV_SPEC_BACKEND },
        { "tcp::23", "backend=socket,id=s0,host=,port=23", CHARDEV_SPEC_BACKEND },
        { "tcp:[::1]:23", "backend=socket,id=s0,host=::1,port=23", CHARDEV_SPEC_BACKEND },
        { "unix:/a,,b,server=on", "backend=socket,id=s0,path=/a,,b,server=on",
          CHARDEV_SPEC_BACKEND },
        { "unix:path=/a,server=on", "backend=socket,id=s0,path=/a,server=on",
          CHARDEV_SPEC_BACKEND },
        { "telnet::23,server", "backend=socket,id=s0,host=,port=23,telnet=on,server=on",
          CHARDEV_SPEC_BACKEND },
        { "websocket:h:80", "backend=socket,id=s0,host=h,port=80,websocket=on",
          CHARDEV_SPEC_BACKEND },
        { "udp:h:1@:2", "backend=udp,id=s0,host=h,port=1,localaddr=,localport=2",
          CHARDEV_SPEC_BACKEND },
        { "udp::1", "backend=udp,id=s0,host=,port=1", CHARDEV_SPEC_BACKEND },
        { "/dev/ttyS0", "backend=serial,id=s0,path=/dev/ttyS0", CHARDEV_SPEC_BACKEND },
        { "/dev/lp0", "backend=parallel,id=s0,path=/dev/lp0", CHARDEV_SPEC_BACKEND },
        { "ringbuf,size=16", "backend=ringbuf,size=16,id=s0", CHARDEV_SPEC_BACKEND },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        ChardevSpecKind kind;
        g_autoptr(Keyval) keys = chardev_spec_parse(cases[i].text, "s0", &kind, NULL);
        g_assert_nonnull(keys);
        g_autofree char *text = keyval_join(keys);
        g_assert_cmpstr(text, ==, cases[i].keys);
        g_assert_cmpint(kind, ==, cases[i].kind);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    machine_lock();
    g_test_add_func("/chardev/slow-host", test_every_byte_arrives_when_the_host_is_slow);
    g_test_add_func("/chardev/unconnected", test_an_unconnected_port_takes_everything);
    g_test_add_func("/chardev/second-front-end", test_a_second_front_end_needs_a_mux);
    g_test_add_func("/chardev/ringbuf", test_ringbuf_keeps_the_newest_bytes);
    g_test_add_func("/chardev/testdev", test_testdev_tells_the_status);
    g_test_add_func("/chardev/short-forms", test_short_forms_become_keys);
    return g_test_run();
}
