/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A SATA port: command lists, frames from and to the drive.  Spec: AHCI 1.3.1, 3.3, 4.2, 5. */
#include <string.h>

#include "hw/ide/ahci_internal.h"
#include "hw/ide/ata_internal.h"
#include "util/error.h"
#include "util/log.h"

enum { IS_DHRS = 1 << 0, IS_PSS = 1 << 1, IS_PCS = 1 << 6, IS_PRCS = 1 << 22 };
enum { IS_HBFS = 1 << 29, IS_TFES = 1 << 30, IS_IFS = 1 << 27, IS_WRITABLE = 0x7dc0007f };
enum {
    CMD_ST = 1 << 0,
    CMD_SUD = 1 << 1,
    CMD_POD = 1 << 2,
    CMD_CLO = 1 << 3,
    CMD_FRE = 1 << 4,
    CMD_CCS_SHIFT = 8,
    CMD_FR = 1 << 14,
    CMD_CR = 1 << 15,
    CMD_ATAPI = 1 << 24,
    CMD_LED = 1 << 25,
};
enum { SCTL_DET = 0xf, DET_RESET = 1, DET_OFFLINE = 4, SSTS_UP = 0x123 };
enum { SERR_CHANGED = 1 << 26, NO_DRIVE_TFD = 0x7f };
enum { HEADER_BYTES = 32, FIS_BYTES = 64, PACKET_AT = 0x40, LIST_AT = 0x80 };
enum { HEADER_LENGTH = 0x1f, MIN_FIS_DWORDS = 5 };
enum { FRAME_TO_DEVICE = 0x27, FRAME_TO_HOST = 0x34, FRAME_PIO_SETUP = 0x5f, FRAME_BYTES = 20 };
enum { FRAME_COMMAND = 0x80, FRAME_INTERRUPT = 0x40, FRAME_TO_HOST_DATA = 0x20 };
enum { RECEIVE_PIO_SETUP = 0x20, RECEIVE_REGISTERS = 0x40 };
#define NO_SIGNATURE 0xffffffffu

static AtaDrive *drive_of(const AhciPort *port)
{
    return port->bus.drives[0];
}

/* From the drive */

void ahci_port_interrupt(AhciPort *port, uint32_t bits)
{
    port->is |= bits;
    ahci_update_irq(port->ahci, true);
}

void ahci_port_receive(AhciPort *port, unsigned offset, const uint8_t *frame, unsigned bytes)
{
    if (port->cmd & CMD_FRE) {
        ahci_write(port, port->received + offset, frame, bytes);
    }
}

void ahci_port_registers(const AtaDrive *drive, uint8_t *frame)
{
    const AtaRegisters *reg = &drive->reg;

    frame[2] = drive->status;
    frame[3] = drive->error;
    frame[4] = reg->low[0];
    frame[5] = reg->mid[0];
    frame[6] = reg->high[0];
    frame[7] = drive->device;
    frame[8] = reg->low[1];
    frame[9] = reg->mid[1];
    frame[10] = reg->high[1];
    frame[12] = reg->count[0];
    frame[13] = reg->count[1];
}

static void send_registers(AhciPort *port, bool interrupt)
{
    const AtaDrive *drive = drive_of(port);
    uint8_t frame[FRAME_BYTES] = { FRAME_TO_HOST, interrupt ? FRAME_INTERRUPT : 0 };

    ahci_port_registers(drive, frame);
    ahci_port_receive(port, RECEIVE_REGISTERS, frame, FRAME_BYTES);
    uint32_t error = drive->status & ATA_STATUS_ERR ? IS_TFES : 0;
    if (interrupt) {
        ahci_port_interrupt(port, IS_DHRS | error);
    }
}

static void send_pio_setup(AhciPort *port, bool interrupt)
{
    const AtaDrive *drive = drive_of(port);
    bool in = drive->phase == ATA_PHASE_IN;
    uint32_t bytes = drive->data_end - drive->data_at;
    uint8_t frame[FRAME_BYTES] = { FRAME_PIO_SETUP, (interrupt ? FRAME_INTERRUPT : 0) |
                                                        (in ? FRAME_TO_HOST_DATA : 0) };

    ahci_port_registers(drive, frame);
    frame[15] = ATA_STATUS_DRDY | ATA_STATUS_DSC;
    frame[16] = bytes;
    frame[17] = bytes >> 8;
    ahci_port_receive(port, RECEIVE_PIO_SETUP, frame, FRAME_BYTES);
    if (interrupt) {
        ahci_port_interrupt(port, IS_PSS);
    }
}

