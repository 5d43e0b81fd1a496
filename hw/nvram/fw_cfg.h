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
    FW_CFG_NOGRAPHIC = 0x04,
    FW_CFG_CPUS = 0x05,
    FW_CFG_KERNEL_ADDRESS = 0x07,
    FW_CFG_KERNEL_BYTES = 0x08,
    FW_CFG_INITRD_ADDRESS = 0x0a,
    FW_CFG_INITRD_BYTES = 0x0b,
    FW_CFG_BOOT_MENU = 0x0e,
    FW_CFG_MAX_CPUS = 0x0f,
    FW_CFG_KERNEL_DATA = 0x11,
    FW_CFG_INITRD_DATA = 0x12,
    FW_CFG_LINE_ADDRESS = 0x13,
    FW_CFG_LINE_BYTES = 0x14,
    FW_CFG_LINE_DATA = 0x15,
    FW_CFG_SETUP_ADDRESS = 0x16,
    FW_CFG_SETUP_BYTES = 0x17,
    FW_CFG_SETUP_DATA = 0x18,
    FW_CFG_FILE_DIR = 0x19,
    FW_CFG_FIRST_FILE = 0x20,
    FW_CFG_MAX_FILES = 256,
    FW_CFG_NAME_BYTES = 56,
    FW_CFG_LOCAL = 0x8000, /* keys of the architecture's own items begin here */
    FW_CFG_LOCAL_ITEMS = 8,
    FW_CFG_LOCAL_IRQ0_OVERRIDE = 2,
};

/* At ports: region 0 is selector and data, usually at 0x510, region 1 the address of DMA requests,
 * at 0x514. */
extern const DeviceClass fw_cfg_mmio_class, fw_cfg_io_class;

/** fw_cfg_add - set item @key to a copy of @bytes. Context: before the guest runs */
void fw_cfg_add(Device *dev, uint16_t key, const void *bytes, uint32_t length);
/** fw_cfg_add_local - the same for an item of the architecture */
void fw_cfg_add_local(Device *dev, unsigned number, const void *bytes, uint32_t length);
void fw_cfg_add_u16(Device *dev, uint16_t key, uint16_t value);
void fw_cfg_add_u32(Device *dev, uint16_t key, uint32_t value);
void fw_cfg_add_u64(Device *dev, uint16_t key, uint64_t value);
/** fw_cfg_add_file - a copy of @bytes under @name; fails when the name is taken or too long, or
 * there are too many */
bool fw_cfg_add_file(Device *dev, const char *name, const void *bytes, uint32_t length,
                     GError **errp);
/** fw_cfg_on_select - @fn runs when the guest selects file @name, before it reads: contents may be
 * brought up to date */
void fw_cfg_on_select(Device *dev, const char *name, void (*fn)(void *opaque), void *opaque);
/** fw_cfg_on_write - the guest may write file @name by DMA; @fn runs after each write. Its contents
 * at the time of a reset are those that were added */
void fw_cfg_on_write(Device *dev, const char *name, void (*fn)(void *opaque), void *opaque);
/** fw_cfg_file - what file @name has now; @length bytes */
const void *fw_cfg_file(Device *dev, const char *name, uint32_t *length);
/** fw_cfg_update_file - other contents for file @name, not more than it had: zeros follow */
void fw_cfg_update_file(Device *dev, const char *name, const void *bytes, uint32_t length);
