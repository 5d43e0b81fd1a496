/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page-table walks: Sv32, Sv39, Sv48, Sv57, Svnapot, Svpbmt, Svade and Svadu.
 * Spec: privileged ISA 20240411, 10.3.2 (the algorithm; its steps are named below), 10.4 to 10.6,
 * ch. 11 to 13.
 */
#include "target/riscv/mmu.h"

#include <inttypes.h>

#include "memory/ram.h"
#include "target/riscv/frontend_internal.h"
#include "target/riscv/pmp.h"
#include "target/riscv/trap.h"
#include "util/atomic.h"
#include "util/log.h"
#include "util/rcu.h"

enum {
    PTE_V = 1,
    PTE_R = 2,
    PTE_W = 4,
    PTE_X = 8,
    PTE_U = 16,
    PTE_G = 32,
    PTE_A = 64,
    PTE_D = 128
};
#define PTE_PBMT     (3ull << 61)
#define PTE_N        (1ull << 63)
#define PTE_RESERVED (0x7full << 54)
#define PTE_PPN      0x003ffffffffffc00ull
enum { PTE_PPN_SHIFT = 10, PAGE_BITS = 12 };

enum { SATP_BARE = 0, SATP_SV32 = 1, SATP_SV39 = 8, SATP_SV48 = 9, SATP_SV57 = 10 };

/* How satp's mode lays out addresses and entries. */
typedef struct {
    uint8_t levels;
    uint8_t index_bits;
    uint8_t entry_bytes;
    uint8_t address_bits;
} Scheme;

static unsigned satp_mode(const RiscvCpu *cpu)
{
    return cpu->xlen == 32 ? cpu->csr.satp >> 31 & 1 : cpu->csr.satp >> 60;
}

static uint64_t satp_ppn(const RiscvCpu *cpu)
{
    return cpu->csr.satp & (cpu->xlen == 32 ? 0x3fffff : 0xfffffffffff);
}

static unsigned satp_asid(const RiscvCpu *cpu)
{
    return cpu->xlen == 32 ? cpu->csr.satp >> 22 & 0x1ff : cpu->csr.satp >> 44 & 0xffff;
}

uint32_t riscv_space_of_asid(const RiscvCpu *cpu, unsigned asid)
{
    enum { MODE_SHIFT = 16 };
    unsigned mode = satp_mode(cpu);

    asid &= cpu->xlen == 32 ? 0x1ff : 0xffff;
    return mode == SATP_BARE ? 0 : mode << MODE_SHIFT | asid;
}

uint32_t riscv_satp_space(const RiscvCpu *cpu)
{
    return riscv_space_of_asid(cpu, satp_asid(cpu));
}

bool riscv_satp_mode_exists(const RiscvCpu *cpu, unsigned mode)
{
    switch (mode) {
    case SATP_BARE: return true;
    case SATP_SV32: return cpu->config.sv32;
    case SATP_SV39: return cpu->config.sv39;
    case SATP_SV48: return cpu->config.sv48;
    case SATP_SV57: return cpu->config.sv57;
    default: return false;
    }
}

static Scheme scheme_of(unsigned mode)
{
    switch (mode) {
    case SATP_SV32: return (Scheme){ 2, 10, 4, 32 };
    case SATP_SV39: return (Scheme){ 3, 9, 8, 39 };
    case SATP_SV48: return (Scheme){ 4, 9, 8, 48 };
    default: return (Scheme){ 5, 9, 8, 57 };
    }
}

/* One walk. */
typedef struct {
    RiscvCpu *cpu;
    vaddr address;
    TcgAccess access;
    unsigned priv;
    bool sum;
    bool probe;
    bool access_fault; /* failed for the sake of physical memory, not of the tables */
} Walk;

static uint8_t right_of(TcgAccess access)
{
    return access == TCG_ACCESS_LOAD    ? MEMORY_READ
           : access == TCG_ACCESS_STORE ? MEMORY_WRITE
                                        : MEMORY_EXEC;
}

