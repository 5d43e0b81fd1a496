/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From registers and memory of the VGA to a picture: text, planar, CGA, 256 colours, VBE. */
#include <string.h>

#include "hw/display/vga.h"

enum {
    CRTC_COLUMNS = 0x01,
    CRTC_OVERFLOW = 0x07,
    CRTC_ROW_HEIGHT = 0x09,
    CRTC_CURSOR_START = 0x0a,
    CRTC_CURSOR_END = 0x0b,
    CRTC_START_HIGH = 0x0c,
    CRTC_START_LOW = 0x0d,
    CRTC_CURSOR_HIGH = 0x0e,
    CRTC_CURSOR_LOW = 0x0f,
    CRTC_LAST_LINE = 0x12,
    CRTC_OFFSET = 0x13,
    CRTC_MODE = 0x17,
};
enum { ROW_HEIGHT_BITS = 0x1f, DOUBLE_SCAN = 0x80, CURSOR_OFF = 0x20, MODE_NOT_CGA = 0x01 };
enum { SEQ_CLOCKING = 1, CLOCKING_8_DOTS = 0x01, CLOCKING_OFF = 0x20, SEQ_FONTS = 3 };
enum { GFX_MODE = 5, GFX_MISC = 6, MISC_GRAPHICS = 0x01 };
enum { ATTR_MODE = 0x10, ATTR_PLANES = 0x12, ATTR_COLOUR_SELECT = 0x14, ATTR_SHOWN = 0x20 };
enum { ATTR_MODE_LINES = 0x04, ATTR_MODE_BLINK = 0x08, ATTR_MODE_COLOUR_SELECT = 0x80 };
enum { FONT_BYTES = 32, FONT_PLANE = 2, FIRST_LINE_GLYPH = 0xc0, LAST_LINE_GLYPH = 0xdf };
enum { SHIFT_PLANAR, SHIFT_CGA, SHIFT_256 };

static uint8_t byte_at(const Vga *vga, uint32_t address)
{
    return vga->memory[address & (vga->vram_bytes - 1)];
}

static uint32_t dac_colour(const Vga *vga, uint8_t index)
{
    const uint8_t *rgb = &vga->palette[(index & vga->dac_mask) * 3];
    bool wide = vga->dispi[VGA_DISPI_ENABLE] & VGA_DISPI_8BIT_DAC;
    uint32_t colour = 0;
    for (unsigned i = 0; i < 3; i++) {
        uint8_t part = wide ? rgb[i] : (rgb[i] & 0x3f) << 2 | (rgb[i] & 0x3f) >> 4;
        colour = colour << 8 | part;
    }
    return colour;
}

/* One of 16 colours, by way of the attribute controller. */
static uint32_t attribute_colour(const Vga *vga, uint8_t index)
{
    uint8_t value = vga->attribute[index & vga->attribute[ATTR_PLANES] & 0x0f];
    uint8_t select = vga->attribute[ATTR_COLOUR_SELECT];
    value = vga->attribute[ATTR_MODE] & ATTR_MODE_COLOUR_SELECT
                ? (value & 0x0f) | (select & 0x0f) << 4
                : (value & 0x3f) | (select & 0x0c) << 4;
    return dac_colour(vga, value);
}

static unsigned lines(const Vga *vga)
{
    uint8_t overflow = vga->crtc[CRTC_OVERFLOW];
    return (vga->crtc[CRTC_LAST_LINE] | (overflow & 0x02) << 7 | (overflow & 0x40) << 3) + 1;
}

static uint32_t start_address(const Vga *vga)
{
    return vga->crtc[CRTC_START_HIGH] << 8 | vga->crtc[CRTC_START_LOW];
}

/* Text */

typedef struct {
    const Vga *vga;
    Surface *surface;
    unsigned cell_width, cell_height;
    uint32_t font[2]; /* by attribute bit 3 */
} Text;

/* Sequencer register 3: the places of the two fonts in plane 2. */
static uint32_t font_address(unsigned number)
{
    return (number & 3) << 14 | (number & 4) << 11;
}

