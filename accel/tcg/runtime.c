/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The full way to guest memory, for the interpreter, for what misses in generated code, and for
 * helpers. */
#include <string.h>

#include "accel/tcg/block_internal.h"
#include "accel/tcg/code_page_internal.h"
#include "accel/tcg/context_internal.h"
#include "accel/tcg/loop_internal.h"
#include "accel/tcg/tlb_internal.h"
#include "tcg/eval.h"

/* One access, as the functions below hand it down. */
typedef struct {
    Cpu *cpu;
    vaddr address;
    IrMem mem;
    unsigned size;
} Access;

static unsigned page_offset(vaddr address)
{
    return address % TCG_PAGE_BYTES;
}

static bool crosses_page(const Access *access)
{
    return page_offset(access->address) + access->size > TCG_PAGE_BYTES;
}

static uint64_t in_guest_order(uint64_t value, unsigned size, bool big_endian)
{
    return big_endian ? GUINT64_SWAP_LE_BE(value) >> (64 - 8 * size) : value;
}

/* Value of @size bytes in the guest's order at @bytes, and back. */
static uint64_t bytes_to_value(const uint8_t *bytes, unsigned size, bool big_endian)
{
    uint64_t value = 0;

    memcpy(&value, bytes, size);
    return in_guest_order(GUINT64_FROM_LE(value), size, big_endian);
}

static void value_to_bytes(uint8_t *bytes, uint64_t value, unsigned size, bool big_endian)
{
    value = GUINT64_TO_LE(in_guest_order(value, size, big_endian));
    memcpy(bytes, &value, size);
}

/* RAM is shared with other vCPUs: an aligned access is one access of the host. */
static uint64_t ram_read(const uint8_t *host, unsigned size)
{
    uint64_t value = 0;

    if ((uintptr_t)host & (size - 1)) {
        for (unsigned i = 0; i < size; i++) {
            value |= (uint64_t)atomic_read(&host[i]) << 8 * i;
        }
        return value;
    }
    switch (size) {
    case 1: return atomic_read(host);
    case 2: return GUINT16_FROM_LE(atomic_read((const uint16_t *)host));
    case 4: return GUINT32_FROM_LE(atomic_read((const uint32_t *)host));
    default: return GUINT64_FROM_LE(atomic_read((const uint64_t *)host));
    }
}

static void ram_write(uint8_t *host, uint64_t value, unsigned size)
{
    if ((uintptr_t)host & (size - 1)) {
        for (unsigned i = 0; i < size; i++) {
            atomic_set(&host[i], (uint8_t)(value >> 8 * i));
        }
        return;
    }
    switch (size) {
    case 1: atomic_set(host, (uint8_t)value); break;
    case 2: atomic_set((uint16_t *)host, GUINT16_TO_LE(value)); break;
    case 4: atomic_set((uint32_t *)host, GUINT32_TO_LE(value)); break;
    default: atomic_set((uint64_t *)host, GUINT64_TO_LE(value)); break;
    }
}

static void copy_ram(uint8_t *to, const uint8_t *from, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        atomic_set(&to[i], atomic_read(&from[i]));
    }
}

static uint64_t extend(uint64_t value, IrMem mem)
{
    return ir_extend(value, mem.size_log2, mem.sign);
}

static bool bus_error(const Access *access, vaddr address, hwaddr physical, TcgAccess kind,
                      MemTxResult result)
{
    const TcgFrontend *frontend = access->cpu->tcg->frontend;

    if (frontend->raise_bus_error) {
        frontend->raise_bus_error(access->cpu, address, physical, kind, result);
    }
    return !frontend->raise_bus_error;
}

/* False: raised. Alignment and watchpoints. */
static bool check(const Access *access, TcgAccess kind)
{
    if (access->mem.align && (access->address & (access->size - 1))) {
        access->cpu->tcg->frontend->raise_unaligned(access->cpu, access->address, kind,
                                                    access->mem.bank);
        return false;
    }
    return true;
}

