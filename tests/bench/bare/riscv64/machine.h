/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the programs on bare metal ask of board "virt". */
#pragma once

#include <stdint.h>

/** machine_start - make the board's clock and console ready */
static inline void machine_start(void)
{
}

/** machine_time_ns - time since start; the clock ticks at 10 MHz */
static inline uint64_t machine_time_ns(void)
{
    uint64_t ticks;

    __asm__ volatile("rdtime %0" : "=r"(ticks)::"memory");
    return ticks * 100;
}

/** machine_put - send @byte over the serial line */
static inline void machine_put(char byte)
{
    volatile uint8_t *uart = (volatile uint8_t *)0x10000000;

    while (!(uart[5] & 0x20)) {
    }
    uart[0] = (uint8_t)byte;
}

/** machine_call - call @function of first.S with @value; returns what becomes of it */
static inline uint64_t machine_call(const char *function, uint64_t value)
{
    register uint64_t a0 __asm__("a0") = value;
    register uint64_t a2 __asm__("a2") = 1;

    __asm__ volatile("jalr %1" : "+r"(a0) : "r"(function), "r"(a2) : "ra", "a1", "memory");
    return a0;
}
