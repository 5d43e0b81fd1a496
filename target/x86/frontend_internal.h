/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What joins the processor's state with the translator. */
#pragma once

#include "accel/tcg/frontend.h"
#include "target/x86/cpu.h"

static inline X86Cpu *x86_cpu(void *cpu)
{
    return cpu; /* Cpu is the first member */
}

extern const TcgFrontend x86_frontend;

void x86_translate(TcgTranslate *region);
uint64_t x86_context_key(Cpu *cpu);
