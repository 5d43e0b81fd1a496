/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What translate_system.c tells the helpers. */
#pragma once

/* of helper interrupt */
typedef enum {
    X86_INTERRUPT_INT,      /* INT n: subject to IOPL and redirection in virtual-8086 mode */
    X86_INTERRUPT_SHORT,    /* INT3 */
    X86_INTERRUPT_OVERFLOW, /* INTO */
    X86_INTERRUPT_ICEBP,    /* INT1 */
} X86InterruptKind;
