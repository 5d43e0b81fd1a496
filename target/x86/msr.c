/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Model-specific registers. Spec: SDM vol. 4, ch. 2 (architectural ones); APM vol. 2, appendix A.
 */
#include "target/x86/msr.h"

#include "target/x86/control.h"
#include "target/x86/features.h"
#include "target/x86/interrupt.h"
#include "target/x86/mmu.h"
#include "target/x86/registers_internal.h"
#include "target/x86/segment.h"
#include "target/x86/translate_internal.h"
#include "target/x86/tsc.h"
#include "util/log.h"

enum {
    MSR_TSC = 0x10,
    MSR_PLATFORM_ID = 0x17,
    MSR_APIC_BASE = 0x1b,
    MSR_FEATURE_CONTROL = 0x3a,
    MSR_TSC_ADJUST = 0x3b,
    MSR_SPEC_CTRL = 0x48,
    MSR_PRED_CMD = 0x49,
    MSR_BIOS_UPDT_TRIG = 0x79,
    MSR_BIOS_SIGN_ID = 0x8b,
    MSR_SMBASE = 0x9e,
    MSR_UMWAIT_CONTROL = 0xe1,
    MSR_MTRRCAP = 0xfe,
    MSR_ARCH_CAPABILITIES = 0x10a,
    MSR_FLUSH_CMD = 0x10b,
    MSR_SYSENTER_CS = 0x174,
    MSR_SYSENTER_ESP = 0x175,
    MSR_SYSENTER_EIP = 0x176,
    MSR_MCG_CAP = 0x179,
    MSR_MCG_STATUS = 0x17a,
    MSR_MCG_CTL = 0x17b,
    MSR_PERF_STATUS = 0x198,
    MSR_PERF_CTL = 0x199,
    MSR_THERM_STATUS = 0x19c,
    MSR_MISC_ENABLE = 0x1a0,
    MSR_DEBUGCTL = 0x1d9,
    MSR_MTRR_BASE0 = 0x200,
    MSR_MTRR_FIX64K = 0x250,
    MSR_MTRR_FIX16K = 0x258,
    MSR_MTRR_FIX4K = 0x268,
    MSR_PAT = 0x277,
    MSR_MTRR_DEFAULT = 0x2ff,
    MSR_MC0_CTL = 0x400,
    MSR_TSC_DEADLINE = 0x6e0,
    MSR_X2APIC = 0x800,
    MSR_XSS = 0xda0,
};
/* From 0xc0000080 and 0xc0010000 on */
#define MSR_EFER           0xc0000080u
#define MSR_STAR           0xc0000081u
#define MSR_LSTAR          0xc0000082u
#define MSR_CSTAR          0xc0000083u
#define MSR_SFMASK         0xc0000084u
#define MSR_FS_BASE        0xc0000100u
#define MSR_GS_BASE        0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u
#define MSR_TSC_AUX        0xc0000103u
#define MSR_AMD_SYSCFG     0xc0010010u
#define MSR_AMD_HWCR       0xc0010015u
#define MSR_AMD_TOP_MEM    0xc001001au
#define MSR_AMD_TOP_MEM2   0xc001001du
#define MSR_AMD_INT_PEND   0xc0010055u /* C1E and its message: off */
#define MSR_AMD_PATCH      0xc001008bu
#define MSR_AMD_DE_CFG     0xc0011029u

enum { MTRR_FIXED_ENABLE = 1 << 8, MTRR_WC = 1 << 10, MCG_CTL_P = 1 << 8 };

typedef enum { MSR_OK, MSR_GP, MSR_UNKNOWN } MsrResult;

/* Storage whose every value is allowed, or every canonical one. */
typedef struct {
    uint32_t number;
    size_t offset;
    int16_t feature; /* -1: none is needed */
    bool canonical;
    uint64_t mask; /* bits that may be set; the others are #GP */
} PlainMsr;

#define PLAIN(number, field, feature, canonical, mask)            \
    {                                                             \
        number, offsetof(X86Cpu, field), feature, canonical, mask \
    }
