/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 64-bit: model-specific registers and what they refuse, control registers, fast system calls,
 * bases of FS and GS, UMIP, machine checks. Spec: SDM vol. 3, 2.5, 5.8.7, 16.3; vol. 4. */
#include "system64.h"

PROGRAM

enum {
    SYSENTER_CS = 0x174,
    SYSENTER_ESP,
    SYSENTER_EIP,
    MCG_CAP = 0x179,
    MCG_STATUS,
    PAT = 0x277,
    MTRR_DEFAULT = 0x2ff,
    MC0_CTL = 0x400,
    APIC_BASE = 0x1b,
    TSC_ADJUST = 0x3b,
    TSC_DEADLINE = 0x6e0
};
#define EFER      0xc0000080u
#define STAR      0xc0000081u
#define LSTAR     0xc0000082u
#define SFMASK    0xc0000084u
#define FS_BASE   0xc0000100u
#define GS_BASE   0xc0000101u
#define KERNEL_GS 0xc0000102u
#define TSC_AUX   0xc0000103u

typedef struct {
    u32 number;
    u64 value;
} Write;

static void write_msr(u64 w)
{
    const Write *write = (const Write *)w;
    wrmsr(write->number, write->value);
}
static void read_msr(u64 number)
{
    rdmsr((u32)number);
}

static void test_refused(void)
{
    static const Write refused[] = {
        { LSTAR, 1ull << 47 },
        { FS_BASE, 1ull << 63 },
        { GS_BASE, 0x0000800000000000 },
        { KERNEL_GS, 1ull << 48 },
        { SYSENTER_ESP, 1ull << 50 },
        { SYSENTER_EIP, 1ull << 50 },
        { SFMASK, 1ull << 32 },
        { TSC_AUX, 1ull << 32 },
        { EFER, 1ull << 63 },
        { EFER, 0x401 | 1 << 2 },
        { EFER, 0xc01 },
        { PAT, 2 },
        { PAT, 3ull << 56 },
        { PAT, 8 },
        { MTRR_DEFAULT, 2 },
        { MTRR_DEFAULT, 1ull << 12 },
        { MC0_CTL + 1, 1 },
        { MC0_CTL + 2, 5 },
        { MCG_STATUS, 8 },
        { APIC_BASE, 1ull << 60 },
        { 0xfe, 0 },
        { MCG_CAP, 0 },
        { 0x12345, 0 },
        { 0xc0001234, 0 },
    };
    static const u32 unreadable[] = { 0x12345, 0xc0001234, 0x9e, 0x40000000, 0xffffffff, 0x49 };

    for (unsigned i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        u32 got = catch (write_msr, (u64)&refused[i]);
        if (got != GP) {
            CHECK(refused[i].number, 0);
        }
        CHECK(got, GP);
        CHECK(exception_code, 0);
    }
    for (unsigned i = 0; i < sizeof(unreadable) / sizeof(unreadable[0]); i++) {
        CHECK(catch (read_msr, unreadable[i]), GP);
    }
    CHECK(rdmsr(EFER) & 0xf00, 0xd00);
}

static void test_kept(void)
{
    static const Write kept[] = {
        { LSTAR, 0xffff800000001234 },
        { 0xc0000083, 0x7ffffffff000 },
        { SFMASK, 0xffffffff },
        { KERNEL_GS, 0xffffffffffffffff },
        { TSC_AUX, 0x89abcdef },
        { STAR, 0x123456789abcdef0 },
        { SYSENTER_CS, 8 },
        { PAT, 0x0007040600070406 },
        { PAT, 0x0007010600070106 },
        { MC0_CTL + 1, 0 },
    };
    for (unsigned i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        CHECK(catch (write_msr, (u64)&kept[i]), 0);
        CHECK(rdmsr(kept[i].number), kept[i].value);
    }
    wrmsr(PAT, 0x0007040600070406);
    wrmsr(TSC_AUX, 0x1234);
    u32 low, high, aux;
    __asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(aux));
    CHECK(aux, 0x1234);
    u64 adjust = rdmsr(TSC_ADJUST), before = rdmsr(0x10);
    wrmsr(TSC_ADJUST, adjust + (1ull << 50));
    CHECK(rdmsr(0x10) - before >= 1ull << 50, 1);
    wrmsr(0x10, 0);
    CHECK(rdmsr(0x10) < 1ull << 40, 1);
    CHECK(rdmsr(TSC_ADJUST) >> 63, 1); /* follows what TSC was set back by */
}

