/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entry by Multiboot, long mode with the first GiB mapped as it is, exception stubs and the way back
 * out of them. See system64.h. */
    .code32
    .section .text.start, "ax"
    .align 4
    .long 0x1badb002, 0, -0x1badb002
    .globl _start
_start:
    cli
    mov $stack_end, %esp
    mov $boot_pml4, %edi
    mov $boot_pdpt + 7, %eax
    mov %eax, (%edi)
    mov $boot_pdpt, %edi
    mov $boot_pd + 7, %eax
    mov %eax, (%edi)
    add $4096, %eax
    mov %eax, 3 * 8(%edi)           /* 3 to 4 GiB: the APIC */
    mov $boot_pd, %edi
    mov $0x83, %eax
    xor %ecx, %ecx
1:  mov %eax, (%edi, %ecx, 8)
    lea 0xc0000000(%eax), %edx
    mov %edx, 4096(%edi, %ecx, 8)
    add $0x200000, %eax
    inc %ecx
    cmp $512, %ecx
    jne 1b
    .globl enter_long
enter_long:
    mov %cr4, %eax
    or $0x20, %eax                  /* PAE */
    or start_cr4, %eax
    mov %eax, %cr4
    mov start_cr3, %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx
    rdmsr
    or $0x900, %eax                 /* LME, NXE */
    wrmsr
    mov %cr0, %eax
    or $0x80000001, %eax
    mov %eax, %cr0
    lgdt boot_table
    ljmp $8, $2f
    .code64
2:  mov $0x10, %ecx
    mov %ecx, %ds
    mov %ecx, %es
    mov %ecx, %ss
    mov $stack_end, %esp
    mov long_main, %rax
    xor %ebp, %ebp
    call *%rax
    mov $0xf4, %dx
    out %eax, %dx
3:  hlt
    jmp 3b

/* void leave_long(void): from 64-bit code on the first GiB back to 32-bit code without paging, with
 * start_cr4 and start_cr3 in again */
    .globl restart_long
restart_long:
    ljmp *far_32
    .code32
4:  mov $0x10, %ecx
    mov %ecx, %ds
    mov %ecx, %ss
    mov %cr0, %eax
    and $0x7fffffff, %eax
    mov %eax, %cr0
    mov $0xc0000080, %ecx
    rdmsr
    and $~0x100, %eax
    wrmsr
    xor %eax, %eax
    mov %eax, %cr4
    jmp enter_long
    .code64
    .data
far_32: .long 4b
    .word 0x18
    .globl start_cr4, start_cr3, long_main
start_cr4: .long 0
start_cr3: .long boot_pml4
long_main: .quad main
    .align 16
    .globl gdt64
gdt64:
    .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cf9b000000ffff
    .quad 0x00cffb000000ffff, 0x00cff3000000ffff, 0x00affb000000ffff, 0, 0, 0, 0, 0, 0, 0, 0, 0
boot_table: .word 127
    .quad gdt64
    .text

/* unsigned catch(void (*fn)(u64), u64 arg): runs fn(arg); 0, or the vector of the exception that ended
 * it, plus 1 */
    .globl catch
catch:
    push %rbp
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    push saved_rsp
    mov %rsp, saved_rsp
    mov %rdi, %rax
    mov %rsi, %rdi
    call *%rax
    xor %eax, %eax
    jmp leave_catch

/* unsigned catch_user(void (*fn)(u64), u64 arg): likewise at CPL 3; fn ends with int $0x80 (0x81) */
    .globl catch_user
catch_user:
    push %rbp
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    push saved_rsp
    mov %rsp, saved_rsp
    mov %rdi, %rax
    mov %rsi, %rdi
    push $0x2b
    push user_stack
    push user_flags
    push user_cs
    push %rax
    iretq

    .globl leave_catch
leave_catch:
    mov saved_rsp, %rsp
    pop saved_rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    pop %rbp
    ret

/* [vector] [code] rip cs rflags rsp ss */
common:
    cld
    cmpq $0, exception_hook
    jne hooked
    pop %rax
    pop exception_code
    pop exception_ip
    pop exception_cs
    pop exception_flags
    pop exception_sp
    mov %rax, exception_vector
    mov %cr2, %rcx
    mov %rcx, exception_address
    inc %eax
    jmp leave_catch

/* exception_hook(frame): registers and [vector] [code] rip cs rflags rsp ss */
hooked:
    push %rax
    push %rcx
    push %rdx
    push %rbx
    push %rbp
    push %rsi
    push %rdi
    push %r8
    push %r9
    push %r10
    push %r11
    mov %rsp, %rdi
    mov %rsp, %rbp
    and $-16, %rsp
    call *exception_hook
    mov %rbp, %rsp
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rdi
    pop %rsi
    pop %rbp
    pop %rbx
    pop %rdx
    pop %rcx
    pop %rax
    add $16, %rsp
    iretq

    .altmacro
    .macro stub n
stub\n:
    .if \n == 8 || (\n >= 10 && \n <= 14) || \n == 17
    .else
    push $0
    .endif
    push $\n
    jmp common
    .endm
    .set n, 0
    .rept 129
    stub %n
    .set n, n + 1
    .endr

    .macro entry n
    .quad stub\n
    .endm
    .section .rodata
    .globl stubs
stubs:
    .set n, 0
    .rept 129
    entry %n
    .set n, n + 1
    .endr

    .bss
    .globl exception_vector, exception_code, exception_ip, exception_cs, exception_flags
    .globl exception_address, exception_sp, exception_hook, saved_rsp
    .globl boot_pml4, boot_pdpt, boot_pd, stack_end, user_stack_end
exception_vector: .skip 8
exception_code: .skip 8
exception_ip: .skip 8
exception_cs: .skip 8
exception_flags: .skip 8
exception_sp: .skip 8
exception_address: .skip 8
exception_hook: .skip 8
saved_rsp: .skip 8
    .align 4096
boot_pml4: .skip 4096
boot_pdpt: .skip 4096
boot_pd: .skip 8192
    .skip 16384
stack_end:
    .skip 8192
user_stack_end:
    .skip 16
    .data
    .globl user_flags, user_cs, user_stack
user_flags: .quad 2
user_cs: .quad 0x33
user_stack: .quad user_stack_end - 8
    .section .note.GNU-stack, "", @progbits
