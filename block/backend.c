/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drives: requests of devices become coroutines of the main loop. */
#include "block/backend.h"

#include <errno.h>

#include "block/io_loop.h"
#include "util/error.h"
#include "util/machine_lock.h"

const char *const block_on_error_names[] = { "report", "ignore", "enospc", "stop", NULL };
const char *const block_policy_names[] = { "auto", "report", "ignore", "enospc", "stop", NULL };

const ObjectClass block_drives_class = { .name = "drives",
                                         .parent = &container_class,
                                         .instance_size = sizeof(BlockDrives) };
CLASS_REGISTER(block_drives_class);

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

void block_backend_remove(BlockBackend *backend)
{
    if (backend->root) {
        block_backend_drain(backend, NULL);
        io_loop_run_alone(close_root, backend);
    }
}

static void backend_finalize(Object *obj)
{
    BlockBackend *backend = container_of(obj, BlockBackend, object);

    block_backend_cancel(backend);
    block_backend_remove(backend);
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

    if (!root) {
        return -ENOMEDIUM;
    }
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

/* NULL: nobody listens. */
static const BlockDrives *listener(const BlockBackend *backend)
{
    const BlockDrives *drives = object_cast(backend->object.parent, &block_drives_class);

    return drives && drives->events ? drives : NULL;
}

static BlockOnError action_for(const BlockBackend *backend, const BlockIo *io, int result)
{
    BlockOnError policy =
        io->kind == BLOCK_IO_READ ? backend->on_read_error : backend->on_write_error;

    if (result == -ENOMEDIUM || result == -ECANCELED) {
        return BLOCK_ON_ERROR_REPORT; /* the guest's, or our own doing */
    }
    if (policy == BLOCK_ON_ERROR_ENOSPC) {
        policy = result == -ENOSPC ? BLOCK_ON_ERROR_STOP : BLOCK_ON_ERROR_REPORT;
    }
    return policy == BLOCK_ON_ERROR_STOP && !listener(backend) ? BLOCK_ON_ERROR_REPORT : policy;
}

/* True: it is held, and not over. */
static bool handle_error(BlockIo *io, int *result)
{
    BlockBackend *backend = io->backend;
    BlockOnError action = action_for(backend, io, *result);
    int error = *result;

    if (action == BLOCK_ON_ERROR_STOP) {
        io->next = backend->held;
        backend->held = io;
        backend->error = error;
    } else if (action == BLOCK_ON_ERROR_IGNORE) {
        *result = 0;
    }
    const BlockDrives *drives = listener(backend);
    if (drives && error != -ENOMEDIUM && error != -ECANCELED) {
        drives->events->io_error(drives->opaque, backend, io, error, action);
    }
    return action == BLOCK_ON_ERROR_STOP;
}

static void run(void *opaque)
{
    BlockIo *io = opaque;
    BlockBackend *backend = io->backend;
    BlockStatistics *statistics = &backend->statistics;
    int result = perform(io);

    if (result == 0) {
        statistics->count[io->kind]++;
        statistics->bytes[io->kind] += io->bytes;
    }
    statistics->failed[io->kind] += result < 0;
    statistics->total_us[io->kind] += g_get_monotonic_time() - io->since_us;
    if (io->kind == BLOCK_IO_WRITE && result == 0) {
        statistics->highest_written = MAX(statistics->highest_written, io->offset + io->bytes);
    }
    if (result == 0 || !handle_error(io, &result)) {
        io->done(io, result);
    }
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
    uint32_t perm =
        BLOCK_PERM_CONSISTENT_READ | (backend->writable ? BLOCK_PERM_WRITE | BLOCK_PERM_RESIZE : 0);
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

BlockBackend *block_backend_new(Object *parent, const char *id, GError **errp)
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
    backend->id = g_strdup(id);
    backend->on_write_error = BLOCK_ON_ERROR_ENOSPC;
    make_wake(backend);
    return backend;
}

BlockBackend *block_backend_new_for(Object *user, const char *id, GError **errp)
{
    Object *root = object_root(user), *drives = object_child(root, "drives");
    g_autofree char *name = g_strdup(id);

    drives = drives ? drives : object_new_child(root, "drives", &block_drives_class, errp);
    for (unsigned i = 0; !name || object_child(drives, name); i++) {
        g_free(name);
        name = g_strdup_printf("cd%u", i);
    }
    BlockBackend *backend = block_backend_new(drives, name, errp);
    if (backend) {
        backend->transient = backend->is_cdrom = true;
    }
    return backend;
}

void block_backend_drop_unused(BlockBackend *backend)
{
    if (backend->transient && !backend->user) {
        object_unparent(&backend->object);
    }
}

void block_backend_set_policy(BlockBackend *backend, int read, int write)
{
    backend->on_read_error = read ? (BlockOnError)(read - 1) : backend->on_read_error;
    backend->on_write_error = write ? (BlockOnError)(write - 1) : backend->on_write_error;
}

bool block_backend_insert(BlockBackend *backend, const char *filename, const BlockOpen *how,
                          GError **errp)
{
    Opening opening = { .backend = backend, .filename = filename, .how = how };

    g_assert(!backend->root);
    backend->writable = how->flags & BLOCK_OPEN_WRITABLE;
    if (io_loop_run_alone(open_root, &opening) < 0) {
        g_propagate_error(errp, opening.error);
        return false;
    }
    return true;
}

BlockBackend *block_backend_open(Object *parent, const char *id, const char *filename,
                                 const BlockOpen *how, GError **errp)
{
    BlockBackend *backend = block_backend_new(parent, id, errp);

    if (backend && !block_backend_insert(backend, filename, how, errp)) {
        object_unparent(&backend->object);
        return NULL;
    }
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

bool block_backend_take(BlockBackend *backend, Object *user, const BlockUserOps *ops, void *opaque,
                        GError **errp)
{
    static const BlockUserOps none;

    if (backend->user) {
        error_set(errp, "drive '%s' is in use by %s", backend->id, backend->user->class->name);
        return false;
    }
    ops = ops ? ops : &none;
    if (!backend->root && !ops->removable) {
        error_set(errp, "drive '%s' is empty, which %s cannot be", backend->id, user->class->name);
        return false;
    }
    backend->user = user;
    backend->user_ops = ops;
    backend->user_opaque = opaque;
    return true;
}

void block_backend_release(BlockBackend *backend)
{
    backend->user = NULL;
    backend->user_ops = NULL;
}

void block_backend_tray_moved(BlockBackend *backend, bool open)
{
    const BlockDrives *drives = listener(backend);

    if (drives) {
        drives->events->tray_moved(drives->opaque, backend, open);
    }
}

typedef struct {
    BlockChild *root;
    uint64_t bytes;
    GError *error;
} Resizing;

static int coroutine_fn resize(void *opaque)
{
    Resizing *r = opaque;

    return block_truncate(r->root, r->bytes, BLOCK_PREALLOCATION_OFF, &r->error) ? 0 : -1;
}

bool block_backend_resize(BlockBackend *backend, uint64_t bytes, GError **errp)
{
    Resizing r = { .root = backend->root, .bytes = bytes };

    if (!backend->root || !backend->writable) {
        error_set(errp, "drive '%s' %s", backend->id,
                  backend->root ? "is read-only" : "has no medium");
        return false;
    }
    block_backend_drain(backend, NULL);
    if (io_loop_run_alone(resize, &r) < 0) {
        g_propagate_error(errp, r.error);
        return false;
    }
    if (backend->user && backend->user_ops->resized) {
        backend->user_ops->resized(backend->user_opaque);
    }
    return true;
}

uint64_t block_backend_size(const BlockBackend *backend)
{
    return backend->root ? backend->root->node->size : 0;
}

void block_backend_submit(BlockBackend *backend, BlockIo *io)
{
    io->backend = backend;
    io->since_us = g_get_monotonic_time();
    io->next = NULL;
    *backend->last = io;
    backend->last = &io->next;
    backend->in_flight++;
    g_source_set_ready_time(backend->wake, 0);
}

void block_backend_hold(BlockBackend *backend, BlockIo *io)
{
    io->backend = backend;
    io->next = backend->held;
    backend->held = io;
}

void block_backend_resume(BlockBackend *backend)
{
    BlockIo *io = g_steal_pointer(&backend->held);

    backend->error = 0;
    while (io) {
        BlockIo *next = io->next;
        block_backend_submit(backend, io);
        io = next;
    }
}

void block_backend_cancel(BlockBackend *backend)
{
    BlockIo *io = g_steal_pointer(&backend->held);

    backend->error = 0;
    while (io) {
        BlockIo *next = io->next;
        io->done(io, -ECANCELED);
        io = next;
    }
}

static void for_each(Object *parent, void (*fn)(BlockBackend *backend))
{
    for (guint i = 0; parent->children && i < parent->children->len; i++) {
        BlockBackend *backend =
            object_cast(g_ptr_array_index(parent->children, i), &block_backend_class);
        if (backend) {
            fn(backend);
        }
    }
}

void block_backend_resume_all(Object *parent)
{
    for_each(parent, block_backend_resume);
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

static void drain_and_flush(BlockBackend *backend)
{
    block_backend_drain(backend, NULL);
    if (backend->root && backend->writable) {
        io_loop_run_alone(flush, backend->root);
    }
}

void block_backend_drain_all(Object *parent)
{
    for_each(parent, drain_and_flush);
}
