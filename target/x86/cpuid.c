/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUID. Spec: SDM vol. 2, CPUID; APM vol. 3, appendix E. */
#include "target/x86/cpuid.h"

#include <string.h>

#include "target/x86/features.h"
#include "target/x86/mode.h"
#include "target/x86/registers_internal.h"

enum { EAX, EBX, ECX, EDX };

/* Shifts that cut an APIC id into its parts. */
typedef struct {
    unsigned core, die, package;
} ApicShifts;

static unsigned bits_for(unsigned count)
{
    unsigned bits = 0;

    while ((1u << bits) < count) {
        bits++;
    }
    return bits;
}

static unsigned at_least_one(unsigned count)
{
    return count ? count : 1;
}

static ApicShifts apic_shifts(const Machine *machine)
{
    const MachineTopology *t = &machine->topology;
    ApicShifts shifts;

    shifts.core = bits_for(at_least_one(t->threads));
    shifts.die = shifts.core + bits_for(at_least_one(t->cores) * at_least_one(t->clusters));
    shifts.package = shifts.die + bits_for(at_least_one(t->dies));
    return shifts;
}

static uint32_t apic_id_of(const Machine *machine, unsigned index)
{
    const MachineTopology *t = &machine->topology;
    ApicShifts shifts = apic_shifts(machine);
    unsigned threads = at_least_one(t->threads);
    unsigned cores = at_least_one(t->cores) * at_least_one(t->clusters);
    unsigned dies = at_least_one(t->dies);

    return index % threads | index / threads % cores << shifts.core |
           index / threads / cores % dies << shifts.die |
           index / threads / cores / dies << shifts.package;
}

static unsigned threads_per_package(const Machine *machine)
{
    const MachineTopology *t = &machine->topology;

    return at_least_one(t->threads) * at_least_one(t->cores) * at_least_one(t->clusters) *
           at_least_one(t->dies);
}

static bool is_intel(const X86Config *config)
{
    return !strcmp(config->vendor, "GenuineIntel");
}

static void raise_level(uint32_t *level, uint32_t to, bool wanted)
{
    *level = wanted ? MAX(*level, to) : *level;
}

void x86_cpuid_realize(X86Cpu *cpu)
{
    X86Config *config = &cpu->config;
    const uint32_t *f = config->features;

    if (config->apic_id == UINT32_MAX) {
        config->apic_id = apic_id_of(cpu->cpu.machine, cpu->cpu.index);
    }
    raise_level(&config->level, 1, true);
    raise_level(&config->level, 6, f[X86_WORD_6_EAX]);
    raise_level(&config->level, 7, f[X86_WORD_7_EBX] | f[X86_WORD_7_ECX] | f[X86_WORD_7_EDX]);
    raise_level(&config->level, 0xd, x86_has(cpu, X86_FEATURE_xsave));
    raise_level(&config->level, 0xb, x86_has(cpu, X86_FEATURE_x2apic));
    raise_level(&config->xlevel, 0x80000001, f[X86_WORD_80000001_EDX] | f[X86_WORD_80000001_ECX]);
    raise_level(&config->xlevel, 0x80000007, f[X86_WORD_80000007_EDX]);
    raise_level(&config->xlevel, 0x80000008,
                f[X86_WORD_80000008_EBX] | x86_has(cpu, X86_FEATURE_lm));
    raise_level(&config->xlevel, 0x8000001e, x86_has(cpu, X86_FEATURE_topoext));
}

uint32_t x86_cpuid_signature(const X86Config *config)
{
    enum { EXTENDED = 15 };
    uint32_t family = MIN(config->family, EXTENDED), more = config->family - family;

    return config->stepping | (config->model & 15) << 4 | family << 8 | config->model >> 4 << 16 |
           more << 20;
}

uint64_t x86_xcr0_supported(const X86Cpu *cpu)
{
    if (!x86_has(cpu, X86_FEATURE_xsave)) {
        return 0;
    }
    return X86_XCR0_X87 | X86_XCR0_SSE | (x86_has(cpu, X86_FEATURE_avx) ? X86_XCR0_AVX : 0) |
           (x86_has(cpu, X86_FEATURE_pku) ? X86_XCR0_PKRU : 0);
}

/* Up to 16 characters as registers show them. */
static void put_text(uint32_t *to, unsigned registers, const char *text, size_t at)
{
    char bytes[16] = { 0 };
    size_t length = text ? strlen(text) : 0;

    if (at < length) {
        memcpy(bytes, text + at, MIN(length - at, 4 * registers));
    }
    memcpy(to, bytes, 4 * registers);
}

