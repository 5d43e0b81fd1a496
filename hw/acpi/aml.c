/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/acpi/aml.h"

#include <string.h>

typedef enum { FRAME_PLAIN, FRAME_RESOURCES } FrameKind;

/* A construct whose length is not known yet. */
typedef struct {
    guint start; /* where its PkgLength belongs */
    FrameKind kind;
} Frame;

enum { NAME_SEGMENT = 4, MAX_PACKAGE = 1 << 28 };
enum {
    OP_NAME = 0x08,
    OP_BYTE = 0x0a,
    OP_WORD = 0x0b,
    OP_DWORD = 0x0c,
    OP_STRING = 0x0d,
    OP_QWORD = 0x0e,
    OP_SCOPE = 0x10,
    OP_BUFFER = 0x11,
    OP_PACKAGE = 0x12,
    OP_METHOD = 0x14,
    OP_DUAL_NAME = 0x2e,
    OP_MULTI_NAME = 0x2f,
    OP_EXTENSION = 0x5b,
    OP_IF = 0xa0,
    OP_ELSE = 0xa1,
    EXT_REGION = 0x80,
    EXT_FIELD = 0x81,
    EXT_DEVICE = 0x82,
};

void aml_init(Aml *aml)
{
    aml->bytes = g_byte_array_new();
    aml->open = g_array_new(false, false, sizeof(Frame));
}

void aml_cleanup(Aml *aml)
{
    g_assert(aml->open->len == 0);
    g_byte_array_unref(aml->bytes);
    g_array_unref(aml->open);
}

static void put(Aml *aml, uint8_t byte)
{
    g_byte_array_append(aml->bytes, &byte, 1);
}

static void put_le(Aml *aml, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        put(aml, value >> 8 * i);
    }
}

static void insert(GByteArray *bytes, guint at, const uint8_t *what, guint length)
{
    guint behind = bytes->len - at;
    g_byte_array_set_size(bytes, bytes->len + length);
    memmove(bytes->data + at + length, bytes->data + at, behind);
    memcpy(bytes->data + at, what, length);
}

/* 20.2.4: the length counts its own bytes. */
static guint encode_length(uint8_t out[4], guint content)
{
    g_assert(content < MAX_PACKAGE - 4);
    guint size = content + 1 < 1 << 6    ? 1
                 : content + 2 < 1 << 12 ? 2
                 : content + 3 < 1 << 20 ? 3
                                         : 4;
    guint total = content + size;
    if (size == 1) {
        out[0] = total;
        return size;
    }
    out[0] = (size - 1) << 6 | (total & 15);
    for (guint i = 1; i < size; i++) {
        out[i] = total >> (8 * i - 4);
    }
    return size;
}

static void begin(Aml *aml, FrameKind kind)
{
    Frame frame = { aml->bytes->len, kind };
    g_array_append_val(aml->open, frame);
}

static void insert_length(Aml *aml, guint start)
{
    uint8_t length[4];
    guint size = encode_length(length, aml->bytes->len - start);
    insert(aml->bytes, start, length, size);
}

void aml_end(Aml *aml)
{
    g_assert(aml->open->len);
    Frame frame = g_array_index(aml->open, Frame, aml->open->len - 1);
    g_array_set_size(aml->open, aml->open->len - 1);
    if (frame.kind == FRAME_RESOURCES) {
        put(aml, 0x79); /* end tag, with a checksum that is not used */
        put(aml, 0);
        guint bytes = aml->bytes->len - frame.start;
        g_assert(bytes < 1 << 16);
        insert(aml->bytes, frame.start, (uint8_t[]){ OP_WORD, bytes, bytes >> 8 }, 3);
    }
    insert_length(aml, frame.start);
}

static void put_segment(Aml *aml, const char *from, guint length)
{
    g_assert(length >= 1 && length <= NAME_SEGMENT);
    for (guint i = 0; i < NAME_SEGMENT; i++) {
        put(aml, i < length ? from[i] : '_');
    }
}

