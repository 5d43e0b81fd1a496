/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What CPUID says. */
#pragma once

#include "target/x86/cpu.h"

enum { X86_VENDOR_CHARS = 12 };

/* Places of components in the standard form of the XSAVE area: SDM vol. 1, 13.4 */
enum {
    X86_XSAVE_LEGACY_BYTES = 576, /* with the header */
    X86_XSAVE_AVX_OFFSET = 576,
    X86_XSAVE_AVX_BYTES = 256,
    X86_XSAVE_PKRU_OFFSET = 2688,
    X86_XSAVE_PKRU_BYTES = 8,
};
/* Bits of XCR0 */
enum { X86_XCR0_X87 = 1, X86_XCR0_SSE = 2, X86_XCR0_AVX = 4, X86_XCR0_PKRU = 1 << 9 };

/** x86_cpuid_realize - complete the configuration: APIC id, levels that the features ask for */
void x86_cpuid_realize(X86Cpu *cpu);
/** x86_cpuid_signature - family, model and stepping as in leaf 1 and in EDX after reset */
uint32_t x86_cpuid_signature(const X86Config *config);
/** x86_cpuid - EAX EBX ECX EDX of a leaf into @out */
void x86_cpuid(const X86Cpu *cpu, uint32_t leaf, uint32_t subleaf, uint32_t out[4]);
/** x86_xcr0_supported - bits that XCR0 may have */
uint64_t x86_xcr0_supported(const X86Cpu *cpu);
