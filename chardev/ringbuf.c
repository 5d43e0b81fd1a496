/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the newest output in memory, for whoever asks later. The oldest bytes make room for new
 * ones. */
#include "chardev/ringbuf.h"

#include "util/error.h"

enum { DEFAULT_BYTES = 64 * 1024, MAX_BYTES = 256 << 20 };

typedef struct {
    Chardev chardev;
    uint64_t size; /* property: a power of two */
    uint8_t *bytes;
    uint64_t written, taken; /* in all; written - taken <= size */
} RingbufChardev;

static const ChardevClass chardev_ringbuf_class;

ssize_t chardev_ringbuf_read(Chardev *chardev, uint8_t *bytes, size_t length)
{
    RingbufChardev *ring = object_cast(&chardev->object, &chardev_ringbuf_class.object);
    if (!ring) {
        return -1;
    }
    size_t count = MIN(length, ring->written - ring->taken);
    for (size_t i = 0; i < count; i++) {
        bytes[i] = ring->bytes[ring->taken++ & (ring->size - 1)];
    }
    return (ssize_t)count;
}

static size_t ringbuf_write(Chardev *chardev, const uint8_t *bytes, size_t length)
{
    RingbufChardev *ring = container_of(chardev, RingbufChardev, chardev);
    for (size_t i = 0; i < length; i++) {
        ring->bytes[ring->written++ & (ring->size - 1)] = bytes[i];
    }
    if (ring->written - ring->taken > ring->size) {
        ring->taken = ring->written - ring->size;
    }
    return length;
}

static bool ringbuf_open(Chardev *chardev, GError **errp)
{
    RingbufChardev *ring = container_of(chardev, RingbufChardev, chardev);
    if (ring->size & (ring->size - 1)) {
        error_set(errp, "chardev '%s': size=%" G_GUINT64_FORMAT " is not a power of two",
                  chardev->label, ring->size);
        return false;
    }
    ring->bytes = g_malloc(ring->size);
    chardev_set_connected(chardev, true);
    return true;
}

static void ringbuf_finalize(Object *obj)
{
    g_free(container_of(obj, RingbufChardev, chardev.object)->bytes);
}

static const Property ringbuf_properties[] = {
    PROPERTY_SIZE("size", RingbufChardev, size, DEFAULT_BYTES, .min = 1, .max = MAX_BYTES,
                  .help = "bytes that are kept, a power of two"),
    {},
};

static const ChardevClass chardev_ringbuf_class = {
    .object = { .name = "chardev-ringbuf",
                .parent = &chardev_class.object,
                .instance_size = sizeof(RingbufChardev),
                .properties = ringbuf_properties,
                .finalize = ringbuf_finalize },
    .summary = "the newest output, kept in memory",
    .open = ringbuf_open,
    .write = ringbuf_write,
};
CLASS_REGISTER(chardev_ringbuf_class);
