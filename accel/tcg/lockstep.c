/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lockstep: each block is interpreted on the side, its writes only noted, then run as host code;
 * guest state and memory must be the same. Blocks that reach devices or call helpers with effects
 * cannot be repeated and run once.
 */
#include <inttypes.h>
#include <string.h>

#include "accel/tcg/block_internal.h"
#include "accel/tcg/code_page_internal.h"
#include "accel/tcg/context_internal.h"
#include "accel/tcg/loop_internal.h"
#include "accel/tcg/tlb_internal.h"
#include "disas/disas.h"
#include "tcg/eval.h"
#include "util/log.h"

/* One byte that the interpreter would have written. */
typedef struct {
    uint8_t *host;
    uint8_t value;
} ByteWrite;

/* Everything that is compared. */
typedef struct {
    uint64_t slot[IR_MAX_SLOTS];
    uint64_t pc;
    uint32_t mxcsr;
    uint32_t raise;
    TcgLeft left;
} State;

struct TcgLockstep {
    GArray *writes;  /* of ByteWrite, in order */
    uint64_t filter; /* bit a word address, hashed, that is among them */
    bool unrepeatable;
    State start, interpreted, translated;
};

TcgLockstep *tcg_lockstep_new(void)
{
    TcgLockstep *lockstep = g_new0(TcgLockstep, 1);

    lockstep->writes = g_array_new(false, false, sizeof(ByteWrite));
    return lockstep;
}

void tcg_lockstep_free(TcgLockstep *lockstep)
{
    if (lockstep) {
        g_array_unref(lockstep->writes);
        g_free(lockstep);
    }
}

static bool give_up(Cpu *cpu)
{
    cpu->tcg->lockstep->unrepeatable = true;
    tcg_raise(cpu);
    return false;
}

/* Host addresses of the bytes of an access. False: raised, or given up. */
static bool find_bytes(Cpu *cpu, uint64_t address, IrMem mem, TcgAccess access, uint8_t *host[8])
{
    unsigned size = 1u << mem.size_log2;
    const TcgTlbEntry *entry = NULL;

    for (unsigned i = 0; i < size; i++) {
        unsigned offset = (address + i) % TCG_PAGE_BYTES;
        if (!entry || offset == 0) {
            entry = tcg_tlb_find(cpu, address + i, access, mem.bank);
        }
        if (!entry) {
            return false;
        }
        if ((entry->flags & (TLB_RAM | TLB_WATCHED)) != TLB_RAM ||
            (access == TCG_ACCESS_STORE &&
             ((entry->flags & (TLB_READONLY | TLB_LOGGED)) || tcg_code_withheld(entry->code)))) {
            return give_up(cpu);
        }
        host[i] = (uint8_t *)(uintptr_t)entry->host + offset;
    }
    return true;
}

static uint64_t filter_bit(const uint8_t *host)
{
    return 1ull << ((uintptr_t)host >> 3) % 64;
}

static uint8_t noted_byte(const TcgLockstep *lockstep, const uint8_t *host)
{
    bool may_be = lockstep->filter & filter_bit(host);

    for (unsigned i = may_be ? lockstep->writes->len : 0; i-- > 0;) {
        const ByteWrite *write = &g_array_index(lockstep->writes, ByteWrite, i);
        if (write->host == host) {
            return write->value;
        }
    }
    return *host;
}

static unsigned byte_shift(IrMem mem, unsigned i)
{
    return 8 * (mem.big_endian ? (1u << mem.size_log2) - 1 - i : i);
}

static bool is_forbidden(uint64_t address, IrMem mem)
{
    return mem.align && (address & ((1u << mem.size_log2) - 1));
}

static bool side_load(TcgEnv *env, uint64_t address, IrMem mem, uint64_t *value)
{
    Cpu *cpu = tcg_env_cpu(env);
    uint8_t *host[8];

    if (is_forbidden(address, mem)) {
        return tcg_runtime.load(env, address, mem, value); /* raises */
    }
    if (!find_bytes(cpu, address, mem, TCG_ACCESS_LOAD, host)) {
        return false;
    }
    *value = 0;
    for (unsigned i = 0; i < 1u << mem.size_log2; i++) {
        *value |= (uint64_t)noted_byte(cpu->tcg->lockstep, host[i]) << byte_shift(mem, i);
    }
    return true;
}

static bool side_store(TcgEnv *env, uint64_t address, IrMem mem, uint64_t value)
{
    Cpu *cpu = tcg_env_cpu(env);
    uint8_t *host[8];

    if (is_forbidden(address, mem)) {
        return tcg_runtime.store(env, address, mem, value);
    }
    if (!find_bytes(cpu, address, mem, TCG_ACCESS_STORE, host)) {
        return false;
    }
    for (unsigned i = 0; i < 1u << mem.size_log2; i++) {
        ByteWrite write = { host[i], value >> byte_shift(mem, i) };
        g_array_append_val(cpu->tcg->lockstep->writes, write);
        cpu->tcg->lockstep->filter |= filter_bit(host[i]);
    }
    return true;
}

