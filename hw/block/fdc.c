/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 82078 floppy disk controller with two drives. Seeks and turns of the disk take no time; data go
 * by DMA channel 2, or through the FIFO. Spec: Intel 82078 data sheet (290468).
 */
#include "hw/block/fdc.h"

#include <string.h>

#include "hw/block/floppy.h"
#include "hw/core/machine.h"
#include "util/error.h"
#include "util/log.h"

enum { PORTS = 8, IRQ_LINE = 6, DMA_CHANNEL = 2, PARAMETERS = 18, RESULTS = 16 };
enum { REG_SRA, REG_SRB, REG_DOR, REG_TDR, REG_MSR_DSR, REG_FIFO, REG_NONE, REG_DIR_CCR };
enum { DOR_SELECT = 0x03, DOR_RUN = 0x04, DOR_DMA = 0x08, DOR_MOTORS = 0xf0 };
enum { DSR_RESET = 0x80, DSR_RATE = 0x03 };
enum { MSR_BUSY = 0x10, MSR_NO_DMA = 0x20, MSR_TO_HOST = 0x40, MSR_READY = 0x80 };
enum { SRA_INTERRUPT = 0x80, SRA_NO_SECOND_DRIVE = 0x40, SRB_UNUSED = 0xc0, DIR_CHANGED = 0x80 };
enum { ST0_SEEK_END = 0x20, ST0_ABNORMAL = 0x40, ST0_INVALID = 0x80, ST0_POLLED = 0xc0 };
enum { ST1_NO_MARK = 0x01, ST1_PROTECTED = 0x02, ST1_NO_DATA = 0x04, ST1_DATA_ERROR = 0x20 };
enum { ST1_END_OF_CYLINDER = 0x80 };
enum { ST2_NOT_FOUND = 0x04, ST2_EQUAL = 0x08, ST2_WRONG_CYLINDER = 0x10 };
enum { ST3_TWO_SIDES = 0x08, ST3_TRACK_0 = 0x10, ST3_READY = 0x20, ST3_PROTECTED = 0x40 };
enum { CONFIG_IMPLIED_SEEK = 0x40, SPECIFY_NO_DMA = 0x01, SECTOR_CODE = 2 };
enum { OPTION_MULTI_TRACK = 0x80, PENDING_AFTER_RESET = 4 };

typedef enum { PHASE_COMMAND, PHASE_TO_HOST, PHASE_FROM_HOST, PHASE_RESULT, PHASES } Phase;

/* What the data phase does. */
typedef enum {
    ACTION_READ,
    ACTION_WRITE,
    ACTION_FORMAT,
    ACTION_SCAN_EQUAL,
    ACTION_SCAN_LOW,
    ACTION_SCAN_HIGH,
    ACTIONS
} Action;

typedef struct {
    IsaDevice isa;
    MemoryRegion low_ports, high_port; /* port 3f6 belongs to IDE */
    Irq *irq;
    uint32_t iobase, irq_line; /* properties */
    Floppy drive[FDC_DRIVES];
    /* guest state */
    uint8_t dor, tdr, dsr, rate;
    uint8_t specify[2], configure[3], perpendicular;
    uint8_t phase, action; /* Phase, Action */
    bool irq_up, locked;
    uint8_t parameters[PARAMETERS];
    uint8_t parameter_count;
    uint8_t results[RESULTS];
    uint8_t result_count, result_at;
    uint8_t pending_polls; /* SENSE INTERRUPT after a reset: one a drive */
    bool seek_ended;       /* SENSE INTERRUPT has something to say */
    uint8_t st0;           /* what it says */
    uint8_t unit, cylinder, head, sector, last_sector; /* of the data phase */
    bool multi_track, scan_equal;
    uint8_t buffer[FLOPPY_SECTOR_BYTES];
    uint32_t buffer_at;  /* next byte of the buffer */
    uint32_t unit_bytes; /* of the buffer that make one sector: 4 when formatting */
} Fdc;

static void set_irq(Fdc *fdc, bool up)
{
    fdc->irq_up = up && (fdc->dor & DOR_DMA);
    irq_set(fdc->irq, fdc->irq_up);
}

static Floppy *drive_of(Fdc *fdc, unsigned unit)
{
    return unit < FDC_DRIVES ? &fdc->drive[unit] : NULL;
}

static bool uses_dma(const Fdc *fdc)
{
    return !(fdc->specify[1] & SPECIFY_NO_DMA) && (fdc->dor & DOR_DMA);
}

static void expect_command(Fdc *fdc)
{
    fdc->phase = PHASE_COMMAND;
    fdc->parameter_count = 0;
    isa_dma_request(&fdc->isa, DMA_CHANNEL, false);
}

static void give_results(Fdc *fdc, const uint8_t *bytes, unsigned count)
{
    memcpy(fdc->results, bytes, count);
    fdc->result_count = count;
    fdc->result_at = 0;
    fdc->phase = PHASE_RESULT;
}

