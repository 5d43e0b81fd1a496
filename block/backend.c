/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drives: requests of devices become coroutines of the main loop. */
#include "block/backend.h"

#include <errno.h>

#include "block/io_loop.h"
#include "util/error.h"
#include "util/machine_lock.h"

static void backend_init(Object *obj)
{
    BlockBackend *backend = container_of(obj, BlockBackend, object);

    backend->last = &backend->first;
    pthread_cond_init(&backend->idle, NULL);
}

static int coroutine_fn close_root(void *opaque)
{
    BlockBackend *backend = opaque;

    block_child_detach(backend->root); /* flushes, as its last user */
    backend->root = NULL;
    return 0;
}

static void backend_finalize(Object *obj)
{
    BlockBackend *backend = container_of(obj, BlockBackend, object);

    if (backend->root) {
        block_backend_drain(backend, NULL);
        io_loop_run_alone(close_root, backend);
    }
    if (backend->wake) {
        g_source_destroy(backend->wake);
        g_source_unref(backend->wake);
    }
    pthread_cond_destroy(&backend->idle);
    g_free(backend->id);
}

const ObjectClass block_backend_class = { .name = "block-backend",
                                          .instance_size = sizeof(BlockBackend),
                                          .init = backend_init,
                                          .finalize = backend_finalize };
CLASS_REGISTER(block_backend_class);

static int coroutine_fn perform(BlockIo *io)
{
    BlockChild *root = io->backend->root;

    switch (io->kind) {
    case BLOCK_IO_READ: return block_read(root, io->offset, &io->iov);
    case BLOCK_IO_WRITE: return block_write(root, io->offset, &io->iov, io->flags);
    case BLOCK_IO_FLUSH: return block_flush(root);
    case BLOCK_IO_DISCARD: return block_discard(root, io->offset, io->bytes);
    case BLOCK_IO_WRITE_ZEROES: return block_write_zeroes(root, io->offset, io->bytes, io->flags);
    case BLOCK_IO_KINDS: break;
    }
    g_assert_not_reached();
}

static void run(void *opaque)
{
    BlockIo *io = opaque;
    BlockBackend *backend = io->backend;
    BlockStatistics *statistics = &backend->statistics;
    int result = perform(io);

    statistics->count[io->kind]++;
    statistics->bytes[io->kind] += io->bytes;
    statistics->failed[io->kind] += result < 0;
    io->done(io, result);
    if (--backend->in_flight == 0) {
        pthread_cond_broadcast(&backend->idle);
    }
}

static gboolean start_waiting(gpointer opaque)
{
    BlockBackend *backend = opaque;
    BlockIo *io = backend->first;

    g_source_set_ready_time(backend->wake, -1);
    backend->first = NULL;
    backend->last = &backend->first;
    while (io) {
        BlockIo *next = io->next;
        coroutine_enter(coroutine_new(run, io));
        io = next;
    }
    return G_SOURCE_CONTINUE;
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer opaque)
{
    return callback(opaque);
}

/* Ready when somebody sets its time; that may be any thread. */
static GSourceFuncs wake_funcs = { .dispatch = dispatch };

static void make_wake(BlockBackend *backend)
{
    backend->wake = g_source_new(&wake_funcs, sizeof(GSource));
    g_source_set_callback(backend->wake, start_waiting, backend, NULL);
    g_source_set_priority(backend->wake, G_PRIORITY_HIGH);
    g_source_attach(backend->wake, NULL);
}

typedef struct {
    BlockBackend *backend;
    const char *filename;
    const BlockOpen *how;
    GError *error;
} Opening;

static int coroutine_fn open_root(void *opaque)
{
    Opening *opening = opaque;
    BlockBackend *backend = opening->backend;
    uint32_t perm = BLOCK_PERM_CONSISTENT_READ | (backend->writable ? BLOCK_PERM_WRITE : 0);
    uint32_t shared = BLOCK_PERM_CONSISTENT_READ | BLOCK_PERM_WRITE_UNCHANGED;
    BlockNode *node = block_open(opening->filename, opening->how, &opening->error);

    if (!node) {
        return -1;
    }
    backend->root = block_child_attach(NULL, backend->id, node, perm, shared, &opening->error);
    if (!backend->root) {
        block_node_drop(node);
    }
    return backend->root ? 0 : -1;
}

BlockBackend *block_backend_open(Object *parent, const char *id, const char *filename,
                                 const BlockOpen *how, GError **errp)
{
    if (object_child(parent, id)) {
        error_set(errp, "there is a drive '%s' already", id);
        return NULL;
    }
    Object *obj = object_new_child(parent, id, &block_backend_class, errp);
    if (!obj) {
        return NULL;
    }
    BlockBackend *backend = container_of(obj, BlockBackend, object);
    Opening opening = { .backend = backend, .filename = filename, .how = how };
    backend->id = g_strdup(id);
    backend->writable = how->flags & BLOCK_OPEN_WRITABLE;
    if (io_loop_run(open_root, &opening) < 0) {
        g_propagate_error(errp, opening.error);
        object_unparent(obj);
        return NULL;
    }
    make_wake(backend);
    return backend;
}

BlockBackend *block_backend_find(Object *any, const char *id, GError **errp)
{
    Object *drives = object_child(object_root(any), "drives");
    Object *found = drives ? object_child(drives, id) : NULL;

    if (!found) {
        error_set(errp, "there is no drive '%s'", id);
        return NULL;
    }
    return object_cast(found, &block_backend_class);
}

bool block_backend_take(BlockBackend *backend, const char *user, GError **errp)
{
    if (backend->user) {
        error_set(errp, "drive '%s' is in use by %s", backend->id, backend->user);
        return false;
    }
    backend->user = user;
    return true;
}

void block_backend_release(BlockBackend *backend)
{
    backend->user = NULL;
}

uint64_t block_backend_size(const BlockBackend *backend)
{
    return backend->root->node->size;
}

void block_backend_submit(BlockBackend *backend, BlockIo *io)
{
    io->backend = backend;
    io->next = NULL;
    *backend->last = io;
    backend->last = &io->next;
    backend->in_flight++;
    g_source_set_ready_time(backend->wake, 0);
}

void block_backend_drain(BlockBackend *backend, bool (*enough)(void))
{
    enum { LOOK_AGAIN_MS = 10 };
    GMainContext *context = g_main_context_default();

    if (g_main_context_acquire(context)) { /* the main thread */
        while (backend->in_flight) {
            if (backend->first) {
                start_waiting(backend);
            } else {
                io_loop_wait(); /* and nothing else: somebody might start the machine */
            }
        }
        g_main_context_release(context);
        return;
    }
    while (backend->in_flight && !(enough && enough())) {
        machine_lock_wait(&backend->idle, LOOK_AGAIN_MS);
    }
}

static int coroutine_fn flush(void *opaque)
{
    return block_flush(opaque);
}

void block_backend_drain_all(Object *parent)
{
    for (guint i = 0; parent->children && i < parent->children->len; i++) {
        Object *child = g_ptr_array_index(parent->children, i);
        BlockBackend *backend = object_cast(child, &block_backend_class);
        if (backend) {
            block_backend_drain(backend, NULL);
            if (backend->writable) {
                io_loop_run_alone(flush, backend->root);
            }
        }
    }
}
