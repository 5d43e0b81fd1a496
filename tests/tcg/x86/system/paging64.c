/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 64-bit: rights in 4- and 5-level paging, protection keys, reserved bits, PCID, INVPCID, global
 * pages. Spec: SDM vol. 3, ch. 4.
 * not in: lockstep
 */
#include "system64.h"

PROGRAM

enum { P = 1, W = 2, U = 4, A = 0x20, D = 0x40, PS = 0x80, G = 0x100 };
enum { READ, WRITE, FETCH };
enum {
    WP = 1 << 16,
    PGE = 1 << 7,
    PCIDE = 1 << 17,
    SMEP = 1 << 20,
    SMAP = 1 << 21,
    PKE = 1 << 22,
    LA57 = 1 << 12
};
#define NX   (1ull << 63)
#define HERE ((volatile u8 *)0x8000000000ull) /* PML4 entry 1 */

static volatile u64 pml5[512] __attribute__((aligned(4096)));
static volatile u64 pdpt[512] __attribute__((aligned(4096)));
static volatile u64 pd[512] __attribute__((aligned(4096)));
static volatile u64 pt[512] __attribute__((aligned(4096)));
static u8 page[2][4096] __attribute__((aligned(4096)));
static u32 now_cr4;

static void do_read(u64 offset)
{
    (void)HERE[offset];
}
static void do_write(u64 offset)
{
    HERE[offset] = 1;
}
static void do_fetch(u64 offset)
{
    ((void (*)(void))HERE)();
}
static void user(u64 fn)
{
    ((void (*)(u64))fn)(8);
    __asm__ volatile("int $0x80");
}

typedef struct {
    u32 access, cpl3, wp, key_bits;
    u64 upper, leaf; /* P, W, U, NX of the page directory's entry and of the last */
} Case;

static int expected(const Case *c)
{
    u64 both = c->upper & c->leaf, nx = (c->upper | c->leaf) & NX;
    int code = (c->access == WRITE ? 2 : 0) | (c->cpl3 ? 4 : 0) | (c->access == FETCH ? 16 : 0), ok;

    if (!(c->upper & P) || !(c->leaf & P)) {
        return code;
    }
    if (c->cpl3) {
        ok = both & U && (c->access != WRITE || both & W) && (c->access != FETCH || !nx);
    } else if (c->access == FETCH) {
        ok = !nx && !(both & U && now_cr4 & SMEP);
    } else {
        ok = !(both & U && now_cr4 & SMAP) && (c->access == READ || both & W || !c->wp);
    }
    if (!ok) {
        return code | 1;
    }
    if (now_cr4 & PKE && both & U && c->access != FETCH &&
        (c->key_bits & 1 || (c->key_bits & 2 && c->access == WRITE && (c->cpl3 || c->wp)))) {
        return code | 1 | 32;
    }
    return -1;
}

static void run(const Case *c)
{
    static void (*const what[])(u64) = { do_read, do_write, do_fetch };
    int want = expected(c);
    u32 got;

    boot_pml4[1] = (u64)pdpt | P | W | U;
    pdpt[0] = (u64)pd | P | W | U;
    pd[0] = (u64)pt | c->upper;
    if (now_cr4 & PKE) {
        pt[0] = (u64)page[0] | c->leaf | 5ull << 59;
        __asm__ volatile("wrpkru" : : "a"(c->key_bits << 10), "c"(0), "d"(0));
    } else {
        pt[0] = (u64)page[0] | c->leaf;
    }
    page[0][0] = 0xc3;
    write_cr3(read_cr3());
    got = c->cpl3 ? catch_user(user, (u64)what[c->access]) : catch (what[c->access], 8);
    if (want < 0) {
        CHECK(got, c->cpl3 ? DONE : 0);
        CHECK(pt[0] & (A | D), c->access == WRITE ? A | D : A);
        CHECK(pd[0] & (A | D), A);
    } else {
        CHECK(got, PF);
        CHECK(exception_code, want);
        CHECK(exception_address, c->access == FETCH ? HERE : HERE + 8);
        CHECK(pt[0] & D, 0);
    }
}

static void run_all(u32 wp)
{
    write_cr0((read_cr0() & ~(u64)WP) | wp);
    for (u32 n = 0; n < 16 * 16 * 3 * 2; n++) {
        u32 upper = n & 15, leaf = n >> 4 & 15, rest = n >> 8;
        Case c = { rest % 3,
                   rest / 3,
                   wp,
                   0,
                   (upper & 7) | (upper & 8 ? NX : 0),
                   (leaf & 7) | (leaf & 8 ? NX : 0) };
        run(&c);
    }
}

