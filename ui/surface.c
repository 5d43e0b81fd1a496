/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/surface.h"

#include <string.h>
#include <zlib.h>

enum { RGB_BYTES = 3 };

void surface_resize(Surface *surface, unsigned width, unsigned height)
{
    g_assert(width <= SURFACE_MAX_SIDE && height <= SURFACE_MAX_SIDE);
    if (surface->pixels && surface->width == width && surface->height == height) {
        return;
    }
    g_free(surface->pixels);
    surface->pixels = g_new0(uint32_t, MAX((size_t)width * height, 1));
    surface->width = width;
    surface->height = height;
}

void surface_cleanup(Surface *surface)
{
    g_clear_pointer(&surface->pixels, g_free);
    surface->width = surface->height = 0;
}

static void put_row(const Surface *surface, unsigned y, uint8_t *out)
{
    const uint32_t *row = surface->pixels + (size_t)y * surface->width;
    for (unsigned x = 0; x < surface->width; x++) {
        *out++ = row[x] >> 16;
        *out++ = row[x] >> 8;
        *out++ = row[x];
    }
}

GByteArray *surface_to_ppm(const Surface *surface)
{
    GByteArray *out = g_byte_array_new();
    g_autofree char *head = g_strdup_printf("P6\n%u %u\n255\n", surface->width, surface->height);
    g_autofree uint8_t *row = g_malloc((size_t)surface->width * RGB_BYTES + 1);

    g_byte_array_append(out, (const uint8_t *)head, strlen(head));
    for (unsigned y = 0; y < surface->height; y++) {
        put_row(surface, y, row);
        g_byte_array_append(out, row, surface->width * RGB_BYTES);
    }
    return out;
}

static void put_be32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++) {
        at[i] = value >> (24 - 8 * i);
    }
}

/* 5.3: length, type, data, CRC of the latter two. */
static void put_chunk(GByteArray *out, const char type[4], const uint8_t *data, size_t length)
{
    uint8_t word[4];
    put_be32(word, length);
    g_byte_array_append(out, word, 4);
    guint start = out->len;
    g_byte_array_append(out, (const uint8_t *)type, 4);
    if (length) {
        g_byte_array_append(out, data, length);
    }
    put_be32(word, crc32(0, out->data + start, out->len - start));
    g_byte_array_append(out, word, 4);
}

GByteArray *surface_to_png(const Surface *surface)
{
    static const uint8_t signature[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
    size_t row_bytes = 1 + (size_t)surface->width * RGB_BYTES; /* a filter byte first: none */
    size_t raw_bytes = row_bytes * surface->height;
    g_autofree uint8_t *raw = g_malloc0(raw_bytes + 1);
    uLongf packed_bytes = compressBound(raw_bytes);
    g_autofree uint8_t *packed = g_malloc(packed_bytes);
    uint8_t header[13] = { [8] = 8, [9] = 2 }; /* 8 bits, truecolour */
    GByteArray *out = g_byte_array_new();

    for (unsigned y = 0; y < surface->height; y++) {
        put_row(surface, y, raw + y * row_bytes + 1);
    }
    int result = compress2(packed, &packed_bytes, raw, raw_bytes, Z_BEST_SPEED);
    g_assert(result == Z_OK); /* the bound is enough */
    put_be32(header, surface->width);
    put_be32(header + 4, surface->height);
    g_byte_array_append(out, signature, sizeof(signature));
    put_chunk(out, "IHDR", header, sizeof(header));
    put_chunk(out, "IDAT", packed, packed_bytes);
    put_chunk(out, "IEND", NULL, 0);
    return out;
}
