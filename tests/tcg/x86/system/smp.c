/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 64-bit: four processors: start-up, locked operations also over the ends of lines and pages,
 * litmus tests of memory order, code that another processor writes, IPIs and x2APIC, shootdown of
 * translations. Spec: SDM vol. 3, 9.1 to 9.3, 9.4, 11.6, 11.12.
 * options: -smp 4
 * not in: icount single-thread
 */
#include "system64.h"

PROGRAM

enum { CPUS = 4, ROUNDS = 1500 };

static volatile u32 *const apic = (volatile u32 *)0xfee00000;
static volatile u32 arrived, phase, running, wrong;
extern u8 stacks[CPUS][8192];
u8 stacks[CPUS][8192] __attribute__((aligned(16)));
static void (*volatile job)(u32 cpu);

static u32 fetch_add(volatile u32 *at, u32 n)
{
    return __atomic_fetch_add(at, n, __ATOMIC_SEQ_CST);
}
static void barrier(volatile u32 *count, u32 cpus)
{
    u32 target = (fetch_add(count, 1) / cpus + 1) * cpus;
    while (*count < target) {
        __builtin_ia32_pause();
    }
}

/* In real mode at 0x8000, then to long mode as the first processor did */
__asm__(".globl ap_start, ap_end\n.code16\n"
        "ap_start: cli; xor %ax, %ax; mov %ax, %ds; lgdtl 0x8000 + ap_gdt - ap_start\n"
        "mov %cr0, %eax; or $1, %al; mov %eax, %cr0; ljmpl $0x18, $ap_32\n"
        "ap_gdt: .word 127; .long gdt64\n"
        "ap_end: .code32\n"
        "ap_32: mov $0x10, %ecx; mov %ecx, %ds; mov %ecx, %es; mov %ecx, %ss; jmp "
        "enter_long\n.code64\n");
extern u8 ap_start[], ap_end[];

static void ap_main(void);
__asm__(".globl ap_stack\n"
        "ap_stack: mov $1, %eax; lock; xadd %eax, ap_count; inc %eax; shl $13, %eax; lea "
        "stacks(%rax), %rsp\n"
        "add $8192, %rsp; mov %eax, %edi; shr $13, %edi; call ap_run\n"
        ".data\nap_count: .long 0\n.text");
extern u8 ap_stack[];
void ap_run(u32 cpu);
void ap_run(u32 cpu)
{
    Table t = { sizeof(idt) - 1, (u64)idt };
    u32 seen = 0;

    __asm__ volatile("lidt %0" : : "m"(t));
    fetch_add(&arrived, 1);
    for (;;) {
        while (phase == seen) {
            __builtin_ia32_pause();
        }
        seen = phase;
        job(cpu);
        fetch_add(&running, -1u);
    }
}
static void ap_main(void)
{
    __asm__ volatile("jmp ap_stack");
}

static void on_all(void (*fn)(u32))
{
    job = fn;
    running = CPUS;
    phase++;
    fn(0);
    fetch_add(&running, -1u);
    while (running) {
        __builtin_ia32_pause();
    }
}

static void start_others(void)
{
    for (u32 i = 0; i < (u32)(ap_end - ap_start); i++) {
        ((volatile u8 *)0x8000)[i] = ap_start[i];
    }
    long_main = ap_main;
    apic[0xf0 / 4] = 0x1ff;
    apic[0x300 / 4] = 0xc4500; /* INIT, then two start-up IPIs, to all but self */
    for (volatile int i = 0; i < 10000; i++) {
    }
    apic[0x300 / 4] = 0xc4608;
    for (volatile int i = 0; i < 10000; i++) {
    }
    apic[0x300 / 4] = 0xc4608;
    while (arrived < CPUS - 1) {
        __builtin_ia32_pause();
    }
}