/* --- data phase --- */

/* End of a command with data: seven bytes, and the interrupt. */
static void finish(Fdc *fdc, uint8_t st0, uint8_t st1, uint8_t st2)
{
    fdc->st0 = st0 | fdc->head << 2 | fdc->unit;
    uint8_t results[] = { fdc->st0, st1, st2, fdc->cylinder, fdc->head, fdc->sector, SECTOR_CODE };
    isa_dma_request(&fdc->isa, DMA_CHANNEL, false);
    give_results(fdc, results, sizeof(results));
    set_irq(fdc, true);
}

/* Table 5-4: where the next command would go on. False: behind the last sector. */
static bool next_sector(Fdc *fdc)
{
    fdc->buffer_at = 0;
    if (fdc->sector < fdc->last_sector) {
        fdc->sector++;
        return true;
    }
    fdc->sector = 1;
    if (fdc->multi_track && fdc->head == 0) {
        fdc->head = 1;
        return true;
    }
    fdc->head = fdc->multi_track ? 0 : fdc->head;
    fdc->cylinder++;
    return false;
}

/* Fetches the sector that a read or scan is about; reports what is wrong. */
static bool begin_sector(Fdc *fdc)
{
    Floppy *drive = &fdc->drive[fdc->unit];
    if (fdc->action == ACTION_FORMAT) {
        return true;
    }
    if (!floppy_has_sector(drive, fdc->head, fdc->sector)) {
        finish(fdc, ST0_ABNORMAL, ST1_NO_DATA, 0);
        return false;
    }
    if (fdc->action != ACTION_WRITE && !floppy_read(drive, fdc->head, fdc->sector, fdc->buffer)) {
        finish(fdc, ST0_ABNORMAL, ST1_DATA_ERROR, 0x20);
        return false;
    }
    return true;
}

/* One sector's identification (cylinder, head, sector, size) came: it is written anew. */
static bool format_sector(Fdc *fdc)
{
    uint8_t sector = fdc->buffer[2], blank[FLOPPY_SECTOR_BYTES];
    Floppy *drive = &fdc->drive[fdc->unit];
    memset(blank, fdc->parameters[5], sizeof(blank));
    return fdc->buffer[3] == SECTOR_CODE && floppy_has_sector(drive, fdc->head, sector) &&
           floppy_write(drive, fdc->head, sector, blank);
}

/* A whole sector was moved; false: the command is over. */
static bool end_sector(Fdc *fdc)
{
    bool good = true;
    if (fdc->action == ACTION_WRITE) {
        good = floppy_write(&fdc->drive[fdc->unit], fdc->head, fdc->sector, fdc->buffer);
    } else if (fdc->action == ACTION_FORMAT) {
        good = format_sector(fdc);
    }
    if (!good) {
        finish(fdc, ST0_ABNORMAL, ST1_NO_DATA, 0);
        return false;
    }
    if (fdc->action >= ACTION_SCAN_EQUAL && fdc->scan_equal) {
        finish(fdc, 0, 0, ST2_EQUAL);
        return false;
    }
    bool more = next_sector(fdc);
    if (!more) {
        if (fdc->action == ACTION_FORMAT) {
            finish(fdc, 0, 0, 0);
        } else if (fdc->action >= ACTION_SCAN_EQUAL) {
            finish(fdc, 0, 0, ST2_NOT_FOUND);
        } else {
            finish(fdc, ST0_ABNORMAL, ST1_END_OF_CYLINDER, 0);
        }
        return false;
    }
    fdc->scan_equal = true;
    return begin_sector(fdc);
}

/* SCAN: every byte of the disk against that of the host; ff on either side always matches. */
static void compare(Fdc *fdc, const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint8_t disk = fdc->buffer[fdc->buffer_at + i], host = bytes[i];
        bool good = disk == host || disk == 0xff || host == 0xff ||
                    (fdc->action == ACTION_SCAN_LOW && disk < host) ||
                    (fdc->action == ACTION_SCAN_HIGH && disk > host);
        fdc->scan_equal = fdc->scan_equal && good;
    }
}

static void take_bytes(Fdc *fdc, const uint8_t *bytes, uint32_t count)
{
    if (fdc->action >= ACTION_SCAN_EQUAL) {
        compare(fdc, bytes, count);
    } else {
        memcpy(fdc->buffer + fdc->buffer_at, bytes, count);
    }
}

/* Terminal count: a sector that was begun is written whole, with zeros. */
static void terminal_count(Fdc *fdc)
{
    if (fdc->action == ACTION_WRITE && fdc->buffer_at) {
        memset(fdc->buffer + fdc->buffer_at, 0, FLOPPY_SECTOR_BYTES - fdc->buffer_at);
        floppy_write(&fdc->drive[fdc->unit], fdc->head, fdc->sector, fdc->buffer);
    }
    if (fdc->buffer_at) {
        next_sector(fdc);
    }
    finish(fdc, 0, 0, fdc->action >= ACTION_SCAN_EQUAL ? ST2_NOT_FOUND : 0);
}

