/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bus master of a parallel channel: lists of memory (PRD) that data go to and come from.
 * Spec: SFF-8038i 1.0. */
#pragma once

#include "hw/ide/ide_channel.h"
#include "hw/pci/pci.h"

enum { BUS_MASTER_PORTS = 8 }; /* of one channel */

/* Guarded by the machine lock. */
typedef struct {
    IdeChannel channel;
    MemoryRegion ports;
    PciDevice *pci;
    /* guest state */
    uint8_t command, status;
    uint32_t table;
    uint32_t next, address, left; /* entry to fetch; what is left of the present one */
    bool last;                    /* the present entry is */
} BusMaster;

extern const VmState bus_master_vmstate;

/** bus_master_init - @ports and the channel below @pci; the channel's bus is called @name */
void bus_master_init(BusMaster *master, PciDevice *pci, const char *name);
void bus_master_reset(BusMaster *master);
