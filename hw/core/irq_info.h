/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupt controllers that can say how they stand, for people ("info pic", "info irq"). */
#pragma once

#include "qom/object.h"

/* NULL slots: nothing to say. Context: machine lock */
typedef struct {
    void (*describe)(Object *obj, GString *out);
    /* how often each input asked for an interrupt */
    const uint64_t *(*counts)(Object *obj, unsigned *inputs);
} IrqInfoOps;

extern const Interface irq_info_interface;
