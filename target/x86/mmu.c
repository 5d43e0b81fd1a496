/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page-table walks: 32-bit (with PSE, PSE-36), PAE, 4-level and 5-level paging; protection keys.
 * Spec: SDM vol. 3, ch. 4 (4.6: rights, 4.7: error codes, 4.8: accessed and dirty).
 */
#include "target/x86/mmu.h"

#include <string.h>

#include "memory/ram.h"
#include "target/x86/features.h"
#include "target/x86/registers_internal.h"
#include "target/x86/trap.h"
#include "util/atomic.h"
#include "util/rcu.h"

enum {
    PTE_P = 1 << 0,
    PTE_W = 1 << 1,
    PTE_U = 1 << 2,
    PTE_A = 1 << 5,
    PTE_D = 1 << 6,
    PTE_PS = 1 << 7,
    PTE_G = 1 << 8,
    PTE_PAT_LARGE = 1 << 12,
    PTE_KEY_SHIFT = 59,
    PAGE_BITS = 12,
    PAGE_MASK = (1 << PAGE_BITS) - 1,
    A20_BIT = 1 << 20,
    PCID_MASK = 0xfff,
};
#define PTE_NX      (1ull << 63)
#define PTE_ADDRESS 0x000ffffffffff000ull

/* A walk in progress. */
typedef struct {
    X86Cpu *cpu;
    uint64_t address;
    TcgAccess access;
    bool user, smap, probe;
    bool wide;         /* entries of 8 bytes */
    uint64_t reserved; /* bits that no entry may have */
    uint64_t rights;   /* W and U of all entries so far, and NX of any */
    uint32_t error;    /* of #PF */
} Walk;

static X86Cpu *from_cpu(Cpu *cpu)
{
    return container_of(cpu, X86Cpu, cpu);
}

static hwaddr gate_a20(const X86Cpu *cpu, hwaddr physical)
{
    return cpu->a20_off ? physical & ~(hwaddr)A20_BIT : physical;
}

bool x86_is_canonical(const X86Cpu *cpu, uint64_t address)
{
    unsigned unused = cpu->control.cr4 & CR4_LA57 ? 64 - 57 : 64 - 48;

    return (uint64_t)((int64_t)(address << unused) >> unused) == address;
}

/* Entries in memory ---------------------------------------------------------------------------- */

/* Host address of an entry; NULL: it is not in plain memory. Context: inside rcu_read_lock(). */
static void *entry_host(const X86Cpu *cpu, hwaddr at, bool write)
{
    MemorySection section = address_space_find(cpu->cpu.memory, at, write, (MemTxAttrs){ 0 });

    if (!section.ram || section.length < sizeof(uint64_t) || (write && section.readonly)) {
        return NULL;
    }
    return ram_block_host(section.ram) + section.ram_at;
}

static uint64_t read_entry(const X86Cpu *cpu, hwaddr at, bool wide)
{
    uint64_t value = ~0ull;
    const void *host;

    at = gate_a20(cpu, at);
    rcu_read_lock();
    host = entry_host(cpu, at, false);
    if (host) {
        value = wide ? atomic_load_acquire((const uint64_t *)host)
                     : atomic_load_acquire((const uint32_t *)host);
        rcu_read_unlock();
        return value;
    }
    rcu_read_unlock();
    if (address_space_load(cpu->cpu.memory, at, wide ? 8 : 4, ENDIAN_LITTLE, &value,
                           (MemTxAttrs){ 0 }) != MEMTX_OK) {
        value = ~0ull; /* as the bus answers where nothing is */
    }
    return value;
}

/* Sets A or D if the entry is still @old. False: it is not. What cannot be written stays as it is.
 */
static bool update_entry(const Walk *w, hwaddr at, uint64_t old, uint64_t new)
{
    uint32_t old32 = old;
    MemorySection section;
    bool ok = true;

    at = gate_a20(w->cpu, at);
    rcu_read_lock();
    section = address_space_find(w->cpu->cpu.memory, at, true, (MemTxAttrs){ 0 });
    if (section.ram && !section.readonly && section.length >= sizeof(uint64_t)) {
        void *host = ram_block_host(section.ram) + section.ram_at;
        ok = w->wide ? atomic_cas((uint64_t *)host, &old, new)
                     : atomic_cas((uint32_t *)host, &old32, (uint32_t) new);
        if (ok) {
            ram_written(section.ram, section.ram_at, w->wide ? 8 : 4);
        }
    }
    rcu_read_unlock();
    return ok;
}