/* The packet stands in the command table, not in the list of memory. */
static bool move_block(AhciPort *port)
{
    AtaDrive *drive = drive_of(port);
    uint8_t *at = drive->buffer + drive->data_at;
    uint32_t bytes = drive->data_end - drive->data_at;

    drive->data_at = drive->data_end;
    if (drive->task == ATA_TASK_PACKET) {
        return ahci_read(port, port->walk.table - LIST_AT + PACKET_AT, at, bytes);
    }
    return ahci_list_move(port, &port->walk, at, bytes, drive->phase == ATA_PHASE_IN);
}

/* The next block may be ready before this returns; it waits its turn. */
static void data_ready(void *opaque, AtaDrive *drive, bool interrupt)
{
    AhciPort *port = opaque;

    port->data_waits = true;
    if (port->moving) {
        return;
    }
    port->moving = true;
    while (port->data_waits) {
        port->data_waits = false;
        send_pio_setup(port, interrupt);
        if (port->busy && move_block(port)) {
            ata_data_done(drive);
        } else {
            ata_abort(drive, ATA_ERROR_ABRT);
        }
    }
    port->moving = false;
}

static void dma_ready(void *opaque, AtaDrive *drive)
{
    ata_dma_start(drive);
}

static bool dma(void *opaque, AtaDrive *drive, void *buffer, uint32_t bytes, bool to_guest)
{
    AhciPort *port = opaque;

    return port->busy && ahci_list_move(port, &port->walk, buffer, bytes, to_guest);
}

static void done(void *opaque, AtaDrive *drive, bool interrupt)
{
    AhciPort *port = opaque;
    uint32_t moved = GUINT32_TO_LE(port->walk.moved);
    bool failed = drive->status & ATA_STATUS_ERR;

    if (!port->busy) { /* the guest stopped the port meanwhile */
        return;
    }
    port->busy = false;
    ahci_write(port, port->list + (uint64_t)port->slot * HEADER_BYTES + 4, &moved, sizeof(moved));
    if (failed) {
        port->halted = true;
    } else {
        port->ci &= ~(1u << port->slot);
    }
    if (interrupt) {
        send_registers(port, true);
    }
    ahci_port_start(port);
}

static void reset_done(void *opaque, AtaDrive *drive)
{
    AhciPort *port = opaque;
    const AtaRegisters *reg = &drive->reg;

    bool by_command = port->busy; /* DEVICE RESET */

    port->ci &= by_command ? ~(1u << port->slot) : UINT32_MAX;
    port->busy = false;
    port->sig = (uint32_t)reg->high[0] << 24 | reg->mid[0] << 16 | reg->low[0] << 8 | reg->count[0];
    send_registers(port, by_command);
    ahci_port_start(port);
}

static const AtaPortOps port_ops = {
    .data_ready = data_ready,
    .dma_ready = dma_ready,
    .dma = dma,
    .done = done,
    .reset_done = reset_done,
};

/* To the drive */

static void fatal(AhciPort *port, uint32_t bits)
{
    log_guest_error("ahci: port %u: a command that is none\n", port->number);
    port->halted = true;
    ahci_port_interrupt(port, bits);
}

static void control(AhciPort *port, const uint8_t *fis)
{
    AtaDrive *drive = drive_of(port);
    bool on = fis[15] & ATA_CONTROL_SRST;
    bool ends = port->soft_reset && !on;

    port->soft_reset = on;
    if (ends && drive) {
        ahci_queue_forget(port);
        port->reset_waits = port->in_flight > 0;
        if (!port->reset_waits) {
            ata_reset(drive, false);
        }
    }
}

static void set_registers(AtaDrive *drive, const uint8_t *fis)
{
    drive->reg = (AtaRegisters){
        .features = { fis[3], fis[11] },
        .low = { fis[4], fis[8] },
        .mid = { fis[5], fis[9] },
        .high = { fis[6], fis[10] },
        .count = { fis[12], fis[13] },
    };
    drive->device = fis[7];
}

static void start_slot(AhciPort *port, unsigned slot)
{
    enum { QUEUED_MASK = 0xfe, QUEUED = 0x60 };
    AtaDrive *drive = drive_of(port);
    uint32_t header[HEADER_BYTES / 4];
    uint8_t fis[FIS_BYTES];

    if (!ahci_read(port, port->list + (uint64_t)slot * HEADER_BYTES, header, HEADER_BYTES)) {
        fatal(port, IS_HBFS);
        return;
    }
    uint64_t table = (GUINT32_FROM_LE(header[2]) & ~0x7fu) | (uint64_t)GUINT32_FROM_LE(header[3])
                                                                 << 32;
    uint32_t what = GUINT32_FROM_LE(header[0]);
    AhciList list = { .table = table + LIST_AT, .entries = what >> 16 };
    if (!ahci_read(port, table, fis, FIS_BYTES)) {
        fatal(port, IS_HBFS);
        return;
    }
    if ((what & HEADER_LENGTH) < MIN_FIS_DWORDS || fis[0] != FRAME_TO_DEVICE) {
        fatal(port, IS_IFS);
        return;
    }
    if (!(fis[1] & FRAME_COMMAND)) {
        port->ci &= ~(1u << slot);
        control(port, fis);
        return;
    }
    if (drive->queued && !drive->packet && (fis[2] & QUEUED_MASK) == QUEUED) {
        ahci_queue_start(port, slot, fis, &list);
        return;
    }
    port->busy = true;
    port->slot = slot;
    port->walk = list;
    port->cmd = (port->cmd & ~(0x1fu << CMD_CCS_SHIFT)) | slot << CMD_CCS_SHIFT;
    set_registers(drive, fis);
    ata_command(drive, fis[2]);
}