static void leaf_0(const X86Config *config, uint32_t *out)
{
    uint32_t text[3];

    put_text(text, 3, config->vendor, 0);
    out[EAX] = config->level;
    out[EBX] = text[0];
    out[EDX] = text[1];
    out[ECX] = text[2];
}

static void leaf_1(const X86Cpu *cpu, uint32_t *out)
{
    enum { CLFLUSH_UNITS = 8, OSXSAVE = 1 << 27, HTT = 1 << 28, APIC = 1 << 9, OSPKE_MAX = 255 };
    unsigned threads = threads_per_package(cpu->cpu.machine);
    const X86Config *config = &cpu->config;

    out[EAX] = x86_cpuid_signature(config);
    out[EBX] = (config->apic_id & 255) << 24 | CLFLUSH_UNITS << 8;
    out[ECX] = config->features[X86_WORD_1_ECX];
    out[ECX] |= cpu->control.cr4 & CR4_OSXSAVE ? OSXSAVE : 0;
    out[EDX] = config->features[X86_WORD_1_EDX] & ~HTT;
    if (threads > 1) {
        out[EBX] |= MIN(threads, OSPKE_MAX) << 16;
        out[EDX] |= HTT;
    }
    if (cpu->apic && cpu->apic->get_base && !(cpu->apic->get_base(cpu->apic_opaque) & 1 << 11)) {
        out[EDX] &= ~APIC; /* switched off in IA32_APIC_BASE */
    }
}

/* Caches, the same for all models: leaf 4, 0x8000001d */
typedef struct {
    uint8_t type; /* 1 data, 2 code, 3 both */
    uint8_t level, ways;
    uint16_t sets;
    bool package; /* shared by all, not only by the threads of a core */
} Cache;
enum { CACHE_LINE_BYTES = 64 };
static const Cache caches[] = {
    { 1, 1, 8, 64, false },
    { 2, 1, 8, 64, false },
    { 3, 2, 16, 1024, false },
    { 3, 3, 16, 16384, true },
};

static void leaf_cache(const X86Cpu *cpu, uint32_t index, bool intel, uint32_t *out)
{
    enum { SELF_INITIALIZING = 1 << 8, MAX_SHARING = 4095, MAX_CORES = 63 };
    const Machine *machine = cpu->cpu.machine;
    ApicShifts shifts = apic_shifts(machine);

    if (index >= G_N_ELEMENTS(caches)) {
        return;
    }
    const Cache *cache = &caches[index];
    unsigned sharing = cache->package ? 1u << shifts.die : 1u << shifts.core;
    unsigned cores = 1u << (shifts.package - shifts.core);
    out[EAX] =
        cache->type | cache->level << 5 | SELF_INITIALIZING | MIN(sharing - 1, MAX_SHARING) << 14;
    out[EAX] |= intel ? MIN(cores - 1, MAX_CORES) << 26 : 0;
    out[EBX] = (CACHE_LINE_BYTES - 1) | (uint32_t)(cache->ways - 1) << 22;
    out[ECX] = cache->sets - 1;
}

static void leaf_7(const X86Cpu *cpu, uint32_t subleaf, uint32_t *out)
{
    enum { OSPKE = 1 << 4 };
    const uint32_t *f = cpu->config.features;

    if (subleaf == 0) {
        out[EAX] = f[X86_WORD_7_1_EAX] ? 1 : 0;
        out[EBX] = f[X86_WORD_7_EBX];
        out[ECX] = f[X86_WORD_7_ECX] | (cpu->control.cr4 & CR4_PKE ? OSPKE : 0);
        out[EDX] = f[X86_WORD_7_EDX];
    } else if (subleaf == 1) {
        out[EAX] = f[X86_WORD_7_1_EAX];
    }
}

/* 0xb and 0x1f, which adds dies */
static void leaf_topology(const X86Cpu *cpu, uint32_t subleaf, bool dies, uint32_t *out)
{
    enum { SMT = 1, CORE = 2, DIE = 5 };
    const MachineTopology *t = &cpu->cpu.machine->topology;
    ApicShifts shifts = apic_shifts(cpu->cpu.machine);
    unsigned threads = at_least_one(t->threads);
    unsigned cores = at_least_one(t->cores) * at_least_one(t->clusters);
    bool has_die = dies && t->dies > 1;
    unsigned last = has_die ? 2 : 1;

    out[ECX] = subleaf & 255;
    out[EDX] = cpu->config.apic_id;
    if (subleaf == 0) {
        out[EAX] = shifts.core;
        out[EBX] = threads;
        out[ECX] |= SMT << 8;
    } else if (subleaf <= last) {
        out[EAX] = subleaf == last ? shifts.package : shifts.die;
        out[EBX] = threads * cores * (subleaf == last ? at_least_one(t->dies) : 1);
        out[ECX] |= (subleaf == 2 ? DIE : CORE) << 8;
    }
}

