/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/ide/ata.h"

#include <errno.h>
#include <string.h>

#include "hw/ide/ata_internal.h"
#include "util/error.h"
#include "util/log.h"

enum { READY = ATA_STATUS_DRDY | ATA_STATUS_DSC };
enum { DEVICE_HEAD = 0x0f, DEVICE_OBSOLETE = 0xa0 };
enum { DIAGNOSTIC_GOOD = 0x01, TRIM_ENTRY_BYTES = 8 };
enum { FIRST_MODE = 0x45 /* Ultra DMA 5 */ };

uint64_t ata_sectors(const AtaDrive *drive)
{
    return block_backend_size(drive->backend) / ATA_SECTOR_BYTES;
}

bool ata_can_trim(const AtaDrive *drive)
{
    return drive->id.discard_bytes && drive->backend->writable;
}

void ata_put_signature(AtaDrive *drive)
{
    AtaRegisters *reg = &drive->reg;

    reg->count[0] = reg->low[0] = 1;
    reg->mid[0] = drive->packet ? 0x14 : 0;
    reg->high[0] = drive->packet ? 0xeb : 0;
}

void ata_finish(AtaDrive *drive, bool interrupt)
{
    drive->phase = ATA_PHASE_IDLE;
    drive->task = ATA_TASK_NONE;
    drive->status = READY;
    drive->error = 0;
    drive->ops->done(drive->port, drive, interrupt);
}

void ata_abort(AtaDrive *drive, uint8_t error)
{
    drive->phase = ATA_PHASE_IDLE;
    drive->task = ATA_TASK_NONE;
    drive->status = READY | ATA_STATUS_ERR;
    drive->error = error;
    drive->ops->done(drive->port, drive, true);
}

/* Addresses */

static bool is_lba(const AtaDrive *drive)
{
    return drive->device & ATA_DEVICE_LBA;
}

/* False: cylinder, head and sector are of no sector. */
static bool get_address(const AtaDrive *drive, bool ext, uint64_t *lba)
{
    const AtaRegisters *reg = &drive->reg;
    uint32_t head = drive->device & DEVICE_HEAD;

    if (ext) {
        *lba = (uint64_t)reg->high[1] << 40 | (uint64_t)reg->mid[1] << 32 |
               (uint64_t)reg->low[1] << 24 | reg->high[0] << 16 | reg->mid[0] << 8 | reg->low[0];
    } else if (is_lba(drive)) {
        *lba = head << 24 | reg->high[0] << 16 | reg->mid[0] << 8 | reg->low[0];
    } else {
        uint32_t cylinder = reg->high[0] << 8 | reg->mid[0], sector = reg->low[0];
        *lba = ((uint64_t)cylinder * drive->heads + head) * drive->sectors + sector - 1;
        return head < drive->heads && sector > 0 && sector <= drive->sectors;
    }
    return true;
}

/* What is not bad was transferred: the registers name the first sector that is. */
static void put_address(AtaDrive *drive, bool ext)
{
    AtaRegisters *reg = &drive->reg;
    uint64_t lba = drive->lba;

    if (!ext && !is_lba(drive)) {
        uint32_t track = lba / drive->sectors, cylinder = track / drive->heads;
        drive->device = (drive->device & ~DEVICE_HEAD) | track % drive->heads;
        reg->low[0] = lba % drive->sectors + 1;
        reg->mid[0] = cylinder;
        reg->high[0] = cylinder >> 8;
        return;
    }
    reg->low[0] = lba;
    reg->mid[0] = lba >> 8;
    reg->high[0] = lba >> 16;
    if (ext) {
        reg->low[1] = lba >> 24;
        reg->mid[1] = lba >> 32;
        reg->high[1] = lba >> 40;
    } else {
        drive->device = (drive->device & ~DEVICE_HEAD) | (lba >> 24 & DEVICE_HEAD);
    }
}

static bool is_ext(uint8_t command)
{
    switch (command) {
    case 0x24:
    case 0x25:
    case 0x27:
    case 0x29:
    case 0x34:
    case 0x35:
    case 0x39:
    case 0x3d:
    case 0x42:
    case 0xce: return true;
    }
    return false;
}

static uint32_t get_count(const AtaDrive *drive, bool ext)
{
    const AtaRegisters *reg = &drive->reg;
    uint32_t count = ext ? reg->count[1] << 8 | reg->count[0] : reg->count[0];

    return count ? count : ext ? 65536 : 256;
}

