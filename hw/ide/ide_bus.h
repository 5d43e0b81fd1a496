/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ATA drives plug into, and the drives: "ide-hd", "ide-cd". A bus is a cable with two drives,
 * or a SATA port with one. */
#pragma once

#include "hw/core/device.h"
#include "hw/ide/ata.h"

enum { IDE_MAX_UNITS = 2 };

/* Embedded by its adaptor. Guarded by the machine lock. */
typedef struct {
    Bus bus;
    unsigned units;
    bool queued; /* drives may keep several commands */
    const AtaPortOps *ops;
    void *port;
    AtaDrive *drives[IDE_MAX_UNITS];
} IdeBus;

typedef struct {
    BusClass bus;
} IdeBusClass;

extern const IdeBusClass ide_bus_class; /* "IDE" */

/** ide_bus_init - bus @name of @owner, for @units drives */
void ide_bus_init(IdeBus *bus, Device *owner, const char *name, unsigned units,
                  const AtaPortOps *ops, void *port);
/** ide_drive_unit - place of the drive @dev on its bus */
unsigned ide_drive_unit(const Device *dev);
