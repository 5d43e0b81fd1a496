/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers of a RISC-V CPU in a core file: struct user_regs_struct, pc and x1 to x31. */
#include "target/riscv/dump_notes.h"

#include <elf.h>

#include "target/riscv/cpu.h"

static void prstatus(Cpu *c, uint32_t pid, GByteArray *out)
{
    const RiscvCpu *cpu = container_of(c, RiscvCpu, cpu);
    dump_notes_begin_prstatus(out, pid);
    dump_notes_append(out, CLASS_METHOD(&c->device.object, cpu_class, CpuClass, get_pc)(c), 8);
    for (unsigned i = 1; i < 32; i++) {
        dump_notes_append(out, cpu->x[i], 8);
    }
    dump_notes_append(out, 0, 8); /* pr_fpvalid, padding */
}

const DumpNotesOps riscv_dump_notes_ops = { EM_RISCV, prstatus };