/* Sets lba and left; false: the command was answered. */
static bool set_range(AtaDrive *drive)
{
    bool ext = is_ext(drive->command);
    uint64_t end = ata_sectors(drive);

    drive->left = get_count(drive, ext);
    if (!get_address(drive, ext, &drive->lba) || drive->lba >= end ||
        drive->left > end - drive->lba) {
        log_guest_error("ata: command %#x goes beyond the end of the disk\n", drive->command);
        ata_abort(drive, ATA_ERROR_IDNF);
        return false;
    }
    return true;
}

/* Requests to the medium */

static void next_step(AtaDrive *drive);
static void next_trim(AtaDrive *drive);

static void medium_failed(AtaDrive *drive, int result)
{
    bool read = drive->io.kind == BLOCK_IO_READ;

    TRACE(ata_medium_error, "command=%#x lba=%" G_GUINT64_FORMAT " error=%d", drive->command,
          drive->lba, -result);
    if (drive->task == ATA_TASK_READ || drive->task == ATA_TASK_WRITE ||
        drive->task == ATA_TASK_VERIFY) {
        put_address(drive, is_ext(drive->command));
    }
    ata_abort(drive, read ? ATA_ERROR_UNC : ATA_ERROR_ABRT);
}

static void finish_reset(AtaDrive *drive)
{
    drive->resetting = false;
    drive->status = drive->packet ? 0 : READY;
    drive->ops->reset_done(drive->port, drive);
}

static void medium_done(BlockIo *io, int result)
{
    AtaDrive *drive = container_of(io, AtaDrive, io);

    drive->in_flight = false;
    iov_cleanup(&io->iov);
    if (drive->lost) {
        drive->lost = false;
        if (drive->resetting) {
            finish_reset(drive);
        }
        return;
    }
    if (drive->task == ATA_TASK_PACKET_READ) {
        atapi_read_done(drive, result);
    } else if (result < 0) {
        medium_failed(drive, result);
    } else {
        next_step(drive);
    }
}

void ata_submit(AtaDrive *drive, BlockIoKind kind, uint64_t offset, uint64_t bytes)
{
    BlockIo *io = &drive->io;
    bool write = kind == BLOCK_IO_WRITE;

    g_assert(!drive->in_flight);
    *io = (BlockIo){ .kind = kind, .offset = offset, .bytes = bytes, .done = medium_done };
    iov_init(&io->iov);
    if (write || kind == BLOCK_IO_READ) {
        g_assert(bytes <= ATA_BUFFER_BYTES);
        iov_add(&io->iov, drive->buffer, bytes);
    }
    if (write && (drive->force || !drive->write_cache)) {
        io->flags = BLOCK_REQUEST_FORCE_UNIT_ACCESS;
    }
    drive->phase = ATA_PHASE_MEDIUM;
    drive->status = ATA_STATUS_DRDY | ATA_STATUS_BSY;
    drive->in_flight = true;
    if (drive->loading) {
        block_backend_hold(drive->backend, io);
    } else {
        block_backend_submit(drive->backend, io);
    }
}

static void move_sectors(AtaDrive *drive, BlockIoKind kind)
{
    ata_submit(drive, kind, drive->lba * ATA_SECTOR_BYTES,
               (uint64_t)drive->chunk * ATA_SECTOR_BYTES);
}

static uint32_t next_chunk(const AtaDrive *drive)
{
    bool multiple = drive->command == 0x29 || drive->command == 0x39 || drive->command == 0xc4 ||
                    drive->command == 0xc5 || drive->command == 0xce;
    bool whole = drive->dma || drive->task == ATA_TASK_VERIFY;
    uint32_t most = whole ? ATA_BUFFER_BYTES / ATA_SECTOR_BYTES : multiple ? drive->multiple : 1;

    return MIN(drive->left, most);
}

/* Data phases */

static void offer_block(AtaDrive *drive, uint32_t bytes)
{
    drive->data_at = 0;
    drive->data_end = bytes;
    drive->phase = ATA_PHASE_IN;
    drive->status = READY | ATA_STATUS_DRQ;
    drive->ops->data_ready(drive->port, drive, true);
}

void ata_offer(AtaDrive *drive, uint32_t bytes)
{
    drive->task = ATA_TASK_BUFFER;
    offer_block(drive, bytes);
}

