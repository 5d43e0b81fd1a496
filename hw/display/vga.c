/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers of the VGA and of the VBE extensions. */
#include "hw/display/vga.h"

#include <string.h>

#include "util/log.h"

enum {
    PORT_MONO_CRTC_INDEX = 0x3b4,
    PORT_MONO_CRTC_DATA = 0x3b5,
    PORT_MONO_STATUS1 = 0x3ba,
    PORT_ATTRIBUTE = 0x3c0,
    PORT_ATTRIBUTE_READ = 0x3c1,
    PORT_MISC_WRITE = 0x3c2, /* reads as input status 0 */
    PORT_SEQUENCER_INDEX = 0x3c4,
    PORT_SEQUENCER_DATA = 0x3c5,
    PORT_DAC_MASK = 0x3c6,
    PORT_DAC_READ_INDEX = 0x3c7,
    PORT_DAC_WRITE_INDEX = 0x3c8,
    PORT_DAC_DATA = 0x3c9,
    PORT_FEATURE_READ = 0x3ca,
    PORT_MISC_READ = 0x3cc,
    PORT_GRAPHICS_INDEX = 0x3ce,
    PORT_GRAPHICS_DATA = 0x3cf,
    PORT_CRTC_INDEX = 0x3d4,
    PORT_CRTC_DATA = 0x3d5,
    PORT_STATUS1 = 0x3da,
    PORT_DISPI = 0x1ce,
};
enum { MISC_COLOUR = 0x01, STATUS1_RETRACE = 0x09 };
enum {
    CRTC_OVERFLOW = 0x07,
    CRTC_PROTECT = 0x11,
    CRTC_PROTECT_BIT = 0x80,
    CRTC_COMPARE_BIT = 0x10
};
enum { ATTRIBUTE_INDEX = 0x1f, ATTRIBUTE_KEEP = 0x20 };
enum { DISPI_ID_FIRST = 0xb0c0, DISPI_ID_LAST = 0xb0c5, DISPI_PORTS = 4 };
enum { DISPI_MAX_X = 16000, DISPI_MAX_Y = 12000, DISPI_MAX_BPP = 32 };
enum { DISPI_GETCAPS = 0x02, DISPI_KEEP_MEMORY = 0x80 };

/* Which of the two sets of CRTC ports answers. */
static bool is_dead(const Vga *vga, uint16_t port)
{
    bool colour = vga->misc & MISC_COLOUR;
    return (port >= 0x3b0 && port <= 0x3bf && colour) ||
           (port >= 0x3d0 && port <= 0x3df && !colour);
}

static uint8_t read_dac(Vga *vga)
{
    uint8_t value = vga->palette[vga->dac_read_index * 3 + vga->dac_component];
    if (++vga->dac_component == 3) {
        vga->dac_component = 0;
        vga->dac_read_index++;
    }
    return value;
}

static void write_dac(Vga *vga, uint8_t value)
{
    vga->dac_latch[vga->dac_component] = value;
    if (++vga->dac_component == 3) {
        memcpy(&vga->palette[vga->dac_write_index * 3], vga->dac_latch, 3);
        vga->dac_component = 0;
        vga->dac_write_index++;
    }
}

uint8_t vga_port_read(Vga *vga, uint16_t port)
{
    if (is_dead(vga, port)) {
        return 0xff;
    }
    switch (port) {
    case PORT_ATTRIBUTE: return vga->attribute_data ? 0 : vga->attribute_index;
    case PORT_ATTRIBUTE_READ: return vga->attribute[vga->attribute_index & ATTRIBUTE_INDEX];
    case PORT_SEQUENCER_INDEX: return vga->sequencer_index;
    case PORT_SEQUENCER_DATA: return vga->sequencer[vga->sequencer_index];
    case PORT_DAC_MASK: return vga->dac_mask;
    case PORT_DAC_READ_INDEX: return vga->dac_state;
    case PORT_DAC_WRITE_INDEX: return vga->dac_write_index;
    case PORT_DAC_DATA: return read_dac(vga);
    case PORT_FEATURE_READ: return vga->feature;
    case PORT_MISC_READ: return vga->misc;
    case PORT_GRAPHICS_INDEX: return vga->graphics_index;
    case PORT_GRAPHICS_DATA: return vga->graphics[vga->graphics_index];
    case PORT_MONO_CRTC_INDEX:
    case PORT_CRTC_INDEX: return vga->crtc_index;
    case PORT_MONO_CRTC_DATA:
    case PORT_CRTC_DATA: return vga->crtc[vga->crtc_index];
    case PORT_MONO_STATUS1:
    case PORT_STATUS1: /* programs wait for either edge of the retrace */
        vga->attribute_data = false;
        vga->status1 ^= STATUS1_RETRACE;
        return vga->status1;
    default: return 0;
    }
}

