/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every combination of rights, in 32-bit and PAE paging, from CPL 0 and 3: faults, their codes, A
 * and D. */
#include "system.h"

u32 checks, failures;

enum { P = 1, W = 2, U = 4, A = 0x20, D = 0x40, PS = 0x80 };
enum { READ, WRITE, FETCH };
enum { WP = 1 << 16, PG = 1u << 31 };
enum { CR4_PSE = 1 << 4, CR4_PAE = 1 << 5, SMEP = 1 << 20, SMAP = 1 << 21 };
#define NX   (1ull << 63)
#define HERE ((u8 *)0x40000000)

static volatile u64 gdt[8], idt[129];
static u32 tss[32];
static volatile u32 directory[1024] __attribute__((aligned(4096)));
static volatile u32 table[1024] __attribute__((aligned(4096)));
static volatile u64 pointers[4] __attribute__((aligned(32)));
static volatile u64 directories[2][512] __attribute__((aligned(4096)));
static volatile u64 wide_table[512] __attribute__((aligned(4096)));
static u8 page[4096] __attribute__((aligned(4096)));

static void set_up(void)
{
    Table t = { sizeof(gdt) - 1, (u32)gdt };
    gdt[1] = descriptor(0, 0xfffff, 0xc09b);
    gdt[2] = descriptor(0, 0xfffff, 0xc093);
    gdt[3] = descriptor(0, 0xfffff, 0xc0fb);
    gdt[4] = descriptor(0, 0xfffff, 0xc0f3);
    gdt[5] = descriptor((u32)tss, sizeof(tss) - 1, 0x89);
    __asm__ volatile("lgdt %0; ljmp $8, $1f; 1:" : : "m"(t));
    __asm__ volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%ss" : : "r"(0x10));
    for (int i = 0; i < 129; i++) {
        idt[i] = gate(8, stubs[i], i == 128 ? 0xee : 0x8e);
    }
    t = (Table){ sizeof(idt) - 1, (u32)idt };
    __asm__ volatile("lidt %0" : : "m"(t));
    tss[1] = (u32)stack_end - 8192;
    tss[2] = 0x10;
    __asm__ volatile("ltr %w0" : : "r"(0x28));
    page[0] = 0xc3; /* ret */
}

static u32 read_cr0(void)
{
    u32 v;
    __asm__ volatile("mov %%cr0, %0" : "=r"(v));
    return v;
}
static void write_cr0(u32 v)
{
    __asm__ volatile("mov %0, %%cr0" : : "r"(v) : "memory");
}
static void write_cr4(u32 v)
{
    __asm__ volatile("mov %0, %%cr4" : : "r"(v) : "memory");
}
static void write_cr3(u32 v)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(v) : "memory");
}
static void set_nxe(int on)
{
    u32 low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc0000080));
    low = on ? low | 0x800 : low & ~0x800u;
    __asm__ volatile("wrmsr" : : "a"(low), "d"(high), "c"(0xc0000080));
}

/* The first 16 MiB as they are, with @user rights; @upper, @leaf: of the page at HERE */
static void map_32(u32 user, u32 upper, u32 leaf)
{
    for (u32 i = 0; i < 4; i++) {
        directory[i] = i << 22 | P | W | user | PS;
    }
    directory[(u32)HERE >> 22] = (u32)table | upper;
    table[0] = (u32)page | leaf;
    write_cr3((u32)directory);
}
static void map_pae(u32 user, u32 upper, u64 leaf)
{
    pointers[0] = (u32)directories[0] | P;
    pointers[1] = (u32)directories[1] | P;
    for (u32 i = 0; i < 8; i++) {
        directories[0][i] = i << 21 | P | W | user | PS;
    }
    directories[1][0] = (u32)wide_table | upper;
    wide_table[0] = (u32)page | leaf;
    write_cr3((u32)pointers);
}

static void do_read(void *arg)
{
    (void)*(volatile u8 *)(HERE + 8);
}
static void do_write(void *arg)
{
    *(volatile u8 *)(HERE + 8) = 1;
}
static void do_fetch(void *arg)
{
    ((void (*)(void))HERE)();
}
static void then_leave(void *arg)
{
    ((void (*)(void *))arg)(0);
    __asm__ volatile("int $0x80");
}

typedef struct {
    int pae, nxe, cpl3, access;
    u32 wp, cr4;
    u32 upper;
    u64 leaf;
} Case;