void ata_want(AtaDrive *drive, AtaTask task, uint32_t bytes, bool interrupt)
{
    drive->task = task;
    drive->data_at = 0;
    drive->data_end = bytes;
    drive->phase = ATA_PHASE_OUT;
    drive->status = READY | ATA_STATUS_DRQ;
    drive->ops->data_ready(drive->port, drive, interrupt);
}

static void dma_failed(AtaDrive *drive)
{
    log_guest_error("ata: the memory for command %#x is too short\n", drive->command);
    ata_abort(drive, ATA_ERROR_ABRT);
}

/* Fetches @bytes from the guest. False: the command was answered. */
static bool dma_fetch(AtaDrive *drive, uint32_t bytes)
{
    drive->data_at = 0;
    drive->data_end = bytes; /* what a saved state must have */
    if (!drive->ops->dma(drive->port, drive, drive->buffer, bytes, false)) {
        dma_failed(drive);
        return false;
    }
    return true;
}

/* The next sectors of a read, write or verify. */
static void next_sectors(AtaDrive *drive, bool first)
{
    drive->chunk = next_chunk(drive);
    if (drive->task != ATA_TASK_WRITE) {
        move_sectors(drive, BLOCK_IO_READ);
    } else if (!drive->dma) {
        ata_want(drive, ATA_TASK_WRITE, drive->chunk * ATA_SECTOR_BYTES, !first);
    } else if (dma_fetch(drive, drive->chunk * ATA_SECTOR_BYTES)) {
        move_sectors(drive, BLOCK_IO_WRITE);
    }
}

static void advance(AtaDrive *drive)
{
    drive->lba += drive->chunk;
    drive->left -= drive->chunk;
    drive->chunk = 0;
}

static void sectors_read(AtaDrive *drive)
{
    uint32_t bytes = drive->chunk * ATA_SECTOR_BYTES;

    if (!drive->dma) {
        offer_block(drive, bytes);
        return;
    }
    if (!drive->ops->dma(drive->port, drive, drive->buffer, bytes, true)) {
        dma_failed(drive);
        return;
    }
    advance(drive);
    if (drive->left) {
        next_sectors(drive, false);
    } else {
        ata_finish(drive, true);
    }
}

/* The medium did what it was asked for. */
static void next_step(AtaDrive *drive)
{
    switch (drive->task) {
    case ATA_TASK_READ: sectors_read(drive); return;
    case ATA_TASK_TRIM: next_trim(drive); return;
    case ATA_TASK_WRITE:
    case ATA_TASK_VERIFY:
        advance(drive);
        if (drive->left) {
            next_sectors(drive, false);
            return;
        }
        break;
    }
    ata_finish(drive, true);
}

void ata_data_done(AtaDrive *drive)
{
    bool in = drive->phase == ATA_PHASE_IN;

    if (!in && drive->phase != ATA_PHASE_OUT) {
        return;
    }
    drive->status &= ~ATA_STATUS_DRQ;
    switch (drive->task) {
    case ATA_TASK_READ:
        advance(drive);
        if (drive->left) {
            next_sectors(drive, false);
        } else {
            ata_finish(drive, false);
        }
        break;
    case ATA_TASK_WRITE: move_sectors(drive, BLOCK_IO_WRITE); break;
    case ATA_TASK_PACKET: atapi_received(drive); break;
    case ATA_TASK_PACKET_DATA:
    case ATA_TASK_PACKET_READ: atapi_data_done(drive); break;
    default: ata_finish(drive, !in); break;
    }
}

/* DMA */

static void start_trim(AtaDrive *drive)
{
    drive->trim_at = 0;
    if (dma_fetch(drive, drive->left * ATA_SECTOR_BYTES)) {
        next_trim(drive);
    }
}

void ata_dma_start(AtaDrive *drive)
{
    if (drive->phase != ATA_PHASE_DMA) {
        return;
    }
    switch (drive->task) {
    case ATA_TASK_TRIM: start_trim(drive); break;
    case ATA_TASK_PACKET_DATA:
    case ATA_TASK_PACKET_READ: atapi_dma_start(drive); break;
    default: next_sectors(drive, true); break;
    }
}

