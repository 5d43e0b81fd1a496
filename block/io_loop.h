/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiting for the host: system calls and computations that coroutines wait for. A thread's loop
 * hangs on its GLib main context; io_uring serves reads and writes where the kernel has it, a
 * thread pool the rest.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "util/coroutine.h"

typedef enum { IO_ENGINE_THREADS, IO_ENGINE_IO_URING } IoEngine;

/** io_loop_run - run @fn in a coroutine, and this thread's main context until it ends; its result
 */
int io_loop_run(int (*fn)(void *), void *opaque);

/** io_loop_run_alone - likewise, but nothing else of the main context happens meanwhile */
int io_loop_run_alone(int (*fn)(void *), void *opaque);
/** io_loop_wait - until something that this thread's coroutines wait for has happened, and go on
 * with them. Nothing else of the main context happens. Context: outside coroutines */
void io_loop_wait(void);

/** io_loop_work - wait while a worker thread runs @fn; its result */
int coroutine_fn io_loop_work(int (*fn)(void *), void *opaque);

/** io_loop_has_uring - whether IO_ENGINE_IO_URING works on this host */
bool io_loop_has_uring(void);

/* One system call each: bytes done (maybe fewer than asked for) or -errno. */
ssize_t coroutine_fn io_loop_read(IoEngine engine, int fd, const struct iovec *pieces, int count,
                                  uint64_t offset);
ssize_t coroutine_fn io_loop_write(IoEngine engine, int fd, const struct iovec *pieces, int count,
                                   uint64_t offset);
/** io_loop_sync - make what was written to @fd, and its size, survive a power failure */
int coroutine_fn io_loop_sync(IoEngine engine, int fd);
