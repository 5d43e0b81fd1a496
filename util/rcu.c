/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A face of liburcu that registers threads by itself. */
#include "util/rcu.h"

#include <glib.h>

#include "util/machine_lock.h"

__thread bool rcu_thread_known;

#ifdef RCU_TSAN
char rcu_tsan_tag;
static char tsan_called_tag; /* callbacks that have run */

/* What liburcu allocates for itself is its own business; callbacks that it runs are looked at. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "called_from_lib:liburcu-memb.so\n";
}
#endif

static void unregister(gpointer unused)
{
    urcu_memb_unregister_thread();
    rcu_thread_known = false;
}

void rcu_register_thread(void)
{
    static GPrivate at_exit = G_PRIVATE_INIT(unregister);

    if (!rcu_thread_known) {
        urcu_memb_register_thread();
        rcu_thread_known = true;
        g_private_set(&at_exit, &rcu_thread_known);
    }
}

#ifdef RCU_TSAN
/* liburcu is not instrumented: a callback learns here that readers are gone. */
typedef struct {
    struct rcu_head head;
    RcuHead *inner;
    void (*fn)(RcuHead *head);
} TsanCall;

static void tsan_call(struct rcu_head *head)
{
    TsanCall *call = (TsanCall *)head;

    __tsan_acquire(&rcu_tsan_tag);
    call->fn(call->inner);
    __tsan_release(&tsan_called_tag);
    g_free(call);
}

void rcu_call(RcuHead *head, void (*fn)(RcuHead *head))
{
    TsanCall *call = g_new0(TsanCall, 1);

    call->inner = head;
    call->fn = fn;
    __tsan_release(&rcu_tsan_tag);
    urcu_memb_call_rcu(&call->head, tsan_call);
}
#else
void rcu_call(RcuHead *head, void (*fn)(RcuHead *head))
{
    urcu_memb_call_rcu(head, fn);
}
#endif

void rcu_drain(void)
{
    g_assert(!machine_lock_held());
    urcu_memb_barrier();
#ifdef RCU_TSAN
    __tsan_acquire(&tsan_called_tag);
#endif
}

void rcu_synchronize(void)
{
    urcu_memb_synchronize_rcu();
#ifdef RCU_TSAN
    __tsan_acquire(&rcu_tsan_tag);
#endif
}
