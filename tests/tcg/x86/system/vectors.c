/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 64-bit: vectors and memory that faults: stores across pages are all or nothing, operands that
 * must be aligned, and registers that a loop keeps are the guest's when an access of it raises.
 * Spec: SDM vol. 1, 11.4; vol. 2, MOVAPS.
 */
#include "system64.h"

PROGRAM

enum { P = 1, W = 2, WP = 1 << 16, OSFXSR = 1 << 9, OSXSAVE = 1 << 18, PAGE = 4096 };
#define HERE ((volatile u8 *)0x8000000000ull) /* PML4 entry 1 */

static volatile u64 pdpt[512] __attribute__((aligned(4096)));
static volatile u64 pd[512] __attribute__((aligned(4096)));
static volatile u64 pt[512] __attribute__((aligned(4096)));
static volatile u8 page[4][PAGE] __attribute__((aligned(4096)));
static u64 ones[4] __attribute__((aligned(32))) = { 1, 2, 3, 4 };

static void map(u32 which, u64 flags)
{
    pt[which] = flags ? (u64)page[which] | flags : 0;
    __asm__ volatile("invlpg %0" : : "m"(HERE[which * PAGE]) : "memory");
}

static void set_up_vectors(void)
{
    boot_pml4[1] = (u64)pdpt | P | W;
    pdpt[0] = (u64)pd | P | W;
    pd[0] = (u64)pt | P | W;
    write_cr0((read_cr0() & ~12ull) | WP); /* neither EM nor TS */
    write_cr4(read_cr4() | OSFXSR | OSXSAVE);
    __asm__ volatile("xsetbv" : : "a"(7), "c"(0), "d"(0));
}

static void store16(u64 at)
{
    __asm__ volatile("movups %0, %%xmm3; movups %%xmm3, (%1)" : : "m"(ones), "r"(at) : "memory");
}
static void store32(u64 at)
{
    __asm__ volatile("vmovups %0, %%ymm3; vmovups %%ymm3, (%1)" : : "m"(ones), "r"(at) : "memory");
}
static void aligned16(u64 at)
{
    __asm__ volatile("movaps (%0), %%xmm3" : : "r"(at) : "memory");
}
static void aligned32(u64 at)
{
    __asm__ volatile("vmovaps %%ymm3, (%0)" : : "r"(at) : "memory");
}

static int is_zero(u32 which)
{
    u8 any = 0;
    for (u32 i = 0; i < PAGE; i++) {
        any |= page[which][i];
    }
    return !any;
}

static void test_crossing(void)
{
    static void (*const stores[])(u64) = { store16, store32 };
    for (u32 n = 0; n < 2; n++) {
        u64 at = (u64)HERE + PAGE - 8;
        map(0, P | W);
        map(1, P);
        CHECK(catch (stores[n], at), PF);
        CHECK(exception_code, 3);
        CHECK(exception_address, HERE + PAGE);
        CHECK(is_zero(0), 1);
        map(0, 0);
        map(1, P | W);
        CHECK(catch (stores[n], at), PF);
        CHECK(exception_address, at);
        CHECK(is_zero(1), 1);
        map(0, P | W);
        CHECK(catch (stores[n], at), 0);
        CHECK(*(volatile u64 *)at, 1);
        CHECK(*(volatile u64 *)(at + 8), 2);
        CHECK(*(volatile u64 *)(at + 24), n ? 4 : 0);
        for (u32 i = 0; i < 32; i++) {
            ((volatile u8 *)at)[i] = 0;
        }
    }
}

static void test_alignment(void)
{
    CHECK(catch (aligned16, (u64)HERE + 16), 0);
    CHECK(catch (aligned16, (u64)HERE + 8), GP);
    CHECK(exception_code, 0);
    CHECK(catch (aligned32, (u64)HERE + 64), 0);
    page[0][64] = 0;
    CHECK(catch (aligned32, (u64)HERE + 16), GP);
    map(2, 0);
    CHECK(catch (aligned16, (u64)HERE + 2 * PAGE + 8), GP); /* before the page is looked at */
}

/* What the handler of page faults sees of a loop's registers */
static u64 seen[4] __attribute__((aligned(32)));
static u32 faults;

static void hook(Frame *frame)
{
    u64 at;
    __asm__ volatile("mov %%cr2, %0" : "=r"(at));
    __asm__ volatile("vmovups %%ymm0, %0; vpxor %%ymm1, %%ymm1, %%ymm1" : "=m"(seen));
    faults += frame->vector == PF - 1;
    map((at - (u64)HERE) / PAGE, P | W);
    __asm__ volatile("vmovups %0, %%ymm1" : : "m"(ones));
}

/* ymm0 counts rounds times 1, 2, 3, 4 and is stored in each. */
static void test_loop(void)
{
    u64 at = (u64)HERE, end = (u64)HERE + 4 * PAGE;
    for (u32 i = 0; i < 4; i++) {
        map(i, 0);
    }
    faults = 0;
    exception_hook = hook;
    __asm__ volatile("vpxor %%ymm0, %%ymm0, %%ymm0; vmovups %2, %%ymm1\n"
                     "1: vpaddq %%ymm1, %%ymm0, %%ymm0\n"
                     "vmovups %%ymm0, (%0)\n"
                     "add $32, %0\n"
                     "cmp %1, %0\n"
                     "jb 1b"
                     : "+r"(at)
                     : "r"(end), "m"(ones)
                     : "memory");
    exception_hook = 0;
    CHECK(faults, 4);
    CHECK(seen[0], 3 * PAGE / 32 + 1);
    CHECK(seen[3], 4 * (3 * PAGE / 32 + 1));
    for (u32 i = 0; i < 4 * PAGE / 32; i++) {
        CHECK(((volatile u64 *)HERE)[4 * i], i + 1);
        CHECK(((volatile u64 *)HERE)[4 * i + 3], 4 * (i + 1));
    }
}

int main(void)
{
    set_up();
    set_up_vectors();
    test_crossing();
    test_alignment();
    test_loop();
    return report();
}
