/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parallel NOR flash with the Intel/Sharp extended command set, as a bank of one or more x16 (or
 * x8) chips side by side. Contents come from a raw file, and go back there as they change; without
 * one the bank starts erased. Spec: JEDEC JESD68.01 (CFI); Intel application note 646 (CFI and the
 * scalable command set).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/core/sysbus.h"
#include "util/error.h"
#include "util/fdset.h"
#include "util/log.h"

enum {
    CMD_PROGRAM_OLD = 0x10,
    CMD_ERASE = 0x20,
    CMD_PROGRAM = 0x40,
    CMD_CLEAR_STATUS = 0x50,
    CMD_LOCK_SETUP = 0x60,
    CMD_READ_STATUS = 0x70,
    CMD_READ_ID = 0x90,
    CMD_QUERY = 0x98,
    CMD_CONFIRM = 0xd0,
    CMD_BUFFER = 0xe8,
    CMD_READ_ARRAY = 0xff,
};
enum {
    STATUS_READY = 0x80,
    STATUS_ERASE_ERROR = 0x20,
    STATUS_PROGRAM_ERROR = 0x10,
    STATUS_LOCKED = 0x02
};

/* What the next write means. */
typedef enum {
    PFLASH_IDLE,
    PFLASH_PROGRAM_DATA,
    PFLASH_ERASE_CONFIRM,
    PFLASH_LOCK_CONFIRM,
    PFLASH_BUFFER_COUNT,
    PFLASH_BUFFER_DATA,
    PFLASH_BUFFER_CONFIRM,
    PFLASH_STATES,
} PflashState;

/* What a read shows. */
typedef enum {
    PFLASH_SHOW_ARRAY,
    PFLASH_SHOW_STATUS,
    PFLASH_SHOW_ID,
    PFLASH_SHOW_QUERY,
    PFLASH_SHOWS
} PflashShow;

enum {
    CHIP_BUFFER_BITS = 11,
    MAX_CHIPS = 4,
    MAX_BUFFER_BYTES = MAX_CHIPS << CHIP_BUFFER_BITS,
    CFI_BYTES = 0x52
};
enum { MANUFACTURER_INTEL = 0x89, DEVICE_28F128J3 = 0x18, MAX_SECTORS = 65536 };

typedef struct {
    SysbusDevice sysbus;
    MemoryRegion memory;
    uint8_t *array; /* host pointer of the region's RAM */
    int fd;         /* -1: no file */
    unsigned chips;
    uint32_t sectors;
    uint8_t cfi[CFI_BYTES];
    /* properties */
    char *file;
    bool readonly;
    uint64_t size_bytes; /* of the bank */
    uint32_t sector_bytes;
    uint8_t bank_width, chip_width; /* bytes */
    /* guest state; the array itself is saved as memory */
    uint8_t state, show; /* PflashState, PflashShow */
    uint8_t status;
    uint8_t *blank; /* by sector: erased and not yet touched, its RAM is not valid. Keeps an unused
                       bank out of memory */
    uint32_t blank_count, blank_bytes;
    uint32_t buffer_base, buffer_left; /* offset of the buffered block; words still to come */
    uint8_t buffer[MAX_BUFFER_BYTES];
    uint8_t buffer_used[MAX_BUFFER_BYTES]; /* bytes of buffer that were written */
} PflashCfi01;

static uint32_t buffer_bytes(const PflashCfi01 *flash)
{
    return flash->chips << CHIP_BUFFER_BITS;
}

/* Reads of the array need no handler as long as every sector's RAM is valid. */
static void update_romd(PflashCfi01 *flash)
{
    memory_region_set_romd(&flash->memory,
                           flash->show == PFLASH_SHOW_ARRAY && flash->blank_count == 0);
}

static void enter(PflashCfi01 *flash, PflashState state, PflashShow show)
{
    flash->state = state;
    flash->show = show;
    update_romd(flash);
}

static void materialize(PflashCfi01 *flash, uint32_t sector)
{
    if (flash->blank[sector]) {
        memset(flash->array + (uint64_t)sector * flash->sector_bytes, 0xff, flash->sector_bytes);
        flash->blank[sector] = false;
        flash->blank_count--;
    }
}

/* What changed goes to the file at once, so that it survives whatever happens to us. */
static bool write_back(PflashCfi01 *flash, uint64_t offset, uint64_t length)
{
    memory_region_set_dirty(&flash->memory, offset, length);
    while (flash->fd >= 0 && length) {
        ssize_t done = pwrite(flash->fd, flash->array + offset, length, offset);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            log_printf(0, "pflash: cannot write to '%s': %s\n", flash->file, g_strerror(errno));
            return false;
        }
        offset += done;
        length -= done;
    }
    return true;
}

