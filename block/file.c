/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Protocol "file": regular files and block devices of the host. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "block/driver.h"
#include "block/file_lock.h"
#include "block/io_loop.h"
#include "util/error.h"
#include "util/fdset.h"

/* Set on a file whose content must never be taken for a format. */
#define RAW_ATTRIBUTE "user.rhea.format"

typedef struct {
    BlockNode node;
    FileLock lock;
    bool is_device;
    bool no_zero_range; /* the file system refused it once */
    bool no_punch_hole;
    uint32_t memory_alignment; /* of buffers, when past the page cache */

    /* properties */
    char *filename;
    int aio;
    int locking;
    bool direct;
    bool no_flush;
} FileNode;

enum { AIO_AUTO, AIO_THREADS, AIO_IO_URING };
enum { LOCKING_OFF, LOCKING_ON, LOCKING_AUTO };
static const char *const aio_names[] = { "auto", "threads", "io_uring", NULL };
static const char *const locking_names[] = { "off", "on", "auto", NULL };

static FileNode *file_node(BlockNode *node)
{
    return container_of(node, FileNode, node);
}

static bool find_size(FileNode *file, const struct stat *status, GError **errp)
{
    uint64_t bytes = status->st_size;
    if (file->is_device && ioctl(file->lock.fd, BLKGETSIZE64, &bytes) < 0) {
        error_set_errno(errp, errno, "'%s': its size is unknown", file->filename);
        return false;
    }
    file->node.size = bytes;
    return true;
}

/* Which alignments the host wants of requests past its page cache. */
static void find_alignment(FileNode *file)
{
    file->node.alignment = 512;
    file->memory_alignment = 512;
    int sector;
    if (file->is_device && ioctl(file->lock.fd, BLKSSZGET, &sector) == 0) {
        file->node.alignment = file->memory_alignment = sector;
        return;
    }
#ifdef STATX_DIOALIGN
    struct statx more;
    if (statx(file->lock.fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &more) == 0 &&
        (more.stx_mask & STATX_DIOALIGN) && more.stx_dio_offset_align) {
        file->node.alignment = more.stx_dio_offset_align;
        file->memory_alignment = more.stx_dio_mem_align;
    }
#endif
}

static bool coroutine_fn file_open(BlockNode *node, GError **errp)
{
    FileNode *file = file_node(node);
    if (!file->filename) {
        error_set(errp, "file: filename= is missing");
        return false;
    }
    g_free(node->filename);
    node->filename = g_strdup(file->filename);
    node->flags |=
        (file->direct ? BLOCK_OPEN_DIRECT : 0) | (file->no_flush ? BLOCK_OPEN_NO_FLUSH : 0);
    if (file->aio == AIO_IO_URING && !io_loop_has_uring()) {
        error_set(errp, "'%s': aio=io_uring: this host has none", file->filename);
        return false;
    }
    /* O_NONBLOCK: a named pipe must not hang us. */
    int flags = O_NONBLOCK | (block_node_writable(node) ? O_RDWR : O_RDONLY);
    flags |= node->flags & BLOCK_OPEN_DIRECT ? O_DIRECT : 0;
    flags |= node->flags & BLOCK_OPEN_CREATE ? O_CREAT : 0;
    file->lock.fd = fdset_open(file->filename, flags, 0644);
    if (file->lock.fd < 0) {
        error_set_errno(errp, errno, "'%s' cannot be opened", file->filename);
        return false;
    }
    struct stat status;
    if (fstat(file->lock.fd, &status) < 0 ||
        !(S_ISREG(status.st_mode) || S_ISBLK(status.st_mode))) {
        error_set(errp, "'%s' is neither a file nor a block device", file->filename);
        return false;
    }
    file->is_device = S_ISBLK(status.st_mode);
    node->device = status.st_dev;
    node->inode = status.st_ino;
    char mark[4] = "";
    node->always_raw = fgetxattr(file->lock.fd, RAW_ATTRIBUTE, mark, sizeof(mark)) == 3 &&
                       memcmp(mark, "raw", 3) == 0;
    if (node->flags & BLOCK_OPEN_DIRECT) {
        find_alignment(file);
    }
    if (file->locking == LOCKING_AUTO) {
        file->locking = file_lock_works(file->lock.fd) ? LOCKING_ON : LOCKING_OFF;
    }
    return find_size(file, &status, errp);
}

static void coroutine_fn file_close(BlockNode *node)
{
    FileNode *file = file_node(node);
    if (file->lock.fd >= 0) {
        close(file->lock.fd);
    }
}

static bool coroutine_fn file_set_perm(BlockNode *node, uint32_t perm, uint32_t shared,
                                       GError **errp)
{
    FileNode *file = file_node(node);
    if (file->locking == LOCKING_OFF || (node->flags & BLOCK_OPEN_FORCE_SHARE)) {
        return true;
    }
    return file_lock_set(&file->lock, file->filename, perm, BLOCK_PERM_ALL & ~shared, errp);
}

