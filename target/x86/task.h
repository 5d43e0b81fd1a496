/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hardware task switches. Spec: SDM vol. 3, ch. 8. */
#pragma once

#include "target/x86/cpu.h"

typedef enum { X86_TASK_JUMP, X86_TASK_CALL, X86_TASK_RETURN } X86TaskKind;

typedef struct {
    uint16_t selector; /* of the new TSS, or of a task gate */
    X86TaskKind kind;  /* exceptions and interrupts are calls */
    uint32_t next_ip;  /* where the old task goes on */
    uint64_t flags;    /* RFLAGS of the old task */
    unsigned ext;      /* EXT bit of error codes */
} X86TaskSwitch;

/** x86_task_switch - *@pc: linear address to go on at. False after raising: in the old task, or,
 * beyond the point of no return, in the new one */
bool x86_task_switch(X86Cpu *cpu, const X86TaskSwitch *task, uint64_t *pc);
