/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line on which test programs say how they ended: blanks, a decimal number, blanks, "q". The exit
 * status is twice the number plus one, so that it is never 0 (kvm-unit-tests, lib/chr-testdev.c).
 */
#include "chardev/testdev.h"

#include "util/error.h"

enum { STATUS_BITS = 0xff, NUMBER_LIMIT = 1 << 20 };

typedef struct {
    Chardev chardev;
    const ChardevMuxOps *ops;
    void *opaque;
    unsigned number;
    bool behind_number; /* a blank came after its digits */
} TestChardev;

static void take_byte(TestChardev *test, uint8_t byte)
{
    if (g_ascii_isdigit(byte) && !test->behind_number) {
        test->number = (test->number * 10 + byte - '0') % NUMBER_LIMIT;
        return;
    }
    if (g_ascii_isspace(byte)) {
        test->behind_number = test->number > 0;
        return;
    }
    if (byte == 'q' && test->ops) {
        test->ops->exit(test->opaque, (test->number << 1 | 1) & STATUS_BITS);
    }
    test->number = 0;
    test->behind_number = false;
}

static size_t testdev_write(Chardev *chardev, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        take_byte(container_of(chardev, TestChardev, chardev), bytes[i]);
    }
    return length;
}

static bool testdev_open(Chardev *chardev, GError **errp)
{
    chardev_set_connected(chardev, true);
    return true;
}

bool chardev_testdev_connect(Chardev *chardev, const ChardevMuxOps *ops, void *opaque,
                             GError **errp)
{
    TestChardev *test = container_of(chardev, TestChardev, chardev);

    if (!ops || !ops->exit) {
        error_set(errp, "testdev ends the emulator: it is for the command line only");
        return false;
    }
    test->ops = ops;
    test->opaque = opaque;
    return true;
}

const ChardevClass chardev_testdev_class = {
    .object = { .name = "chardev-testdev",
                .parent = &chardev_class.object,
                .instance_size = sizeof(TestChardev) },
    .summary = "test programs end the emulator: NUMBERq, status 2 x NUMBER + 1",
    .open = testdev_open,
    .write = testdev_write,
};
CLASS_REGISTER(chardev_testdev_class);