/* Locked operations on words that lie across lines, across pages */
static u8 area[3 * 4096] __attribute__((aligned(4096)));
static volatile u32 bar;
#define AT(offset) (area + (offset))
static void locked(u32 cpu)
{
    for (int i = 0; i < ROUNDS; i++) {
        __asm__ volatile("lock; incl %0" : "+m"(*(u32 *)AT(0)));
        __asm__ volatile("lock; incl %0" : "+m"(*(u32 *)AT(62)));
        __asm__ volatile("lock; addq $3, %0" : "+m"(*(u64 *)AT(4092)));
        __asm__ volatile("lock; xaddw %0, %1" : "+r"((u16){ 1 }), "+m"(*(u16 *)AT(8191)));
        u64 old = *(volatile u64 *)AT(128), mine;
        do {
            mine = old + 1;
            __asm__ volatile("lock; cmpxchg %2, %1" : "+a"(old), "+m"(*(u64 *)AT(128)) : "r"(mine));
        } while (old + 1 != mine);
        __asm__ volatile(
            "1: mov (%0), %%rax; mov 8(%0), %%rdx; mov %%rax, %%rbx; mov %%rdx, %%rcx\n"
            "add $1, %%rbx; adc $0, %%rcx; lock; cmpxchg16b (%0); jnz 1b"
            :
            : "r"(AT(256))
            : "rax", "rbx", "rcx", "rdx", "memory", "cc");
        __asm__ volatile("lock; btsl %1, %0" : "+m"(*(u32 *)AT(512)) : "r"(cpu * 1000 + i % 1000));
        __asm__ volatile("lock; notl %0; lock; negl %0" : "+m"(*(u32 *)AT(2048 + 64 * cpu)));
    }
}
static void test_locked(void)
{
    *(u64 *)AT(256) = ~0ull - 100;
    *(u64 *)AT(264) = 0;
    on_all(locked);
    CHECK(*(u32 *)AT(0), CPUS * ROUNDS);
    CHECK(*(u32 *)AT(62), CPUS * ROUNDS);
    CHECK(*(u64 *)AT(4092), 3 * CPUS * ROUNDS);
    CHECK(*(u16 *)AT(8191), (u16)(CPUS * ROUNDS));
    CHECK(*(u64 *)AT(128), CPUS * ROUNDS);
    CHECK(*(u64 *)AT(256), ~0ull - 100 + CPUS * ROUNDS);
    CHECK(*(u64 *)AT(264), 1);
}

/* Litmus: outcomes that x86 forbids (9.2.3) */
static volatile u64 x __attribute__((aligned(64))), y __attribute__((aligned(64))),
    r[8] __attribute__((aligned(64)));
static volatile u32 bars[4];
static void reset(u32 cpu)
{
    barrier(&bars[0], CPUS);
    if (!cpu) {
        x = y = 0;
    }
    barrier(&bars[1], CPUS);
}
static void litmus(u32 cpu)
{
    for (int i = 0; i < ROUNDS / 4; i++) {
        reset(cpu); /* MP: stores are seen in order */
        if (cpu == 0) {
            x = 1;
            y = 1;
        } else {
            u64 a = y, b = x;
            wrong |= a == 1 && b == 0 ? 1 : 0;
        }
        reset(cpu); /* SB with fences, then with locked operations */
        if (cpu < 2) {
            if (cpu) {
                y = 1;
            } else {
                x = 1;
            }
            __asm__ volatile("mfence" : : : "memory");
            r[cpu] = cpu ? x : y;
        }
        barrier(&bars[2], CPUS);
        wrong |= r[0] == 0 && r[1] == 0 ? 2 : 0;
        reset(cpu);
        if (cpu < 2) {
            u64 one = 1;
            __asm__ volatile("xchg %0, %1" : "+r"(one), "+m"(*(cpu ? &y : &x)) : : "memory");
            r[cpu] = cpu ? x : y;
        }
        barrier(&bars[2], CPUS);
        wrong |= r[0] == 0 && r[1] == 0 ? 4 : 0;
        reset(cpu); /* LB */
        if (cpu < 2) {
            r[cpu] = cpu ? y : x;
            *(cpu ? &x : &y) = 1;
        }
        barrier(&bars[2], CPUS);
        wrong |= r[0] == 1 && r[1] == 1 ? 8 : 0;
        reset(cpu); /* IRIW: all agree on the order of two stores */
        if (cpu < 2) {
            *(cpu ? &y : &x) = 1;
        } else {
            r[2 * cpu - 4] = cpu == 2 ? x : y;
            r[2 * cpu - 3] = cpu == 2 ? y : x;
        }
        barrier(&bars[2], CPUS);
        wrong |= r[0] == 1 && r[1] == 0 && r[2] == 1 && r[3] == 0 ? 16 : 0;
        barrier(&bars[3], CPUS);
    }
}