static RiscvCause page_fault_of(TcgAccess access)
{
    return access == TCG_ACCESS_LOAD    ? RISCV_CAUSE_LOAD_PAGE
           : access == TCG_ACCESS_STORE ? RISCV_CAUSE_STORE_PAGE
                                        : RISCV_CAUSE_FETCH_PAGE;
}

static RiscvCause access_fault_of(TcgAccess access)
{
    return access == TCG_ACCESS_LOAD    ? RISCV_CAUSE_LOAD_ACCESS
           : access == TCG_ACCESS_STORE ? RISCV_CAUSE_STORE_ACCESS
                                        : RISCV_CAUSE_FETCH_ACCESS;
}

/* An entry is read and updated as S-mode accesses, whatever mode the walk is for (step 2). */
static bool entry_allowed(Walk *w, hwaddr at, uint8_t right)
{
    RiscvPmpAnswer answer = riscv_pmp_check(w->cpu, at, RISCV_PRIV_S);

    w->access_fault = !(answer.rights & right);
    return !w->access_fault;
}

static bool read_entry(Walk *w, hwaddr at, unsigned bytes, uint64_t *pte)
{
    MemorySection section;

    if (!entry_allowed(w, at, MEMORY_READ)) {
        return false;
    }
    rcu_read_lock();
    section = address_space_find(w->cpu->cpu.memory, at, false, (MemTxAttrs){ 0 });
    if (section.ram && section.length >= bytes) {
        const void *host = ram_block_host(section.ram) + section.ram_at;
        *pte = bytes == 4 ? atomic_load_acquire((const uint32_t *)host)
                          : atomic_load_acquire((const uint64_t *)host);
        rcu_read_unlock();
        return true;
    }
    rcu_read_unlock();
    w->access_fault = address_space_load(w->cpu->cpu.memory, at, bytes, ENDIAN_LITTLE, pte,
                                         (MemTxAttrs){ 0 }) != MEMTX_OK;
    return !w->access_fault;
}

/* Step 7: sets A and D if the entry is still the same. False: it is not (look again), or cannot be
 * written. */
static bool update_entry(Walk *w, hwaddr at, unsigned bytes, uint64_t old, uint64_t new)
{
    MemorySection section;
    uint32_t old32 = old;
    bool ok;

    if (!entry_allowed(w, at, MEMORY_WRITE)) {
        return false;
    }
    rcu_read_lock();
    section = address_space_find(w->cpu->cpu.memory, at, true, (MemTxAttrs){ 0 });
    if (!section.ram || section.readonly || section.length < bytes) {
        rcu_read_unlock();
        w->access_fault = true;
        return false;
    }
    if (bytes == 4) {
        ok = atomic_cas((uint32_t *)(ram_block_host(section.ram) + section.ram_at), &old32,
                        (uint32_t) new);
    } else {
        ok = atomic_cas((uint64_t *)(ram_block_host(section.ram) + section.ram_at), &old, new);
    }
    if (ok) {
        ram_written(section.ram, section.ram_at, bytes);
    }
    rcu_read_unlock();
    return ok;
}

/* What no entry may have set: step 3. */
static bool entry_is_reserved(const Walk *w, uint64_t pte, const Scheme *scheme)
{
    bool pbmte = w->cpu->csr.menvcfg & ENVCFG_PBMTE;
    bool leaf = pte & (PTE_R | PTE_X);

    if (!(pte & PTE_V) || (pte & (PTE_R | PTE_W)) == PTE_W) {
        return true;
    }
    if (scheme->entry_bytes == 4) {
        return !leaf && pte & (PTE_A | PTE_D | PTE_U);
    }
    if (!leaf && pte & (PTE_A | PTE_D | PTE_U | PTE_PBMT | PTE_N)) {
        return true;
    }
    return pte & PTE_RESERVED || (pte & PTE_N && !w->cpu->config.svnapot) ||
           (pte & PTE_PBMT && !pbmte) || (pte & PTE_PBMT) == PTE_PBMT;
}

