/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segmentation, gates, privilege, task switches, debug registers in 32-bit protected mode. */
#include "system.h"

u32 checks, failures;

typedef struct {
    u32 link, esp0, ss0, esp1, ss1, esp2, ss2, cr3, eip, eflags, eax, ecx, edx, ebx, esp, ebp, esi,
        edi, es, cs, ss, ds, fs, gs, ldt;
    u16 trap, io_map;
    u8 map[8192 + 1];
} Tss;

static volatile u64 gdt[32], ldt[4], idt[129];
static volatile Tss tss, tss2;
static u8 task_stack[4096], inner_stack[4096];

enum {
    CODE0 = 0x08,
    DATA0 = 0x10,
    CODE3 = 0x1b,
    DATA3 = 0x23,
    TSS = 0x28,
    TSS2 = 0x30,
    LDT = 0x38,
    SMALL = 0x40,
    READONLY = 0x48,
    DOWN = 0x50,
    ABSENT = 0x58,
    CALLGATE = 0x63,
    CODEONLY = 0x68,
    TASKGATE = 0x70,
    CONFORMING = 0x78,
    CODE1 = 0x81,
    DATA1 = 0x89,
    GATE1 = 0x93,
    CODE16 = 0x98,
};
enum { A_CODE = 0xc09b, A_DATA = 0xc093, A_USER = 0x60 };

static void set_up(void)
{
    Table table = { sizeof(gdt) - 1, (u32)gdt };
    gdt[1] = descriptor(0, 0xfffff, A_CODE);
    gdt[2] = descriptor(0, 0xfffff, A_DATA);
    gdt[3] = descriptor(0, 0xfffff, A_CODE | A_USER);
    gdt[4] = descriptor(0, 0xfffff, A_DATA | A_USER);
    gdt[5] = descriptor((u32)&tss, sizeof(tss) - 1, 0x89);
    gdt[6] = descriptor((u32)&tss2, 0x67, 0x89);
    gdt[7] = descriptor((u32)ldt, sizeof(ldt) - 1, 0x82);
    gdt[8] = descriptor(0x100000, 0xff, 0x4093);
    gdt[9] = descriptor(0, 0xfffff, 0xc091);
    gdt[10] = descriptor(0, 0xfff, 0x4097);
    gdt[11] = descriptor(0, 0xfffff, A_DATA & ~0x80);
    gdt[13] = descriptor(0, 0xfffff, 0xc099);
    gdt[14] = gate(TSS2, 0, 0x85 | A_USER);
    gdt[15] = descriptor(0, 0xfffff, 0xc09f);
    gdt[16] = descriptor(0, 0xfffff, A_CODE | 0x20);
    gdt[17] = descriptor(0, 0xfffff, A_DATA | 0x20);
    gdt[19] = descriptor(0, 0xffff, 0x9b);
    __asm__ volatile("lgdt %0; ljmp $8, $1f; 1:" : : "m"(table));
    __asm__ volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%ss; mov %1, %%fs; mov %1, %%gs"
                     :
                     : "r"(DATA0), "r"(0));
    for (int i = 0; i < 129; i++) {
        idt[i] = gate(CODE0, stubs[i], i == 3 || i == 4 || i == 128 ? 0xee : 0x8e);
    }
    table = (Table){ sizeof(idt) - 1, (u32)idt };
    __asm__ volatile("lidt %0" : : "m"(table));
    tss.ss0 = DATA0;
    tss.esp0 = (u32)inner_stack + sizeof(inner_stack);
    tss.ss1 = DATA1;
    tss.esp1 = (u32)task_stack + sizeof(task_stack);
    tss.io_map = 104;
    for (unsigned i = 0; i < sizeof(tss.map); i++) {
        tss.map[i] = 0xff;
    }
    __asm__ volatile("ltr %w0" : : "r"(TSS));
    __asm__ volatile("lldt %w0" : : "r"(LDT));
    CHECK(gdt[5] >> 40 & 255, 0x8b);
}