static uint32_t xsave_bytes(const X86Cpu *cpu, uint64_t components)
{
    uint32_t bytes = X86_XSAVE_LEGACY_BYTES;

    bytes = components & X86_XCR0_AVX ? X86_XSAVE_AVX_OFFSET + X86_XSAVE_AVX_BYTES : bytes;
    return components & X86_XCR0_PKRU ? X86_XSAVE_PKRU_OFFSET + X86_XSAVE_PKRU_BYTES : bytes;
}

static uint32_t compact_bytes(uint64_t components)
{
    return X86_XSAVE_LEGACY_BYTES + (components & X86_XCR0_AVX ? X86_XSAVE_AVX_BYTES : 0) +
           (components & X86_XCR0_PKRU ? X86_XSAVE_PKRU_BYTES : 0);
}

static void leaf_d(const X86Cpu *cpu, uint32_t subleaf, uint32_t *out)
{
    enum { AVX = 2, PKRU = 9 };
    uint64_t supported = x86_xcr0_supported(cpu);

    if (!supported) {
        return;
    }
    if (subleaf == 0) {
        out[EAX] = supported;
        out[EBX] = xsave_bytes(cpu, cpu->control.xcr0);
        out[ECX] = xsave_bytes(cpu, supported);
    } else if (subleaf == 1) {
        out[EAX] = cpu->config.features[X86_WORD_D_1_EAX];
        out[EBX] = out[EAX] & 0xa ? compact_bytes(cpu->control.xcr0 | cpu->msr.xss) : 0;
    } else if (subleaf == AVX && supported & X86_XCR0_AVX) {
        out[EAX] = X86_XSAVE_AVX_BYTES;
        out[EBX] = X86_XSAVE_AVX_OFFSET;
    } else if (subleaf == PKRU && supported & X86_XCR0_PKRU) {
        out[EAX] = X86_XSAVE_PKRU_BYTES;
        out[EBX] = X86_XSAVE_PKRU_OFFSET;
    }
}

static void basic_leaf(const X86Cpu *cpu, uint32_t leaf, uint32_t subleaf, uint32_t *out)
{
    const X86Config *config = &cpu->config;
    bool intel = is_intel(config);

    switch (leaf) {
    case 0: leaf_0(config, out); break;
    case 1: leaf_1(cpu, out); break;
    case 2:
        out[EAX] = intel ? 0x00feff01 : 0; /* see leaf 4; 64-byte prefetch */
        out[EBX] = intel ? 0xf0 : 0;
        break;
    case 4:
        if (intel) {
            leaf_cache(cpu, subleaf, true, out);
        }
        break;
    case 5:
        if (x86_has(cpu, X86_FEATURE_monitor)) {
            out[EAX] = out[EBX] = CACHE_LINE_BYTES;
            out[ECX] = 3; /* hints are enumerated; interrupts end MWAIT even when disabled */
        }
        break;
    case 6: out[EAX] = config->features[X86_WORD_6_EAX]; break;
    case 7: leaf_7(cpu, subleaf, out); break;
    case 0xb: leaf_topology(cpu, subleaf, false, out); break;
    case 0xd: leaf_d(cpu, subleaf, out); break;
    case 0x15: {
        const uint32_t crystal_hz = 25000000;
        if (!(config->tsc_hz % crystal_hz) && config->tsc_hz / crystal_hz <= UINT32_MAX) {
            out[EAX] = 1;
            out[EBX] = config->tsc_hz / crystal_hz;
            out[ECX] = crystal_hz;
        }
        break;
    }
    case 0x16: out[EAX] = out[EBX] = MIN(config->tsc_hz / 1000000, 0xffff); break;
    case 0x1f: leaf_topology(cpu, subleaf, true, out); break;
    default: break; /* performance counters (0xa), SGX, PT, AMX (0x1d): none of those */
    }
}

static void leaf_80000001(const X86Cpu *cpu, uint32_t *out)
{
    const uint32_t as_leaf_1 = 0x0183f3ff; /* AMD shows these bits here too */
    const uint32_t *f = cpu->config.features;

    out[ECX] = f[X86_WORD_80000001_ECX];
    if (threads_per_package(cpu->cpu.machine) == 1) {
        out[ECX] &= ~2u; /* cmp-legacy */
    }
    out[EDX] = f[X86_WORD_80000001_EDX];
    if (!is_intel(&cpu->config)) {
        out[EDX] |= f[X86_WORD_1_EDX] & as_leaf_1 & ~(1u << 11);
    } else if (!(cpu->mode & X86_MODE_CODE64)) {
        out[EDX] &= ~(1u << 11); /* Intel: SYSCALL exists in 64-bit code only */
    }
}

