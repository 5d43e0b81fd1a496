/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupt and GPIO lines: a level from one output to one input; fan-out, or-ing and inversion are
 * explicit devices. */
#pragma once

#include <glib.h>

typedef struct Irq Irq;
typedef void IrqHandler(void *opaque, unsigned line, int level);

/** irq_new - an input: @handler(@opaque, @line, level) runs on each change request; freed with
 * irq_free() */
Irq *irq_new(IrqHandler *handler, void *opaque, unsigned line);
void irq_free(Irq *irq);
/** irq_set - drive the line; NULL (unconnected) is fine. Context: machine lock held, or a handler
 * that says otherwise */
void irq_set(Irq *irq, int level);
static inline void irq_raise(Irq *irq)
{
    irq_set(irq, 1);
}
static inline void irq_lower(Irq *irq)
{
    irq_set(irq, 0);
}
static inline void irq_pulse(Irq *irq)
{
    irq_set(irq, 1);
    irq_set(irq, 0);
}

/* Combinators: own their inputs, forward to an existing line which must outlive them. */
Irq *irq_split(Irq *const *outputs, unsigned count);
Irq *irq_invert(Irq *output);
/** irq_or - fills @inputs[0..count) with lines whose logical or drives @output */
void irq_or(Irq *output, Irq **inputs, unsigned count);
/** irq_intercept - test accelerator: also report changes to @observer */
void irq_intercept(Irq *irq, IrqHandler *observer, void *opaque, unsigned line);