/* What a case does with its argument */
static void load_ds(void *arg)
{
    __asm__ volatile("mov %0, %%ds" : : "r"(arg));
}
static void load_ss(void *arg)
{
    __asm__ volatile("mov %0, %%ss" : : "r"(arg));
}
static void load_es(void *arg)
{
    __asm__ volatile("mov %0, %%es" : : "r"(arg));
}
static void load_fs(void *arg)
{
    __asm__ volatile("mov %0, %%fs" : : "r"(arg));
}
static void read_fs(void *arg)
{
    u32 v;
    __asm__ volatile("mov %%fs:(%1), %0" : "=r"(v) : "r"(arg));
}
static void write_fs(void *arg)
{
    __asm__ volatile("movl $1, %%fs:(%0)" : : "r"(arg) : "memory");
}
static void far_jump(void *arg)
{
    struct {
        u32 offset;
        u16 selector;
    } __attribute__((packed)) target = { 0, (u32)arg };
    __asm__ volatile("movl $1f, %0; ljmp *%0; 1:" : "+m"(target));
}
static void undefined(void *arg)
{
    __asm__ volatile("ud2");
}
static void divide(void *arg)
{
    __asm__ volatile("divl %0" : : "r"(0), "a"(1), "d"(0));
}
static void breakpoint(void *arg)
{
    __asm__ volatile("int3");
}
static void interrupt_32(void *arg)
{
    __asm__ volatile("int $0x20");
}
static void system_call(void *arg)
{
    __asm__ volatile("int $0x80");
}
static void halt(void *arg)
{
    __asm__ volatile("hlt");
}
static void in_port(void *arg)
{
    __asm__ volatile("in %%dx, %%al" : : "d"(arg), "a"(0));
}
static void in_port_and_return(void *arg)
{
    in_port(arg);
    system_call(0);
}
static void clear_if(void *arg)
{
    __asm__ volatile("cli");
}
static void read_cr(void *arg)
{
    u32 v;
    __asm__ volatile("mov %%cr0, %0" : "=r"(v));
}
static void write_cr4(void *arg)
{
    __asm__ volatile("mov %0, %%cr4" : : "r"(arg));
}
static void read_unknown_msr(void *arg)
{
    __asm__ volatile("rdmsr" : : "c"(arg) : "eax", "edx");
}
static void call_task(void *arg)
{
    __asm__ volatile("lcall $0x30, $0" : : : "memory");
}
static void call_task_gate(void *arg)
{
    __asm__ volatile("lcall $0x70, $0" : : : "memory");
}

static void test_segments(void)
{
    CHECK(catch (load_ds, (void *)DATA0), 0);
    CHECK(catch (load_ds, (void *)0x200), GP);
    CHECK(exception_code, 0x200);
    CHECK(catch (load_ds, (void *)ABSENT), NP);
    CHECK(exception_code, ABSENT);
    CHECK(catch (load_ss, (void *)ABSENT), SS);
    CHECK(exception_code, ABSENT);
    CHECK(catch (load_ss, (void *)READONLY), GP);
    CHECK(exception_code, READONLY);
    CHECK(catch (load_ss, (void *)DATA3), GP);
    CHECK(catch (load_ss, (void *)0), GP);
    CHECK(exception_code, 0);
    CHECK(catch (load_es, (void *)CODEONLY), GP);
    CHECK(catch (load_es, (void *)0), 0);
    CHECK(catch (load_es, (void *)TSS), GP);
    load_es((void *)DATA0);
    gdt[8] &= ~(1ull << 40);
    load_fs((void *)SMALL);
    CHECK(gdt[8] >> 40 & 1, 1); /* accessed */
    CHECK(catch (read_fs, (void *)0xfc), 0);
    CHECK(catch (read_fs, (void *)0xfd), GP);
    CHECK(exception_code, 0);
    CHECK(catch (write_fs, (void *)0x100), GP);
    load_fs((void *)READONLY);
    CHECK(catch (read_fs, (void *)0x100000), 0);
    CHECK(catch (write_fs, (void *)0x100000), GP);
    load_fs((void *)DOWN);
    CHECK(catch (read_fs, (void *)0x1000), 0);
    CHECK(catch (read_fs, (void *)0xfff), GP);
    load_fs((void *)CODE0);
    CHECK(catch (read_fs, (void *)0x100000), 0);
    CHECK(catch (write_fs, (void *)0x100000), GP);
    load_fs(0);
    CHECK(catch (read_fs, (void *)0x100000), GP);
    CHECK(catch (far_jump, (void *)0), GP);
    CHECK(catch (far_jump, (void *)DATA0), GP);
    CHECK(catch (far_jump, (void *)CODE3), GP);
    CHECK(catch (far_jump, (void *)CODE0), 0);
    CHECK(catch (far_jump, (void *)CONFORMING), 0);
    CHECK(catch (far_jump, (void *)CODE0), 0);
}