/* A device may arm a timer, and it must fire at its exact instruction: when instructions are
 * counted, an access to a device is the last of its block. False: it must be repeated alone. */
static bool ends_block(const Access *access)
{
    Cpu *cpu = access->cpu;

    if (!cpu->tcg->accel->options.icount || cpu->tcg->in_single || !tcg_insns_after(cpu)) {
        return true;
    }
    cpu->tcg->restart_single = true;
    tcg_raise(cpu);
    return false;
}

/* Device memory, ROM, or what is smaller than a page. */
static bool load_device(const Access *access, const TcgTlbEntry *entry, uint64_t *value)
{
    hwaddr physical = entry->physical + page_offset(access->address);
    Endian endian = access->mem.big_endian ? ENDIAN_BIG : ENDIAN_LITTLE;
    MemTxResult result;

    if (!ends_block(access)) {
        return false;
    }
    access->cpu->tcg->stats.io++;
    if (access->address & (access->size - 1)) {
        uint8_t bytes[8];
        result =
            address_space_read(access->cpu->memory, physical, bytes, access->size, entry->attrs);
        *value = bytes_to_value(bytes, access->size, access->mem.big_endian);
    } else {
        result = address_space_load(access->cpu->memory, physical, access->size, endian, value,
                                    entry->attrs);
    }
    if (result != MEMTX_OK) {
        *value = ~0ull >> (64 - 8 * access->size);
    }
    return result == MEMTX_OK ||
           bus_error(access, access->address, physical, TCG_ACCESS_LOAD, result);
}

static bool store_device(const Access *access, const TcgTlbEntry *entry, uint64_t value)
{
    hwaddr physical = entry->physical + page_offset(access->address);
    Endian endian = access->mem.big_endian ? ENDIAN_BIG : ENDIAN_LITTLE;
    MemTxResult result;

    if (!ends_block(access)) {
        return false;
    }
    access->cpu->tcg->stats.io++;
    if (access->address & (access->size - 1)) {
        uint8_t bytes[8];
        value_to_bytes(bytes, value, access->size, access->mem.big_endian);
        result =
            address_space_write(access->cpu->memory, physical, bytes, access->size, entry->attrs);
    } else {
        result = address_space_store(access->cpu->memory, physical, access->size, endian, value,
                                     entry->attrs);
    }
    return result == MEMTX_OK ||
           bus_error(access, access->address, physical, TCG_ACCESS_STORE, result);
}

/* The entry of an access; NULL: raised. */
static const TcgTlbEntry *find(const Access *access, vaddr address, TcgAccess kind)
{
    const TcgTlbEntry *entry = tcg_tlb_find(access->cpu, address, kind, access->mem.bank);

    if (entry && (entry->flags & TLB_WATCHED) &&
        tcg_watch_hit(access->cpu, access->address, access->size, kind)) {
        return NULL;
    }
    return entry;
}

/* One of the two parts of an access that crosses into the next page: bytes [at, at + count). */
typedef struct {
    TcgTlbEntry entry;
    vaddr address;
    unsigned at, count;
} Part;

static bool find_parts(const Access *access, TcgAccess kind, Part part[2])
{
    vaddr next = (access->address | (TCG_PAGE_BYTES - 1)) + 1;
    unsigned first = TCG_PAGE_BYTES - page_offset(access->address);

    for (unsigned i = 0; i < 2; i++) {
        const TcgTlbEntry *entry = find(access, i ? next : access->address, kind);
        if (!entry) {
            return false;
        }
        part[i] = (Part){ .entry = *entry,
                          .address = i ? next : access->address,
                          .at = i ? first : 0,
                          .count = i ? access->size - first : first };
    }
    return true;
}

static uint8_t *part_host(const Part *part)
{
    return (uint8_t *)(uintptr_t)part->entry.host + page_offset(part->address);
}

