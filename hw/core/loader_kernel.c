/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linux kernels in their wrappings.
 * Spec: Linux Documentation/arch/riscv/boot-image-header.rst; drivers/firmware/efi/libstub zboot
 * header; RFC 1952 (gzip); U-Boot include/image.h (legacy uImage header).
 */
#include <inttypes.h>
#include <string.h>
#include <zlib.h>

#include "hw/core/loader_internal.h"
#include "util/error.h"

enum { INPUT_BYTES = 64 * 1024, MAX_OUTPUT_STEP = 1 << 30 };

/* Linux Image header, little endian: offsets within the file. */
enum { IMAGE_SIZE_AT = 16, IMAGE_MAGIC2_AT = 56, IMAGE_HEADER_BYTES = 64 };
/* EFI zboot header */
enum {
    ZBOOT_MAGIC_AT = 4,
    ZBOOT_OFFSET_AT = 8,
    ZBOOT_SIZE_AT = 12,
    ZBOOT_TYPE_AT = 24,
    ZBOOT_TYPE_BYTES = 32
};
/* legacy uImage header, big endian */
enum {
    UIMAGE_MAGIC = 0x27051956,
    UIMAGE_CRC_AT = 4,
    UIMAGE_SIZE_AT = 12,
    UIMAGE_LOAD_AT = 16,
    UIMAGE_ENTRY_AT = 20,
    UIMAGE_DATA_CRC_AT = 24,
    UIMAGE_ARCH_AT = 29,
    UIMAGE_TYPE_AT = 30,
    UIMAGE_COMPRESSION_AT = 31,
    UIMAGE_HEADER_BYTES = 64,
    UIMAGE_TYPE_KERNEL = 2,
    UIMAGE_TYPE_KERNEL_NOLOAD = 14,
    UIMAGE_COMPRESSION_NONE = 0,
    UIMAGE_COMPRESSION_GZIP = 1,
};

static uint64_t little(const uint8_t *at, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)at[i] << 8 * i;
    }
    return value;
}

static uint32_t big32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

static bool is_gzip(const uint8_t *head)
{
    return head[0] == 0x1f && head[1] == 0x8b && head[2] == Z_DEFLATED;
}

/* Memory that an Image wants beyond its file (its bss); it says so in its header. */
static uint64_t image_bytes(const uint8_t *head, uint64_t file_bytes)
{
    uint64_t wanted =
        memcmp(head + IMAGE_MAGIC2_AT, "RSC\x05", 4) == 0 ? little(head + IMAGE_SIZE_AT, 8) : 0;
    return MAX(wanted, file_bytes);
}

typedef struct {
    LoaderFile *file;
    uint64_t offset, left; /* of the compressed stream */
    z_stream z;
    uint8_t input[INPUT_BYTES];
} Inflater;

/* Inflates into [@host, @host + @room). Returns false on damage or when @room is not enough. */
static bool inflate_into(Inflater *in, uint8_t *host, uint64_t room, uint64_t *produced,
                         GError **errp)
{
    int result = Z_OK;
    *produced = 0;
    while (result != Z_STREAM_END) {
        if (in->z.avail_in == 0 && in->left) {
            size_t part = MIN(in->left, sizeof(in->input));
            if (!loader_read(in->file, in->offset, in->input, part, errp)) {
                return false;
            }
            in->offset += part;
            in->left -= part;
            in->z.next_in = in->input;
            in->z.avail_in = part;
        }
        uint8_t spare; /* where an over-long stream shows itself */
        uInt step = MIN(room - *produced, MAX_OUTPUT_STEP);
        in->z.next_out = step ? host + *produced : &spare;
        in->z.avail_out = step ? step : 1;
        result = inflate(&in->z, Z_NO_FLUSH);
        uInt got = (step ? step : 1) - in->z.avail_out;
        if (!step && got) {
            loader_error(in->file, errp,
                         "uncompressed it does not fit in RAM; more memory may help (-m)");
            return false;
        }
        *produced += got;
        if (result != Z_OK && result != Z_STREAM_END && !(result == Z_BUF_ERROR && in->left)) {
            loader_error(in->file, errp, "its compressed data is damaged or truncated");
            return false;
        }
    }
    return true;
}