static void set_cr(u64 which)
{
    switch (which) {
    case 0: write_cr0(read_cr0() | 1ull << 32); break;
    case 1: write_cr0((read_cr0() & ~(1ull << 30)) | 1 << 29); break; /* NW without CD */
    case 2: write_cr0(read_cr0() & ~1ull); break;                     /* PG without PE */
    case 3: write_cr4(read_cr4() & ~0x20ull); break;                  /* PAE in long mode */
    case 4: write_cr4(read_cr4() | 1ull << 31); break;
    case 5: write_cr4(read_cr4() | 1ull << 32); break;
    case 6: write_cr3(1ull << 60); break;
    case 7: __asm__ volatile("mov %0, %%cr8" : : "r"(16ull)); break;
    case 8: __asm__ volatile("mov %0, %%dr7" : : "r"(1ull << 32)); break;
    case 9: __asm__ volatile("mov %0, %%dr6" : : "r"(1ull << 32)); break;
    case 10: write_cr0(read_cr0() & ~0x80000000ull); break; /* PG in 64-bit code */
    case 11: __asm__ volatile("xsetbv" : : "c"(1), "a"(1), "d"(0)); break;
    case 12: __asm__ volatile("xsetbv" : : "c"(0), "a"(2), "d"(0)); break;
    case 13: __asm__ volatile("xsetbv" : : "c"(0), "a"(5), "d"(0)); break;
    case 14: __asm__ volatile(".byte 0x0f, 0x20, 0xc8"); break;       /* CR1 */
    case 15: __asm__ volatile(".byte 0x44, 0x0f, 0x23, 0xc0"); break; /* DR8 */
    }
}
static void test_control(void)
{
    write_cr4(read_cr4() | 1 << 18 | 1 << 9);
    for (u64 i = 0; i < 14; i++) {
        u32 got = catch (set_cr, i);
        if (got != GP) {
            CHECK(i, 99);
        }
        CHECK(got, GP);
    }
    CHECK(catch (set_cr, 14), UD);
    CHECK(catch (set_cr, 15), UD);
    __asm__ volatile("mov %0, %%dr6" : : "r"(0xffffffffull));
    u64 v;
    __asm__ volatile("mov %%dr6, %0" : "=r"(v));
    CHECK(v & ~0x10800ull, 0xfffee7ff); /* whatever bits 11 and 16 are */
    __asm__ volatile("mov %0, %%dr6" : : "r"(0ull));
}

static void test_bases(void)
{
    u64 v;
    write_cr4(read_cr4() | 1 << 16);
    __asm__ volatile("wrfsbase %0" : : "r"(0xffff800000000000));
    CHECK(rdmsr(FS_BASE), 0xffff800000000000);
    __asm__ volatile("wrfsbase %0" : : "r"((u32)0x89abcdef));
    __asm__ volatile("rdfsbase %0" : "=r"(v));
    CHECK(v, 0x89abcdef);
    wrmsr(GS_BASE, 0x1111);
    wrmsr(KERNEL_GS, 0x2222);
    __asm__ volatile("swapgs");
    CHECK(rdmsr(GS_BASE), 0x2222);
    CHECK(rdmsr(KERNEL_GS), 0x1111);
    __asm__ volatile("mov %0, %%gs" : : "r"(0x10)); /* the base of the descriptor */
    CHECK(rdmsr(GS_BASE), 0);
}
static void bad_base(u64 which)
{
    if (which) {
        __asm__ volatile("wrgsbase %0" : : "r"(1ull << 63));
    } else {
        __asm__ volatile("rdfsbase %%rax" : : : "rax");
    }
}

