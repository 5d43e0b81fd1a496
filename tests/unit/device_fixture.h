/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine of RAM and one device, for tests that drive its registers: a line, a clock and a
 * chardev that they hold. */
#pragma once

#include "chardev/chardev.h"
#include "hw/core/machine.h"
#include "hw/core/sysbus.h"

enum { FIXTURE_RAM_BYTES = 16 << 20, FIXTURE_DEVICE_BASE = 0x10000000 };

/* A back end that keeps what is written and takes as much as the test allows. */
typedef struct {
    Chardev chardev;
    GString *written;
    size_t room; /* bytes it still takes */
} FixtureChardev;

typedef struct {
    Machine *machine;
    Object *root;
    FixtureChardev *host;
    Device *dev;
    int64_t now_ns;      /* guest time */
    int level[64];       /* of lines made by fixture_irq() */
    GPtrArray *lines;    /* these, owned */
    unsigned edges;      /* changes of any */
    int shutdown_status; /* -1: none asked for */
    ShutdownCause shutdown_cause;
    unsigned resets;
} DeviceFixture;

/** fixture_init - machine with RAM at 0, clocks stopped at 0, machine lock taken */
void fixture_init(DeviceFixture *f);
void fixture_cleanup(DeviceFixture *f);
/** fixture_add - create @class_name as fixture's device, properties from pairs of name and value,
 * NULL-terminated */
Device *fixture_add(DeviceFixture *f, const char *class_name, const char *const *properties);
/** fixture_place - realize, map the first region at FIXTURE_DEVICE_BASE, connect the first sysbus
 * line to level[0] */
void fixture_place(DeviceFixture *f);
Irq *fixture_irq(DeviceFixture *f, unsigned line);
/** fixture_step - let guest time pass and timers fire */
void fixture_step(DeviceFixture *f, int64_t ns);
/** fixture_type - characters from the host; returns how many were taken */
size_t fixture_type(DeviceFixture *f, const char *text);
/** fixture_check_state - save, load, save is the same */
void fixture_check_state(DeviceFixture *f);

/* Registers relative to FIXTURE_DEVICE_BASE, memory absolute; little endian. */
uint64_t fixture_read(DeviceFixture *f, hwaddr offset, unsigned size);
void fixture_write(DeviceFixture *f, hwaddr offset, unsigned size, uint64_t value);
uint64_t fixture_load(DeviceFixture *f, hwaddr address, unsigned size);
void fixture_store(DeviceFixture *f, hwaddr address, unsigned size, uint64_t value);

/** fixture_hostile - every value that hurts, in every size, to every offset below @bytes; then
 * save, load, reset */
void fixture_hostile(DeviceFixture *f, hwaddr bytes);
