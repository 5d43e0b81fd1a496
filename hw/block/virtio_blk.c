/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio disk. Requests go to the drive as they come; several are under way at once and end in any
 * order. Spec: VIRTIO 1.2, section 5.2.
 */
#include <errno.h>
#include <string.h>

#include "block/backend.h"
#include "hw/core/machine.h"
#include "hw/virtio/virtio.h"
#include "target/cpu.h"
#include "util/atomic.h"
#include "util/error.h"
#include "util/log.h"

enum { QUEUE_SIZE = 256, SECTOR_BYTES = 512, CONFIG_BYTES = 60, ID_BYTES = 20, HEADER_BYTES = 16 };
enum { MAX_SEGMENTS = VIRTQUEUE_MAX_SEGMENTS - 2 }; /* beside header and status */
enum { MAX_DISCARD_SECTORS = 1 << 22 };             /* 2 GiB */

/* 5.2.3 */
enum {
    FEATURE_SEG_MAX = 2,
    FEATURE_RO = 5,
    FEATURE_BLK_SIZE = 6,
    FEATURE_FLUSH = 9,
    FEATURE_TOPOLOGY = 10,
    FEATURE_CONFIG_WCE = 11,
    FEATURE_MQ = 12,
    FEATURE_DISCARD = 13,
    FEATURE_WRITE_ZEROES = 14,
};
/* 5.2.6 */
enum {
    REQUEST_IN = 0,
    REQUEST_OUT = 1,
    REQUEST_FLUSH = 4,
    REQUEST_GET_ID = 8,
    REQUEST_DISCARD = 11,
    REQUEST_WRITE_ZEROES = 13,
};
enum { STATUS_OK = 0, STATUS_IOERR = 1, STATUS_UNSUPP = 2 };
enum { WRITE_ZEROES_UNMAP = 1 };
enum { CONFIG_WRITEBACK = 32 };

typedef struct {
    VirtioDevice virtio;
    BlockBackend *backend;
    char *drive, *serial; /* properties */
    uint16_t queue_count;
    uint32_t logical_bytes, physical_bytes;
    bool write_cache;
    int32_t bootindex;
    int on_read_error, on_write_error;
    bool writeback;   /* guest state: flushes are the driver's business */
    uint64_t session; /* counts resets: requests of an earlier one are not answered */
} VirtioBlk;

typedef struct {
    BlockIo io;
    VirtioBlk *blk;
    VirtioRequest request;
    uint64_t session;
    uint8_t queue;
} BlkRequest;

static VirtioBlk *blk_of(VirtioDevice *vdev)
{
    return container_of(vdev, VirtioBlk, virtio);
}

static uint64_t le(const uint8_t *bytes, unsigned count)
{
    uint64_t value = 0;

    for (unsigned i = count; i-- > 0;) {
        value = value << 8 | bytes[i];
    }
    return value;
}

static void put_le(uint8_t *bytes, uint64_t value, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        bytes[i] = value >> (8 * i);
    }
}

static void free_request(BlkRequest *r)
{
    iov_cleanup(&r->io.iov);
    g_free(r);
}

/* @written: bytes of data given to the guest; the status is one more. */
static void answer(BlkRequest *r, uint8_t status, uint64_t written)
{
    VirtioDevice *vdev = &r->blk->virtio;

    virtio_request_write(&r->request, r->request.writable_bytes - 1, &status, 1);
    virtqueue_push(&vdev->queues[r->queue], &r->request, written + 1);
    virtio_interrupt(vdev, r->queue);
    free_request(r);
}

static void done(BlockIo *io, int result)
{
    BlkRequest *r = container_of(io, BlkRequest, io);

    if (r->session != r->blk->session) {
        virtqueue_drop(&r->request);
        free_request(r);
        return;
    }
    bool read = io->kind == BLOCK_IO_READ && result == 0;
    answer(r, result == 0 ? STATUS_OK : STATUS_IOERR, read ? io->bytes : 0);
}

/* The request's data: behind the header of the readable bytes, or before the status of the writable
 * ones. */
static void add_data(BlkRequest *r, bool from_guest)
{
    const VirtioRequest *request = &r->request;
    const struct iovec *segments = request->iov + (from_guest ? 0 : request->readable);
    unsigned count = from_guest ? request->readable : request->writable;
    uint64_t skip = from_guest ? HEADER_BYTES : 0;
    uint64_t left =
        from_guest ? request->readable_bytes - HEADER_BYTES : request->writable_bytes - 1;

    r->io.bytes = left;
    for (unsigned i = 0; i < count && left; i++) {
        size_t from = MIN(skip, segments[i].iov_len);
        size_t bytes = MIN(segments[i].iov_len - from, left);
        if (bytes) {
            iov_add(&r->io.iov, (uint8_t *)segments[i].iov_base + from, bytes);
        }
        skip -= from;
        left -= bytes;
    }
}