static void write_attribute(Vga *vga, uint8_t value)
{
    static const uint8_t masks[] = {
        [0x10] = 0xef, [0x11] = 0xff, [0x12] = 0x3f, [0x13] = 0x0f, [0x14] = 0x0f
    };
    unsigned index = vga->attribute_index & ATTRIBUTE_INDEX;

    if (!vga->attribute_data) {
        vga->attribute_index = value & (ATTRIBUTE_INDEX | ATTRIBUTE_KEEP);
    } else if (index < 0x10) {
        vga->attribute[index] = value & 0x3f;
    } else if (index < G_N_ELEMENTS(masks)) {
        vga->attribute[index] = value & masks[index];
    }
    vga->attribute_data = !vga->attribute_data;
}

static void write_crtc(Vga *vga, uint8_t value)
{
    unsigned index = vga->crtc_index;

    if ((vga->crtc[CRTC_PROTECT] & CRTC_PROTECT_BIT) && index <= CRTC_OVERFLOW) {
        if (index == CRTC_OVERFLOW) { /* one bit of it is not protected */
            vga->crtc[index] = (vga->crtc[index] & ~CRTC_COMPARE_BIT) | (value & CRTC_COMPARE_BIT);
        }
        return;
    }
    vga->crtc[index] = value;
}

void vga_port_write(Vga *vga, uint16_t port, uint8_t value)
{
    static const uint8_t sequencer_masks[] = { 0x03, 0x3d, 0x0f, 0x3f, 0x0e, 0x00, 0x00, 0xff };
    static const uint8_t graphics_masks[] = {
        0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff
    };

    if (is_dead(vga, port)) {
        return;
    }
    switch (port) {
    case PORT_ATTRIBUTE: write_attribute(vga, value); break;
    case PORT_MISC_WRITE: vga->misc = value & ~0x10; break;
    case PORT_SEQUENCER_INDEX: vga->sequencer_index = value & 7; break;
    case PORT_SEQUENCER_DATA:
        vga->sequencer[vga->sequencer_index] = value & sequencer_masks[vga->sequencer_index];
        break;
    case PORT_DAC_MASK: vga->dac_mask = value; break;
    case PORT_DAC_READ_INDEX:
        vga->dac_read_index = value;
        vga->dac_component = 0;
        vga->dac_state = 3;
        break;
    case PORT_DAC_WRITE_INDEX:
        vga->dac_write_index = value;
        vga->dac_component = 0;
        vga->dac_state = 0;
        break;
    case PORT_DAC_DATA: write_dac(vga, value); break;
    case PORT_GRAPHICS_INDEX: vga->graphics_index = value & 0x0f; break;
    case PORT_GRAPHICS_DATA:
        if (vga->graphics_index < G_N_ELEMENTS(graphics_masks)) {
            vga->graphics[vga->graphics_index] = value & graphics_masks[vga->graphics_index];
        }
        break;
    case PORT_MONO_CRTC_INDEX:
    case PORT_CRTC_INDEX: vga->crtc_index = value & (VGA_CRTC_REGS - 1); break;
    case PORT_MONO_CRTC_DATA:
    case PORT_CRTC_DATA: write_crtc(vga, value); break;
    case PORT_MONO_STATUS1:
    case PORT_STATUS1: vga->feature = value & 0x10; break;
    }
}

/* VBE extensions */

static bool wants_limits(const Vga *vga)
{
    return vga->dispi[VGA_DISPI_ENABLE] & DISPI_GETCAPS;
}

uint16_t vga_dispi_read(const Vga *vga, unsigned index)
{
    switch (index) {
    case VGA_DISPI_XRES: return wants_limits(vga) ? DISPI_MAX_X : vga->dispi[index];
    case VGA_DISPI_YRES: return wants_limits(vga) ? DISPI_MAX_Y : vga->dispi[index];
    case VGA_DISPI_BPP: return wants_limits(vga) ? DISPI_MAX_BPP : vga->dispi[index];
    case VGA_DISPI_MEMORY_64K: return vga->vram_bytes >> 16;
    default: return index < VGA_DISPI_REGS ? vga->dispi[index] : 0;
    }
}

static unsigned bytes_of_pixels(unsigned bpp, unsigned pixels)
{
    return bpp == 4 ? pixels / 2 : (bpp + 7) / 8 * pixels;
}

