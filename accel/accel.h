/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one interface between vCPUs and what runs them. Options of an accelerator are properties of
 * its class. */
#pragma once

#include "hw/core/machine.h"
#include "target/cpu.h"

typedef struct AccelClass AccelClass;

typedef void AccelCounterFn(const char *name, uint64_t value, void *opaque);

struct AccelClass {
    ObjectClass
        object; /* named "tcg-accel", "kvm-accel", "qtest-accel": -accel takes the first word */
    const char *summary;
    /* can it work on this host at all? NULL slot: yes */
    bool (*available)(GError **errp);
    /* after properties were set, before the board is built */
    bool (*setup)(Accel *accel, Machine *machine, GError **errp);
    /* after all devices exist and vCPUs are realized */
    bool (*setup_done)(Accel *accel, GError **errp);
    void (*cleanup)(Accel *accel);
    /* vCPU life; called in the main thread under the machine lock */
    bool (*cpu_realize)(Accel *accel, Cpu *cpu, GError **errp); /* start its thread, stopped */
    void (*cpu_unrealize)(Accel *accel, Cpu *cpu);
    void (*cpu_reset)(Accel *accel,
                      Cpu *cpu); /* state was reset: forget translations of its context */
    void (*cpu_kick)(Accel *accel, Cpu *cpu); /* any thread */
    /* let vCPUs run / bring all to a stop and wait; main thread, machine lock held (dropped while
     * waiting) */
    void (*resume_all)(Accel *accel);
    void (*pause_all)(Accel *accel);
    /* the debugger's points, instead of those before; copied. All vCPUs are stopped. NULL slot: it
     * has none */
    bool (*set_points)(Accel *accel, const CpuPoint *points, unsigned count, GError **errp);
    /* @fn gets each number that is counted of @cpu (NULL: none yet; then all are 0). NULL slot:
     * nothing is counted */
    void (*counters)(const Cpu *cpu, AccelCounterFn *fn, void *opaque);
    /* text for "info jit" and friends; NULL: nothing to say */
    void (*statistics)(Accel *accel, GString *out);
};

struct Accel {
    Object object;
    Machine *machine;
};

extern const AccelClass accel_class;

/** accel_create - the first accelerator of @list ("kvm:tcg" or one name) that is available, with
 * @properties set on it */
Accel *accel_create(const char *list, const char *properties, GError **errp);