/* Through the address space. */
static bool transfer_part(const Access *access, const Part *part, TcgAccess kind, uint8_t *bytes)
{
    AddressSpace *memory = access->cpu->memory;
    hwaddr physical = part->entry.physical + page_offset(part->address);
    MemTxAttrs attrs = part->entry.attrs;
    MemTxResult result =
        kind == TCG_ACCESS_LOAD
            ? address_space_read(memory, physical, bytes + part->at, part->count, attrs)
            : address_space_write(memory, physical, bytes + part->at, part->count, attrs);

    return result == MEMTX_OK || bus_error(access, part->address, physical, kind, result);
}

static bool load_crossing_bytes(const Access *access, uint8_t *bytes)
{
    Part part[2];

    if (!find_parts(access, TCG_ACCESS_LOAD, part)) {
        return false;
    }
    for (unsigned i = 0; i < 2; i++) {
        if (part[i].entry.flags & TLB_RAM) {
            copy_ram(bytes + part[i].at, part_host(&part[i]), part[i].count);
        } else if (!transfer_part(access, &part[i], TCG_ACCESS_LOAD, bytes)) {
            return false;
        }
    }
    return true;
}

static bool load_crossing(const Access *access, uint64_t *value)
{
    uint8_t bytes[8];

    if (!load_crossing_bytes(access, bytes)) {
        return false;
    }
    *value = bytes_to_value(bytes, access->size, access->mem.big_endian);
    return true;
}

static bool runtime_load(TcgEnv *env, uint64_t address, IrMem mem, uint64_t *value)
{
    Access access = { tcg_env_cpu(env), address, mem, 1u << mem.size_log2 };
    bool ok;

    if (!check(&access, TCG_ACCESS_LOAD)) {
        return false;
    }
    if (crosses_page(&access)) {
        ok = load_crossing(&access, value);
    } else {
        const TcgTlbEntry *entry = find(&access, address, TCG_ACCESS_LOAD);
        if (!entry) {
            return false;
        }
        if (entry->flags & TLB_RAM) {
            const uint8_t *host = (const uint8_t *)(uintptr_t)entry->host + page_offset(address);
            *value = in_guest_order(ram_read(host, access.size), access.size, mem.big_endian);
            ok = true;
        } else {
            ok = load_device(&access, entry, value);
        }
    }
    *value = ok ? extend(*value, mem) : 0;
    return ok;
}

/* The block whose code is running, if it was made from the @length bytes at @offset of @page. */
static bool hits_running_block(Cpu *cpu, const TcgCodePage *page, unsigned offset, unsigned length)
{
    TcgCpu *tcg = cpu->tcg;
    const TcgBlock *block = tcg->running;

    if (cpu->env.hot.host_return) {
        block = tcg_cache_block_at(tcg->accel->blocks,
                                   (const void *)(uintptr_t)cpu->env.hot.host_return);
    }
    for (unsigned i = 0; block && i < 2; i++) {
        unsigned start = i ? 0 : block->pc % TCG_PAGE_BYTES;
        unsigned end = i ? block->pc % TCG_PAGE_BYTES + block->bytes - TCG_PAGE_BYTES
                         : MIN(block->pc % TCG_PAGE_BYTES + block->bytes, TCG_PAGE_BYTES);
        if (tcg_block_page(tcg->accel->blocks, block, i) == page && start < offset + length &&
            offset < end) {
            return true;
        }
    }
    return false;
}

/* Before a write of @length bytes at @address. False: the instruction must be repeated alone. */
static bool before_write(Cpu *cpu, const TcgTlbEntry *entry, vaddr address, unsigned length)
{
    TcgCodePage *page = atomic_load_acquire(entry->code);

    if (page && tcg_code_overlaps(page, page_offset(address), length) && !cpu->tcg->in_single &&
        hits_running_block(cpu, page, page_offset(address), length)) {
        cpu->tcg->restart_single = true;
        tcg_raise(cpu);
        return false;
    }
    return true;
}

