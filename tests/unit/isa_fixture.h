/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device fixture with an ISA bus: level[n] is line n of the bus. */
#pragma once

#include "hw/isa/isa.h"
#include "tests/unit/device_fixture.h"

typedef struct {
    DeviceFixture f;
    IsaBus *bus;
} IsaFixture;

/** isa_fixture_init - machine, clock and bus; the machine lock is taken */
void isa_fixture_init(IsaFixture *isa);
void isa_fixture_cleanup(IsaFixture *isa);
/** isa_fixture_add - create and realize a device; properties as fixture_add() */
Device *isa_fixture_add(IsaFixture *isa, const char *class_name, const char *const *properties);
/** isa_fixture_reset - the machine, when all devices are there */
void isa_fixture_reset(IsaFixture *isa);
uint32_t isa_in(IsaFixture *isa, uint16_t port);
void isa_out(IsaFixture *isa, uint16_t port, uint8_t value);
/** isa_hostile - every value to ports [@base, @base + @count), in every size; state still saves */
void isa_hostile(IsaFixture *isa, uint16_t base, unsigned count);
