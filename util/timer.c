/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clocks and timers: one sorted list a clock, one timerfd a host time base, one GSource that fires
 * both. */
#include "util/timer.h"

#include <errno.h>
#include <pthread.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "util/atomic.h"
#include "util/machine_lock.h"

enum { NS_PER_S = 1000000000 };

typedef struct {
    Timer *first;
    TimerFn *notify;
    void *notify_opaque;
} TimerList;

/* Guest time = host or source time + offset while it runs. */
typedef struct {
    uint32_t sequence; /* odd while a writer is inside; pairs with the reads in guest_time_ns() */
    bool running;
    int64_t offset_ns; /* running: added to the base; stopped: the time itself */
    int64_t (*source)(void *opaque);
    void *source_opaque;
} GuestTime;

struct ClockSet {
    pthread_mutex_t lock; /* guards lists, armed state, and writers of guest time */
    TimerList lists[CLOCK_KIND_COUNT];
    GuestTime virtual, virtual_rt;
    GSource *loop_source;
    int monotonic_fd, wall_fd;                 /* timerfds */
    int64_t monotonic_armed_ns, wall_armed_ns; /* what they are set to; INT64_MAX: disarmed */
};

typedef struct {
    GSource source;
    ClockSet *clocks;
} TimerSource;

static int64_t host_ns(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return ts.tv_sec * (int64_t)NS_PER_S + ts.tv_nsec;
}

static int64_t guest_time_ns(const GuestTime *time)
{
    for (;;) {
        uint32_t sequence = atomic_load_acquire(&time->sequence);
        bool running = atomic_read(&time->running);
        int64_t offset_ns = atomic_read(&time->offset_ns);
        int64_t (*source)(void *) = atomic_read(&time->source);
        void *opaque = atomic_read(&time->source_opaque);
        atomic_fence();
        if ((sequence & 1) || sequence != atomic_read(&time->sequence)) {
            continue;
        }
        if (source) {
            return source(opaque) + offset_ns;
        }
        return running ? host_ns(CLOCK_MONOTONIC) + offset_ns : offset_ns;
    }
}

static void guest_time_write_begin(GuestTime *time)
{
    atomic_fetch_add(&time->sequence, 1);
}

static void guest_time_write_end(GuestTime *time)
{
    atomic_fetch_add(&time->sequence, 1);
}

static void guest_time_set_running(GuestTime *time, bool running)
{
    int64_t base_ns = host_ns(CLOCK_MONOTONIC);

    if (time->running == running) {
        return;
    }
    guest_time_write_begin(time);
    if (!time->source) {
        atomic_set(&time->offset_ns, time->offset_ns + (running ? -base_ns : base_ns));
    }
    atomic_set(&time->running, running);
    guest_time_write_end(time);
}

static void guest_time_jump(GuestTime *time, int64_t ns)
{
    int64_t base_ns = 0;

    if (time->source) {
        base_ns = time->source(time->source_opaque);
    } else if (time->running) {
        base_ns = host_ns(CLOCK_MONOTONIC);
    }
    guest_time_write_begin(time);
    atomic_set(&time->offset_ns, ns - base_ns);
    guest_time_write_end(time);
}

int64_t clock_ns(ClockSet *clocks, ClockKind kind)
{
    switch (kind) {
    case CLOCK_KIND_REALTIME: return host_ns(CLOCK_MONOTONIC);
    case CLOCK_KIND_HOST: return host_ns(CLOCK_REALTIME);
    case CLOCK_KIND_VIRTUAL: return guest_time_ns(&clocks->virtual);
    case CLOCK_KIND_VIRTUAL_RT: return guest_time_ns(&clocks->virtual_rt);
    default: g_assert_not_reached();
    }
}

/* Absolute host monotonic time of the first timer of @kind that host time drives; INT64_MAX: none.
 */
static int64_t host_deadline_locked(ClockSet *clocks, ClockKind kind)
{
    const Timer *first = clocks->lists[kind].first;
    const GuestTime *time = kind == CLOCK_KIND_VIRTUAL ? &clocks->virtual : &clocks->virtual_rt;
    int64_t ns;

    if (!first) {
        return INT64_MAX;
    }
    if (kind == CLOCK_KIND_REALTIME) {
        return MAX(first->expire_ns, 1);
    }
    if (time->source || !time->running) {
        return INT64_MAX;
    }
    if (__builtin_sub_overflow(first->expire_ns, time->offset_ns, &ns)) {
        return INT64_MAX;
    }
    return MAX(ns, 1);
}

/* @ns absolute; INT64_MAX disarms. Time 0 would disarm too, so that callers pass at least 1. */
static void arm_fd(int fd, int64_t *armed_ns, int64_t ns, int flags)
{
    struct itimerspec when = { 0 };

    if (*armed_ns == ns) {
        return;
    }
    *armed_ns = ns;
    if (ns != INT64_MAX) {
        when.it_value.tv_sec = ns / NS_PER_S;
        when.it_value.tv_nsec = ns % NS_PER_S;
    }
    timerfd_settime(fd, TFD_TIMER_ABSTIME | flags, &when, NULL);
}

