/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading and writing guest memory through an address space. */
#include <string.h>

#include "memory/address_space.h"
#include "memory/ram.h"
#include "memory/region_internal.h"
#include "util/atomic.h"
#include "util/log.h"

static bool is_direct(const MemorySection *section, bool write, MemTxAttrs attrs)
{
    return section->ram && (!write || !section->readonly || attrs.debug);
}

static uint8_t *host_of(const MemorySection *section)
{
    return ram_block_host(section->ram) + section->ram_at;
}

/* A write to read-only memory has no effect (and no error: a ROM chip does not answer it). */
static bool is_rom_write(const MemorySection *section, bool write)
{
    return write && section->region->kind <= MEMORY_KIND_ROM && section->region->ram;
}

static MemTxResult ignore_rom_write(const MemorySection *section)
{
    log_guest_error("%s: write to read-only memory at offset 0x%" G_GINT64_MODIFIER "x",
                    section->region->label, section->offset);
    return MEMTX_OK;
}

static uint64_t load_bytes(const void *host, unsigned size, Endian endian)
{
    uint16_t half;
    uint32_t word;
    uint64_t doubleword;

    switch (size) {
    case 1: return *(const uint8_t *)host;
    case 2:
        memcpy(&half, host, sizeof(half));
        return endian == ENDIAN_BIG ? GUINT16_FROM_BE(half) : GUINT16_FROM_LE(half);
    case 4:
        memcpy(&word, host, sizeof(word));
        return endian == ENDIAN_BIG ? GUINT32_FROM_BE(word) : GUINT32_FROM_LE(word);
    default:
        memcpy(&doubleword, host, sizeof(doubleword));
        return endian == ENDIAN_BIG ? GUINT64_FROM_BE(doubleword) : GUINT64_FROM_LE(doubleword);
    }
}

static void store_bytes(void *host, unsigned size, Endian endian, uint64_t value)
{
    uint16_t half = (uint16_t)value;
    uint32_t word = (uint32_t)value;

    switch (size) {
    case 1: *(uint8_t *)host = (uint8_t)value; break;
    case 2:
        half = endian == ENDIAN_BIG ? GUINT16_TO_BE(half) : GUINT16_TO_LE(half);
        memcpy(host, &half, sizeof(half));
        break;
    case 4:
        word = endian == ENDIAN_BIG ? GUINT32_TO_BE(word) : GUINT32_TO_LE(word);
        memcpy(host, &word, sizeof(word));
        break;
    default:
        value = endian == ENDIAN_BIG ? GUINT64_TO_BE(value) : GUINT64_TO_LE(value);
        memcpy(host, &value, sizeof(value));
        break;
    }
}

/* Aligned accesses of guest memory are single copies, as other vCPUs expect. */
static uint64_t load_ram(const uint8_t *host, unsigned size, Endian endian)
{
    uint64_t copy;

    if ((uintptr_t)host & (size - 1)) {
        return load_bytes(host, size, endian);
    }
    switch (size) {
    case 1: return atomic_read(host);
    case 2: *(uint16_t *)(void *)&copy = atomic_read((const uint16_t *)(const void *)host); break;
    case 4: *(uint32_t *)(void *)&copy = atomic_read((const uint32_t *)(const void *)host); break;
    default: copy = atomic_read((const uint64_t *)(const void *)host); break;
    }
    return load_bytes(&copy, size, endian);
}

static void store_ram(uint8_t *host, unsigned size, Endian endian, uint64_t value)
{
    uint64_t copy;

    if ((uintptr_t)host & (size - 1)) {
        store_bytes(host, size, endian, value);
        return;
    }
    store_bytes(&copy, size, endian, value);
    switch (size) {
    case 1: atomic_set(host, *(uint8_t *)(void *)&copy); break;
    case 2: atomic_set((uint16_t *)(void *)host, *(uint16_t *)(void *)&copy); break;
    case 4: atomic_set((uint32_t *)(void *)host, *(uint32_t *)(void *)&copy); break;
    default: atomic_set((uint64_t *)(void *)host, copy); break;
    }
}

/* What is left of a transfer of any length. */
typedef struct {
    AddressSpace *as;
    hwaddr address;
    uint8_t *buffer; /* NULL: write @byte all over */
    uint8_t byte;
    bool write;
    uint64_t length;
    MemTxAttrs attrs;
    MemTxResult result; /* worst so far */
} Transfer;

/* At most @limit bytes of something that is no RAM: one access. Returns how many bytes were done.
 */
static uint64_t io_step(Transfer *t, const MemorySection *section, uint64_t limit)
{
    MemoryRegion *mr = section->region;
    MemTxResult result = MEMTX_DECODE_ERROR;
    uint64_t value = 0x0101010101010101 * (uint64_t)t->byte;

    if (!mr || !mr->ops || is_rom_write(section, t->write)) {
        if (mr && is_rom_write(section, t->write)) {
            result = ignore_rom_write(section);
        }
        if (!t->write) {
            memset(t->buffer, 0, limit);
        }
        t->result = MAX(t->result, result);
        return limit;
    }
    unsigned size = memory_dispatch_size(mr, section->offset, limit);
    if (t->write) {
        value = t->buffer ? load_bytes(t->buffer, size, ENDIAN_LITTLE) : value;
        result = memory_dispatch_write(mr, section->offset, size, ENDIAN_LITTLE, value, t->attrs);
    } else {
        result = memory_dispatch_read(mr, section->offset, size, ENDIAN_LITTLE, &value, t->attrs);
        store_bytes(t->buffer, size, ENDIAN_LITTLE, value);
    }
    t->result = MAX(t->result, result);
    return size;
}

