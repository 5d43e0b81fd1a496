/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for the host.  Spec: io_uring(7), eventfd(2). */
#include "block/io_loop.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#ifdef HAVE_LIBURING
#include <liburing.h>
#endif

enum { WORKERS = 16, RING_ENTRIES = 256 };

/* One wait; lives on the stack of the coroutine that waits. */
typedef struct Job {
    int (*fn)(void *);
    void *opaque;
    int result;
    bool done;
    Coroutine *coroutine;
    struct IoLoop *loop;
    struct Job *next;
} Job;

typedef struct IoLoop {
    GSource source;
    GThreadPool *workers;
    int event_fd;
    GMutex lock;
    Job *finished; /* under lock; newest first */
    bool has_ring;
    unsigned ring_waiting; /* requests in the ring */
#ifdef HAVE_LIBURING
    struct io_uring ring;
#endif
} IoLoop;

static void loop_free(void *opaque);
/* A loop belongs to its thread, as the thread's main context does. */
static GPrivate loop_key = G_PRIVATE_INIT(loop_free);

static void finish_job(Job *job, int result)
{
    job->result = result;
    job->done = true;
    if (job->coroutine) {
        coroutine_wake(job->coroutine);
    }
}

#ifdef HAVE_LIBURING
static void reap_ring(IoLoop *loop)
{
    struct io_uring_cqe *cqe;
    while (loop->has_ring && io_uring_peek_cqe(&loop->ring, &cqe) == 0) {
        Job *job = io_uring_cqe_get_data(cqe);
        int result = cqe->res;
        io_uring_cqe_seen(&loop->ring, cqe);
        loop->ring_waiting--;
        finish_job(job, result);
    }
}

static bool ring_ready(IoLoop *loop)
{
    return loop->has_ring && io_uring_cq_ready(&loop->ring) > 0;
}
#else
static void reap_ring(IoLoop *loop)
{
}

static bool ring_ready(IoLoop *loop)
{
    return false;
}
#endif

static void reap_workers(IoLoop *loop)
{
    uint64_t count;
    if (read(loop->event_fd, &count, sizeof(count)) < 0) {
        return;
    }
    g_mutex_lock(&loop->lock);
    Job *job = g_steal_pointer(&loop->finished);
    g_mutex_unlock(&loop->lock);
    while (job) {
        Job *next = job->next; /* the job is gone once its coroutine goes on */
        finish_job(job, job->result);
        job = next;
    }
}

static gboolean source_check(GSource *source)
{
    IoLoop *loop = (IoLoop *)source;
    struct pollfd fd = { .fd = loop->event_fd, .events = POLLIN };
    return ring_ready(loop) || poll(&fd, 1, 0) > 0;
}

static gboolean source_prepare(GSource *source, gint *timeout)
{
    *timeout = -1;
    return ring_ready((IoLoop *)source);
}