static IoEngine file_engine(const FileNode *file)
{
    return file->aio == AIO_THREADS ? IO_ENGINE_THREADS : IO_ENGINE_IO_URING;
}

static int coroutine_fn transfer(FileNode *file, uint64_t offset, const Iov *iov, bool is_write)
{
    uint64_t done = 0;
    while (done < iov->size) {
        g_auto(Iov) rest;
        iov_init_slice(&rest, iov, done, MIN(iov->size - done, 1u << 30));
        ssize_t result;
        if (is_write) {
            result = io_loop_write(file_engine(file), file->lock.fd, rest.pieces, rest.count,
                                   offset + done);
        } else {
            result = io_loop_read(file_engine(file), file->lock.fd, rest.pieces, rest.count,
                                  offset + done);
        }
        if (result < 0) {
            return result;
        }
        if (result == 0 && is_write) {
            return -ENOSPC;
        }
        if (result == 0) {
            iov_fill(iov, done, 0, iov->size - done); /* the file became shorter */
            return 0;
        }
        done += result;
    }
    return 0;
}

static bool needs_bounce(const FileNode *file, const Iov *iov)
{
    if (!(file->node.flags & BLOCK_OPEN_DIRECT)) {
        return false;
    }
    uintptr_t bits = 0;
    for (unsigned i = 0; i < iov->count; i++) {
        bits |= (uintptr_t)iov->pieces[i].iov_base | iov->pieces[i].iov_len;
    }
    return bits & (file->memory_alignment - 1);
}

static int coroutine_fn transfer_aligned(FileNode *file, uint64_t offset, const Iov *iov,
                                         bool is_write)
{
    if (!needs_bounce(file, iov)) {
        return transfer(file, offset, iov, is_write);
    }
    void *bounce;
    if (posix_memalign(&bounce, MAX(file->memory_alignment, sizeof(void *)), iov->size)) {
        return -ENOMEM;
    }
    g_auto(Iov) whole;
    iov_init_buffer(&whole, bounce, iov->size);
    if (is_write) {
        iov_to_buffer(iov, 0, bounce, iov->size);
    }
    int result = transfer(file, offset, &whole, is_write);
    if (!is_write && result == 0) {
        iov_from_buffer(iov, 0, bounce, iov->size);
    }
    free(bounce);
    return result;
}

static int coroutine_fn file_read(BlockNode *node, uint64_t offset, const Iov *iov)
{
    return transfer_aligned(file_node(node), offset, iov, false);
}

static int coroutine_fn file_write(BlockNode *node, uint64_t offset, const Iov *iov)
{
    return transfer_aligned(file_node(node), offset, iov, true);
}

static int coroutine_fn file_flush(BlockNode *node)
{
    return io_loop_sync(file_engine(file_node(node)), file_node(node)->lock.fd);
}

typedef struct {
    int fd;
    int mode;
    uint64_t offset, bytes;
} Allocation;

static int allocate_in_worker(void *opaque)
{
    Allocation *call = opaque;
    int result;
    do {
        result = fallocate(call->fd, call->mode, call->offset, call->bytes);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : 0;
}

static int coroutine_fn allocate(FileNode *file, int mode, uint64_t offset, uint64_t bytes)
{
    return io_loop_work(allocate_in_worker, &(Allocation){ file->lock.fd, mode, offset, bytes });
}

static int coroutine_fn file_discard(BlockNode *node, uint64_t offset, uint64_t bytes)
{
    FileNode *file = file_node(node);
    if (file->no_punch_hole) {
        return -ENOTSUP;
    }
    int result = allocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, bytes);
    if (result == -EOPNOTSUPP || result == -ENOSYS) {
        file->no_punch_hole = true;
        return -ENOTSUP;
    }
    return result;
}

static int coroutine_fn file_write_zeroes(BlockNode *node, uint64_t offset, uint64_t bytes,
                                          uint32_t flags)
{
    FileNode *file = file_node(node);
    uint64_t end = offset + bytes;
    if (!file->is_device && end > node->size && offset >= node->size) {
        /* growing the file makes zeros */
        return ftruncate(file->lock.fd, end) < 0 ? -errno : 0;
    }
    if ((flags & BLOCK_REQUEST_MAY_UNMAP) && !file->is_device && end <= node->size) {
        int result = file_discard(node, offset, bytes);
        if (result != -ENOTSUP) {
            return result;
        }
    }
    if (file->no_zero_range) {
        return -ENOTSUP;
    }
    int result = allocate(file, FALLOC_FL_ZERO_RANGE, offset, bytes);
    if (result == -EOPNOTSUPP || result == -ENOSYS || (result == -EINVAL && file->is_device)) {
        file->no_zero_range = true;
        return -ENOTSUP;
    }
    return result;
}

