/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating point in integer arithmetic, for all guests.
 *
 * One header per format declares the same operations with the prefixes f16, bf16, f32, f64, f128
 * and x80.  All take the rounding and the guest's choices from FloatStatus and set its flags.
 *
 *   add sub mul div sqrt fma   correctly rounded; fma takes FLOAT_FMA_NEGATE_* flags
 *   scalbn                     a * 2^n
 *   round_int                  to an integral value; INEXACT only if @exact
 *   min max                    of the given FloatMinMax family
 *   compare compare_quiet      any NaN, or only a signalling one, is INVALID
 *   eq lt_quiet le_quiet       quiet;  lt, le: signalling
 *   classify                   one of FLOAT_CLASS_*; x87's unsupported encodings are
 * FLOAT_CLASS_SNAN to_i32 to_u32 ...          with an explicit rounding; out of range is INVALID,
 * see FloatIntRule f64_to_i32_modular         towards zero, modulo 2^32; out of range is INVALID,
 * infinities and NaNs give 0 (RISC-V FCVTMOD.W.D, Arm FJCVTZS) from_i32 ..., to_f32 ...   from
 * integers, between formats
 *
 * Round-to-odd overflows to the largest finite number.  FloatStatus.x80_precision rounds the
 * results of x80_add, sub, mul, div and sqrt; no other operation heeds it.
 *
 * Spec: IEEE 754-2019 §4 to §7, §9.6.  Context: any thread, no state but the arguments.
 */
#pragma once

#include "fpu/bf16.h"
#include "fpu/f128.h"
#include "fpu/f16.h"
#include "fpu/f32.h"
#include "fpu/f64.h"
#include "fpu/status.h"
#include "fpu/x80.h"
