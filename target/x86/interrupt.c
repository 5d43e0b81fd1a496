/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts, NMI, SMI, INIT and start-up IPIs: which is next, and taking it. Spec: SDM vol.
 * 3, 6.8, 6.9 (priorities), 10.1 (INIT), 9.4 (start-up), 34.7 (SMM).
 */
#include "target/x86/interrupt.h"

#include "accel/tcg/frontend.h"
#include "target/x86/debug.h"
#include "target/x86/mode.h"
#include "target/x86/registers_internal.h"
#include "target/x86/smm.h"
#include "util/atomic.h"

/* Reasons that would be taken now, in any thread's eyes. */
static uint32_t wanted(const X86Cpu *cpu)
{
    uint32_t pending = atomic_read(&cpu->pending);

    if (cpu->sipi_wait) {
        return pending & (X86_PENDING_SIPI | X86_PENDING_INIT);
    }
    pending &= ~X86_PENDING_SIPI;
    if (cpu->smm) {
        pending &= ~(X86_PENDING_SMI | X86_PENDING_INIT);
    }
    if (cpu->nmi_blocked) {
        pending &= ~X86_PENDING_NMI;
    }
    if (cpu->shutdown) {
        return pending & (X86_PENDING_NMI | X86_PENDING_SMI | X86_PENDING_INIT);
    }
    if (!(atomic_read(&cpu->flags.other) & RFLAGS_IF) &&
        !(cpu->wait_break && atomic_read(&cpu->cpu.halted))) {
        pending &= ~X86_PENDING_INTR;
    }
    return pending;
}

bool x86_has_work(Cpu *c)
{
    return wanted(container_of(c, X86Cpu, cpu));
}

void x86_interrupts_update(X86Cpu *cpu)
{
    if (atomic_read(&cpu->pending) && wanted(cpu)) {
        atomic_fetch_or(&cpu->cpu.env.hot.irq, INT32_MIN);
    }
}

void x86_interrupts_returned(X86Cpu *cpu, uint64_t pc)
{
    if (cpu->flags.other & RFLAGS_RF) {
        x86_debug_resume(cpu, pc);
    }
    x86_interrupts_update(cpu);
}

void x86_shadow_set(X86Cpu *cpu, unsigned shadow)
{
    cpu->shadow = shadow;
    x86_mode_update(cpu);
}

/* Taking them ---------------------------------------------------------------------------------- */

static void clear_pending(X86Cpu *cpu, uint32_t bit)
{
    atomic_fetch_and(&cpu->pending, ~bit);
}

static bool is_bootstrap(const X86Cpu *cpu)
{
    const uint64_t bsp = 1 << 8;

    return cpu->apic && cpu->apic->get_base ? cpu->apic->get_base(cpu->apic_opaque) & bsp
                                            : cpu->cpu.index == 0;
}

static void take_init(X86Cpu *cpu)
{
    clear_pending(cpu, X86_PENDING_INIT | X86_PENDING_NMI | X86_PENDING_SMI);
    x86_cpu_init_state(cpu);
    tcg_tlb_flush_all(&cpu->cpu);
    x86_mode_update(cpu);
    if (cpu->apic && cpu->apic->init) {
        cpu->apic->init(cpu->apic_opaque);
    }
    cpu->sipi_wait = !is_bootstrap(cpu);
    if (cpu->sipi_wait) {
        tcg_halt(&cpu->cpu);
    }
}

static void take_sipi(X86Cpu *cpu)
{
    uint8_t vector = atomic_read(&cpu->sipi_vector);

    clear_pending(cpu, X86_PENDING_SIPI);
    cpu->sipi_wait = false;
    atomic_set(&cpu->cpu.halted, false);
    cpu->segment[X86_CS].selector = vector << 8;
    cpu->segment[X86_CS].base = (uint64_t)vector << 12;
    x86_mode_update(cpu);
    cpu->cpu.env.hot.pc = cpu->segment[X86_CS].base;
}

static void take(X86Cpu *cpu, X86Event event)
{
    uint64_t pc = cpu->cpu.env.hot.pc;

    atomic_set(&cpu->cpu.halted, false);
    cpu->shutdown = cpu->wait_break = cpu->hlt = false;
    cpu->cpu.env.hot.pc = x86_deliver(cpu, event, pc, pc);
}

static void take_mce(X86Cpu *cpu)
{
    clear_pending(cpu, X86_PENDING_MCE);
    if (cpu->control.cr4 & CR4_MCE) {
        take(cpu, (X86Event){ .vector = X86_MC, .type = X86_EVENT_INTERRUPT });
    } else {
        cpu->shutdown = true;
        tcg_halt(&cpu->cpu);
        machine_request_reset(cpu->cpu.machine, true);
    }
}

static bool take_interrupt(X86Cpu *cpu)
{
    int vector = cpu->apic ? cpu->apic->acknowledge(cpu->apic_opaque) : -1;

    if (vector < 0) {
        return false;
    }
    take(cpu, (X86Event){ .vector = vector, .type = X86_EVENT_INTERRUPT });
    return true;
}

bool x86_deliver_interrupt(Cpu *c)
{
    X86Cpu *cpu = container_of(c, X86Cpu, cpu);
    uint32_t now = wanted(cpu);

    if (!now) {
        return false;
    }
    if (now & X86_PENDING_INIT) {
        take_init(cpu);
    } else if (now & X86_PENDING_SIPI) {
        take_sipi(cpu);
    } else if (cpu->shadow & X86_SHADOW_MOV_SS) {
        return false;
    } else if (now & X86_PENDING_MCE) {
        take_mce(cpu);
    } else if (now & X86_PENDING_SMI) {
        clear_pending(cpu, X86_PENDING_SMI);
        cpu->shutdown = false;
        c->env.hot.pc = x86_smm_enter(cpu, c->env.hot.pc, cpu->hlt);
        atomic_set(&c->halted, false);
        cpu->hlt = false;
    } else if (now & X86_PENDING_NMI && !cpu->shadow) {
        clear_pending(cpu, X86_PENDING_NMI);
        cpu->nmi_blocked = true;
        take(cpu, (X86Event){ .vector = X86_NMI, .type = X86_EVENT_INTERRUPT });
    } else if (cpu->flags.other & RFLAGS_IF && !cpu->shadow) {
        return take_interrupt(cpu);
    } else {
        return false;
    }
    return true;
}
