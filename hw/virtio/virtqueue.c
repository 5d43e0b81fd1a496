/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/virtio/virtqueue.h"

#include <inttypes.h>
#include <string.h>

#include "util/atomic.h"
#include "util/error.h"
#include "util/log.h"

/* 2.7.5 and 2.8.1: descriptor flags */
enum { DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4, DESC_AVAIL = 1 << 7, DESC_USED = 1 << 15 };
enum { DESC_BYTES = 16 };
/* 2.7.6 to 2.7.8: offsets in the available and used rings */
enum {
    RING_FLAGS = 0,
    RING_IDX = 2,
    RING_ENTRIES = 4,
    AVAIL_ENTRY_BYTES = 2,
    USED_ENTRY_BYTES = 8,
    AVAIL_NO_INTERRUPT = 1
};
/* 2.8.14: event suppression of packed rings */
enum { EVENT_OFFSET = 0, EVENT_FLAGS = 2, EVENT_DISABLE = 1, EVENT_DESCRIPTOR = 2 };

typedef struct {
    uint64_t address;
    uint32_t length;
    uint16_t flags, next; /* next: split; packed has the buffer id there */
} Descriptor;

static bool fail(VirtQueue *vq, const char *why)
{
    if (!vq->broken) {
        vq->broken = true;
        vq->broken_fn(vq->broken_opaque, why);
    }
    return false;
}

static bool load16(VirtQueue *vq, hwaddr address, uint16_t *value)
{
    uint64_t loaded;
    if (address_space_load(vq->memory, address, 2, ENDIAN_LITTLE, &loaded,
                           (MemTxAttrs){ .memory_only = 1 })) {
        return fail(vq, "a ring lies outside memory");
    }
    *value = loaded;
    return true;
}

static bool store(VirtQueue *vq, hwaddr address, unsigned size, uint64_t value)
{
    if (address_space_store(vq->memory, address, size, ENDIAN_LITTLE, value,
                            (MemTxAttrs){ .memory_only = 1 })) {
        return fail(vq, "a ring lies outside memory");
    }
    return true;
}

void virtqueue_init(VirtQueue *vq, AddressSpace *memory, uint16_t max_size,
                    void (*broken_fn)(void *opaque, const char *why), void *opaque)
{
    g_assert(max_size <= VIRTQUEUE_MAX_SIZE);
    *vq = (VirtQueue){
        .memory = memory, .max_size = max_size, .broken_fn = broken_fn, .broken_opaque = opaque
    };
    virtqueue_reset(vq);
}

void virtqueue_reset(VirtQueue *vq)
{
    vq->size = vq->max_size;
    vq->ready = vq->broken = vq->signalled_valid = false;
    vq->packed = vq->event_idx = vq->indirect = false;
    vq->avail_wrap = vq->used_wrap = true;
    vq->next_avail = vq->next_used = vq->signalled_used = 0;
    vq->desc = vq->driver = vq->device = 0;
}

static uint64_t area_bytes(const VirtQueue *vq, uint64_t entry_bytes)
{
    return RING_ENTRIES + vq->size * entry_bytes + sizeof(uint16_t);
}

static bool fits(uint64_t address, uint64_t bytes, uint64_t align)
{
    return address % align == 0 && address <= UINT64_MAX - bytes;
}

/* 2.7 and 2.8.10: sizes and alignments of the areas */
bool virtqueue_start(VirtQueue *vq)
{
    bool size_valid =
        vq->size && vq->size <= vq->max_size && (vq->packed || (vq->size & (vq->size - 1)) == 0);
    bool areas_valid = vq->packed ? fits(vq->driver, 4, 4) && fits(vq->device, 4, 4)
                                  : fits(vq->driver, area_bytes(vq, AVAIL_ENTRY_BYTES), 2) &&
                                        fits(vq->device, area_bytes(vq, USED_ENTRY_BYTES), 4);
    vq->ready =
        size_valid && areas_valid && fits(vq->desc, (uint64_t)vq->size * DESC_BYTES, DESC_BYTES);
    if (vq->ready && vq->packed) {
        return store(vq, vq->device + EVENT_FLAGS, 2, 0); /* we want every notification */
    }
    return vq->ready;
}

static bool read_descriptor(VirtQueue *vq, hwaddr table, unsigned index, bool packed,
                            Descriptor *desc)
{
    uint8_t raw[DESC_BYTES];
    MemTxAttrs attrs = { .memory_only = 1 };
    if (table > UINT64_MAX - (index + 1ull) * DESC_BYTES ||
        address_space_read(vq->memory, table + (uint64_t)index * DESC_BYTES, raw, sizeof(raw),
                           attrs)) {
        return fail(vq, "a descriptor lies outside memory");
    }
    uint16_t half[2];
    memcpy(&desc->address, raw, 8);
    memcpy(&desc->length, raw + 8, 4);
    memcpy(half, raw + 12, 4);
    desc->address = GUINT64_FROM_LE(desc->address);
    desc->length = GUINT32_FROM_LE(desc->length);
    desc->flags = GUINT16_FROM_LE(half[packed ? 1 : 0]);
    desc->next = GUINT16_FROM_LE(half[packed ? 0 : 1]);
    return true;
}

