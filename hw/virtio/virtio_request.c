/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Access to the segments of a request. */
#include <string.h>

#include "hw/virtio/virtqueue.h"

static size_t copy(const struct iovec *iov, unsigned count, uint64_t offset, void *buffer,
                   size_t length, bool write)
{
    size_t done = 0;
    for (unsigned i = 0; i < count && done < length; i++) {
        if (offset >= iov[i].iov_len) {
            offset -= iov[i].iov_len;
            continue;
        }
        size_t part = MIN(length - done, iov[i].iov_len - offset);
        uint8_t *guest = (uint8_t *)iov[i].iov_base + offset, *host = (uint8_t *)buffer + done;
        memcpy(write ? guest : host, write ? host : guest, part);
        done += part;
        offset = 0;
    }
    return done;
}

size_t virtio_request_read(const VirtioRequest *request, uint64_t offset, void *buffer,
                           size_t length)
{
    return copy(request->iov, request->readable, offset, buffer, length, false);
}

size_t virtio_request_write(VirtioRequest *request, uint64_t offset, const void *buffer,
                            size_t length)
{
    return copy(request->iov + request->readable, request->writable, offset, (void *)buffer, length,
                true);
}

const void *virtio_request_segment(const VirtioRequest *request, uint64_t offset, size_t *length)
{
    for (unsigned i = 0; i < request->readable; i++) {
        if (offset < request->iov[i].iov_len) {
            *length = request->iov[i].iov_len - offset;
            return (const uint8_t *)request->iov[i].iov_base + offset;
        }
        offset -= request->iov[i].iov_len;
    }
    *length = 0;
    return NULL;
}
