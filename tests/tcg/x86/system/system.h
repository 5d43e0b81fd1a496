/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For programs that test what only the processor's system software sees. They run on the bare
 * machine, started by Multiboot, and end by port 0xf4 (isa-debug-exit): status 1 means success,
 * others twice the number of the failing check plus 1; the check's line and values go to port 0xe9.
 */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

extern volatile u32 exception_vector, exception_code, exception_ip, exception_cs, exception_flags,
    exception_address;
extern void (*volatile exception_hook)(void);
extern u32 user_flags, stubs[];
extern u8 stack_end[], user_stack_end[];
u32 catch (void (*fn)(void *), void *arg);
u32 catch_user(void (*fn)(void *), void *arg);

enum {
    DE = 1,
    DB = 2,
    BP = 4,
    OF = 5,
    BR = 6,
    UD = 7,
    NM = 8,
    DF = 9,
    TS = 11,
    NP = 12,
    SS = 13,
    GP = 14,
    PF = 15,
    AC = 18,
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

static inline void put_hex(u32 value)
{
    for (int shift = 28; shift >= 0; shift -= 4) {
        outb(0xe9, "0123456789abcdef"[value >> shift & 15]);
    }
    outb(0xe9, ' ');
}

extern u32 checks, failures;

static inline void check_equal(u32 line, u32 got, u32 expected)
{
    checks++;
    if (got != expected) {
        put_text("line ");
        put_hex(line);
        put_text("got ");
        put_hex(got);
        put_text("expected ");
        put_hex(expected);
        put_text("\n");
        failures++;
    }
}
#define CHECK(got, expected) check_equal(__LINE__, (u32)(got), (u32)(expected))

/* Descriptors */
static inline u64 descriptor(u32 base, u32 limit, u32 access)
{
    return (limit & 0xffff) | (u64)(base & 0xffffff) << 16 | (u64)(access & 0xff) << 40 |
           (u64)(limit >> 16 & 15) << 48 | (u64)(access >> 12 & 15) << 52 | (u64)(base >> 24) << 56;
}
static inline u64 gate(u16 selector, u32 offset, u32 access)
{
    return (offset & 0xffff) | (u64)selector << 16 | (u64)access << 40 | (u64)(offset >> 16) << 48;
}
typedef struct {
    u16 limit;
    u32 base;
} __attribute__((packed)) Table;