static void run_keys(u32 wp)
{
    write_cr0((read_cr0() & ~(u64)WP) | wp);
    for (u32 n = 0; n < 4 * 3 * 2 * 4; n++) {
        Case c = { n / 4 % 3, n / 12 & 1, wp,
                   n & 3,     P | W | U,  P | (n / 24 & 1 ? W : 0) | (n / 48 ? U : 0) };
        run(&c);
    }
}

static void set_cr4(u32 bits)
{
    now_cr4 = bits;
    write_cr4((read_cr4() & (0x20 | LA57)) | bits);
}

/* User code must be reachable with SMEP and SMAP on: CPL 3 cases run in memory of the user's. */
static void test_rights(void)
{
    open_memory();
    set_cr4(0);
    run_all(0);
    run_all(WP);
    set_cr4(PKE);
    run_keys(0);
    run_keys(WP);
    set_cr4(0);
}

static void only_supervisor(void)
{
    for (unsigned i = 0; i < 512; i++) {
        boot_pd[i] &= ~4ull;
    }
    write_cr3(read_cr3());
}

static void test_supervisor(void)
{
    only_supervisor();
    for (u32 bits = 0; bits < 4; bits++) {
        set_cr4((bits & 1 ? SMEP : 0) | (bits & 2 ? SMAP : 0));
        for (u32 n = 0; n < 16 * 3 * 2; n++) {
            Case c = { n / 16 % 3, 0, n / 48 ? WP : 0, 0, P | W | U, (n & 7) | (n & 8 ? NX : 0) };
            write_cr0((read_cr0() & ~(u64)WP) | c.wp);
            run(&c);
        }
    }
    /* AC lifts SMAP for what the program asks for */
    set_cr4(SMAP);
    pt[0] = (u64)page[0] | P | W | U;
    pd[0] = (u64)pt | P | W | U;
    write_cr3(read_cr3());
    __asm__ volatile("stac");
    CHECK(catch (do_read, 8), 0);
    CHECK(catch (do_write, 8), 0);
    __asm__ volatile("clac");
    CHECK(catch (do_read, 8), PF);
    CHECK(exception_code, 1);
    set_cr4(0);
}

static void test_reserved(void)
{
    u32 r[4];
    cpuid(0x80000008, 0, r);
    pd[0] = (u64)pt | P | W | U;
    if ((r[0] & 255) < 52) {
        pt[0] = (u64)page[0] | P | W | U | 1ull << 51;
        write_cr3(read_cr3());
        CHECK(catch (do_write, 8), PF);
        CHECK(exception_code, 8 | 2 | 1);
    }
    pt[0] = (u64)page[0] | P | W | U | 0x7full << 52; /* ignored */
    write_cr3(read_cr3());
    CHECK(catch (do_write, 8), 0);
    pt[0] = 1ull << 51 | NX; /* not present: nothing is reserved */
    write_cr3(read_cr3());
    CHECK(catch (do_read, 8), PF);
    CHECK(exception_code, 0);
    pd[0] = 0x2000 | P | W | PS; /* address bits below the page's size */
    write_cr3(read_cr3());
    CHECK(catch (do_read, 8), PF);
    CHECK(exception_code, 9);
    pd[0] = 0x200000 | P | W | PS | 0x1000; /* PAT */
    write_cr3(read_cr3());
    *(volatile u8 *)0x200008 = 0x5a;
    CHECK(HERE[8], 0x5a);
    pdpt[0] = P | W | PS; /* 1 GiB */
    write_cr3(read_cr3());
    CHECK(HERE[0x200008], 0x5a);
    CHECK(pdpt[0] & (A | D), A);
    pdpt[0] = 0x2000 | P | W | PS;
    write_cr3(read_cr3());
    CHECK(catch (do_read, 8), PF);
    CHECK(exception_code, 9);
    pdpt[0] = (u64)pd | P | W | U;
    boot_pml4[1] |= PS;
    write_cr3(read_cr3());
    CHECK(catch (do_read, 8), PF);
    CHECK(exception_code, 9);
    boot_pml4[1] &= ~(u64)PS;
    write_cr3(read_cr3());
}

static void read_at(u64 address)
{
    (void)*(volatile u8 *)address;
}
static void read_stack_at(u64 address)
{
    __asm__ volatile("push %%rbp; mov %0, %%rbp; mov (%%rbp), %%al; pop %%rbp"
                     :
                     : "r"(address)
                     : "rax", "memory");
}
static void test_canonical(int five)
{
    CHECK(catch (read_at, 0x0100000000000000), GP);
    CHECK(exception_code, 0);
    CHECK(catch (read_stack_at, 0x0100000000000000), SS);
    CHECK(catch (read_at, 0x0000800000000000), five ? PF : GP);
    CHECK(catch (read_at, 0xffff7fffffffffff), five ? PF : GP);
    CHECK(catch (read_at, 0xffff800000000000), PF);
}

