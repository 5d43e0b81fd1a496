/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For hosts that tcg/host/ does not know: weak, so that a real back end takes the place. */
#include "tcg/backend.h"
#include "util/error.h"

#define WEAK __attribute__((weak))

WEAK TcgBackend *tcg_backend_new(const TcgSlot *slots, unsigned slot_count,
                                 const TcgRuntime *runtime, const TcgBackendOptions *options,
                                 TcgSpace *space, GError **errp)
{
    error_set(errp, "tcg: no host code can be made on this machine: use -accel tcg,interp=on");
    return NULL;
}

WEAK void tcg_backend_free(TcgBackend *backend)
{
    g_assert_not_reached();
}

WEAK TcgCompileResult tcg_compile(TcgBackend *backend, IrRegion *region, TcgSpace *space,
                                  TcgCompiled *out)
{
    g_assert_not_reached();
}

WEAK TcgLeft tcg_run(TcgBackend *backend, TcgEnv *env, const void *entry, const void **site)
{
    g_assert_not_reached();
}

WEAK void tcg_avoid_predictor(TcgBackend *backend, uint64_t pc)
{
    g_assert_not_reached();
}

WEAK bool tcg_unwind(TcgUnwindTable table, const void *host_return, TcgUnwound *found)
{
    g_assert_not_reached();
}
