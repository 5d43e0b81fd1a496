/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the registers of an AHCI controller and its ports.  Spec: AHCI 1.3.1; SATA 3.0. */
#pragma once

#include "hw/ide/ide_bus.h"
#include "hw/pci/pci.h"
#include "util/timer.h"

enum { AHCI_PORTS = 6, AHCI_SLOTS = 32 };
/* 3.3: offsets within a port */
enum {
    AHCI_PORT_CLB = 0x00,
    AHCI_PORT_CLBU = 0x04,
    AHCI_PORT_FB = 0x08,
    AHCI_PORT_FBU = 0x0c,
    AHCI_PORT_IS = 0x10,
    AHCI_PORT_IE = 0x14,
    AHCI_PORT_CMD = 0x18,
    AHCI_PORT_TFD = 0x20,
    AHCI_PORT_SIG = 0x24,
    AHCI_PORT_SSTS = 0x28,
    AHCI_PORT_SCTL = 0x2c,
    AHCI_PORT_SERR = 0x30,
    AHCI_PORT_SACT = 0x34,
    AHCI_PORT_CI = 0x38,
};

typedef struct Ahci Ahci;
typedef struct AhciPort AhciPort;

/* A list of guest memory (PRDT), and how far a transfer has come in it. */
typedef struct {
    uint64_t table;
    uint32_t entries, next;
    uint64_t address; /* of the present entry */
    uint32_t left;    /* of it, bytes */
    uint32_t moved;   /* bytes in all */
} AhciList;

/* A queued command (NCQ) under way. */
typedef struct {
    BlockIo io;
    AhciPort *port;
    AhciList list;
    uint8_t *buffer;
    uint64_t lba, session;
    uint32_t left, chunk; /* sectors */
    uint8_t tag;
    bool write, force;
} AhciQueued;

/* Guarded by the machine lock. */
struct AhciPort {
    IdeBus bus;
    Ahci *ahci;
    unsigned number;
    AhciQueued *queued[AHCI_SLOTS];    /* not answered yet */
    unsigned in_flight;                /* queued requests to the medium, also forgotten ones */
    uint64_t session;                  /* queued commands of an earlier one are forgotten */
    bool starting, moving, data_waits; /* guards against nesting */
    /* guest state */
    uint64_t list, received;
    uint32_t is, ie, cmd, sig, sctl, ssts, serr, sact, ci;
    bool busy;   /* the command of .slot runs */
    bool halted; /* by an error, until ST is cleared */
    bool soft_reset, reset_waits;
    uint8_t slot;
    AhciList walk; /* of .slot */
    uint32_t saved_queued;
};

struct Ahci {
    PciDevice pci;
    MemoryRegion registers, io_bar, index_data;
    Timer restart; /* after a load: takes up what was held */
    AhciPort port[AHCI_PORTS];
    /* guest state */
    uint32_t ghc, is, index;
    bool irq_up;
};

extern const VmState ahci_port_vmstate;

/* ahci_port.c */
void ahci_port_init(AhciPort *port, Ahci *ahci, unsigned number);
void ahci_port_reset(AhciPort *port);
uint32_t ahci_port_read(AhciPort *port, unsigned offset);
void ahci_port_write(AhciPort *port, unsigned offset, uint32_t value);
/** ahci_port_start - commands that are issued and can run */
void ahci_port_start(AhciPort *port);
/** ahci_port_interrupt - set @bits of the interrupt status */
void ahci_port_interrupt(AhciPort *port, uint32_t bits);
/** ahci_port_receive - a frame from the drive at @offset of the receive area */
void ahci_port_receive(AhciPort *port, unsigned offset, const uint8_t *frame, unsigned bytes);
/** ahci_port_registers - the registers of a drive as bytes 2 to 13 of a frame */
void ahci_port_registers(const AtaDrive *drive, uint8_t *frame);

/* ahci_list.c */
bool ahci_read(const AhciPort *port, uint64_t address, void *buffer, uint32_t bytes);
bool ahci_write(const AhciPort *port, uint64_t address, const void *buffer, uint32_t bytes);
/** ahci_list_move - @bytes between @buffer and guest memory; false: there is not so much */
bool ahci_list_move(const AhciPort *port, AhciList *list, void *buffer, uint32_t bytes,
                    bool to_guest);

/* ahci_queue.c */
/** ahci_queue_start - READ or WRITE FPDMA QUEUED of slot @slot, from frame @fis */
void ahci_queue_start(AhciPort *port, unsigned slot, const uint8_t *fis, const AhciList *list);
/** ahci_queue_forget - none is answered any more */
void ahci_queue_forget(AhciPort *port);

/* ahci.c */
/** ahci_update_irq - @event: something new happened, which a message must tell */
void ahci_update_irq(Ahci *ahci, bool event);
