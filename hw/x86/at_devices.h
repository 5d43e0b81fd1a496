/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices of an AT that boards with an ISA bus share. */
#pragma once

#include "hw/x86/x86_machine.h"

enum { AT_SERIAL_PORTS = 4, AT_PARALLEL_PORTS = 3, AT_FERR_IRQ = 13 };

/** at_add_ports - a serial port for each line of the machine up to the fourth, a parallel port
 * likewise up to the third */
bool at_add_ports(X86Machine *x86, GError **errp);
/** at_add_dma - pair of 8237: "dma1" of bytes, "dma2" of words */
bool at_add_dma(X86Machine *x86, GError **errp);
/** at_add_keyboard - port 92, and the 8042 if @i8042: both open the A20 gate */
bool at_add_keyboard(X86Machine *x86, bool i8042, GError **errp);
/** at_add_fpu_error - FERR# of the first processor is line 13, until port 0xf0 is written */
bool at_add_fpu_error(X86Machine *x86, GError **errp);
