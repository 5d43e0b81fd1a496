/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Coroutines.  Spec of the registers kept: System V ABI, AMD64 supplement 1.0, section 3.2.1. */
#include "util/coroutine.h"

#include <glib.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#if __has_feature(thread_sanitizer) && !defined(__SANITIZE_THREAD__)
#define __SANITIZE_THREAD__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

#if defined(__x86_64__) && !defined(COROUTINE_PORTABLE)
#define COROUTINE_ASSEMBLY 1
#else
#include <ucontext.h>
#endif

enum { POOL_LIMIT = 64 };

/* Where a stack was left. */
typedef struct {
#ifdef COROUTINE_ASSEMBLY
    void *stack_pointer;
#else
    ucontext_t context;
#endif
    const void *stack_base; /* for the sanitizers; a thread's own is learnt at the first switch */
    size_t stack_bytes;
    void *fake_stack;
    void *fiber;
} Context;

struct Coroutine {
    Context context;
    CoroutineEntry *entry;
    void *opaque;
    Context *caller;        /* whom a yield returns to; NULL while not running */
    Coroutine *caller_self; /* coroutine_self() of the caller */
    Coroutine *next;        /* in the ready list or the pool */
    bool ended;
    char *memory; /* guard page, then the stack */
};

/* What a thread knows of its coroutines. It cannot live in an object: it is the thread's state. */
typedef struct {
    Context context; /* of the thread itself */
    Coroutine *current;
    Coroutine *ready_head, *ready_tail;
    Coroutine *pool;
    unsigned pooled;
} Thread;

static void thread_free(void *opaque);
static GPrivate thread_key = G_PRIVATE_INIT(thread_free);

/* Not inlined, nor its result kept over a switch: a coroutine may go on in another thread. */
static __attribute__((noinline)) Thread *thread_get(void)
{
    Thread *thread = g_private_get(&thread_key);
    if (!thread) {
        thread = g_new0(Thread, 1);
#ifdef __SANITIZE_THREAD__
        thread->context.fiber = __tsan_get_current_fiber();
#endif
        g_private_set(&thread_key, thread);
    }
    return thread;
}

#ifdef COROUTINE_ASSEMBLY
/* The registers that a call preserves are kept on the stack that is left. */
void coroutine_swap_stacks(void **saved, void *target);
void coroutine_first_frame(void);
__asm__(".text\n"
        ".type coroutine_swap_stacks, @function\n"
        "coroutine_swap_stacks:\n"
        "    pushq %rbp\n"
        "    pushq %rbx\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        "    movq %rsp, (%rdi)\n"
        "    movq %rsi, %rsp\n"
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rbx\n"
        "    popq %rbp\n"
        "    ret\n"
        ".size coroutine_swap_stacks, . - coroutine_swap_stacks\n"
        ".type coroutine_first_frame, @function\n"
        "coroutine_first_frame:\n"
        "    movq %r12, %rdi\n"
        "    callq *%r13\n"
        "    ud2\n"
        ".size coroutine_first_frame, . - coroutine_first_frame\n");
#endif

static void switch_finish(Context *here, Context *from)
{
#ifdef __SANITIZE_ADDRESS__
    const void *base;
    size_t bytes;
    __sanitizer_finish_switch_fiber(here->fake_stack, &base, &bytes);
    from->stack_base = base;
    from->stack_bytes = bytes;
#endif
}

static void switch_to(Context *from, Context *to, bool ending)
{
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(ending ? NULL : &from->fake_stack, to->stack_base,
                                   to->stack_bytes);
#endif
#ifdef __SANITIZE_THREAD__
    __tsan_switch_to_fiber(to->fiber, 0);
#endif
#ifdef COROUTINE_ASSEMBLY
    coroutine_swap_stacks(&from->stack_pointer, to->stack_pointer);
#else
    swapcontext(&from->context, &to->context);
#endif
    switch_finish(from, to);
}

static void coroutine_main(Coroutine *co)
{
    switch_finish(&co->context, co->caller);
    for (;;) {
        co->entry(co->opaque);
        co->ended = true;
        switch_to(&co->context, co->caller, false);
    }
}

#ifndef COROUTINE_ASSEMBLY
static void portable_main(unsigned low, unsigned high)
{
    coroutine_main((Coroutine *)((uintptr_t)low | (uintptr_t)((uint64_t)high << 32)));
}
#endif