static void draw_cell(const Text *text, unsigned x0, unsigned y0, uint32_t cell, bool cursor)
{
    const Vga *vga = text->vga;
    uint8_t glyph = byte_at(vga, cell * 4), attribute = byte_at(vga, cell * 4 + 1);
    bool blink = vga->attribute[ATTR_MODE] & ATTR_MODE_BLINK;
    bool lines_join = (vga->attribute[ATTR_MODE] & ATTR_MODE_LINES) && glyph >= FIRST_LINE_GLYPH &&
                      glyph <= LAST_LINE_GLYPH;
    uint32_t front = attribute_colour(vga, attribute & 0x0f);
    uint32_t back = attribute_colour(vga, attribute >> 4 & (blink ? 7 : 15));
    uint32_t font = text->font[attribute >> 3 & 1] + glyph * FONT_BYTES;
    unsigned from = vga->crtc[CRTC_CURSOR_START] & ROW_HEIGHT_BITS;
    unsigned to = vga->crtc[CRTC_CURSOR_END] & ROW_HEIGHT_BITS;

    for (unsigned y = 0; y < text->cell_height && y0 + y < text->surface->height; y++) {
        uint32_t *out = text->surface->pixels + (size_t)(y0 + y) * text->surface->width + x0;
        unsigned bits = byte_at(vga, (font + y) * 4 + FONT_PLANE) << 1;
        bits |= lines_join ? bits >> 1 & 1 : 0;
        bits = cursor && y >= from && y <= to ? 0x1ff : bits;
        for (unsigned x = 0; x < text->cell_width; x++) {
            out[x] = bits >> (8 - x) & 1 ? front : back;
        }
    }
}

static void render_text(const Vga *vga, Surface *surface)
{
    uint8_t fonts = vga->sequencer[SEQ_FONTS];
    Text text = {
        .vga = vga,
        .surface = surface,
        .cell_width = vga->sequencer[SEQ_CLOCKING] & CLOCKING_8_DOTS ? 8 : 9,
        .cell_height = (vga->crtc[CRTC_ROW_HEIGHT] & ROW_HEIGHT_BITS) + 1,
        .font = { font_address((fonts & 3) | (fonts >> 2 & 4)),
                  font_address((fonts >> 2 & 3) | (fonts >> 3 & 4)) },
    };
    unsigned columns = vga->crtc[CRTC_COLUMNS] + 1, height = lines(vga);
    unsigned rows = (height + text.cell_height - 1) / text.cell_height;
    uint32_t cursor = vga->crtc[CRTC_CURSOR_HIGH] << 8 | vga->crtc[CRTC_CURSOR_LOW];
    bool cursor_on = !(vga->crtc[CRTC_CURSOR_START] & CURSOR_OFF);

    surface_resize(surface, columns * text.cell_width, height);
    for (unsigned row = 0; row < rows; row++) {
        uint32_t cell = start_address(vga) + row * vga->crtc[CRTC_OFFSET] * 2;
        for (unsigned column = 0; column < columns; column++, cell++) {
            draw_cell(&text, column * text.cell_width, row * text.cell_height, cell,
                      cursor_on && cell == cursor);
        }
    }
}

/* Graphics */

static uint32_t planar_pixel(const Vga *vga, uint32_t row, unsigned x)
{
    uint32_t cell = (row + x / 8) * 4;
    unsigned bit = 7 - x % 8, colour = 0;
    for (unsigned plane = 0; plane < 4; plane++) {
        colour |= (byte_at(vga, cell + plane) >> bit & 1) << plane;
    }
    return attribute_colour(vga, colour);
}

/* Two bits a pixel, even bytes in plane 0 and odd ones in plane 1. */
static uint32_t cga_pixel(const Vga *vga, uint32_t row, unsigned x)
{
    uint8_t byte = byte_at(vga, (row + x / 8) * 4 + x / 4 % 2);
    return attribute_colour(vga, byte >> (6 - x % 4 * 2) & 3);
}

static uint32_t byte_pixel(const Vga *vga, uint32_t row, unsigned x)
{
    return dac_colour(vga, byte_at(vga, row * 4 + x));
}

