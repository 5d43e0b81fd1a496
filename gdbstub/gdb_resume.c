/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Going on and stopping. Spec: gdb manual, E.2 (vCont), E.3 (stop replies). */
#include <inttypes.h>

#include "gdbstub/gdbstub_internal.h"

enum { SIGNAL_INT = 2, SIGNAL_TRAP = 5 };

static CpuResume step_kind(const GdbStub *stub)
{
    return stub->step_flags & GDB_STEP_NO_IRQ ? CPU_STEP_QUIETLY : CPU_STEP;
}

static void resume_as(GdbStub *stub, CpuResume how)
{
    for (unsigned i = 0; i < stub->machine->cpus->len; i++) {
        gdb_cpu(stub, i)->resume = how;
    }
}

static uint64_t linear_pc(Cpu *cpu)
{
    return CLASS_METHOD(&cpu->device.object, cpu_class, CpuClass, get_pc)(cpu);
}

/* It still stands before the breakpoint that it stopped for. */
static bool is_at_point(Cpu *cpu)
{
    const CpuStop *stop = &cpu->debug_stop;

    return stop->reason == CPU_STOP_POINT && stop->kind == CPU_POINT_EXECUTE &&
           stop->address == linear_pc(cpu);
}

void gdb_go_on(GdbStub *stub)
{
    g_autoptr(GError) error = NULL;

    for (unsigned i = 0; i < stub->machine->cpus->len; i++) {
        Cpu *cpu = gdb_cpu(stub, i);
        if (cpu->resume == CPU_RUN && is_at_point(cpu)) {
            cpu->resume = CPU_RUN_PAST;
        }
        cpu->debug_stop.reason = CPU_STOP_NONE;
    }
    if (!gdb_apply_points(stub, &error)) {
        gdb_send_error(stub, GDB_ENOSPC);
        return;
    }
    stub->waiting = true;
    stub->ops->start(stub->opaque);
}

/* Old-style packets may say where to go on. */
static bool set_pc(GdbStub *stub, const char *text)
{
    uint64_t pc;

    if (!*text) {
        return true;
    }
    if (!gdb_parse_hex(&text, &pc) || *text) {
        gdb_send_error(stub, GDB_EINVAL);
        return false;
    }
    if (!gdb_write_pc(gdb_cpu(stub, stub->cpu), pc)) {
        gdb_send_error(stub, GDB_EINVAL);
        return false;
    }
    return true;
}

void gdb_continue(GdbStub *stub, const char *text)
{
    if (set_pc(stub, text)) {
        stub->range_start = stub->range_end;
        resume_as(stub, CPU_RUN);
        gdb_go_on(stub);
    }
}

void gdb_step(GdbStub *stub, const char *text)
{
    if (set_pc(stub, text)) {
        stub->range_start = stub->range_end;
        resume_as(stub, CPU_HOLD);
        gdb_cpu(stub, stub->cont_cpu == UINT_MAX ? stub->cpu : stub->cont_cpu)->resume =
            step_kind(stub);
        gdb_go_on(stub);
    }
}

/* What one part of vCont says: "c", "C05", "s", "S05", "t", "r START,END". */
typedef struct {
    CpuResume how;
    uint64_t start, end;
} Action;

static bool parse_action(GdbStub *stub, const char **at, Action *action)
{
    char what = **at;
    uint64_t signal;

    *action = (Action){ .how = CPU_RUN };
    *at += what != '\0';
    switch (what) {
    case 'C': return gdb_parse_hex(at, &signal);
    case 'c': return true;
    case 'S': action->how = step_kind(stub); return gdb_parse_hex(at, &signal);
    case 's': action->how = step_kind(stub); return true;
    case 't': action->how = CPU_HOLD; return true;
    case 'r':
        action->how = step_kind(stub);
        return gdb_parse_hex(at, &action->start) && gdb_parse_char(at, ',') &&
               gdb_parse_hex(at, &action->end);
    default: return false;
    }
}

static void act_on(GdbStub *stub, unsigned index, const Action *action, bool *decided)
{
    if (decided[index]) { /* the leftmost action that names it counts */
        return;
    }
    decided[index] = true;
    gdb_cpu(stub, index)->resume = action->how;
    if (action->start < action->end) {
        stub->range_cpu = index;
        stub->range_start = action->start;
        stub->range_end = action->end;
    }
}