/* Rights of a leaf for the mode of the walk: step 5, without D. */
static uint8_t leaf_rights(const Walk *w, uint64_t pte)
{
    bool user_page = pte & PTE_U;
    uint8_t rights = (pte & PTE_R ? MEMORY_READ : 0) | (pte & PTE_W ? MEMORY_WRITE : 0) |
                     (pte & PTE_X ? MEMORY_EXEC : 0);

    if (w->cpu->csr.mstatus & MSTATUS_MXR && pte & PTE_X) {
        rights |= MEMORY_READ;
    }
    if (w->priv == RISCV_PRIV_U) {
        return user_page ? rights : 0;
    }
    if (!user_page) {
        return rights;
    }
    return w->sum ? rights & ~MEMORY_EXEC : 0;
}

static bool updates_in_hardware(const RiscvCpu *cpu)
{
    return cpu->config.svadu ? cpu->csr.menvcfg & ENVCFG_ADUE : !cpu->config.svade;
}

/* A leaf at @level: steps 5 to 8. 1: translated, 0: fault, -1: the entry changed, look again. */
static int take_leaf(Walk *w, const Scheme *scheme, unsigned level, hwaddr at, uint64_t pte,
                     TcgPage *page)
{
    enum { NAPOT_64K = 8, NAPOT_MASK = 15 };
    unsigned span_bits = level * scheme->index_bits;
    uint64_t ppn = (pte & PTE_PPN) >> PTE_PPN_SHIFT, wanted = pte | PTE_A;
    uint64_t low = (w->address >> PAGE_BITS) & ((1ull << span_bits) - 1);
    uint8_t rights = leaf_rights(w, pte);

    if (scheme->entry_bytes == 4) {
        ppn = pte >> PTE_PPN_SHIFT;
    }
    if (!(rights & right_of(w->access)) || ppn & ((1ull << span_bits) - 1)) {
        return 0;
    }
    if (pte & PTE_N) {
        if (level || (ppn & NAPOT_MASK) != NAPOT_64K) {
            return 0;
        }
        ppn = (ppn & ~(uint64_t)NAPOT_MASK) | (w->address >> PAGE_BITS & NAPOT_MASK);
    }
    if (w->access == TCG_ACCESS_STORE) {
        wanted |= PTE_D;
    }
    if (wanted != pte && !w->probe) {
        if (!updates_in_hardware(w->cpu)) {
            return 0;
        }
        if (!update_entry(w, at, scheme->entry_bytes, pte, wanted)) {
            return w->access_fault ? 0 : -1;
        }
    }
    page->rights = wanted & PTE_D ? rights : rights & ~MEMORY_WRITE;
    page->physical = (ppn | low) << PAGE_BITS;
    return 1;
}

static bool is_canonical(const Walk *w, const Scheme *scheme)
{
    unsigned unused = 64 - scheme->address_bits;

    return scheme->entry_bytes == 4 ||
           (uint64_t)((int64_t)(w->address << unused) >> unused) == w->address;
}

static bool walk_tables(Walk *w, const Scheme *scheme, TcgPage *page)
{
    hwaddr table = satp_ppn(w->cpu) << PAGE_BITS;
    unsigned level = scheme->levels;
    bool global = false;

    if (!is_canonical(w, scheme)) {
        return false;
    }
    while (level-- > 0) {
        unsigned shift = PAGE_BITS + level * scheme->index_bits;
        uint64_t index = w->address >> shift & ((1u << scheme->index_bits) - 1);
        hwaddr at = table + index * scheme->entry_bytes;
        int taken = -1;
        uint64_t pte;
        do {
            if (!read_entry(w, at, scheme->entry_bytes, &pte) ||
                entry_is_reserved(w, pte, scheme)) {
                return false;
            }
            global |= pte & PTE_G;
            if (!(pte & (PTE_R | PTE_X))) {
                break;
            }
            taken = take_leaf(w, scheme, level, at, pte, page);
            page->global = global;
        } while (taken < 0);
        if (taken >= 0) {
            return taken;
        }
        table = (scheme->entry_bytes == 4 ? pte >> PTE_PPN_SHIFT : (pte & PTE_PPN) >> PTE_PPN_SHIFT)
                << PAGE_BITS;
    }
    return false; /* step 4: a pointer at the last level */
}

