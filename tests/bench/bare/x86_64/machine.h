/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the programs on bare metal ask of a PC: the HPET and the first serial port. */
#pragma once

#include <stdint.h>

enum { MACHINE_SERIAL = 0x3f8, MACHINE_SERIAL_STATUS = MACHINE_SERIAL + 5 };

#define MACHINE_HPET ((volatile uint64_t *)0xfed00000u)
enum { HPET_PERIOD = 0, HPET_CONFIGURATION = 2, HPET_COUNTER = 30 }; /* in units of 8 bytes */

static inline uint8_t machine_in(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("in %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

/** machine_start - make the board's clock and console ready */
static inline void machine_start(void)
{
    MACHINE_HPET[HPET_CONFIGURATION] = 1;
}

/** machine_time_ns - time since start; the clock says how many femtoseconds a tick takes */
static inline uint64_t machine_time_ns(void)
{
    return MACHINE_HPET[HPET_COUNTER] * ((MACHINE_HPET[HPET_PERIOD] >> 32) / 1000) / 1000;
}

/** machine_put - send @byte over the serial line */
static inline void machine_put(char byte)
{
    while (!(machine_in(MACHINE_SERIAL_STATUS) & 0x20)) {
    }
    __asm__ volatile("out %0, %1" : : "a"(byte), "Nd"((uint16_t)MACHINE_SERIAL));
}

/** machine_call - call @function of first.S with @value; returns what becomes of it */
static inline uint64_t machine_call(const char *function, uint64_t value)
{
    __asm__ volatile("call *%1" : "+a"(value) : "r"(function) : "rdi", "cc", "memory");
    return value;
}