static uint32_t dma_transfer(void *opaque, unsigned channel, uint32_t position, uint32_t size)
{
    Fdc *fdc = opaque;
    uint8_t bytes[FLOPPY_SECTOR_BYTES];
    while (position < size && (fdc->phase == PHASE_TO_HOST || fdc->phase == PHASE_FROM_HOST)) {
        uint32_t piece = MIN(size - position, fdc->unit_bytes - fdc->buffer_at);
        if (fdc->phase == PHASE_TO_HOST) {
            isa_dma_write(&fdc->isa, channel, fdc->buffer + fdc->buffer_at, position, piece);
        } else {
            isa_dma_read(&fdc->isa, channel, bytes, position, piece);
            take_bytes(fdc, bytes, piece);
        }
        position += piece;
        fdc->buffer_at += piece;
        if (fdc->buffer_at < fdc->unit_bytes) {
            continue;
        }
        if (position < size || fdc->action == ACTION_FORMAT) {
            end_sector(fdc);
        } else if (fdc->action == ACTION_WRITE) {
            if (floppy_write(&fdc->drive[fdc->unit], fdc->head, fdc->sector, fdc->buffer)) {
                next_sector(fdc);
            } else {
                finish(fdc, ST0_ABNORMAL, ST1_DATA_ERROR, 0);
            }
        } else if (fdc->action >= ACTION_SCAN_EQUAL && fdc->scan_equal) {
            finish(fdc, 0, 0, ST2_EQUAL);
        } else {
            next_sector(fdc);
        }
    }
    if (position == size && (fdc->phase == PHASE_TO_HOST || fdc->phase == PHASE_FROM_HOST)) {
        terminal_count(fdc);
    }
    return position;
}

/* Without a disk at this rate there is nothing under the head. */
static bool can_read(const Fdc *fdc, const Floppy *drive)
{
    const FloppyLayout *layout = drive ? drive->layout : NULL;
    return layout && (fdc->rate == layout->rate || fdc->rate == layout->other_rate);
}

static void start_data(Fdc *fdc, Action action)
{
    fdc->action = action;
    fdc->buffer_at = 0;
    fdc->unit_bytes = action == ACTION_FORMAT ? 4 : FLOPPY_SECTOR_BYTES;
    fdc->scan_equal = true;
    fdc->phase = action == ACTION_READ ? PHASE_TO_HOST : PHASE_FROM_HOST;
    if (!begin_sector(fdc)) {
        return;
    }
    if (uses_dma(fdc)) {
        isa_dma_request(&fdc->isa, DMA_CHANNEL, true);
        isa_dma_schedule(&fdc->isa, DMA_CHANNEL);
    } else {
        set_irq(fdc, true);
    }
}

/* --- commands --- */

static bool take_unit(Fdc *fdc)
{
    fdc->unit = fdc->parameters[1] & 3;
    fdc->head = fdc->parameters[1] >> 2 & 1;
    return fdc->unit < FDC_DRIVES;
}

/* Commands with cylinder, head, sector, size, last sector, gap and length. */
static bool take_address(Fdc *fdc)
{
    bool exists = take_unit(fdc);
    fdc->cylinder = fdc->parameters[2];
    fdc->head = fdc->parameters[3] & 1;
    fdc->sector = fdc->parameters[4];
    fdc->last_sector = fdc->parameters[6];
    fdc->multi_track = fdc->parameters[0] & OPTION_MULTI_TRACK;
    Floppy *drive = exists ? &fdc->drive[fdc->unit] : NULL;
    if (!can_read(fdc, drive)) {
        finish(fdc, ST0_ABNORMAL, ST1_NO_MARK, 0);
        return false;
    }
    if (fdc->configure[1] & CONFIG_IMPLIED_SEEK) {
        floppy_seek(drive, fdc->cylinder);
    }
    if (fdc->cylinder != drive->cylinder) {
        finish(fdc, ST0_ABNORMAL, ST1_NO_DATA, ST2_WRONG_CYLINDER);
        return false;
    }
    if (fdc->parameters[5] != SECTOR_CODE) {
        finish(fdc, ST0_ABNORMAL, ST1_NO_DATA, 0);
        return false;
    }
    return true;
}

static void do_read(Fdc *fdc)
{
    if (take_address(fdc)) {
        start_data(fdc, ACTION_READ);
    }
}

/* Sectors in order from the index hole on, whatever their numbers. */
static void do_read_track(Fdc *fdc)
{
    if (take_address(fdc)) {
        fdc->sector = 1;
        fdc->multi_track = false;
        start_data(fdc, ACTION_READ);
    }
}

