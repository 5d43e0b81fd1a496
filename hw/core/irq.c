/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupt and GPIO lines. */
#include "hw/core/irq.h"

#include <stdbool.h>

struct Irq {
    IrqHandler *handler;
    void *opaque;
    unsigned line;
    IrqHandler *observer; /* NULL: nobody looks on */
    void *observer_opaque;
    unsigned observer_line;
    void (*free_opaque)(void *opaque); /* of combinators */
};

typedef struct {
    unsigned count;
    Irq *outputs[];
} Splitter;

typedef struct {
    Irq *output;
    unsigned users; /* inputs not freed yet */
    unsigned count;
    bool level[];
} OrGate;

Irq *irq_new(IrqHandler *handler, void *opaque, unsigned line)
{
    Irq *irq = g_new0(Irq, 1);

    irq->handler = handler;
    irq->opaque = opaque;
    irq->line = line;
    return irq;
}

void irq_free(Irq *irq)
{
    if (irq && irq->free_opaque) {
        irq->free_opaque(irq->opaque);
    }
    g_free(irq);
}

void irq_set(Irq *irq, int level)
{
    if (!irq) {
        return;
    }
    if (irq->observer) {
        irq->observer(irq->observer_opaque, irq->observer_line, level);
    }
    irq->handler(irq->opaque, irq->line, level);
}

static void split_handler(void *opaque, unsigned line, int level)
{
    Splitter *splitter = opaque;

    for (unsigned i = 0; i < splitter->count; i++) {
        irq_set(splitter->outputs[i], level);
    }
}

Irq *irq_split(Irq *const *outputs, unsigned count)
{
    Splitter *splitter = g_malloc(sizeof(*splitter) + count * sizeof(outputs[0]));
    Irq *irq = irq_new(split_handler, splitter, 0);

    splitter->count = count;
    for (unsigned i = 0; i < count; i++) {
        splitter->outputs[i] = outputs[i];
    }
    irq->free_opaque = g_free;
    return irq;
}

static void invert_handler(void *opaque, unsigned line, int level)
{
    irq_set(opaque, !level);
}

Irq *irq_invert(Irq *output)
{
    return irq_new(invert_handler, output, 0);
}

static void or_handler(void *opaque, unsigned line, int level)
{
    OrGate *gate = opaque;
    bool any = false;

    gate->level[line] = level;
    for (unsigned i = 0; i < gate->count; i++) {
        any |= gate->level[i];
    }
    irq_set(gate->output, any);
}

static void or_free(void *opaque)
{
    OrGate *gate = opaque;

    if (--gate->users == 0) {
        g_free(gate);
    }
}

void irq_or(Irq *output, Irq **inputs, unsigned count)
{
    OrGate *gate = g_malloc0(sizeof(*gate) + count * sizeof(gate->level[0]));

    gate->output = output;
    gate->users = gate->count = count;
    for (unsigned i = 0; i < count; i++) {
        inputs[i] = irq_new(or_handler, gate, i);
        inputs[i]->free_opaque = or_free;
    }
}

void irq_intercept(Irq *irq, IrqHandler *observer, void *opaque, unsigned line)
{
    irq->observer = observer;
    irq->observer_opaque = opaque;
    irq->observer_line = line;
}
