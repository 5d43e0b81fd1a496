/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VGA core: registers, planar memory, rendering, and the linear modes of the Bochs VBE
 * extensions. Devices embed it and say where ports and memory lie.  Spec: IBM VGA (as in
 * "FreeVGA"); the public "VBE Display API" and "standard VGA" documents.
 */
#pragma once

#include "hw/core/device.h"
#include "memory/memory.h"
#include "ui/surface.h"

enum {
    VGA_SEQUENCER_REGS = 8,
    VGA_CRTC_REGS = 32,
    VGA_GRAPHICS_REGS = 16,
    VGA_ATTRIBUTE_REGS = 32,
    VGA_DISPI_REGS = 11,
    VGA_WINDOW_BASE = 0xa0000,
    VGA_WINDOW_BYTES = 0x20000,
    VGA_PORT_GROUPS = 6,
};

/* Indices of dispi[] */
enum {
    VGA_DISPI_ID,
    VGA_DISPI_XRES,
    VGA_DISPI_YRES,
    VGA_DISPI_BPP,
    VGA_DISPI_ENABLE,
    VGA_DISPI_BANK,
    VGA_DISPI_VIRT_WIDTH,
    VGA_DISPI_VIRT_HEIGHT,
    VGA_DISPI_X_OFFSET,
    VGA_DISPI_Y_OFFSET,
    VGA_DISPI_MEMORY_64K,
};
enum { VGA_DISPI_ENABLED = 0x01, VGA_DISPI_8BIT_DAC = 0x20 };

typedef struct Vga Vga;

typedef struct {
    Vga *vga;
    MemoryRegion region;
} VgaPorts;

/* Guarded by the machine lock. */
struct Vga {
    MemoryRegion vram, window;
    VgaPorts ports[VGA_PORT_GROUPS];
    uint8_t *memory;     /* vram_bytes; byte 4 n + p is byte n of plane p, or linear */
    uint32_t vram_bytes; /* power of two */
    /* guest state */
    uint8_t misc, feature, status1;
    uint8_t sequencer_index, sequencer[VGA_SEQUENCER_REGS];
    uint8_t crtc_index, crtc[VGA_CRTC_REGS];
    uint8_t graphics_index, graphics[VGA_GRAPHICS_REGS];
    uint8_t attribute_index, attribute[VGA_ATTRIBUTE_REGS];
    bool attribute_data; /* the next write to 0x3c0 is data */
    uint8_t dac_mask, dac_state, dac_read_index, dac_write_index, dac_component;
    uint8_t dac_latch[3], palette[768];
    uint32_t latch;
    uint16_t dispi_index, dispi[VGA_DISPI_REGS];
    uint8_t dispi_low; /* first half of a word written to port 0x1cf */
};

/** vga_init - @vram_bytes: a power of two, from 1 MiB on */
bool vga_init(Vga *vga, Device *owner, uint32_t vram_bytes, GError **errp);
/** vga_add_legacy - window at 0xa0000 and ports where every PC has them */
void vga_add_legacy(Vga *vga, MemoryRegion *memory, MemoryRegion *io);
void vga_reset(Vga *vga);
/** vga_port_read - VGA ports 0x3b4 to 0x3df by number */
uint8_t vga_port_read(Vga *vga, uint16_t port);
void vga_port_write(Vga *vga, uint16_t port, uint8_t value);
uint16_t vga_dispi_read(const Vga *vga, unsigned index);
void vga_dispi_write(Vga *vga, unsigned index, uint16_t value);
/** vga_render - what the screen shows */
void vga_render(Vga *vga, Surface *surface);
extern const MemoryOps vga_window_ops;
extern const VmState vga_vmstate;
