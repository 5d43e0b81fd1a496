/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 64-bit: debug registers, single steps, shadows, RF; NMI blocking and interrupts of the
 * processor's own APIC; double faults. Spec: SDM vol. 3, 6.7, 6.8, 6.15, ch. 18. */
#include "system64.h"

PROGRAM

enum { TF = 0x100, IF = 0x200, RF = 1 << 16, BS = 1 << 14, BD = 1 << 13, GD = 1 << 13, CR4_DE = 8 };
enum { EXEC, WRITES, IO, ALL };

static volatile u64 hits, seen_dr6, ips[64], last_flags;
static volatile u32 rcx_seen[64];
static volatile u8 watched[64] __attribute__((aligned(64)));

#define GET_DR(n)                                          \
    ({                                                     \
        u64 v_;                                            \
        __asm__ volatile("mov %%dr" #n ", %0" : "=r"(v_)); \
        v_;                                                \
    })
#define SET_DR(n, v) __asm__ volatile("mov %0, %%dr" #n : : "r"((u64)(v)))

static void hook(Frame *f)
{
    if (f->vector != 1) {
        exception_hook = 0;
        put_text("vector ");
        put_hex(f->vector);
        put_hex(f->ip);
        failures++;
        outb(0xf4, 1);
    }
    ips[hits & 63] = f->ip;
    rcx_seen[hits & 63] = f->rcx;
    last_flags = f->flags;
    hits++;
    seen_dr6 = GET_DR(6);
    SET_DR(6, 0);
    if (f->flags & TF && hits > 40) {
        f->flags &= ~(u64)TF;
    }
    if ((seen_dr6 & 15) && !(GET_DR(7) >> 16 & 0x3333)) {
        f->flags |= RF;
    }
}

static void arm(unsigned kind, unsigned length, volatile void *at)
{
    static const u8 code[9] = { 0, 0, 1, 0, 3, 0, 0, 0, 2 };
    hits = seen_dr6 = 0;
    SET_DR(0, at);
    SET_DR(7, 1 | kind << 16 | code[length] << 18);
}
static void disarm(void)
{
    SET_DR(7, 0);
}

extern u8 here[], here_2[], after_store[], step_1[], step_end[], rep_at[], rep_next[], ss_1[],
    ss_2[], ss_3[];

static void test_code(void)
{
    arm(EXEC, 1, here);
    __asm__ volatile(".globl here\nnop\nhere: nop\nhere_2: nop");
    CHECK(hits, 1);
    CHECK(ips[0], (u64)here);
    CHECK(seen_dr6 & 0xf, 1);
    SET_DR(6, 0xf);
    SET_DR(1, here_2);
    SET_DR(7, 1 | 4);
    hits = 0;
    u64 count = 3; /* met again each time round */
    __asm__ volatile("1: call 2f; dec %0; jnz 1b; jmp 3f\n2: nop; ret\n3:" : "+r"(count));
    CHECK(hits, 0);
    disarm();
}

static void test_data(void)
{
    arm(WRITES, 4, watched + 8);
    __asm__ volatile("movl $1, %0; .globl after_store\nafter_store: nop"
                     : "=m"(*(volatile u32 *)(watched + 8)));
    CHECK(hits, 1);
    CHECK(ips[0], (u64)after_store);
    CHECK(seen_dr6 & 0xf, 1);
    hits = 0;
    (void)*(volatile u32 *)(watched + 8);
    watched[7] = 1;
    watched[12] = 1;
    (void)watched[12];
    CHECK(hits, 0);
    *(volatile u64 *)(watched + 4) = 5; /* overlaps */
    CHECK(hits, 1);
    watched[11] = 1;
    CHECK(hits, 2);
    *(volatile u16 *)(watched + 6) = 1;
    CHECK(hits, 2);
    __asm__ volatile("lock; xaddl %0, %1" : "+r"((u32){ 0 }), "+m"(*(volatile u32 *)(watched + 8)));
    CHECK(hits, 3);
    arm(ALL, 8, watched + 16);
    (void)*(volatile u64 *)(watched + 16);
    CHECK(hits, 1);
    (void)watched[23];
    CHECK(hits, 2);
    (void)watched[24];
    CHECK(hits, 2);
    watched[20] = 1;
    CHECK(hits, 3);
    /* two beside each other: only the one that is met */
    SET_DR(0, watched + 32);
    SET_DR(1, watched + 36);
    SET_DR(7, 1 | 4 | 0xdull << 16 | 0xdull << 20);
    hits = 0;
    *(volatile u32 *)(watched + 32) = 1;
    CHECK(hits, 1);
    CHECK(seen_dr6 & 0xf, 1);
    *(volatile u32 *)(watched + 36) = 1;
    CHECK(hits, 2);
    CHECK(seen_dr6 & 0xf, 2);
    *(volatile u64 *)(watched + 32) = 1;
    CHECK(hits, 3);
    CHECK(seen_dr6 & 0xf, 3);
    disarm();
    hits = 0;
    watched[32] = 1;
    CHECK(hits, 0);
}

static void read_dr(u64 unused)
{
    (void)GET_DR(0);
}
static void read_dr4(u64 unused)
{
    __asm__ volatile("mov %%dr4, %%rax" : : : "rax");
}

static void test_other(void)
{
    write_cr4(read_cr4() & ~(u64)CR4_DE);
    exception_hook = 0;
    CHECK(catch (read_dr4, 0), 0);
    write_cr4(read_cr4() | CR4_DE);
    CHECK(catch (read_dr4, 0), UD);
    SET_DR(6, 0);
    SET_DR(7, GD);
    CHECK(catch (read_dr, 0), DB);
    CHECK(GET_DR(6) & BD, BD); /* GD is off again */
    SET_DR(6, 0);
    exception_hook = hook;
    arm(IO, 1, (void *)0x80);
    outb(0x80, 1);
    CHECK(hits, 1);
    CHECK(seen_dr6 & 15, 1);
    outb(0x81, 1);
    CHECK(hits, 1);
    disarm();
}

static void test_steps(void)
{
    u64 n = 0, flags;
    hits = 0;
    __asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; .globl step_1\nstep_1: inc %0; inc %0\n"
                     "pushfq; pop %1; pushfq; andl $~0x100, (%%rsp); popfq\nstep_end: nop"
                     : "+r"(n), "=r"(flags));
    CHECK(n, 2);
    CHECK(flags & TF, TF);
    CHECK(hits, 7);
    CHECK(ips[0], (u64)step_1 + 3);
    CHECK(ips[6], (u64)step_end);
    CHECK(seen_dr6 & BS, BS);
    /* REP: a trap after each element */
    hits = 0;
    n = 5;
    u8 *to = (u8 *)watched;
    __asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; .globl rep_at\nrep_at: rep stosb\n"
                     "rep_next: pushfq; andl $~0x100, (%%rsp); popfq"
                     : "+c"(n), "+D"(to)
                     : "a"(1)
                     : "memory");
    CHECK(hits, 8);
    CHECK(ips[0], (u64)rep_at);
    CHECK(rcx_seen[0], 4);
    CHECK(ips[3], (u64)rep_at);
    CHECK(ips[4], (u64)rep_next);
    CHECK(rcx_seen[4], 0);
    /* MOV SS holds the trap back for one instruction */
    hits = 0;
    __asm__ volatile(
        "mov %%ss, %%eax; pushfq; orl $0x100, (%%rsp); popfq; .globl ss_1\nss_1: mov %%eax, %%ss\n"
        "ss_2: nop\nss_3: pushfq; andl $~0x100, (%%rsp); popfq"
        :
        :
        : "eax", "memory");
    CHECK(ips[0], (u64)ss_3);
    CHECK(hits, 4);
}

