/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The test socket: a line of text a command, a line an answer, "OK ..." or "FAIL reason". In
 * between come "IRQ raise N" and "IRQ lower N" for lines that are watched. docs/devel/qtest.rst
 * lists the commands.
 */
#pragma once

#include "chardev/chardev.h"
#include "hw/core/machine.h"

typedef struct Qtest Qtest;

/** qtest_new - serve @machine to whoever is at the other end of @chardev */
Qtest *qtest_new(Machine *machine, Chardev *chardev, GError **errp);
void qtest_free(Qtest *qtest);
