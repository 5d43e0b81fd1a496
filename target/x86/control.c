/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control registers and what is cached by them. Spec: SDM vol. 3, 2.5, 4.1, 4.10.4, 10.8.5 (long
 * mode). */
#include "target/x86/control.h"

#include "target/x86/cpuid.h"
#include "target/x86/debug.h"
#include "target/x86/features.h"
#include "target/x86/flags.h"
#include "target/x86/interrupt.h"
#include "target/x86/mmu.h"
#include "target/x86/mode.h"
#include "target/x86/registers_internal.h"
#include "target/x86/segment.h"
#include "target/x86/translate_internal.h"

enum { PCID_MASK = 0xfff };
#define CR3_NO_FLUSH (1ull << 63)

static bool refuse(X86Cpu *cpu)
{
    x86_raise_code(cpu, X86_GP, 0);
    return false;
}

/* CR0 ------------------------------------------------------------------------------------------ */

static bool is_pae_legacy(uint64_t cr0, uint64_t cr4, uint64_t efer)
{
    return cr0 & CR0_PG && cr4 & CR4_PAE && !(efer & EFER_LMA);
}

/* EFER.LMA follows PG while LME is set: 10.8.5 */
static bool switch_paging(X86Cpu *cpu, uint64_t value)
{
    uint64_t efer = cpu->msr.efer, pdptr[4];

    if (value & CR0_PG && efer & EFER_LME) {
        if (!(cpu->control.cr4 & CR4_PAE) || cpu->segment[X86_CS].access & SEGMENT_L) {
            return refuse(cpu);
        }
        cpu->msr.efer = efer | EFER_LMA;
        return true;
    }
    if (!(value & CR0_PG)) {
        if (cpu->control.cr4 & CR4_PCIDE || cpu->mode & X86_MODE_CODE64) {
            return refuse(cpu);
        }
        cpu->msr.efer = efer & ~(uint64_t)EFER_LMA;
    }
    if (is_pae_legacy(value, cpu->control.cr4, cpu->msr.efer)) {
        if (!x86_load_pdptrs(cpu, cpu->control.cr3, pdptr)) {
            return refuse(cpu);
        }
        memcpy(cpu->control.pdptr, pdptr, sizeof(pdptr));
    }
    return true;
}

bool x86_write_cr0(X86Cpu *cpu, uint64_t value)
{
    const uint64_t known = CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM |
                           CR0_NW | CR0_CD | CR0_PG;
    const uint64_t flushing = CR0_PE | CR0_WP | CR0_PG;
    uint64_t old = cpu->control.cr0;

    if (value >> 32 || (value & CR0_PG && !(value & CR0_PE)) ||
        (value & CR0_NW && !(value & CR0_CD))) {
        return refuse(cpu);
    }
    value = (value & known) | CR0_ET;
    if ((value ^ old) & CR0_PG && !switch_paging(cpu, value)) {
        return false;
    }
    cpu->control.cr0 = value;
    if (cpu->control.cr0 & CR0_PE && !(old & CR0_PE)) { /* until CS is loaded, CPL is 0 */
        cpu->segment[X86_SS].access &= ~SEGMENT_DPL;
    }
    if ((value ^ old) & flushing) {
        tcg_tlb_flush_all(&cpu->cpu);
    }
    x86_mode_update(cpu);
    return true;
}

/* CR3 ------------------------------------------------------------------------------------------ */

bool x86_write_cr3(X86Cpu *cpu, uint64_t value)
{
    bool pcid = cpu->control.cr4 & CR4_PCIDE, keep = pcid && value & CR3_NO_FLUSH;
    uint64_t pdptr[4];

    if (cpu->msr.efer & EFER_LMA) {
        value &= pcid ? ~CR3_NO_FLUSH : ~0ull;
        if (value >> cpu->config.physical_bits) {
            return refuse(cpu);
        }
    } else {
        value = (uint32_t)value;
    }
    if (is_pae_legacy(cpu->control.cr0, cpu->control.cr4, cpu->msr.efer)) {
        if (!x86_load_pdptrs(cpu, value, pdptr)) {
            return refuse(cpu);
        }
        memcpy(cpu->control.pdptr, pdptr, sizeof(pdptr));
    }
    cpu->control.cr3 = value;
    if (!(cpu->control.cr0 & CR0_PG)) {
        return true;
    }
    if (!keep) { /* global pages stay: 4.10.4.1 */
        tcg_tlb_flush_space(&cpu->cpu, pcid ? value & PCID_MASK : 0, true);
    }
    tcg_context_changed(&cpu->cpu);
    return true;
}