static void context_init(Coroutine *co, size_t guard)
{
    char *stack = co->memory + guard;
    co->context.stack_base = stack;
    co->context.stack_bytes = COROUTINE_STACK_BYTES;
#ifdef COROUTINE_ASSEMBLY
    void **top = (void **)(stack + COROUTINE_STACK_BYTES);
    top -= 2; /* the stack is aligned to 16 at the first call */
    *--top = (void *)coroutine_first_frame;
    *--top = NULL;                   /* rbp: ends back traces */
    *--top = NULL;                   /* rbx */
    *--top = co;                     /* r12 */
    *--top = (void *)coroutine_main; /* r13 */
    *--top = NULL;                   /* r14 */
    *--top = NULL;                   /* r15 */
    co->context.stack_pointer = top;
#else
    getcontext(&co->context.context);
    co->context.context.uc_stack.ss_sp = stack;
    co->context.context.uc_stack.ss_size = COROUTINE_STACK_BYTES;
    co->context.context.uc_link = NULL;
    uint64_t address = (uintptr_t)co;
    makecontext(&co->context.context, (void (*)(void))portable_main, 2, (unsigned)address,
                (unsigned)(address >> 32));
#endif
#ifdef __SANITIZE_THREAD__
    co->context.fiber = __tsan_create_fiber(0);
#endif
}

static Coroutine *coroutine_allocate(void)
{
    size_t guard = sysconf(_SC_PAGESIZE);
    Coroutine *co = g_new0(Coroutine, 1);
    co->memory = mmap(NULL, guard + COROUTINE_STACK_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (co->memory == MAP_FAILED) {
        g_error("no memory for a coroutine's stack");
    }
    mprotect(co->memory, guard, PROT_NONE);
    context_init(co, guard);
    return co;
}

static void coroutine_release(Coroutine *co)
{
#ifdef __SANITIZE_THREAD__
    __tsan_destroy_fiber(co->context.fiber);
#endif
    munmap(co->memory, sysconf(_SC_PAGESIZE) + COROUTINE_STACK_BYTES);
    g_free(co);
}

static void thread_free(void *opaque)
{
    Thread *thread = opaque;
    while (thread->pool) {
        Coroutine *co = thread->pool;
        thread->pool = co->next;
        coroutine_release(co);
    }
    g_free(thread);
}

Coroutine *coroutine_new(CoroutineEntry *entry, void *opaque)
{
    Thread *thread = thread_get();
    Coroutine *co = thread->pool;
    if (co) {
        thread->pool = co->next;
        thread->pooled--;
        co->next = NULL;
        co->ended = false;
    } else {
        co = coroutine_allocate();
    }
    co->entry = entry;
    co->opaque = opaque;
    return co;
}

static void coroutine_run(Coroutine *co)
{
    Thread *thread = thread_get();
    g_assert(!co->caller);
    co->caller_self = thread->current;
    co->caller = thread->current ? &thread->current->context : &thread->context;
    thread->current = co;
    switch_to(co->caller, &co->context, false);

    thread = thread_get();
    thread->current = co->caller_self;
    co->caller = NULL;
    if (!co->ended) {
        return;
    }
    if (thread->pooled < POOL_LIMIT) {
        co->next = thread->pool;
        thread->pool = co;
        thread->pooled++;
    } else {
        coroutine_release(co);
    }
}

static void run_ready(void)
{
    Thread *thread = thread_get();
    while (!thread->current && thread->ready_head) {
        Coroutine *co = thread->ready_head;
        thread->ready_head = co->next;
        co->next = NULL;
        coroutine_run(co);
    }
}

void coroutine_enter(Coroutine *co)
{
    coroutine_run(co);
    run_ready();
}

void coroutine_yield(void)
{
    Coroutine *co = thread_get()->current;
    g_assert(co);
    switch_to(&co->context, co->caller, false);
}

void coroutine_wake(Coroutine *co)
{
    Thread *thread = thread_get();
    if (thread->ready_head) {
        thread->ready_tail->next = co;
    } else {
        thread->ready_head = co;
    }
    thread->ready_tail = co;
    run_ready();
}

Coroutine *coroutine_self(void)
{
    return thread_get()->current;
}
