/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A disk's health, which is always good, and its logs, which are empty.  Spec: ATA8-ACS, 7.53, A.
 */
#include <string.h>

#include "hw/ide/ata_internal.h"

enum {
    SMART_READ_DATA = 0xd0,
    SMART_READ_THRESHOLDS = 0xd1,
    SMART_AUTOSAVE = 0xd2,
    SMART_SAVE = 0xd3,
    SMART_OFFLINE = 0xd4,
    SMART_READ_LOG = 0xd5,
    SMART_ENABLE = 0xd8,
    SMART_DISABLE = 0xd9,
    SMART_STATUS = 0xda,
};
enum { KEY_MID = 0x4f, KEY_HIGH = 0xc2 };
enum { LOG_DIRECTORY = 0x00, LOG_ERRORS = 0x01, LOG_SELF_TESTS = 0x06, LOG_QUEUE_ERROR = 0x10 };
enum { ATTRIBUTE_BYTES = 12 };

/* Number, threshold, flags, normalized value now and at worst, raw value. */
static const struct {
    uint8_t id, threshold;
    uint16_t flags;
    uint8_t value;
    uint8_t raw;
} attributes[] = {
    { 0x01, 0x06, 0x0003, 0x64, 0 },  /* read errors */
    { 0x03, 0x00, 0x0003, 0x64, 0 },  /* spin-up time */
    { 0x05, 0x24, 0x0003, 0x64, 0 },  /* reallocated sectors */
    { 0x09, 0x00, 0x0003, 0x64, 1 },  /* hours */
    { 0x0c, 0x00, 0x0003, 0x64, 0 },  /* power cycles */
    { 0xbe, 0x32, 0x0003, 0x45, 31 }, /* temperature */
};

static void close_page(AtaDrive *drive)
{
    uint8_t sum = 0;

    for (unsigned i = 0; i < ATA_SECTOR_BYTES - 1; i++) {
        sum += drive->buffer[i];
    }
    drive->buffer[ATA_SECTOR_BYTES - 1] = -sum;
    ata_offer(drive, ATA_SECTOR_BYTES);
}

static uint8_t *open_page(AtaDrive *drive, uint8_t version)
{
    memset(drive->buffer, 0, ATA_SECTOR_BYTES);
    drive->buffer[0] = version;
    return drive->buffer;
}

static void read_data(AtaDrive *drive)
{
    enum { OFFLINE_DONE = 0x02, CAN_TEST_OFFLINE = 0x19, SAVES = 0x03, LOGS_ERRORS = 0x01 };
    uint8_t *page = open_page(drive, 1);

    for (unsigned i = 0; i < G_N_ELEMENTS(attributes); i++) {
        uint8_t *at = page + 2 + i * ATTRIBUTE_BYTES;
        at[0] = attributes[i].id;
        at[1] = attributes[i].flags;
        at[2] = attributes[i].flags >> 8;
        at[3] = at[4] = attributes[i].value;
        at[5] = attributes[i].raw;
    }
    page[362] = OFFLINE_DONE;
    page[364] = 1; /* seconds for it */
    page[367] = CAN_TEST_OFFLINE;
    page[368] = SAVES;
    page[370] = LOGS_ERRORS;
    page[372] = page[373] = 1; /* minutes for short and long self-tests */
    close_page(drive);
}

static void read_thresholds(AtaDrive *drive)
{
    uint8_t *page = open_page(drive, 1);

    for (unsigned i = 0; i < G_N_ELEMENTS(attributes); i++) {
        page[2 + i * ATTRIBUTE_BYTES] = attributes[i].id;
        page[3 + i * ATTRIBUTE_BYTES] = attributes[i].threshold;
    }
    close_page(drive);
}

static void read_log(AtaDrive *drive)
{
    uint8_t *page;

    switch (drive->reg.low[0]) {
    case LOG_DIRECTORY:
        page = open_page(drive, 1);
        page[2 * LOG_ERRORS] = page[2 * LOG_SELF_TESTS] = 1;
        ata_offer(drive, ATA_SECTOR_BYTES);
        break;
    case LOG_ERRORS:
    case LOG_SELF_TESTS:
        open_page(drive, 1);
        close_page(drive);
        break;
    default: ata_abort(drive, ATA_ERROR_ABRT);
    }
}

static void report_status(AtaDrive *drive)
{
    drive->reg.mid[0] = KEY_MID; /* unlike a drive that is going to fail */
    drive->reg.high[0] = KEY_HIGH;
    ata_finish(drive, true);
}

void ata_smart(AtaDrive *drive)
{
    const AtaRegisters *reg = &drive->reg;
    uint8_t what = reg->features[0];

    if (reg->mid[0] != KEY_MID || reg->high[0] != KEY_HIGH ||
        (!drive->smart && what != SMART_ENABLE)) {
        ata_abort(drive, ATA_ERROR_ABRT);
        return;
    }
    switch (what) {
    case SMART_READ_DATA: read_data(drive); break;
    case SMART_READ_THRESHOLDS: read_thresholds(drive); break;
    case SMART_READ_LOG: read_log(drive); break;
    case SMART_STATUS: report_status(drive); break;
    case SMART_ENABLE:
    case SMART_DISABLE:
        drive->smart = what == SMART_ENABLE;
        ata_finish(drive, true);
        break;
    case SMART_AUTOSAVE:
    case SMART_SAVE:
    case SMART_OFFLINE: ata_finish(drive, true); break; /* a test ends at once, and well */
    default: ata_abort(drive, ATA_ERROR_ABRT);
    }
}

/* READ LOG EXT. The log of the queue is the adaptor's knowledge. */
void ata_read_log(AtaDrive *drive)
{
    const AtaRegisters *reg = &drive->reg;
    bool one = reg->count[0] == 1 && !reg->count[1] && !reg->mid[0] && !reg->mid[1];
    uint8_t *page = open_page(drive, 1);

    if (one && reg->low[0] == LOG_DIRECTORY) {
        page[2 * LOG_QUEUE_ERROR] = drive->queued;
        ata_offer(drive, ATA_SECTOR_BYTES);
    } else if (one && reg->low[0] == LOG_QUEUE_ERROR && drive->queued) {
        memcpy(page, drive->queue_error, sizeof(drive->queue_error));
        close_page(drive);
    } else {
        ata_abort(drive, ATA_ERROR_ABRT);
    }
}
