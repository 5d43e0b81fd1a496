/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GMutex and GCond made of pthread ones, which the thread sanitizer knows. Linked into test
 * programs built with it; takes the place of GLib's for calls from our code.
 */
#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

static void *made(void **slot, void *(*make)(void), void (*unmake)(void *))
{
    void *have = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
    void *none = NULL;

    if (have) {
        return have;
    }
    have = make();
    if (!__atomic_compare_exchange_n(slot, &none, have, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE)) {
        unmake(have);
        return none;
    }
    return have;
}

static void *make_mutex(void)
{
    pthread_mutex_t *mutex = g_new(pthread_mutex_t, 1);

    pthread_mutex_init(mutex, NULL);
    return mutex;
}

static void free_mutex(void *mutex)
{
    pthread_mutex_destroy(mutex);
    g_free(mutex);
}

static void *make_cond(void)
{
    pthread_cond_t *cond = g_new(pthread_cond_t, 1);
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    return cond;
}

static void free_cond(void *cond)
{
    pthread_cond_destroy(cond);
    g_free(cond);
}

static pthread_mutex_t *mutex_of(GMutex *mutex)
{
    return made(&mutex->p, make_mutex, free_mutex);
}

static pthread_cond_t *cond_of(GCond *cond)
{
    return made(&cond->p, make_cond, free_cond);
}

void g_mutex_init(GMutex *mutex)
{
    mutex->p = NULL;
}

void g_mutex_clear(GMutex *mutex)
{
    if (mutex->p) {
        free_mutex(mutex->p);
        mutex->p = NULL;
    }
}

void g_mutex_lock(GMutex *mutex)
{
    pthread_mutex_lock(mutex_of(mutex));
}

void g_mutex_unlock(GMutex *mutex)
{
    pthread_mutex_unlock(mutex_of(mutex));
}

gboolean g_mutex_trylock(GMutex *mutex)
{
    return pthread_mutex_trylock(mutex_of(mutex)) == 0;
}

void g_cond_init(GCond *cond)
{
    cond->p = NULL;
}

void g_cond_clear(GCond *cond)
{
    if (cond->p) {
        free_cond(cond->p);
        cond->p = NULL;
    }
}

void g_cond_wait(GCond *cond, GMutex *mutex)
{
    pthread_cond_wait(cond_of(cond), mutex_of(mutex));
}

gboolean g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end_us)
{
    struct timespec end = { .tv_sec = end_us / 1000000, .tv_nsec = end_us % 1000000 * 1000 };

    return pthread_cond_timedwait(cond_of(cond), mutex_of(mutex), &end) != ETIMEDOUT;
}

void g_cond_signal(GCond *cond)
{
    pthread_cond_signal(cond_of(cond));
}

void g_cond_broadcast(GCond *cond)
{
    pthread_cond_broadcast(cond_of(cond));
}