/* Rights --------------------------------------------------------------------------------------- */

static uint8_t key_rights(const Walk *w, uint64_t leaf)
{
    const X86Cpu *cpu = w->cpu;
    unsigned key = leaf >> PTE_KEY_SHIFT & 15, bits = cpu->control.pkru >> (2 * key) & 3;
    uint8_t rights = MEMORY_READ | MEMORY_WRITE | MEMORY_EXEC;

    if (!(cpu->control.cr4 & CR4_PKE) || !(cpu->msr.efer & EFER_LMA) || !(w->rights & PTE_U)) {
        return rights;
    }
    if (bits & 1) {
        return MEMORY_EXEC;
    }
    if (bits & 2 && (w->user || cpu->control.cr0 & CR0_WP)) {
        return MEMORY_READ | MEMORY_EXEC;
    }
    return rights;
}

/* 4.6.1, without keys and dirtiness */
static uint8_t page_rights(const Walk *w)
{
    const X86Cpu *cpu = w->cpu;
    bool user_page = w->rights & PTE_U;
    uint8_t exec = w->rights & PTE_NX ? 0 : MEMORY_EXEC;

    if (w->user) {
        return user_page ? MEMORY_READ | (w->rights & PTE_W ? MEMORY_WRITE : 0) | exec : 0;
    }
    if (user_page && cpu->control.cr4 & CR4_SMEP) {
        exec = 0;
    }
    if (user_page && w->smap) {
        return exec;
    }
    return MEMORY_READ | exec |
           (w->rights & PTE_W || !(cpu->control.cr0 & CR0_WP) ? MEMORY_WRITE : 0);
}

static const uint8_t right_of[] = {
    [TCG_ACCESS_LOAD] = MEMORY_READ,
    [TCG_ACCESS_STORE] = MEMORY_WRITE,
    [TCG_ACCESS_FETCH] = MEMORY_EXEC,
};

/* 1: translated, 0: fault, -1: the entry changed meanwhile */
static int take_leaf(Walk *w, hwaddr at, uint64_t entry, unsigned bits, TcgPage *page)
{
    uint64_t wanted = entry | PTE_A | (w->access == TCG_ACCESS_STORE ? PTE_D : 0);
    uint8_t rights = page_rights(w), by_key = key_rights(w, entry);
    hwaddr base = entry & PTE_ADDRESS;

    if (!(rights & right_of[w->access])) {
        return 0;
    }
    if (!(rights & by_key & right_of[w->access])) {
        w->error |= PF_KEY;
        return 0;
    }
    if (wanted != entry && !w->probe && !update_entry(w, at, entry, wanted)) {
        return -1;
    }
    if (!w->wide && bits > PAGE_BITS) { /* PSE-36: bits 13-20 are address bits 32-39 */
        base = (entry & 0xffc00000) | (entry >> 13 & 0xff) << 32;
    }
    page->rights = rights & by_key & (wanted & PTE_D ? ~0 : ~MEMORY_WRITE);
    page->page_bits = bits;
    page->physical = (base & -(1ull << bits)) | (w->address & ((1ull << bits) - 1) & ~PAGE_MASK);
    page->global = entry & PTE_G && w->cpu->control.cr4 & CR4_PGE;
    return 1;
}

/* Bits that must be 0 in a leaf above the last level: address bits below its size. */
static uint64_t reserved_in_large(const Walk *w, unsigned bits)
{
    if (!w->wide) {
        unsigned physical_bits = MIN(w->cpu->config.physical_bits, 40);
        uint64_t high = physical_bits > 32 ? (0xffull << (physical_bits - 32 + 13)) : 0xffull << 13;
        return (high & 0x1fe000) | 1 << 21;
    }
    return ((1ull << bits) - 1) & ~(uint64_t)(PTE_PAT_LARGE | PAGE_MASK);
}