static void rearm_locked(ClockSet *clocks)
{
    int64_t ns = host_deadline_locked(clocks, CLOCK_KIND_REALTIME);
    const Timer *wall = clocks->lists[CLOCK_KIND_HOST].first;

    ns = MIN(ns, host_deadline_locked(clocks, CLOCK_KIND_VIRTUAL));
    ns = MIN(ns, host_deadline_locked(clocks, CLOCK_KIND_VIRTUAL_RT));
    arm_fd(clocks->monotonic_fd, &clocks->monotonic_armed_ns, ns, 0);
    arm_fd(clocks->wall_fd, &clocks->wall_armed_ns, wall ? MAX(wall->expire_ns, 1) : INT64_MAX,
           TFD_TIMER_CANCEL_ON_SET);
}

static gboolean timer_source_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    ClockSet *clocks = ((TimerSource *)source)->clocks;
    uint64_t expirations;
    bool locked = machine_lock_held();

    /* ECANCELED: the wall clock was set; the list is looked at again just the same. */
    while (read(clocks->monotonic_fd, &expirations, sizeof(expirations)) < 0 && errno == EINTR) {
    }
    while (read(clocks->wall_fd, &expirations, sizeof(expirations)) < 0 && errno == EINTR) {
    }
    if (!locked) {
        machine_lock();
    }
    for (ClockKind kind = 0; kind < CLOCK_KIND_COUNT; kind++) {
        if (kind != CLOCK_KIND_VIRTUAL || !clocks->virtual.source) {
            clock_run(clocks, kind);
        }
    }
    if (!locked) {
        machine_unlock();
    }
    pthread_mutex_lock(&clocks->lock);
    clocks->monotonic_armed_ns = clocks->wall_armed_ns = INT64_MAX; /* they have fired */
    rearm_locked(clocks);
    pthread_mutex_unlock(&clocks->lock);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs timer_source_funcs = { .dispatch = timer_source_dispatch };

ClockSet *clock_set_new(GMainContext *context)
{
    ClockSet *clocks = g_new0(ClockSet, 1);

    pthread_mutex_init(&clocks->lock, NULL);
    clocks->monotonic_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    clocks->wall_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    clocks->monotonic_armed_ns = clocks->wall_armed_ns = INT64_MAX;
    if (clocks->monotonic_fd < 0 || clocks->wall_fd < 0) {
        g_error("no timer: %s",
                g_strerror(errno)); /* before any guest exists; as fatal as no memory */
    }
    clocks->loop_source = g_source_new(&timer_source_funcs, sizeof(TimerSource));
    ((TimerSource *)clocks->loop_source)->clocks = clocks;
    g_source_set_name(clocks->loop_source, "timers");
    g_source_set_priority(clocks->loop_source, G_PRIORITY_HIGH);
    g_source_add_unix_fd(clocks->loop_source, clocks->monotonic_fd, G_IO_IN | G_IO_ERR);
    g_source_add_unix_fd(clocks->loop_source, clocks->wall_fd, G_IO_IN | G_IO_ERR);
    g_source_attach(clocks->loop_source, context);
    return clocks;
}

void clock_set_free(ClockSet *clocks)
{
    if (!clocks) {
        return;
    }
    g_source_destroy(clocks->loop_source);
    g_source_unref(clocks->loop_source);
    for (ClockKind kind = 0; kind < CLOCK_KIND_COUNT; kind++) {
        while (clocks->lists[kind].first) {
            timer_cancel(clocks->lists[kind].first);
        }
    }
    close(clocks->monotonic_fd);
    close(clocks->wall_fd);
    pthread_mutex_destroy(&clocks->lock);
    g_free(clocks);
}

void clock_set_enable_virtual(ClockSet *clocks, bool on)
{
    pthread_mutex_lock(&clocks->lock);
    guest_time_set_running(&clocks->virtual, on);
    guest_time_set_running(&clocks->virtual_rt, on);
    rearm_locked(clocks);
    pthread_mutex_unlock(&clocks->lock);
}

void clock_set_virtual_source(ClockSet *clocks, int64_t (*source)(void *opaque), void *opaque)
{
    GuestTime *time = &clocks->virtual;

    pthread_mutex_lock(&clocks->lock);
    guest_time_write_begin(time);
    atomic_set(&time->source, source);
    atomic_set(&time->source_opaque, opaque);
    atomic_set(&time->offset_ns, 0);
    guest_time_write_end(time);
    rearm_locked(clocks);
    pthread_mutex_unlock(&clocks->lock);
}

