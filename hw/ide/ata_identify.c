/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a drive says of itself.  Spec: ATA8-ACS, 7.16 and 7.17; ATA/ATAPI-6 for words 1 to 58. */
#include <string.h>

#include "hw/ide/ata_internal.h"

enum { LBA28_SECTORS = 0x0fffffff, CHS_CYLINDERS = 16383, CHS_HEADS = 16, CHS_SECTORS = 63 };
enum { PIO_CYCLE_NS = 120 };

void ata_geometry(const AtaDrive *drive, uint32_t *cylinders, uint8_t *heads, uint8_t *sectors)
{
    const AtaIdentity *id = &drive->id;

    *heads = id->heads ? id->heads : CHS_HEADS;
    *sectors = id->sectors ? id->sectors : CHS_SECTORS;
    uint64_t fit = ata_sectors(drive) / (*heads * *sectors);
    *cylinders = id->cylinders ? id->cylinders : MIN(fit, CHS_CYLINDERS);
}

static void put(AtaDrive *drive, unsigned word, uint16_t value)
{
    drive->buffer[2 * word] = value;
    drive->buffer[2 * word + 1] = value >> 8;
}

static void put32(AtaDrive *drive, unsigned word, uint32_t value)
{
    put(drive, word, value);
    put(drive, word + 1, value >> 16);
}

/* Two characters a word, the first in the high byte, filled up with spaces. */
static void put_text(AtaDrive *drive, unsigned word, const char *text, unsigned bytes)
{
    size_t length = strlen(text);

    for (unsigned i = 0; i < bytes; i++) {
        drive->buffer[2 * word + (i ^ 1)] = i < length ? text[i] : ' ';
    }
}

static void put_names(AtaDrive *drive)
{
    put_text(drive, 10, drive->id.serial, 20);
    put_text(drive, 23, drive->id.version, 8);
    put_text(drive, 27, drive->id.model, 40);
}

/* The mode in use has its bit in the high byte, too. */
static void put_modes(AtaDrive *drive)
{
    enum { MULTIWORD = 0x20, ULTRA = 0x40, KIND = 0xf8 };
    uint8_t mode = drive->transfer_mode, bit = 1 << (mode & 7);

    put(drive, 63, 0x07 | ((mode & KIND) == MULTIWORD ? bit << 8 : 0));
    put(drive, 64, 0x03); /* PIO 3 and 4 */
    for (unsigned word = 65; word <= 68; word++) {
        put(drive, word, PIO_CYCLE_NS);
    }
    put(drive, 88, 0x3f | ((mode & KIND) == ULTRA ? bit << 8 : 0));
    put(drive, 93,
        drive->queued ? 0
                      : 0x6001 | (drive->unit ? 0x0a00 : 0x0b)); /* 80 wires, how it was numbered */
}

static void put_checksum(AtaDrive *drive)
{
    uint8_t sum = 0xa5;

    put(drive, 255, 0xa5);
    for (unsigned i = 0; i < ATA_SECTOR_BYTES - 1; i++) {
        sum += i == ATA_SECTOR_BYTES - 2 ? 0 : drive->buffer[i];
    }
    drive->buffer[ATA_SECTOR_BYTES - 1] = -sum;
}

static void put_geometry(AtaDrive *drive)
{
    uint32_t cylinders;
    uint8_t heads, sectors;
    uint32_t track = drive->heads * drive->sectors;

    ata_geometry(drive, &cylinders, &heads, &sectors);
    put(drive, 1, cylinders);
    put(drive, 3, heads);
    put(drive, 6, sectors);
    uint64_t now = MIN(ata_sectors(drive) / track, 65535);
    put(drive, 53, 0x07); /* words 54 to 58, 64 to 70, 88 are valid */
    put(drive, 54, now);
    put(drive, 55, drive->heads);
    put(drive, 56, drive->sectors);
    put32(drive, 57, now * track);
}

