/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entry by Multiboot, exception stubs and the way back out of them, in 32-bit code. See system.h. */
    .code32
    .section .text.start, "ax"
    .align 4
    .long 0x1badb002, 0, -0x1badb002
    .globl _start
_start:
    cli
    mov $stack_end, %esp
    xor %ebp, %ebp
    call main
    mov $0xf4, %dx
    out %eax, %dx
1:  hlt
    jmp 1b

    .text
/* unsigned catch(void (*fn)(void *), void *arg): runs fn(arg); 0, or the vector of the exception that
 * ended it, plus 1 */
    .globl catch
catch:
    push %ebp
    push %ebx
    push %esi
    push %edi
    mov 20(%esp), %eax
    mov 24(%esp), %ecx
    push saved_esp
    mov %esp, saved_esp
    push %ecx
    call *%eax
    xor %eax, %eax
    jmp leave_catch

/* unsigned catch_user(void (*fn)(void *), void *arg): likewise at CPL 3; fn ends with int $0x80 (0x81) */
    .globl catch_user
catch_user:
    push %ebp
    push %ebx
    push %esi
    push %edi
    mov 20(%esp), %eax
    mov 24(%esp), %ecx
    push saved_esp
    mov %esp, saved_esp
    mov $user_stack_end - 8, %edx
    mov %ecx, 4(%edx)
    mov $0x23, %ecx
    mov %ecx, %ds
    mov %ecx, %es
    push $0x23
    push %edx
    push user_flags
    push $0x1b
    push %eax
    iret

    .globl leave_catch
leave_catch:
    mov saved_esp, %esp
    mov $0x10, %ecx
    mov %ecx, %ds
    mov %ecx, %es
    mov %ecx, %ss
    pop saved_esp
    pop %edi
    pop %esi
    pop %ebx
    pop %ebp
    ret

/* [vector] [code] eip cs eflags [esp ss] */
common:
    cld
    mov $0x10, %ecx
    mov %ecx, %ds
    mov %ecx, %es
    pop %eax
    pop exception_code
    pop exception_ip
    pop exception_cs
    pop exception_flags
    mov %eax, exception_vector
    mov %cr2, %ecx
    mov %ecx, exception_address
    cmpl $0, exception_hook
    jne hooked
    inc %eax
    jmp leave_catch

/* a handler that returns: as if nothing had been popped */
hooked:
    sub $12, %esp
    mov exception_ip, %ecx
    mov %ecx, (%esp)
    mov exception_flags, %ecx
    mov %ecx, 8(%esp)
    call *exception_hook
    iret

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
    .long stub\n
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
    .globl exception_address, exception_hook, saved_esp
    .globl stack_end, user_stack_end, user_flags
exception_vector: .skip 4
exception_code: .skip 4
exception_ip: .skip 4
exception_cs: .skip 4
exception_flags: .skip 4
exception_address: .skip 4
exception_hook: .skip 4
saved_esp: .skip 4
    .align 4096
    .skip 16384
stack_end:
    .skip 8192
user_stack_end:
    .skip 16
    .data
user_flags: .long 2
    .section .note.GNU-stack, "", @progbits