static int coroutine_fn file_status(BlockNode *node, uint64_t offset, uint64_t bytes,
                                    BlockStatus *status)
{
    FileNode *file = file_node(node);
    if (file->is_device) {
        return 0;
    }
    off_t data = lseek(file->lock.fd, offset, SEEK_DATA);
    if (data < 0 && errno == ENXIO) {
        data = offset + bytes; /* a hole up to the end */
    } else if (data < 0) {
        return 0;
    }
    if ((uint64_t)data > offset) {
        status->flags = BLOCK_STATUS_ZERO | BLOCK_STATUS_ALLOCATED | BLOCK_STATUS_OFFSET;
        status->bytes = MIN(bytes, data - offset);
        return 0;
    }
    off_t hole = lseek(file->lock.fd, offset, SEEK_HOLE);
    if (hole > 0 && (uint64_t)hole > offset) {
        status->bytes = MIN(bytes, hole - offset);
    }
    return 0;
}

typedef struct {
    int fd;
    uint64_t from, to;
} FullWrite;

static int write_zeros_in_worker(void *opaque)
{
    FullWrite *call = opaque;
    enum { CHUNK = 1 << 20 };
    g_autofree char *zeros = g_malloc0(CHUNK);
    while (call->from < call->to) {
        ssize_t n = pwrite(call->fd, zeros, MIN(call->to - call->from, CHUNK), call->from);
        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        call->from += MAX(n, 0);
    }
    return 0;
}

static int coroutine_fn grow(FileNode *file, uint64_t size, BlockPreallocation preallocation)
{
    uint64_t old = file->node.size;
    if (preallocation == BLOCK_PREALLOCATION_FALLOC && size > old) {
        return allocate(file, 0, old, size - old);
    }
    if (ftruncate(file->lock.fd, size) < 0) {
        return -errno;
    }
    if (preallocation == BLOCK_PREALLOCATION_FULL && size > old) {
        return io_loop_work(write_zeros_in_worker, &(FullWrite){ file->lock.fd, old, size });
    }
    return 0;
}

static bool coroutine_fn file_truncate(BlockNode *node, uint64_t size,
                                       BlockPreallocation preallocation, GError **errp)
{
    FileNode *file = file_node(node);
    if (file->is_device) {
        if (size > node->size) {
            error_set(errp, "'%s' is a device of %" PRIu64 " bytes; it cannot hold %" PRIu64,
                      file->filename, node->size, size);
            return false;
        }
        return true;
    }
    if (size == 0) {
        fremovexattr(file->lock.fd, RAW_ATTRIBUTE); /* nothing is left to mistake */
        node->always_raw = false;
    }
    uint64_t old = node->size;
    int result = grow(file, size, preallocation);
    if (result < 0) {
        if (size > old && ftruncate(file->lock.fd, old) < 0) {
            result = -errno;
        }
        error_set_errno(errp, -result, "'%s' cannot be made %" PRIu64 " bytes long", file->filename,
                        size);
        return false;
    }
    node->size = size;
    return true;
}

static int64_t coroutine_fn file_allocated(BlockNode *node)
{
    struct stat status;
    if (fstat(file_node(node)->lock.fd, &status) < 0) {
        return -errno;
    }
    return (int64_t)status.st_blocks * 512;
}

static bool file_mark_raw(BlockNode *node)
{
    if (!node->always_raw) {
        node->always_raw = fsetxattr(file_node(node)->lock.fd, RAW_ATTRIBUTE, "raw", 3, 0) == 0;
    }
    return node->always_raw;
}

static void file_init(Object *obj)
{
    container_of(obj, FileNode, node.object)->lock.fd = -1;
}

static const Property file_properties[] = {
    PROPERTY_STRING("filename", FileNode, filename, NULL, .help = "path of the file or device"),
    PROPERTY_ENUM("aio", FileNode, aio, aio_names, AIO_AUTO, .help = "how the host does the work"),
    PROPERTY_ENUM("locking", FileNode, locking, locking_names, LOCKING_AUTO,
                  .help = "keep other programs from using the file in conflicting ways"),
    PROPERTY_BOOL("cache.direct", FileNode, direct, false, .help = "past the host's page cache"),
    PROPERTY_BOOL("cache.no-flush", FileNode, no_flush, false,
                  .help = "ignore flushes; a crash may lose everything"),
    {},
};

static const BlockDriver block_file_driver = {
    .object = { .name = "block-file",
                .parent = &block_node_class,
                .instance_size = sizeof(FileNode),
                .properties = file_properties,
                .init = file_init },
    .name = "file",
    .summary = "file or block device of the host",
    .is_protocol = true,
    .can_grow = true,
    .open = file_open,
    .close = file_close,
    .set_perm = file_set_perm,
    .read = file_read,
    .write = file_write,
    .write_zeroes = file_write_zeroes,
    .discard = file_discard,
    .flush = file_flush,
    .status = file_status,
    .truncate = file_truncate,
    .allocated = file_allocated,
    .mark_raw = file_mark_raw,
};
CLASS_REGISTER(block_file_driver);
