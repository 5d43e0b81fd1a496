/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio entropy source. Bytes come from the back end of rng=, or from host_input, so that -seed
 * makes them repeatable.
 * Spec: VIRTIO 1.2, section 5.4.
 */
#include "hw/core/host_input.h"
#include "hw/core/machine.h"
#include "hw/core/rng_backend.h"
#include "hw/virtio/virtio.h"
#include "util/error.h"

enum { QUEUE_SIZE = 8, MAX_BYTES_AT_ONCE = 4096, DRY_NS = 10 * 1000 * 1000 };

/* Limits bytes per period, as max-bytes and period say. */
typedef struct {
    VirtioDevice virtio;
    Timer refill; /* the next period begins */
    Timer dry;    /* look again whether the back end has bytes */
    Machine *machine;
    Object *backend;    /* property: an rng-backend; NULL: host_input */
    uint64_t max_bytes; /* property: bytes per period */
    uint32_t period_ms; /* property */
    uint64_t quota;     /* guest state: bytes left in this period */
    bool exhausted;     /* guest state: refill is running */
} VirtioRng;

/* As many of @length bytes as there are; fewer than asked for are fine for the guest, none are not.
 */
static size_t get_bytes(VirtioRng *rng, void *bytes, size_t length)
{
    if (rng->backend) {
        return rng_backend_fill(rng->backend, rng->machine, bytes, length);
    }
    host_input_random(rng->machine, bytes, length);
    return length;
}

static void start_period(VirtioRng *rng)
{
    rng->exhausted = true;
    timer_set_ns(&rng->refill,
                 clock_ns(rng->machine->clocks, CLOCK_KIND_VIRTUAL) + rng->period_ms * 1000000ll);
}

static void serve(VirtioRng *rng)
{
    VirtQueue *vq = &rng->virtio.queues[0];
    VirtioRequest request;
    uint8_t bytes[MAX_BYTES_AT_ONCE];
    unsigned served = 0;
    while (served < VIRTIO_BATCH && rng->quota && virtqueue_pop(vq, &request)) {
        size_t wanted = MIN(MIN(request.writable_bytes, sizeof(bytes)), rng->quota);
        size_t length = get_bytes(rng, bytes, wanted);
        if (wanted && !length) {
            virtqueue_unpop(vq, &request);
            timer_set_ns(&rng->dry, clock_ns(rng->machine->clocks, CLOCK_KIND_VIRTUAL) + DRY_NS);
            break;
        }
        virtio_request_write(&request, 0, bytes, length);
        virtqueue_push(vq, &request, length);
        rng->quota -= rng->max_bytes == UINT64_MAX ? 0 : length;
        served++;
    }
    if (served) {
        virtio_interrupt(&rng->virtio, 0);
    }
    if (served == VIRTIO_BATCH) {
        virtio_notify_again(&rng->virtio, 0);
    }
    if (rng->max_bytes != UINT64_MAX && rng->quota < rng->max_bytes && !rng->exhausted) {
        start_period(rng);
    }
}

static void period_ended(void *opaque)
{
    VirtioRng *rng = opaque;
    rng->exhausted = false;
    rng->quota = rng->max_bytes;
    if (virtio_is_running(&rng->virtio)) {
        serve(rng);
    }
}

static void look_again(void *opaque)
{
    VirtioRng *rng = opaque;
    if (virtio_is_running(&rng->virtio)) {
        serve(rng);
    }
}

static void virtio_rng_notify(VirtioDevice *vdev, unsigned queue)
{
    serve(container_of(vdev, VirtioRng, virtio));
}

static void virtio_rng_stop(VirtioDevice *vdev)
{
    VirtioRng *rng = container_of(vdev, VirtioRng, virtio);
    timer_cancel(&rng->refill);
    timer_cancel(&rng->dry);
    rng->exhausted = false;
    rng->quota = rng->max_bytes;
}

static bool virtio_rng_setup(VirtioDevice *vdev, GError **errp)
{
    VirtioRng *rng = container_of(vdev, VirtioRng, virtio);
    rng->machine = device_machine(&vdev->device);
    rng->quota = rng->max_bytes;
    timer_init(&rng->refill, rng->machine->clocks, CLOCK_KIND_VIRTUAL, period_ended, rng);
    timer_init(&rng->dry, rng->machine->clocks, CLOCK_KIND_VIRTUAL, look_again, rng);
    virtio_add_queue(vdev, QUEUE_SIZE);
    return true;
}

/* Timers are not saved: a period begins anew, and requests that waited for bytes are looked at. */
static bool virtio_rng_post_load(void *opaque, uint32_t version, GError **errp)
{
    VirtioRng *rng = opaque;
    rng->quota = MIN(rng->quota, rng->max_bytes);
    if (rng->exhausted) {
        start_period(rng);
    }
    timer_set_ns(&rng->dry, clock_ns(rng->machine->clocks, CLOCK_KIND_VIRTUAL));
    return true;
}

static const Property virtio_rng_properties[] = {
    PROPERTY_LINK("rng", VirtioRng, backend, rng_backend_class,
                  .help = "id of the -object that gives the bytes; none: the host's kernel"),
    PROPERTY_U64("max-bytes", VirtioRng, max_bytes, UINT64_MAX, .min = 1, .max = UINT64_MAX,
                 .help = "bytes the guest gets in one period"),
    PROPERTY_U32("period", VirtioRng, period_ms, 65536, .min = 1, .max = UINT32_MAX,
                 .help = "length of the period in milliseconds"),
    {},
};

static const VmState virtio_rng_vmstate = {
    .version = 1,
    .post_load = virtio_rng_post_load,
    .fields = (const VmField[]){ VM_U64(VirtioRng, quota), VM_BOOL(VirtioRng, exhausted), {} },
};

static const VirtioDeviceClass virtio_rng_class = {
    .device = { .object = { .name = "virtio-rng-device",
                            .parent = &virtio_device_class.device.object,
                            .instance_size = sizeof(VirtioRng),
                            .properties = virtio_rng_properties },
                .summary = "virtio entropy source",
                .category = DEVICE_CATEGORY_MISC,
                .user_creatable = true,
                .vmstate = &virtio_rng_vmstate },
    .id = VIRTIO_ID_ENTROPY,
    .setup = virtio_rng_setup,
    .stop = virtio_rng_stop,
    .queue_notify = virtio_rng_notify,
};
CLASS_REGISTER(virtio_rng_class);