void aml_path(Aml *aml, const char *path)
{
    while (*path == '\\' || *path == '^') {
        put(aml, *path++);
    }
    if (!*path) {
        put(aml, 0);
        return;
    }
    g_auto(GStrv) segments = g_strsplit(path, ".", -1);
    guint count = g_strv_length(segments);
    if (count == 2) {
        put(aml, OP_DUAL_NAME);
    } else if (count > 2) {
        put(aml, OP_MULTI_NAME);
        put(aml, count);
    }
    for (guint i = 0; i < count; i++) {
        put_segment(aml, segments[i], strlen(segments[i]));
    }
}

void aml_op(Aml *aml, AmlOp op)
{
    put(aml, op);
}

void aml_int(Aml *aml, uint64_t value)
{
    if (value <= 1) {
        put(aml, value);
    } else if (value <= UINT8_MAX) {
        put(aml, OP_BYTE);
        put(aml, value);
    } else if (value <= UINT16_MAX) {
        put(aml, OP_WORD);
        put_le(aml, value, 2);
    } else if (value <= UINT32_MAX) {
        put(aml, OP_DWORD);
        put_le(aml, value, 4);
    } else {
        put(aml, OP_QWORD);
        put_le(aml, value, 8);
    }
}

void aml_string(Aml *aml, const char *text)
{
    put(aml, OP_STRING);
    g_byte_array_append(aml->bytes, (const uint8_t *)text, strlen(text) + 1);
}

/* 6.1.5 and 19.3.4 (EISAID): three letters of five bits, four hexadecimal digits; bytes swapped */
void aml_eisa_id(Aml *aml, const char *id)
{
    g_assert(strlen(id) == 7);
    uint32_t number = (uint32_t)(id[0] - '@') << 26 | (uint32_t)(id[1] - '@') << 21 |
                      (uint32_t)(id[2] - '@') << 16 | (uint32_t)strtoul(id + 3, NULL, 16);
    put(aml, OP_DWORD);
    put_le(aml, GUINT32_SWAP_LE_BE(number), 4);
}

void aml_buffer(Aml *aml, const void *bytes, unsigned length)
{
    put(aml, OP_BUFFER);
    begin(aml, FRAME_PLAIN);
    aml_int(aml, length);
    g_byte_array_append(aml->bytes, bytes, length);
    aml_end(aml);
}

void aml_name(Aml *aml, const char *name)
{
    put(aml, OP_NAME);
    aml_path(aml, name);
}

void aml_name_int(Aml *aml, const char *name, uint64_t value)
{
    aml_name(aml, name);
    aml_int(aml, value);
}

void aml_name_string(Aml *aml, const char *name, const char *text)
{
    aml_name(aml, name);
    aml_string(aml, text);
}

void aml_name_eisa_id(Aml *aml, const char *name, const char *id)
{
    aml_name(aml, name);
    aml_eisa_id(aml, id);
}

void aml_begin_scope(Aml *aml, const char *path)
{
    put(aml, OP_SCOPE);
    begin(aml, FRAME_PLAIN);
    aml_path(aml, path);
}

void aml_begin_device(Aml *aml, const char *name)
{
    put(aml, OP_EXTENSION);
    put(aml, EXT_DEVICE);
    begin(aml, FRAME_PLAIN);
    aml_path(aml, name);
}

void aml_begin_method(Aml *aml, const char *name, unsigned arguments, bool serialized)
{
    put(aml, OP_METHOD);
    begin(aml, FRAME_PLAIN);
    aml_path(aml, name);
    put(aml, arguments | serialized << 3);
}

void aml_begin_package(Aml *aml, unsigned elements)
{
    g_assert(elements <= UINT8_MAX);
    put(aml, OP_PACKAGE);
    begin(aml, FRAME_PLAIN);
    put(aml, elements);
}

void aml_begin_if(Aml *aml)
{
    put(aml, OP_IF);
    begin(aml, FRAME_PLAIN);
}

void aml_begin_else(Aml *aml)
{
    put(aml, OP_ELSE);
    begin(aml, FRAME_PLAIN);
}

void aml_region(Aml *aml, const char *name, AmlSpace space, uint64_t offset, uint64_t length)
{
    put(aml, OP_EXTENSION);
    put(aml, EXT_REGION);
    aml_path(aml, name);
    put(aml, space);
    aml_int(aml, offset);
    aml_int(aml, length);
}

