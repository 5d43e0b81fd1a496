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

/* The guest's own points come before the access, the debugger's behind its instruction, which is
 * therefore repeated alone. True: raised. */
static bool watch_says_no(Cpu *cpu, const TcgWatch *watch, vaddr address, TcgAccess access)
{
    const TcgFrontend *frontend = cpu->tcg->frontend;

    if (!watch->debugger) {
        vaddr first = MAX(address, watch->address); /* of what both have */
        return frontend->debug_hit && frontend->debug_hit(cpu, first, access);
    }
    if (!cpu->tcg->in_single) {
        cpu->tcg->restart_single = true;
        tcg_raise(cpu);
        return true;
    }
    cpu->tcg->debug_stop = (CpuStop){
        .reason = CPU_STOP_POINT,
        .kind = !watch->on_load    ? CPU_POINT_WRITE
                : !watch->on_store ? CPU_POINT_READ
                                   : CPU_POINT_ACCESS,
        .address = MAX(address, watch->address),
    };
    return false;
}

bool tcg_watch_hit(Cpu *cpu, vaddr address, unsigned length, TcgAccess access)
{
    const GArray *list = cpu->tcg->watchpoints;

    for (unsigned i = 0; i < list->len; i++) {
        const TcgWatch *watch = &g_array_index(list, TcgWatch, i);
        bool kind = access == TCG_ACCESS_STORE ? watch->on_store : watch->on_load;
        if (kind &&
            (address - watch->address < watch->length || watch->address - address < length) &&
            watch_says_no(cpu, watch, address, access)) {
            return true;
        }
    }
    return false;
}

static void drop_debugger_points(GArray *list)
{
    for (unsigned i = list->len; i-- > 0;) {
        if (g_array_index(list, TcgWatch, i).debugger) {
            g_array_remove_index_fast(list, i);
        }
    }
}

void tcg_debugger_attach(TcgAccel *accel, Cpu *cpu)
{
    drop_debugger_points(cpu->tcg->breakpoints);
    drop_debugger_points(cpu->tcg->watchpoints);
    for (unsigned i = 0; accel->points && i < accel->points->len; i++) {
        const CpuPoint *point = &g_array_index(accel->points, CpuPoint, i);
        bool executes = point->kind == CPU_POINT_EXECUTE;
        insert(executes ? cpu->tcg->breakpoints : cpu->tcg->watchpoints,
               (TcgWatch){ .address = point->address,
                           .length = executes ? 1 : point->length,
                           .on_load = !executes && point->kind != CPU_POINT_WRITE,
                           .on_store = !executes && point->kind != CPU_POINT_READ,
                           .debugger = true });
    }
}

bool tcg_debugger_points(TcgAccel *accel, const CpuPoint *points, unsigned count)
{
    GPtrArray *cpus = accel->accel.machine->cpus;

    if (!accel->points) {
        accel->points = g_array_new(false, false, sizeof(CpuPoint));
    }
    g_array_set_size(accel->points, 0);
    g_array_append_vals(accel->points, points, count);
    for (unsigned i = 0; i < cpus->len; i++) {
        Cpu *cpu = g_ptr_array_index(cpus, i);
        if (cpu->tcg) {
            tcg_debugger_attach(accel, cpu);
            points_changed(cpu);
        }
    }
    return true;
}

bool tcg_debugger_stops_at(Cpu *cpu, vaddr pc)
{
    const GArray *list = cpu->tcg->breakpoints;

    for (unsigned i = 0; i < list->len; i++) {
        const TcgWatch *point = &g_array_index(list, TcgWatch, i);
        if (point->debugger && point->address == pc) {
            cpu->tcg->debug_stop =
                (CpuStop){ .reason = CPU_STOP_POINT, .kind = CPU_POINT_EXECUTE, .address = pc };
            return true;
        }
    }
    return false;
}

bool tcg_debugger_report(Cpu *cpu)
{
    CpuStop *stop = &cpu->tcg->debug_stop;

    if (stop->reason == CPU_STOP_NONE || cpu->tcg->restart_single) {
        return false;
    }
    tcg_leave(cpu);
    machine_lock();
    cpu->debug_stop = *stop;
    cpu->resume = CPU_RUN;
    atomic_set(&cpu->stop, true); /* at once; the others follow when the machine is stopped */
    machine_request_debug(cpu->machine);
    machine_unlock();
    stop->reason = CPU_STOP_NONE;
    return true;
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