/* CR4 ------------------------------------------------------------------------------------------ */

/* Bits that this processor has. */
static uint64_t known_cr4(const X86Cpu *cpu)
{
    static const struct {
        uint32_t bits;
        int16_t feature;
    } rows[] = {
        { CR4_VME | CR4_PVI, X86_FEATURE_vme },
        { CR4_TSD, X86_FEATURE_tsc },
        { CR4_DE, X86_FEATURE_de },
        { CR4_PSE, X86_FEATURE_pse },
        { CR4_PAE, X86_FEATURE_pae },
        { CR4_MCE, X86_FEATURE_mce },
        { CR4_PGE, X86_FEATURE_pge },
        { CR4_PCE, X86_FEATURE_mmx },
        { CR4_OSFXSR, X86_FEATURE_fxsr },
        { CR4_OSXMMEXCPT, X86_FEATURE_sse },
        { CR4_UMIP, X86_FEATURE_umip },
        { CR4_LA57, X86_FEATURE_la57 },
        { CR4_FSGSBASE, X86_FEATURE_fsgsbase },
        { CR4_PCIDE, X86_FEATURE_pcid },
        { CR4_OSXSAVE, X86_FEATURE_xsave },
        { CR4_SMEP, X86_FEATURE_smep },
        { CR4_SMAP, X86_FEATURE_smap },
        { CR4_PKE, X86_FEATURE_pku },
    };
    uint64_t known = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        known |= x86_has(cpu, rows[i].feature) ? rows[i].bits : 0;
    }
    return known;
}

bool x86_write_cr4(X86Cpu *cpu, uint64_t value)
{
    const uint64_t flushing =
        CR4_PSE | CR4_PAE | CR4_PGE | CR4_PCIDE | CR4_SMEP | CR4_SMAP | CR4_PKE | CR4_LA57;
    uint64_t old = cpu->control.cr4, changed = old ^ value, pdptr[4];
    bool long_mode = cpu->msr.efer & EFER_LMA;

    if (value & ~known_cr4(cpu) || (long_mode && (changed & CR4_LA57 || !(value & CR4_PAE))) ||
        (changed & value & CR4_PCIDE && (!long_mode || cpu->control.cr3 & PCID_MASK))) {
        return refuse(cpu);
    }
    if (changed & (CR4_PAE | CR4_PSE | CR4_PGE | CR4_SMEP) &&
        is_pae_legacy(cpu->control.cr0, value, cpu->msr.efer)) {
        if (!x86_load_pdptrs(cpu, cpu->control.cr3, pdptr)) {
            return refuse(cpu);
        }
        memcpy(cpu->control.pdptr, pdptr, sizeof(pdptr));
    }
    cpu->control.cr4 = value;
    if (changed & flushing) {
        tcg_tlb_flush_all(&cpu->cpu);
    }
    x86_mode_update(cpu);
    return true;
}

bool x86_write_efer(X86Cpu *cpu, uint64_t value)
{
    uint64_t known = EFER_LMA, old = cpu->msr.efer;

    known |= x86_has(cpu, X86_FEATURE_syscall) ? EFER_SCE : 0;
    known |= x86_has(cpu, X86_FEATURE_lm) ? EFER_LME : 0;
    known |= x86_has(cpu, X86_FEATURE_nx) ? EFER_NXE : 0;
    known |= x86_has(cpu, X86_FEATURE_fxsr_opt) ? EFER_FFXSR : 0;
    if (value & ~known || ((value ^ old) & EFER_LME && cpu->control.cr0 & CR0_PG)) {
        return refuse(cpu);
    }
    cpu->msr.efer = (value & ~(uint64_t)EFER_LMA) | (old & EFER_LMA);
    if ((value ^ old) & EFER_NXE) {
        tcg_tlb_flush_all(&cpu->cpu);
    }
    return true;
}

