/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware configuration device: numbered items and named files for firmware to read. */
#pragma once

#include "hw/core/device.h"

/* Spec: QEMU docs/specs/fw_cfg.rst, "Configuration Items" */
enum {
    FW_CFG_SIGNATURE = 0x00,
    FW_CFG_ID = 0x01,
    FW_CFG_UUID = 0x02,
    FW_CFG_RAM_BYTES = 0x03,
    FW_CFG_CPUS = 0x05,
    FW_CFG_MAX_CPUS = 0x0f,
    FW_CFG_FILE_DIR = 0x19,
    FW_CFG_FIRST_FILE = 0x20,
    FW_CFG_MAX_FILES = 256,
    FW_CFG_NAME_BYTES = 56,
};

extern const DeviceClass fw_cfg_mmio_class;

/** fw_cfg_add - set item @key to a copy of @bytes. Context: before the guest runs */
void fw_cfg_add(Device *dev, uint16_t key, const void *bytes, uint32_t length);
void fw_cfg_add_u16(Device *dev, uint16_t key, uint16_t value);
void fw_cfg_add_u64(Device *dev, uint16_t key, uint64_t value);
/** fw_cfg_add_file - a copy of @bytes under @name; fails when the name is taken or too long, or
 * there are too many */
bool fw_cfg_add_file(Device *dev, const char *name, const void *bytes, uint32_t length,
                     GError **errp);
