/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compressed clusters.  Spec: Qcow2 Image File Format, "Compressed Clusters Descriptor". */
#include <errno.h>
#include <string.h>
#include <zlib.h>
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "block/io_loop.h"
#include "block/qcow2_internal.h"

enum { SECTOR = 512, WINDOW_BITS = 12 };

/* Work for another thread. */
typedef struct {
    Qcow2Compression method;
    const uint8_t *in;
    size_t in_bytes;
    uint8_t *out;
    size_t out_bytes; /* room; after packing: what it took */
} Packing;

static int unpack_zlib(Packing *job)
{
    z_stream stream = { .next_in = (Bytef *)job->in,
                        .avail_in = job->in_bytes,
                        .next_out = job->out,
                        .avail_out = job->out_bytes };
    if (inflateInit2(&stream, -WINDOW_BITS) != Z_OK) {
        return -ENOMEM;
    }
    int result = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    /* Bytes of the next cluster may follow: a full output is what counts. */
    return (result == Z_STREAM_END || result == Z_BUF_ERROR) && stream.avail_out == 0 ? 0 : -EIO;
}

static int pack_zlib(Packing *job)
{
    z_stream stream = { .next_in = (Bytef *)job->in,
                        .avail_in = job->in_bytes,
                        .next_out = job->out,
                        .avail_out = job->out_bytes };
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -WINDOW_BITS, 9,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        return -ENOMEM;
    }
    int result = deflate(&stream, Z_FINISH);
    deflateEnd(&stream);
    job->out_bytes -= stream.avail_out;
    return result == Z_STREAM_END ? 0 : -ENOSPC;
}

#ifdef HAVE_ZSTD
static int unpack_zstd(Packing *job)
{
    ZSTD_DCtx *context = ZSTD_createDCtx();
    ZSTD_inBuffer in = { job->in, job->in_bytes, 0 };
    ZSTD_outBuffer out = { job->out, job->out_bytes, 0 };
    size_t left = 1;
    while (context && out.pos < out.size && left > 0) {
        size_t before = in.pos + out.pos;
        left = ZSTD_decompressStream(context, &out, &in);
        if (ZSTD_isError(left) || in.pos + out.pos == before) {
            break;
        }
    }
    ZSTD_freeDCtx(context);
    return out.pos == out.size ? 0 : -EIO;
}

static int pack_zstd(Packing *job)
{
    size_t packed =
        ZSTD_compress(job->out, job->out_bytes, job->in, job->in_bytes, ZSTD_CLEVEL_DEFAULT);
    if (ZSTD_isError(packed)) {
        return -ENOSPC;
    }
    job->out_bytes = packed;
    return 0;
}
#else
static int unpack_zstd(Packing *job)
{
    return -ENOTSUP;
}

static int pack_zstd(Packing *job)
{
    return -ENOTSUP;
}
#endif

static int unpack(void *opaque)
{
    Packing *job = opaque;
    return job->method == QCOW2_ZSTD ? unpack_zstd(job) : unpack_zlib(job);
}

static int pack(void *opaque)
{
    Packing *job = opaque;
    return job->method == QCOW2_ZSTD ? pack_zstd(job) : pack_zlib(job);
}

int coroutine_fn qcow2_read_compressed(Qcow2 *q, uint64_t entry, uint64_t skip, const Iov *iov)
{
    if (q->unpacked && q->unpacked_entry == entry) {
        iov_from_buffer(iov, 0, q->unpacked + skip, iov->size);
        return 0;
    }
    uint64_t offset, bytes;
    qcow2_packed_place(q, entry, &offset, &bytes);
    if (offset >= q->node.file->node->size) {
        return -EIO;
    }
    g_autofree uint8_t *packed = g_malloc(bytes);
    g_autofree uint8_t *plain = g_malloc(q->cluster_size);
    int result = block_read_buffer(q->node.file, offset, packed, bytes);
    Packing job = { q->header.compression, packed, bytes, plain, q->cluster_size };
    if (result == 0) {
        result = io_loop_work(unpack, &job);
    }
    if (result == 0) {
        iov_from_buffer(iov, 0, plain + skip, iov->size);
        g_free(q->unpacked);
        q->unpacked = g_steal_pointer(&plain);
        q->unpacked_entry = entry;
    }
    return result;
}

