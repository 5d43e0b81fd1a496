/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtqueues, device side: split and packed rings with indirect descriptors and event suppression.
 * Rings are written by a hostile guest; whatever breaks the rules makes the queue broken, once, and
 * it stays so until reset. Spec: VIRTIO 1.2, sections 2.6 to 2.8.
 */
#pragma once

#include "memory/address_space.h"
#include "migration/vmstate.h"
#include <sys/uio.h>

enum { VIRTQUEUE_MAX_SIZE = 1024, VIRTQUEUE_MAX_SEGMENTS = 1024, VIRTQUEUE_INLINE_SEGMENTS = 8 };

/* Guarded by the machine lock. */
typedef struct VirtQueue {
    /* wiring */
    AddressSpace *memory;
    void (*broken_fn)(void *opaque, const char *why);
    void *broken_opaque;
    uint16_t max_size; /* 0: there is no such queue */
    /* guest state */
    uint16_t size;
    bool ready, broken;
    bool packed, event_idx, indirect; /* negotiated */
    bool avail_wrap, used_wrap;       /* packed */
    bool signalled_valid;
    uint16_t next_avail, next_used;
    uint16_t signalled_used;       /* next_used at the last interrupt decision */
    uint64_t desc, driver, device; /* guest physical addresses of the three areas */
} VirtQueue;

extern const VmState virtqueue_vmstate;

/* What the guest wants done: readable segments first, then writable ones. */
typedef struct {
    AddressSpace *memory;
    struct iovec *iov;
    unsigned readable, writable; /* segments */
    unsigned room;               /* of iov */
    uint64_t readable_bytes, writable_bytes;
    uint16_t id;    /* split: head; packed: buffer id */
    uint16_t slots; /* of the packed ring */
    struct iovec inline_iov[VIRTQUEUE_INLINE_SEGMENTS];
} VirtioRequest;

void virtqueue_init(VirtQueue *vq, AddressSpace *memory, uint16_t max_size,
                    void (*broken_fn)(void *opaque, const char *why), void *opaque);
/** virtqueue_reset - to the state before the driver set the queue up */
void virtqueue_reset(VirtQueue *vq);
/** virtqueue_start - the driver gave size and addresses; refused (false) when they cannot be */
bool virtqueue_start(VirtQueue *vq);

/**
 * virtqueue_pop - take the next request the guest made available
 * @request: out: valid until virtqueue_push() or virtqueue_drop()
 *
 * Returns false when the queue is empty, not ready or broken.
 */
bool virtqueue_pop(VirtQueue *vq, VirtioRequest *request);
/** virtqueue_push - give @request back with @written bytes written to it; frees what @request holds
 */
void virtqueue_push(VirtQueue *vq, VirtioRequest *request, uint64_t written);
/** virtqueue_unpop - the last popped request becomes available again, untouched */
void virtqueue_unpop(VirtQueue *vq, VirtioRequest *request);
/** virtqueue_drop - forget a request whose queue was reset */
void virtqueue_drop(VirtioRequest *request);
/** virtqueue_wants_interrupt - after pushes: whether the driver asked to hear of them */
bool virtqueue_wants_interrupt(VirtQueue *vq);

/** virtio_request_read - copy from the readable segments at @offset; returns bytes copied */
size_t virtio_request_read(const VirtioRequest *request, uint64_t offset, void *buffer,
                           size_t length);
/** virtio_request_write - copy to the writable segments at @offset; returns bytes copied */
size_t virtio_request_write(VirtioRequest *request, uint64_t offset, const void *buffer,
                            size_t length);
/** virtio_request_segment - contiguous readable bytes at @offset; *@length is 0 at the end */
const void *virtio_request_segment(const VirtioRequest *request, uint64_t offset, size_t *length);