/* Where a gzip member lies in its file. */
typedef struct {
    uint64_t offset, length;
} FilePart;

/* Inflate a gzip member straight into guest RAM at @address. */
static bool load_gzip(Loader *loader, LoaderFile *file, FilePart part, hwaddr address,
                      LoadedImage *image, GError **errp)
{
    uint64_t room = loader_room(loader, address), produced = 0;
    uint8_t *host =
        room ? address_space_map(loader->memory, address, &room, true, (MemTxAttrs){}) : NULL;
    if (!host) {
        loader_error(file, errp, "there is no free RAM at %#" PRIx64, address);
        return false;
    }
    g_autofree Inflater *in = g_new0(Inflater, 1);
    *in = (Inflater){ .file = file, .offset = part.offset, .left = part.length };
    bool loaded = false;
    uint64_t bytes = 0;
    if (inflateInit2(&in->z, 16 + MAX_WBITS) == Z_OK) {
        loaded = inflate_into(in, host, room, &produced, errp);
        inflateEnd(&in->z);
        bytes = loaded && produced >= IMAGE_HEADER_BYTES ? image_bytes(host, produced) : produced;
    } else {
        loader_error(file, errp, "out of memory");
    }
    address_space_unmap(loader->memory, host, room, true, produced);
    *image = (LoadedImage){ .start = address, .end = address + bytes, .entry = address };
    return loaded && loader_claim(loader, file, address, bytes, errp);
}

static bool load_plain(Loader *loader, LoaderFile *file, const uint8_t *head, hwaddr address,
                       LoadedImage *image, GError **errp)
{
    uint64_t bytes =
        file->bytes >= IMAGE_HEADER_BYTES ? image_bytes(head, file->bytes) : file->bytes;
    *image = (LoadedImage){ .start = address, .end = address + bytes, .entry = address };
    return loader_claim(loader, file, address, bytes, errp) &&
           loader_copy(loader, file, 0, file->bytes, address, errp);
}

static bool load_zboot(Loader *loader, LoaderFile *file, const uint8_t *head, hwaddr address,
                       LoadedImage *image, GError **errp)
{
    uint64_t offset = little(head + ZBOOT_OFFSET_AT, 4), length = little(head + ZBOOT_SIZE_AT, 4);
    if (strncmp((const char *)head + ZBOOT_TYPE_AT, "gzip", ZBOOT_TYPE_BYTES) != 0) {
        g_autofree char *type = g_strndup((const char *)head + ZBOOT_TYPE_AT, ZBOOT_TYPE_BYTES);
        g_autofree char *printable = g_strescape(type, NULL);
        loader_error(file, errp, "EFI zboot image with compression '%s'; only gzip can be unpacked",
                     printable);
        return false;
    }
    if (offset > file->bytes || length > file->bytes - offset) {
        loader_error(file, errp, "the file is truncated: its payload ends at %" PRIu64,
                     offset + length);
        return false;
    }
    return load_gzip(loader, file, (FilePart){ offset, length }, address, image, errp);
}

static bool check_uimage(const Loader *loader, LoaderFile *file, const uint8_t *head, GError **errp)
{
    uint8_t copy[UIMAGE_HEADER_BYTES];
    memcpy(copy, head, sizeof(copy));
    memset(copy + UIMAGE_CRC_AT, 0, 4);
    uint32_t size = big32(head + UIMAGE_SIZE_AT);
    uint8_t type = head[UIMAGE_TYPE_AT];
    if (crc32(0, copy, sizeof(copy)) != big32(head + UIMAGE_CRC_AT)) {
        loader_error(file, errp, "its uImage header is damaged (checksum)");
    } else if (size == 0 || size > file->bytes - UIMAGE_HEADER_BYTES) {
        loader_error(file, errp, "the file is truncated: the uImage header announces %u bytes",
                     size);
    } else if (head[UIMAGE_ARCH_AT] != loader->uimage_arch) {
        loader_error(file, errp, "uImage for another architecture (%u, this guest is %u)",
                     head[UIMAGE_ARCH_AT], loader->uimage_arch);
    } else if (type != UIMAGE_TYPE_KERNEL && type != UIMAGE_TYPE_KERNEL_NOLOAD) {
        loader_error(file, errp, "uImage of type %u is not a kernel", type);
    } else if (head[UIMAGE_COMPRESSION_AT] > UIMAGE_COMPRESSION_GZIP) {
        loader_error(file, errp, "uImage with compression %u; only none and gzip can be unpacked",
                     head[UIMAGE_COMPRESSION_AT]);
    } else {
        return true;
    }
    return false;
}

