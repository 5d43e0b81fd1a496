/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Task switches that fault, virtual-8086 mode with VME, system management mode, SYSENTER. Spec: SDM
 * vol. 3, ch. 8, 21.3, ch. 32, 5.8.7. */
#include "system.h"

u32 checks, failures;

typedef struct {
    u32 link, esp0, ss0, esp1, ss1, esp2, ss2, cr3, eip, eflags, r[8], es, cs, ss, ds, fs, gs, ldt;
    u16 trap, io_map;
    u8 redirect[32], io[8];
} __attribute__((packed)) Task;

static volatile u64 gdt[16], idt[129];
static volatile Task tss, tss2;
static u8 task_stack[4096], inner_stack[4096];
enum {
    CODE0 = 8,
    DATA0 = 0x10,
    CODE3 = 0x1b,
    DATA3 = 0x23,
    TSS = 0x28,
    TSS2 = 0x30,
    ABSENT = 0x38
};

static void set_up(void)
{
    Table t = { sizeof(gdt) - 1, (u32)gdt };
    gdt[1] = descriptor(0, 0xfffff, 0xc09b);
    gdt[2] = descriptor(0, 0xfffff, 0xc093);
    gdt[3] = descriptor(0, 0xfffff, 0xc0fb);
    gdt[4] = descriptor(0, 0xfffff, 0xc0f3);
    gdt[5] = descriptor((u32)&tss, sizeof(tss) - 1, 0x89);
    gdt[6] = descriptor((u32)&tss2, 0x67, 0x89);
    gdt[7] = descriptor(0, 0xfffff, 0xc013);
    gdt[8] = descriptor(0, 0xfffff, 0xc0fb);
    gdt[9] = descriptor(0, 0xfffff, 0xc0f3);
    __asm__ volatile("lgdt %0; ljmp $8, $1f; 1:" : : "m"(t));
    __asm__ volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%ss" : : "r"(DATA0));
    for (int i = 0; i < 129; i++) {
        idt[i] = gate(CODE0, stubs[i], i == 128 ? 0xee : 0x8e);
    }
    t = (Table){ sizeof(idt) - 1, (u32)idt };
    __asm__ volatile("lidt %0" : : "m"(t));
    outb(0x21, 0xff);
    outb(0xa1, 0xff);
    tss.ss0 = DATA0;
    tss.esp0 = (u32)inner_stack + sizeof(inner_stack);
    tss.io_map = 104 + 32;
    __asm__ volatile("ltr %w0" : : "r"(TSS));
}

static void call_task(void *arg)
{
    __asm__ volatile("lcall $0x30, $0" : : : "memory");
}
static void task_body(void)
{
    for (;;) {
        __asm__ volatile("iret");
    }
}
static void fresh_task(void)
{
    tss2.eip = (u32)task_body;
    tss2.eflags = 2;
    tss2.r[4] = (u32)task_stack + sizeof(task_stack);
    tss2.cs = CODE0;
    tss2.ss = tss2.ds = tss2.es = DATA0;
    tss2.fs = tss2.gs = tss2.ldt = 0;
    gdt[6] = descriptor((u32)&tss2, 0x67, 0x89);
    gdt[5] = descriptor((u32)&tss, sizeof(tss) - 1, 0x89);
    __asm__ volatile("ltr %w0; clts" : : "r"(TSS));
}

/* Faults of the new task come in it, at its first instruction. */
static void test_task_faults(void)
{
    fresh_task();
    CHECK(catch (call_task, 0), 0);
    gdt[6] = descriptor((u32)&tss2, 0x66, 0x89); /* too short: still in the old one */
    CHECK(catch (call_task, 0), TS);
    CHECK(exception_code, TSS2);
    gdt[6] = descriptor((u32)&tss2, 0x67, 0x09);
    CHECK(catch (call_task, 0), NP);
    CHECK(exception_code, TSS2);
    fresh_task();
    tss2.ds = ABSENT;
    u32 body = (u32)task_body;
    CHECK(catch (call_task, 0), NP);
    CHECK(exception_code, ABSENT);
    CHECK(exception_ip, body);
    CHECK(tss2.link, TSS);
    fresh_task();
    tss2.es = CODE0; /* readable code: allowed */
    CHECK(catch (call_task, 0), 0);
    fresh_task();
}

/* Virtual-8086 mode */
extern u8 v_int[], v_int_end[], v_cli[], v_cli_end[], v_pop[], v_pop_end[];
__asm__(".code16\n.globl v_int, v_int_end, v_cli, v_cli_end, v_pop, v_pop_end\n"
        "v_int: movw $0x1111, %ds:0x40; int $0x40; movw $0x2222, %ds:0x42; ud2\nv_int_end:\n"
        "v_cli: sti; pushf; popw %ds:0x40; cli; pushf; popw %ds:0x42; ud2\nv_cli_end:\n"
        "v_pop: pushw $0x0302; popf; pushf; popw %ds:0x40; ud2\nv_pop_end:\n"
        ".code32\n");
u32 vm_flags;
__asm__(".globl enter_v86\n"
        "enter_v86: push $0; push $0; push $0x2000; push $0; push $0x3000; push $0xfff0\n"
        "push vm_flags; push $0x2000; push $0; iret");
extern void enter_v86(void *arg);

__asm__(".globl vm_flags");