/* What physical memory protection leaves of the page. */
static bool protect(Walk *w, TcgPage *page)
{
    hwaddr physical = page->physical | (w->address & ((1u << PAGE_BITS) - 1));
    RiscvPmpAnswer answer = riscv_pmp_check(w->cpu, physical, w->priv);

    page->rights &= answer.rights;
    page->page_bits = answer.uniform_bits < PAGE_BITS ? answer.uniform_bits : PAGE_BITS;
    w->access_fault = !(page->rights & right_of(w->access));
    return !w->access_fault;
}

bool riscv_walk(Cpu *c, vaddr address, TcgAccess access, uint8_t bank, bool probe, TcgPage *page)
{
    RiscvCpu *cpu = riscv_cpu(c);
    unsigned mode = bank == BANK_M ? SATP_BARE : satp_mode(cpu);
    Walk w = {
        .cpu = cpu,
        .address = address,
        .access = access,
        .priv = bank == BANK_M   ? RISCV_PRIV_M
                : bank == BANK_U ? RISCV_PRIV_U
                                 : RISCV_PRIV_S,
        .sum = bank == BANK_S_SUM,
        .probe = probe,
    };
    bool ok = true;

    *page = (TcgPage){ .attrs = { .user = bank == BANK_U, .fetch = access == TCG_ACCESS_FETCH } };
    if (mode == SATP_BARE) {
        page->physical = address & ~(hwaddr)((1u << PAGE_BITS) - 1);
        page->rights = MEMORY_READ | MEMORY_WRITE | MEMORY_EXEC;
    } else {
        Scheme scheme = scheme_of(mode);
        ok = walk_tables(&w, &scheme, page);
    }
    if (ok && protect(&w, page)) {
        return true;
    }
    if (!probe) {
        riscv_raise(cpu, w.access_fault ? access_fault_of(access) : page_fault_of(access), address);
    }
    return false;
}

void riscv_raise_unaligned(Cpu *cpu, vaddr address, TcgAccess access, uint8_t bank)
{
    riscv_raise(riscv_cpu(cpu),
                access == TCG_ACCESS_LOAD    ? RISCV_CAUSE_LOAD_MISALIGNED
                : access == TCG_ACCESS_STORE ? RISCV_CAUSE_STORE_MISALIGNED
                                             : RISCV_CAUSE_FETCH_MISALIGNED,
                address);
}

void riscv_raise_bus_error(Cpu *cpu, vaddr address, hwaddr physical, TcgAccess access,
                           MemTxResult result)
{
    log_guest_error("hart %" PRIu64 ": nothing answers at %#" PRIx64 "\n",
                    riscv_cpu(cpu)->config.hartid, physical);
    riscv_raise(riscv_cpu(cpu), access_fault_of(access), address);
}

bool riscv_debug_translate(Cpu *c, vaddr address, hwaddr *physical, MemTxAttrs *attrs)
{
    RiscvCpu *cpu = riscv_cpu(c);
    uint8_t bank = riscv_data_bank(cpu) == BANK_S ? BANK_S_SUM : riscv_data_bank(cpu);
    static const TcgAccess kinds[] = { TCG_ACCESS_LOAD, TCG_ACCESS_FETCH };
    TcgPage page;

    if (cpu->xlen == 32) {
        address = (uint32_t)address;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        bool fetch = kinds[i] == TCG_ACCESS_FETCH;
        if (riscv_walk(c, address, kinds[i], fetch && bank == BANK_S_SUM ? BANK_S : bank, true,
                       &page)) {
            *physical = page.physical | (address & ((1u << PAGE_BITS) - 1));
            *attrs = (MemTxAttrs){ .debug = 1 };
            return true;
        }
    }
    return false;
}