/* A place for @bytes: behind the last compressed cluster if its host cluster can be shared. */
static int coroutine_fn find_place(Qcow2 *q, uint64_t bytes, uint64_t *offset)
{
    uint64_t size = q->cluster_size, one = 1, count = 0, next;
    uint64_t room = q->packed_at ? size - (q->packed_at & (size - 1)) : 0;
    if (room) {
        int result = qcow2_refcount_get(q, q->packed_at >> q->header.cluster_bits, &count);
        if (result < 0) {
            return result;
        }
        room = count < q->refcount_max ? room : 0;
    }
    if (room >= bytes) {
        *offset = q->packed_at;
        int result = qcow2_refcount_change(q, *offset >> q->header.cluster_bits, 1, 1);
        q->packed_at = room > bytes ? *offset + bytes : 0;
        return result;
    }
    int result = qcow2_alloc(q, &one, true, &next);
    if (result < 0) {
        return result;
    }
    q->zero_from = MAX(q->zero_from, next + size);
    *offset = next;
    if (room && q->packed_at + room == next) {
        *offset = q->packed_at; /* goes over into the new cluster */
        result = qcow2_refcount_change(q, *offset >> q->header.cluster_bits, 1, 1);
        if (result < 0) {
            qcow2_refcount_change(q, next >> q->header.cluster_bits, 1, -1);
            return result;
        }
    }
    uint64_t end = *offset + bytes;
    q->packed_at = end & (size - 1) ? end : 0;
    unsigned x = 62 - (q->header.cluster_bits - 8);
    return end > UINT64_C(1) << MIN(x, 56) ? -EFBIG : 0;
}

static uint64_t packed_entry(const Qcow2 *q, uint64_t offset, uint64_t bytes)
{
    unsigned x = 62 - (q->header.cluster_bits - 8);
    uint64_t sectors = (offset + bytes - 1) / SECTOR - offset / SECTOR;
    return QCOW2_COMPRESSED | sectors << x | offset;
}

static int coroutine_fn link_packed(Qcow2 *q, uint64_t guest, uint64_t entry)
{
    Qcow2Table *table;
    int result = qcow2_l2_get_own(q, guest, &table);
    if (result < 0) {
        return result;
    }
    uint32_t index = qcow2_l2_index(q, guest);
    qcow2_free_entry_later(q, qcow2_l2_entry(q, table, index));
    qcow2_l2_set(q, table, index, entry, 0);
    qcow2_cache_put(table);
    return 0;
}

static int coroutine_fn store_packed(Qcow2 *q, uint64_t guest, const uint8_t *bytes, size_t length)
{
    uint64_t offset = 0;
    co_mutex_lock(&q->lock);
    qcow2_allocations_wait(q, guest, guest + q->cluster_size);
    int result = qcow2_prepare_change(q);
    if (result == 0) {
        result = find_place(q, length, &offset);
    }
    co_mutex_unlock(&q->lock);
    if (result < 0) {
        return result;
    }
    g_clear_pointer(&q->unpacked, g_free); /* the place may have held another one */
    result = block_write_buffer(q->node.file, offset, bytes, length);
    co_mutex_lock(&q->lock);
    uint64_t entry = packed_entry(q, offset, length);
    if (result == 0) {
        result = link_packed(q, guest, entry);
    }
    if (result < 0) {
        qcow2_free_entry_later(q, entry);
    }
    co_mutex_unlock(&q->lock);
    return result;
}

static int coroutine_fn write_cluster(Qcow2 *q, uint64_t offset, const Iov *iov)
{
    g_autofree uint8_t *plain = g_malloc0(q->cluster_size);
    g_autofree uint8_t *packed = g_malloc(q->cluster_size);
    iov_to_buffer(iov, 0, plain, iov->size);
    /* Only what needs less than a cluster is worth it, and fits in the descriptor. */
    Packing job = { q->header.compression, plain, q->cluster_size, packed, q->cluster_size - 1 };
    int result = io_loop_work(pack, &job);
    if (result == -ENOSPC) {
        return qcow2_write(&q->node, offset, iov);
    }
    return result < 0 ? result : store_packed(q, offset, packed, job.out_bytes);
}

int coroutine_fn qcow2_write_compressed(BlockNode *node, uint64_t offset, const Iov *iov)
{
    Qcow2 *q = qcow2_of(node);
    if (q->data != node->file) {
        return -ENOTSUP;
    }
    if (offset % q->cluster_size ||
        (iov->size % q->cluster_size && offset + iov->size != node->size)) {
        return -EINVAL;
    }
    Qcow2Epoch *epoch = qcow2_epoch_enter(q);
    int result = 0;
    for (uint64_t done = 0; done < iov->size && result == 0; done += q->cluster_size) {
        g_auto(Iov) part;
        iov_init_slice(&part, iov, done, MIN(q->cluster_size, iov->size - done));
        result = write_cluster(q, offset + done, &part);
    }
    qcow2_epoch_leave(q, epoch);
    return result;
}
