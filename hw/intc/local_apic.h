/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Local APICs of x86 processors ("apic", one a CPU) and what carries messages between them, from
 * I/O APICs and from MSIs ("apic-bus", one a machine; its region is the first MiB at 0xfee00000).
 * Functions with a void *opaque take the apic's Device and fit the tables that a processor has for
 * its interrupt controller. Context, unless stated otherwise: any thread, machine lock held or not.
 */
#pragma once

#include "hw/core/device.h"
#include "memory/types.h"

enum {
    LOCAL_APIC_BASE = 0xfee00000,     /* where the board maps the region of the bus */
    LOCAL_APIC_TIMER_HZ = 1000000000, /* input of the timer's divider */
    LOCAL_APIC_MAX = 4096,
};

/* What an APIC asks of its processor. Called with locks held: must not call back. */
typedef struct {
    void (*set_intr)(void *opaque, bool level); /* there is something to acknowledge */
    void (*nmi)(void *opaque);
    void (*smi)(void *opaque);
    void (*init)(void *opaque);
    void (*sipi)(void *opaque, uint8_t vector);
    /* guest time, ns, at which the processor's TSC reaches @tsc; may lie in the past */
    int64_t (*tsc_to_ns)(void *opaque, uint64_t tsc);
    void (*deadline_over)(void *opaque); /* IA32_TSC_DEADLINE reads as 0 from now on */
} LocalApicCpuOps;

extern const DeviceClass local_apic_class, local_apic_bus_class;

/* For the board */
/** local_apic_connect - before @dev is realized: its bus (realized), processor number @index in the
 * machine, and the processor's functions. Its property "id" is the APIC ID. */
void local_apic_connect(Device *dev, Device *bus, unsigned index, const LocalApicCpuOps *ops,
                        void *ops_opaque);
/** local_apic_bus_on_eoi - @fn hears of the end of each level-triggered interrupt; machine lock
 * held. Several may be added before the machine runs. */
void local_apic_bus_on_eoi(Device *bus, void (*fn)(void *opaque, uint8_t vector), void *opaque);
/** local_apic_bus_on_extint - who gives the vector of an external interrupt (8259); -1: none.
 * Called with the machine lock held. */
void local_apic_bus_on_extint(Device *bus, int (*acknowledge)(void *opaque), void *opaque);
/** local_apic_bus_send_msi - message of a device or I/O APIC. Spec: SDM vol. 3, 11.11. @opaque is
 * the Device of the bus */
void local_apic_bus_send_msi(void *opaque, hwaddr address, uint32_t data);
/** local_apic_bus_nmi - NMI button: to every processor whose LINT1 lets it pass */
void local_apic_bus_nmi(Device *bus);

/** local_apic_describe - its registers, for people ("info lapic") */
void local_apic_describe(Device *bus, unsigned cpu, GString *out);

/* For the processor */
int local_apic_acknowledge(void *opaque);
uint8_t local_apic_get_tpr(void *opaque);
void local_apic_set_tpr(void *opaque, uint8_t tpr);
uint64_t local_apic_get_base(void *opaque);
bool local_apic_set_base(void *opaque, uint64_t value);
bool local_apic_read_msr(void *opaque, unsigned index, uint64_t *value);
bool local_apic_write_msr(void *opaque, unsigned index, uint64_t value);
void local_apic_set_deadline(void *opaque, uint64_t tsc);
void local_apic_init(void *opaque);