static const PlainMsr plain[] = {
    PLAIN(MSR_SYSENTER_CS, msr.sysenter_cs, X86_FEATURE_sep, false, ~0ull),
    PLAIN(MSR_SYSENTER_ESP, msr.sysenter_esp, X86_FEATURE_sep, true, ~0ull),
    PLAIN(MSR_SYSENTER_EIP, msr.sysenter_eip, X86_FEATURE_sep, true, ~0ull),
    PLAIN(MSR_STAR, msr.star, X86_FEATURE_syscall, false, ~0ull),
    PLAIN(MSR_LSTAR, msr.lstar, X86_FEATURE_lm, true, ~0ull),
    PLAIN(MSR_CSTAR, msr.cstar, X86_FEATURE_lm, true, ~0ull),
    PLAIN(MSR_SFMASK, msr.sfmask, X86_FEATURE_lm, false, UINT32_MAX),
    PLAIN(MSR_KERNEL_GS_BASE, msr.kernel_gs_base, X86_FEATURE_lm, true, ~0ull),
    PLAIN(MSR_TSC_AUX, msr.tsc_aux, X86_FEATURE_rdtscp, false, UINT32_MAX),
    PLAIN(MSR_MISC_ENABLE, msr.misc_enable, -1, false, ~0ull),
    PLAIN(MSR_DEBUGCTL, msr.debugctl, -1, false, 0xdfc3),
    PLAIN(MSR_MCG_STATUS, msr.mcg_status, X86_FEATURE_mca, false, 7),
    PLAIN(MSR_MCG_CTL, msr.mcg_ctl, X86_FEATURE_mca, false, ~0ull),
    PLAIN(MSR_UMWAIT_CONTROL, msr.umwait_control, X86_FEATURE_waitpkg, false, ~2ull & UINT32_MAX),
    PLAIN(MSR_XSS, msr.xss, X86_FEATURE_xsaves, false, 0),
    PLAIN(MSR_SPEC_CTRL, msr.spec_ctrl, X86_FEATURE_spec_ctrl, false, 7),
};

static const PlainMsr *find_plain(const X86Cpu *cpu, uint32_t number)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(plain); i++) {
        if (plain[i].number == number) {
            return plain[i].feature < 0 || x86_has(cpu, plain[i].feature) ? &plain[i] : NULL;
        }
    }
    return NULL;
}

static uint64_t *field_of(X86Cpu *cpu, const PlainMsr *msr)
{
    return (uint64_t *)((char *)cpu + msr->offset);
}

static bool is_memory_type(uint64_t type, bool pat)
{
    return type == 0 || type == 1 || (type >= 4 && type <= 6) || (pat && type == 7);
}

/* Eight types in eight bytes. */
static bool are_memory_types(uint64_t value, bool pat)
{
    for (unsigned i = 0; i < 8; i++) {
        if (!is_memory_type(value >> (8 * i) & 255, pat)) {
            return false;
        }
    }
    return true;
}

/* Number of a fixed-range MTRR, or -1. */
static int fixed_range(uint32_t number)
{
    enum { FIRST_16K = 1, FIRST_4K = 3, COUNT_4K = 8 };

    if (number == MSR_MTRR_FIX64K) {
        return 0;
    }
    if (number == MSR_MTRR_FIX16K || number == MSR_MTRR_FIX16K + 1) {
        return FIRST_16K + (int)(number - MSR_MTRR_FIX16K);
    }
    return number - MSR_MTRR_FIX4K < COUNT_4K ? FIRST_4K + (int)(number - MSR_MTRR_FIX4K) : -1;
}

static uint64_t *mtrr_of(X86Cpu *cpu, uint32_t number)
{
    unsigned index = number - MSR_MTRR_BASE0;

    if (!x86_has(cpu, X86_FEATURE_mtrr)) {
        return NULL;
    }
    if (index < 2 * X86_MTRR_RANGES) {
        return index & 1 ? &cpu->msr.mtrr_mask[index / 2] : &cpu->msr.mtrr_base[index / 2];
    }
    if (fixed_range(number) >= 0) {
        return &cpu->msr.mtrr_fixed[fixed_range(number)];
    }
    return number == MSR_MTRR_DEFAULT ? &cpu->msr.mtrr_default : NULL;
}