static void test_look_up(void)
{
    u32 v = 0xdead, ok;
    __asm__ volatile("lar %2, %0; setz %b1" : "+r"(v), "=q"(ok) : "r"(DATA0));
    CHECK(v & 0xf0ff00, 0xc09300);
    CHECK(ok & 255, 1);
    __asm__ volatile("lsl %2, %0; setz %b1" : "+r"(v), "=q"(ok) : "r"(SMALL));
    CHECK(v, 0xff);
    __asm__ volatile("lsl %2, %0; setz %b1" : "+r"(v), "=q"(ok) : "r"(CALLGATE));
    CHECK(ok & 255, 0);
    CHECK(v, 0xff);
    __asm__ volatile("verr %w1; setz %b0" : "=q"(ok) : "r"(CODEONLY));
    CHECK(ok & 255, 0);
    __asm__ volatile("verw %w1; setz %b0" : "=q"(ok) : "r"(DATA0));
    CHECK(ok & 255, 1);
    __asm__ volatile("verw %w1; setz %b0" : "=q"(ok) : "r"(READONLY));
    CHECK(ok & 255, 0);
    v = 0x10;
    __asm__ volatile("arpl %w2, %w0; setz %b1" : "+r"(v), "=q"(ok) : "r"(0x23));
    CHECK(v, 0x13);
    CHECK(ok & 255, 1);
    __asm__ volatile("str %w0" : "=r"(v));
    CHECK(v & 0xffff, TSS);
    __asm__ volatile("sldt %w0" : "=r"(v));
    CHECK(v & 0xffff, LDT);
    ldt[1] = descriptor(0x100000, 0xfffff, A_DATA);
    load_fs((void *)0x0c);
    __asm__ volatile("mov %%fs:0, %0" : "=r"(v));
    CHECK(v, *(volatile u32 *)0x100000);
    load_fs(0);
}

static void test_exceptions(void)
{
    CHECK(catch (undefined, 0), UD);
    CHECK(exception_cs, CODE0);
    CHECK(catch (divide, 0), DE);
    CHECK(catch (breakpoint, 0), BP);
    CHECK(*(u8 *)(exception_ip - 1), 0xcc);
    CHECK(catch (interrupt_32, 0), 0x21);
    CHECK(catch (write_cr4, (void *)0x80000000), GP);
    CHECK(catch (read_unknown_msr, (void *)0x12345678), GP);
    idt[6] &= ~(1ull << 47);
    CHECK(catch (undefined, 0), NP);
    CHECK(exception_code, 6 * 8 + 2 + 1);
    idt[6] = gate(DATA0, stubs[6], 0x8e);
    CHECK(catch (undefined, 0), GP);
    CHECK(exception_code, DATA0 + 1);
    idt[11] &= ~(1ull << 47);
    idt[6] &= ~(1ull << 47);
    CHECK(catch (undefined, 0), DF);
    idt[11] |= 1ull << 47;
    idt[6] = gate(CODE0, stubs[6], 0x8e);
}

