/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers of an x86 CPU in a 64-bit core file: struct user_regs_struct of Linux. */
#include "target/x86/dump_notes.h"

#include <elf.h>

#include "target/x86/flags.h"

enum { ES, CS, SS, DS, FS, GS };

static void prstatus(Cpu *c, uint32_t pid, GByteArray *out)
{
    /* r15 to rbx, r11 to r8, rax, rcx, rdx, rsi, rdi by number */
    static const uint8_t order[] = { 15, 14, 13, 12, 5, 3, 11, 10, 9, 8, 0, 1, 2, 6, 7 };
    static const uint8_t data_segments[] = { DS, ES, FS, GS };
    const X86Cpu *cpu = container_of(c, X86Cpu, cpu);
    dump_notes_begin_prstatus(out, pid);
    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
        dump_notes_append(out, cpu->r[order[i]], 8);
    }
    dump_notes_append(out, UINT64_MAX, 8); /* orig_rax: in no system call */
    dump_notes_append(out, CLASS_METHOD(&c->device.object, cpu_class, CpuClass, get_pc)(c), 8);
    dump_notes_append(out, cpu->segment[CS].selector, 8);
    dump_notes_append(out, x86_flags_get(cpu), 8);
    dump_notes_append(out, cpu->r[4], 8);
    dump_notes_append(out, cpu->segment[SS].selector, 8);
    dump_notes_append(out, cpu->segment[FS].base, 8);
    dump_notes_append(out, cpu->segment[GS].base, 8);
    for (unsigned i = 0; i < G_N_ELEMENTS(data_segments); i++) {
        dump_notes_append(out, cpu->segment[data_segments[i]].selector, 8);
    }
    dump_notes_append(out, 0, 8); /* pr_fpvalid, padding */
}

const DumpNotesOps x86_dump_notes_ops = { EM_X86_64, prstatus };