static void begin(AtaDrive *drive, AtaTask task, bool dma)
{
    drive->task = task;
    drive->dma = dma;
    if (dma) {
        drive->phase = ATA_PHASE_DMA;
        drive->status = READY | ATA_STATUS_DRQ;
        drive->ops->dma_ready(drive->port, drive);
    } else {
        next_sectors(drive, true);
    }
}

/* Commands */

static void read_sectors(AtaDrive *drive)
{
    if (set_range(drive)) {
        begin(drive, ATA_TASK_READ, false);
    }
}

static void write_sectors(AtaDrive *drive)
{
    if (!drive->backend->writable) {
        ata_abort(drive, ATA_ERROR_ABRT);
    } else if (set_range(drive)) {
        begin(drive, ATA_TASK_WRITE, false);
    }
}

static void read_multiple(AtaDrive *drive)
{
    if (!drive->multiple) {
        ata_abort(drive, ATA_ERROR_ABRT);
    } else {
        read_sectors(drive);
    }
}

static void write_multiple(AtaDrive *drive)
{
    enum { WRITE_MULTIPLE_FUA_EXT = 0xce };

    drive->force = drive->command == WRITE_MULTIPLE_FUA_EXT;
    if (!drive->multiple) {
        ata_abort(drive, ATA_ERROR_ABRT);
    } else {
        write_sectors(drive);
    }
}

static void read_dma(AtaDrive *drive)
{
    if (set_range(drive)) {
        begin(drive, ATA_TASK_READ, true);
    }
}

static void write_dma(AtaDrive *drive)
{
    enum { WRITE_DMA_FUA_EXT = 0x3d };

    drive->force = drive->command == WRITE_DMA_FUA_EXT;
    if (!drive->backend->writable) {
        ata_abort(drive, ATA_ERROR_ABRT);
    } else if (set_range(drive)) {
        begin(drive, ATA_TASK_WRITE, true);
    }
}

static void verify(AtaDrive *drive)
{
    if (set_range(drive)) {
        begin(drive, ATA_TASK_VERIFY, false);
    }
}

static void seek(AtaDrive *drive)
{
    uint64_t lba;

    if (!get_address(drive, false, &lba) || lba >= ata_sectors(drive)) {
        ata_abort(drive, ATA_ERROR_IDNF);
    } else {
        ata_finish(drive, true);
    }
}

static void flush(AtaDrive *drive)
{
    drive->task = ATA_TASK_FLUSH;
    ata_submit(drive, BLOCK_IO_FLUSH, 0, 0);
}

/* DATA SET MANAGEMENT, TRIM: 48-bit addresses and 16-bit lengths, eight bytes each. */
static void next_trim(AtaDrive *drive)
{
    uint64_t end = ata_sectors(drive);

    while (drive->trim_at + TRIM_ENTRY_BYTES <= drive->data_end) {
        const uint8_t *entry = drive->buffer + drive->trim_at;
        uint64_t lba = 0;
        uint32_t sectors = entry[7] << 8 | entry[6];
        for (unsigned i = 6; i-- > 0;) {
            lba = lba << 8 | entry[i];
        }
        drive->trim_at += TRIM_ENTRY_BYTES;
        if (!sectors) {
            continue;
        }
        if (lba >= end || sectors > end - lba) {
            ata_abort(drive, ATA_ERROR_ABRT | ATA_ERROR_IDNF);
            return;
        }
        ata_submit(drive, BLOCK_IO_DISCARD, lba * ATA_SECTOR_BYTES,
                   (uint64_t)sectors * ATA_SECTOR_BYTES);
        return;
    }
    ata_finish(drive, true);
}

static void data_set_management(AtaDrive *drive)
{
    enum { TRIM = 0x01 };
    uint32_t blocks = drive->reg.count[1] << 8 | drive->reg.count[0];

    if (drive->reg.features[0] != TRIM || !blocks || blocks > ATA_DSM_BLOCKS ||
        !ata_can_trim(drive)) {
        ata_abort(drive, ATA_ERROR_ABRT);
        return;
    }
    drive->left = blocks;
    begin(drive, ATA_TASK_TRIM, true);
}

static void identify(AtaDrive *drive)
{
    ata_identify(drive);
    ata_offer(drive, ATA_SECTOR_BYTES);
}

/* ATAPI drives refuse, and show what they are instead. */
static void identify_device(AtaDrive *drive)
{
    if (drive->packet) {
        ata_put_signature(drive);
        ata_abort(drive, ATA_ERROR_ABRT);
    } else {
        identify(drive);
    }
}