static struct iovec *new_segment(VirtQueue *vq, VirtioRequest *request)
{
    unsigned used = request->readable + request->writable;
    if (used == VIRTQUEUE_MAX_SEGMENTS) {
        fail(vq, "a request has too many segments");
        return NULL;
    }
    if (used == request->room) {
        struct iovec *old = request->iov == request->inline_iov ? NULL : request->iov;
        request->iov = g_renew(struct iovec, old, request->room * 2);
        if (!old) {
            memcpy(request->iov, request->inline_iov, sizeof(request->inline_iov));
        }
        request->room *= 2;
    }
    return &request->iov[used];
}

/* Map one descriptor's buffer, which may lie in several stretches of RAM. */
static bool add_buffer(VirtQueue *vq, VirtioRequest *request, const Descriptor *desc)
{
    bool write = desc->flags & DESC_WRITE;
    hwaddr address = desc->address;
    uint64_t left = desc->length;
    if (!write && request->writable) {
        return fail(vq, "a readable buffer follows a writable one");
    }
    while (left) {
        struct iovec *segment = new_segment(vq, request);
        uint64_t length = left;
        if (!segment) {
            return false;
        }
        void *host = address_space_map(vq->memory, address, &length, write, (MemTxAttrs){});
        if (!host) {
            return fail(vq, "a buffer lies outside memory");
        }
        length = MIN(length, left);
        *segment = (struct iovec){ .iov_base = host, .iov_len = length };
        *(write ? &request->writable : &request->readable) += 1;
        *(write ? &request->writable_bytes : &request->readable_bytes) += length;
        address += length;
        left -= length;
    }
    return true;
}

/* @written: bytes of the writable part that the device filled */
static void release(VirtioRequest *request, uint64_t written)
{
    for (unsigned i = 0; i < request->readable + request->writable; i++) {
        struct iovec *segment = &request->iov[i];
        bool write = i >= request->readable;
        uint64_t part = write ? MIN(written, segment->iov_len) : 0;
        address_space_unmap(request->memory, segment->iov_base, segment->iov_len, write, part);
        written -= part;
    }
    if (request->iov != request->inline_iov) {
        g_free(request->iov);
    }
    request->iov = request->inline_iov;
    request->room = VIRTQUEUE_INLINE_SEGMENTS;
    request->readable = request->writable = 0;
}

/* 2.7.5.3 and 2.8.8: a table of its own. Split tables are chained, packed ones are used in order.
 */
static bool read_indirect(VirtQueue *vq, VirtioRequest *request, const Descriptor *desc)
{
    uint32_t count = desc->length / DESC_BYTES, index = 0;
    Descriptor entry;
    if (!vq->indirect || desc->length % DESC_BYTES || count == 0) {
        return fail(vq, "an indirect table is not allowed or of a wrong size");
    }
    for (uint32_t seen = 0; seen < count; seen++) {
        if (seen == VIRTQUEUE_MAX_SEGMENTS) {
            return fail(vq, "an indirect table is too long");
        }
        if (!read_descriptor(vq, desc->address, index, vq->packed, &entry)) {
            return false;
        }
        if (entry.flags & DESC_INDIRECT) {
            return fail(vq, "an indirect table holds another");
        }
        if (!add_buffer(vq, request, &entry)) {
            return false;
        }
        if (!vq->packed && !(entry.flags & DESC_NEXT)) {
            return true;
        }
        index = vq->packed ? index + 1 : entry.next;
        if (index >= count && !(vq->packed && index == count)) {
            return fail(vq, "a descriptor points behind its table");
        }
    }
    return vq->packed ? true : fail(vq, "a chain of descriptors has a loop");
}

static bool pop_split(VirtQueue *vq, VirtioRequest *request)
{
    Descriptor desc;
    uint16_t index;
    uint16_t at = vq->next_avail & (vq->size - 1);
    if (!load16(vq, vq->driver + RING_ENTRIES + at * AVAIL_ENTRY_BYTES, &index)) {
        return false;
    }
    request->id = index;
    for (unsigned seen = 0; seen < vq->size; seen++) {
        if (index >= vq->size) {
            return fail(vq, "a descriptor number is out of range");
        }
        if (!read_descriptor(vq, vq->desc, index, false, &desc)) {
            return false;
        }
        if (desc.flags & DESC_INDIRECT) {
            if (desc.flags & DESC_NEXT) {
                return fail(vq, "an indirect descriptor has a successor");
            }
            return read_indirect(vq, request, &desc);
        }
        if (!add_buffer(vq, request, &desc)) {
            return false;
        }
        if (!(desc.flags & DESC_NEXT)) {
            return true;
        }
        index = desc.next;
    }
    return fail(vq, "a chain of descriptors has a loop");
}