static bool is_within(const VirtioBlk *blk, uint64_t sector, uint64_t bytes)
{
    uint64_t size = block_backend_size(blk->backend);

    return sector <= size / SECTOR_BYTES && bytes <= size - sector * SECTOR_BYTES &&
           sector * SECTOR_BYTES % blk->logical_bytes == 0 && bytes % blk->logical_bytes == 0;
}

static void submit(BlkRequest *r, BlockIoKind kind)
{
    VirtioBlk *blk = r->blk;

    r->io.kind = kind;
    r->io.done = done;
    if (kind != BLOCK_IO_READ && kind != BLOCK_IO_FLUSH && !blk->writeback) {
        r->io.flags |= BLOCK_REQUEST_FORCE_UNIT_ACCESS;
    }
    block_backend_submit(blk->backend, &r->io);
}

static void transfer(BlkRequest *r, uint64_t sector, bool write)
{
    add_data(r, write);
    r->io.offset = sector * SECTOR_BYTES;
    if (!is_within(r->blk, sector, r->io.bytes) || (write && !r->blk->backend->writable)) {
        log_guest_error("virtio-blk: %s of %" G_GUINT64_FORMAT " bytes at sector %" G_GUINT64_FORMAT
                        " refused\n",
                        write ? "write" : "read", r->io.bytes, sector);
        answer(r, STATUS_IOERR, 0);
        return;
    }
    submit(r, write ? BLOCK_IO_WRITE : BLOCK_IO_READ);
}

/* 5.2.6: one segment of 64-bit sector, 32-bit count, 32-bit flags */
static void erase(BlkRequest *r, bool zero)
{
    enum { SEGMENT_BYTES = 16 };
    uint8_t segment[SEGMENT_BYTES];
    size_t got = virtio_request_read(&r->request, HEADER_BYTES, segment, SEGMENT_BYTES);
    uint64_t sector = le(segment, 8), count = le(segment + 8, 4), flags = le(segment + 12, 4);

    if (!r->blk->backend->writable || got != SEGMENT_BYTES ||
        r->request.readable_bytes != HEADER_BYTES + SEGMENT_BYTES || count > MAX_DISCARD_SECTORS ||
        !is_within(r->blk, sector, count * SECTOR_BYTES)) {
        answer(r, STATUS_IOERR, 0);
        return;
    }
    if (flags & ~(zero ? WRITE_ZEROES_UNMAP : 0)) {
        answer(r, STATUS_UNSUPP, 0);
        return;
    }
    r->io.offset = sector * SECTOR_BYTES;
    r->io.bytes = count * SECTOR_BYTES;
    r->io.flags = flags & WRITE_ZEROES_UNMAP ? BLOCK_REQUEST_MAY_UNMAP : 0;
    submit(r, zero ? BLOCK_IO_WRITE_ZEROES : BLOCK_IO_DISCARD);
}

static void get_id(BlkRequest *r)
{
    char id[ID_BYTES] = { 0 };

    memcpy(id, r->blk->serial, MIN(strlen(r->blk->serial), sizeof(id)));
    size_t length = MIN(r->request.writable_bytes - 1, sizeof(id));
    answer(r, STATUS_OK, virtio_request_write(&r->request, 0, id, length));
}

static void start(BlkRequest *r, const uint8_t header[HEADER_BYTES])
{
    uint64_t sector = le(header + 8, 8);

    switch (le(header, 4)) {
    case REQUEST_IN: transfer(r, sector, false); break;
    case REQUEST_OUT: transfer(r, sector, true); break;
    case REQUEST_FLUSH: submit(r, BLOCK_IO_FLUSH); break;
    case REQUEST_GET_ID: get_id(r); break;
    case REQUEST_DISCARD: erase(r, false); break;
    case REQUEST_WRITE_ZEROES: erase(r, true); break;
    default: answer(r, STATUS_UNSUPP, 0); break;
    }
}