static bool is_protected(PflashCfi01 *flash, uint8_t error)
{
    if (flash->readonly) {
        flash->status |= error | STATUS_LOCKED;
        log_guest_error("pflash: write to a bank that is read-only\n");
    }
    return flash->readonly;
}

/* Programming can only clear bits. */
static void program(PflashCfi01 *flash, uint64_t offset, const uint8_t *bytes, const uint8_t *used,
                    uint32_t length)
{
    if (is_protected(flash, STATUS_PROGRAM_ERROR)) {
        return;
    }
    materialize(flash, offset / flash->sector_bytes);
    for (uint32_t i = 0; i < length; i++) {
        if (!used || used[i]) {
            flash->array[offset + i] &= bytes[i];
        }
    }
    if (!write_back(flash, offset, length)) {
        flash->status |= STATUS_PROGRAM_ERROR;
    }
}

static void erase(PflashCfi01 *flash, uint64_t offset)
{
    uint32_t sector = offset / flash->sector_bytes;
    uint64_t start = (uint64_t)sector * flash->sector_bytes;
    if (is_protected(flash, STATUS_ERASE_ERROR) || flash->blank[sector]) {
        return;
    }
    memset(flash->array + start, 0xff, flash->sector_bytes);
    if (!write_back(flash, start, flash->sector_bytes)) {
        flash->status |= STATUS_ERASE_ERROR;
    }
}

static void begin_command(PflashCfi01 *flash, hwaddr offset, uint8_t command)
{
    switch (command) {
    case CMD_PROGRAM:
    case CMD_PROGRAM_OLD: enter(flash, PFLASH_PROGRAM_DATA, PFLASH_SHOW_STATUS); return;
    case CMD_ERASE: enter(flash, PFLASH_ERASE_CONFIRM, PFLASH_SHOW_STATUS); return;
    case CMD_LOCK_SETUP: enter(flash, PFLASH_LOCK_CONFIRM, PFLASH_SHOW_STATUS); return;
    case CMD_BUFFER:
        flash->status |= STATUS_READY;
        enter(flash, PFLASH_BUFFER_COUNT, PFLASH_SHOW_STATUS);
        return;
    case CMD_CLEAR_STATUS:
        flash->status = STATUS_READY;
        enter(flash, PFLASH_IDLE, PFLASH_SHOW_ARRAY);
        return;
    case CMD_READ_STATUS: enter(flash, PFLASH_IDLE, PFLASH_SHOW_STATUS); return;
    case CMD_READ_ID: enter(flash, PFLASH_IDLE, PFLASH_SHOW_ID); return;
    case CMD_QUERY: enter(flash, PFLASH_IDLE, PFLASH_SHOW_QUERY); return;
    case CMD_READ_ARRAY:
    case 0x00:
    case 0xf0: /* the other command set's reset: probing drivers send both */
        enter(flash, PFLASH_IDLE, PFLASH_SHOW_ARRAY);
        return;
    }
    log_guest_error("pflash: unknown command %#x at %#" PRIx64 "\n", command, offset);
    enter(flash, PFLASH_IDLE, PFLASH_SHOW_ARRAY);
}

/* A wrong second cycle sets both error bits: "command sequence error". */
static void sequence_error(PflashCfi01 *flash, uint8_t command)
{
    log_guest_error("pflash: %#x does not continue the command\n", command);
    flash->status |= STATUS_PROGRAM_ERROR | STATUS_ERASE_ERROR;
    enter(flash, PFLASH_IDLE, PFLASH_SHOW_STATUS);
}

static void begin_buffer(PflashCfi01 *flash, hwaddr offset, uint64_t value)
{
    uint32_t words = (value & (flash->chip_width == 1 ? 0xff : 0xffff)) + 1;
    if (words * flash->bank_width > buffer_bytes(flash)) {
        sequence_error(flash, value);
        return;
    }
    flash->buffer_base = offset & ~(hwaddr)(buffer_bytes(flash) - 1);
    flash->buffer_left = words;
    memset(flash->buffer_used, 0, sizeof(flash->buffer_used));
    enter(flash, PFLASH_BUFFER_DATA, PFLASH_SHOW_STATUS);
}

