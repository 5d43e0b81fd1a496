/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/display/edid.h"

#include <glib.h>
#include <string.h>

enum { REFRESH_HZ = 75, DOTS_PER_INCH = 100, PIXEL_CLOCK_UNIT = 10000, BASE_YEAR = 1990 };
enum {
    AT_VENDOR = 8,
    AT_PRODUCT = 10,
    AT_DATE = 16,
    AT_VERSION = 18,
    AT_INPUT = 20,
    AT_COLOURS = 25,
    AT_ESTABLISHED = 35,
    AT_STANDARD = 38,
    AT_DESCRIPTORS = 54,
    DESCRIPTOR_BYTES = 18,
    AT_CHECKSUM = 127,
};
enum { STANDARD_TIMINGS = 8, TAG_NAME = 0xfc, TAG_LIMITS = 0xfd, TAG_NOTHING = 0x10 };

/* 3.9: aspect ratio codes of standard timings */
enum { RATIO_16_10, RATIO_4_3, RATIO_5_4, RATIO_16_9 };
static const struct {
    uint16_t width;
    uint8_t ratio;
} standard[STANDARD_TIMINGS] = {
    { 1920, RATIO_16_9 }, { 1680, RATIO_16_10 }, { 1600, RATIO_4_3 }, { 1440, RATIO_16_10 },
    { 1280, RATIO_5_4 },  { 1280, RATIO_16_9 },  { 1024, RATIO_4_3 }, { 640, RATIO_4_3 },
};

/* 3.7: as sRGB has them */
static const uint8_t colours[] = { 0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54 };

static unsigned millimetres(unsigned pixels)
{
    return pixels * 254 / (DOTS_PER_INCH * 10);
}

/* 3.10.2: the timing is that of no real tube: blanking is what it must be at least. */
static void put_timing(uint8_t *at, unsigned width, unsigned height)
{
    unsigned front = width * 25 / 100, sync = width * 3 / 100, blank = width * 35 / 100;
    unsigned top = height * 5 / 1000, lines = height * 5 / 1000, empty = height * 35 / 1000;
    unsigned clock = (uint64_t)REFRESH_HZ * (width + blank) * (height + empty) / PIXEL_CLOCK_UNIT;
    unsigned wide = millimetres(width), high = millimetres(height);
    clock = MIN(clock, UINT16_MAX);
    front = MIN(front, 1023);
    sync = MIN(sync, 1023);
    top = MIN(top, 63);
    lines = MIN(lines, 63);
    at[0] = clock;
    at[1] = clock >> 8;
    at[2] = width;
    at[3] = blank;
    at[4] = width >> 8 << 4 | blank >> 8;
    at[5] = height;
    at[6] = empty;
    at[7] = height >> 8 << 4 | empty >> 8;
    at[8] = front;
    at[9] = sync;
    at[10] = (top & 15) << 4 | (lines & 15);
    at[11] = front >> 8 << 6 | sync >> 8 << 4 | top >> 4 << 2 | lines >> 4;
    at[12] = wide;
    at[13] = high;
    at[14] = wide >> 8 << 4 | high >> 8;
    at[17] = 0x18; /* separate sync signals */
}

static void put_name(uint8_t *at)
{
    at[3] = TAG_NAME;
    memcpy(at + 5, "Rhea monitor\n", 13);
}

static void put_limits(uint8_t *at)
{
    at[3] = TAG_LIMITS;
    at[5] = 50; /* vertical, Hz */
    at[6] = 125;
    at[7] = 30; /* horizontal, kHz */
    at[8] = 160;
    at[9] = UINT8_MAX; /* pixel clock: 10 MHz each */
    at[10] = 1;        /* only these */
    at[11] = '\n';
    memset(at + 12, ' ', 6);
}

static void put_standard(uint8_t *at)
{
    for (unsigned i = 0; i < STANDARD_TIMINGS; i++) {
        at[2 * i] = standard[i].width / 8 - 31;
        at[2 * i + 1] = standard[i].ratio << 6 | (REFRESH_HZ - 60);
    }
}

void edid_make(uint8_t edid[EDID_BYTES], unsigned width, unsigned height)
{
    uint8_t sum = 0;
    memset(edid, 0, EDID_BYTES);
    memset(edid + 1, 0xff, 6);
    edid[AT_VENDOR] = 0x49; /* RHE */
    edid[AT_VENDOR + 1] = 0x05;
    edid[AT_PRODUCT] = 0x34;
    edid[AT_PRODUCT + 1] = 0x12;
    edid[AT_DATE] = 1;
    edid[AT_DATE + 1] = 2026 - BASE_YEAR;
    edid[AT_VERSION] = 1;
    edid[AT_VERSION + 1] = 4;
    edid[AT_INPUT] = 0xa5; /* digital, 8 bits a colour, DisplayPort */
    edid[AT_INPUT + 1] = MIN(millimetres(width) / 10, UINT8_MAX);
    edid[AT_INPUT + 2] = MIN(millimetres(height) / 10, UINT8_MAX);
    edid[AT_INPUT + 3] = 220 - 100; /* gamma 2.2 */
    edid[AT_INPUT + 4] = 0x06;      /* sRGB; the first timing is the preferred one */
    memcpy(edid + AT_COLOURS, colours, sizeof(colours));
    edid[AT_ESTABLISHED] = 0x21;     /* 640x480, 800x600 at 60 Hz */
    edid[AT_ESTABLISHED + 1] = 0x08; /* 1024x768 at 60 Hz */
    put_standard(edid + AT_STANDARD);
    put_timing(edid + AT_DESCRIPTORS, width, height);
    put_limits(edid + AT_DESCRIPTORS + DESCRIPTOR_BYTES);
    put_name(edid + AT_DESCRIPTORS + 2 * DESCRIPTOR_BYTES);
    edid[AT_DESCRIPTORS + 3 * DESCRIPTOR_BYTES + 3] = TAG_NOTHING;
    for (unsigned i = 0; i < AT_CHECKSUM; i++) {
        sum += edid[i];
    }
    edid[AT_CHECKSUM] = -sum;
}