static bool can_start(const AhciPort *port)
{
    const AtaDrive *drive = drive_of(port);

    return port->cmd & CMD_ST && port->ci && !port->busy && !port->halted && !port->reset_waits &&
           drive && drive->phase == ATA_PHASE_IDLE && !ata_is_busy(drive);
}

/* Commands that end at once come back here: they do not nest. */
void ahci_port_start(AhciPort *port)
{
    if (port->starting) {
        return;
    }
    port->starting = true;
    while (can_start(port)) {
        start_slot(port, __builtin_ctz(port->ci));
    }
    port->starting = false;
}

/* Resets */

static void stop(AhciPort *port)
{
    port->ci = port->sact = 0;
    port->busy = port->halted = false;
    port->walk = (AhciList){ 0 };
    ahci_queue_forget(port);
}

/* COMRESET, and the drive's answer to it. */
static void reset_link(AhciPort *port)
{
    AtaDrive *drive = drive_of(port);

    stop(port);
    port->soft_reset = false;
    port->sig = NO_SIGNATURE;
    port->ssts = drive ? SSTS_UP : 0;
    if (!drive) {
        return;
    }
    port->serr |= SERR_CHANGED;
    port->reset_waits = port->in_flight > 0;
    if (!port->reset_waits) {
        ata_reset(drive, true);
    }
}

void ahci_port_reset(AhciPort *port)
{
    AtaDrive *drive = drive_of(port);

    port->list = port->received = 0;
    port->is = port->ie = port->sctl = port->serr = 0;
    port->cmd = CMD_SUD | CMD_POD;
    reset_link(port);
    port->serr = 0;
    port->cmd |= drive && drive->packet ? CMD_ATAPI : 0;
}

/* Registers */

static uint32_t task_file(const AhciPort *port)
{
    const AtaDrive *drive = drive_of(port);

    if (!drive || !port->ssts) {
        return NO_DRIVE_TFD;
    }
    return port->reset_waits ? ATA_STATUS_BSY : drive->error << 8 | drive->status;
}

uint32_t ahci_port_read(AhciPort *port, unsigned offset)
{
    switch (offset) {
    case AHCI_PORT_CLB: return port->list;
    case AHCI_PORT_CLBU: return port->list >> 32;
    case AHCI_PORT_FB: return port->received;
    case AHCI_PORT_FBU: return port->received >> 32;
    case AHCI_PORT_IS: return port->is | (port->serr & SERR_CHANGED ? IS_PCS : 0);
    case AHCI_PORT_IE: return port->ie;
    case AHCI_PORT_CMD:
        return port->cmd | (port->cmd & CMD_ST ? CMD_CR : 0) | (port->cmd & CMD_FRE ? CMD_FR : 0);
    case AHCI_PORT_TFD: return task_file(port);
    case AHCI_PORT_SIG: return port->sig;
    case AHCI_PORT_SSTS: return port->ssts;
    case AHCI_PORT_SCTL: return port->sctl;
    case AHCI_PORT_SERR: return port->serr;
    case AHCI_PORT_SACT: return port->sact;
    case AHCI_PORT_CI: return port->ci;
    default: return 0;
    }
}

static void write_command(AhciPort *port, uint32_t value)
{
    enum { WRITABLE = CMD_ST | CMD_FRE | CMD_LED };
    bool was_on = port->cmd & CMD_ST;
    AtaDrive *drive = drive_of(port);

    port->cmd = (port->cmd & ~(uint32_t)WRITABLE) | (value & WRITABLE);
    if (was_on && !(value & CMD_ST)) {
        stop(port);
        port->cmd &= ~(0x1fu << CMD_CCS_SHIFT);
    }
    if (value & CMD_CLO && drive) { /* the frame that resets it must get through */
        port->busy = false;
        ahci_queue_forget(port);
        ata_reset(drive, false);
    }
    ahci_port_start(port);
}

