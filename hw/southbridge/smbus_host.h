/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SMBus host controller of Intel south bridges, with nothing on its bus: each transfer ends
 * with "no device answered".  Spec: PIIX4 290562-001, 7.3; ICH9 316972-004, 18.2. */
#pragma once

#include "hw/core/device.h"
#include "memory/memory.h"

enum { SMBUS_HOST_MAX_BYTES = 32 };

/* Embedded by its owner. Guarded by the machine lock. */
typedef struct {
    MemoryRegion ports; /* the owner places it */
    void (*set_irq)(void *opaque, bool level);
    void *opaque;
    /* guest state */
    uint8_t status, control;
    uint8_t store[SMBUS_HOST_MAX_BYTES]; /* registers that only keep what is written */
} SmbusHost;

/** smbus_host_init - @bytes ports; @set_irq may be NULL */
void smbus_host_init(SmbusHost *host, Device *owner, unsigned bytes,
                     void (*set_irq)(void *opaque, bool level), void *opaque);
void smbus_host_reset(SmbusHost *host);
extern const VmState smbus_host_vmstate;