static bool may_be_large(const X86Cpu *cpu, bool wide, unsigned level)
{
    if (!wide) {
        return level == 1 && cpu->control.cr4 & CR4_PSE;
    }
    return level == 1 ||
           (level == 2 && x86_has(cpu, X86_FEATURE_pdpe1gb) && cpu->msr.efer & EFER_LMA);
}

/* What no entry like this one may have set. */
static uint64_t reserved_in(const Walk *w, unsigned level, unsigned bits, bool leaf)
{
    if (!level) {
        return w->reserved;
    }
    if (leaf) {
        return w->reserved | reserved_in_large(w, bits);
    }
    return w->reserved | (w->wide && !may_be_large(w->cpu, true, level) ? PTE_PS : 0);
}

/* One entry at @at. 1: translated, or *@table is the next one; 0: fault; -1: it changed meanwhile.
 */
static int take_entry(Walk *w, hwaddr at, unsigned level, unsigned bits, hwaddr *table,
                      TcgPage *page)
{
    uint64_t entry = read_entry(w->cpu, at, w->wide), above = w->rights;
    bool leaf = !level || (entry & PTE_PS && may_be_large(w->cpu, w->wide, level));
    int taken;

    if (!(entry & PTE_P)) {
        return 0;
    }
    if (entry & reserved_in(w, level, bits, leaf)) {
        w->error |= PF_PRESENT | PF_RESERVED;
        return 0;
    }
    w->rights = (above & entry & (PTE_W | PTE_U)) | ((above | entry) & PTE_NX);
    if (!leaf) {
        *table = entry & PTE_ADDRESS;
        taken = entry & PTE_A || w->probe || update_entry(w, at, entry, entry | PTE_A) ? 1 : -1;
    } else {
        taken = take_leaf(w, at, entry, bits, page);
        w->error |= taken ? 0 : PF_PRESENT;
    }
    w->rights = taken < 0 ? above : w->rights;
    return taken;
}

/* From @table at @level (0: the last) down. */
static bool walk_levels(Walk *w, hwaddr table, unsigned level, TcgPage *page)
{
    unsigned index_bits = w->wide ? 9 : 10, entry_bytes = w->wide ? 8 : 4;

    for (page->page_bits = 0; !page->page_bits; level--) {
        unsigned bits = PAGE_BITS + level * index_bits;
        hwaddr at = table + (w->address >> bits & ((1u << index_bits) - 1)) * entry_bytes;
        int taken;

        do {
            taken = take_entry(w, at, level, bits, &table, page);
        } while (taken < 0);
        if (!taken) {
            return false;
        }
    }
    return true;
}

static uint64_t above_physical(const X86Cpu *cpu)
{
    return PTE_ADDRESS & -(1ull << cpu->config.physical_bits);
}

static bool walk_tables(Walk *w, TcgPage *page)
{
    enum { PDPTES = 4, LEVELS_4 = 3, LEVELS_5 = 4 };
    const X86Cpu *cpu = w->cpu;
    uint64_t cr3 = cpu->control.cr3, cr4 = cpu->control.cr4;

    w->rights = PTE_W | PTE_U;
    w->wide = cr4 & CR4_PAE;
    if (!w->wide) {
        return walk_levels(w, cr3 & 0xfffff000, 1, page);
    }
    w->reserved = above_physical(cpu) | (cpu->msr.efer & EFER_NXE ? 0 : PTE_NX);
    if (cpu->msr.efer & EFER_LMA) {
        return walk_levels(w, cr3 & PTE_ADDRESS, cr4 & CR4_LA57 ? LEVELS_5 : LEVELS_4, page);
    }
    w->reserved |= 0x7ffull << 52;
    uint64_t pdpte = cpu->control.pdptr[w->address >> 30 & (PDPTES - 1)];
    return pdpte & PTE_P && walk_levels(w, pdpte & PTE_ADDRESS, 1, page);
}