static bool mtrr_allowed(const X86Cpu *cpu, uint32_t number, uint64_t value)
{
    unsigned index = number - MSR_MTRR_BASE0;
    uint64_t above = -(1ull << cpu->config.physical_bits);

    if (index < 2 * X86_MTRR_RANGES) {
        return index & 1 ? !(value & (above | 0x7ff))
                         : !(value & (above | 0xf00)) && is_memory_type(value & 255, false);
    }
    if (number == MSR_MTRR_DEFAULT) {
        return !(value & ~0xcffull) && is_memory_type(value & 255, false);
    }
    return are_memory_types(value, false);
}

static uint64_t *mc_of(X86Cpu *cpu, uint32_t number)
{
    unsigned index = number - MSR_MC0_CTL;

    return x86_has(cpu, X86_FEATURE_mca) && index < 4 * X86_MC_BANKS
               ? &cpu->msr.mc[index / 4][index % 4]
               : NULL;
}

/* Reads ---------------------------------------------------------------------------------------- */

static uint64_t arch_capabilities(void)
{
    enum {
        RDCL_NO = 1,
        SKIP_L1DFL = 8,
        SSB_NO = 16,
        MDS_NO = 32,
        PSCHANGE_MC_NO = 64,
        TAA_NO = 256,
        SBDR_SSDP_NO = 1 << 13,
        FBSDP_NO = 1 << 14,
        PSDP_NO = 1 << 15,
        BHI_NO = 1 << 20,
        PBRSB_NO = 1 << 24,
        GDS_NO = 1 << 26,
        RFDS_NO = 1 << 27
    };

    /* the translator runs nothing ahead of time on the guest's behalf */
    return RDCL_NO | SKIP_L1DFL | SSB_NO | MDS_NO | PSCHANGE_MC_NO | TAA_NO | SBDR_SSDP_NO |
           FBSDP_NO | PSDP_NO | BHI_NO | PBRSB_NO | GDS_NO | RFDS_NO;
}

static MsrResult read_fixed(X86Cpu *cpu, uint32_t number, uint64_t *value)
{
    enum { PERF_1000 = 1000 };
    bool amd = cpu->config.vendor[0] == 'A';

    *value = 0;
    switch (number) {
    case MSR_PLATFORM_ID:
    case MSR_PERF_CTL:
    case MSR_THERM_STATUS: return MSR_OK;
    case MSR_BIOS_SIGN_ID: *value = amd ? 0x01000065 : 1ull << 32; return MSR_OK;
    case MSR_PERF_STATUS: *value = PERF_1000 | 4ull << 40; return MSR_OK;
    case MSR_MCG_CAP:
        *value = X86_MC_BANKS | MCG_CTL_P;
        return x86_has(cpu, X86_FEATURE_mca) ? MSR_OK : MSR_GP;
    case MSR_MTRRCAP:
        *value = X86_MTRR_RANGES | MTRR_FIXED_ENABLE | MTRR_WC;
        return x86_has(cpu, X86_FEATURE_mtrr) ? MSR_OK : MSR_GP;
    case MSR_ARCH_CAPABILITIES:
        *value = arch_capabilities();
        return x86_has(cpu, X86_FEATURE_arch_capabilities) ? MSR_OK : MSR_GP;
    case MSR_AMD_SYSCFG:
    case MSR_AMD_HWCR:
    case MSR_AMD_TOP_MEM:
    case MSR_AMD_TOP_MEM2:
    case MSR_AMD_INT_PEND:
    case MSR_AMD_PATCH: return amd ? MSR_OK : MSR_GP;
    case MSR_AMD_DE_CFG: *value = 2; return amd ? MSR_OK : MSR_GP; /* LFENCE serializes */
    default: return MSR_UNKNOWN;
    }
}

