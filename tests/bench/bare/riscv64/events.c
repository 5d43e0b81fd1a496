/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What single events cost in M-mode: traps, CSRs, devices, fences, modified code, atomics. */
#include "bare.h"

void events_trap(void); /* in events.S: skips the ecall */

static volatile uint8_t *const uart = (volatile uint8_t *)0x10000000;
static volatile uint64_t pages[64][512] __attribute__((aligned(4096)));
static uint32_t code[1024] __attribute__((aligned(4096))); /* a page of its own */
static uint64_t shared;

static void ecall(void)
{
    __asm__ volatile("ecall" ::: "t0", "memory");
}

static void csr(void)
{
    uint64_t value;

    __asm__ volatile("csrrw %0, mscratch, zero" : "=r"(value));
}

static void mmio(void)
{
    (void)uart[5];
}

static void fence(void)
{
    __asm__ volatile("sfence.vma" ::: "memory");
}

static void fence_64_pages(void)
{
    fence();
    for (int i = 0; i < 64; i++) {
        (void)pages[i][0];
    }
}

/* Writes "addi a0, a0, N; ret", and calls it. */
static void modified_code(void)
{
    static uint32_t count;
    register uint64_t a0 __asm__("a0") = 0;

    count = (count + 1) & 0x3ff;
    ((volatile uint32_t *)code)[0] = 0x00050513 | count << 20;
    ((volatile uint32_t *)code)[1] = 0x00008067;
    __asm__ volatile("fence.i\n jalr %1" : "+r"(a0) : "r"(code) : "ra", "memory");
}

static void amo(void)
{
    __asm__ volatile("amoadd.d zero, %0, (%1)" ::"r"(1), "r"(&shared) : "memory");
}

static void cas(void)
{
    uint64_t old, failed;

    __asm__ volatile("1: lr.d %0, (%2)\n addi %0, %0, 1\n sc.d %1, %0, (%2)\n bnez %1, 1b"
                     : "=&r"(old), "=&r"(failed)
                     : "r"(&shared)
                     : "memory");
}

static void nothing(void)
{
    __asm__ volatile("" ::: "memory");
}

static const BareEvent events[] = {
    { "call", nothing, 5000000 },
    { "ecall", ecall, 500000 },
    { "csr", csr, 2000000 },
    { "mmio", mmio, 1000000 },
    { "sfence", fence, 200000 },
    { "sfence-64-pages", fence_64_pages, 10000 },
    { "modified-code", modified_code, 30000 },
    { "amo", amo, 5000000 },
    { "cas", cas, 5000000 },
};

int bare_main(void)
{
    __asm__ volatile("csrw mtvec, %0" ::"r"(events_trap));
    bare_events(events, sizeof(events) / sizeof(events[0]));
    return 0;
}
