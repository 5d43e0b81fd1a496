/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/x86/state_memory.h"

#include <string.h>

#include "accel/tcg/frontend.h"
#include "target/x86/mmu.h"
#include "target/x86/mode.h"

static IrMem byte_mem(const X86Cpu *cpu)
{
    return (IrMem){ .bank = cpu->mode >> X86_MODE_BANK_SHIFT & 7 };
}

/* The part of @bytes that lies in the first page */
static unsigned in_page(uint64_t address, unsigned bytes)
{
    unsigned rest = (1u << TCG_PAGE_BITS) - (address & ((1u << TCG_PAGE_BITS) - 1));

    return bytes < rest ? bytes : rest;
}

static uint64_t wrapped(const X86Cpu *cpu, uint64_t address)
{
    return cpu->mode & X86_MODE_CODE64 ? address : (uint32_t)address;
}

static void *host_of(X86Cpu *cpu, uint64_t address, unsigned bytes, TcgAccess access)
{
    return tcg_host_pointer(&cpu->cpu, address, bytes, access, byte_mem(cpu).bank);
}

static bool read_part(X86Cpu *cpu, uint64_t address, uint8_t *to, unsigned bytes)
{
    const void *host = host_of(cpu, address, bytes, TCG_ACCESS_LOAD);

    if (host) {
        memcpy(to, host, bytes);
        return true;
    }
    for (unsigned i = 0; i < bytes; i++) {
        uint64_t value;
        if (!tcg_load(&cpu->cpu, address + i, byte_mem(cpu), &value)) {
            return false;
        }
        to[i] = value;
    }
    return true;
}

bool x86_state_read(X86Cpu *cpu, uint64_t address, void *to, unsigned bytes)
{
    uint8_t *at = to;

    while (bytes) {
        unsigned part = in_page(address, bytes);

        if (!read_part(cpu, wrapped(cpu, address), at, part)) {
            return false;
        }
        address += part;
        at += part;
        bytes -= part;
    }
    return true;
}

/* A walk with the right to write, so that a store cannot fault; device memory needs none. */
static bool can_write(X86Cpu *cpu, uint64_t address)
{
    TcgPage page;

    return host_of(cpu, address, 1, TCG_ACCESS_STORE) ||
           x86_walk(&cpu->cpu, address, TCG_ACCESS_STORE, byte_mem(cpu).bank, false, &page);
}

static bool write_part(X86Cpu *cpu, uint64_t address, const uint8_t *from, unsigned bytes)
{
    void *host = host_of(cpu, address, bytes, TCG_ACCESS_STORE);

    if (host) {
        memcpy(host, from, bytes);
        return true;
    }
    for (unsigned i = 0; i < bytes; i++) {
        if (!tcg_store(&cpu->cpu, address + i, byte_mem(cpu), from[i])) {
            return false;
        }
    }
    return true;
}

bool x86_state_write(X86Cpu *cpu, uint64_t address, const void *from, unsigned bytes)
{
    const uint8_t *at = from;
    uint64_t last = wrapped(cpu, address + bytes - 1);
    bool crosses = last >> TCG_PAGE_BITS != wrapped(cpu, address) >> TCG_PAGE_BITS;

    if (crosses && (!can_write(cpu, wrapped(cpu, address)) || !can_write(cpu, last))) {
        return false;
    }
    while (bytes) {
        unsigned part = in_page(address, bytes);

        if (!write_part(cpu, wrapped(cpu, address), at, part)) {
            return false;
        }
        address += part;
        at += part;
        bytes -= part;
    }
    return true;
}