static volatile u16 *word(u32 at)
{
    return (volatile u16 *)at;
}
static void copy(u8 *from, u8 *end, u32 to)
{
    for (; from < end; from++) {
        *(volatile u8 *)to++ = *from;
    }
}
static void set_cr4(u32 v)
{
    __asm__ volatile("mov %0, %%cr4" : : "r"(v));
}

static void test_v86(void)
{
    /* INT 40h at IOPL 0: #GP without VME; with it, into the program's own table if the bit is 0 */
    copy(v_int, v_int_end, 0x20000);
    vm_flags = 0x20002;
    CHECK(catch (enter_v86, 0), GP);
    set_cr4(1);
    *word(0x40 * 4) = 0x0100;
    *word(0x40 * 4 + 2) = 0x2000;
    static const u8 handler[] = {
        0xc7, 0x06, 0x44, 0x00, 0x33, 0x33, 0xcf
    }; /* movw $0x3333, 0x44; iret */
    copy((u8 *)handler, (u8 *)handler + sizeof(handler), 0x20100);
    *word(0x20042) = *word(0x20044) = 0;
    CHECK(catch (enter_v86, 0), UD);
    CHECK(*word(0x20042), 0x2222);
    CHECK(*word(0x20044), 0x3333);
    tss.redirect[0x40 / 8] = 1; /* to the system's, which IOPL 0 may not */
    CHECK(catch (enter_v86, 0), GP);
    CHECK(exception_code, 0);
    vm_flags = 0x23002; /* IOPL 3: the gate's DPL is too small */
    CHECK(catch (enter_v86, 0), GP);
    CHECK(exception_code, 0x40 * 8 + 2);
    tss.redirect[0x40 / 8] = 0;
    /* STI, CLI, PUSHF and POPF act on VIF */
    vm_flags = 0x20002;
    copy(v_cli, v_cli_end, 0x20000);
    CHECK(catch (enter_v86, 0), UD);
    CHECK(*word(0x20040) & 0x3200, 0x3200);
    CHECK(*word(0x20042) & 0x3200, 0x3000);
    CHECK(exception_flags & 0x80200, 0);
    vm_flags = 0x120002; /* an interrupt is pending: STI is #GP */
    CHECK(catch (enter_v86, 0), GP);
    copy(v_pop, v_pop_end, 0x20000);
    vm_flags = 0x20002;
    CHECK(catch (enter_v86, 0), GP); /* POPF may not set TF */
    set_cr4(0);
}

/* SMI by the local APIC, the handler at SMBASE + 0x8000 in plain memory */
static volatile u32 *const apic = (volatile u32 *)0xfee00000;
extern u8 smm_code[], smm_code_end[];
__asm__(
    ".code16\n.globl smm_code, smm_code_end\n"
    "smm_code: mov $0x5000, %ax; mov %ax, %ds; incl 0; mov %cs, 4; mov %cr0, %eax; mov %eax, 8\n"
    "mov $0x38000, %ebx; mov 0x7efc(%ebx), %eax; mov %eax, 12; rsm\nsmm_code_end:\n.code32\n");
static void do_rsm(void *arg)
{
    __asm__ volatile("rsm");
}
static void test_smm(void)
{
    u32 ebx = 0x12345678, cr0;
    volatile u32 *seen = (volatile u32 *)0x50000;

    copy(smm_code, smm_code_end, 0x38000);
    seen[0] = seen[1] = 0;
    CHECK(catch (do_rsm, 0), UD);
    apic[0xf0 / 4] = 0x1ff;
    apic[0x310 / 4] = apic[0x20 / 4];
    __asm__ volatile("movl $0x4200, (%2); nop; nop; mov %%cr0, %1"
                     : "+b"(ebx), "=r"(cr0)
                     : "r"(apic + 0x300 / 4)
                     : "memory");
    for (volatile int i = 0; i < 100000 && !seen[0]; i++) {
    }
    CHECK(seen[0], 1);
    CHECK(ebx, 0x12345678);
    CHECK(cr0 & 1, 1);
    CHECK(seen[1] & 0xffff, 0x3000);
    CHECK(seen[2] & 0x80000001, 0);
}

extern u8 sys_entry[], sys_call[];
__asm__(".globl sys_entry, sys_call\nsys_entry: mov %cs, %esi; mov %ss, %edi; mov $1f, %edx; lea "
        "user_stack_end - 64, %ecx; sysexit\n"
        "sys_call: sysenter\n1: mov %cs, %eax; mov %eax, sys_cs; mov %esi, sys_inner; int "
        "$0x80\n.bss\n.globl sys_cs, sys_inner\nsys_cs: .skip 4\nsys_inner: .skip 4\n.text");
extern volatile u32 sys_cs, sys_inner;
static void write_msr(u32 number, u32 value)
{
    __asm__ volatile("wrmsr" : : "c"(number), "a"(value), "d"(0));
}
static void test_sysenter(void)
{
    write_msr(0x174, 0);
    CHECK(catch_user((void (*)(void *))sys_call, 0), GP);
    write_msr(0x174, CODE0);
    write_msr(0x175, (u32)inner_stack + sizeof(inner_stack));
    write_msr(0x176, (u32)sys_entry);
    CHECK(catch_user((void (*)(void *))sys_call, 0), DONE);
    CHECK(sys_inner, CODE0);
    CHECK(sys_cs, 0x1b);
}

int main(void)
{
    set_up();
    test_task_faults();
    test_v86();
    test_smm();
    test_sysenter();
    put_hex(checks);
    put_text(failures ? "checks, failed\n" : "checks, ok\n");
    return failures ? 1 : 0;
}
