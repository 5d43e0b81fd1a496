/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The accelerator of tests: CPUs never run, and guest time stands still until a test moves it. */
#pragma once

#include "accel/accel.h"

/** qtest_accel_set_ns - move guest time on to @ns, firing timers on the way; false: not this
 * accelerator */
bool qtest_accel_set_ns(Machine *machine, int64_t ns);
/** qtest_accel_deadline_ns - when the next timer of guest time fires; -1: none is pending */
int64_t qtest_accel_deadline_ns(Machine *machine);