/* REP MOVS over a watched place stops behind its element. */
static void test_rep_watch(void)
{
    static u8 from[64];
    u64 n = 32;
    u8 *f = from, *to = (u8 *)watched;
    arm(WRITES, 1, watched + 10);
    __asm__ volatile("rep movsb" : "+c"(n), "+S"(f), "+D"(to) : : "memory");
    CHECK(hits, 1);
    CHECK(rcx_seen[0], 21);
    disarm();
}

/* Double faults: a page fault whose handler is not there, #GP in #GP */
static void fault_read(u64 address)
{
    (void)*(volatile u8 *)address;
}
static void test_double(void)
{
    u64 low = idt[28], gp = idt[26], np = idt[22];
    exception_hook = 0;
    idt[28] &= ~(1ull << 47);
    CHECK(catch (fault_read, 0x7000000000), DF);
    CHECK(exception_code, 0);
    CHECK(exception_address, 0x7000000000);
    idt[28] = low;
    idt[26] &= ~(1ull << 47);
    CHECK(catch (fault_read, 1ull << 63), DF);
    idt[26] = gp;
    idt[12] &= ~(1ull << 47); /* #UD is benign: #NP comes instead */
    u64 ud = 0;
    void run_ud(u64 unused)
    {
        __asm__ volatile("ud2");
    }
    (void)ud;
    CHECK(catch (run_ud, 0), NP);
    CHECK(exception_code, 6 * 8 + 2 + 1);
    idt[12] |= 1ull << 47;
    (void)np;
}

/* NMI blocking: the second NMI waits for IRET. By the local APIC. */
static volatile u32 *const apic = (volatile u32 *)0xfee00000;
static volatile u32 nmis, nmi_depth, nmi_most;
static void send_self(u32 mode)
{
    apic[0x310 / 4] = apic[0x20 / 4];
    apic[0x300 / 4] = mode;
}
static void nmi_hook(Frame *f)
{
    if (f->vector != 2) {
        return;
    }
    nmis++;
    nmi_depth++;
    nmi_most = nmi_depth > nmi_most ? nmi_depth : nmi_most;
    if (nmis == 1) {
        send_self(0x4400); /* NMI */
        for (volatile int i = 0; i < 1000; i++) {
        }
    }
    nmi_depth--;
}
static void test_nmi(void)
{
    exception_hook = nmi_hook;
    send_self(0x4400);
    for (volatile int i = 0; i < 100000 && nmis < 2; i++) {
    }
    CHECK(nmis, 2);
    CHECK(nmi_most, 1);
}

/* STI holds interrupts back for one instruction; HLT is left by one. */
static volatile u64 interrupt_ip, interrupts;
static void interrupt_hook(Frame *f)
{
    interrupt_ip = f->ip;
    interrupts++;
    apic[0xb0 / 4] = 0;
}
extern u8 sti_next[], sti_after[], hlt_after[];
static void test_shadow(void)
{
    apic[0xf0 / 4] = 0x1ff;
    exception_hook = interrupt_hook;
    send_self(0x4040);
    __asm__ volatile("sti; .globl sti_next\nsti_next: nop\nsti_after: nop; cli" : : : "memory");
    CHECK(interrupts, 1);
    CHECK(interrupt_ip, (u64)sti_after);
    send_self(0x4040);
    __asm__ volatile("sti; hlt\nhlt_after: cli" : : : "memory");
    CHECK(interrupts, 2);
    CHECK(interrupt_ip, (u64)hlt_after);
    exception_hook = 0;
}

int main(void)
{
    set_up();
    exception_hook = hook;
    test_code();
    test_data();
    test_other();
    test_steps();
    test_rep_watch();
    test_double();
    test_nmi();
    test_shadow();
    return report();
}