/* Code written by one, run by the others after a serializing instruction (9.1.3) */
static u8 code[64] __attribute__((aligned(64)));
static volatile u32 version;
static void cross_modify(u32 cpu)
{
    for (u32 i = 1; i <= ROUNDS / 4; i++) {
        barrier(&bars[0], CPUS);
        if (cpu == 0) {
            code[0] = 0xb8; /* mov $i, %eax; ret */
            *(u32 *)(code + 1) = i;
            code[5] = 0xc3;
            version = i;
        }
        barrier(&bars[1], CPUS);
        u32 registers[4], got;
        cpuid(0, 0, registers);
        __asm__ volatile("call *%1" : "=a"(got) : "r"(code) : "memory");
        wrong |= got != i ? 32 : 0;
    }
}
/* Its own, at once */
static void self_modify(u32 cpu)
{
    static u8 mine[CPUS][64] __attribute__((aligned(64)));
    u8 *c = mine[cpu];
    for (u32 i = 1; i <= ROUNDS / 4; i++) {
        u32 got;
        c[0] = 0xb8;
        c[5] = 0xc3;
        __asm__ volatile("movl %2, 1(%1); call *%1" : "=a"(got) : "r"(c), "r"(i) : "memory");
        wrong |= got != i ? 64 : 0;
        /* the next instruction of the one that writes */
        __asm__ volatile("movb $0x40, 1f + 2(%%rip); 1: mov $0, %%al; nop"
                         : "=a"(got)
                         :
                         : "memory");
    }
}

/* A translation that one takes away, others stop using after an IPI: here each flushes itself. */
static volatile u64 pt[512] __attribute__((aligned(4096)));
static void flush_self(u32 cpu)
{
    write_cr3(read_cr3());
}
static void test_shootdown(void)
{
    boot_pd[100] = (u64)pt | 7;
    pt[0] = (u64)area | 3;
    write_cr3(read_cr3());
    area[16] = 1;
    area[4096 + 16] = 2;
    CHECK(*(volatile u8 *)(100 * 0x200000 + 16), 1);
    pt[0] = (u64)(area + 4096) | 3;
    on_all(flush_self);
    CHECK(*(volatile u8 *)(100 * 0x200000 + 16), 2);
}

/* IPIs: each processor interrupts all others */
static volatile u32 got_ipis[CPUS * 4];
static volatile int x2apic;
static u32 my_id(void)
{
    return x2apic ? (u32)rdmsr(0x802) : apic[0x20 / 4] >> 24;
}
static void ipi_hook(Frame *f)
{
    if (f->vector != 0x41) {
        wrong |= 128;
        return;
    }
    fetch_add(&got_ipis[my_id() & (CPUS - 1)], 1);
    if (x2apic) {
        wrmsr(0x80b, 0);
    } else {
        apic[0xb0 / 4] = 0;
    }
}
static void ipis(u32 cpu)
{
    if (x2apic && !(rdmsr(0x1b) & 0x400)) {
        wrmsr(0x1b, rdmsr(0x1b) | 0x400);
    }
    if (x2apic) {
        wrmsr(0x80f, 0x1ff);
    } else {
        apic[0xf0 / 4] = 0x1ff;
    }
    barrier(&bars[0], CPUS);
    __asm__ volatile("sti");
    for (int i = 0; i < 50; i++) {
        u32 before = got_ipis[my_id()];
        barrier(&bars[1], CPUS);
        if ((u32)i % CPUS == my_id()) {
            if (x2apic) {
                wrmsr(0x830, 0xc4041);
            } else {
                apic[0x300 / 4] = 0xc4041;
            }
        } else {
            while (got_ipis[my_id()] == before) {
                __builtin_ia32_pause();
            }
        }
        barrier(&bars[2], CPUS);
    }
    __asm__ volatile("cli");
}

int main(void)
{
    set_up();
    start_others();
    test_locked();
    on_all(litmus);
    CHECK(wrong, 0);
    on_all(cross_modify);
    CHECK(wrong, 0);
    on_all(self_modify);
    CHECK(wrong, 0);
    test_shootdown();
    exception_hook = ipi_hook;
    on_all(ipis);
    CHECK(wrong, 0);
    for (u32 i = 0, sum = 0; i < CPUS; i++) {
        sum += got_ipis[i];
        if (i == CPUS - 1) {
            CHECK(sum, 150);
        }
    }
    x2apic = 1;
    on_all(ipis);
    CHECK(wrong, 0);
    for (u32 i = 0, sum = 0; i < CPUS; i++) {
        sum += got_ipis[i];
        if (i == CPUS - 1) {
            CHECK(sum, 300);
        }
    }
    return report();
}
