/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions and interrupts: raising them in helpers, delivering them. Spec: SDM vol. 3, ch. 6. */
#pragma once

#include "target/x86/cpu.h"

typedef enum {
    X86_DE = 0,
    X86_DB = 1,
    X86_NMI = 2,
    X86_BP = 3,
    X86_OF = 4,
    X86_BR = 5,
    X86_UD = 6,
    X86_NM = 7,
    X86_DF = 8,
    X86_TS = 10,
    X86_NP = 11,
    X86_SS_FAULT = 12,
    X86_GP = 13,
    X86_PF = 14,
    X86_MF = 16,
    X86_AC = 17,
    X86_MC = 18,
    X86_XM = 19,
} X86Exception;

typedef enum {
    X86_EVENT_EXCEPTION, /* a fault or abort: the handler returns to the instruction */
    X86_EVENT_TRAP,      /* debug trap: comes after the instruction */
    X86_EVENT_SOFTWARE,  /* INT n, INT3, INTO: gates are checked against CPL */
    X86_EVENT_ICEBP,     /* INT1: as an exception, behind the instruction */
    X86_EVENT_INTERRUPT, /* external, also NMI */
} X86EventType;

/* Unwind words (ir_insn) of instructions. */
enum {
    X86_UNWIND_STACK_LOAD = 1,  /* it reads from the stack: #SS where others give #GP */
    X86_UNWIND_STACK_STORE = 2, /* it writes to the stack */
    X86_UNWIND_MODIFY = 4,      /* it writes what it reads: its loads fault as stores do */
};

/*
 * In helpers: note the exception of the running instruction and leave; state must be as before the
 * instruction. They return 0, so that a helper may "return x86_raise(...)".
 */
uint64_t x86_raise(X86Cpu *cpu, X86Exception vector);
uint64_t x86_raise_code(X86Cpu *cpu, X86Exception vector, uint32_t code);
uint64_t x86_raise_page_fault(X86Cpu *cpu, uint64_t address, uint32_t code);
/** x86_raise_debug - a #DB fault (before the instruction) with @dr6 bits */
uint64_t x86_raise_debug(X86Cpu *cpu, uint32_t dr6);

/**
 * x86_deliver - enter the handler of @event, or of what its delivery raises
 * @pc: linear address of the instruction it belongs to; @next: behind it
 *
 * Returns the linear address to go on at. Context: vCPU thread.
 */
uint64_t x86_deliver(X86Cpu *cpu, X86Event event, uint64_t pc, uint64_t next);

/** x86_debug_trap - a #DB that comes after an instruction; @next: where it goes on */
uint64_t x86_debug_trap(X86Cpu *cpu, uint32_t dr6, uint64_t next);

/** x86_interrupts_update - IF, TPR or a shadow changed: take what is now deliverable soon. vCPU
 * thread */
void x86_interrupts_update(X86Cpu *cpu);

/* for TcgFrontend and CpuClass */
void x86_deliver_exception(Cpu *cpu);
bool x86_deliver_interrupt(Cpu *cpu);
bool x86_has_work(Cpu *cpu);

const char *x86_exception_name(unsigned vector);