bool x86_load_pdptrs(X86Cpu *cpu, uint64_t cr3, uint64_t pdptr[4])
{
    const uint64_t reserved = 0x1e6ull | above_physical(cpu) | 0xfffull << 52;

    for (unsigned i = 0; i < 4; i++) {
        pdptr[i] = read_entry(cpu, (cr3 & 0xffffffe0) + 8 * i, true);
        if (pdptr[i] & PTE_P && pdptr[i] & reserved) {
            return false;
        }
    }
    return true;
}

/* The unwind word of the running instruction; 0 for accesses of no instruction's. */
static uint8_t running_word(Cpu *c, TcgAccess access)
{
    uint8_t word = 0;

    if (access != TCG_ACCESS_FETCH) {
        tcg_guest_pc(c, &word);
    }
    return word;
}

bool x86_walk(Cpu *c, vaddr address, TcgAccess access, uint8_t bank, bool probe, TcgPage *page)
{
    X86Cpu *cpu = from_cpu(c);
    Walk w = {
        .cpu = cpu,
        .address = address,
        .access = access,
        .user = bank == X86_BANK_USER,
        .smap = bank == X86_BANK_SUPERVISOR_SMAP,
        .probe = probe,
    };

    *page = (TcgPage){ .page_bits = PAGE_BITS };
    if (access == TCG_ACCESS_FETCH && cpu->mode & X86_MODE_LIMITS && !probe &&
        (uint32_t)(address - cpu->mode_base) > cpu->segment[X86_CS].limit) {
        x86_raise_code(cpu, X86_GP, 0);
        return false;
    }
    if (!(cpu->msr.efer & EFER_LMA)) {
        w.address = address = (uint32_t)address;
    } else if (!x86_is_canonical(cpu, address)) {
        if (!probe) {
            uint8_t which =
                access == TCG_ACCESS_LOAD ? X86_UNWIND_STACK_LOAD : X86_UNWIND_STACK_STORE;
            bool stack = running_word(c, access) & which;
            x86_raise_code(cpu, stack ? X86_SS_FAULT : X86_GP, 0);
        }
        return false;
    }
    if (!(cpu->control.cr0 & CR0_PG)) {
        page->physical = address & ~(hwaddr)PAGE_MASK;
        page->rights = MEMORY_READ | MEMORY_WRITE | MEMORY_EXEC;
    } else if (!walk_tables(&w, page)) {
        w.error |= access == TCG_ACCESS_STORE ? PF_WRITE : 0;
        w.error |= w.user ? PF_USER : 0;
        if (access == TCG_ACCESS_FETCH &&
            (cpu->control.cr4 & CR4_SMEP ||
             (cpu->control.cr4 & CR4_PAE && cpu->msr.efer & EFER_NXE))) {
            w.error |= PF_FETCH;
        }
        if (!probe) {
            bool modify = access == TCG_ACCESS_LOAD && running_word(c, access) & X86_UNWIND_MODIFY;
            x86_raise_page_fault(cpu, address, w.error | (modify ? PF_WRITE : 0));
        }
        return false;
    }
    if (cpu->a20_off) {
        page->physical = gate_a20(cpu, page->physical);
        page->page_bits = PAGE_BITS;
    }
    return true;
}

/* With #AC on (X86_MODE_ALIGN), or where an instruction wants its operand aligned. */
void x86_raise_unaligned(Cpu *c, vaddr address, TcgAccess access, uint8_t bank)
{
    x86_raise_code(from_cpu(c), X86_AC, 0);
}

void x86_raise_unaligned_vector(Cpu *c, vaddr address, TcgAccess access, uint8_t bank)
{
    x86_raise_code(from_cpu(c), X86_GP, 0);
}

bool x86_debug_translate(Cpu *c, vaddr address, hwaddr *physical, MemTxAttrs *attrs)
{
    X86Cpu *cpu = from_cpu(c);
    static const TcgAccess kinds[] = { TCG_ACCESS_LOAD, TCG_ACCESS_FETCH };
    uint8_t bank = cpu->smm ? X86_BANK_SMM : X86_BANK_SUPERVISOR;
    TcgPage page;

    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (x86_walk(c, address, kinds[i], bank, true, &page)) {
            *physical = page.physical | (address & PAGE_MASK);
            *attrs = (MemTxAttrs){ .debug = 1 };
            return true;
        }
    }
    return false;
}