static void map_number(int which, u64 flags)
{
    pd[0] = (u64)pt | P | W | U;
    pt[0] = (u64)page[which] | P | W | flags;
}
static void invpcid(u64 type, u64 pcid, u64 address)
{
    u64 d[2] = { pcid, address };
    __asm__ volatile("invpcid %0, %1" : : "m"(d), "r"(type) : "memory");
}
static void bad_invpcid(u64 kind)
{
    switch (kind) {
    case 0: invpcid(4, 0, 0); break;
    case 1: invpcid(0, 0x1000, 0); break;
    case 2: invpcid(2, 0x1000, 0); break;
    case 3: invpcid(0, 1, 1ull << 60); break;
    case 4: invpcid(1, 1, 0); break; /* without PCIDE */
    }
}
static void set_pcide(u64 on)
{
    write_cr4(on ? read_cr4() | PCIDE : read_cr4() & ~(u64)PCIDE);
}
static void load_cr3(u64 v)
{
    write_cr3(v);
}

static void test_contexts(void)
{
    u64 cr3 = read_cr3();

    page[0][16] = 1;
    page[1][16] = 2;
    map_number(0, 0);
    write_cr3(cr3);
    CHECK(HERE[16], 1);
    map_number(1, 0);
    __asm__ volatile("invlpg (%0)" : : "r"(HERE) : "memory");
    CHECK(HERE[16], 2);
    /* global pages stay with CR3, not with CR4.PGE */
    write_cr4(read_cr4() | PGE);
    map_number(0, G);
    __asm__ volatile("invlpg (%0)" : : "r"(HERE) : "memory");
    CHECK(HERE[16], 1);
    map_number(1, G);
    write_cr4(read_cr4() & ~(u64)PGE);
    CHECK(HERE[16], 2);
    write_cr4(read_cr4() | PGE);
    map_number(0, 0);
    write_cr3(cr3);
    CHECK(catch (bad_invpcid, 4), GP);
    write_cr3(cr3 | 8);
    CHECK(catch (set_pcide, 1), GP); /* CR3 bits 0 to 11 are not 0 */
    write_cr3(cr3);
    CHECK(catch (set_pcide, 1), 0);
    for (u64 i = 0; i < 4; i++) {
        CHECK(catch (bad_invpcid, i), GP);
    }
    write_cr3(cr3 | 1);
    CHECK(HERE[16], 1);
    write_cr3(cr3 | 2);
    map_number(1, 0);
    CHECK(HERE[16], 2);
    write_cr3(cr3 | 1);
    CHECK(HERE[16], 2); /* without bit 63 it was flushed */
    invpcid(0, 1, (u64)HERE);
    invpcid(1, 1, 0);
    invpcid(2, 0, 0);
    invpcid(3, 0, 0);
    CHECK(HERE[16], 2);
    map_number(0, 0);
    invpcid(1, 1, 0);
    CHECK(HERE[16], 1);
    map_number(1, 0);
    invpcid(0, 1, (u64)HERE);
    CHECK(HERE[16], 2);
    write_cr3(cr3 | 1ull << 63);
    CHECK(read_cr3(), cr3); /* bit 63 is not kept */
    CHECK(catch (load_cr3, cr3 | 1ull << 62), GP);
    CHECK(catch (write_cr0, read_cr0() & ~0x80000000ull), GP);
    CHECK(catch (set_pcide, 0), 0);
    CHECK(catch (load_cr3, cr3 | 1ull << 63), GP);
    write_cr4(read_cr4() & ~(u64)PGE);
}

static void toggle_la57(u64 unused)
{
    write_cr4(read_cr4() ^ LA57);
}

int main(void)
{
    int five = (read_cr4() & LA57) != 0;

    set_up();
    CHECK(catch (toggle_la57, 0), GP);
    test_rights();
    test_supervisor();
    test_reserved();
    test_canonical(five);
    test_contexts();
    write_cr0(read_cr0() & ~(u64)WP);
    if (!five && !failures) { /* again with five levels */
        boot_pml4[1] = 0;
        pml5[0] = (u64)boot_pml4 | P | W | U;
        start_cr3 = (u32)(u64)pml5;
        start_cr4 = LA57;
        only_supervisor();
        gdt64[14] &= ~(2ull << 40);
        restart_long();
    }
    return report();
}
