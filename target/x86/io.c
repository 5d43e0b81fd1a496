/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IN, OUT, INS, OUTS. Spec: SDM vol. 1, ch. 19; vol. 2. */
#include "target/x86/debug.h"
#include "target/x86/mmu.h"
#include "target/x86/mode.h"
#include "target/x86/registers_internal.h"
#include "target/x86/segment.h"
#include "target/x86/translate_internal.h"
#include "util/atomic.h"

enum { MAX_PER_CALL = 4096 };

/* The bitmap says 0 for each of the ports: vol. 1, 19.5.2 */
static bool bitmap_allows(X86Cpu *cpu, uint16_t port, unsigned bytes)
{
    enum { SMALLEST_LIMIT = 103, MAP_BASE = 102 };
    const X86Segment *tr = &cpu->segment[X86_TR];
    uint64_t base, map;

    if (!(tr->access & SEGMENT_P) || (tr->access & 15 & ~SYSTEM_BUSY) != SYSTEM_TSS32 ||
        tr->limit < SMALLEST_LIMIT) {
        return false;
    }
    if (!x86_read_system(cpu, tr->base + MAP_BASE, 1, &base)) {
        return false;
    }
    uint32_t at = base + port / 8;
    if (at + 1 > tr->limit || !x86_read_system(cpu, tr->base + at, 1, &map)) {
        return false;
    }
    return !(map >> port % 8 & ((1u << bytes) - 1));
}

/* False after raising. */
static bool check_ports(X86Cpu *cpu, uint16_t port, unsigned bytes)
{
    bool by_level = x86_cpu_cpl(cpu) <= (cpu->flags.other & RFLAGS_IOPL) >> RFLAGS_IOPL_SHIFT;

    if (!(cpu->mode & X86_MODE_PROTECTED) || (by_level && !(cpu->mode & X86_MODE_VM86)) ||
        bitmap_allows(cpu, port, bytes)) {
        x86_debug_io(cpu, port, bytes);
        return true;
    }
    if (!cpu->cpu.env.hot.raise) {
        x86_raise_code(cpu, X86_GP, 0);
    }
    return false;
}

static uint64_t read_port(X86Cpu *cpu, uint16_t port, unsigned bytes)
{
    const MemTxAttrs attrs = { .requester = cpu->cpu.index };
    uint64_t ones = ~0ull >> (64 - 8 * bytes), value = ones;

    if (!cpu->io) {
        return ones;
    }
    if (port & (bytes - 1)) { /* not aligned: as bytes */
        uint8_t raw[4];
        address_space_read(cpu->io, port, raw, bytes, attrs);
        value = 0;
        for (unsigned i = bytes; i-- > 0;) {
            value = value << 8 | raw[i];
        }
        return value;
    }
    return address_space_load(cpu->io, port, bytes, ENDIAN_LITTLE, &value, attrs) == MEMTX_OK
               ? value
               : ones;
}

static void write_port(X86Cpu *cpu, uint16_t port, unsigned bytes, uint64_t value)
{
    const MemTxAttrs attrs = { .requester = cpu->cpu.index };

    if (!cpu->io) {
        return;
    }
    if (port & (bytes - 1)) {
        uint8_t raw[4] = { value, value >> 8, value >> 16, value >> 24 };
        address_space_write(cpu->io, port, raw, bytes, attrs);
        return;
    }
    address_space_store(cpu->io, port, bytes, ENDIAN_LITTLE, value, attrs);
}

uint64_t x86_helper_in(void *c, uint64_t port, uint64_t bytes, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;

    return check_ports(cpu, port, bytes) ? read_port(cpu, port, bytes) : 0;
}

uint64_t x86_helper_out(void *c, uint64_t port, uint64_t bytes, uint64_t value, uint64_t d)
{
    X86Cpu *cpu = c;

    if (check_ports(cpu, port, bytes)) {
        write_port(cpu, port, bytes, value);
    }
    return 0;
}