static void native_max(AtaDrive *drive)
{
    enum { LBA28_SECTORS = 1 << 28 };
    bool ext = is_ext(drive->command);
    uint64_t sectors = ata_sectors(drive);

    if (!ext && !is_lba(drive)) {
        ata_abort(drive, ATA_ERROR_ABRT);
        return;
    }
    drive->lba = MIN(sectors, ext ? UINT64_MAX : LBA28_SECTORS) - 1;
    put_address(drive, ext);
    ata_finish(drive, true);
}

static void set_parameters(AtaDrive *drive)
{
    if (!drive->reg.count[0]) {
        ata_abort(drive, ATA_ERROR_ABRT);
        return;
    }
    drive->heads = (drive->device & DEVICE_HEAD) + 1;
    drive->sectors = drive->reg.count[0];
    ata_finish(drive, true);
}

static void set_multiple(AtaDrive *drive)
{
    uint8_t count = drive->reg.count[0];

    if (count > ATA_MAX_MULTIPLE || count & (count - 1)) {
        ata_abort(drive, ATA_ERROR_ABRT);
        return;
    }
    drive->multiple = count;
    ata_finish(drive, true);
}

/* ATA8-ACS, 7.48.3.5: PIO default and flow control, multiword DMA, Ultra DMA */
static bool is_transfer_mode(uint8_t mode)
{
    return mode <= 1 || (mode >= 0x08 && mode <= 0x0c) || (mode >= 0x20 && mode <= 0x22) ||
           (mode >= 0x40 && mode <= 0x45);
}

static void set_write_cache(AtaDrive *drive, bool on)
{
    bool was_on = drive->write_cache;

    drive->write_cache = on && !drive->backend->write_through;
    if (was_on && !on) {
        flush(drive);
    } else {
        ata_finish(drive, true);
    }
}

static void set_features(AtaDrive *drive)
{
    enum {
        WRITE_CACHE_ON = 0x02,
        SET_MODE = 0x03,
        POWER_MANAGEMENT_ON = 0x05,
        READ_AHEAD_OFF = 0x55,
        REVERT_OFF = 0x66,
        WRITE_CACHE_OFF = 0x82,
        POWER_MANAGEMENT_OFF = 0x85,
        READ_AHEAD_ON = 0xaa,
        REVERT_ON = 0xcc,
    };
    uint8_t feature = drive->reg.features[0], mode = drive->reg.count[0];
    bool cache = feature == WRITE_CACHE_ON || feature == WRITE_CACHE_OFF;

    if (cache && !drive->packet) {
        set_write_cache(drive, feature == WRITE_CACHE_ON);
        return;
    }
    switch (feature) {
    case SET_MODE:
        if (!is_transfer_mode(mode)) {
            ata_abort(drive, ATA_ERROR_ABRT);
            return;
        }
        drive->transfer_mode = mode;
        break;
    case READ_AHEAD_OFF:
    case READ_AHEAD_ON: drive->read_ahead = feature == READ_AHEAD_ON; break;
    case REVERT_OFF:
    case REVERT_ON: break;
    default: ata_abort(drive, ATA_ERROR_ABRT); return;
    }
    ata_finish(drive, true);
}

static void check_power(AtaDrive *drive)
{
    drive->reg.count[0] = drive->standby ? 0x00 : 0xff;
    ata_finish(drive, true);
}

static void stand_by(AtaDrive *drive)
{
    drive->standby = true;
    if (drive->packet) {
        ata_finish(drive, true);
    } else {
        flush(drive);
    }
}

static void wake_up(AtaDrive *drive)
{
    drive->standby = false;
    ata_finish(drive, true);
}

static void diagnose(AtaDrive *drive)
{
    ata_put_signature(drive);
    drive->device &= ATA_DEVICE_UNIT;
    drive->phase = ATA_PHASE_IDLE;
    drive->task = ATA_TASK_NONE;
    drive->status = drive->packet ? 0 : READY;
    drive->error = DIAGNOSTIC_GOOD;
    drive->ops->done(drive->port, drive, true);
}

static void finish(AtaDrive *drive)
{
    ata_finish(drive, true);
}

static void read_buffer(AtaDrive *drive)
{
    ata_offer(drive, ATA_SECTOR_BYTES);
}