static void fill_buffer(PflashCfi01 *flash, hwaddr offset, uint64_t value, unsigned size)
{
    if (offset < flash->buffer_base || offset - flash->buffer_base + size > buffer_bytes(flash)) {
        sequence_error(flash, value);
        return;
    }
    for (unsigned i = 0; i < size; i++) {
        flash->buffer[offset - flash->buffer_base + i] = value >> 8 * i;
        flash->buffer_used[offset - flash->buffer_base + i] = true;
    }
    if (--flash->buffer_left == 0) {
        enter(flash, PFLASH_BUFFER_CONFIRM, PFLASH_SHOW_STATUS);
    }
}

static void pflash_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    PflashCfi01 *flash = opaque;
    uint8_t command = value, bytes[8];

    switch ((PflashState)flash->state) {
    case PFLASH_IDLE: begin_command(flash, offset, command); return;
    case PFLASH_PROGRAM_DATA:
        for (unsigned i = 0; i < size; i++) {
            bytes[i] = value >> 8 * i;
        }
        program(flash, offset, bytes, NULL, size);
        enter(flash, PFLASH_IDLE, PFLASH_SHOW_STATUS);
        return;
    case PFLASH_ERASE_CONFIRM:
        if (command != CMD_CONFIRM) {
            sequence_error(flash, command);
            return;
        }
        erase(flash, offset);
        enter(flash, PFLASH_IDLE, PFLASH_SHOW_STATUS);
        return;
    case PFLASH_LOCK_CONFIRM: /* blocks have no lock bits: setting and clearing succeeds and changes
                                 nothing */
        if (command != CMD_CONFIRM && command != 0x01) {
            sequence_error(flash, command);
            return;
        }
        enter(flash, PFLASH_IDLE, PFLASH_SHOW_STATUS);
        return;
    case PFLASH_BUFFER_COUNT: begin_buffer(flash, offset, value); return;
    case PFLASH_BUFFER_DATA: fill_buffer(flash, offset, value, size); return;
    case PFLASH_BUFFER_CONFIRM:
        if (command != CMD_CONFIRM) {
            sequence_error(flash, command);
            return;
        }
        program(flash, flash->buffer_base, flash->buffer, flash->buffer_used, buffer_bytes(flash));
        enter(flash, PFLASH_IDLE, PFLASH_SHOW_STATUS);
        return;
    case PFLASH_STATES: break;
    }
    g_assert_not_reached();
}

/* Each chip answers on its own lanes with the same word. */
static uint64_t on_all_chips(const PflashCfi01 *flash, uint64_t word, hwaddr offset, unsigned size)
{
    uint64_t value = 0;
    for (unsigned lane = 0; lane < 8; lane += flash->chip_width) {
        value |= word << 8 * lane;
    }
    value >>= 8 * (offset % flash->chip_width);
    return size == 8 ? value : value & ((1ull << 8 * size) - 1);
}

static uint64_t read_id(const PflashCfi01 *flash, uint32_t word)
{
    switch (word & 0xff) {
    case 0: return MANUFACTURER_INTEL;
    case 1: return DEVICE_28F128J3;
    default: return 0; /* block not locked */
    }
}

static uint64_t read_array(const PflashCfi01 *flash, hwaddr offset, unsigned size)
{
    uint64_t value = 0;
    if (flash->blank[offset / flash->sector_bytes]) {
        return UINT64_MAX;
    }
    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)flash->array[offset + i] << 8 * i;
    }
    return value;
}

static uint64_t pflash_read(void *opaque, hwaddr offset, unsigned size)
{
    PflashCfi01 *flash = opaque;
    uint32_t word = offset / flash->bank_width;
    switch ((PflashShow)flash->show) {
    case PFLASH_SHOW_ARRAY: return read_array(flash, offset, size);
    case PFLASH_SHOW_STATUS: return on_all_chips(flash, flash->status, offset, size);
    case PFLASH_SHOW_ID: return on_all_chips(flash, read_id(flash, word), offset, size);
    case PFLASH_SHOW_QUERY:
        return on_all_chips(flash, word < CFI_BYTES ? flash->cfi[word] : 0, offset, size);
    case PFLASH_SHOWS: break;
    }
    g_assert_not_reached();
}

static const MemoryOps pflash_ops = {
    .read = pflash_read, .write = pflash_write, .min_access = 1, .max_access = 8
};

