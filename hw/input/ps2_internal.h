/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What keyboard and mouse share, and the scan codes. */
#pragma once

#include "hw/input/ps2.h"

enum {
    PS2_ACK = 0xfa,
    PS2_RESEND = 0xfe,
    PS2_TEST_PASSED = 0xaa,
};

/** ps2_port_put - queue @count bytes of an event, all or none */
bool ps2_port_put(Ps2Port *port, const uint8_t *bytes, unsigned count);
/** ps2_port_answer - add to the answer to what the host wrote */
void ps2_port_answer(Ps2Port *port, uint8_t byte);
/** ps2_port_forget_answer - the host wrote something else */
void ps2_port_forget_answer(Ps2Port *port);
/** ps2_port_clear - drop events and answer */
void ps2_port_clear(Ps2Port *port);

/* Codes of one key. */
typedef struct {
    uint8_t pc;    /* set 1; 0: no such key */
    bool extended; /* after e0 in sets 1 and 2 */
    uint8_t third; /* set 3; 0: none */
} Ps2Key;

/** ps2_key - by Linux input event code */
Ps2Key ps2_key(uint16_t key);
/** ps2_set2_from_set1 - the code that ps2_translate() makes @code from */
uint8_t ps2_set2_from_set1(uint8_t code);