static void test_privilege(void)
{
    CHECK(catch_user(system_call, 0), DONE);
    CHECK(exception_cs, CODE3);
    CHECK(catch_user(interrupt_32, 0), GP);
    CHECK(exception_code, 0x20 * 8 + 2);
    CHECK(catch_user(halt, 0), GP);
    CHECK(catch_user(clear_if, 0), GP);
    CHECK(catch_user(read_cr, 0), GP);
    CHECK(catch_user(load_ds, (void *)DATA0), GP);
    CHECK(catch_user(undefined, 0), UD);
    CHECK(catch_user(in_port, (void *)0x80), GP);
    tss.map[0x80 / 8] = 0xfe;
    CHECK(catch_user(in_port_and_return, (void *)0x80), DONE);
    CHECK(catch_user(in_port_and_return, (void *)0x81), GP);
    tss.map[0x80 / 8] = 0xff;
    user_flags = 0x3002; /* IOPL 3 */
    CHECK(catch_user(in_port_and_return, (void *)0x80), DONE);
    user_flags = 2;
    gdt[7] = descriptor((u32)ldt, sizeof(ldt) - 1, 0x82);
}

/* Through call gates: to the same level, and from 3 to 1 and back with parameters */
static u32 gate_sum;
void gate_body(u32 cs, u32 a, u32 b);
void gate_body(u32 cs, u32 a, u32 b)
{
    gate_sum = cs << 16 | (a * 16 + b);
}
__asm__(".globl gate_entry\n"
        "gate_entry: push %ds; mov $0x89, %ecx; mov %ecx, %ds; mov %cs, %eax\n"
        "mov 16(%esp), %edx; mov 12(%esp), %ecx; push %ecx; push %edx; push %eax; call gate_body\n"
        "add $12, %esp; pop %ds; lret $8");
extern u8 gate_entry[];

static void through_gate(void *arg)
{
    __asm__ volatile("push $5; push $6; lcall $0x93, $0" : : : "eax", "ecx", "edx", "memory");
    if (arg) {
        system_call(0);
    }
}

static void test_gates(void)
{
    gdt[18] = gate(CODE1, (u32)gate_entry, 0xec);
    gdt[18] |= (u64)2 << 32;
    CHECK(catch_user(through_gate, (void *)1), DONE);
    CHECK(gate_sum, 0x81 << 16 | 0x56);
    CHECK(gdt[17] >> 40 & 1, 1);
    gdt[18] &= ~(1ull << 47);
    CHECK(catch_user(through_gate, (void *)1), NP);
    CHECK(exception_code, 0x90);
    gdt[18] |= 1ull << 47;
    tss.ss1 = DATA0;
    CHECK(catch_user(through_gate, (void *)1), TS);
    CHECK(exception_code, DATA0);
    tss.ss1 = DATA1;
}

static volatile u32 task_runs, task_flags, task_link;
static void task_body(void)
{
    for (;;) {
        u32 flags;
        task_runs++;
        __asm__ volatile("pushf; pop %0" : "=r"(flags));
        task_flags = flags;
        task_link = tss2.link;
        __asm__ volatile("iret");
    }
}

static void test_tasks(void)
{
    u32 cr0;
    tss2.eip = (u32)task_body;
    tss2.eflags = 2;
    tss2.esp = (u32)task_stack + sizeof(task_stack);
    tss2.cs = CODE0;
    tss2.ss = tss2.ds = tss2.es = DATA0;
    tss2.io_map = 104;
    CHECK(catch (call_task, 0), 0);
    CHECK(task_runs, 1);
    CHECK(task_flags & 0x4000, 0x4000);
    CHECK(task_link, TSS);
    CHECK(gdt[6] >> 40 & 255, 0x89);
    CHECK(gdt[5] >> 40 & 255, 0x8b);
    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    CHECK(cr0 & 8, 8);
    __asm__ volatile("clts");
    CHECK(catch (call_task_gate, 0), 0);
    CHECK(task_runs, 2);
    idt[6] = gate(TASKGATE & 0 ? 0 : TSS2, 0, 0x85);
    gdt[6] |= 2ull << 40; /* busy */
    CHECK(catch (call_task, 0), GP);
    CHECK(exception_code, TSS2);
    gdt[6] &= ~(2ull << 40);
    idt[6] = gate(CODE0, stubs[6], 0x8e);
}

/* Debug registers */
static volatile u32 watched, hook_hits, hook_ip, hook_dr6;
static void debug_hook(void)
{
    hook_hits++;
    hook_ip = exception_ip;
    __asm__ volatile("mov %%dr6, %0" : "=r"(hook_dr6));
    __asm__ volatile("mov %0, %%dr6" : : "r"(0));
    /* RF: the breakpoint is not met again */
    __asm__ volatile("orl $0x10000, 12(%%ebp)" : : : "memory");
}
__asm__(".globl debug_entry\n"
        "debug_entry: pusha; mov 32(%esp), %eax; mov %eax, exception_ip\n"
        "orl $0x10000, 40(%esp); call debug_seen; popa; iret");
