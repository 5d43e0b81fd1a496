/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Break- and watchpoints of a vCPU, and where it is. */
#include <string.h>

#include "accel/tcg/block_internal.h"
#include "accel/tcg/loop_internal.h"

bool tcg_breakpoint_at(const Cpu *cpu, vaddr pc)
{
    const GArray *list = cpu->tcg->breakpoints;

    for (unsigned i = 0; i < list->len; i++) {
        if (g_array_index(list, TcgWatch, i).address == pc) {
            return true;
        }
    }
    return false;
}

/* Blocks are shared and may run over the place: all are made anew, with the point in mind. */
static void points_changed(Cpu *cpu)
{
    tcg_blocks_flush(cpu->tcg->accel->blocks);
    tcg_request(cpu, TCG_REQUEST_TLB_FLUSH);
}

static void insert(GArray *list, TcgWatch point)
{
    g_array_append_val(list, point);
}

static void remove_one(GArray *list, TcgWatch point)
{
    for (unsigned i = 0; i < list->len; i++) {
        const TcgWatch *have = &g_array_index(list, TcgWatch, i);
        if (have->address == point.address && have->length == point.length &&
            have->on_load == point.on_load && have->on_store == point.on_store) {
            g_array_remove_index_fast(list, i);
            return;
        }
    }
}

void tcg_breakpoint_insert(Cpu *cpu, vaddr pc)
{
    insert(cpu->tcg->breakpoints, (TcgWatch){ .address = pc, .length = 1 });
    points_changed(cpu);
}

void tcg_breakpoint_remove(Cpu *cpu, vaddr pc)
{
    remove_one(cpu->tcg->breakpoints, (TcgWatch){ .address = pc, .length = 1 });
    points_changed(cpu);
}

void tcg_watchpoint_insert(Cpu *cpu, vaddr address, uint64_t length, bool on_load, bool on_store)
{
    insert(cpu->tcg->watchpoints, (TcgWatch){ address, length, on_load, on_store });
    points_changed(cpu);
}

void tcg_watchpoint_remove(Cpu *cpu, vaddr address, uint64_t length, bool on_load, bool on_store)
{
    remove_one(cpu->tcg->watchpoints, (TcgWatch){ address, length, on_load, on_store });
    points_changed(cpu);
}

bool tcg_watch_hit(Cpu *cpu, vaddr address, unsigned length, TcgAccess access)
{
    const GArray *list = cpu->tcg->watchpoints;

    for (unsigned i = 0; i < list->len; i++) {
        const TcgWatch *watch = &g_array_index(list, TcgWatch, i);
        bool kind = access == TCG_ACCESS_STORE ? watch->on_store : watch->on_load;
        if (kind &&
            (address - watch->address < watch->length || watch->address - address < length) &&
            cpu->tcg->frontend->debug_hit && cpu->tcg->frontend->debug_hit(cpu, address, access)) {
            return true;
        }
    }
    return false;
}

/* The interpreter keeps the pc up to date; the unwind word stands in the region. */
static uint64_t interpreter_pc(Cpu *cpu, uint8_t *aux)
{
    const IrRegion *region = cpu->tcg->running_region;
    uint64_t pc = cpu->env.hot.pc;

    for (uint32_t i = 1; aux && region && i < region->count; i++) {
        if (region->ops[i].op == IR_INSN && region->ops[i].imm == pc) {
            *aux = region->ops[i].aux;
            break;
        }
    }
    return pc;
}

uint64_t tcg_guest_pc(Cpu *cpu, uint8_t *aux)
{
    TcgUnwound at = { .pc = cpu->env.hot.pc };

    if (!cpu->env.hot.host_return) {
        return interpreter_pc(cpu, aux);
    }
    tcg_unwind_running(cpu, &at);
    if (aux) {
        *aux = at.aux;
    }
    return at.pc;
}

void tcg_unwind_running(Cpu *cpu, TcgUnwound *at)
{
    const void *host = (const void *)(uintptr_t)cpu->env.hot.host_return;
    const TcgBlock *block = tcg_cache_block_at(cpu->tcg->accel->blocks, host);

    g_assert(block && tcg_block_unwind(cpu->tcg->accel->blocks, block, host, at));
}

uint32_t tcg_insns_after(Cpu *cpu)
{
    const IrRegion *region = cpu->tcg->running_region;
    uint32_t after = 0;

    if (cpu->env.hot.host_return) {
        TcgUnwound at;
        tcg_unwind_running(cpu, &at);
        return at.insns_after;
    }
    for (uint32_t i = region ? region->count : 0; i-- > 1;) {
        if (region->ops[i].op == IR_INSN) {
            if (region->ops[i].imm == cpu->env.hot.pc) {
                return after;
            }
            after++;
        }
    }
    return 0;
}
