/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sections: the length of the name (16 bits), the name, the length of the data (32 bits), the data.
 * Numbers are little-endian.
 */
#include "migration/stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "util/error.h"

enum { READ_STEP_BYTES = 1 << 20 };

static bool write_bytes(void *opaque, const void *data, size_t length, GError **errp)
{
    g_byte_array_append(opaque, data, (guint)length);
    return true;
}

VmSink vm_sink_bytes(GByteArray *out)
{
    return (VmSink){ write_bytes, out };
}

static bool write_checksum(void *opaque, const void *data, size_t length, GError **errp)
{
    g_checksum_update(opaque, data, (gssize)length);
    return true;
}

VmSink vm_sink_checksum(GChecksum *sum)
{
    return (VmSink){ write_checksum, sum };
}

static bool write_fd(void *opaque, const void *data, size_t length, GError **errp)
{
    const uint8_t *at = data;

    while (length > 0) {
        ssize_t done = write(*(const int *)opaque, at, length);
        if (done < 0 && errno != EINTR) {
            error_set_errno(errp, errno, "saved state: cannot write");
            return false;
        }
        if (done > 0) {
            at += done;
            length -= (size_t)done;
        }
    }
    return true;
}

VmSink vm_sink_fd(const int *fd)
{
    return (VmSink){ write_fd, (void *)fd };
}

static bool read_fd(void *opaque, void *data, size_t length, GError **errp)
{
    uint8_t *at = data;

    while (length > 0) {
        ssize_t done = read(*(const int *)opaque, at, length);
        if (done < 0 && errno != EINTR) {
            error_set_errno(errp, errno, "saved state: cannot read");
            return false;
        }
        if (done == 0) {
            error_set(errp, "saved state: it ends too early");
            return false;
        }
        if (done > 0) {
            at += done;
            length -= (size_t)done;
        }
    }
    return true;
}

VmSource vm_source_fd(const int *fd)
{
    return (VmSource){ read_fd, (void *)fd };
}

static bool read_bytes(void *opaque, void *data, size_t length, GError **errp)
{
    VmBytes *bytes = opaque;

    if (length > bytes->left) {
        error_set(errp, "saved state: it ends too early");
        return false;
    }
    memcpy(data, bytes->at, length);
    bytes->at += length;
    bytes->left -= length;
    return true;
}

VmSource vm_source_bytes(VmBytes *bytes)
{
    return (VmSource){ read_bytes, bytes };
}

bool vm_section_write(const VmSink *sink, const char *name, const GByteArray *data, GError **errp)
{
    size_t name_bytes = strlen(name);
    uint16_t name_length = GUINT16_TO_LE((uint16_t)name_bytes);
    uint32_t data_length = GUINT32_TO_LE((uint32_t)data->len);

    if (name_bytes > VM_SECTION_NAME_MAX || data->len > VM_SECTION_BYTES_MAX) {
        error_set(errp, "section '%s' is too large to be saved", name);
        return false;
    }
    return sink->write(sink->opaque, &name_length, sizeof(name_length), errp) &&
           sink->write(sink->opaque, name, name_bytes, errp) &&
           sink->write(sink->opaque, &data_length, sizeof(data_length), errp) &&
           sink->write(sink->opaque, data->data, data->len, errp);
}

bool vm_section_read(const VmSource *source, VmSection *section, GError **errp)
{
    uint16_t name_length;
    uint32_t length, done = 0;

    if (!source->read(source->opaque, &name_length, sizeof(name_length), errp)) {
        return false;
    }
    name_length = GUINT16_FROM_LE(name_length);
    if (name_length > VM_SECTION_NAME_MAX) {
        error_set(errp, "saved state: a section has a name of %u bytes", name_length);
        return false;
    }
    if (!source->read(source->opaque, section->name, name_length, errp) ||
        !source->read(source->opaque, &length, sizeof(length), errp)) {
        return false;
    }
    section->name[name_length] = '\0';
    length = GUINT32_FROM_LE(length);
    if (!g_utf8_validate(section->name, name_length, NULL) || length > VM_SECTION_BYTES_MAX) {
        error_set(errp, "saved state: the head of a section is damaged");
        return false;
    }
    for (; done < length; done += MIN(length - done, READ_STEP_BYTES)) {
        uint32_t step = MIN(length - done, READ_STEP_BYTES);
        g_byte_array_set_size(section->data, done + step);
        if (!source->read(source->opaque, section->data->data + done, step, errp)) {
            return false;
        }
    }
    g_byte_array_set_size(section->data, length);
    return true;
}