extern u8 debug_entry[];
void debug_seen(void);
void debug_seen(void)
{
    hook_hits++;
    hook_ip = exception_ip;
    __asm__ volatile("mov %%dr6, %0" : "=r"(hook_dr6));
    __asm__ volatile("mov %0, %%dr6" : : "r"(0));
}
static void set_dr(u32 address, u32 dr7)
{
    __asm__ volatile("mov %0, %%dr0; mov %1, %%dr7" : : "r"(address), "r"(dr7));
}
extern u8 break_here[], store_here[], store_next[];
__attribute__((noinline)) static void run_break(void *arg)
{
    __asm__ volatile("nop; .globl break_here; break_here: nop; nop");
}
__attribute__((noinline)) static void run_store(void *arg)
{
    __asm__ volatile(
        ".globl store_here; store_here: movl $7, %0; .globl store_next; store_next: nop"
        : "=m"(watched));
}

static void test_debug(void)
{
    idt[1] = gate(CODE0, (u32)debug_entry, 0x8e);
    hook_hits = 0;
    set_dr((u32)break_here, 1);
    run_break(0);
    CHECK(hook_hits, 1);
    CHECK(hook_ip, (u32)break_here);
    CHECK(hook_dr6 & 0xf, 1);
    run_break(0);
    CHECK(hook_hits, 2);
    set_dr((u32)&watched, 1 | 0xd << 16); /* writes, 4 bytes */
    run_store(0);
    CHECK(hook_hits, 3);
    CHECK(hook_ip, (u32)store_next);
    CHECK(watched, 7);
    CHECK(hook_dr6 & 0xf, 1);
    (void)watched;
    CHECK(hook_hits, 3);
    set_dr((u32)&watched, 1 | 0xf << 16); /* reads too */
    (void)watched;
    CHECK(hook_hits, 4);
    set_dr(0, 0);
    __asm__ volatile("pushf; orl $0x100, (%%esp); popf; nop; pushf; andl $~0x100, (%%esp); popf"
                     :
                     :
                     : "memory");
    CHECK(hook_dr6 & 0x4000, 0x4000);
    CHECK(hook_hits > 5, 1);
    idt[1] = gate(CODE0, stubs[1], 0x8e);
    (void)debug_hook;
}

/* Virtual-8086 mode: int 3 leads out */
__asm__(".globl vm86_code, vm86_end\n.code16\n"
        "vm86_code: mov $0x1234, %ax; mov %ax, %ds:(0x10); push %cs; pop %es; cli\n"
        "vm86_end: nop\n.code32");
extern u8 vm86_code[], vm86_end[];
__asm__(".globl enter_vm86\n"
        "enter_vm86: push $0; push $0; push $0x2000; push $0; push $0x3000; push $0xfff0\n"
        "push $0x20002; push $0x2000; push $0; iret");
extern void enter_vm86(void *arg);

static void test_vm86(void)
{
    u8 *code = (u8 *)0x20000;
    for (u8 *from = vm86_code; from < vm86_end + 1; from++) {
        *code++ = *from;
    }
    *(volatile u16 *)0x20010 = 0;
    CHECK(catch (enter_vm86, 0), GP);
    CHECK(exception_code, 0);
    CHECK(exception_cs & 0xffff, 0x2000);
    CHECK(exception_flags & 0x20000, 0x20000);
    CHECK(exception_ip, vm86_end - vm86_code - 1);
    CHECK(*(volatile u16 *)0x20010, 0x1234);
}

int main(void)
{
    set_up();
    test_segments();
    test_look_up();
    test_exceptions();
    test_privilege();
    test_gates();
    test_tasks();
    test_debug();
    test_vm86();
    put_hex(checks);
    put_text(failures ? "checks, failed\n" : "checks, ok\n");
    return failures ? 1 : 0;
}
