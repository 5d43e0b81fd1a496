/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RISC-V ACLINT: machine timer and software interrupts. Each is a device with one unnamed output
 * line a hart. */
#pragma once

#include "hw/core/device.h"

enum {
    RISCV_ACLINT_MAX_HARTS = 4095,
    RISCV_ACLINT_SWI_BYTES = 0x4000,
    RISCV_ACLINT_MTIMER_BYTES = 0x8000,
    RISCV_ACLINT_MTIME_OFFSET = 0x7ff8, /* of MTIME in the timer's region, as in the SiFive CLINT */
};

extern const DeviceClass riscv_aclint_mtimer_class, riscv_aclint_mswi_class,
    riscv_aclint_sswi_class;

/** riscv_aclint_mtimer_time - present value of MTIME; @opaque is the Device. Any thread */
uint64_t riscv_aclint_mtimer_time(void *opaque);