static bool check_uimage_data(LoaderFile *file, const uint8_t *head, GError **errp)
{
    uint32_t size = big32(head + UIMAGE_SIZE_AT), crc = 0;
    g_autofree uint8_t *part = g_malloc(INPUT_BYTES);
    for (uint32_t at = 0; at < size; at += INPUT_BYTES) {
        uint32_t length = MIN(size - at, INPUT_BYTES);
        if (!loader_read(file, UIMAGE_HEADER_BYTES + (uint64_t)at, part, length, errp)) {
            return false;
        }
        crc = crc32(crc, part, length);
    }
    if (crc != big32(head + UIMAGE_DATA_CRC_AT)) {
        loader_error(file, errp, "its uImage data is damaged (checksum)");
        return false;
    }
    return true;
}

static bool load_uimage(Loader *loader, LoaderFile *file, const uint8_t *head, hwaddr address,
                        LoadedImage *image, GError **errp)
{
    if (!check_uimage(loader, file, head, errp) || !check_uimage_data(file, head, errp)) {
        return false;
    }
    uint32_t size = big32(head + UIMAGE_SIZE_AT), load = big32(head + UIMAGE_LOAD_AT);
    uint32_t entry = big32(head + UIMAGE_ENTRY_AT);
    bool no_load = head[UIMAGE_TYPE_AT] == UIMAGE_TYPE_KERNEL_NOLOAD;
    hwaddr at = no_load ? address : load;
    if (head[UIMAGE_COMPRESSION_AT] == UIMAGE_COMPRESSION_GZIP) {
        if (!load_gzip(loader, file, (FilePart){ UIMAGE_HEADER_BYTES, size }, at, image, errp)) {
            return false;
        }
    } else {
        *image = (LoadedImage){ .start = at, .end = at + size };
        if (!loader_claim(loader, file, at, size, errp) ||
            !loader_copy(loader, file, UIMAGE_HEADER_BYTES, size, at, errp)) {
            return false;
        }
    }
    image->entry = no_load ? at + entry : entry;
    return true;
}

bool loader_load_kernel(Loader *loader, const char *role, const char *path, hwaddr address,
                        LoadedImage *image, GError **errp)
{
    LoaderFile file;
    uint8_t head[IMAGE_HEADER_BYTES] = { 0 };
    bool loaded = false;
    if (!loader_open(&file, role, path, errp)) {
        return false;
    }
    if (!loader_read(&file, 0, head, MIN(file.bytes, sizeof(head)), errp)) {
        loader_close(&file);
        return false;
    }
    if (memcmp(head, ELFMAG, SELFMAG) == 0) {
        loaded = loader_elf(loader, &file, image, errp);
    } else if (is_gzip(head)) {
        loaded = load_gzip(loader, &file, (FilePart){ 0, file.bytes }, address, image, errp);
    } else if (memcmp(head, "MZ", 2) == 0 && memcmp(head + ZBOOT_MAGIC_AT, "zimg", 4) == 0) {
        loaded = load_zboot(loader, &file, head, address, image, errp);
    } else if (big32(head) == UIMAGE_MAGIC && file.bytes > UIMAGE_HEADER_BYTES) {
        loaded = load_uimage(loader, &file, head, address, image, errp);
    } else {
        loaded = load_plain(loader, &file, head, address, image, errp);
    }
    loader_close(&file);
    return loaded;
}