void x86_set_control(X86Cpu *cpu, uint64_t cr0, uint64_t cr3, uint64_t cr4, uint64_t efer)
{
    cpu->control.cr0 = cr0 | CR0_ET;
    cpu->control.cr3 = cr3;
    cpu->control.cr4 = cr4 & known_cr4(cpu);
    cpu->msr.efer = efer;
    if (is_pae_legacy(cpu->control.cr0, cpu->control.cr4, efer)) {
        x86_load_pdptrs(cpu, cr3, cpu->control.pdptr);
    }
    tcg_tlb_flush_all(&cpu->cpu);
}

void x86_write_pkru(X86Cpu *cpu, uint32_t value)
{
    bool matters = cpu->control.cr4 & CR4_PKE && value != cpu->control.pkru;

    cpu->control.pkru = value;
    if (matters) {
        tcg_tlb_flush_all(&cpu->cpu);
    }
}

/* Helpers -------------------------------------------------------------------------------------- */

enum { CR8 = 8, TPR_SHIFT = 4 };

uint64_t x86_helper_read_cr(void *c, uint64_t number, uint64_t a, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;

    switch (number) {
    case 0: return cpu->control.cr0;
    case 2: return cpu->control.cr2;
    case 3: return cpu->control.cr3;
    case 4: return cpu->control.cr4;
    case CR8:
        return cpu->apic && cpu->apic->get_tpr ? cpu->apic->get_tpr(cpu->apic_opaque) >> TPR_SHIFT
                                               : 0;
    default: return x86_raise(cpu, X86_UD);
    }
}

uint64_t x86_helper_write_cr(void *c, uint64_t number, uint64_t value, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;

    switch (number) {
    case 0: x86_write_cr0(cpu, value); break;
    case 2: cpu->control.cr2 = value; break;
    case 3: x86_write_cr3(cpu, value); break;
    case 4: x86_write_cr4(cpu, value); break;
    case CR8:
        if (value > 15) {
            return x86_raise_code(cpu, X86_GP, 0);
        }
        if (cpu->apic && cpu->apic->set_tpr) {
            cpu->apic->set_tpr(cpu->apic_opaque, value << TPR_SHIFT);
            x86_interrupts_update(cpu);
        }
        break;
    default: return x86_raise(cpu, X86_UD);
    }
    return 0;
}

/* The low word of CR0; PE cannot be cleared this way. */
uint64_t x86_helper_lmsw(void *c, uint64_t value, uint64_t a, uint64_t b, uint64_t d)
{
    enum { WRITABLE = CR0_PE | CR0_MP | CR0_EM | CR0_TS };
    X86Cpu *cpu = c;
    uint64_t cr0 = cpu->control.cr0;

    x86_write_cr0(cpu, (cr0 & ~(uint64_t)WRITABLE) | (value & WRITABLE) | (cr0 & CR0_PE));
    return 0;
}

uint64_t x86_helper_clts(void *c, uint64_t a, uint64_t b, uint64_t d, uint64_t e)
{
    X86Cpu *cpu = c;

    cpu->control.cr0 &= ~(uint64_t)CR0_TS;
    x86_mode_update(cpu);
    return 0;
}

/* DR4 and DR5 are 6 and 7 without CR4.DE (18.2.2). GD stops any access. */
static bool debug_number(X86Cpu *cpu, uint64_t *number)
{
    if (*number > 7 || (*number >= 4 && *number < 6 && cpu->control.cr4 & CR4_DE)) {
        x86_raise(cpu, X86_UD);
        return false;
    }
    *number += *number == 4 || *number == 5 ? 2 : 0;
    if (cpu->control.debug[7] & DR7_GD) {
        x86_raise_debug(cpu, DR6_BD);
        return false;
    }
    return true;
}

uint64_t x86_helper_read_dr(void *c, uint64_t number, uint64_t a, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;

    return debug_number(cpu, &number) ? cpu->control.debug[number] : 0;
}