static void ram_step(Transfer *t, const MemorySection *section, uint64_t length)
{
    uint8_t *host = host_of(section);

    if (!t->write) {
        memcpy(t->buffer, host, length);
        return;
    }
    if (t->buffer) {
        memcpy(host, t->buffer, length);
    } else {
        memset(host, t->byte, length);
    }
    ram_written(section->ram, section->ram_at, length);
}

static MemTxResult transfer(Transfer t)
{
    rcu_read_lock();
    while (t.length > 0) {
        MemorySection section = address_space_find(t.as, t.address, t.write, t.attrs);
        uint64_t step = MIN(t.length, section.length);
        if (is_direct(&section, t.write, t.attrs)) {
            ram_step(&t, &section, step);
        } else {
            step = io_step(&t, &section, step);
        }
        t.buffer = t.buffer ? t.buffer + step : NULL;
        t.address += step;
        t.length -= step;
    }
    rcu_read_unlock();
    return t.result;
}

MemTxResult address_space_read(AddressSpace *as, hwaddr address, void *buffer, uint64_t length,
                               MemTxAttrs attrs)
{
    return transfer((Transfer){
        .as = as, .address = address, .buffer = buffer, .length = length, .attrs = attrs });
}

MemTxResult address_space_write(AddressSpace *as, hwaddr address, const void *buffer,
                                uint64_t length, MemTxAttrs attrs)
{
    return transfer((Transfer){ .as = as,
                                .address = address,
                                .buffer = (uint8_t *)buffer,
                                .write = true,
                                .length = length,
                                .attrs = attrs });
}

MemTxResult address_space_fill(AddressSpace *as, hwaddr address, uint8_t byte, uint64_t length,
                               MemTxAttrs attrs)
{
    return transfer((Transfer){ .as = as,
                                .address = address,
                                .byte = byte,
                                .write = true,
                                .length = length,
                                .attrs = attrs });
}

MemTxResult address_space_load(AddressSpace *as, hwaddr address, unsigned size, Endian endian,
                               uint64_t *value, MemTxAttrs attrs)
{
    MemTxResult result = MEMTX_DECODE_ERROR;
    uint8_t bytes[sizeof(*value)];

    *value = 0;
    rcu_read_lock();
    MemorySection section = address_space_find(as, address, false, attrs);
    if (section.length < size) {
        result = address_space_read(as, address, bytes, size, attrs);
        *value = load_bytes(bytes, size, endian);
    } else if (is_direct(&section, false, attrs)) {
        *value = load_ram(host_of(&section), size, endian);
        result = MEMTX_OK;
    } else if (section.region && section.region->ops) {
        result = memory_dispatch_read(section.region, section.offset, size, endian, value, attrs);
    }
    rcu_read_unlock();
    return result;
}

MemTxResult address_space_store(AddressSpace *as, hwaddr address, unsigned size, Endian endian,
                                uint64_t value, MemTxAttrs attrs)
{
    MemTxResult result = MEMTX_DECODE_ERROR;
    uint8_t bytes[sizeof(value)];

    rcu_read_lock();
    MemorySection section = address_space_find(as, address, true, attrs);
    if (section.length < size) {
        store_bytes(bytes, size, endian, value);
        result = address_space_write(as, address, bytes, size, attrs);
    } else if (is_direct(&section, true, attrs)) {
        store_ram(host_of(&section), size, endian, value);
        ram_written(section.ram, section.ram_at, size);
        result = MEMTX_OK;
    } else if (section.region && is_rom_write(&section, true)) {
        result = ignore_rom_write(&section);
    } else if (section.region && section.region->ops) {
        result = memory_dispatch_write(section.region, section.offset, size, endian, value, attrs);
    }
    rcu_read_unlock();
    return result;
}

void *address_space_map(AddressSpace *as, hwaddr address, uint64_t *length, bool write,
                        MemTxAttrs attrs)
{
    uint64_t wanted = *length, got = 0;
    uint8_t *host = NULL;

    rcu_read_lock();
    while (got < wanted) {
        MemorySection section = address_space_find(as, address + got, write, attrs);
        if (!is_direct(&section, write, attrs) || (host && host_of(&section) != host + got)) {
            break;
        }
        host = host ? host : host_of(&section);
        got += MIN(section.length, wanted - got);
    }
    rcu_read_unlock();
    *length = got;
    return host;
}

void address_space_unmap(AddressSpace *as, void *host, uint64_t length, bool write,
                         uint64_t written)
{
    ram_offset at;
    RamBlock *block;

    if (!write || written == 0) {
        return;
    }
    rcu_read_lock();
    block = ram_block_from_host(host, &at);
    if (block) {
        ram_written(block, at, MIN(MIN(written, length), ram_block_size(block) - at));
    }
    rcu_read_unlock();
}