/* All sectors here have ordinary data marks: no deleted ones are found. */
static void do_read_deleted(Fdc *fdc)
{
    if (take_address(fdc)) {
        finish(fdc, ST0_ABNORMAL, ST1_NO_DATA, 0x40);
    }
}

static void do_write(Fdc *fdc)
{
    if (!take_address(fdc)) {
        return;
    }
    if (fdc->drive[fdc->unit].readonly) {
        finish(fdc, ST0_ABNORMAL, ST1_PROTECTED, 0);
        return;
    }
    start_data(fdc, ACTION_WRITE);
}

static void do_scan(Fdc *fdc)
{
    if (take_address(fdc)) {
        unsigned kind = fdc->parameters[0] & 0x1f;
        start_data(fdc, kind == 0x11   ? ACTION_SCAN_EQUAL
                        : kind == 0x19 ? ACTION_SCAN_LOW
                                       : ACTION_SCAN_HIGH);
    }
}

/* Reads without moving data: up to the last sector, or with "EC" as many as the length says. */
static void do_verify(Fdc *fdc)
{
    if (!take_address(fdc)) {
        return;
    }
    bool counted = fdc->parameters[1] & 0x80;
    unsigned left = counted ? fdc->parameters[8] : 0;
    for (;;) {
        if (!floppy_has_sector(&fdc->drive[fdc->unit], fdc->head, fdc->sector)) {
            finish(fdc, ST0_ABNORMAL, ST1_NO_DATA, 0);
            return;
        }
        bool more = next_sector(fdc);
        if (!more || (counted && --left == 0)) {
            finish(fdc, 0, 0, 0);
            return;
        }
    }
}

static void do_format(Fdc *fdc)
{
    bool exists = take_unit(fdc);
    Floppy *drive = exists ? &fdc->drive[fdc->unit] : NULL;
    fdc->cylinder = drive ? drive->cylinder : 0;
    fdc->sector = 1;
    fdc->last_sector = fdc->parameters[3];
    fdc->multi_track = false;
    if (!can_read(fdc, drive) || fdc->parameters[2] != SECTOR_CODE) {
        finish(fdc, ST0_ABNORMAL, ST1_NO_MARK, 0);
    } else if (drive->readonly) {
        finish(fdc, ST0_ABNORMAL, ST1_PROTECTED, 0);
    } else if (fdc->last_sector == 0) {
        finish(fdc, 0, 0, 0);
    } else {
        start_data(fdc, ACTION_FORMAT);
    }
}

static void do_read_id(Fdc *fdc)
{
    bool exists = take_unit(fdc);
    Floppy *drive = exists ? &fdc->drive[fdc->unit] : NULL;
    if (!can_read(fdc, drive) || !floppy_has_sector(drive, fdc->head, 1)) {
        fdc->cylinder = fdc->sector = 0;
        finish(fdc, ST0_ABNORMAL, ST1_NO_MARK, 0);
        return;
    }
    drive->last_id = drive->last_id % drive->layout->sectors + 1;
    fdc->cylinder = drive->cylinder;
    fdc->sector = drive->last_id;
    finish(fdc, 0, 0, 0);
}

static void end_seek(Fdc *fdc, uint8_t extra)
{
    fdc->st0 = ST0_SEEK_END | extra | fdc->head << 2 | fdc->unit;
    fdc->seek_ended = true;
    expect_command(fdc);
    set_irq(fdc, true);
}

static void do_seek(Fdc *fdc)
{
    if (take_unit(fdc)) {
        floppy_seek(&fdc->drive[fdc->unit], fdc->parameters[2]);
    }
    end_seek(fdc, 0);
}

static void do_recalibrate(Fdc *fdc)
{
    bool exists = take_unit(fdc);
    fdc->head = 0;
    if (exists) {
        floppy_seek(&fdc->drive[fdc->unit], 0);
    }
    end_seek(fdc, exists ? 0 : ST0_ABNORMAL | 0x10); /* track 0 was never seen */
}

static void do_relative_seek(Fdc *fdc)
{
    if (take_unit(fdc)) {
        Floppy *drive = &fdc->drive[fdc->unit];
        int steps = fdc->parameters[2];
        bool inwards = fdc->parameters[0] & 0x40;
        floppy_seek(drive, MAX(drive->cylinder + (inwards ? steps : -steps), 0));
    }
    end_seek(fdc, 0);
}

static void do_specify(Fdc *fdc)
{
    memcpy(fdc->specify, fdc->parameters + 1, sizeof(fdc->specify));
    expect_command(fdc);
}

static void do_configure(Fdc *fdc)
{
    memcpy(fdc->configure, fdc->parameters + 1, sizeof(fdc->configure));
    expect_command(fdc);
}