static bool side_atomic(TcgEnv *env, uint64_t address, IrMem mem, IrAtomic kind, uint64_t operand,
                        uint64_t *old)
{
    uint8_t *host[8];

    if (is_forbidden(address, mem)) {
        return tcg_runtime.atomic(env, address, mem, kind, operand, old);
    }
    /* a store fault comes before a load fault */
    return find_bytes(tcg_env_cpu(env), address, mem, TCG_ACCESS_STORE, host) &&
           side_load(env, address, mem, old) &&
           side_store(env, address, mem, ir_eval_atomic(kind, mem.size_log2, *old, operand));
}

static bool side_cas(TcgEnv *env, uint64_t address, IrMem mem, uint64_t expected, uint64_t desired,
                     uint64_t *old)
{
    uint64_t mask = ~0ull >> (64 - (8u << mem.size_log2));
    uint8_t *host[8];

    if (is_forbidden(address, mem)) {
        return tcg_runtime.cas(env, address, mem, expected, desired, old);
    }
    return find_bytes(tcg_env_cpu(env), address, mem, TCG_ACCESS_STORE, host) &&
           side_load(env, address, mem, old) &&
           (*old != (expected & mask) || side_store(env, address, mem, desired));
}

static bool no_refill(TcgEnv *env, uint64_t address, uint32_t bank, uint32_t write)
{
    return false;
}

static void *helper_object(TcgEnv *env)
{
    return tcg_env_cpu(env);
}

static const TcgRuntime side_runtime = {
    .refill = no_refill,
    .load = side_load,
    .store = side_store,
    .atomic = side_atomic,
    .cas = side_cas,
    .lookup = tcg_contexts_lookup,
    .helper_object = helper_object,
};

static void *slot_home(Cpu *cpu, unsigned slot)
{
    return tcg_env_anchor(&cpu->env) + cpu->tcg->frontend->slots[slot].offset;
}

static size_t slot_bytes(const Cpu *cpu, unsigned slot)
{
    uint8_t type = cpu->tcg->frontend->slots[slot].type;

    return type == IR_I32 || type == IR_F32 ? 4 : 8;
}

static void take(Cpu *cpu, State *state)
{
    for (unsigned i = 0; i < cpu->tcg->frontend->slot_count; i++) {
        state->slot[i] = 0;
        memcpy(&state->slot[i], slot_home(cpu, i), slot_bytes(cpu, i));
    }
    state->pc = cpu->env.hot.pc;
    state->mxcsr = cpu->env.mxcsr_guest;
    state->raise = cpu->env.hot.raise;
}

static void put_back(Cpu *cpu, const State *state)
{
    for (unsigned i = 0; i < cpu->tcg->frontend->slot_count; i++) {
        memcpy(slot_home(cpu, i), &state->slot[i], slot_bytes(cpu, i));
    }
    cpu->env.hot.pc = state->pc;
    cpu->env.mxcsr_guest = state->mxcsr;
    cpu->env.hot.raise = state->raise;
}

static bool has_effects(const IrHelper *helper)
{
    bool writes = helper->raises || helper->touches_fp;

    for (unsigned i = 0; i < G_N_ELEMENTS(helper->writes); i++) {
        writes |= helper->writes[i] != 0;
    }
    return writes || helper->result == IR_VOID;
}

static bool is_repeatable(const IrRegion *region)
{
    for (uint32_t i = 1; i < region->count; i++) {
        const IrOp *op = &region->ops[i];
        if (op->op == IR_CALL && has_effects((const IrHelper *)(uintptr_t)op->imm)) {
            return false;
        }
        if (op->op == IR_LOADV || op->op == IR_STOREV) {
            return false;
        }
    }
    return true;
}

static bool memory_agrees(const TcgLockstep *lockstep)
{
    for (unsigned i = 0; i < lockstep->writes->len; i++) {
        const ByteWrite *write = &g_array_index(lockstep->writes, ByteWrite, i);
        if (noted_byte(lockstep, write->host) != *write->host) {
            return false;
        }
    }
    return true;
}

static bool states_agree(const Cpu *cpu, const State *a, const State *b)
{
    enum { STICKY_AND_ROUNDING = 0x603f };

    return a->pc == b->pc && a->raise == b->raise &&
           !((a->mxcsr ^ b->mxcsr) & STICKY_AND_ROUNDING) &&
           (a->left == TCG_LEFT_RAISE) == (b->left == TCG_LEFT_RAISE) &&
           memcmp(a->slot, b->slot, cpu->tcg->frontend->slot_count * sizeof(a->slot[0])) == 0;
}

