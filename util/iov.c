/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scatter-gather lists of host memory, as disk and network requests carry them. */
#include "util/iov.h"

#include <string.h>

void iov_init(Iov *iov)
{
    iov->pieces = iov->first;
    iov->count = 0;
    iov->capacity = G_N_ELEMENTS(iov->first);
    iov->size = 0;
}

void iov_init_buffer(Iov *iov, void *base, size_t bytes)
{
    iov_init(iov);
    iov_add(iov, base, bytes);
}

void iov_init_slice(Iov *iov, const Iov *whole, uint64_t offset, uint64_t bytes)
{
    iov_init(iov);
    iov_add_slice(iov, whole, offset, bytes);
}

void iov_cleanup(Iov *iov)
{
    if (iov->pieces != iov->first) {
        g_free(iov->pieces);
    }
    iov_init(iov);
}

void iov_add(Iov *iov, void *base, size_t bytes)
{
    if (bytes == 0) {
        return;
    }
    iov->size += bytes;
    if (iov->count > 0) {
        struct iovec *last = &iov->pieces[iov->count - 1];
        if ((char *)last->iov_base + last->iov_len == base) {
            last->iov_len += bytes;
            return;
        }
    }
    if (iov->count == iov->capacity) {
        iov->capacity *= 2;
        if (iov->pieces == iov->first) {
            iov->pieces = g_new(struct iovec, iov->capacity);
            memcpy(iov->pieces, iov->first, sizeof(iov->first));
        } else {
            iov->pieces = g_renew(struct iovec, iov->pieces, iov->capacity);
        }
    }
    iov->pieces[iov->count++] = (struct iovec){ base, bytes };
}

/* Calls @fn for every stretch of [@offset, @offset + @bytes); stops and returns false when it does.
 */
typedef bool IovFn(uint8_t *base, size_t bytes, void *opaque);

static bool iov_walk(const Iov *iov, uint64_t offset, uint64_t bytes, IovFn *fn, void *opaque)
{
    g_assert(offset <= iov->size && bytes <= iov->size - offset);
    for (unsigned i = 0; bytes > 0; i++) {
        const struct iovec *piece = &iov->pieces[i];
        if (offset >= piece->iov_len) {
            offset -= piece->iov_len;
            continue;
        }
        size_t here = MIN(piece->iov_len - offset, bytes);
        if (!fn((uint8_t *)piece->iov_base + offset, here, opaque)) {
            return false;
        }
        offset = 0;
        bytes -= here;
    }
    return true;
}

static bool add_stretch(uint8_t *base, size_t bytes, void *opaque)
{
    iov_add(opaque, base, bytes);
    return true;
}

void iov_add_slice(Iov *iov, const Iov *whole, uint64_t offset, uint64_t bytes)
{
    iov_walk(whole, offset, bytes, add_stretch, iov);
}

static bool read_stretch(uint8_t *base, size_t bytes, void *opaque)
{
    uint8_t **buffer = opaque;
    memcpy(*buffer, base, bytes);
    *buffer += bytes;
    return true;
}

void iov_to_buffer(const Iov *iov, uint64_t offset, void *buffer, size_t bytes)
{
    iov_walk(iov, offset, bytes, read_stretch, &buffer);
}

static bool write_stretch(uint8_t *base, size_t bytes, void *opaque)
{
    const uint8_t **buffer = opaque;
    memcpy(base, *buffer, bytes);
    *buffer += bytes;
    return true;
}

void iov_from_buffer(const Iov *iov, uint64_t offset, const void *buffer, size_t bytes)
{
    iov_walk(iov, offset, bytes, write_stretch, &buffer);
}

static bool fill_stretch(uint8_t *base, size_t bytes, void *opaque)
{
    memset(base, *(int *)opaque, bytes);
    return true;
}

void iov_fill(const Iov *iov, uint64_t offset, int byte, uint64_t bytes)
{
    iov_walk(iov, offset, bytes, fill_stretch, &byte);
}

static bool stretch_is_zero(uint8_t *base, size_t bytes, void *opaque)
{
    return iov_buffer_is_zero(base, bytes);
}

bool iov_is_zero(const Iov *iov, uint64_t offset, uint64_t bytes)
{
    return iov_walk(iov, offset, bytes, stretch_is_zero, NULL);
}

/* 16 bytes at any address: the compiler makes one vector load of it. */
typedef uint64_t Pair __attribute__((vector_size(16), aligned(1), may_alias));

bool iov_buffer_is_zero(const void *buffer, size_t bytes)
{
    const uint8_t *p = buffer;
    for (; bytes >= 128; p += 128, bytes -= 128) {
        const Pair *v = (const Pair *)p;
        Pair any = v[0] | v[1] | v[2] | v[3] | v[4] | v[5] | v[6] | v[7];
        if (any[0] | any[1]) {
            return false;
        }
    }
    uint8_t any = 0;
    for (size_t i = 0; i < bytes; i++) {
        any |= p[i];
    }
    return any == 0;
}
