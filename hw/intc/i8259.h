/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A pair of 8259A interrupt controllers as PCs have them ("isa-i8259"). */
#pragma once

#include "hw/isa/isa.h"

/* Sixteen unnamed inputs; unnamed output 0 is INTR. */
extern const IsaDeviceClass i8259_class;

/**
 * i8259_acknowledge - the processor's interrupt acknowledge cycle; @opaque is the Device
 *
 * Always gives a vector: that of input 7 when the request went away. Context: machine lock held.
 */
int i8259_acknowledge(void *opaque);