/* Makes the values fit each other and the memory, whatever was asked for. */
static void fix_mode(Vga *vga)
{
    uint16_t *r = vga->dispi;
    unsigned bpp = r[VGA_DISPI_BPP];

    if (bpp != 4 && bpp != 8 && bpp != 15 && bpp != 16 && bpp != 24 && bpp != 32) {
        bpp = r[VGA_DISPI_BPP] = 8;
    }
    r[VGA_DISPI_XRES] = CLAMP(r[VGA_DISPI_XRES] & ~7, 8, DISPI_MAX_X);
    r[VGA_DISPI_VIRT_WIDTH] = CLAMP(r[VGA_DISPI_VIRT_WIDTH] & ~7, r[VGA_DISPI_XRES], DISPI_MAX_X);
    unsigned lines = vga->vram_bytes / bytes_of_pixels(bpp, r[VGA_DISPI_VIRT_WIDTH]);
    r[VGA_DISPI_YRES] = CLAMP(r[VGA_DISPI_YRES], 1, MIN(lines, DISPI_MAX_Y));
    r[VGA_DISPI_VIRT_HEIGHT] = MIN(lines, UINT16_MAX);
    r[VGA_DISPI_X_OFFSET] = MIN(r[VGA_DISPI_X_OFFSET], r[VGA_DISPI_VIRT_WIDTH] - r[VGA_DISPI_XRES]);
    r[VGA_DISPI_Y_OFFSET] = MIN(r[VGA_DISPI_Y_OFFSET], lines - r[VGA_DISPI_YRES]);
}

static void write_enable(Vga *vga, uint16_t value)
{
    uint16_t *r = vga->dispi;
    bool was = r[VGA_DISPI_ENABLE] & VGA_DISPI_ENABLED, on = value & VGA_DISPI_ENABLED;

    r[VGA_DISPI_ENABLE] = value;
    if (!on) {
        r[VGA_DISPI_BANK] = 0;
    } else if (!was) {
        r[VGA_DISPI_VIRT_WIDTH] = r[VGA_DISPI_XRES];
        r[VGA_DISPI_X_OFFSET] = r[VGA_DISPI_Y_OFFSET] = 0;
        fix_mode(vga);
        if (!(value & DISPI_KEEP_MEMORY)) {
            uint32_t bytes =
                bytes_of_pixels(r[VGA_DISPI_BPP], r[VGA_DISPI_VIRT_WIDTH]) * r[VGA_DISPI_YRES];
            memset(vga->memory, 0, bytes);
            memory_region_set_dirty(&vga->vram, 0, bytes);
        }
    }
}

void vga_dispi_write(Vga *vga, unsigned index, uint16_t value)
{
    bool on = vga->dispi[VGA_DISPI_ENABLE] & VGA_DISPI_ENABLED;

    switch (index) {
    case VGA_DISPI_ID:
        if (value >= DISPI_ID_FIRST && value <= DISPI_ID_LAST) {
            vga->dispi[index] = value;
        }
        break;
    case VGA_DISPI_ENABLE: write_enable(vga, value); break;
    case VGA_DISPI_BANK: vga->dispi[index] = value & ((vga->vram_bytes >> 16) - 1); break;
    case VGA_DISPI_XRES:
    case VGA_DISPI_YRES:
    case VGA_DISPI_BPP:
    case VGA_DISPI_VIRT_WIDTH:
    case VGA_DISPI_X_OFFSET:
    case VGA_DISPI_Y_OFFSET:
        vga->dispi[index] = value;
        if (on) {
            fix_mode(vga);
        }
        break;
    default: log_guest_error("vga: VBE register %u cannot be written\n", index); break;
    }
}

/* Ports */

static const struct {
    const char *name;
    uint16_t base, count;
} port_groups[VGA_PORT_GROUPS] = {
    { "vga-mono-crtc", PORT_MONO_CRTC_INDEX, 2 },
    { "vga-mono-status", PORT_MONO_STATUS1, 1 },
    { "vga-registers", PORT_ATTRIBUTE, 16 },
    { "vga-crtc", PORT_CRTC_INDEX, 2 },
    { "vga-status", PORT_STATUS1, 1 },
    { "vga-dispi", PORT_DISPI, DISPI_PORTS },
};

static uint16_t port_of(const VgaPorts *ports, hwaddr offset)
{
    return port_groups[ports - ports->vga->ports].base + offset;
}

static uint64_t ports_read(void *opaque, hwaddr offset, unsigned size)
{
    VgaPorts *ports = opaque;
    return vga_port_read(ports->vga, port_of(ports, offset));
}

static void ports_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    VgaPorts *ports = opaque;
    vga_port_write(ports->vga, port_of(ports, offset), value);
}

/* The index is a word at 0x1ce; its data is the word at 0x1cf, which arrives in two bytes, and
 * again at the next even port. */
