/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports of the host: a serial one as a raw terminal, a parallel one that prints (/dev/lpN). */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "chardev/fd_stream.h"
#include "util/error.h"
#include "util/fdset.h"
#include "util/log.h"

typedef struct {
    Chardev chardev;
    FdStream stream;
    char *path;     /* property */
    uint32_t speed; /* property; 0: as it is */
    struct termios before;
    bool restore;
} HostPort;

static void port_ended(Chardev *chardev, int err)
{
    HostPort *port = container_of(chardev, HostPort, chardev);

    log_printf(0, "chardev '%s': '%s': %s; its output goes nowhere from here on\n", chardev->label,
               port->path, err ? g_strerror(err) : "hung up");
    fd_stream_close(&port->stream);
    chardev_set_connected(chardev, false);
}

static bool speed_code(uint32_t speed, speed_t *code)
{
    static const struct {
        uint32_t speed;
        speed_t code;
    } rows[] = {
        { 50, B50 },           { 75, B75 },           { 110, B110 },         { 134, B134 },
        { 150, B150 },         { 200, B200 },         { 300, B300 },         { 600, B600 },
        { 1200, B1200 },       { 1800, B1800 },       { 2400, B2400 },       { 4800, B4800 },
        { 9600, B9600 },       { 19200, B19200 },     { 38400, B38400 },     { 57600, B57600 },
        { 115200, B115200 },   { 230400, B230400 },   { 460800, B460800 },   { 500000, B500000 },
        { 576000, B576000 },   { 921600, B921600 },   { 1000000, B1000000 }, { 1152000, B1152000 },
        { 1500000, B1500000 }, { 2000000, B2000000 }, { 3000000, B3000000 }, { 4000000, B4000000 }
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].speed == speed) {
            *code = rows[i].code;
            return true;
        }
    }
    return false;
}

/* Eight bits, nothing echoed or translated, modem lines not waited for. */
static bool make_raw(HostPort *port, int fd, GError **errp)
{
    struct termios modes;
    speed_t code = B0;

    if (tcgetattr(fd, &port->before) < 0) {
        error_set(errp, "'%s' is not a serial port; 'file:' and 'pipe:' take other paths",
                  port->path);
        return false;
    }
    modes = port->before;
    cfmakeraw(&modes);
    modes.c_cflag |= CLOCAL | CREAD;
    if (port->speed) {
        if (!speed_code(port->speed, &code)) {
            error_set(errp, "speed=%u: no such rate of serial ports", port->speed);
            return false;
        }
        cfsetspeed(&modes, code);
    }
    if (tcsetattr(fd, TCSANOW, &modes) < 0) {
        error_set_errno(errp, errno, "'%s' cannot be set up", port->path);
        return false;
    }
    port->restore = true;
    return true;
}

static int open_path(HostPort *port, int flags, GError **errp)
{
    if (!port->path || !*port->path) {
        error_set(errp, "path= is missing");
        return -1;
    }
    int fd = fdset_open(port->path, flags | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0) {
        error_set_errno(errp, errno, "'%s' cannot be opened", port->path);
    }
    return fd;
}

static bool serial_open(Chardev *chardev, GError **errp)
{
    HostPort *port = container_of(chardev, HostPort, chardev);
    int fd = open_path(port, O_RDWR, errp);

    if (fd < 0 || !make_raw(port, fd, errp)) {
        if (fd >= 0) {
            close(fd);
        }
        error_prefix(errp, "chardev '%s': ", chardev->label);
        return false;
    }
    fd_stream_open(&port->stream, fd, fd);
    chardev_set_connected(chardev, true);
    return true;
}

/* The driver of printers does what the lines of the port need; others would have to be driven bit
 * by bit. */
static bool parallel_open(Chardev *chardev, GError **errp)
{
    HostPort *port = container_of(chardev, HostPort, chardev);
    struct stat st;
    int fd = -1;

    if (port->path && strstr(port->path, "parport")) {
        error_set(errp,
                  "'%s': ports without a driver are not supported; use the printer's, /dev/lp0",
                  port->path);
    } else {
        fd = open_path(port, O_WRONLY, errp);
    }
    if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode))) {
        error_set(errp, "'%s' is not a device; 'file:' and 'pipe:' take other paths", port->path);
        close(fd);
        fd = -1;
    }
    if (fd < 0) {
        error_prefix(errp, "chardev '%s': ", chardev->label);
        return false;
    }
    fd_stream_open(&port->stream, -1, fd);
    chardev_set_connected(chardev, true);
    return true;
}

static void port_close(Chardev *chardev)
{
    HostPort *port = container_of(chardev, HostPort, chardev);

    if (port->restore && port->stream.in >= 0) {
        tcsetattr(port->stream.in, TCSANOW, &port->before);
    }
    port->restore = false;
    fd_stream_close(&port->stream);
}

static size_t port_write(Chardev *chardev, const uint8_t *bytes, size_t length)
{
    return fd_stream_write(&container_of(chardev, HostPort, chardev)->stream, bytes, length);
}

static void port_accept_input(Chardev *chardev)
{
    fd_stream_accept_input(&container_of(chardev, HostPort, chardev)->stream);
}

static char *port_describe(Chardev *chardev)
{
    return g_strdup(container_of(chardev, HostPort, chardev)->path);
}

static void port_init(Object *obj)
{
    HostPort *port = container_of(obj, HostPort, chardev.object);

    fd_stream_init(&port->stream, &port->chardev, port_ended);
}

static const Property serial_properties[] = {
    PROPERTY_STRING("path", HostPort, path, NULL, .help = "the port: /dev/ttyS0, /dev/ttyUSB0..."),
    PROPERTY_U32("speed", HostPort, speed, 0, .help = "bits per second; 0: as the port is set"),
    {},
};
static const Property parallel_properties[] = {
    PROPERTY_STRING("path", HostPort, path, NULL, .help = "the printer's port: /dev/lp0"),
    {},
};

static const ChardevClass chardev_serial_class = {
    .object = { .name = "chardev-serial",
                .parent = &chardev_class.object,
                .instance_size = sizeof(HostPort),
                .properties = serial_properties,
                .init = port_init },
    .summary = "serial port of the host",
    .open = serial_open,
    .close = port_close,
    .write = port_write,
    .accept_input = port_accept_input,
    .describe = port_describe,
};
CLASS_REGISTER(chardev_serial_class);

static const ChardevClass chardev_parallel_class = {
    .object = { .name = "chardev-parallel",
                .parent = &chardev_class.object,
                .instance_size = sizeof(HostPort),
                .properties = parallel_properties,
                .init = port_init },
    .summary = "printer at a parallel port of the host",
    .open = parallel_open,
    .close = port_close,
    .write = port_write,
    .describe = port_describe,
};
CLASS_REGISTER(chardev_parallel_class);