static void write_link(AhciPort *port, uint32_t value)
{
    unsigned was = port->sctl & SCTL_DET, now = value & SCTL_DET;

    port->sctl = value & 0xfff;
    if (now == DET_OFFLINE) {
        stop(port);
        port->ssts = DET_OFFLINE;
    } else if (was == DET_RESET && now == 0) {
        reset_link(port);
        ahci_update_irq(port->ahci, true);
    } else if (now == DET_RESET) {
        port->ssts = 0;
    }
}

static void put_half(uint64_t *address, bool high, uint32_t value)
{
    *address = high ? (uint32_t)*address | (uint64_t)value << 32
                    : (*address & ~(uint64_t)UINT32_MAX) | value;
}

void ahci_port_write(AhciPort *port, unsigned offset, uint32_t value)
{
    switch (offset) {
    case AHCI_PORT_CLB: put_half(&port->list, false, value & ~0x3ffu); break;
    case AHCI_PORT_CLBU: put_half(&port->list, true, value); break;
    case AHCI_PORT_FB: put_half(&port->received, false, value & ~0xffu); break;
    case AHCI_PORT_FBU: put_half(&port->received, true, value); break;
    case AHCI_PORT_IS:
        port->is &= ~value;
        ahci_update_irq(port->ahci, false);
        break;
    case AHCI_PORT_IE:
        port->ie = value & (IS_WRITABLE | IS_PRCS | IS_PCS);
        ahci_update_irq(port->ahci, false);
        break;
    case AHCI_PORT_CMD: write_command(port, value); break;
    case AHCI_PORT_SCTL: write_link(port, value); break;
    case AHCI_PORT_SERR:
        port->serr &= ~value;
        ahci_update_irq(port->ahci, false);
        break;
    case AHCI_PORT_SACT: port->sact |= port->cmd & CMD_ST ? value : 0; break;
    case AHCI_PORT_CI:
        port->ci |= port->cmd & CMD_ST ? value : 0;
        ahci_port_start(port);
        break;
    }
}

void ahci_port_init(AhciPort *port, Ahci *ahci, unsigned number)
{
    const char *id = ahci->pci.device.id; /* buses of a user's controller are called like it */
    g_autofree char *name = g_strdup_printf("%s.%u", id ? id : "ide", number);

    port->ahci = ahci;
    port->number = number;
    ide_bus_init(&port->bus, &ahci->pci.device, name, 1, &port_ops, port);
    port->bus.queued = true;
}

/* Queued commands can be done twice: what was not answered is issued again. */
static bool ahci_port_pre_save(void *opaque)
{
    AhciPort *port = opaque;

    port->saved_queued = 0;
    for (unsigned i = 0; i < AHCI_SLOTS; i++) {
        port->saved_queued |= port->queued[i] ? 1u << i : 0;
    }
    return true;
}

static bool ahci_port_post_load(void *opaque, uint32_t version, GError **errp)
{
    AhciPort *port = opaque;

    if (port->in_flight && drive_of(port)) { /* held before, and of another past */
        port->reset_waits = false;
        ahci_queue_forget(port);
        block_backend_cancel(drive_of(port)->backend);
    }
    if (port->slot >= AHCI_SLOTS || port->walk.entries > 0xffff || port->in_flight ||
        (port->busy && !drive_of(port))) {
        error_set(errp, "ahci: the saved state cannot be");
        return false;
    }
    port->ci |= port->saved_queued;
    return true;
}

static const VmState ahci_list_vmstate = {
    .name = "ahci-list",
    .version = 1,
    .fields = (const VmField[]){ VM_U64(AhciList, table),
                                 VM_U32(AhciList, entries),
                                 VM_U32(AhciList, next),
                                 VM_U64(AhciList, address),
                                 VM_U32(AhciList, left),
                                 VM_U32(AhciList, moved),
                                 {} },
};

const VmState ahci_port_vmstate = {
    .name = "ahci-port",
    .version = 1,
    .pre_save = ahci_port_pre_save,
    .post_load = ahci_port_post_load,
    .fields = (const VmField[]){ VM_U64(AhciPort, list),
                                 VM_U64(AhciPort, received),
                                 VM_U32(AhciPort, is),
                                 VM_U32(AhciPort, ie),
                                 VM_U32(AhciPort, cmd),
                                 VM_U32(AhciPort, sig),
                                 VM_U32(AhciPort, sctl),
                                 VM_U32(AhciPort, ssts),
                                 VM_U32(AhciPort, serr),
                                 VM_U32(AhciPort, sact),
                                 VM_U32(AhciPort, ci),
                                 VM_BOOL(AhciPort, busy),
                                 VM_BOOL(AhciPort, halted),
                                 VM_BOOL(AhciPort, soft_reset),
                                 VM_U8(AhciPort, slot),
                                 VM_STRUCT(AhciPort, walk, ahci_list_vmstate),
                                 VM_U32(AhciPort, saved_queued),
                                 {} },
};