static void render_graphics(const Vga *vga, Surface *surface)
{
    unsigned shift = MIN(vga->graphics[GFX_MODE] >> 5 & 3, SHIFT_256);
    uint32_t (*pixel)(const Vga *, uint32_t, unsigned) = shift == SHIFT_PLANAR ? planar_pixel
                                                         : shift == SHIFT_CGA  ? cga_pixel
                                                                               : byte_pixel;
    uint8_t height = vga->crtc[CRTC_ROW_HEIGHT];
    bool cga = !(vga->crtc[CRTC_MODE] & MODE_NOT_CGA);
    unsigned scans = ((height & ROW_HEIGHT_BITS) + 1) * (height & DOUBLE_SCAN ? 2 : 1);
    unsigned dots = shift == SHIFT_256 ? 4 : 8;
    /* in CGA modes the two scans of a row lie in two banks, and are rows of the picture */
    unsigned banks = cga && scans % 2 == 0 ? 2 : 1, repeat = scans / banks;

    surface_resize(surface, (vga->crtc[CRTC_COLUMNS] + 1) * dots, MAX(lines(vga) / repeat, 1));
    for (unsigned y = 0; y < surface->height; y++) {
        uint32_t row = start_address(vga) + y / banks * vga->crtc[CRTC_OFFSET] * 2;
        uint32_t *out = surface->pixels + (size_t)y * surface->width;
        row += y % banks << 13;
        for (unsigned x = 0; x < surface->width; x++) {
            out[x] = pixel(vga, row, x);
        }
    }
}

/* VBE */

static uint32_t expand(unsigned value, unsigned bits)
{
    return value << (8 - bits) | value >> (2 * bits - 8);
}

static uint32_t true_colour(const Vga *vga, uint32_t at, unsigned bpp)
{
    unsigned low = byte_at(vga, at) | byte_at(vga, at + 1) << 8;
    switch (bpp) {
    case 8: return dac_colour(vga, low & 0xff);
    case 15:
        return expand(low >> 10 & 31, 5) << 16 | expand(low >> 5 & 31, 5) << 8 |
               expand(low & 31, 5);
    case 16:
        return expand(low >> 11 & 31, 5) << 16 | expand(low >> 5 & 63, 6) << 8 |
               expand(low & 31, 5);
    default: return low | byte_at(vga, at + 2) << 16;
    }
}

static void render_vbe(const Vga *vga, Surface *surface)
{
    const uint16_t *r = vga->dispi;
    unsigned bpp = r[VGA_DISPI_BPP], bytes = (bpp + 7) / 8, width = r[VGA_DISPI_VIRT_WIDTH];

    surface_resize(surface, r[VGA_DISPI_XRES], r[VGA_DISPI_YRES]);
    for (unsigned y = 0; y < surface->height; y++) {
        uint32_t *out = surface->pixels + (size_t)y * surface->width;
        uint32_t pixel = (y + r[VGA_DISPI_Y_OFFSET]) * width + r[VGA_DISPI_X_OFFSET];
        for (unsigned x = 0; x < surface->width; x++) {
            out[x] = bpp == 4 ? planar_pixel(vga, pixel / 8, x)
                              : true_colour(vga, (pixel + x) * bytes, bpp);
        }
    }
}

static void render_black(Surface *surface)
{
    surface_resize(surface, 720, 400);
    memset(surface->pixels, 0, (size_t)surface->width * surface->height * sizeof(uint32_t));
}

void vga_render(Vga *vga, Surface *surface)
{
    if (vga->dispi[VGA_DISPI_ENABLE] & VGA_DISPI_ENABLED) {
        render_vbe(vga, surface);
    } else if (!(vga->attribute_index & ATTR_SHOWN) ||
               (vga->sequencer[SEQ_CLOCKING] & CLOCKING_OFF)) {
        render_black(surface);
    } else if (vga->graphics[GFX_MISC] & MISC_GRAPHICS) {
        render_graphics(vga, surface);
    } else {
        render_text(vga, surface);
    }
}