static void write_buffer(AtaDrive *drive)
{
    ata_want(drive, ATA_TASK_BUFFER, ATA_SECTOR_BYTES, false);
}

static void device_reset_command(AtaDrive *drive)
{
    ata_reset(drive, false);
}

enum { DISK = 1, PACKET = 2, BOTH = 3 };

static const struct {
    uint8_t first, last, kinds;
    void (*run)(AtaDrive *drive);
} commands[] = {
    { 0x06, 0x06, DISK, data_set_management },
    { 0x08, 0x08, PACKET, device_reset_command },
    { 0x10, 0x1f, DISK, finish }, /* RECALIBRATE */
    { 0x20, 0x21, DISK, read_sectors },
    { 0x24, 0x24, DISK, read_sectors },
    { 0x25, 0x25, DISK, read_dma },
    { 0x27, 0x27, DISK, native_max },
    { 0x29, 0x29, DISK, read_multiple },
    { 0x2f, 0x2f, DISK, ata_read_log },
    { 0x30, 0x31, DISK, write_sectors },
    { 0x34, 0x34, DISK, write_sectors },
    { 0x35, 0x35, DISK, write_dma },
    { 0x39, 0x39, DISK, write_multiple },
    { 0x3d, 0x3d, DISK, write_dma },
    { 0x40, 0x42, DISK, verify },
    { 0x70, 0x7f, DISK, seek },
    { 0x90, 0x90, BOTH, diagnose },
    { 0x91, 0x91, DISK, set_parameters },
    { 0x94, 0x94, BOTH, stand_by },
    { 0x95, 0x95, BOTH, wake_up },
    { 0x96, 0x96, BOTH, stand_by },
    { 0x97, 0x97, BOTH, wake_up },
    { 0x98, 0x98, BOTH, check_power },
    { 0x99, 0x99, BOTH, stand_by }, /* SLEEP */
    { 0xa0, 0xa0, PACKET, atapi_packet },
    { 0xa1, 0xa1, PACKET, identify },
    { 0xb0, 0xb0, DISK, ata_smart },
    { 0xc4, 0xc4, DISK, read_multiple },
    { 0xc5, 0xc5, DISK, write_multiple },
    { 0xc6, 0xc6, DISK, set_multiple },
    { 0xc8, 0xc9, DISK, read_dma },
    { 0xca, 0xcb, DISK, write_dma },
    { 0xce, 0xce, DISK, write_multiple },
    { 0xe0, 0xe0, BOTH, stand_by },
    { 0xe1, 0xe1, BOTH, wake_up },
    { 0xe2, 0xe2, BOTH, stand_by },
    { 0xe3, 0xe3, BOTH, wake_up },
    { 0xe4, 0xe4, DISK, read_buffer },
    { 0xe5, 0xe5, BOTH, check_power },
    { 0xe6, 0xe6, BOTH, stand_by }, /* SLEEP */
    { 0xe7, 0xe7, DISK, flush },
    { 0xe8, 0xe8, DISK, write_buffer },
    { 0xea, 0xea, DISK, flush },
    { 0xec, 0xec, BOTH, identify_device },
    { 0xef, 0xef, BOTH, set_features },
    { 0xf8, 0xf8, DISK, native_max },
};

static bool refuses_busy(const AtaDrive *drive, uint8_t command)
{
    enum { DEVICE_RESET = 0x08 };
    bool idle = drive->phase == ATA_PHASE_IDLE && !ata_is_busy(drive);

    return !idle && !(drive->packet && command == DEVICE_RESET);
}

void ata_command(AtaDrive *drive, uint8_t command)
{
    if (refuses_busy(drive, command)) {
        log_guest_error("ata: command %#x while %#x runs\n", command, drive->command);
        return;
    }
    TRACE(ata_command, "command=%#x", command);
    drive->command = command;
    drive->error = 0;
    drive->dma = drive->force = false;
    drive->data_at = drive->data_end = drive->data_bytes = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (command >= commands[i].first && command <= commands[i].last &&
            commands[i].kinds & (drive->packet ? PACKET : DISK)) {
            commands[i].run(drive);
            return;
        }
    }
    log_unimplemented("ata: command %#x\n", command);
    ata_abort(drive, ATA_ERROR_ABRT);
}

/* Life */

