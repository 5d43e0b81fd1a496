/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TCO watchdog of the ICH9. Spec: ICH9 data sheet (316972), 13.9. */
#pragma once

#include "hw/core/device.h"
#include "memory/memory.h"
#include "util/timer.h"

enum { ICH9_TCO_BYTES = 32 };

/* Embedded by the device that owns it. Guarded by the machine lock. */
typedef struct {
    Machine *machine;
    MemoryRegion ports; /* the owner places them */
    Timer timer;
    /* whether a second timeout resets, and what the first one does: the owner's */
    bool (*may_reboot)(void *opaque);
    void (*first_timeout)(void *opaque);
    void *opaque;
    /* guest state */
    uint16_t reload, status1, status2, control1, control2;
    uint8_t data_in, data_out, message[2], boot_status, irq_select;
    uint8_t timeouts;  /* since the last reload */
    int64_t expire_ns; /* guest time; INT64_MAX: it is halted */
} Ich9Tco;

void ich9_tco_init(Ich9Tco *tco, Device *owner);
void ich9_tco_cleanup(Ich9Tco *tco);
void ich9_tco_reset(Ich9Tco *tco);
extern const VmState ich9_tco_vmstate;