/* With event suppression the driver notifies when it passes what we announce here. */
static bool announce_next_avail(VirtQueue *vq)
{
    return !vq->event_idx || vq->packed ||
           store(vq, vq->device + RING_ENTRIES + (uint64_t)vq->size * USED_ENTRY_BYTES, 2,
                 vq->next_avail);
}

static bool split_available(VirtQueue *vq)
{
    uint16_t idx;
    for (unsigned tries = 0; tries < 2; tries++) {
        if (!load16(vq, vq->driver + RING_IDX, &idx)) {
            return false;
        }
        uint16_t count = idx - vq->next_avail;
        if (count > vq->size) {
            return fail(vq, "more requests are available than fit in the ring");
        }
        if (count) {
            atomic_fence(); /* the driver wrote the entries before the index */
            return true;
        }
        if (!vq->event_idx || !announce_next_avail(vq)) {
            return false;
        }
        atomic_fence(); /* look again: the driver may have missed what we announced */
    }
    return false;
}

static bool packed_available(VirtQueue *vq)
{
    uint16_t flags;
    if (!load16(vq, vq->desc + (uint64_t)vq->next_avail * DESC_BYTES + 14, &flags)) {
        return false;
    }
    bool avail = flags & DESC_AVAIL, used = flags & DESC_USED;
    atomic_fence(); /* the driver wrote the rest before the flags */
    return avail == vq->avail_wrap && used != vq->avail_wrap;
}

static bool pop_packed(VirtQueue *vq, VirtioRequest *request)
{
    Descriptor desc;
    unsigned index = vq->next_avail;
    for (request->slots = 1; request->slots <= vq->size; request->slots++) {
        if (!read_descriptor(vq, vq->desc, index, true, &desc)) {
            return false;
        }
        request->id = desc.next;
        if (desc.flags & DESC_INDIRECT) {
            if (request->slots > 1 || (desc.flags & DESC_NEXT)) {
                return fail(vq, "an indirect descriptor is part of a chain");
            }
            return read_indirect(vq, request, &desc);
        }
        if (!add_buffer(vq, request, &desc)) {
            return false;
        }
        if (!(desc.flags & DESC_NEXT)) {
            return true;
        }
        index = index + 1 == vq->size ? 0 : index + 1;
    }
    return fail(vq, "a chain of descriptors has a loop");
}

static void advance(uint16_t *index, bool *wrap, unsigned slots, unsigned size)
{
    unsigned next = *index + slots;
    if (next >= size) {
        next -= size;
        *wrap = !*wrap;
    }
    *index = next;
}

bool virtqueue_pop(VirtQueue *vq, VirtioRequest *request)
{
    if (!vq->ready || vq->broken || !(vq->packed ? packed_available(vq) : split_available(vq))) {
        return false;
    }
    *request = (VirtioRequest){ .memory = vq->memory, .room = VIRTQUEUE_INLINE_SEGMENTS };
    request->iov = request->inline_iov;
    if (!(vq->packed ? pop_packed(vq, request) : pop_split(vq, request))) {
        release(request, 0);
        return false;
    }
    if (vq->packed) {
        advance(&vq->next_avail, &vq->avail_wrap, request->slots, vq->size);
    } else {
        vq->next_avail++;
    }
    if (!announce_next_avail(vq)) {
        release(request, 0);
        return false;
    }
    TRACE(virtqueue_pop, "queue=%p slots=%u readable=%" PRIu64 " writable=%" PRIu64, (void *)vq,
          request->slots, (uint64_t)request->readable_bytes, (uint64_t)request->writable_bytes);
    return true;
}

void virtqueue_unpop(VirtQueue *vq, VirtioRequest *request)
{
    if (!vq->packed) {
        vq->next_avail--;
    } else if (vq->next_avail >= request->slots) {
        vq->next_avail -= request->slots;
    } else {
        vq->next_avail += vq->size - request->slots;
        vq->avail_wrap = !vq->avail_wrap;
    }
    release(request, 0);
}

void virtqueue_drop(VirtioRequest *request)
{
    release(request, 0);
}