static void set_defaults(AtaDrive *drive)
{
    uint32_t cylinders;

    ata_geometry(drive, &cylinders, &drive->heads, &drive->sectors);
    drive->multiple = ATA_MAX_MULTIPLE;
    drive->write_cache = drive->id.write_cache && !drive->backend->write_through;
    drive->read_ahead = drive->smart = true;
    drive->standby = false;
    drive->transfer_mode = FIRST_MODE;
}

void ata_reset(AtaDrive *drive, bool hard)
{
    drive->lost = drive->in_flight;
    drive->phase = ATA_PHASE_IDLE;
    drive->task = ATA_TASK_NONE;
    drive->dma = false;
    drive->left = drive->chunk = drive->data_at = drive->data_end = drive->data_bytes = 0;
    drive->error = DIAGNOSTIC_GOOD;
    drive->device &= ATA_DEVICE_UNIT;
    drive->multiple = hard ? ATA_MAX_MULTIPLE : drive->multiple;
    ata_put_signature(drive);
    drive->resetting = drive->in_flight;
    if (drive->in_flight) {
        drive->status = ATA_STATUS_BSY;
    } else {
        finish_reset(drive);
    }
}

void ata_power_on(AtaDrive *drive)
{
    block_backend_cancel(drive->backend);
    drive->reg = (AtaRegisters){ 0 };
    drive->device = 0;
    drive->command = 0;
    drive->force = drive->frames = false;
    drive->lba = 0;
    drive->trim_at = drive->byte_limit = 0;
    memset(drive->queue_error, 0, sizeof(drive->queue_error));
    set_defaults(drive);
    if (drive->packet) {
        cd_drive_reset(&drive->cd);
        drive->cd.tray_open = false;
    }
    ata_reset(drive, true);
}

void ata_init(AtaDrive *drive)
{
    drive->buffer = g_malloc0(ATA_BUFFER_BYTES);
    drive->cd.backend = drive->backend;
}

void ata_cleanup(AtaDrive *drive)
{
    drive->lost = true;
    drive->resetting = false;
    block_backend_cancel(drive->backend);
    block_backend_drain(drive->backend, NULL);
    g_clear_pointer(&drive->buffer, g_free);
}

/* Saved state */

/* A machine stops when nothing is under way, but for what an error held: it is held again, and goes
 * on with the machine. */
static void hold_again(AtaDrive *drive)
{
    drive->loading = true;
    switch (drive->task) {
    case ATA_TASK_READ:
    case ATA_TASK_VERIFY: move_sectors(drive, BLOCK_IO_READ); break;
    case ATA_TASK_WRITE: move_sectors(drive, BLOCK_IO_WRITE); break;
    case ATA_TASK_PACKET_READ: atapi_read_again(drive); break;
    case ATA_TASK_TRIM:
        drive->trim_at -= MIN(drive->trim_at, TRIM_ENTRY_BYTES);
        next_trim(drive);
        break;
    default: ata_submit(drive, BLOCK_IO_FLUSH, 0, 0); break;
    }
    drive->loading = false;
}

static bool is_data_legal(const AtaDrive *drive)
{
    bool data = drive->phase == ATA_PHASE_IN || drive->phase == ATA_PHASE_OUT;
    uint32_t unit = drive->packet ? CD_FRAME_BYTES : ATA_SECTOR_BYTES;

    return drive->data_at <= drive->data_end && drive->data_end <= ATA_BUFFER_BYTES &&
           (!data || drive->data_at < drive->data_end) &&
           drive->trim_at <= ATA_DSM_BLOCKS * ATA_SECTOR_BYTES && drive->chunk <= drive->left &&
           drive->chunk <= ATA_BUFFER_BYTES / unit && drive->data_bytes <= ATA_BUFFER_BYTES;
}

static bool is_range_legal(const AtaDrive *drive)
{
    uint64_t end = drive->packet ? cd_drive_blocks(&drive->cd) : ata_sectors(drive);
    bool ranged = drive->task == ATA_TASK_READ || drive->task == ATA_TASK_WRITE ||
                  drive->task == ATA_TASK_VERIFY || drive->task == ATA_TASK_PACKET_READ;

    return !ranged || (drive->lba <= end && drive->left <= end - drive->lba &&
                       (drive->task != ATA_TASK_WRITE || drive->backend->writable));
}