/* Error code of the page fault, or -1 */
static int expected(const Case *c)
{
    u32 both = c->upper & (u32)c->leaf;
    int code = (c->access == WRITE ? 2 : 0) | (c->cpl3 ? 4 : 0), ok;
    int nx = c->nxe && (c->leaf & NX) != 0;

    if (c->access == FETCH && (c->nxe || c->cr4 & SMEP)) {
        code |= 16;
    }
    if (!(both & P)) {
        return code;
    }
    if (c->cpl3) {
        ok = both & U && (c->access != WRITE || both & W) && (c->access != FETCH || !nx);
    } else if (c->access == FETCH) {
        ok = !nx && !(both & U && c->cr4 & SMEP);
    } else {
        ok = !(both & U && c->cr4 & SMAP) && (c->access == READ || both & W || !c->wp);
    }
    return ok ? -1 : code | 1;
}

static void run(const Case *c)
{
    static void (*const what[])(void *) = { do_read, do_write, do_fetch };
    u32 user = c->cpl3 ? U : 0, got;
    int want = expected(c);

    if (c->pae) {
        map_pae(user, c->upper, c->leaf);
    } else {
        map_32(user, c->upper, (u32)c->leaf);
    }
    got = c->cpl3 ? catch_user(then_leave, what[c->access]) : catch (what[c->access], 0);
    if (want < 0) {
        u64 leaf = c->pae ? wide_table[0] : table[0];
        CHECK(got, c->cpl3 ? DONE : 0);
        CHECK(leaf & (A | D), c->access == WRITE ? A | D : A);
    } else {
        CHECK(got, PF);
        CHECK(exception_code, want);
        CHECK(exception_address, c->access == FETCH ? HERE : HERE + 8);
    }
}

/* A case is the digits of a number: rights of both entries, access, CPL, NX. */
static void run_all(int pae, int nxe, u32 wp, u32 cr4)
{
    for (u32 n = 0; n < 64 * 3 * 2 * 2; n++) {
        u32 bits = n & 63, rest = n >> 6;
        Case c = { pae, nxe, rest >> 1 & 1, (int)(rest >> 2), wp, cr4, bits & 7, bits >> 3 };
        c.leaf |= rest & 1 ? NX : 0;
        if ((nxe || !(rest & 1)) && (!c.cpl3 || !(cr4 & (SMEP | SMAP)))) {
            run(&c);
        }
    }
}

static void map_supervisor(int pae)
{
    if (pae) {
        map_pae(0, 0, 0);
    } else {
        map_32(0, 0, 0);
    }
}

static void test_mode(int pae, int nxe)
{
    u32 base = pae ? CR4_PAE : CR4_PSE;
    write_cr4(base);
    set_nxe(nxe);
    map_supervisor(pae);
    for (u32 wp = 0; wp <= WP; wp += WP) {
        write_cr0((read_cr0() & ~(u32)WP) | PG | wp);
        run_all(pae, nxe, wp, 0);
        map_supervisor(pae);
        write_cr4(base | SMEP);
        run_all(pae, nxe, wp, SMEP);
        write_cr4(base | SMAP);
        run_all(pae, nxe, wp, SMAP);
        write_cr4(base);
    }
    write_cr0(read_cr0() & ~(u32)PG);
}

/* Reserved bits, stale translations, large pages */
static void test_details(void)
{
    write_cr4(CR4_PAE);
    set_nxe(0);
    map_pae(0, P | W, P | W);
    write_cr0(read_cr0() | PG);
    wide_table[0] |= 1ull << 51;
    write_cr3((u32)pointers);
    CHECK(catch (do_read, 0), PF);
    CHECK(exception_code, 9);
    map_pae(0, P | W, P | W | NX);
    CHECK(catch (do_read, 0), PF);
    CHECK(exception_code, 9);
    map_pae(0, P | W, P | W);
    do_read(0);
    wide_table[0] &= ~(u64)W;
    __asm__ volatile("invlpg (%0)" : : "r"(HERE) : "memory");
    write_cr0(read_cr0() | WP);
    CHECK(catch (do_write, 0), PF);
    CHECK(exception_code, 3);
    directories[1][0] = 0x200000 | P | W | PS;
    write_cr3((u32)pointers);
    *(volatile u32 *)0x200100 = 0x1234;
    CHECK(*(volatile u32 *)(HERE + 0x100), 0x1234);
    directories[1][0] |= 0x4000;
    write_cr3((u32)pointers);
    CHECK(catch (do_read, 0), PF);
    CHECK(exception_code, 9);
    pointers[1] |= 2;
    write_cr0(read_cr0() & ~(u32)(PG | WP));
}

int main(void)
{
    set_up();
    test_mode(0, 0);
    test_mode(1, 0);
    test_mode(1, 1);
    test_details();
    put_hex(checks);
    put_text(failures ? "checks, failed\n" : "checks, ok\n");
    return failures ? 1 : 0;
}
