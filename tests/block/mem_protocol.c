/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A protocol for tests: files in memory, every change of which is logged. */
#include "tests/block/mem_protocol.h"

#include <errno.h>
#include <string.h>

#include "block/driver.h"
#include "util/error.h"

typedef struct {
    BlockNode node;
    char *filename;
    MemFile *file;
} MemNode;

/* A test is one thread, and its files are the test's. */
static struct {
    GHashTable *files;
    int calls_left;
    bool interleave;
} mem = { .calls_left = -1 };

static void change_clear(void *opaque)
{
    g_free(((MemChange *)opaque)->data);
}

static void file_free(void *opaque)
{
    MemFile *file = opaque;
    g_byte_array_unref(file->bytes);
    g_clear_pointer(&file->log, g_array_unref);
    g_free(file);
}

MemFile *mem_file_get(const char *name)
{
    if (!mem.files) {
        mem.files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, file_free);
    }
    MemFile *file = g_hash_table_lookup(mem.files, name);
    if (!file) {
        file = g_new0(MemFile, 1);
        file->bytes = g_byte_array_new();
        g_hash_table_insert(mem.files, g_strdup(name), file);
    }
    return file;
}

void mem_file_log(MemFile *file)
{
    g_clear_pointer(&file->log, g_array_unref);
    file->log = g_array_new(FALSE, FALSE, sizeof(MemChange));
    g_array_set_clear_func(file->log, change_clear);
}

void mem_files_cleanup(void)
{
    g_clear_pointer(&mem.files, g_hash_table_destroy);
}

void mem_fail_after(int calls)
{
    mem.calls_left = calls;
}

void mem_interleave(bool on)
{
    mem.interleave = on;
}

static void set_size(GByteArray *bytes, uint64_t size)
{
    uint64_t old = bytes->len;
    g_byte_array_set_size(bytes, size);
    if (size > old) {
        memset(bytes->data + old, 0, size - old);
    }
}

void mem_file_apply(GByteArray *bytes, const MemChange *change)
{
    if (change->kind == MEM_TRUNCATE) {
        set_size(bytes, change->bytes);
    } else if (change->kind != MEM_FLUSH) {
        if (change->offset + change->bytes > bytes->len) {
            set_size(bytes, change->offset + change->bytes);
        }
        if (change->kind == MEM_WRITE) {
            memcpy(bytes->data + change->offset, change->data, change->bytes);
        } else {
            memset(bytes->data + change->offset, 0, change->bytes);
        }
    }
}

static MemNode *mem_node(BlockNode *node)
{
    return container_of(node, MemNode, node);
}

/* 0, or -EIO when the test wants this call to fail. */
static int coroutine_fn call(void)
{
    if (mem.interleave) {
        coroutine_wake(coroutine_self());
        coroutine_yield();
    }
    if (mem.calls_left < 0) {
        return 0;
    }
    if (mem.calls_left == 0) {
        return -EIO;
    }
    mem.calls_left--;
    return 0;
}

static int coroutine_fn change(BlockNode *node, MemChange change)
{
    MemFile *file = mem_node(node)->file;
    int result = call();
    if (result < 0) {
        g_free(change.data);
        return result;
    }
    mem_file_apply(file->bytes, &change);
    if (file->log) {
        g_array_append_val(file->log, change);
    } else {
        g_free(change.data);
    }
    return 0;
}

static bool coroutine_fn mem_open(BlockNode *node, GError **errp)
{
    mem_node(node)->file = mem_file_get(mem_node(node)->filename);
    node->size = mem_node(node)->file->bytes->len;
    return true;
}

static int coroutine_fn mem_read(BlockNode *node, uint64_t offset, const Iov *iov)
{
    int result = call();
    if (result == 0) {
        iov_from_buffer(iov, 0, mem_node(node)->file->bytes->data + offset, iov->size);
    }
    return result;
}

static int coroutine_fn mem_write(BlockNode *node, uint64_t offset, const Iov *iov)
{
    MemChange write = { MEM_WRITE, offset, iov->size, g_malloc(iov->size) };
    iov_to_buffer(iov, 0, write.data, iov->size);
    return change(node, write);
}

static int coroutine_fn mem_write_zeroes(BlockNode *node, uint64_t offset, uint64_t bytes,
                                         uint32_t flags)
{
    return change(node, (MemChange){ MEM_ZERO, offset, bytes, NULL });
}

static int coroutine_fn mem_discard(BlockNode *node, uint64_t offset, uint64_t bytes)
{
    return change(node, (MemChange){ MEM_ZERO, offset, bytes, NULL });
}

static int coroutine_fn mem_flush(BlockNode *node)
{
    return change(node, (MemChange){ .kind = MEM_FLUSH });
}

static bool coroutine_fn mem_truncate(BlockNode *node, uint64_t size,
                                      BlockPreallocation preallocation, GError **errp)
{
    int result = change(node, (MemChange){ MEM_TRUNCATE, 0, size, NULL });
    if (result < 0) {
        error_set_errno(errp, -result, "truncate");
        return false;
    }
    node->size = size;
    return true;
}

static int64_t coroutine_fn mem_allocated(BlockNode *node)
{
    return node->size;
}

static const Property mem_properties[] = {
    PROPERTY_STRING("filename", MemNode, filename, NULL, .help = "name of the file"),
    {},
};

static const BlockDriver block_mem_driver = {
    .object = { .name = "block-test-mem",
                .parent = &block_node_class,
                .instance_size = sizeof(MemNode),
                .properties = mem_properties },
    .name = "test-mem",
    .summary = "file in memory, for tests",
    .is_protocol = true,
    .can_grow = true,
    .open = mem_open,
    .read = mem_read,
    .write = mem_write,
    .write_zeroes = mem_write_zeroes,
    .discard = mem_discard,
    .flush = mem_flush,
    .truncate = mem_truncate,
    .allocated = mem_allocated,
};
CLASS_REGISTER(block_mem_driver);
