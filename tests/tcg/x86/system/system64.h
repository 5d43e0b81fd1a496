/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For programs like those of system.h that start in 64-bit code, with the first and the last of 4
 * GiB mapped as they are for CPL 0: their text begins with "64-bit".
 */
#pragma once

#include "registers64.h"

typedef struct {
    u64 r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
    u64 vector, code, ip, cs, flags, sp, ss;
} Frame;

extern volatile u64 exception_vector, exception_code, exception_ip, exception_cs, exception_flags,
    exception_address, exception_sp;
extern void (*volatile exception_hook)(Frame *);
extern volatile u64 user_flags, user_cs, user_stack, boot_pml4[512], boot_pdpt[512], boot_pd[1024],
    gdt64[16];
extern volatile u32 start_cr4, start_cr3;
extern void (*volatile long_main)(void);
void restart_long(void);
extern u64 stubs[];
extern u8 stack_end[], user_stack_end[];
u32 catch (void (*fn)(u64), u64 arg);
u32 catch_user(void (*fn)(u64), u64 arg);

enum {
    DE = 1,
    DB,
    NMI,
    BP,
    OF,
    BR,
    UD,
    NM,
    DF,
    TS = 11,
    NP,
    SS,
    GP,
    PF,
    MF = 17,
    AC,
    DONE = 0x81
}; /* vector + 1 */

static inline void outb(u16 port, u8 value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}
static inline void put_text(const char *text)
{
    while (*text) {
        outb(0xe9, *text++);
    }
}
static inline void put_hex(u64 value)
{
    for (int shift = 60; shift >= 0; shift -= 4) {
        outb(0xe9, "0123456789abcdef"[value >> shift & 15]);
    }
    outb(0xe9, ' ');
}

extern u32 checks, failures;
static inline void check_equal(u32 line, u64 got, u64 expected)
{
    checks++;
    if (got != expected && failures++ < 20) {
        put_text("line ");
        put_hex(line);
        put_text("got ");
        put_hex(got);
        put_text("expected ");
        put_hex(expected);
        put_text("\n");
    }
}
#define CHECK(got, expected) check_equal(__LINE__, (u64)(got), (u64)(expected))

typedef struct {
    u16 limit;
    u64 base;
} __attribute__((packed)) Table;

extern volatile u64 idt[258];
extern volatile u8 tss[256];

static inline void set_gate(unsigned vector, u64 to, unsigned dpl, unsigned ist)
{
    idt[2 * vector] = (to & 0xffff) | 8 << 16 | (u64)ist << 32 | (0x8eull | dpl << 5) << 40 |
                      (to >> 16 & 0xffff) << 48;
    idt[2 * vector + 1] = to >> 32;
}

/* Tables for exceptions at CPL 0 and 3; the user's part of memory is the program's business. */
static inline void set_up(void)
{
    Table t = { sizeof(idt) - 1, (u64)idt };

    for (unsigned i = 0; i < 129; i++) {
        set_gate(i, stubs[i], i == 3 || i == 4 || i == 128 ? 3 : 0, 0);
    }
    __asm__ volatile("lidt %0" : : "m"(t));
    outb(0x21, 0xff); /* the 8259s are silent */
    outb(0xa1, 0xff);
    *(volatile u64 *)(tss + 4) = (u64)stack_end - 8192;
    *(volatile u16 *)(tss + 102) = sizeof(tss);
    gdt64[14] = (sizeof(tss) - 1) | (u64)tss << 16 | 0x89ull << 40;
    gdt64[15] = 0;
    __asm__ volatile("ltr %w0" : : "r"(0x70));
}
/* All of the first GiB for CPL 3, too */
static inline void open_memory(void)
{
    for (unsigned i = 0; i < 512; i++) {
        boot_pd[i] |= 4;
    }
    write_cr3(read_cr3());
}
#define PROGRAM            \
    u32 checks, failures;  \
    volatile u64 idt[258]; \
    volatile u8 tss[256];
static inline int report(void)
{
    put_hex(checks);
    put_text(failures ? "checks, failed\n" : "checks, ok\n");
    return failures ? 1 : 0;
}
