/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 16550A UART core: registers without a bus. serial_mm.c puts it on the memory bus. */
#pragma once

#include "chardev/chardev.h"
#include "hw/core/device.h"
#include "util/timer.h"

enum { SERIAL16550_FIFO_BYTES = 16, SERIAL16550_REGISTERS = 8 };

/* Embedded by the device that gives it an address. Guarded by the machine lock. */
typedef struct {
    /* wiring, set by the owner */
    Irq *irq;
    ChardevPort port;
    Timer timeout; /* character timeout indication: 4 character times without traffic */
    uint32_t clock_hz;
    /* guest state */
    uint8_t ier, fcr, lcr, mcr, lsr, msr, scr;
    uint16_t divisor;
    bool thre_pending; /* transmitter empty interrupt not yet acknowledged */
    bool timeout_pending;
    uint8_t rx_data[SERIAL16550_FIFO_BYTES];
    uint8_t rx_errors[SERIAL16550_FIFO_BYTES]; /* LSR error bits of the character beside it */
    uint8_t rx_head, rx_count;
    uint8_t tx_data[SERIAL16550_FIFO_BYTES]; /* what the back end has not taken yet */
    uint8_t tx_count;
} Serial16550;

extern const VmState serial16550_vmstate;

/**
 * serial16550_init - connect to @chardev (NULL: nothing)
 * @clock_hz: input clock; 16 times the baud rate at divisor 1
 *
 * Fails when somebody else holds the back end.
 */
bool serial16550_init(Serial16550 *uart, Chardev *chardev, ClockSet *clocks, uint32_t clock_hz,
                      GError **errp);
void serial16550_cleanup(Serial16550 *uart);
void serial16550_reset(Serial16550 *uart);
uint8_t serial16550_read(Serial16550 *uart, unsigned reg);
void serial16550_write(Serial16550 *uart, unsigned reg, uint8_t value);
