/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where saved states go to and come from, and the sections in them. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Takes bytes; false with an error when it cannot. */
typedef struct {
    bool (*write)(void *opaque, const void *data, size_t length, GError **errp);
    void *opaque;
} VmSink;

/* Gives exactly as many bytes as asked for; false with an error when it cannot. */
typedef struct {
    bool (*read)(void *opaque, void *data, size_t length, GError **errp);
    void *opaque;
} VmSource;

/** vm_sink_bytes - append to @out */
VmSink vm_sink_bytes(GByteArray *out);
/** vm_sink_checksum - update @sum */
VmSink vm_sink_checksum(GChecksum *sum);
/** vm_sink_fd - write to *@fd, which must outlive the sink */
VmSink vm_sink_fd(const int *fd);
VmSource vm_source_fd(const int *fd);

/* Bytes in memory that a source eats up. */
typedef struct {
    const uint8_t *at;
    size_t left;
} VmBytes;

VmSource vm_source_bytes(VmBytes *bytes);

enum {
    VM_SECTION_NAME_MAX = 1023,
    VM_SECTION_BYTES_MAX = 64 << 20, /* of one section; memory contents come in pieces */
};

/* One piece of a saved state. */
typedef struct {
    char name[VM_SECTION_NAME_MAX + 1];
    GByteArray *data;
} VmSection;

bool vm_section_write(const VmSink *sink, const char *name, const GByteArray *data, GError **errp);
/** vm_section_read - @section->data is the caller's array, overwritten. Grows only by what arrives
 */
bool vm_section_read(const VmSource *source, VmSection *section, GError **errp);
