/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state in which a processor starts a program that no firmware loaded. */
#pragma once

#include "memory/address_space.h"
#include "target/x86/cpu.h"

typedef enum {
    X86_ENTRY_PROTECTED, /* 32 bits, flat, no paging */
    X86_ENTRY_LONG,      /* 64 bits, the first 4 GiB mapped to themselves */
} X86EntryMode;

typedef struct {
    X86EntryMode mode;
    hwaddr pc;
    uint64_t rax, rbx, rsi;
} X86Entry;

/* Where descriptors and page tables for the entry go, below 1 MiB. */
enum {
    X86_ENTRY_TABLES = 0x11000,
    X86_ENTRY_GDT = X86_ENTRY_TABLES,
    X86_ENTRY_PML4 = X86_ENTRY_TABLES + 0x1000,
    X86_ENTRY_TABLES_END = 0x18000,
    X86_ENTRY_GDT_BYTES = 0x30,
};
/* Selectors that Linux's protocols ask for; others do not care. */
enum { X86_ENTRY_CODE = 0x10, X86_ENTRY_DATA = 0x18, X86_ENTRY_TSS = 0x20 };
/* Access words of the descriptors behind them, as in X86Segment */
enum {
    X86_ENTRY_ACCESS_CODE32 = 0xc09b,
    X86_ENTRY_ACCESS_CODE64 = 0xa09b,
    X86_ENTRY_ACCESS_DATA = 0xc093,
    X86_ENTRY_ACCESS_TSS = 0x008b,
    X86_ENTRY_TSS_LIMIT = 0x67,
};

/** x86_entry_write_tables - the GDT and, for long mode, page tables */
void x86_entry_write_tables(AddressSpace *memory, X86EntryMode mode);
/** x86_entry_set - registers of the processor that starts. Context: stopped, just reset */
void x86_entry_set(X86Cpu *cpu, const X86Entry *entry);
/** x86_entry_set_real - the same, in real mode at linear address @at below 1 MiB */
void x86_entry_set_real(X86Cpu *cpu, uint32_t at);
/** x86_entry_set_mtrrs - what firmware would have done on every processor: memory is write-back,
 * but for [@hole, 4 GiB) */
void x86_entry_set_mtrrs(X86Cpu *cpu, hwaddr hole);