static MsrResult read_msr(X86Cpu *cpu, uint32_t number, uint64_t *value)
{
    const PlainMsr *msr = find_plain(cpu, number);
    uint64_t *field = msr ? field_of(cpu, msr) : mtrr_of(cpu, number);

    field = field ? field : mc_of(cpu, number);
    if (field) {
        *value = *field;
        return MSR_OK;
    }
    if (number >> 8 == MSR_X2APIC >> 8) {
        return cpu->apic && cpu->apic->read_msr &&
                       cpu->apic->read_msr(cpu->apic_opaque, number - MSR_X2APIC, value)
                   ? MSR_OK
                   : MSR_GP;
    }
    switch (number) {
    case MSR_TSC: *value = x86_tsc(cpu); return MSR_OK;
    case MSR_TSC_ADJUST:
        *value = cpu->msr.tsc_adjust;
        return x86_has(cpu, X86_FEATURE_tsc_adjust) ? MSR_OK : MSR_GP;
    case MSR_TSC_DEADLINE:
        *value = cpu->msr.tsc_deadline;
        return x86_has(cpu, X86_FEATURE_tsc_deadline) ? MSR_OK : MSR_GP;
    case MSR_APIC_BASE:
        if (!cpu->apic || !cpu->apic->get_base) {
            return MSR_GP;
        }
        *value = cpu->apic->get_base(cpu->apic_opaque);
        return MSR_OK;
    case MSR_FEATURE_CONTROL: *value = cpu->msr.feature_control; return MSR_OK;
    case MSR_SMBASE: *value = cpu->msr.smbase; return cpu->smm ? MSR_OK : MSR_GP;
    case MSR_PAT: *value = cpu->msr.pat; return x86_has(cpu, X86_FEATURE_pat) ? MSR_OK : MSR_GP;
    case MSR_EFER: *value = cpu->msr.efer; return MSR_OK;
    case MSR_FS_BASE:
    case MSR_GS_BASE:
        *value = cpu->segment[number == MSR_FS_BASE ? X86_FS : X86_GS].base;
        return x86_has(cpu, X86_FEATURE_lm) ? MSR_OK : MSR_GP;
    default: return read_fixed(cpu, number, value);
    }
}

bool x86_msr_read(X86Cpu *cpu, uint32_t number, uint64_t *value)
{
    return read_msr(cpu, number, value) == MSR_OK;
}

uint64_t x86_helper_rdmsr(void *c, uint64_t number, uint64_t a, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;
    uint64_t value = 0;

    switch (read_msr(cpu, number, &value)) {
    case MSR_OK: return value;
    case MSR_UNKNOWN:
        log_unimplemented("cpu %u: rdmsr %#x is not there\n", cpu->cpu.index, (uint32_t)number);
        break;
    case MSR_GP: break;
    }
    return x86_raise_code(cpu, X86_GP, 0);
}

/* Writes --------------------------------------------------------------------------------------- */

static MsrResult allowed_if(bool allowed)
{
    return allowed ? MSR_OK : MSR_GP;
}

static MsrResult write_plain(X86Cpu *cpu, const PlainMsr *msr, uint64_t value)
{
    if (value & ~msr->mask || (msr->canonical && !x86_is_canonical(cpu, value))) {
        return MSR_GP;
    }
    *field_of(cpu, msr) = value;
    return MSR_OK;
}

static MsrResult write_ignored(X86Cpu *cpu, uint32_t number, uint64_t value)
{
    bool amd = cpu->config.vendor[0] == 'A';

    switch (number) {
    case MSR_BIOS_UPDT_TRIG:
    case MSR_BIOS_SIGN_ID:
    case MSR_PERF_CTL:
    case MSR_THERM_STATUS: return MSR_OK;
    case MSR_PRED_CMD: return allowed_if(x86_has(cpu, X86_FEATURE_spec_ctrl) && value <= 1);
    case MSR_AMD_SYSCFG:
    case MSR_AMD_HWCR:
    case MSR_AMD_DE_CFG: return allowed_if(amd);
    default: return MSR_UNKNOWN;
    }
}

