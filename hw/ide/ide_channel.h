/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A parallel ATA channel: the registers of two drives at ports, and an interrupt line. Data move by
 * port accesses, or by the bus master that owns the channel.  Spec: ATA/ATAPI-6, 7 and 9.
 */
#pragma once

#include "hw/ide/ide_bus.h"
#include "memory/memory.h"

enum { IDE_COMMAND_PORTS = 8 };

typedef struct IdeChannel IdeChannel;

/* The bus master's side; empty when the channel has none. */
typedef struct {
    /* a command wants DMA: ide_channel_dma_start() when it may go */
    void (*wanted)(void *opaque);
    /* as AtaPortOps.dma */
    bool (*move)(void *opaque, void *buffer, uint32_t bytes, bool to_guest);
    /* the drive raised its interrupt line; a DMA command had ended if @ended */
    void (*interrupt)(void *opaque, bool ended);
} IdeMasterOps;

/* Guarded by the machine lock. */
struct IdeChannel {
    IdeBus bus;
    MemoryRegion command_ports; /* eight: data, and the registers of a drive */
    MemoryRegion control_port;  /* one */
    const IdeMasterOps *master;
    void *master_opaque;
    Irq *irq;
    /* guest state */
    uint8_t device; /* register that says which drive answers */
    uint8_t control;
    bool irq_up; /* what the drive says; nIEN hides it */
};

extern const VmState ide_channel_vmstate;

/** ide_channel_init - its bus is called @name; @irq may be set later */
void ide_channel_init(IdeChannel *channel, Device *owner, const char *name,
                      const IdeMasterOps *master, void *opaque);
/** ide_channel_reset - after its drives have been */
void ide_channel_reset(IdeChannel *channel);
/** ide_channel_dma_start - the bus master is ready for the command that wants DMA, if there is one
 */
void ide_channel_dma_start(IdeChannel *channel);
/** ide_channel_wants_dma - such a command waits, or runs */
bool ide_channel_wants_dma(const IdeChannel *channel);