static void do_perpendicular(Fdc *fdc)
{
    uint8_t value = fdc->parameters[1];
    fdc->perpendicular = value & 0x80 ? value & 0x7f : (fdc->perpendicular & 0x3c) | (value & 3);
    expect_command(fdc);
}

static void do_nothing(Fdc *fdc)
{
    expect_command(fdc);
}

static void do_sense_drive(Fdc *fdc)
{
    bool exists = take_unit(fdc);
    const Floppy *drive = exists ? &fdc->drive[fdc->unit] : NULL;
    uint8_t st3 = ST3_TWO_SIDES | ST3_READY | fdc->head << 2 | fdc->unit |
                  (drive && drive->cylinder == 0 ? ST3_TRACK_0 : 0) |
                  (drive && drive->readonly ? ST3_PROTECTED : 0);
    give_results(fdc, &st3, 1);
}

static void do_sense_interrupt(Fdc *fdc)
{
    uint8_t results[2] = { ST0_INVALID, 0 };
    if (fdc->pending_polls) {
        unsigned unit = PENDING_AFTER_RESET - fdc->pending_polls--;
        const Floppy *drive = drive_of(fdc, unit);
        results[0] = ST0_POLLED | unit;
        results[1] = drive ? drive->cylinder : 0;
    } else if (fdc->seek_ended) {
        const Floppy *drive = drive_of(fdc, fdc->unit);
        results[0] = fdc->st0;
        results[1] = drive ? drive->cylinder : 0;
    } else {
        give_results(fdc, results, 1);
        return;
    }
    fdc->seek_ended = false;
    set_irq(fdc, false);
    give_results(fdc, results, 2);
}

static void do_dump_registers(Fdc *fdc)
{
    uint8_t results[10] = {
        fdc->drive[0].cylinder,
        fdc->drive[1].cylinder,
        0,
        0,
        fdc->specify[0],
        fdc->specify[1],
        fdc->last_sector,
        fdc->locked << 7 | fdc->perpendicular,
        fdc->configure[1],
        fdc->configure[2],
    };
    give_results(fdc, results, sizeof(results));
}

static void do_version(Fdc *fdc)
{
    give_results(fdc, (const uint8_t[]){ 0x90 }, 1);
}

static void do_part_id(Fdc *fdc)
{
    give_results(fdc, (const uint8_t[]){ 0x41 }, 1);
}

static void do_lock(Fdc *fdc)
{
    fdc->locked = fdc->parameters[0] & 0x80;
    give_results(fdc, (const uint8_t[]){ fdc->locked << 4 }, 1);
}

static void do_save(Fdc *fdc)
{
    uint8_t results[16] = { 0x20 | fdc->rate };
    results[3] = fdc->drive[0].cylinder;
    results[4] = fdc->drive[1].cylinder;
    memcpy(results + 7, fdc->specify, 2);
    results[9] = fdc->last_sector;
    results[10] = fdc->locked << 7 | fdc->perpendicular;
    memcpy(results + 11, fdc->configure + 1, 2);
    give_results(fdc, results, sizeof(results));
}

static void do_restore(Fdc *fdc)
{
    const uint8_t *p = fdc->parameters + 1;
    floppy_seek(&fdc->drive[0], p[3]);
    floppy_seek(&fdc->drive[1], p[4]);
    memcpy(fdc->specify, p + 7, 2);
    fdc->last_sector = p[9];
    fdc->locked = p[10] >> 7;
    fdc->perpendicular = p[10] & 0x7f;
    memcpy(fdc->configure + 1, p + 11, 2);
    expect_command(fdc);
}

static void do_option(Fdc *fdc)
{
    expect_command(fdc); /* longer sectors' gap: there is no gap here */
}

static void do_invalid(Fdc *fdc)
{
    log_guest_error("isa-fdc: unknown command %#x\n", fdc->parameters[0]);
    give_results(fdc, (const uint8_t[]){ ST0_INVALID }, 1);
}

/* Table 5-1. The last row takes all the rest. */
static const struct {
    uint8_t mask, value, bytes; /* bytes: with the command itself */
    void (*execute)(Fdc *fdc);
} commands[] = {
    { 0x1f, 0x02, 9, do_read_track },
    { 0xff, 0x03, 3, do_specify },
    { 0xff, 0x04, 2, do_sense_drive },
    { 0x3f, 0x05, 9, do_write },
    { 0x1f, 0x06, 9, do_read },
    { 0xff, 0x07, 2, do_recalibrate },
    { 0xff, 0x08, 1, do_sense_interrupt },
    { 0x3f, 0x09, 9, do_write },
    { 0xbf, 0x0a, 2, do_read_id },
    { 0x1f, 0x0c, 9, do_read_deleted },
    { 0xbf, 0x0d, 6, do_format },
    { 0xff, 0x0e, 1, do_dump_registers },
    { 0xff, 0x0f, 3, do_seek },
    { 0xff, 0x10, 1, do_version },
    { 0x1f, 0x11, 9, do_scan },
    { 0xff, 0x12, 2, do_perpendicular },
    { 0xff, 0x13, 4, do_configure },
    { 0x7f, 0x14, 1, do_lock },
    { 0x1f, 0x16, 9, do_verify },
    { 0xff, 0x18, 1, do_part_id },
    { 0x1f, 0x19, 9, do_scan },
    { 0x1f, 0x1d, 9, do_scan },
    { 0xff, 0x2e, 1, do_save },
    { 0xff, 0x33, 2, do_option },
    { 0xff, 0x4e, 17, do_restore },
    { 0xff, 0x8e, 6, do_nothing },
    { 0xbf, 0x8f, 3, do_relative_seek },
    { 0x00, 0x00, 1, do_invalid },
};