static void put_sizes(AtaDrive *drive)
{
    uint64_t sectors = ata_sectors(drive);
    unsigned ratio = drive->id.physical_bytes / ATA_SECTOR_BYTES;

    put32(drive, 60, MIN(sectors, LBA28_SECTORS));
    put32(drive, 100, sectors);
    put32(drive, 102, sectors >> 32);
    put(drive, 106, 0x4000 | (ratio > 1 ? 0x2000 | __builtin_ctz(ratio) : 0));
    put(drive, 209, 0x4000);
}

static void put_wwn(AtaDrive *drive)
{
    for (unsigned i = 0; drive->id.wwn && i < 4; i++) {
        put(drive, 108 + i, drive->id.wwn >> (48 - 16 * i));
    }
}

/* Words 82 to 87: what there is, and what is on. */
static void put_features(AtaDrive *drive)
{
    enum { SMART = 0x0001, POWER = 0x0008, CACHE = 0x0020, LOOK_AHEAD = 0x0040 };
    enum { EXT = 0x0400, FLUSHES = 0x3000, VALID = 0x4000 };
    enum { SELF_TEST = 0x0003, LOGS = 0x0020, FUA = 0x0040, WWN = 0x0100 };
    uint16_t more = SELF_TEST | LOGS | FUA | (drive->id.wwn ? WWN : 0);

    put(drive, 82, SMART | POWER | CACHE | LOOK_AHEAD);
    put(drive, 83, VALID | EXT | FLUSHES);
    put(drive, 84, VALID | more);
    put(drive, 85,
        (drive->smart ? SMART : 0) | POWER | (drive->write_cache ? CACHE : 0) |
            (drive->read_ahead ? LOOK_AHEAD : 0));
    put(drive, 86, EXT | FLUSHES);
    put(drive, 87, VALID | more);
}

static void identify_disk(AtaDrive *drive)
{
    enum { FIXED = 0x0040, LBA_AND_DMA = 0x0300, IORDY = 0x0c00 };
    enum { ATA8 = 0x01f0, QUEUE_DEPTH = 32, NCQ = 0x0100, GEN_1_TO_3 = 0x000e };

    put(drive, 0, FIXED);
    put_geometry(drive);
    put(drive, 47, 0x8000 | ATA_MAX_MULTIPLE);
    put(drive, 49, LBA_AND_DMA | IORDY);
    put(drive, 50, 0x4000);
    put(drive, 59, drive->multiple ? 0x100 | drive->multiple : 0);
    put_sizes(drive);
    if (drive->queued) {
        put(drive, 75, QUEUE_DEPTH - 1);
        put(drive, 76, NCQ | GEN_1_TO_3);
    }
    put(drive, 80, ATA8);
    put_features(drive);
    put_wwn(drive);
    put(drive, 105, ata_can_trim(drive) ? ATA_DSM_BLOCKS : 0);
    put(drive, 169, ata_can_trim(drive));
    put(drive, 217, drive->id.rotation_rate);
}

static void identify_packet(AtaDrive *drive)
{
    enum { CD_ROM_REMOVABLE = 0x8580, FAST_DRQ = 0x0040, LBA_AND_DMA = 0x0300, IORDY = 0x0800 };
    enum { PACKET = 0x0010, DEVICE_RESET = 0x0200, ATA6 = 0x001e | 0x0060 };

    put(drive, 0, CD_ROM_REMOVABLE | FAST_DRQ);
    put(drive, 49, LBA_AND_DMA | IORDY);
    put(drive, 53, 0x06);
    if (drive->queued) {
        put(drive, 76, 0x000e);
    }
    put(drive, 80, ATA6);
    put(drive, 82, PACKET | DEVICE_RESET);
    put(drive, 83, 0x4000);
    put(drive, 84, 0x4000);
    put(drive, 85, PACKET | DEVICE_RESET);
    put(drive, 87, 0x4000);
}

void ata_identify(AtaDrive *drive)
{
    memset(drive->buffer, 0, ATA_SECTOR_BYTES);
    put_names(drive);
    put_modes(drive);
    if (drive->packet) {
        identify_packet(drive);
    } else {
        identify_disk(drive);
    }
    put_checksum(drive);
}
