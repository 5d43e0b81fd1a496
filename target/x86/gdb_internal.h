/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers of a processor for a debugger: what gdb.c names, gdb_access.c reads and writes. */
#pragma once

#include "target/debug.h"
#include "target/x86/cpu.h"

/* CpuRegister.id: kind << 16 | number within it */
typedef enum {
    X86_GDB_GENERAL,
    X86_GDB_PC, /* RIP; outside 64-bit code EIP, an offset into CS */
    X86_GDB_FLAGS,
    X86_GDB_SELECTOR, /* X86SegmentNumber */
    X86_GDB_BASE,
    X86_GDB_LIMIT,
    X86_GDB_TABLE_BASE, /* 0: GDTR, 1: IDTR */
    X86_GDB_TABLE_LIMIT,
    X86_GDB_STACK, /* st0 - st7, from the top */
    X86_GDB_FPU,   /* X86GdbFpu */
    X86_GDB_XMM,
    X86_GDB_YMM_HIGH,
    X86_GDB_MXCSR,
    X86_GDB_PKRU,
    X86_GDB_XCR0,
    X86_GDB_CONTROL, /* CRn */
    X86_GDB_DEBUG,   /* DRn */
    X86_GDB_MSR,     /* index into x86_gdb_msrs */
} X86GdbKind;

enum { X86_GDB_KIND_SHIFT = 16 };
#define X86_GDB_ID(kind, number) ((uint32_t)(kind) << X86_GDB_KIND_SHIFT | (number))

/* In gdb's order. */
typedef enum {
    X86_GDB_FCTRL,
    X86_GDB_FSTAT,
    X86_GDB_FTAG,
    X86_GDB_FISEG,
    X86_GDB_FIOFF,
    X86_GDB_FOSEG,
    X86_GDB_FOOFF,
    X86_GDB_FOP,
    X86_GDB_FPU_REGISTERS
} X86GdbFpu;

typedef struct {
    const char *name, *type;
    uint32_t number;
} X86GdbMsr;

/* ends with a row without a name */
extern const X86GdbMsr x86_gdb_msrs[];

/** x86_gdb_is_wide - the processor has long mode: gdb sees it as x86-64, whatever mode it is in */
bool x86_gdb_is_wide(const X86Cpu *cpu);
/** x86_gdb_bytes - size of the register @id */
unsigned x86_gdb_bytes(const X86Cpu *cpu, uint32_t id);
/** x86_gdb_read, x86_gdb_write - as in CpuDebug */
bool x86_gdb_read(Cpu *cpu, uint32_t id, uint8_t *bytes);
bool x86_gdb_write(Cpu *cpu, uint32_t id, const uint8_t *bytes);
