/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Standard input and output, which a guest's console uses as a raw terminal. */
#include <errno.h>
#include <unistd.h>

#include "chardev/fd_stream.h"
#include "chardev/terminal.h"
#include "util/error.h"

typedef struct {
    Chardev chardev;
    FdStream stream;
    bool signal; /* property */
    bool open;
} StdioChardev;

/* Standard input and output belong to the process, so only one object can have them. */
static bool stdio_in_use;

static void stdio_ended(Chardev *chardev, int err)
{
    if (err) { /* end of input leaves the output alone */
        chardev_set_connected(chardev, false);
    }
}

static bool stdio_open(Chardev *chardev, GError **errp)
{
    StdioChardev *stdio = container_of(chardev, StdioChardev, chardev);
    if (stdio_in_use) {
        error_set(errp, "chardev '%s': stdio is in use already; mux=on lets several share it",
                  chardev->label);
        return false;
    }
    stdio_in_use = stdio->open = true;
    fd_stream_open_inherited(&stdio->stream, STDIN_FILENO, STDOUT_FILENO);
    terminal_set_raw(STDIN_FILENO, stdio->signal);
    chardev_set_connected(chardev, true);
    return true;
}

static void stdio_close(Chardev *chardev)
{
    StdioChardev *stdio = container_of(chardev, StdioChardev, chardev);
    if (stdio->open) {
        fd_stream_close(&stdio->stream);
        terminal_restore();
        stdio_in_use = stdio->open = false;
    }
}

static size_t stdio_write(Chardev *chardev, const uint8_t *bytes, size_t length)
{
    return fd_stream_write(&container_of(chardev, StdioChardev, chardev)->stream, bytes, length);
}

static void stdio_accept_input(Chardev *chardev)
{
    fd_stream_accept_input(&container_of(chardev, StdioChardev, chardev)->stream);
}

static void stdio_init(Object *obj)
{
    StdioChardev *stdio = container_of(obj, StdioChardev, chardev.object);
    fd_stream_init(&stdio->stream, &stdio->chardev, stdio_ended);
}

static const Property stdio_properties[] = {
    PROPERTY_BOOL("signal", StdioChardev, signal, true,
                  .help = "Ctrl-C and Ctrl-Z act on the emulator, not the guest"),
    {},
};

static const ChardevClass chardev_stdio_class = {
    .object = { .name = "chardev-stdio",
                .parent = &chardev_class.object,
                .instance_size = sizeof(StdioChardev),
                .properties = stdio_properties,
                .init = stdio_init },
    .summary = "standard input and output",
    .open = stdio_open,
    .close = stdio_close,
    .write = stdio_write,
    .accept_input = stdio_accept_input,
};
CLASS_REGISTER(chardev_stdio_class);