void clock_set_virtual_ns(ClockSet *clocks, int64_t ns)
{
    pthread_mutex_lock(&clocks->lock);
    guest_time_jump(&clocks->virtual, ns);
    guest_time_jump(&clocks->virtual_rt, ns);
    rearm_locked(clocks);
    pthread_mutex_unlock(&clocks->lock);
}

int64_t clock_deadline_ns(ClockSet *clocks, ClockKind kind)
{
    int64_t expire_ns = -1;

    pthread_mutex_lock(&clocks->lock);
    if (clocks->lists[kind].first) {
        expire_ns = clocks->lists[kind].first->expire_ns;
    }
    pthread_mutex_unlock(&clocks->lock);
    return expire_ns < 0 ? -1 : MAX(expire_ns - clock_ns(clocks, kind), 0);
}

/* Timers that @now_ns finds expired; those armed meanwhile wait for the next run, so that none can
 * hog it. */
static unsigned count_expired(ClockSet *clocks, ClockKind kind, int64_t now_ns)
{
    unsigned expired = 0;

    pthread_mutex_lock(&clocks->lock);
    const Timer *timer = clocks->lists[kind].first;
    while (timer && timer->expire_ns <= now_ns) {
        expired++;
        timer = timer->next;
    }
    pthread_mutex_unlock(&clocks->lock);
    return expired;
}

static Timer *take_expired(ClockSet *clocks, ClockKind kind, int64_t now_ns)
{
    pthread_mutex_lock(&clocks->lock);
    Timer *timer = clocks->lists[kind].first;
    if (timer && timer->expire_ns <= now_ns) {
        clocks->lists[kind].first = timer->next;
        timer->next = NULL;
        atomic_set(&timer->expire_ns, -1);
    } else {
        timer = NULL;
    }
    pthread_mutex_unlock(&clocks->lock);
    return timer;
}

bool clock_run(ClockSet *clocks, ClockKind kind)
{
    const GuestTime *time = kind == CLOCK_KIND_VIRTUAL ? &clocks->virtual : &clocks->virtual_rt;
    bool guest_kind = kind == CLOCK_KIND_VIRTUAL || kind == CLOCK_KIND_VIRTUAL_RT;
    bool fired = false;

    if (guest_kind && !atomic_read(&time->source) && !atomic_read(&time->running)) {
        return false;
    }
    int64_t now_ns = clock_ns(clocks, kind);
    for (unsigned left = count_expired(clocks, kind, now_ns); left > 0; left--) {
        Timer *timer = take_expired(clocks, kind, now_ns);
        if (!timer) {
            break;
        }
        timer->fn(timer->opaque);
        fired = true;
    }
    return fired;
}

void clock_set_notify(ClockSet *clocks, ClockKind kind, TimerFn *fn, void *opaque)
{
    pthread_mutex_lock(&clocks->lock);
    clocks->lists[kind].notify = fn;
    clocks->lists[kind].notify_opaque = opaque;
    pthread_mutex_unlock(&clocks->lock);
}

void timer_init(Timer *timer, ClockSet *clocks, ClockKind kind, TimerFn *fn, void *opaque)
{
    *timer = (Timer){ .clocks = clocks, .kind = kind, .expire_ns = -1, .fn = fn, .opaque = opaque };
}

static void remove_locked(Timer *timer)
{
    Timer **link = &timer->clocks->lists[timer->kind].first;

    if (timer->expire_ns < 0) {
        return;
    }
    while (*link != timer) {
        link = &(*link)->next;
    }
    *link = timer->next;
    timer->next = NULL;
    atomic_set(&timer->expire_ns, -1);
}

void timer_set_ns(Timer *timer, int64_t expire_ns)
{
    ClockSet *clocks = timer->clocks;
    TimerList *list = &clocks->lists[timer->kind];
    Timer **link = &list->first;
    TimerFn *notify = NULL;
    void *notify_opaque = NULL;

    expire_ns = MAX(expire_ns, 0);
    pthread_mutex_lock(&clocks->lock);
    remove_locked(timer);
    while (*link && (*link)->expire_ns <= expire_ns) {
        link = &(*link)->next;
    }
    timer->next = *link;
    atomic_set(&timer->expire_ns, expire_ns);
    *link = timer;
    if (list->first == timer) {
        rearm_locked(clocks);
        notify = list->notify;
        notify_opaque = list->notify_opaque;
    }
    pthread_mutex_unlock(&clocks->lock);
    if (notify) {
        notify(notify_opaque);
    }
}

void timer_cancel(Timer *timer)
{
    if (!timer->clocks) {
        return;
    }
    pthread_mutex_lock(&timer->clocks->lock);
    remove_locked(timer);
    pthread_mutex_unlock(&timer->clocks->lock);
}

bool timer_is_pending(const Timer *timer)
{
    return atomic_read(&timer->expire_ns) >= 0;
}