/* After one that may have hit code, or must be noted for somebody. */
static void after_write(Cpu *cpu, const TcgTlbEntry *entry, vaddr address, unsigned length)
{
    TcgBlocks *blocks = cpu->tcg->accel->blocks;
    TcgCodePage *page = atomic_load_acquire(entry->code);

    if (page) {
        if (atomic_read(&page->withheld) &&
            !tcg_code_overlaps(page, page_offset(address), length)) {
            tcg_code_false_hit(blocks, page);
        }
        tcg_code_written(blocks, page->ram, page->at + page_offset(address), length);
    }
    if (entry->flags & TLB_LOGGED) {
        ram_offset at;
        RamBlock *ram =
            ram_block_from_host((void *)(uintptr_t)(entry->host + page_offset(address)), &at);
        ram_written(ram, at, length);
    }
}

static bool is_writable_ram(const TcgTlbEntry *entry)
{
    return (entry->flags & (TLB_RAM | TLB_READONLY)) == TLB_RAM;
}

static bool store_crossing_bytes(const Access *access, uint8_t *bytes)
{
    Part part[2];

    if (!find_parts(access, TCG_ACCESS_STORE, part)) {
        return false;
    }
    for (unsigned i = 0; i < 2; i++) {
        if (is_writable_ram(&part[i].entry) &&
            !before_write(access->cpu, &part[i].entry, part[i].address, part[i].count)) {
            return false;
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        if (is_writable_ram(&part[i].entry)) {
            copy_ram(part_host(&part[i]), bytes + part[i].at, part[i].count);
            after_write(access->cpu, &part[i].entry, part[i].address, part[i].count);
        } else if (!transfer_part(access, &part[i], TCG_ACCESS_STORE, bytes)) {
            return false;
        }
    }
    return true;
}

static bool store_crossing(const Access *access, uint64_t value)
{
    uint8_t bytes[8];

    value_to_bytes(bytes, value, access->size, access->mem.big_endian);
    return store_crossing_bytes(access, bytes);
}

static bool runtime_store(TcgEnv *env, uint64_t address, IrMem mem, uint64_t value)
{
    Access access = { tcg_env_cpu(env), address, mem, 1u << mem.size_log2 };

    if (!check(&access, TCG_ACCESS_STORE)) {
        return false;
    }
    if (crosses_page(&access)) {
        return store_crossing(&access, value);
    }
    const TcgTlbEntry *found = find(&access, address, TCG_ACCESS_STORE);
    if (!found) {
        return false;
    }
    if (!is_writable_ram(found)) {
        return store_device(&access, found, value);
    }
    if (!before_write(access.cpu, found, address, access.size)) {
        return false;
    }
    ram_write((uint8_t *)(uintptr_t)found->host + page_offset(address),
              in_guest_order(value, access.size, mem.big_endian), access.size);
    after_write(access.cpu, found, address, access.size);
    return true;
}

/* Vectors: bytes in memory's order. What is no RAM is accessed by quadwords. */

static bool check_vector(const Access *access, TcgAccess kind)
{
    if (access->mem.align && (access->address & (access->size - 1))) {
        access->cpu->tcg->frontend->raise_unaligned_vector(access->cpu, access->address, kind,
                                                           access->mem.bank);
        return false;
    }
    return true;
}

static IrMem quad_mem(IrMem mem)
{
    return (IrMem){ .size_log2 = MIN(mem.size_log2, 3), .bank = mem.bank };
}

static bool load_vector_quads(const Access *access, uint64_t *quads)
{
    IrMem mem = quad_mem(access->mem);

    for (unsigned i = 0; i < (access->size + 7) / 8; i++) {
        if (!runtime_load(&access->cpu->env, access->address + 8 * i, mem, &quads[i])) {
            return false;
        }
        quads[i] = GUINT64_TO_LE(quads[i]);
    }
    return true;
}

static bool runtime_load_vector(TcgEnv *env, uint64_t address, IrMem mem, uint64_t *home)
{
    Access access = { tcg_env_cpu(env), address, mem, 1u << mem.size_log2 };
    uint64_t quads[4] = { 0 };

    if (!check_vector(&access, TCG_ACCESS_LOAD)) {
        return false;
    }
    if (crosses_page(&access)) {
        if (!load_crossing_bytes(&access, (uint8_t *)quads)) {
            return false;
        }
    } else {
        const TcgTlbEntry *entry = find(&access, address, TCG_ACCESS_LOAD);
        if (!entry) {
            return false;
        }
        if (entry->flags & TLB_RAM) {
            memcpy(quads, (const uint8_t *)(uintptr_t)entry->host + page_offset(address),
                   access.size);
        } else if (!load_vector_quads(&access, quads)) {
            return false;
        }
    }
    memcpy(home, quads, mem.sign || mem.size_log2 == 5 ? 32 : 16);
    return true;
}

static bool store_vector_quads(const Access *access, const uint64_t *quads)
{
    IrMem mem = quad_mem(access->mem);

    for (unsigned i = 0; i < (access->size + 7) / 8; i++) {
        if (!runtime_store(&access->cpu->env, access->address + 8 * i, mem,
                           GUINT64_FROM_LE(quads[i]))) {
            return false;
        }
    }
    return true;
}

static bool runtime_store_vector(TcgEnv *env, uint64_t address, IrMem mem, const uint64_t *home)
{
    Access access = { tcg_env_cpu(env), address, mem, 1u << mem.size_log2 };

    if (!check_vector(&access, TCG_ACCESS_STORE)) {
        return false;
    }
    if (crosses_page(&access)) {
        uint8_t bytes[32];
        memcpy(bytes, home, access.size);
        return store_crossing_bytes(&access, bytes);
    }
    const TcgTlbEntry *found = find(&access, address, TCG_ACCESS_STORE);
    if (!found) {
        return false;
    }
    if (!is_writable_ram(found)) {
        return store_vector_quads(&access, home);
    }
    if (!before_write(access.cpu, found, address, access.size)) {
        return false;
    }
    memcpy((uint8_t *)(uintptr_t)found->host + page_offset(address), home, access.size);
    after_write(access.cpu, found, address, access.size);
    return true;
}

/* What an atomic operation does with the old value. */
typedef struct {
    bool compare; /* write desired if old equals expected; else combine */
    IrAtomic kind;
    uint64_t operand, expected, desired;
} Update;

/* True and *@new if memory is to be written. */
static bool update_value(const Update *update, IrMem mem, uint64_t old, uint64_t *new)
{
    IrMem plain = { .size_log2 = mem.size_log2 };

    if (update->compare) {
        *new = extend(update->desired, plain);
        return old == extend(update->expected, plain);
    }
    *new = extend(ir_eval_atomic(update->kind, mem.size_log2, old, update->operand), plain);
    return true;
}

static bool host_cas(void *host, unsigned size, uint64_t *expected, uint64_t desired)
{
    uint8_t old8 = *expected;
    uint16_t old16 = *expected;
    uint32_t old32 = *expected;
    bool done;

    switch (size) {
    case 1:
        done = atomic_cas((uint8_t *)host, &old8, (uint8_t)desired);
        *expected = old8;
        return done;
    case 2:
        done = atomic_cas((uint16_t *)host, &old16, (uint16_t)desired);
        *expected = old16;
        return done;
    case 4:
        done = atomic_cas((uint32_t *)host, &old32, (uint32_t)desired);
        *expected = old32;
        return done;
    default: return atomic_cas((uint64_t *)host, expected, desired);
    }
}

/* Aligned, in RAM: a host atomic. */
static void update_ram(const Access *access, void *host, const Update *update, uint64_t *old)
{
    uint64_t memory = ram_read(host, access->size), new;

    for (;;) {
        *old = in_guest_order(memory, access->size, access->mem.big_endian);
        if (!update_value(update, access->mem, *old, &new)) {
            atomic_fence();
            return;
        }
        if (host_cas(host, access->size, &memory,
                     in_guest_order(new, access->size, access->mem.big_endian))) {
            return;
        }
    }
}

/* Anything else: while every other vCPU stands still. */
static bool update_alone(const Access *access, const Update *update, uint64_t *old)
{
    bool began = tcg_exclusive_begin(access->cpu);
    IrMem plain = { .size_log2 = access->mem.size_log2,
                    .big_endian = access->mem.big_endian,
                    .bank = access->mem.bank };
    uint64_t new;
    Part part[2];
    bool ok = crosses_page(access) ? find_parts(access, TCG_ACCESS_STORE, part)
                                   : find(access, access->address, TCG_ACCESS_STORE) != NULL;

    ok = ok && runtime_load(&access->cpu->env, access->address, plain, old);
    if (ok && update_value(update, plain, *old, &new)) {
        ok = runtime_store(&access->cpu->env, access->address, plain, new);
    }
    tcg_exclusive_end(access->cpu, began);
    return ok;
}

static bool update_memory(const Access *access, const Update *update, uint64_t *old)
{
    bool ok = true;

    if (!check(access, TCG_ACCESS_STORE)) {
        return false;
    }
    const TcgTlbEntry *entry = NULL;
    if (!(access->address & (access->size - 1))) {
        entry = find(access, access->address, TCG_ACCESS_STORE);
        if (!entry) {
            return false;
        }
    }
    if (entry && is_writable_ram(entry)) {
        if (!before_write(access->cpu, entry, access->address, access->size)) {
            return false;
        }
        update_ram(access, (uint8_t *)(uintptr_t)entry->host + page_offset(access->address), update,
                   old);
        after_write(access->cpu, entry, access->address, access->size);
    } else {
        ok = update_alone(access, update, old);
    }
    *old = ok ? extend(*old, access->mem) : 0;
    return ok;
}

static bool runtime_atomic(TcgEnv *env, uint64_t address, IrMem mem, IrAtomic kind,
                           uint64_t operand, uint64_t *old)
{
    Access access = { tcg_env_cpu(env), address, mem, 1u << mem.size_log2 };
    Update update = { .kind = kind, .operand = operand };

    return update_memory(&access, &update, old);
}

static bool runtime_cas(TcgEnv *env, uint64_t address, IrMem mem, uint64_t expected,
                        uint64_t desired, uint64_t *old)
{
    Access access = { tcg_env_cpu(env), address, mem, 1u << mem.size_log2 };
    Update update = { .compare = true, .expected = expected, .desired = desired };

    return update_memory(&access, &update, old);
}

static void *helper_object(TcgEnv *env)
{
    return tcg_env_cpu(env);
}

const TcgRuntime tcg_runtime = {
    .refill = tcg_tlb_refill,
    .load = runtime_load,
    .store = runtime_store,
    .load_vector = runtime_load_vector,
    .store_vector = runtime_store_vector,
    .atomic = runtime_atomic,
    .cas = runtime_cas,
    .lookup = tcg_contexts_lookup,
    .helper_object = helper_object,
};

bool tcg_load(Cpu *cpu, vaddr address, IrMem mem, uint64_t *value)
{
    return runtime_load(&cpu->env, address, mem, value);
}

bool tcg_store(Cpu *cpu, vaddr address, IrMem mem, uint64_t value)
{
    return runtime_store(&cpu->env, address, mem, value);
}

void *tcg_host_pointer(Cpu *cpu, vaddr address, unsigned length, TcgAccess access, uint8_t bank)
{
    const TcgTlbEntry *entry;

    if (length == 0 || page_offset(address) + length > TCG_PAGE_BYTES) {
        return NULL;
    }
    entry = tcg_tlb_lookup(cpu, address, access, bank);
    if (!entry || (entry->flags & (TLB_RAM | TLB_WATCHED)) != TLB_RAM ||
        (access == TCG_ACCESS_STORE && (!is_writable_ram(entry) || (entry->flags & TLB_LOGGED) ||
                                        tcg_code_withheld(entry->code)))) {
        return NULL;
    }
    return (uint8_t *)(uintptr_t)entry->host + page_offset(address);
}