static bool is_task_legal(const AtaDrive *drive)
{
    bool packet = drive->task >= ATA_TASK_PACKET && drive->task < ATA_TASKS;

    if (drive->phase >= ATA_PHASES || drive->task >= ATA_TASKS || drive->heads == 0 ||
        drive->sectors == 0 || drive->multiple > ATA_MAX_MULTIPLE) {
        return false;
    }
    if (drive->phase == ATA_PHASE_IDLE) {
        return drive->task == ATA_TASK_NONE;
    }
    return drive->task != ATA_TASK_NONE &&
           (packet == drive->packet || drive->task == ATA_TASK_BUFFER) &&
           (drive->phase != ATA_PHASE_MEDIUM || !drive->packet ||
            drive->task == ATA_TASK_PACKET_READ);
}

static bool ata_post_load(void *opaque, uint32_t version, GError **errp)
{
    AtaDrive *drive = opaque;

    if (drive->in_flight) { /* held before, and of another past */
        drive->lost = true;
        block_backend_cancel(drive->backend);
    }
    if (!is_task_legal(drive) || !is_data_legal(drive) || !is_range_legal(drive) ||
        (drive->phase == ATA_PHASE_MEDIUM) != ata_is_busy(drive) || drive->in_flight) {
        error_set(errp, "ata: the saved state cannot be");
        return false;
    }
    drive->buffer = g_realloc(drive->buffer, ATA_BUFFER_BYTES);
    if (drive->phase == ATA_PHASE_MEDIUM) {
        hold_again(drive);
    }
    return true;
}

/* READ BUFFER shows one sector of it, at any time. */
static bool ata_pre_save(void *opaque)
{
    AtaDrive *drive = opaque;
    bool idle = drive->phase == ATA_PHASE_IDLE;

    drive->saved_bytes =
        idle ? ATA_SECTOR_BYTES : MAX(ATA_SECTOR_BYTES, MAX(drive->data_end, drive->data_bytes));
    return true;
}

static const VmState ata_registers_vmstate = {
    .name = "ata-registers",
    .version = 1,
    .fields = (const VmField[]){ VM_U8_ARRAY(AtaRegisters, features),
                                 VM_U8_ARRAY(AtaRegisters, count),
                                 VM_U8_ARRAY(AtaRegisters, low),
                                 VM_U8_ARRAY(AtaRegisters, mid),
                                 VM_U8_ARRAY(AtaRegisters, high),
                                 {} },
};

const VmState ata_drive_vmstate = {
    .name = "ata-drive",
    .version = 1,
    .pre_save = ata_pre_save,
    .post_load = ata_post_load,
    .fields = (const VmField[]){ VM_STRUCT(AtaDrive, reg, ata_registers_vmstate),
                                 VM_STRUCT(AtaDrive, cd, cd_drive_vmstate),
                                 VM_U8(AtaDrive, status),
                                 VM_U8(AtaDrive, error),
                                 VM_U8(AtaDrive, device),
                                 VM_U8(AtaDrive, command),
                                 VM_U8(AtaDrive, phase),
                                 VM_U8(AtaDrive, task),
                                 VM_BOOL(AtaDrive, dma),
                                 VM_BOOL(AtaDrive, force),
                                 VM_BOOL(AtaDrive, frames),
                                 VM_U64(AtaDrive, lba),
                                 VM_U32(AtaDrive, left),
                                 VM_U32(AtaDrive, chunk),
                                 VM_VBUFFER(AtaDrive, buffer, saved_bytes, ATA_BUFFER_BYTES),
                                 VM_U32(AtaDrive, data_at),
                                 VM_U32(AtaDrive, data_end),
                                 VM_U32(AtaDrive, data_bytes),
                                 VM_U32(AtaDrive, trim_at),
                                 VM_U16(AtaDrive, byte_limit),
                                 VM_U8(AtaDrive, multiple),
                                 VM_U8(AtaDrive, heads),
                                 VM_U8(AtaDrive, sectors),
                                 VM_U8(AtaDrive, transfer_mode),
                                 VM_BOOL(AtaDrive, write_cache),
                                 VM_BOOL(AtaDrive, read_ahead),
                                 VM_BOOL(AtaDrive, smart),
                                 VM_BOOL(AtaDrive, standby),
                                 VM_BUFFER(AtaDrive, queue_error),
                                 {} },
};
