/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -icount: guest time is the number of instructions executed, shifted. One thread runs all vCPUs.
 */
#pragma once

#include "accel/tcg/tcg_internal.h"

bool tcg_icount_setup(TcgAccel *accel, GError **errp);
/** tcg_icount_start - the machine is complete */
void tcg_icount_start(TcgAccel *accel);
void tcg_icount_cleanup(TcgAccel *accel);
/** tcg_icount_begin - give @cpu a budget that ends at the next timer; runs timers that are due */
void tcg_icount_begin(Cpu *cpu);
/** tcg_icount_exception - an exception takes the time of an instruction: a loop of nothing else
 * ends at the next timer too */
void tcg_icount_exception(Cpu *cpu);
/** tcg_icount_end - account for what was used */
void tcg_icount_end(Cpu *cpu);
/** tcg_icount_pace - all vCPUs had a turn: compare guest time with the host's, as shift=auto and
 * align=on want */
void tcg_icount_pace(TcgAccel *accel);
/** tcg_icount_idle - all vCPUs wait: go to the next timer. False: there is none, or something else
 * came first */
bool tcg_icount_idle(TcgAccel *accel);