static void describe_difference(const Cpu *cpu, GString *out)
{
    const TcgLockstep *lockstep = cpu->tcg->lockstep;
    const State *s = &lockstep->start, *a = &lockstep->interpreted, *b = &lockstep->translated;

    g_string_append_printf(out, "%-12s %-18s %-18s %-18s\n", "", "before", "interpreted",
                           "translated");
    g_string_append_printf(out, "%-12s %#-18" PRIx64 " %#-18" PRIx64 " %#-18" PRIx64 "%s\n", "pc",
                           s->pc, a->pc, b->pc, a->pc != b->pc ? " <<<" : "");
    g_string_append_printf(out, "%-12s %#-18x %#-18x %#-18x\n", "fp", s->mxcsr, a->mxcsr, b->mxcsr);
    g_string_append_printf(out, "%-12s %-18s %-18d %-18d\n", "left by", "", a->left, b->left);
    for (unsigned i = 0; i < cpu->tcg->frontend->slot_count; i++) {
        g_string_append_printf(out, "%-12s %#-18" PRIx64 " %#-18" PRIx64 " %#-18" PRIx64 "%s\n",
                               cpu->tcg->frontend->slots[i].name, s->slot[i], a->slot[i],
                               b->slot[i], a->slot[i] != b->slot[i] ? " <<<" : "");
    }
    for (unsigned i = 0; i < lockstep->writes->len; i++) {
        const ByteWrite *write = &g_array_index(lockstep->writes, ByteWrite, i);
        if (noted_byte(lockstep, write->host) != *write->host) {
            g_string_append_printf(out, "memory at host %p: %#x, %#x <<<\n", (void *)write->host,
                                   noted_byte(lockstep, write->host), *write->host);
        }
    }
}

static void report(Cpu *cpu, const TcgBlock *block)
{
    const TcgBlocks *blocks = cpu->tcg->accel->blocks;
    const uint8_t *code = tcg_block_code(blocks, block), *cold = blocks->exec + block->cold;
    g_autoptr(GString) out = g_string_new(NULL);
    bool locked = machine_lock_held();

    g_string_append_printf(out, "lockstep: cpu %u, block at %#" PRIx64 " differs\n", cpu->index,
                           block->pc);
    describe_difference(cpu, out);
    ir_dump(tcg_block_region(blocks, block), out);
    disas_host(code, block->hot_bytes, (uintptr_t)code, out);
    g_string_append(out, "out of line:\n");
    disas_host(cold, block->cold_bytes, (uintptr_t)cold, out);
    log_printf(0, "%s", out->str);
    if (!locked) {
        machine_lock();
    }
    machine_request_shutdown(cpu->machine, SHUTDOWN_ERROR, 1);
    if (!locked) {
        machine_unlock();
    }
    atomic_set(&cpu->stop, true); /* no further: what follows would only hide it */
    atomic_fetch_or(&cpu->env.hot.irq, INT32_MIN);
}

static void interpret_aside(Cpu *cpu, const IrRegion *region)
{
    TcgLockstep *lockstep = cpu->tcg->lockstep;
    uint32_t insns;

    g_array_set_size(lockstep->writes, 0);
    lockstep->filter = 0;
    lockstep->unrepeatable = false;
    cpu->tcg->running_region = region;
    lockstep->interpreted.left = tcg_interp_run(region, &cpu->env, &side_runtime, &insns);
    cpu->tcg->running_region = NULL;
    take(cpu, &lockstep->interpreted);
}

TcgLeft tcg_lockstep_run(Cpu *cpu, TcgBlock *block, const void **site)
{
    TcgLockstep *lockstep = cpu->tcg->lockstep;

    const IrRegion *region = tcg_block_region(cpu->tcg->accel->blocks, block);

    if (!is_repeatable(region)) {
        return tcg_loop_run_code(cpu, block, site);
    }
    bool began = tcg_exclusive_begin(cpu);
    take(cpu, &lockstep->start);
    interpret_aside(cpu, region);
    put_back(cpu, &lockstep->start);
    bool compare = !lockstep->unrepeatable;
    TcgLeft left = tcg_loop_run_code(cpu, block, site);
    lockstep->translated.left = left;
    take(cpu, &lockstep->translated);
    if (compare && left != TCG_LEFT_IRQ && !cpu->tcg->restart_single) {
        cpu->tcg->stats.compared++;
        if (!states_agree(cpu, &lockstep->interpreted, &lockstep->translated) ||
            !memory_agrees(lockstep)) {
            report(cpu, block);
        }
    }
    tcg_exclusive_end(cpu, began);
    return left;
}
