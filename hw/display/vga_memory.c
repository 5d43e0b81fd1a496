/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a CPU sees of display memory through the window at 0xa0000. */
#include "hw/display/vga.h"

enum { SEQ_MAP_MASK = 2, SEQ_MODE = 4, SEQ_MODE_CHAIN4 = 0x08 };
enum {
    GFX_SET_RESET = 0,
    GFX_ENABLE_SET_RESET = 1,
    GFX_COMPARE = 2,
    GFX_ROTATE = 3,
    GFX_READ_PLANE = 4,
    GFX_MODE = 5,
    GFX_MISC = 6,
    GFX_DONT_CARE = 7,
    GFX_BIT_MASK = 8,
};
enum { MODE_WRITE = 0x03, MODE_READ_COMPARE = 0x08, MODE_ODD_EVEN = 0x10 };
enum { OUTSIDE = UINT32_MAX };

/* One bit a plane to one byte a plane. */
static uint32_t spread(uint8_t planes)
{
    return (planes & 1 ? 0xffu : 0) | (planes & 2 ? 0xff00u : 0) | (planes & 4 ? 0xff0000u : 0) |
           (planes & 8 ? 0xff000000u : 0);
}

static bool is_linear(const Vga *vga)
{
    return (vga->sequencer[SEQ_MODE] & SEQ_MODE_CHAIN4) ||
           (vga->dispi[VGA_DISPI_ENABLE] & VGA_DISPI_ENABLED);
}

/* Offset in the selected part of the window; OUTSIDE where nothing answers. */
static uint32_t decode(const Vga *vga, hwaddr offset)
{
    uint32_t bank = (uint32_t)vga->dispi[VGA_DISPI_BANK] << 16;
    switch (vga->graphics[GFX_MISC] >> 2 & 3) {
    case 0: return offset;
    case 1: return offset < 0x10000 ? bank + offset : OUTSIDE;
    case 2: return offset >= 0x10000 && offset < 0x18000 ? offset - 0x10000 : OUTSIDE;
    default: return offset >= 0x18000 ? offset - 0x18000 : OUTSIDE;
    }
}

static uint8_t *byte_at(const Vga *vga, uint32_t address)
{
    return vga->memory + (address & (vga->vram_bytes - 1));
}

/* Byte @address of all four planes. */
static uint32_t get_planes(const Vga *vga, uint32_t address)
{
    const uint8_t *at = byte_at(vga, address * 4);
    return at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint64_t window_read(void *opaque, hwaddr offset, unsigned size)
{
    Vga *vga = opaque;
    const uint8_t *gfx = vga->graphics;
    uint32_t address = decode(vga, offset);

    if (address == OUTSIDE) {
        return 0xff;
    }
    if (is_linear(vga)) {
        return *byte_at(vga, address);
    }
    if (gfx[GFX_MODE] & MODE_ODD_EVEN) {
        unsigned plane = (gfx[GFX_READ_PLANE] & 2) | (address & 1);
        return *byte_at(vga, (address & ~1u) * 2 + plane);
    }
    vga->latch = get_planes(vga, address);
    if (!(gfx[GFX_MODE] & MODE_READ_COMPARE)) {
        return vga->latch >> 8 * gfx[GFX_READ_PLANE] & 0xff;
    }
    uint32_t differ = (vga->latch ^ spread(gfx[GFX_COMPARE])) & spread(gfx[GFX_DONT_CARE]);
    return ~(differ | differ >> 8 | differ >> 16 | differ >> 24) & 0xff;
}

static uint32_t combine(const Vga *vga, uint32_t value, uint8_t bits)
{
    uint32_t mask = bits * 0x01010101u;
    switch (vga->graphics[GFX_ROTATE] >> 3 & 3) {
    case 1: value &= vga->latch; break;
    case 2: value |= vga->latch; break;
    case 3: value ^= vga->latch; break;
    }
    return (value & mask) | (vga->latch & ~mask);
}

/* What one of the four write modes makes of @byte for all planes. */
static uint32_t shape(const Vga *vga, uint8_t byte)
{
    const uint8_t *gfx = vga->graphics;
    unsigned turn = gfx[GFX_ROTATE] & 7;
    uint8_t turned = byte >> turn | byte << (8 - turn);
    uint32_t set = spread(gfx[GFX_SET_RESET]), enabled = spread(gfx[GFX_ENABLE_SET_RESET]);

    switch (gfx[GFX_MODE] & MODE_WRITE) {
    case 0:
        return combine(vga, ((turned * 0x01010101u) & ~enabled) | (set & enabled),
                       gfx[GFX_BIT_MASK]);
    case 1: return vga->latch;
    case 2: return combine(vga, spread(byte), gfx[GFX_BIT_MASK]);
    default: return combine(vga, set, gfx[GFX_BIT_MASK] & turned);
    }
}

static void put_byte(Vga *vga, uint32_t address, uint8_t byte)
{
    uint32_t at = address & (vga->vram_bytes - 1);
    vga->memory[at] = byte;
    memory_region_set_dirty(&vga->vram, at, 1);
}

static void window_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    Vga *vga = opaque;
    uint8_t planes = vga->sequencer[SEQ_MAP_MASK];
    uint32_t address = decode(vga, offset);

    if (address == OUTSIDE) {
        return;
    }
    if (is_linear(vga)) {
        bool vbe = vga->dispi[VGA_DISPI_ENABLE] & VGA_DISPI_ENABLED;
        if (vbe || (planes >> (address & 3) & 1)) {
            put_byte(vga, address, value);
        }
        return;
    }
    if (vga->graphics[GFX_MODE] & MODE_ODD_EVEN) {
        unsigned plane = (vga->graphics[GFX_READ_PLANE] & 2) | (address & 1);
        if (planes >> plane & 1) {
            put_byte(vga, (address & ~1u) * 2 + plane, value);
        }
        return;
    }
    uint32_t word = shape(vga, value);
    for (unsigned plane = 0; plane < 4; plane++) {
        if (planes >> plane & 1) {
            put_byte(vga, address * 4 + plane, word >> 8 * plane);
        }
    }
}

const MemoryOps vga_window_ops = {
    .read = window_read,
    .write = window_write,
    .min_access = 1,
    .max_access = 8,
    .impl_min = 1,
    .impl_max = 1,
    .unaligned = true,
};