void aml_begin_field(Aml *aml, const char *region, AmlAccess access)
{
    put(aml, OP_EXTENSION);
    put(aml, EXT_FIELD);
    begin(aml, FRAME_PLAIN);
    aml_path(aml, region);
    put(aml, access); /* no lock; bits beside a field are preserved */
}

/* A field's width has the form of a PkgLength that counts nothing else. */
static void put_bits(Aml *aml, unsigned bits)
{
    if (bits < 1 << 6) {
        put(aml, bits);
    } else {
        g_assert(bits < 1 << 12);
        put(aml, 1 << 6 | (bits & 15));
        put(aml, bits >> 4);
    }
}

void aml_field(Aml *aml, const char *name, unsigned bits)
{
    aml_path(aml, name);
    put_bits(aml, bits);
}

void aml_field_skip(Aml *aml, unsigned bits)
{
    put(aml, 0);
    put_bits(aml, bits);
}

void aml_begin_resources(Aml *aml)
{
    put(aml, OP_BUFFER);
    begin(aml, FRAME_RESOURCES);
}

void aml_irq(Aml *aml, unsigned irq)
{
    put(aml, 0x22); /* 6.4.2.1, two bytes: edge, high, exclusive */
    put_le(aml, 1u << irq, 2);
}

void aml_dma(Aml *aml, unsigned channel)
{
    put(aml, 0x2a); /* 6.4.2.2 */
    put(aml, 1u << channel);
    put(aml, 0); /* compatibility speed, no bus master, 8 bits */
}

void aml_io(Aml *aml, uint16_t first, uint16_t last, uint8_t align, uint8_t length)
{
    put(aml, 0x47); /* 6.4.2.5 */
    put(aml, 1);    /* decodes 16 bits */
    put_le(aml, first, 2);
    put_le(aml, last, 2);
    put(aml, align);
    put(aml, length);
}

void aml_memory32(Aml *aml, uint32_t base, uint32_t length, bool writable)
{
    put(aml, 0x86); /* 6.4.3.4 */
    put_le(aml, 9, 2);
    put(aml, writable);
    put_le(aml, base, 4);
    put_le(aml, length, 4);
}

void aml_interrupt(Aml *aml, AmlLineKind kind, const uint32_t *lines, unsigned count)
{
    g_assert(count <= UINT8_MAX);
    put(aml, 0x89); /* 6.4.3.6 */
    put_le(aml, 2 + 4 * count, 2);
    put(aml, 1 | kind.edge << 1 | kind.active_low << 2 | kind.shared << 3); /* 0: consumer */
    put(aml, count);
    for (unsigned i = 0; i < count; i++) {
        put_le(aml, lines[i], 4);
    }
}

enum { RANGE_MEMORY, RANGE_IO, RANGE_BUS };

/* 6.4.3.5: an address space that the device produces, both ends fixed, positively decoded */
static void put_range(Aml *aml, unsigned type, uint8_t type_flags, const uint64_t range[2],
                      unsigned bytes)
{
    put(aml, bytes == 2 ? 0x88 : bytes == 4 ? 0x87 : 0x8a);
    put_le(aml, 3 + 5 * bytes, 2);
    put(aml, type);
    put(aml, 0x0c);
    put(aml, type_flags);
    put_le(aml, 0, bytes); /* granularity */
    put_le(aml, range[0], bytes);
    put_le(aml, range[1], bytes);
    put_le(aml, 0, bytes); /* translation */
    put_le(aml, range[1] - range[0] + 1, bytes);
}

void aml_bus_range(Aml *aml, uint8_t first, uint8_t last)
{
    put_range(aml, RANGE_BUS, 0, (const uint64_t[]){ first, last }, 2);
}

void aml_io_range(Aml *aml, uint16_t first, uint16_t last)
{
    put_range(aml, RANGE_IO, 3 /* the entire range */, (const uint64_t[]){ first, last }, 2);
}

void aml_memory_range(Aml *aml, uint64_t first, uint64_t last, bool cacheable)
{
    uint8_t flags = 1 /* writable */ | cacheable << 1;
    put_range(aml, RANGE_MEMORY, flags, (const uint64_t[]){ first, last },
              last <= UINT32_MAX ? 4 : 8);
}