static MsrResult write_deadline(X86Cpu *cpu, uint64_t value)
{
    if (!x86_has(cpu, X86_FEATURE_tsc_deadline)) {
        return MSR_GP;
    }
    cpu->msr.tsc_deadline = value;
    if (cpu->apic && cpu->apic->set_deadline) {
        cpu->apic->set_deadline(cpu->apic_opaque, value);
    }
    return MSR_OK;
}

static MsrResult write_base(X86Cpu *cpu, X86SegmentNumber segment, uint64_t value)
{
    if (!x86_has(cpu, X86_FEATURE_lm) || !x86_is_canonical(cpu, value)) {
        return MSR_GP;
    }
    cpu->segment[segment].base = value;
    return MSR_OK;
}

static MsrResult write_feature_control(X86Cpu *cpu, uint64_t value)
{
    enum { LOCKED = 1 };

    if (cpu->msr.feature_control & LOCKED) {
        return MSR_GP;
    }
    cpu->msr.feature_control = value;
    return MSR_OK;
}

/* Status is cleared by software only; any other value is #GP. */
static MsrResult write_mc(uint64_t *field, uint32_t number, uint64_t value)
{
    bool control = !((number - MSR_MC0_CTL) & 3);

    if (!control && value) {
        return MSR_GP;
    }
    *field = value;
    return MSR_OK;
}

static MsrResult write_special(X86Cpu *cpu, uint32_t number, uint64_t value)
{
    switch (number) {
    case MSR_TSC: x86_tsc_write(cpu, value); return MSR_OK;
    case MSR_TSC_ADJUST:
        if (!x86_has(cpu, X86_FEATURE_tsc_adjust)) {
            return MSR_GP;
        }
        x86_tsc_adjust(cpu, value);
        return MSR_OK;
    case MSR_TSC_DEADLINE: return write_deadline(cpu, value);
    case MSR_APIC_BASE:
        return allowed_if(cpu->apic && cpu->apic->set_base &&
                          cpu->apic->set_base(cpu->apic_opaque, value));
    case MSR_FEATURE_CONTROL: return write_feature_control(cpu, value);
    case MSR_SMBASE: return MSR_GP;
    case MSR_PAT:
        if (!x86_has(cpu, X86_FEATURE_pat) || !are_memory_types(value, true)) {
            return MSR_GP;
        }
        cpu->msr.pat = value;
        return MSR_OK;
    case MSR_EFER: return x86_write_efer(cpu, value) ? MSR_OK : MSR_GP;
    case MSR_FS_BASE: return write_base(cpu, X86_FS, value);
    case MSR_GS_BASE: return write_base(cpu, X86_GS, value);
    default: return write_ignored(cpu, number, value);
    }
}

static MsrResult write_msr(X86Cpu *cpu, uint32_t number, uint64_t value)
{
    const PlainMsr *msr = find_plain(cpu, number);
    uint64_t *mtrr = mtrr_of(cpu, number), *mc = mc_of(cpu, number);

    if (msr) {
        return write_plain(cpu, msr, value);
    }
    if (mtrr) {
        if (!mtrr_allowed(cpu, number, value)) {
            return MSR_GP;
        }
        *mtrr = value;
        return MSR_OK;
    }
    if (mc) {
        return write_mc(mc, number, value);
    }
    if (number >> 8 == MSR_X2APIC >> 8) {
        return allowed_if(cpu->apic && cpu->apic->write_msr &&
                          cpu->apic->write_msr(cpu->apic_opaque, number - MSR_X2APIC, value));
    }
    return write_special(cpu, number, value);
}

bool x86_msr_write(X86Cpu *cpu, uint32_t number, uint64_t value)
{
    return write_msr(cpu, number, value) == MSR_OK;
}

uint64_t x86_helper_wrmsr(void *c, uint64_t number, uint64_t value, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;

    switch (write_msr(cpu, number, value)) {
    case MSR_OK: x86_interrupts_update(cpu); return 0;
    case MSR_UNKNOWN:
        log_unimplemented("cpu %u: wrmsr %#x is not there\n", cpu->cpu.index, (uint32_t)number);
        break;
    case MSR_GP: break;
    }
    return x86_raise_code(cpu, X86_GP, 0);
}