static void push_split(VirtQueue *vq, const VirtioRequest *request, uint32_t written)
{
    hwaddr entry =
        vq->device + RING_ENTRIES + (uint64_t)(vq->next_used & (vq->size - 1)) * USED_ENTRY_BYTES;
    if (store(vq, entry, 4, request->id) && store(vq, entry + 4, 4, written)) {
        vq->next_used++;
        atomic_fence(); /* the driver reads the index before the entry */
        store(vq, vq->device + RING_IDX, 2, vq->next_used);
    }
}

static void push_packed(VirtQueue *vq, const VirtioRequest *request, uint32_t written,
                        bool writable)
{
    hwaddr slot = vq->desc + (uint64_t)vq->next_used * DESC_BYTES;
    uint16_t flags = (vq->used_wrap ? DESC_AVAIL | DESC_USED : 0) | (writable ? DESC_WRITE : 0);
    if (store(vq, slot + 8, 4, written) && store(vq, slot + 12, 2, request->id)) {
        atomic_fence(); /* the driver reads the flags before the rest */
        store(vq, slot + 14, 2, flags);
        advance(&vq->next_used, &vq->used_wrap, request->slots, vq->size);
    }
}

void virtqueue_push(VirtQueue *vq, VirtioRequest *request, uint64_t written)
{
    bool writable = request->writable != 0;
    TRACE(virtqueue_push, "queue=%p written=%" PRIu64, (void *)vq, written);
    release(request, written);
    if (!vq->ready || vq->broken) {
        return;
    }
    uint32_t reported = MIN(written, UINT32_MAX);
    if (vq->packed) {
        push_packed(vq, request, reported, writable);
    } else {
        push_split(vq, request, reported);
    }
}

/* 2.7.7.2: whether @event lies in [@before, @now) of a counter that wraps. */
static bool passed(uint16_t event, uint16_t now, uint16_t before)
{
    return (uint16_t)(now - event - 1) < (uint16_t)(now - before);
}

static bool packed_wants_interrupt(VirtQueue *vq, uint16_t before, bool valid)
{
    uint16_t offset, flags;
    if (!load16(vq, vq->driver + EVENT_OFFSET, &offset) ||
        !load16(vq, vq->driver + EVENT_FLAGS, &flags)) {
        return false;
    }
    if ((flags & 3) != EVENT_DESCRIPTOR || !vq->event_idx) {
        return (flags & 3) != EVENT_DISABLE;
    }
    bool wrap = offset >> 15;
    offset &= 0x7fff;
    if (wrap != vq->used_wrap) {
        offset -= vq->size;
    }
    return !valid || passed(offset, vq->next_used, before);
}

bool virtqueue_wants_interrupt(VirtQueue *vq)
{
    uint16_t before = vq->signalled_used, value;
    bool valid = vq->signalled_valid;
    if (!vq->ready || vq->broken) {
        return false;
    }
    vq->signalled_used = vq->next_used;
    vq->signalled_valid = !vq->packed || vq->next_used >= before;
    atomic_fence(); /* the driver sets its wish, then looks at the ring again */
    if (vq->packed) {
        return packed_wants_interrupt(vq, before, valid);
    }
    if (vq->event_idx) {
        return load16(vq, vq->driver + RING_ENTRIES + (uint64_t)vq->size * AVAIL_ENTRY_BYTES,
                      &value) &&
               (!valid || passed(value, vq->next_used, before));
    }
    return load16(vq, vq->driver + RING_FLAGS, &value) && !(value & AVAIL_NO_INTERRUPT);
}

static bool virtqueue_post_load(void *opaque, uint32_t version, GError **errp)
{
    VirtQueue *vq = opaque;
    bool ready = vq->ready;
    if (vq->size > vq->max_size || (ready && !virtqueue_start(vq)) ||
        (vq->packed && (vq->next_avail >= vq->size || vq->next_used >= vq->size))) {
        error_set(errp, "virtqueue: the saved state does not fit");
        return false;
    }
    return true;
}

const VmState virtqueue_vmstate = {
    .name = "virtqueue",
    .version = 1,
    .post_load = virtqueue_post_load,
    .fields =
        (const VmField[]){
            VM_U16(VirtQueue, size),
            VM_BOOL(VirtQueue, ready),
            VM_BOOL(VirtQueue, broken),
            VM_BOOL(VirtQueue, packed),
            VM_BOOL(VirtQueue, event_idx),
            VM_BOOL(VirtQueue, indirect),
            VM_BOOL(VirtQueue, avail_wrap),
            VM_BOOL(VirtQueue, used_wrap),
            VM_BOOL(VirtQueue, signalled_valid),
            VM_U16(VirtQueue, next_avail),
            VM_U16(VirtQueue, next_used),
            VM_U16(VirtQueue, signalled_used),
            VM_U64(VirtQueue, desc),
            VM_U64(VirtQueue, driver),
            VM_U64(VirtQueue, device),
            {},
        },
};