static void take_command_byte(Fdc *fdc, uint8_t value)
{
    fdc->parameters[fdc->parameter_count++] = value;
    unsigned row = 0;
    while ((fdc->parameters[0] & commands[row].mask) != commands[row].value) {
        row++;
    }
    if (fdc->parameter_count < commands[row].bytes) {
        return;
    }
    if (fdc->parameters[0] != 0x08) {
        fdc->pending_polls = 0; /* the poll after a reset is over with the first command */
    }
    commands[row].execute(fdc);
}

/* --- registers --- */

static void write_fifo(Fdc *fdc, uint8_t value)
{
    if (!(fdc->dor & DOR_RUN)) {
        return;
    }
    switch (fdc->phase) {
    case PHASE_COMMAND: take_command_byte(fdc, value); return;
    case PHASE_FROM_HOST:
        if (!uses_dma(fdc)) {
            set_irq(fdc, false);
            take_bytes(fdc, &value, 1);
            if (++fdc->buffer_at == fdc->unit_bytes) {
                end_sector(fdc);
            }
            return;
        }
        break;
    }
    log_guest_error("isa-fdc: byte %#x was not asked for\n", value);
}

static uint8_t read_fifo(Fdc *fdc)
{
    uint8_t value = 0;
    if (fdc->phase == PHASE_RESULT) {
        set_irq(fdc, false);
        value = fdc->results[fdc->result_at++];
        if (fdc->result_at == fdc->result_count) {
            expect_command(fdc);
        }
    } else if (fdc->phase == PHASE_TO_HOST && !uses_dma(fdc)) {
        set_irq(fdc, false);
        value = fdc->buffer[fdc->buffer_at++];
        if (fdc->buffer_at == fdc->unit_bytes) {
            end_sector(fdc);
        }
    } else {
        log_guest_error("isa-fdc: there is nothing to read\n");
    }
    return value;
}

static uint8_t read_msr(const Fdc *fdc)
{
    if (!(fdc->dor & DOR_RUN)) {
        return 0;
    }
    switch (fdc->phase) {
    case PHASE_COMMAND: return MSR_READY | (fdc->parameter_count ? MSR_BUSY : 0);
    case PHASE_RESULT: return MSR_READY | MSR_TO_HOST | MSR_BUSY;
    }
    uint8_t direction = fdc->phase == PHASE_TO_HOST ? MSR_TO_HOST : 0;
    return MSR_BUSY | (uses_dma(fdc) ? 0 : MSR_READY | MSR_NO_DMA | direction);
}

/* What RESET, from any of its sources, does (section 4). */
static void reset_controller(Fdc *fdc)
{
    if (!fdc->locked) {
        memset(fdc->configure, 0, sizeof(fdc->configure));
        fdc->configure[1] = 0x20; /* FIFO off, polling on */
    }
    fdc->perpendicular &= 0x3c;
    fdc->seek_ended = false;
    fdc->st0 = 0;
    fdc->result_count = fdc->result_at = 0;
    expect_command(fdc);
}

static void leave_reset(Fdc *fdc)
{
    fdc->pending_polls = PENDING_AFTER_RESET;
    set_irq(fdc, true);
}

static void write_dor(Fdc *fdc, uint8_t value)
{
    bool was_running = fdc->dor & DOR_RUN;
    fdc->dor = value;
    if (!(value & DOR_RUN)) {
        reset_controller(fdc);
        set_irq(fdc, false);
    } else if (!was_running) {
        leave_reset(fdc);
    } else {
        set_irq(fdc, fdc->irq_up);
    }
}

static uint8_t read_dir(const Fdc *fdc)
{
    unsigned unit = fdc->dor & DOR_SELECT;
    bool motor = fdc->dor >> (4 + unit) & 1;
    bool changed =
        unit < FDC_DRIVES && (fdc->drive[unit].changed || !floppy_has_medium(&fdc->drive[unit]));
    return motor && changed ? DIR_CHANGED : 0;
}