static uint64_t dispi_ports_read(void *opaque, hwaddr offset, unsigned size)
{
    const Vga *vga = ((VgaPorts *)opaque)->vga;
    uint16_t data = vga_dispi_read(vga, vga->dispi_index);
    switch (offset) {
    case 0: return vga->dispi_index;
    case 1: return data & 0xff;
    case 2: return size == 2 ? data : data >> 8;
    default: return 0xff;
    }
}

static void dispi_ports_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    Vga *vga = ((VgaPorts *)opaque)->vga;
    switch (offset) {
    case 0: vga->dispi_index = value; break;
    case 1: vga->dispi_low = value; break;
    case 2:
        vga_dispi_write(vga, vga->dispi_index, size == 2 ? value : value << 8 | vga->dispi_low);
        break;
    }
}

static const MemoryOps ports_ops = {
    .read = ports_read,
    .write = ports_write,
    .min_access = 1,
    .max_access = 4,
    .impl_min = 1,
    .impl_max = 1,
    .unaligned = true,
};

static const MemoryOps dispi_ops = {
    .read = dispi_ports_read,
    .write = dispi_ports_write,
    .min_access = 1,
    .max_access = 2,
    .impl_min = 1,
    .impl_max = 2,
    .unaligned = true,
};

bool vga_init(Vga *vga, Device *owner, uint32_t vram_bytes, GError **errp)
{
    Object *parent = &owner->object;

    vga->vram_bytes = vram_bytes;
    if (!memory_region_init_ram(&vga->vram, parent, "vga.vram", vram_bytes, errp)) {
        return false;
    }
    vga->memory = memory_region_ram_pointer(&vga->vram);
    memory_region_init_io(&vga->window, parent, &vga_window_ops, vga, "vga-window",
                          VGA_WINDOW_BYTES);
    for (unsigned i = 0; i < VGA_PORT_GROUPS; i++) {
        bool dispi = port_groups[i].base == PORT_DISPI;
        vga->ports[i].vga = vga;
        memory_region_init_io(&vga->ports[i].region, parent, dispi ? &dispi_ops : &ports_ops,
                              &vga->ports[i], port_groups[i].name, port_groups[i].count);
    }
    return true;
}

void vga_add_legacy(Vga *vga, MemoryRegion *memory, MemoryRegion *io)
{
    memory_region_add_overlap(memory, VGA_WINDOW_BASE, &vga->window, 1);
    for (unsigned i = 0; i < VGA_PORT_GROUPS; i++) {
        memory_region_add(io, port_groups[i].base, &vga->ports[i].region);
    }
}

void vga_reset(Vga *vga)
{
    size_t from = offsetof(Vga, misc);
    memset((uint8_t *)vga + from, 0, sizeof(*vga) - from);
    vga->misc = MISC_COLOUR;
    vga->dac_mask = 0xff;
    vga->dispi[VGA_DISPI_ID] = DISPI_ID_LAST;
}

static bool vga_post_load(void *opaque, uint32_t version, GError **errp)
{
    Vga *vga = opaque;
    vga->sequencer_index &= VGA_SEQUENCER_REGS - 1;
    vga->crtc_index &= VGA_CRTC_REGS - 1;
    vga->graphics_index &= VGA_GRAPHICS_REGS - 1;
    vga->dac_component %= 3;
    vga->dispi[VGA_DISPI_BANK] &= (vga->vram_bytes >> 16) - 1;
    if (vga->dispi[VGA_DISPI_ENABLE] & VGA_DISPI_ENABLED) {
        fix_mode(vga);
    }
    return true;
}

const VmState vga_vmstate = {
    .name = "vga",
    .version = 1,
    .post_load = vga_post_load,
    .fields =
        (const VmField[]){
            VM_U8(Vga, misc),
            VM_U8(Vga, feature),
            VM_U8(Vga, status1),
            VM_U8(Vga, sequencer_index),
            VM_U8_ARRAY(Vga, sequencer),
            VM_U8(Vga, crtc_index),
            VM_U8_ARRAY(Vga, crtc),
            VM_U8(Vga, graphics_index),
            VM_U8_ARRAY(Vga, graphics),
            VM_U8(Vga, attribute_index),
            VM_U8_ARRAY(Vga, attribute),
            VM_BOOL(Vga, attribute_data),
            VM_U8(Vga, dac_mask),
            VM_U8(Vga, dac_state),
            VM_U8(Vga, dac_read_index),
            VM_U8(Vga, dac_write_index),
            VM_U8(Vga, dac_component),
            VM_U8_ARRAY(Vga, dac_latch),
            VM_BUFFER(Vga, palette),
            VM_U32(Vga, latch),
            VM_U16(Vga, dispi_index),
            VM_U8(Vga, dispi_low),
            VM_U16_ARRAY(Vga, dispi),
            {},
        },
};