/* SYSCALL from CPL 3 and back */
volatile u64 seen_cs, seen_flags, seen_rcx, seen_r11, seen_ss;
__asm__(
    ".globl syscall_entry\n"
    "syscall_entry: mov %cs, seen_cs; mov %ss, seen_ss; mov %rcx, seen_rcx; mov %r11, seen_r11\n"
    "mov %rsp, %rbx; lea stack_end - 10240, %rsp; pushfq; pop seen_flags; mov %rbx, %rsp; rex.W "
    "sysret\n"
    ".globl user_call\n"
    "user_call: stc; std; syscall\n"
    "user_next: mov %cs, %eax; pushfq; pop %rdx; cld; mov %rax, user_cs_after; mov %rdx, "
    "user_flags_after\n"
    "int $0x80\n"
    ".bss\nuser_cs_after: .skip 8\nuser_flags_after: .skip 8\n.text");
extern u8 syscall_entry[], user_call[], user_next[];
extern volatile u64 user_cs_after, user_flags_after;

static void test_syscall(void)
{
    u64 efer = rdmsr(EFER);
    wrmsr(STAR, 0x0023ull << 48 | 0x0008ull << 32);
    wrmsr(LSTAR, (u64)syscall_entry);
    wrmsr(SFMASK, 0x400 | 0x200);
    wrmsr(EFER, efer & ~1ull);
    CHECK(catch_user((void (*)(u64))user_call, 0), UD);
    wrmsr(EFER, efer | 1);
    user_flags = 0x202;
    CHECK(catch_user((void (*)(u64))user_call, 0), DONE);
    user_flags = 2;
    CHECK(seen_cs, 8);
    CHECK(seen_ss, 0x10);
    CHECK(seen_rcx, (u64)user_next);
    CHECK(seen_r11 & 0x601, 0x601);
    CHECK(seen_flags & 0x601, 1);
    CHECK(user_cs_after, 0x33);
    CHECK(user_flags_after & 0x601, 0x601);
    CHECK(exception_cs, 0x33);
}

static void user_store(u64 which)
{
    u8 buffer[16];
    switch (which) {
    case 0: __asm__ volatile("sgdt %0" : "=m"(buffer)); break;
    case 1: __asm__ volatile("sidt %0" : "=m"(buffer)); break;
    case 2: __asm__ volatile("sldt %%eax" : : : "eax"); break;
    case 3: __asm__ volatile("str %%eax" : : : "eax"); break;
    case 4: __asm__ volatile("smsw %%eax" : : : "eax"); break;
    }
    __asm__ volatile("int $0x80");
}
static void test_umip(void)
{
    for (u64 i = 0; i < 5; i++) {
        CHECK(catch_user(user_store, i), DONE);
    }
    write_cr4(read_cr4() | 1 << 11);
    for (u64 i = 0; i < 5; i++) {
        CHECK(catch_user(user_store, i), GP);
        CHECK(exception_code, 0);
    }
    write_cr4(read_cr4() & ~(1ull << 11));
}

static void test_machine_check(void)
{
    u64 capability = rdmsr(MCG_CAP);
    CHECK((capability & 255) > 0, 1);
    for (u32 bank = 0; bank < (capability & 255); bank++) {
        CHECK(catch (read_msr, MC0_CTL + 4 * bank), 0);
        CHECK(rdmsr(MC0_CTL + 4 * bank + 1), 0);
    }
    CHECK(catch (read_msr, MC0_CTL + 4 * (capability & 255)), GP);
    wrmsr(MCG_STATUS, 5);
    CHECK(rdmsr(MCG_STATUS), 5);
    wrmsr(MCG_STATUS, 0);
}

static void user_done(u64 unused)
{
    __asm__ volatile("int $0x80");
}
static void user_read_tsc(u64 unused)
{
    __asm__ volatile("rdtsc" : : : "eax", "edx");
    user_done(0);
}

int main(void)
{
    set_up();
    open_memory();
    test_refused();
    test_kept();
    test_control();
    CHECK(catch (bad_base, 0), UD);
    test_bases();
    CHECK(catch (bad_base, 1), GP);
    test_syscall();
    test_umip();
    test_machine_check();
    CHECK(catch_user(user_read_tsc, 0), DONE);
    write_cr4(read_cr4() | 4);
    CHECK(catch_user(user_read_tsc, 0), GP);
    return report();
}