static uint64_t fdc_read(void *opaque, hwaddr port, unsigned size)
{
    Fdc *fdc = opaque;
    switch (port) {
    case REG_SRA: return (fdc->irq_up ? SRA_INTERRUPT : 0);
    case REG_SRB: return SRB_UNUSED | (fdc->dor & 1) << 5 | (fdc->dor >> 4 & 3);
    case REG_DOR: return fdc->dor;
    case REG_TDR: return fdc->tdr;
    case REG_MSR_DSR: return read_msr(fdc);
    case REG_FIFO: return read_fifo(fdc);
    case REG_DIR_CCR: return read_dir(fdc);
    default: return 0xff;
    }
}

static void fdc_write(void *opaque, hwaddr port, uint64_t value, unsigned size)
{
    Fdc *fdc = opaque;
    switch (port) {
    case REG_DOR: write_dor(fdc, value); return;
    case REG_TDR: fdc->tdr = value & 3; return;
    case REG_MSR_DSR:
        fdc->dsr = value & ~DSR_RESET;
        fdc->rate = value & DSR_RATE;
        if ((value & DSR_RESET) && (fdc->dor & DOR_RUN)) {
            reset_controller(fdc);
            leave_reset(fdc);
        }
        return;
    case REG_FIFO: write_fifo(fdc, value); return;
    case REG_DIR_CCR: fdc->rate = value & DSR_RATE; return;
    default: log_guest_error("isa-fdc: write of read-only register %u\n", (unsigned)port);
    }
}

static uint64_t high_read(void *opaque, hwaddr port, unsigned size)
{
    return fdc_read(opaque, REG_DIR_CCR, size);
}

static void high_write(void *opaque, hwaddr port, uint64_t value, unsigned size)
{
    fdc_write(opaque, REG_DIR_CCR, value, size);
}

static const MemoryOps low_ops = {
    .read = fdc_read, .write = fdc_write, .max_access = 4, .impl_min = 1, .impl_max = 1
};
static const MemoryOps high_ops = {
    .read = high_read, .write = high_write, .max_access = 4, .impl_min = 1, .impl_max = 1
};

uint8_t fdc_cmos_type(Device *dev, unsigned unit)
{
    enum { CMOS_1440K = 4 };
    const Fdc *fdc = container_of(dev, Fdc, isa.device);
    if (unit < FDC_DRIVES && fdc->drive[unit].layout) {
        return fdc->drive[unit].layout->cmos_type;
    }
    return unit == 0 ? CMOS_1440K : 0; /* an empty first drive is there nevertheless */
}

static bool fdc_setup(IsaDevice *isa, GError **errp)
{
    Fdc *fdc = container_of(isa, Fdc, isa);
    fdc->drive[1].fd = -1;
    if (!floppy_open(&fdc->drive[0], errp)) {
        return false;
    }
    if (!floppy_open(&fdc->drive[1], errp)) {
        floppy_close(&fdc->drive[0]);
        return false;
    }
    memory_region_init_io(&fdc->low_ports, &isa->device.object, &low_ops, fdc, "fdc", REG_NONE);
    memory_region_init_io(&fdc->high_port, &isa->device.object, &high_ops, fdc, "fdc-dir", 1);
    isa_add_ports(isa, &fdc->low_ports, fdc->iobase);
    isa_add_ports(isa, &fdc->high_port, fdc->iobase + REG_DIR_CCR);
    fdc->irq = isa_irq(isa, fdc->irq_line);
    isa_dma_set_handler(isa, DMA_CHANNEL, dma_transfer, fdc);
    return true;
}

static void fdc_cleanup(IsaDevice *isa)
{
    Fdc *fdc = container_of(isa, Fdc, isa);
    isa_dma_set_handler(isa, DMA_CHANNEL, NULL, NULL);
    floppy_close(&fdc->drive[0]);
    floppy_close(&fdc->drive[1]);
}

static void fdc_reset(Device *dev)
{
    Fdc *fdc = container_of(dev, Fdc, isa.device);
    fdc->locked = false;
    fdc->perpendicular = 0;
    reset_controller(fdc);
    fdc->dor = DOR_RUN | DOR_DMA;
    fdc->tdr = 0;
    fdc->dsr = fdc->rate = 2;
    memset(fdc->specify, 0, sizeof(fdc->specify));
    memset(fdc->parameters, 0, sizeof(fdc->parameters));
    memset(fdc->results, 0, sizeof(fdc->results));
    memset(fdc->buffer, 0, sizeof(fdc->buffer));
    fdc->action = ACTION_READ;
    fdc->unit = fdc->cylinder = fdc->head = fdc->sector = fdc->last_sector = 0;
    fdc->multi_track = fdc->scan_equal = false;
    fdc->buffer_at = 0;
    fdc->unit_bytes = FLOPPY_SECTOR_BYTES;
    fdc->pending_polls = 0;
    for (unsigned i = 0; i < FDC_DRIVES; i++) {
        fdc->drive[i].cylinder = fdc->drive[i].last_id = 0;
        fdc->drive[i].changed = true;
    }
    set_irq(fdc, false);
}