/* False: the queue is empty. */
static bool serve_one(VirtioBlk *blk, unsigned queue)
{
    BlkRequest *r = g_new0(BlkRequest, 1);
    uint8_t header[HEADER_BYTES];

    if (!virtqueue_pop(&blk->virtio.queues[queue], &r->request)) {
        g_free(r);
        return false;
    }
    r->blk = blk;
    r->queue = queue;
    r->session = blk->session;
    iov_init(&r->io.iov);
    if (!r->request.writable_bytes ||
        virtio_request_read(&r->request, 0, header, HEADER_BYTES) != HEADER_BYTES) {
        log_guest_error("virtio-blk: a request without header or status\n");
        virtqueue_push(&blk->virtio.queues[queue], &r->request, 0);
        virtio_interrupt(&blk->virtio, queue);
        free_request(r);
        return true;
    }
    start(r, header);
    return true;
}

static void virtio_blk_notify(VirtioDevice *vdev, unsigned queue)
{
    unsigned served = 0;

    while (served < VIRTIO_BATCH && serve_one(blk_of(vdev), queue)) {
        served++;
    }
    if (served == VIRTIO_BATCH) {
        virtio_notify_again(vdev, queue);
    }
}

/* A processor that resets the device may be asked to stop, by the thread that it waits for. It does
 * not go on before that thread has drained the drive. */
static bool processor_must_stop(void)
{
    Cpu *cpu = cpu_current();

    return cpu && atomic_read(&cpu->stop);
}

/* What is under way may still write to the guest's memory: it ends first, and is not answered. */
static void virtio_blk_stop(VirtioDevice *vdev)
{
    VirtioBlk *blk = blk_of(vdev);

    blk->session++;
    block_backend_cancel(blk->backend);
    block_backend_drain(blk->backend, processor_must_stop);
    blk->writeback = blk->write_cache;
}

static void virtio_blk_start(VirtioDevice *vdev)
{
    VirtioBlk *blk = blk_of(vdev);

    if (!virtio_has_feature(vdev, FEATURE_FLUSH)) { /* 5.2.5.2: it could not make data stable */
        blk->writeback = false;
    }
}

static uint64_t virtio_blk_features(VirtioDevice *vdev)
{
    const VirtioBlk *blk = blk_of(vdev);
    uint64_t features = 1ull << FEATURE_SEG_MAX | 1ull << FEATURE_BLK_SIZE |
                        1ull << FEATURE_TOPOLOGY | 1ull << FEATURE_FLUSH |
                        1ull << FEATURE_CONFIG_WCE;

    features |= blk->queue_count > 1 ? 1ull << FEATURE_MQ : 0;
    features |= blk->backend->writable ? 1ull << FEATURE_DISCARD | 1ull << FEATURE_WRITE_ZEROES
                                       : 1ull << FEATURE_RO;
    return features;
}

/* 5.2.4 */
static void virtio_blk_read_config(VirtioDevice *vdev, uint8_t config[VIRTIO_CONFIG_BYTES])
{
    const VirtioBlk *blk = blk_of(vdev);
    uint32_t sectors_a_block = blk->logical_bytes / SECTOR_BYTES;

    put_le(config, block_backend_size(blk->backend) / SECTOR_BYTES, 8);
    put_le(config + 12, MAX_SEGMENTS, 4);
    put_le(config + 20, blk->logical_bytes, 4);
    config[24] = __builtin_ctz(blk->physical_bytes / blk->logical_bytes);
    put_le(config + 26, blk->physical_bytes / blk->logical_bytes, 2);
    config[CONFIG_WRITEBACK] = blk->writeback;
    put_le(config + 34, blk->queue_count, 2);
    put_le(config + 36, MAX_DISCARD_SECTORS, 4);
    put_le(config + 40, 1, 4);
    put_le(config + 44, sectors_a_block, 4);
    put_le(config + 48, MAX_DISCARD_SECTORS, 4);
    put_le(config + 52, 1, 4);
    config[56] = 1;
}

static void virtio_blk_write_config(VirtioDevice *vdev, unsigned offset, unsigned size,
                                    uint32_t value)
{
    VirtioBlk *blk = blk_of(vdev);

    if (offset == CONFIG_WRITEBACK && size == 1 && virtio_has_feature(vdev, FEATURE_CONFIG_WCE)) {
        blk->writeback = value & 1;
    }
}

