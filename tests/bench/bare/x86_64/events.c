/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What single events cost at CPL 0: interrupts, ports, devices, paging, modified code, atomics. */
#include "bare.h"

void events_interrupt(void); /* both in events.S */
void events_syscall(void);

enum { MSR_EFER = 0xc0000080u, MSR_STAR = 0xc0000081u, MSR_LSTAR = 0xc0000082u };
enum { VECTOR = 0x80, CODE_SELECTOR = 8, LOCAL_APIC_ID = 8 }; /* in units of 4 bytes */

static volatile uint32_t *const local_apic = (volatile uint32_t *)0xfee00000u;
static volatile uint64_t pages[64][512] __attribute__((aligned(4096)));
static uint8_t code[4096] __attribute__((aligned(4096))); /* a page of its own */
static uint64_t idt[2 * (VECTOR + 1)];
static uint64_t shared;

static void interrupt(void)
{
    __asm__ volatile("int %0" : : "i"(VECTOR) : "memory");
}

static void syscall(void)
{
    __asm__ volatile("syscall" : : : "rcx", "r11", "memory");
}

static void cpuid(void)
{
    uint32_t eax = 0, ebx, ecx = 0, edx;

    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
}

static void rdtsc(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
}

static void port(void)
{
    (void)machine_in(MACHINE_SERIAL_STATUS);
}

static void mmio(void)
{
    (void)MACHINE_HPET[HPET_CONFIGURATION];
}

static void apic(void)
{
    (void)local_apic[LOCAL_APIC_ID];
}

static void cr3(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr3, %0; mov %0, %%cr3" : "=r"(value) : : "memory");
}

static void cr3_64_pages(void)
{
    cr3();
    for (int i = 0; i < 64; i++) {
        (void)pages[i][0];
    }
}

static void invlpg(void)
{
    __asm__ volatile("invlpg %0" : : "m"(pages[0][0]) : "memory");
    (void)pages[0][0];
}

/* Writes "lea N(%rax), %eax; ret", and calls it. */
static void modified_code(void)
{
    static uint32_t count;
    uint64_t rax = 0;

    count++;
    ((volatile uint16_t *)code)[0] = 0x808d;
    *(volatile uint32_t *)(code + 2) = count;
    ((volatile uint8_t *)code)[6] = 0xc3;
    __asm__ volatile("call *%1" : "+a"(rax) : "r"(code) : "memory");
}

static void xadd(void)
{
    uint64_t one = 1;

    __asm__ volatile("lock xadd %0, %1" : "+r"(one), "+m"(shared) : : "memory", "cc");
}

static void cas(void)
{
    uint64_t old = shared;

    __asm__ volatile("lock cmpxchg %2, %1"
                     : "+a"(old), "+m"(shared)
                     : "r"(old + 1)
                     : "memory", "cc");
}

static void nothing(void)
{
    __asm__ volatile("" ::: "memory");
}

static const BareEvent events[] = {
    { "call", nothing, 5000000 },   { "int-iret", interrupt, 200000 },
    { "syscall", syscall, 500000 }, { "cpuid", cpuid, 500000 },
    { "rdtsc", rdtsc, 1000000 },    { "port", port, 500000 },
    { "mmio", mmio, 500000 },       { "apic", apic, 500000 },
    { "cr3", cr3, 100000 },         { "cr3-64-pages", cr3_64_pages, 10000 },
    { "invlpg", invlpg, 100000 },   { "modified-code", modified_code, 10000 },
    { "xadd", xadd, 2000000 },      { "cas", cas, 2000000 },
};

static void write_msr(uint32_t number, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(number), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

/* Spec: Intel SDM volume 3, 6.14.1 (64-bit gates), 5.8.8 (SYSCALL). */
static void set_up(void)
{
    struct {
        uint16_t bytes;
        uint64_t address;
    } __attribute__((packed)) table = { sizeof(idt) - 1, (uint64_t)idt };
    uint64_t entry = (uint64_t)events_interrupt;

    idt[2 * VECTOR] = (entry & 0xffff) | (uint64_t)CODE_SELECTOR << 16 | (uint64_t)0x8e00 << 32 |
                      (entry >> 16 & 0xffff) << 48;
    idt[2 * VECTOR + 1] = entry >> 32;
    __asm__ volatile("lidt %0" : : "m"(table));
    write_msr(MSR_STAR, (uint64_t)CODE_SELECTOR << 32);
    write_msr(MSR_LSTAR, (uint64_t)events_syscall);
    write_msr(MSR_EFER, 0x501); /* LMA, LME, SCE */
}

int bare_main(void)
{
    set_up();
    bare_events(events, sizeof(events) / sizeof(events[0]));
    return 0;
}
