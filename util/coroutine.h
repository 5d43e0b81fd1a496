/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Coroutines: functions that can be left in their middle and continued later, so that code that
 * waits for disks and networks reads from top to bottom. A coroutine runs on the thread that enters
 * it; all of them on one thread take turns, and lose control only where they wait.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Marks a function that may wait, so it must be called from within a coroutine. */
#if defined(__clang__)
#define coroutine_fn __attribute__((annotate("coroutine_fn")))
#else
#define coroutine_fn
#endif

typedef struct Coroutine Coroutine;
typedef void CoroutineEntry(void *opaque);

enum { COROUTINE_STACK_BYTES = 256 * 1024 };

/** coroutine_new - a coroutine that runs @entry when it is entered first, and is gone at its end */
Coroutine *coroutine_new(CoroutineEntry *entry, void *opaque);
/**
 * coroutine_enter - run @coroutine until it yields or ends
 *
 * From outside a coroutine, those that coroutine_wake() made ready meanwhile run too.
 */
void coroutine_enter(Coroutine *coroutine);
/** coroutine_yield - give control back to whoever entered the current coroutine */
void coroutine_fn coroutine_yield(void);
/** coroutine_wake - have @coroutine entered soon on this thread; never runs it inside a coroutine
 */
void coroutine_wake(Coroutine *coroutine);
/** coroutine_self - the running coroutine; NULL outside of any */
Coroutine *coroutine_self(void);
