/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command packets and their answers on ATA.  Spec: ATA8-ACS, 7.23; ATA/ATAPI-6, 9.8. */
#include <errno.h>
#include <string.h>

#include "hw/ide/ata_internal.h"

enum { REASON_COMMAND = 0x01, REASON_TO_HOST = 0x02 };
enum { FEATURE_DMA = 0x01, MAX_LIMIT = 0xfffe };

/* The command ends; the count register says that there is status to read. */
static void end(AtaDrive *drive)
{
    drive->reg.count[0] = REASON_COMMAND | REASON_TO_HOST;
    drive->left = drive->chunk = 0;
    ata_finish(drive, true);
}

static void check_condition(AtaDrive *drive)
{
    drive->reg.count[0] = REASON_COMMAND | REASON_TO_HOST;
    drive->left = drive->chunk = 0;
    ata_abort(drive, drive->cd.sense.key << 4 | ATA_ERROR_ABRT);
}

static void fail(AtaDrive *drive, Sense sense)
{
    cd_drive_fail(&drive->cd, sense);
    check_condition(drive);
}

void atapi_packet(AtaDrive *drive)
{
    const AtaRegisters *reg = &drive->reg;
    uint16_t limit = reg->high[0] << 8 | reg->mid[0];

    drive->dma = reg->features[0] & FEATURE_DMA;
    /* a SATA port takes pieces of any size, and is not to be kept busy with tiny ones */
    drive->byte_limit = limit == 0 || limit > MAX_LIMIT || drive->queued ? MAX_LIMIT : limit;
    drive->reg.count[0] = REASON_COMMAND;
    ata_want(drive, ATA_TASK_PACKET, ATA_PACKET_BYTES, false);
}

static uint32_t unit_bytes(const AtaDrive *drive)
{
    return drive->frames ? CD_FRAME_BYTES : CD_BLOCK_BYTES;
}

/* As much of the answer as the guest takes at once: an even number, unless it is the rest. */
static void offer_piece(AtaDrive *drive)
{
    uint32_t left = drive->data_bytes - drive->data_end;
    uint32_t limit = drive->byte_limit;
    uint32_t bytes = left <= limit ? left : limit & 1 && limit > 1 ? limit - 1 : limit;

    drive->data_at = drive->data_end;
    drive->data_end += bytes;
    drive->reg.mid[0] = bytes;
    drive->reg.high[0] = bytes >> 8;
    drive->reg.count[0] = REASON_TO_HOST;
    drive->phase = ATA_PHASE_IN;
    drive->status = ATA_STATUS_DRDY | ATA_STATUS_DSC | ATA_STATUS_DRQ;
    drive->ops->data_ready(drive->port, drive, true);
}

static void read_chunk(AtaDrive *drive)
{
    drive->chunk = MIN(drive->left, ATA_BUFFER_BYTES / unit_bytes(drive));
    ata_submit(drive, BLOCK_IO_READ, drive->lba * CD_BLOCK_BYTES,
               (uint64_t)drive->chunk * CD_BLOCK_BYTES);
}

void atapi_read_again(AtaDrive *drive)
{
    read_chunk(drive);
}

static void answer_with(AtaDrive *drive, AtaTask task)
{
    drive->task = task;
    drive->data_at = drive->data_end = 0;
    if (drive->dma) {
        drive->phase = ATA_PHASE_DMA;
        drive->status = ATA_STATUS_DRDY | ATA_STATUS_DRQ;
        drive->reg.count[0] = REASON_TO_HOST;
        drive->ops->dma_ready(drive->port, drive);
    } else if (task == ATA_TASK_PACKET_DATA) {
        offer_piece(drive);
    } else {
        read_chunk(drive);
    }
}

void atapi_received(AtaDrive *drive)
{
    uint8_t command[CD_COMMAND_BYTES] = { 0 };
    CdReply reply;

    memcpy(command, drive->buffer, ATA_PACKET_BYTES);
    switch (cd_drive_command(&drive->cd, command, drive->buffer, &reply)) {
    case CD_GOOD: end(drive); break;
    case CD_DATA:
        drive->data_bytes = reply.bytes;
        answer_with(drive, ATA_TASK_PACKET_DATA);
        break;
    case CD_READ:
        drive->lba = reply.lba;
        drive->left = reply.blocks;
        drive->frames = reply.frames;
        drive->data_bytes = 0;
        answer_with(drive, ATA_TASK_PACKET_READ);
        break;
    case CD_FAILED: check_condition(drive); break;
    }
}

/* From the last block on, since frames are longer. */
static void make_frames(AtaDrive *drive)
{
    uint8_t block[CD_BLOCK_BYTES];

    for (uint32_t i = drive->chunk; i-- > 0;) {
        memcpy(block, drive->buffer + i * CD_BLOCK_BYTES, CD_BLOCK_BYTES);
        cd_drive_frame(drive->buffer + i * CD_FRAME_BYTES, drive->lba + i, block);
    }
}

/* The data that are ready go by DMA; then the next. */
static void send(AtaDrive *drive)
{
    if (!drive->ops->dma(drive->port, drive, drive->buffer, drive->data_bytes, true)) {
        fail(drive, SENSE(SENSE_ABORTED_COMMAND, 0x00, 0x00));
        return;
    }
    drive->lba += drive->chunk;
    drive->left -= drive->chunk;
    drive->chunk = 0;
    if (drive->task == ATA_TASK_PACKET_READ && drive->left) {
        read_chunk(drive);
    } else {
        end(drive);
    }
}

void atapi_dma_start(AtaDrive *drive)
{
    if (drive->task == ATA_TASK_PACKET_READ) {
        read_chunk(drive);
    } else {
        drive->left = drive->chunk = 0;
        send(drive);
    }
}

void atapi_read_done(AtaDrive *drive, int result)
{
    if (result < 0) {
        fail(drive, result == -ENOMEDIUM ? SENSE_NO_MEDIUM : SENSE_READ_ERROR);
        return;
    }
    if (drive->frames) {
        make_frames(drive);
    }
    drive->data_bytes = drive->chunk * unit_bytes(drive);
    drive->data_at = drive->data_end = 0;
    if (drive->dma) {
        send(drive);
    } else {
        offer_piece(drive);
    }
}

void atapi_data_done(AtaDrive *drive)
{
    if (drive->data_end < drive->data_bytes) {
        offer_piece(drive);
        return;
    }
    if (drive->task == ATA_TASK_PACKET_READ) {
        drive->lba += drive->chunk;
        drive->left -= drive->chunk;
        drive->chunk = 0;
        if (drive->left) {
            read_chunk(drive);
            return;
        }
    }
    end(drive);
}