/* JESD68.01, tables 1 to 3, for one chip. */
static void fill_cfi(PflashCfi01 *flash)
{
    uint64_t chip_bytes = flash->size_bytes / flash->chips;
    uint32_t chip_sector = flash->sector_bytes / flash->chips;
    static const struct {
        uint8_t at, value;
    } rows[] = {
        { 0x10, 'Q' },
        { 0x11, 'R' },
        { 0x12, 'Y' },
        { 0x13, 0x01 }, /* primary command set: Intel/Sharp extended */
        { 0x15, 0x31 }, /* address of its table */
        { 0x1b, 0x45 },
        { 0x1c, 0x55 }, /* Vcc 4.5 to 5.5 V */
        { 0x1f, 0x07 },
        { 0x20, 0x07 },
        { 0x21, 0x0a }, /* typical times, 2^n us, us, ms */
        { 0x23, 0x04 },
        { 0x24, 0x04 },
        { 0x25, 0x04 },             /* maximum times, 2^n times typical */
        { 0x28, 0x02 },             /* x8 and x16 */
        { 0x2a, CHIP_BUFFER_BITS }, /* write buffer, 2^n bytes */
        { 0x2c, 1 },                /* one erase region */
        { 0x31, 'P' },
        { 0x32, 'R' },
        { 0x33, 'I' },
        { 0x34, '1' },
        { 0x35, '0' },
        { 0x3f, 0x01 }, /* number of protection fields */
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        flash->cfi[rows[i].at] = rows[i].value;
    }
    flash->cfi[0x27] = 64 - __builtin_clzll(chip_bytes - 1); /* what holds it, as a power of two */
    flash->cfi[0x2d] = flash->sectors - 1;
    flash->cfi[0x2e] = (flash->sectors - 1) >> 8;
    flash->cfi[0x2f] = chip_sector >> 8;
    flash->cfi[0x30] = chip_sector >> 16;
}

static bool is_power_of_two(uint64_t n)
{
    return n && (n & (n - 1)) == 0;
}

static bool check_geometry(PflashCfi01 *flash, GError **errp)
{
    if (!is_power_of_two(flash->sector_bytes) || flash->size_bytes % flash->sector_bytes ||
        !is_power_of_two(flash->bank_width) || !is_power_of_two(flash->chip_width) ||
        flash->bank_width > 8 || flash->chip_width > 2 || flash->chip_width > flash->bank_width ||
        flash->bank_width / flash->chip_width > MAX_CHIPS) {
        error_set(
            errp,
            "pflash: sectors and widths must be powers of two that fit each other and the size");
        return false;
    }
    flash->chips = flash->bank_width / flash->chip_width;
    if (flash->size_bytes < flash->sector_bytes ||
        flash->size_bytes / flash->sector_bytes > MAX_SECTORS ||
        flash->sector_bytes < buffer_bytes(flash) || flash->size_bytes > UINT32_MAX) {
        error_set(errp, "pflash: a bank of %" PRIu64 " bytes cannot have sectors of %u bytes",
                  flash->size_bytes, flash->sector_bytes);
        return false;
    }
    flash->sectors = flash->size_bytes / flash->sector_bytes;
    return true;
}

/* Read the file into the array; a shorter one leaves the rest erased. */
static bool load_file(PflashCfi01 *flash, GError **errp)
{
    struct stat status;
    flash->fd = fdset_open(flash->file, (flash->readonly ? O_RDONLY : O_RDWR) | O_NONBLOCK, 0);
    if (flash->fd < 0 || fstat(flash->fd, &status) < 0) {
        error_set_errno(errp, errno, "could not open flash image '%s'%s", flash->file,
                        errno == EACCES || errno == EROFS ? " for writing (readonly=on may help)"
                                                          : "");
        return false;
    }
    if (!S_ISREG(status.st_mode) || status.st_size == 0 || status.st_size > flash->size_bytes) {
        error_set(errp, "flash image '%s': must be a file of 1 to %" PRIu64 " bytes%s", flash->file,
                  flash->size_bytes, S_ISREG(status.st_mode) ? "" : ", and is not a regular file");
        return false;
    }
    for (uint64_t at = 0; at < status.st_size;) {
        ssize_t got = pread(flash->fd, flash->array + at, status.st_size - at, at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            error_set(errp, "flash image '%s': %s", flash->file,
                      got < 0 ? g_strerror(errno) : "it shrank");
            return false;
        }
        at += got;
    }
    memset(flash->array + status.st_size, 0xff, flash->size_bytes - status.st_size);
    return true;
}