static bool fdc_post_load(void *opaque, uint32_t version, GError **errp)
{
    Fdc *fdc = opaque;
    bool data = fdc->phase == PHASE_TO_HOST || fdc->phase == PHASE_FROM_HOST;
    bool legal = fdc->phase < PHASES && fdc->action < ACTIONS && fdc->head <= 1 && fdc->unit <= 3 &&
                 fdc->parameter_count < PARAMETERS && fdc->result_count <= RESULTS &&
                 fdc->result_at <= fdc->result_count &&
                 (fdc->phase != PHASE_RESULT || fdc->result_at < fdc->result_count) &&
                 fdc->pending_polls <= PENDING_AFTER_RESET &&
                 (fdc->unit_bytes == FLOPPY_SECTOR_BYTES || fdc->unit_bytes == 4) &&
                 fdc->buffer_at <= fdc->unit_bytes;
    if (data) { /* the disk must be there and have the sector */
        legal = legal && fdc->unit < FDC_DRIVES && fdc->buffer_at < fdc->unit_bytes &&
                floppy_has_sector(&fdc->drive[fdc->unit], fdc->head,
                                  fdc->action == ACTION_FORMAT ? 1 : fdc->sector) &&
                !(fdc->drive[fdc->unit].readonly &&
                  (fdc->action == ACTION_WRITE || fdc->action == ACTION_FORMAT));
    }
    if (!legal) {
        error_set(errp, "isa-fdc: the saved state cannot be");
        return false;
    }
    set_irq(fdc, fdc->irq_up);
    return true;
}

static const Property fdc_properties[] = {
    PROPERTY_U32("iobase", Fdc, iobase, 0x3f0, .min = 0, .max = 0xfff8, .help = "first port"),
    PROPERTY_U32("irq", Fdc, irq_line, IRQ_LINE, .min = 0, .max = 15, .help = "interrupt line"),
    PROPERTY_STRING("file0", Fdc, drive[0].file, NULL, .help = "raw image in the first drive"),
    PROPERTY_STRING("file1", Fdc, drive[1].file, NULL, .help = "raw image in the second drive"),
    PROPERTY_BOOL("readonly0", Fdc, drive[0].readonly, false, .help = "it is write-protected"),
    PROPERTY_BOOL("readonly1", Fdc, drive[1].readonly, false, .help = "it is write-protected"),
    {},
};

static const VmState fdc_vmstate = {
    .version = 1,
    .post_load = fdc_post_load,
    .fields =
        (const VmField[]){
            VM_STRUCT_ARRAY(Fdc, drive, floppy_vmstate, Floppy),
            VM_U8(Fdc, dor),
            VM_U8(Fdc, tdr),
            VM_U8(Fdc, dsr),
            VM_U8(Fdc, rate),
            VM_U8_ARRAY(Fdc, specify),
            VM_U8_ARRAY(Fdc, configure),
            VM_U8(Fdc, perpendicular),
            VM_U8(Fdc, phase),
            VM_U8(Fdc, action),
            VM_BOOL(Fdc, irq_up),
            VM_BOOL(Fdc, locked),
            VM_U8_ARRAY(Fdc, parameters),
            VM_U8(Fdc, parameter_count),
            VM_U8_ARRAY(Fdc, results),
            VM_U8(Fdc, result_count),
            VM_U8(Fdc, result_at),
            VM_U8(Fdc, pending_polls),
            VM_BOOL(Fdc, seek_ended),
            VM_U8(Fdc, st0),
            VM_U8(Fdc, unit),
            VM_U8(Fdc, cylinder),
            VM_U8(Fdc, head),
            VM_U8(Fdc, sector),
            VM_U8(Fdc, last_sector),
            VM_BOOL(Fdc, multi_track),
            VM_BOOL(Fdc, scan_equal),
            VM_BUFFER(Fdc, buffer),
            VM_U32(Fdc, buffer_at),
            VM_U32(Fdc, unit_bytes),
            {},
        },
};

const IsaDeviceClass fdc_class = {
    .device = { .object = { .name = "isa-fdc",
                            .parent = &isa_device_class.device.object,
                            .instance_size = sizeof(Fdc),
                            .properties = fdc_properties },
                .summary = "Floppy disk controller with two drives",
                .category = DEVICE_CATEGORY_STORAGE,
                .user_creatable = true,
                .reset = fdc_reset,
                .vmstate = &fdc_vmstate },
    .setup = fdc_setup,
    .cleanup = fdc_cleanup,
};
CLASS_REGISTER(fdc_class);