static void leaf_80000008(const X86Cpu *cpu, uint32_t *out)
{
    enum { LINEAR_48 = 48, LINEAR_57 = 57, LINEAR_32 = 32 };
    ApicShifts shifts = apic_shifts(cpu->cpu.machine);
    unsigned linear = x86_has(cpu, X86_FEATURE_la57) ? LINEAR_57 : LINEAR_48;

    out[EAX] = cpu->config.physical_bits | (x86_has(cpu, X86_FEATURE_lm) ? linear : LINEAR_32) << 8;
    out[EBX] = cpu->config.features[X86_WORD_80000008_EBX];
    if (threads_per_package(cpu->cpu.machine) > 1) {
        out[ECX] = shifts.package << 12 | MIN(threads_per_package(cpu->cpu.machine) - 1, 255);
    }
}

static void leaf_8000001e(const X86Cpu *cpu, uint32_t *out)
{
    const MachineTopology *t = &cpu->cpu.machine->topology;
    ApicShifts shifts = apic_shifts(cpu->cpu.machine);

    out[EAX] = cpu->config.apic_id;
    out[EBX] = (at_least_one(t->threads) - 1) << 8 |
               (cpu->config.apic_id >> shifts.core & ((1u << (shifts.package - shifts.core)) - 1));
    out[ECX] = (at_least_one(t->dies) - 1) << 8 | (cpu->config.apic_id >> shifts.package & 255);
}

static void extended_leaf(const X86Cpu *cpu, uint32_t leaf, uint32_t subleaf, uint32_t *out)
{
    const X86Config *config = &cpu->config;

    switch (leaf) {
    case 0x80000000:
        leaf_0(config, out);
        out[EAX] = config->xlevel;
        break;
    case 0x80000001: leaf_80000001(cpu, out); break;
    case 0x80000002:
    case 0x80000003:
    case 0x80000004: put_text(out, 4, config->model_id, (leaf - 0x80000002) * 16); break;
    case 0x80000005:
        if (!is_intel(config)) { /* TLBs of 255 entries; 32 KiB, 8 ways, 64 bytes */
            out[EAX] = out[EBX] = 0x01ff01ff;
            out[ECX] = out[EDX] = 32u << 24 | 8 << 16 | 1 << 8 | CACHE_LINE_BYTES;
        }
        break;
    case 0x80000006: /* L2 1 MiB, 16 ways (code 8); L3 in units of 512 KiB */
        out[ECX] = 1024u << 16 | 8 << 12 | 1 << 8 | CACHE_LINE_BYTES;
        out[EDX] = is_intel(config) ? 0 : 32u << 18 | 8 << 12 | 1 << 8 | CACHE_LINE_BYTES;
        break;
    case 0x80000007: out[EDX] = config->features[X86_WORD_80000007_EDX]; break;
    case 0x80000008: leaf_80000008(cpu, out); break;
    case 0x8000001d:
        if (x86_has(cpu, X86_FEATURE_topoext)) {
            leaf_cache(cpu, subleaf, false, out);
        }
        break;
    case 0x8000001e:
        if (x86_has(cpu, X86_FEATURE_topoext)) {
            leaf_8000001e(cpu, out);
        }
        break;
    default: break;
    }
}

static void hypervisor_leaf(const X86Cpu *cpu, uint32_t leaf, uint32_t *out)
{
    enum { FIRST = 0x40000000 };
    uint32_t text[3];

    if (leaf == FIRST) {
        put_text(text, 3, cpu->config.hypervisor_id, 0);
        out[EAX] = FIRST + 1;
        out[EBX] = text[0];
        out[ECX] = text[1];
        out[EDX] = text[2];
    }
}

void x86_cpuid(const X86Cpu *cpu, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    const X86Config *config = &cpu->config;

    memset(out, 0, 4 * sizeof(*out));
    if (leaf >> 8 == 0x400000 && x86_has(cpu, X86_FEATURE_hypervisor)) {
        hypervisor_leaf(cpu, leaf, out);
    } else if (leaf >= 0x80000000 && leaf <= config->xlevel) {
        extended_leaf(cpu, leaf, subleaf, out);
    } else if (leaf <= config->level) {
        basic_leaf(cpu, leaf, subleaf, out);
    } else if (is_intel(config)) { /* beyond the last: as the last */
        basic_leaf(cpu, config->level, subleaf, out);
    }
}
