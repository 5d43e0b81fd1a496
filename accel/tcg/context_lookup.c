/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the second level of the jump caches to the first. Compiled with -mgeneral-regs-only:
 * generated code calls this with the guest's vector registers live.
 */
#include "accel/tcg/context_internal.h"
#include "accel/tcg/tlb_internal.h"

void tcg_context_set_guard(TcgContexts *contexts, uint64_t pc, uint32_t guard)
{
    TcgContext *context = &contexts->context[contexts->current];
    unsigned index = tcg_guard_index(pc);

    contexts->banks[contexts->current].guard[index] = guard;
    context->pages[index / 64] |= 1ull << index % 64;
}

static bool is_hit(const TcgTlb *tlb, const TcgJumpSecond *entry, uint64_t pc, uint32_t check)
{
    return atomic_load_acquire(&entry->pc) == pc && entry->block && entry->check == check &&
           (entry->stamp == tlb->stamp || entry->stamp == tlb->global_stamp);
}

/* Between reading the entry and going there, its block may be dropped by another vCPU. That is as
 * if it had been dropped a moment later: its code stays until this vCPU has left guest code. */
const TcgJumpSecond *tcg_context_hit(Cpu *cpu, uint64_t pc)
{
    TcgContexts *contexts = cpu->tcg->contexts;
    const TcgTlb *tlb = cpu->tcg->tlb;
    uint32_t check = tcg_context_check(contexts, pc);
    TcgJumpSecond *second = tcg_context_second(contexts, pc, contexts->key);

    if (pc == NO_PC || (!is_hit(tlb, second, pc, check) && !is_hit(tlb, ++second, pc, check))) {
        return NULL;
    }
    tcg_context_set_guard(contexts, pc, second->guard);
    if (second->host) {
        unsigned index = tcg_jump_index(pc);
        TcgJumpEntry *first = &contexts->banks[contexts->current].jump[index];

        contexts->context[contexts->current].used |= 1ull << (index >> JUMP_GROUP_BITS);
        first->host = contexts->code + second->host - 1;
        atomic_store_release(&first->pc, pc);
        atomic_fence(); /* pairs with tcg_block_invalidate_locked(): it sees the entry, or we see */
        if (atomic_read(&second->pc) != pc) { /* what it did before looking for the entry */
            atomic_set(&first->pc, tcg_jump_empty(index));
            return NULL;
        }
    }
    return second;
}

const void *tcg_contexts_lookup(TcgEnv *env, uint64_t pc)
{
    Cpu *cpu = tcg_env_cpu(env);
    const TcgJumpSecond *second = tcg_context_hit(cpu, pc);

    return second && second->host ? cpu->tcg->contexts->code + second->host - 1 : NULL;
}