/* A PCID names a space only while paging and CR4.PCIDE are on. */
uint32_t x86_address_space(Cpu *c)
{
    const X86Cpu *cpu = from_cpu(c);

    return cpu->control.cr4 & CR4_PCIDE ? cpu->control.cr3 & PCID_MASK : 0;
}

uint8_t x86_fetch_bank(Cpu *c)
{
    const X86Cpu *cpu = from_cpu(c);

    return cpu->smm                          ? X86_BANK_SMM
           : (cpu->mode & X86_MODE_CPL) == 3 ? X86_BANK_USER
                                             : X86_BANK_SUPERVISOR;
}

/* Access by helpers ---------------------------------------------------------------------------- */

uint8_t x86_system_bank(const X86Cpu *cpu)
{
    return cpu->smm                      ? X86_BANK_SMM
           : cpu->control.cr4 & CR4_SMAP ? X86_BANK_SUPERVISOR_SMAP
                                         : X86_BANK_SUPERVISOR;
}

uint8_t x86_data_bank(const X86Cpu *cpu)
{
    return cpu->mode >> X86_MODE_BANK_SHIFT & 7;
}

static uint64_t cut(const X86Cpu *cpu, uint64_t linear)
{
    return cpu->msr.efer & EFER_LMA ? linear : (uint32_t)linear;
}

/* Host address by the first level of the TLB, as generated code does it; NULL: not there. */
static inline void *quick(X86Cpu *cpu, uint64_t linear, unsigned size_log2, bool write,
                          unsigned bank)
{
    const TcgTlbBank *tlb = &cpu->cpu.env.tlb[bank];
    unsigned i = linear >> TCG_PAGE_BITS & (TCG_TLB_ENTRIES - 1);
    uint64_t tag = write ? tlb->wtag[i] : tlb->rtag[i];

    return (linear ^ tag) <= (1u << TCG_PAGE_BITS) - (1u << size_log2)
               ? (void *)(uintptr_t)(linear + tlb->addend[i])
               : NULL;
}

bool x86_memory_load(X86Cpu *cpu, uint64_t linear, unsigned size_log2, unsigned bank,
                     uint64_t *value)
{
    IrMem mem = { .size_log2 = size_log2, .bank = bank };
    linear = cut(cpu, linear);
    const void *host = quick(cpu, linear, size_log2, false, bank);

    if (!host) {
        return tcg_load(&cpu->cpu, linear, mem, value);
    }
    *value = 0;
    memcpy(value, host, 1u << size_log2);
    return true;
}

bool x86_memory_store(X86Cpu *cpu, uint64_t linear, unsigned size_log2, unsigned bank,
                      uint64_t value)
{
    IrMem mem = { .size_log2 = size_log2, .bank = bank };
    linear = cut(cpu, linear);
    void *host = quick(cpu, linear, size_log2, true, bank);

    if (!host) {
        return tcg_store(&cpu->cpu, linear, mem, value);
    }
    memcpy(host, &value, 1u << size_log2);
    return true;
}

bool x86_read_system(X86Cpu *cpu, uint64_t linear, unsigned size_log2, uint64_t *value)
{
    return x86_memory_load(cpu, linear, size_log2, x86_system_bank(cpu), value);
}

bool x86_write_system(X86Cpu *cpu, uint64_t linear, unsigned size_log2, uint64_t value)
{
    return x86_memory_store(cpu, linear, size_log2, x86_system_bank(cpu), value);
}

bool x86_read_data(X86Cpu *cpu, uint64_t linear, unsigned size_log2, uint64_t *value)
{
    return x86_memory_load(cpu, linear, size_log2, x86_data_bank(cpu), value);
}

bool x86_write_data(X86Cpu *cpu, uint64_t linear, unsigned size_log2, uint64_t value)
{
    return x86_memory_store(cpu, linear, size_log2, x86_data_bank(cpu), value);
}