/* ";ACTION[:THREAD]..." */
void gdb_vcont(GdbStub *stub, const char *text)
{
    unsigned count = stub->machine->cpus->len;
    g_autofree bool *decided = g_new0(bool, count);

    resume_as(stub, CPU_HOLD);
    stub->range_start = stub->range_end = 0;
    while (gdb_parse_char(&text, ';')) {
        unsigned which = UINT_MAX;
        Action action;
        if (!parse_action(stub, &text, &action) ||
            (gdb_parse_char(&text, ':') && !gdb_parse_thread(stub, &text, &which))) {
            resume_as(stub, CPU_RUN);
            gdb_send_error(stub, GDB_EINVAL);
            return;
        }
        for (unsigned i = 0; i < count; i++) {
            if (which == UINT_MAX || which == i) {
                act_on(stub, i, &action, decided);
            }
        }
    }
    if (*text) {
        resume_as(stub, CPU_RUN);
        gdb_send_error(stub, GDB_EINVAL);
        return;
    }
    gdb_go_on(stub);
}

/* The vCPU that the stop is about: the one that has a reason. */
static unsigned stopped_cpu(const GdbStub *stub)
{
    for (unsigned i = 0; i < stub->machine->cpus->len; i++) {
        if (gdb_cpu(stub, i)->debug_stop.reason != CPU_STOP_NONE) {
            return i;
        }
    }
    return stub->cpu;
}

bool gdb_stays_in_range(GdbStub *stub)
{
    if (stub->range_start >= stub->range_end || stopped_cpu(stub) != stub->range_cpu ||
        stub->machine->run_state != RUN_STATE_DEBUG) {
        return false;
    }
    Cpu *cpu = gdb_cpu(stub, stub->range_cpu);
    uint64_t pc = gdb_read_pc(cpu);
    if (cpu->debug_stop.reason != CPU_STOP_STEPPED || pc < stub->range_start ||
        pc >= stub->range_end) {
        return false;
    }
    cpu->resume = step_kind(stub);
    gdb_go_on(stub);
    return true;
}

/* A debugger that cannot find the point at what it takes for the pc (code of a segment whose base
 * is not 0) would go on as if there had been none: to it, this is a trap like any other. */
static void append_break(GdbStub *stub, GString *text, Cpu *cpu)
{
    uint64_t at = cpu->debug_stop.address;

    if (at == gdb_read_pc(cpu)) {
        if (stub->reports_soft && gdb_has_breakpoint(stub, GDB_POINT_SOFT, at)) {
            g_string_append(text, "swbreak:;");
        } else if (stub->reports_hard && gdb_has_breakpoint(stub, GDB_POINT_HARD, at)) {
            g_string_append(text, "hwbreak:;");
        }
    }
}

void gdb_send_stop(GdbStub *stub)
{
    static const char *const watch[] = {
        [CPU_POINT_WRITE] = "watch", [CPU_POINT_READ] = "rwatch", [CPU_POINT_ACCESS] = "awatch"
    };
    unsigned index = stopped_cpu(stub);
    const CpuStop *stop = &gdb_cpu(stub, index)->debug_stop;
    bool trap = stub->machine->run_state == RUN_STATE_DEBUG;
    g_autoptr(GString) text = g_string_new(NULL);

    stub->cpu = index;
    g_string_append_printf(text, "T%02xthread:", trap ? SIGNAL_TRAP : SIGNAL_INT);
    gdb_append_thread(stub, text, index);
    g_string_append_c(text, ';');
    if (stop->reason == CPU_STOP_POINT && stop->kind != CPU_POINT_EXECUTE) {
        g_string_append_printf(text, "%s:%" PRIx64 ";", watch[stop->kind], stop->address);
    } else if (stop->reason == CPU_STOP_POINT) {
        append_break(stub, text, gdb_cpu(stub, index));
    }
    resume_as(stub, CPU_RUN); /* whoever else starts the machine means all of it */
    gdb_send(stub, text->str);
}