uint64_t x86_helper_write_dr(void *c, uint64_t number, uint64_t value, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;

    if (!debug_number(cpu, &number)) {
        return 0;
    }
    if (number >= 6 && value >> 32) {
        return x86_raise_code(cpu, X86_GP, 0);
    }
    x86_debug_write(cpu, number, value);
    return 0;
}

uint64_t x86_helper_invlpg(void *c, uint64_t address, uint64_t a, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;

    if (!(cpu->msr.efer & EFER_LMA)) {
        address = (uint32_t)address;
    } else if (!x86_is_canonical(cpu, address)) {
        return 0;
    }
    tcg_tlb_flush_page(c, address, x86_address_space(c), true);
    return 0;
}

/* @low, @high: the descriptor */
uint64_t x86_helper_invpcid(void *c, uint64_t type, uint64_t low, uint64_t high, uint64_t d)
{
    enum { ADDRESS, CONTEXT, ALL_WITH_GLOBAL, ALL };
    X86Cpu *cpu = c;
    bool wrong_pcid = low & PCID_MASK && !(cpu->control.cr4 & CR4_PCIDE);

    if (type > ALL || low & ~(uint64_t)PCID_MASK || (type <= CONTEXT && wrong_pcid) ||
        (type == ADDRESS && !x86_is_canonical(cpu, high))) {
        return x86_raise_code(cpu, X86_GP, 0);
    }
    if (type == ADDRESS) {
        tcg_tlb_flush_page(c, high, low, false);
    } else if (type == CONTEXT) {
        tcg_tlb_flush_space(c, low, true);
    } else {
        tcg_tlb_flush_all(c);
    }
    return 0;
}

/* XCR0: SDM vol. 1, 13.3 */
uint64_t x86_helper_xgetbv(void *c, uint64_t index, uint64_t a, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;

    if (!(cpu->control.cr4 & CR4_OSXSAVE)) {
        return x86_raise(cpu, X86_UD);
    }
    if (index == 0) {
        return cpu->control.xcr0;
    }
    if (index == 1 && x86_has(cpu, X86_FEATURE_xgetbv1)) {
        return cpu->control.xcr0; /* nothing is tracked as unused */
    }
    return x86_raise_code(cpu, X86_GP, 0);
}

uint64_t x86_helper_xsetbv(void *c, uint64_t index, uint64_t value, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;

    if (!(cpu->control.cr4 & CR4_OSXSAVE)) {
        return x86_raise(cpu, X86_UD);
    }
    if (x86_cpu_cpl(cpu) || index || !(value & X86_XCR0_X87) || value & ~x86_xcr0_supported(cpu) ||
        (value & X86_XCR0_AVX && !(value & X86_XCR0_SSE))) {
        return x86_raise_code(cpu, X86_GP, 0);
    }
    cpu->control.xcr0 = value;
    x86_mode_update(cpu);
    return 0;
}

uint64_t x86_helper_rdpkru(void *c, uint64_t ecx, uint64_t a, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;

    if (!(cpu->control.cr4 & CR4_PKE)) {
        return x86_raise(cpu, X86_UD);
    }
    return (uint32_t)ecx ? x86_raise_code(cpu, X86_GP, 0) : cpu->control.pkru;
}

uint64_t x86_helper_wrpkru(void *c, uint64_t ecx, uint64_t edx, uint64_t value, uint64_t d)
{
    X86Cpu *cpu = c;

    if (!(cpu->control.cr4 & CR4_PKE)) {
        return x86_raise(cpu, X86_UD);
    }
    if ((uint32_t)ecx || (uint32_t)edx) {
        return x86_raise_code(cpu, X86_GP, 0);
    }
    x86_write_pkru(cpu, value);
    return 0;
}

uint64_t x86_helper_check_fsgsbase(void *c, uint64_t a, uint64_t b, uint64_t d, uint64_t e)
{
    X86Cpu *cpu = c;

    return cpu->control.cr4 & CR4_FSGSBASE ? 0 : x86_raise(cpu, X86_UD);
}
