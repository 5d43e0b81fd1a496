/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Raising exceptions, and what they are called. */
#include "target/x86/trap.h"

#include "accel/tcg/frontend.h"

static uint64_t raise_event(X86Cpu *cpu, X86Event event)
{
    cpu->event = event;
    tcg_raise(&cpu->cpu);
    return 0;
}

uint64_t x86_raise(X86Cpu *cpu, X86Exception vector)
{
    return raise_event(cpu, (X86Event){ .vector = vector, .type = X86_EVENT_EXCEPTION });
}

uint64_t x86_raise_code(X86Cpu *cpu, X86Exception vector, uint32_t code)
{
    return raise_event(
        cpu, (X86Event){
                 .vector = vector, .type = X86_EVENT_EXCEPTION, .has_code = true, .code = code });
}

uint64_t x86_raise_page_fault(X86Cpu *cpu, uint64_t address, uint32_t code)
{
    return raise_event(cpu, (X86Event){ .vector = X86_PF,
                                        .type = X86_EVENT_EXCEPTION,
                                        .has_code = true,
                                        .code = code,
                                        .address = address });
}

uint64_t x86_raise_debug(X86Cpu *cpu, uint32_t dr6)
{
    return raise_event(cpu,
                       (X86Event){ .vector = X86_DB, .type = X86_EVENT_EXCEPTION, .address = dr6 });
}

const char *x86_exception_name(unsigned vector)
{
    static const char *const names[] = {
        [X86_DE] = "#DE", [X86_DB] = "#DB", [X86_NMI] = "NMI", [X86_BP] = "#BP",
        [X86_OF] = "#OF", [X86_BR] = "#BR", [X86_UD] = "#UD",  [X86_NM] = "#NM",
        [X86_DF] = "#DF", [X86_TS] = "#TS", [X86_NP] = "#NP",  [X86_SS_FAULT] = "#SS",
        [X86_GP] = "#GP", [X86_PF] = "#PF", [X86_MF] = "#MF",  [X86_AC] = "#AC",
        [X86_MC] = "#MC", [X86_XM] = "#XM",
    };

    return vector < G_N_ELEMENTS(names) && names[vector] ? names[vector] : "interrupt";
}