static bool check_sizes(const VirtioBlk *blk, GError **errp)
{
    enum { MAX_BLOCK_BYTES = 32768 };
    uint32_t logical = blk->logical_bytes, physical = blk->physical_bytes;
    bool good = logical >= SECTOR_BYTES && physical >= logical && physical <= MAX_BLOCK_BYTES &&
                !(logical & (logical - 1)) && !(physical & (physical - 1));

    if (!good) {
        error_set(errp,
                  "virtio-blk: logical_block_size %u and physical_block_size %u must be powers of "
                  "two from "
                  "%d to %d, the logical not above the physical",
                  logical, physical, SECTOR_BYTES, MAX_BLOCK_BYTES);
    }
    return good;
}

/* 5.2.4: the guest reads its capacity again. */
static void resized(void *opaque)
{
    virtio_config_changed(&((VirtioBlk *)opaque)->virtio);
}

static const BlockUserOps blk_ops = { .resized = resized };

static bool virtio_blk_setup(VirtioDevice *vdev, GError **errp)
{
    VirtioBlk *blk = blk_of(vdev);

    if (!blk->drive || !*blk->drive) {
        error_set(errp, "virtio-blk: property 'drive' is missing: the id of a -drive");
        return false;
    }
    if (!check_sizes(blk, errp)) {
        return false;
    }
    BlockBackend *backend = block_backend_find(&vdev->device.object, blk->drive, errp);
    if (!backend || !block_backend_take(backend, &vdev->device.object, &blk_ops, blk, errp)) {
        return false;
    }
    block_backend_set_policy(backend, blk->on_read_error, blk->on_write_error);
    blk->backend = backend;
    blk->write_cache &= !backend->write_through;
    blk->writeback = blk->write_cache;
    vdev->config_bytes = CONFIG_BYTES;
    for (unsigned i = 0; i < blk->queue_count; i++) {
        virtio_add_queue(vdev, QUEUE_SIZE);
    }
    return true;
}

static void virtio_blk_cleanup(VirtioDevice *vdev)
{
    VirtioBlk *blk = blk_of(vdev);

    if (blk->backend) {
        blk->session++;
        block_backend_cancel(blk->backend);
        block_backend_drain(blk->backend, NULL);
        block_backend_release(blk->backend);
        blk->backend = NULL;
    }
}

static const Property virtio_blk_properties[] = {
    PROPERTY_STRING("drive", VirtioBlk, drive, NULL, .help = "id of the drive"),
    PROPERTY_STRING("serial", VirtioBlk, serial, "", .help = "serial number, up to 20 characters"),
    PROPERTY_U16("num-queues", VirtioBlk, queue_count, 1, .min = 1, .max = VIRTIO_MAX_QUEUES,
                 .help = "request queues"),
    PROPERTY_U32("logical_block_size", VirtioBlk, logical_bytes, 512,
                 .help = "smallest piece the guest may transfer, in bytes"),
    PROPERTY_U32("physical_block_size", VirtioBlk, physical_bytes, 512,
                 .help = "piece that the guest should transfer, in bytes"),
    PROPERTY_I32("bootindex", VirtioBlk, bootindex, -1, .min = -1, .max = INT32_MAX,
                 .help = "place among what firmware tries to boot; -1: as it likes"),
    PROPERTY_ENUM("rerror", VirtioBlk, on_read_error, block_policy_names, 0,
                  .help = "when a read fails"),
    PROPERTY_ENUM("werror", VirtioBlk, on_write_error, block_policy_names, 0,
                  .help = "when a write fails"),
    PROPERTY_BOOL("write-cache", VirtioBlk, write_cache, true,
                  .help = "data are safe when the guest flushes, rather than at once"),
    {},
};

static const VmState virtio_blk_vmstate = {
    .version = 1,
    .fields = (const VmField[]){ VM_BOOL(VirtioBlk, writeback), {} },
};

static const VirtioDeviceClass virtio_blk_class = {
    .device = { .object = { .name = "virtio-blk-device",
                            .parent = &virtio_device_class.device.object,
                            .instance_size = sizeof(VirtioBlk),
                            .properties = virtio_blk_properties },
                .summary = "virtio disk",
                .category = DEVICE_CATEGORY_STORAGE,
                .user_creatable = true,
                .vmstate = &virtio_blk_vmstate },
    .id = VIRTIO_ID_BLOCK,
    .setup = virtio_blk_setup,
    .cleanup = virtio_blk_cleanup,
    .features = virtio_blk_features,
    .read_config = virtio_blk_read_config,
    .write_config = virtio_blk_write_config,
    .start = virtio_blk_start,
    .stop = virtio_blk_stop,
    .queue_notify = virtio_blk_notify,
};
CLASS_REGISTER(virtio_blk_class);
