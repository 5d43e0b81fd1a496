/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every guest CPU is, whoever runs it. Architectures derive from CpuClass; accelerators drive
 * it. */
#pragma once

#include "hw/core/machine.h"
#include "target/debug.h"
#include "tcg/env.h"

typedef struct CpuClass CpuClass;
typedef struct TcgCpu TcgCpu;           /* accel/tcg's private part */
typedef struct TcgFrontend TcgFrontend; /* accel/tcg/frontend.h */

typedef void CpuWorkFn(Cpu *cpu, void *data);

struct CpuClass {
    DeviceClass device;
    const char *arch;            /* "riscv64"; NULL when the class serves several */
    const TcgFrontend *frontend; /* NULL: cannot be translated */
    uint64_t (*get_pc)(Cpu *cpu);
    void (*set_pc)(Cpu *cpu, uint64_t pc);
    /* an enabled interrupt is pending, or another reason not to sleep; any thread */
    bool (*has_work)(Cpu *cpu);
    /* registers as text, for -d cpu and "info registers" */
    void (*dump)(Cpu *cpu, GString *out);
    /* switch off what cannot be had, as realize would, and name it; for CPUs that will never run.
     * NULL: everything can */
    void (*settle)(Cpu *cpu, GPtrArray *unavailable);
    /* where a debugger's access goes: physical address, or false when unmapped; no side effects */
    bool (*debug_translate)(Cpu *cpu, vaddr address, hwaddr *physical, MemTxAttrs *attrs);
    const CpuDebug *debug; /* registers for a debugger; NULL: none */
    /* for disas/: what is at the present pc */
    void (*disas_setup)(Cpu *cpu, int *capstone_arch, int *capstone_mode);
    /* where capstone knows no better: one instruction into @text, returns its length, 0: none */
    size_t (*disassemble)(Cpu *cpu, const uint8_t *code, size_t bytes, uint64_t address,
                          GString *text);
};

/* The guest's registers follow TcgEnv in the derived struct (see tcg/env.h): env must stay the last
 * member. */
struct Cpu {
    Device device;
    Machine *machine;
    AddressSpace *memory;                /* what this CPU sees; set by the board before realize */
    unsigned index;                      /* in machine->cpus */
    uint64_t (*read_time)(void *opaque); /* platform counter, set by the board; NULL: none */
    void *time_opaque;

    /* run control, guarded by the machine lock unless stated otherwise */
    bool halted;  /* waiting for an interrupt; atomic */
    bool stop;    /* asked to stop; atomic */
    bool stopped; /* it has; atomic */
    bool unplug;
    CpuResume resume;   /* how it goes on; set while stopped */
    CpuStop debug_stop; /* since the last start */
    GThread *thread;
    GMutex work_lock;
    GCond halt_cond; /* with work_lock: something to do, or work done */
    GQueue work;     /* CpuWork, guarded by work_lock */
    TcgCpu *tcg;
    void *accel_data;

    TcgEnv env;
};

extern const CpuClass cpu_class;

/** cpu_new - create a CPU of @class as "cpu[index]" of the machine, properties set from @properties
 * (may be NULL); not realized */
Cpu *cpu_new(Machine *machine, const ObjectClass *class, const char *properties, GError **errp);

/*
 * What cpu_class does at realize, unrealize and reset: the accelerator's part. A derived class that
 * has its own method calls these: realize last, unrealize first, reset last.
 */
bool cpu_realize(Cpu *cpu, GError **errp);
void cpu_unrealize(Cpu *cpu);
void cpu_reset(Cpu *cpu);

/** cpu_kick - make the vCPU leave guest code or wake up soon; any thread */
void cpu_kick(Cpu *cpu);
/** cpu_interrupt_changed - an interrupt input changed: wake or kick @cpu if has_work() says so; any
 * thread */
void cpu_interrupt_changed(Cpu *cpu);
/** cpu_run_on - run @fn in @cpu's thread between guest instructions; returns at once; any thread */
void cpu_run_on(Cpu *cpu, CpuWorkFn *fn, void *data);
/** cpu_run_on_sync - likewise and wait; must not be called with the machine lock held by a vCPU
 * thread */
void cpu_run_on_sync(Cpu *cpu, CpuWorkFn *fn, void *data);
/** cpu_run_work - do what cpu_run_on() queued; for accelerators, in @cpu's thread. Returns whether
 * there was any */
bool cpu_run_work(Cpu *cpu);
/** cpu_has_queued_work - any thread */
bool cpu_has_queued_work(Cpu *cpu);
/** cpu_set_current - the accelerator's thread runs @cpu from now on (NULL: none) */
void cpu_set_current(Cpu *cpu);
/** cpu_current - the vCPU this thread runs, or NULL */
Cpu *cpu_current(void);

/** cpu_disassemble - guest code as text, a line an instruction */
void cpu_disassemble(Cpu *cpu, const void *code, size_t bytes, uint64_t address, GString *out);

/* Guest virtual memory for debuggers and semihosting; false: unmapped somewhere in the range */
bool cpu_debug_read(Cpu *cpu, vaddr address, void *buffer, size_t length);
bool cpu_debug_write(Cpu *cpu, vaddr address, const void *buffer, size_t length);
