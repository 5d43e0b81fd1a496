/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Semihosting: what a machine's harts have open on the host. */
#pragma once

typedef struct RiscvSemihosting RiscvSemihosting;

void riscv_semihosting_free(RiscvSemihosting *host);