/* INS and OUTS --------------------------------------------------------------------------------- */

typedef struct {
    X86Cpu *cpu;
    unsigned bytes, address_bytes, segment;
    bool input;
} StringIo;

static uint64_t address_mask(const StringIo *s)
{
    return s->address_bytes == 8 ? ~0ull : (1ull << 8 * s->address_bytes) - 1;
}

static void put_register(const StringIo *s, unsigned reg, uint64_t value)
{
    uint64_t *r = &s->cpu->r[reg];

    *r = s->address_bytes == 2   ? (*r & ~0xffffull) | (value & 0xffff)
         : s->address_bytes == 4 ? (uint32_t)value
                                 : value;
}

static unsigned log2_of(unsigned bytes)
{
    return bytes == 4 ? 2 : bytes - 1;
}

/* INS must not take from the device what it cannot store: the page is looked at first. */
static bool can_store(const StringIo *s, uint64_t linear)
{
    Cpu *c = &s->cpu->cpu;
    uint8_t bank = x86_data_bank(s->cpu);
    uint64_t last = linear + s->bytes - 1;
    TcgPage page;

    return x86_walk(c, linear, TCG_ACCESS_STORE, bank, false, &page) &&
           (!((last ^ linear) >> TCG_PAGE_BITS) ||
            x86_walk(c, last & -(1ull << TCG_PAGE_BITS), TCG_ACCESS_STORE, bank, false, &page));
}

/* False after raising, with the registers as before this element. */
static bool transfer_one(const StringIo *s)
{
    X86Cpu *cpu = s->cpu;
    unsigned reg = s->input ? X86_RDI : X86_RSI;
    uint64_t offset = cpu->r[reg] & address_mask(s), linear, value;
    int64_t step = cpu->flags.other & RFLAGS_DF ? -(int64_t)s->bytes : s->bytes;
    uint16_t port = cpu->r[X86_RDX];

    linear = x86_helper_linear(cpu, s->segment | s->bytes << 8 | s->input << 16, offset, 0, 0);
    if (cpu->cpu.env.hot.raise) {
        return false;
    }
    if (s->input) {
        if (!can_store(s, linear)) {
            return false;
        }
        value = read_port(cpu, port, s->bytes);
        if (!x86_write_data(cpu, linear, log2_of(s->bytes), value)) {
            return false;
        }
    } else {
        if (!x86_read_data(cpu, linear, log2_of(s->bytes), &value)) {
            return false;
        }
        write_port(cpu, port, s->bytes, value);
    }
    put_register(s, reg, offset + step);
    return true;
}

/*
 * @what: bytes | address bytes << 8 | segment << 16 | input << 24 | repeated << 25. Returns where
 * to go on: @pc while elements are left (an interrupt may come between), else @next.
 */
uint64_t x86_helper_string_io(void *c, uint64_t what, uint64_t pc, uint64_t next, uint64_t d)
{
    X86Cpu *cpu = c;
    StringIo s = { .cpu = cpu,
                   .bytes = what & 255,
                   .address_bytes = what >> 8 & 255,
                   .segment = what >> 16 & 255,
                   .input = what >> 24 & 1 };
    bool repeated = what >> 25 & 1;
    uint64_t count = repeated ? cpu->r[X86_RCX] & address_mask(&s) : 1;
    bool alone = cpu->mode & (X86_MODE_STEP | X86_MODE_IO_BREAK);

    if (!check_ports(cpu, cpu->r[X86_RDX], s.bytes)) { /* also if nothing is to be done */
        return pc;
    }
    if (!count) {
        return next;
    }
    for (unsigned i = 0; count && i < MAX_PER_CALL; i++) {
        if (!transfer_one(&s)) {
            return pc;
        }
        count--;
        if (repeated) {
            put_register(&s, X86_RCX, count);
        }
        if (alone || atomic_read(&cpu->cpu.env.hot.irq) < 0) {
            break;
        }
    }
    return count ? pc : next;
}
