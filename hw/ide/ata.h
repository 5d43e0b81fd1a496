/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ATA disk or ATAPI drive: registers, commands, data phases. What it hangs on, a parallel cable
 * or a SATA port, is behind AtaPortOps. One command at a time, and one request to the medium.
 * Spec: ATA8-ACS; ATA/ATAPI-6 for addresses by cylinder, head, sector.
 */
#pragma once

#include "block/backend.h"
#include "hw/scsi/cd_drive.h"
#include "migration/vmstate.h"

enum {
    ATA_SECTOR_BYTES = 512,
    ATA_BUFFER_BYTES = 128 * 1024,
    ATA_PACKET_BYTES = 12,
    ATA_MAX_MULTIPLE = 16,
    ATA_DSM_BLOCKS = 8, /* 512-byte blocks of ranges in one command */
};
enum {
    ATA_STATUS_ERR = 0x01,
    ATA_STATUS_DRQ = 0x08,
    ATA_STATUS_DSC = 0x10,
    ATA_STATUS_DF = 0x20,
    ATA_STATUS_DRDY = 0x40,
    ATA_STATUS_BSY = 0x80,
};
enum { ATA_ERROR_ABRT = 0x04, ATA_ERROR_IDNF = 0x10, ATA_ERROR_UNC = 0x40 };
enum { ATA_DEVICE_UNIT = 0x10, ATA_DEVICE_LBA = 0x40 };
enum { ATA_CONTROL_NIEN = 0x02, ATA_CONTROL_SRST = 0x04, ATA_CONTROL_HOB = 0x80 };

typedef struct AtaDrive AtaDrive;

/* What the drive asks of its host adaptor. @port is the adaptor's. */
typedef struct {
    /* a block of data lies in the buffer, or is wanted there: data_at to data_end */
    void (*data_ready)(void *port, AtaDrive *drive, bool interrupt);
    /* the command moves data by DMA: ata_dma_start() when the host is ready */
    void (*dma_ready)(void *port, AtaDrive *drive);
    /* move the next bytes of guest memory; false: there are no more */
    bool (*dma)(void *port, AtaDrive *drive, void *buffer, uint32_t bytes, bool to_guest);
    void (*done)(void *port, AtaDrive *drive, bool interrupt);
    /* it has reset itself: its signature is in the registers */
    void (*reset_done)(void *port, AtaDrive *drive);
} AtaPortOps;

typedef enum {
    ATA_PHASE_IDLE,
    ATA_PHASE_IN,     /* the host reads the buffer */
    ATA_PHASE_OUT,    /* the host fills it */
    ATA_PHASE_DMA,    /* waits for the host's DMA */
    ATA_PHASE_MEDIUM, /* waits for the medium */
    ATA_PHASES
} AtaPhase;

/* What the data are for. */
typedef enum {
    ATA_TASK_NONE,
    ATA_TASK_READ,
    ATA_TASK_WRITE,
    ATA_TASK_VERIFY,
    ATA_TASK_FLUSH,
    ATA_TASK_BUFFER, /* what lies in the buffer, and no more */
    ATA_TASK_TRIM,
    ATA_TASK_PACKET,      /* the command packet comes */
    ATA_TASK_PACKET_DATA, /* its answer, in the buffer */
    ATA_TASK_PACKET_READ, /* blocks of the medium */
    ATA_TASKS
} AtaTask;

/* Properties of a disk as the guest sees it. */
typedef struct {
    char *serial, *model, *version;
    uint64_t wwn;
    uint32_t logical_bytes, physical_bytes; /* logical: always 512 */
    uint32_t discard_bytes;                 /* 0: no TRIM */
    uint32_t rotation_rate;                 /* 1: no rotation; 0: not told */
    uint32_t cylinders, heads, sectors;     /* 0: computed */
    bool write_cache;
} AtaIdentity;

/* Two of each: what was written last, and before (48-bit commands use both). */
typedef struct {
    uint8_t features[2], count[2], low[2], mid[2], high[2];
} AtaRegisters;

/* Guarded by the machine lock. */
struct AtaDrive {
    /* wiring */
    const AtaPortOps *ops;
    void *port;
    unsigned unit; /* 0, 1 on a parallel cable */
    bool packet;   /* ATAPI */
    bool queued;   /* the adaptor can keep several commands (NCQ); a SATA port */
    BlockBackend *backend;
    AtaIdentity id;
    uint8_t *buffer; /* ATA_BUFFER_BYTES */
    BlockIo io;
    bool in_flight, lost; /* lost: it was reset meanwhile */
    bool loading;         /* a saved state */
    CdDrive cd;
    /* guest state */
    AtaRegisters reg;
    uint8_t status, error, device, command;
    uint8_t phase, task; /* AtaPhase, AtaTask */
    bool dma, force, frames;
    uint64_t lba;
    uint32_t left, chunk;                   /* sectors (blocks of CDs): to do, in the buffer */
    uint32_t data_at, data_end, data_bytes; /* data_bytes: all of a packet's answer */
    uint32_t saved_bytes;                   /* of the buffer, in a saved state */
    uint32_t trim_at;
    uint16_t byte_limit;
    uint8_t multiple, heads, sectors; /* as the guest set them */
    uint8_t transfer_mode;            /* as SET FEATURES takes it */
    bool write_cache, read_ahead, smart, standby, resetting;
    uint8_t queue_error[16]; /* NCQ: the first bytes of log 10h */
};

extern const VmState ata_drive_vmstate;

/** ata_init - the buffer; ata_cleanup: the reverse. Identity and backend are the owner's */
void ata_init(AtaDrive *drive);
void ata_cleanup(AtaDrive *drive);
/** ata_power_on - first values of everything */
void ata_power_on(AtaDrive *drive);
/** ata_reset - SRST, COMRESET, DEVICE RESET: busy while a request is under way, then reset_done()
 */
void ata_reset(AtaDrive *drive, bool hard);
/** ata_command - begin @command with what the registers say */
void ata_command(AtaDrive *drive, uint8_t command);
static inline bool ata_is_busy(const AtaDrive *drive)
{
    return drive->status & ATA_STATUS_BSY;
}
/** ata_dma_start - the host is ready to move data */
void ata_dma_start(AtaDrive *drive);
/** ata_data_done - the host has read, or filled, the block of data */
void ata_data_done(AtaDrive *drive);
/** ata_can_trim - DATA SET MANAGEMENT works */
bool ata_can_trim(const AtaDrive *drive);
/** ata_sectors - of the medium */
uint64_t ata_sectors(const AtaDrive *drive);
/** ata_put_signature - into the registers, as after a reset */
void ata_put_signature(AtaDrive *drive);