static bool pflash_realize(Device *dev, GError **errp)
{
    PflashCfi01 *flash = container_of(dev, PflashCfi01, sysbus.device);
    flash->fd = -1;
    if (!check_geometry(flash, errp) ||
        !memory_region_init_rom_device(&flash->memory, &dev->object, &pflash_ops, flash, "pflash",
                                       flash->size_bytes, errp)) {
        return false;
    }
    flash->array = memory_region_ram_pointer(&flash->memory);
    bool has_file = flash->file && *flash->file;
    flash->blank = g_malloc(flash->sectors);
    memset(flash->blank, !has_file, flash->sectors);
    flash->blank_bytes = flash->sectors;
    flash->blank_count = has_file ? 0 : flash->sectors;
    fill_cfi(flash);
    sysbus_add_mmio(&flash->sysbus, &flash->memory);
    if (has_file && !load_file(flash, errp)) {
        if (flash->fd >= 0) {
            close(flash->fd);
        }
        g_clear_pointer(&flash->blank, g_free);
        return false;
    }
    return true;
}

static void pflash_unrealize(Device *dev)
{
    PflashCfi01 *flash = container_of(dev, PflashCfi01, sysbus.device);
    if (flash->fd >= 0) {
        close(flash->fd);
    }
    g_clear_pointer(&flash->blank, g_free);
}

/* Contents survive: that is what flash is for. */
static void pflash_reset(Device *dev)
{
    PflashCfi01 *flash = container_of(dev, PflashCfi01, sysbus.device);
    flash->status = STATUS_READY;
    flash->buffer_base = flash->buffer_left = 0;
    enter(flash, PFLASH_IDLE, PFLASH_SHOW_ARRAY);
}

static bool pflash_post_load(void *opaque, uint32_t version, GError **errp)
{
    PflashCfi01 *flash = opaque;
    bool fits = flash->blank_bytes == flash->sectors && flash->state < PFLASH_STATES &&
                flash->show < PFLASH_SHOWS && flash->buffer_base % buffer_bytes(flash) == 0 &&
                flash->buffer_base < flash->size_bytes;
    flash->blank_bytes = flash->sectors;
    if (!fits) {
        error_set(errp, "pflash: the saved state does not fit this bank");
        return false;
    }
    flash->blank_count = 0;
    for (uint32_t i = 0; i < flash->sectors; i++) {
        flash->blank[i] = flash->blank[i] != 0;
        flash->blank_count += flash->blank[i];
    }
    update_romd(flash);
    return true;
}

static const Property pflash_properties[] = {
    PROPERTY_STRING("file", PflashCfi01, file, NULL,
                    .help = "raw image; none: starts erased and is forgotten"),
    PROPERTY_BOOL("readonly", PflashCfi01, readonly, false, .help = "refuse to program and erase"),
    PROPERTY_SIZE("size", PflashCfi01, size_bytes, 32 << 20, .help = "bytes in the bank"),
    PROPERTY_U32("sector-length", PflashCfi01, sector_bytes, 256 << 10,
                 .help = "bytes erased at once, over all chips"),
    PROPERTY_U8("width", PflashCfi01, bank_width, 4, .help = "bytes the bank takes at once"),
    PROPERTY_U8("device-width", PflashCfi01, chip_width, 2, .help = "bytes one chip takes at once"),
    {},
};

static const VmState pflash_vmstate = {
    .version = 1,
    .post_load = pflash_post_load,
    .fields =
        (const VmField[]){
            VM_U8(PflashCfi01, state),
            VM_U8(PflashCfi01, show),
            VM_U8(PflashCfi01, status),
            VM_VBUFFER(PflashCfi01, blank, blank_bytes, MAX_SECTORS),
            VM_U32(PflashCfi01, buffer_base),
            VM_U32(PflashCfi01, buffer_left),
            VM_BUFFER(PflashCfi01, buffer),
            VM_BUFFER(PflashCfi01, buffer_used),
            {},
        },
};

static const DeviceClass pflash_cfi01_class = {
    .object = { .name = "cfi-pflash01",
                .parent = &sysbus_device_class.device.object,
                .instance_size = sizeof(PflashCfi01),
                .properties = pflash_properties },
    .summary = "parallel NOR flash, Intel command set",
    .category = DEVICE_CATEGORY_STORAGE,
    .realize = pflash_realize,
    .unrealize = pflash_unrealize,
    .reset = pflash_reset,
    .vmstate = &pflash_vmstate,
};
CLASS_REGISTER(pflash_cfi01_class);