static gboolean source_dispatch(GSource *source, GSourceFunc callback, gpointer opaque)
{
    reap_ring((IoLoop *)source);
    reap_workers((IoLoop *)source);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {
    .prepare = source_prepare,
    .check = source_check,
    .dispatch = source_dispatch,
};

/* On a worker thread. */
static void run_job(void *item, void *opaque)
{
    Job *job = item;
    IoLoop *loop = job->loop;
    job->result = job->fn(job->opaque);
    g_mutex_lock(&loop->lock);
    bool first = !loop->finished;
    job->next = loop->finished;
    loop->finished = job;
    if (first) {
        uint64_t one = 1;
        ssize_t written = write(loop->event_fd, &one, sizeof(one));
        g_assert(written == sizeof(one));
    }
    g_mutex_unlock(&loop->lock);
}

static IoLoop *loop_get(void)
{
    IoLoop *loop = g_private_get(&loop_key);
    if (loop) {
        return loop;
    }
    loop = (IoLoop *)g_source_new(&source_funcs, sizeof(IoLoop));
    g_mutex_init(&loop->lock);
    loop->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (loop->event_fd < 0) {
        g_error("eventfd: %s", g_strerror(errno));
    }
    loop->workers = g_thread_pool_new(run_job, NULL, WORKERS, FALSE, NULL);
    g_source_add_unix_fd(&loop->source, loop->event_fd, G_IO_IN);
#ifdef HAVE_LIBURING
    loop->has_ring = io_uring_queue_init(RING_ENTRIES, &loop->ring, 0) == 0;
    if (loop->has_ring) {
        io_uring_ring_dontfork(&loop->ring);
        g_source_add_unix_fd(&loop->source, loop->ring.ring_fd, G_IO_IN);
    }
#endif
    g_source_attach(&loop->source, g_main_context_get_thread_default());
    g_private_set(&loop_key, loop);
    return loop;
}

static void loop_free(void *opaque)
{
    IoLoop *loop = opaque;
    g_thread_pool_free(loop->workers, FALSE, TRUE);
#ifdef HAVE_LIBURING
    if (loop->has_ring) {
        io_uring_queue_exit(&loop->ring);
    }
#endif
    close(loop->event_fd);
    g_mutex_clear(&loop->lock);
    g_source_destroy(&loop->source);
    g_source_unref(&loop->source);
}

static void job_main(void *opaque)
{
    Job *job = opaque;
    finish_job(job, job->fn(job->opaque));
}

int io_loop_run(int (*fn)(void *), void *opaque)
{
    loop_get();
    Job job = { .fn = fn, .opaque = opaque };
    coroutine_enter(coroutine_new(job_main, &job));
    while (!job.done) {
        g_main_context_iteration(g_main_context_get_thread_default(), TRUE);
    }
    return job.result;
}

void io_loop_wait(void)
{
    IoLoop *loop = loop_get();
    struct pollfd fds[2] = { { .fd = loop->event_fd, .events = POLLIN }, { .fd = -1 } };

#ifdef HAVE_LIBURING
    if (loop->has_ring) {
        fds[1] = (struct pollfd){ .fd = loop->ring.ring_fd, .events = POLLIN };
    }
#endif
    if (!ring_ready(loop)) {
        poll(fds, 2, -1);
    }
    reap_ring(loop);
    reap_workers(loop);
}

int io_loop_run_alone(int (*fn)(void *), void *opaque)
{
    Job job = { .fn = fn, .opaque = opaque };

    loop_get();
    coroutine_enter(coroutine_new(job_main, &job));
    while (!job.done) {
        io_loop_wait();
    }
    return job.result;
}

int coroutine_fn io_loop_work(int (*fn)(void *), void *opaque)
{
    Job job = { .fn = fn, .opaque = opaque, .coroutine = coroutine_self(), .loop = loop_get() };
    g_thread_pool_push(job.loop->workers, &job, NULL);
    coroutine_yield();
    return job.result;
}

bool io_loop_has_uring(void)
{
    return loop_get()->has_ring;
}

typedef struct {
    enum { OP_READ, OP_WRITE, OP_SYNC } op;
    int fd;
    const struct iovec *pieces;
    int count;
    uint64_t offset;
} Call;

static int call_in_worker(void *opaque)
{
    Call *call = opaque;
    ssize_t result;
    do {
        switch (call->op) {
        case OP_READ: result = preadv(call->fd, call->pieces, call->count, call->offset); break;
        case OP_WRITE: result = pwritev(call->fd, call->pieces, call->count, call->offset); break;
        default: result = fdatasync(call->fd); break;
        }
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : MIN(result, INT_MAX);
}

#ifdef HAVE_LIBURING
/* False when the ring is full: the caller takes a worker. */
static bool coroutine_fn call_in_ring(IoLoop *loop, Call *call, int *result)
{
    struct io_uring_sqe *sqe = NULL;
    if (loop->ring_waiting < RING_ENTRIES) {
        sqe = io_uring_get_sqe(&loop->ring);
    }
    if (!sqe) {
        return false;
    }
    Job job = { .loop = loop };
    switch (call->op) {
    case OP_READ:
        io_uring_prep_readv(sqe, call->fd, call->pieces, call->count, call->offset);
        break;
    case OP_WRITE:
        io_uring_prep_writev(sqe, call->fd, call->pieces, call->count, call->offset);
        break;
    case OP_SYNC: io_uring_prep_fsync(sqe, call->fd, IORING_FSYNC_DATASYNC); break;
    }
    io_uring_sqe_set_data(sqe, &job);
    loop->ring_waiting++;
    int submitted;
    do {
        submitted = io_uring_submit(&loop->ring);
    } while (submitted == -EINTR || submitted == -EAGAIN || submitted == -EBUSY);
    g_assert(submitted >= 0);
    /* What the page cache could serve is there already; the rest is waited for. */
    reap_ring(loop);
    if (!job.done) {
        job.coroutine = coroutine_self();
        coroutine_yield();
    }
    *result = job.result;
    return true;
}
#endif

static int coroutine_fn call(IoEngine engine, Call *call)
{
#ifdef HAVE_LIBURING
    IoLoop *loop = loop_get();
    int result;
    if (engine == IO_ENGINE_IO_URING && loop->has_ring) {
        while (call_in_ring(loop, call, &result)) {
            if (result != -EINTR && result != -EAGAIN) {
                return result;
            }
        }
    }
#endif
    return io_loop_work(call_in_worker, call);
}

ssize_t coroutine_fn io_loop_read(IoEngine engine, int fd, const struct iovec *pieces, int count,
                                  uint64_t offset)
{
    return call(engine, &(Call){ OP_READ, fd, pieces, MIN(count, IOV_MAX), offset });
}

ssize_t coroutine_fn io_loop_write(IoEngine engine, int fd, const struct iovec *pieces, int count,
                                   uint64_t offset)
{
    return call(engine, &(Call){ OP_WRITE, fd, pieces, MIN(count, IOV_MAX), offset });
}

int coroutine_fn io_loop_sync(IoEngine engine, int fd)
{
    return call(engine, &(Call){ .op = OP_SYNC, .fd = fd });
}
