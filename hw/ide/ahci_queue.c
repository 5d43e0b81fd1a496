/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queued commands (NCQ): several requests of a port at a time, each with a buffer of its own.
 * Spec: ATA8-ACS, 7.36 and 7.72; AHCI 1.3.1, 5.3.14. */
#include <errno.h>
#include <string.h>

#include "hw/ide/ahci_internal.h"
#include "util/log.h"

enum { READ_QUEUED = 0x60, WRITE_QUEUED = 0x61, FORCE = 0x80 };
enum { IS_SDBS = 1 << 3, IS_TFES = 1 << 30 };
enum { FRAME_SET_BITS = 0xa1, FRAME_INTERRUPT = 0x40, FRAME_BYTES = 8, RECEIVE_SET_BITS = 0x58 };
enum { STATUS_IN_FRAME = 0x77, READY = ATA_STATUS_DRDY | ATA_STATUS_DSC };

static AtaDrive *drive_of(const AhciPort *port)
{
    return port->bus.drives[0];
}

static void release(AhciQueued *q)
{
    AhciPort *port = q->port;

    if (port->queued[q->tag] == q) {
        port->queued[q->tag] = NULL;
    }
    g_free(q->buffer);
    g_free(q);
}

/* SATA 3.0, 10.5.7: which commands ended, and how. */
static void tell(AhciPort *port, uint32_t ended)
{
    const AtaDrive *drive = drive_of(port);
    uint8_t frame[FRAME_BYTES] = { FRAME_SET_BITS, FRAME_INTERRUPT, drive->status & STATUS_IN_FRAME,
                                   drive->error };

    for (unsigned i = 0; i < 4; i++) {
        frame[4 + i] = ended >> 8 * i;
    }
    port->sact &= ~ended;
    ahci_port_receive(port, RECEIVE_SET_BITS, frame, FRAME_BYTES);
    ahci_port_interrupt(port, drive->status & ATA_STATUS_ERR ? IS_SDBS | IS_TFES : IS_SDBS);
}

/* Log 10h says which command it was. The queue stands still until the guest has looked. */
static void fail(AhciPort *port, unsigned tag, uint64_t lba, uint8_t error)
{
    AtaDrive *drive = drive_of(port);
    uint8_t *log = drive->queue_error;

    drive->status = READY | ATA_STATUS_ERR;
    drive->error = error;
    memset(log, 0, sizeof(drive->queue_error));
    log[0] = tag;
    log[2] = drive->status;
    log[3] = error;
    log[4] = lba;
    log[5] = lba >> 8;
    log[6] = lba >> 16;
    log[7] = ATA_DEVICE_LBA;
    log[8] = lba >> 24;
    log[9] = lba >> 32;
    log[10] = lba >> 40;
    port->halted = true;
    tell(port, 0);
}

static void queued_done(BlockIo *io, int result);

/* False: the command failed, and is gone. */
static bool next_chunk(AhciQueued *q)
{
    AhciPort *port = q->port;

    q->chunk = MIN(q->left, ATA_BUFFER_BYTES / ATA_SECTOR_BYTES);
    uint32_t bytes = q->chunk * ATA_SECTOR_BYTES;
    if (q->write && !ahci_list_move(port, &q->list, q->buffer, bytes, false)) {
        uint8_t tag = q->tag;
        uint64_t lba = q->lba;
        release(q);
        fail(port, tag, lba, ATA_ERROR_ABRT);
        return false;
    }
    q->io = (BlockIo){ .kind = q->write ? BLOCK_IO_WRITE : BLOCK_IO_READ,
                       .offset = q->lba * ATA_SECTOR_BYTES,
                       .bytes = bytes,
                       .flags = q->write && (q->force || !drive_of(port)->write_cache)
                                    ? BLOCK_REQUEST_FORCE_UNIT_ACCESS
                                    : 0,
                       .done = queued_done };
    iov_init(&q->io.iov);
    iov_add(&q->io.iov, q->buffer, bytes);
    port->in_flight++;
    block_backend_submit(drive_of(port)->backend, &q->io);
    return true;
}

static void forgotten(AhciQueued *q)
{
    AhciPort *port = q->port;
    AtaDrive *drive = drive_of(port);

    g_free(q->buffer);
    g_free(q);
    if (!port->in_flight && port->reset_waits) {
        port->reset_waits = false;
        if (drive) {
            ata_reset(drive, true);
        }
    }
}

static void queued_done(BlockIo *io, int result)
{
    AhciQueued *q = container_of(io, AhciQueued, io);
    AhciPort *port = q->port;
    uint32_t bytes = q->chunk * ATA_SECTOR_BYTES;

    iov_cleanup(&io->iov);
    port->in_flight--;
    if (q->session != port->session) {
        forgotten(q);
        return;
    }
    bool moved =
        result == 0 && (q->write || ahci_list_move(port, &q->list, q->buffer, bytes, true));
    uint8_t tag = q->tag;
    if (!moved) {
        uint64_t lba = q->lba;
        bool unreadable = result < 0 && !q->write;
        release(q);
        fail(port, tag, lba, unreadable ? ATA_ERROR_UNC : ATA_ERROR_ABRT);
        return;
    }
    q->lba += q->chunk;
    q->left -= q->chunk;
    if (q->left) {
        next_chunk(q);
        return;
    }
    release(q);
    tell(port, 1u << tag);
}

void ahci_queue_start(AhciPort *port, unsigned slot, const uint8_t *fis, const AhciList *list)
{
    enum { RECEIVE_REGISTERS = 0x40, FRAME_REGISTERS = 0x34, REGISTERS_BYTES = 20 };
    AtaDrive *drive = drive_of(port);
    uint32_t sectors = fis[11] << 8 | fis[3];
    uint64_t lba = fis[4] | fis[5] << 8 | fis[6] << 16 | (uint64_t)fis[8] << 24 |
                   (uint64_t)fis[9] << 32 | (uint64_t)fis[10] << 40;
    uint8_t frame[REGISTERS_BYTES] = { FRAME_REGISTERS };
    bool write = fis[2] == WRITE_QUEUED;

    sectors = sectors ? sectors : 65536;
    port->ci &= ~(1u << slot);
    ahci_port_registers(drive, frame);
    ahci_port_receive(port, RECEIVE_REGISTERS, frame, REGISTERS_BYTES); /* accepted */
    uint64_t end = ata_sectors(drive);
    if (fis[12] >> 3 != slot || port->queued[slot] || lba >= end || sectors > end - lba ||
        (write && !drive->backend->writable)) {
        log_guest_error("ahci: queued command %#x refused\n", fis[2]);
        fail(port, slot, lba, lba >= end ? ATA_ERROR_IDNF : ATA_ERROR_ABRT);
        return;
    }
    AhciQueued *q = g_new0(AhciQueued, 1);
    q->port = port;
    q->session = port->session;
    q->tag = slot;
    q->write = write;
    q->force = fis[7] & FORCE;
    q->lba = lba;
    q->left = sectors;
    q->list = *list;
    q->buffer =
        g_malloc((gsize)MIN(sectors, ATA_BUFFER_BYTES / ATA_SECTOR_BYTES) * ATA_SECTOR_BYTES);
    port->queued[slot] = q;
    next_chunk(q);
}

void ahci_queue_forget(AhciPort *port)
{
    port->session++;
    memset(port->queued, 0, sizeof(port->queued));
}
