/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware configuration, with its registers on the memory bus or at I/O ports, and DMA.
 * Spec: QEMU docs/specs/fw_cfg.rst; "qemu,fw-cfg-mmio" binding.
 */
#include "hw/nvram/fw_cfg.h"

#include <inttypes.h>
#include <string.h>

#include "hw/core/machine.h"
#include "hw/core/sysbus.h"
#include "util/error.h"
#include "util/log.h"

enum { REG_DATA = 0, REG_SELECTOR = 8, REG_DMA = 16, REGION_BYTES = 24 };
enum { PORT_SELECTOR = 0, PORT_BYTES = 2, PORT_DMA_BYTES = 8 };
enum {
    DMA_ERROR = 1,
    DMA_READ = 2,
    DMA_SKIP = 4,
    DMA_SELECT = 8,
    DMA_WRITE = 16,
    DMA_STEP_BYTES = 64 * 1024
};
enum { ID_TRADITIONAL = 1, ID_DMA = 2 };
enum { KEY_COUNT = FW_CFG_FIRST_FILE + FW_CFG_MAX_FILES };

#define DMA_SIGNATURE 0x51454d5520434647ull /* "QEMU CFG" */

typedef struct {
    uint8_t *bytes; /* NULL: there is no such item */
    uint32_t length;
    void (*on_select)(void *opaque); /* NULL: nobody cares */
    void *opaque;
    void (*on_write)(void *opaque); /* NULL: read-only */
    void *on_write_opaque;
} FwCfgItem;

/* One entry of the file directory; numbers are big endian. */
typedef struct {
    uint32_t size;
    uint16_t key;
    uint16_t reserved;
    char name[FW_CFG_NAME_BYTES];
} FwCfgFile;

/* What the guest's DMA request looks like; big endian. */
typedef struct {
    uint32_t control;
    uint32_t length;
    uint64_t address;
} FwCfgDma;

typedef struct {
    SysbusDevice sysbus;
    MemoryRegion mmio; /* or the ports */
    MemoryRegion dma;  /* beside the ports only */
    AddressSpace *memory;
    FwCfgItem items[KEY_COUNT];
    FwCfgItem local[FW_CFG_LOCAL_ITEMS];
    unsigned file_count;
    /* guest state */
    uint16_t key;
    uint32_t offset; /* of the next byte of the item */
    uint64_t dma_address;
} FwCfg;

static const FwCfgItem *selected(const FwCfg *cfg)
{
    static const FwCfgItem none = { 0 };
    if (cfg->key >= FW_CFG_LOCAL && cfg->key < FW_CFG_LOCAL + FW_CFG_LOCAL_ITEMS) {
        return &cfg->local[cfg->key - FW_CFG_LOCAL];
    }
    return cfg->key < KEY_COUNT ? &cfg->items[cfg->key] : &none;
}

static void select_key(FwCfg *cfg, uint16_t key)
{
    cfg->key = key;
    cfg->offset = 0;
    const FwCfgItem *item = selected(cfg);
    if (!item->bytes) {
        log_guest_error("fw-cfg: there is no item %#x\n", key);
    } else if (item->on_select) {
        item->on_select(item->opaque);
    }
}

/* Bytes behind the end of an item read zero. */
static void take(FwCfg *cfg, uint8_t *to, uint32_t length)
{
    const FwCfgItem *item = selected(cfg);
    uint32_t have = cfg->offset < item->length ? MIN(length, item->length - cfg->offset) : 0;
    if (have) {
        memcpy(to, item->bytes + cfg->offset, have);
    }
    memset(to + have, 0, length - have);
    cfg->offset += have;
}

static bool dma_read(FwCfg *cfg, hwaddr address, uint32_t length)
{
    g_autofree uint8_t *part = g_malloc(MIN(length, DMA_STEP_BYTES));
    while (length) {
        uint32_t step = MIN(length, DMA_STEP_BYTES);
        take(cfg, part, step);
        if (address_space_write(cfg->memory, address, part, step,
                                (MemTxAttrs){ .memory_only = 1 }) != MEMTX_OK) {
            return false;
        }
        address += step;
        length -= step;
    }
    return true;
}

/* An item never grows: what goes beyond its end fails, and nothing is written. */
static bool dma_write(FwCfg *cfg, hwaddr address, uint32_t length)
{
    const FwCfgItem *item = selected(cfg);
    bool fits = cfg->offset <= item->length && length <= item->length - cfg->offset;
    if (!item->on_write || !fits) {
        log_guest_error("fw-cfg: DMA write of %u bytes to item %#x, which is %s\n", length,
                        cfg->key, item->on_write ? "shorter" : "read-only");
        return false;
    }
    g_autofree uint8_t *part = g_malloc(length + 1);
    if (address_space_read(cfg->memory, address, part, length, (MemTxAttrs){ .memory_only = 1 }) !=
        MEMTX_OK) {
        return false;
    }
    memcpy(item->bytes + cfg->offset, part, length);
    cfg->offset += length;
    item->on_write(item->on_write_opaque);
    return true;
}

static bool dma_transfer(FwCfg *cfg, uint32_t control, uint32_t length, hwaddr address)
{
    if (control & DMA_SELECT) {
        select_key(cfg, control >> 16);
    }
    if (control & DMA_READ) {
        return dma_read(cfg, address, length);
    }
    if (control & DMA_WRITE) {
        return dma_write(cfg, address, length);
    }
    if (control & DMA_SKIP) {
        cfg->offset += MIN(length, UINT32_MAX - cfg->offset);
    }
    return true;
}

static void run_dma(FwCfg *cfg)
{
    FwCfgDma request;
    MemTxAttrs attrs = { .memory_only = 1 };
    hwaddr at = cfg->dma_address;
    cfg->dma_address = 0;
    if (address_space_read(cfg->memory, at, &request, sizeof(request), attrs) != MEMTX_OK) {
        log_guest_error("fw-cfg: no DMA request at %#" PRIx64 "\n", at);
        return;
    }
    bool done = dma_transfer(cfg, GUINT32_FROM_BE(request.control), GUINT32_FROM_BE(request.length),
                             GUINT64_FROM_BE(request.address));
    uint32_t result = GUINT32_TO_BE(done ? 0 : DMA_ERROR);
    address_space_write(cfg->memory, at, &result, sizeof(result), attrs);
}

static uint64_t fw_cfg_read(void *opaque, hwaddr offset, unsigned size)
{
    FwCfg *cfg = opaque;
    uint8_t bytes[8];
    uint64_t value = 0;
    if (offset == REG_DATA) {
        take(cfg, bytes, size);
        for (unsigned i = 0; i < size; i++) {
            value = value << 8 | bytes[i];
        }
        return value;
    }
    if (offset >= REG_DMA) {
        return DMA_SIGNATURE >> 8 * (8 - size - (offset - REG_DMA));
    }
    log_guest_error("fw-cfg: read of offset %#" PRIx64 "\n", offset);
    return 0;
}

static void fw_cfg_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    FwCfg *cfg = opaque;
    if (offset == REG_SELECTOR && size == 2) {
        select_key(cfg, value);
    } else if (offset == REG_DMA && size == 8) {
        cfg->dma_address = value;
        run_dma(cfg);
    } else if (offset == REG_DMA && size == 4) {
        cfg->dma_address = value << 32 | (uint32_t)cfg->dma_address;
    } else if (offset == REG_DMA + 4 && size == 4) {
        cfg->dma_address = (cfg->dma_address & ~0xffffffffull) | value;
        run_dma(cfg);
    } else {
        log_guest_error("fw-cfg: %u-byte write of offset %#" PRIx64 "\n", size, offset);
    }
}

static const MemoryOps fw_cfg_ops = {
    .read = fw_cfg_read,
    .write = fw_cfg_write,
    .min_access = 1,
    .max_access = 8,
    .endian = ENDIAN_BIG,
};

/* At ports the selector is little endian, and data are read byte by byte. */
static uint64_t fw_cfg_port_read(void *opaque, hwaddr offset, unsigned size)
{
    uint8_t byte;
    if (size != 1) {
        log_guest_error("fw-cfg: %u-byte read of a port\n", size);
        return 0;
    }
    take(opaque, &byte, 1);
    return byte;
}

static void fw_cfg_port_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    if (offset == PORT_SELECTOR && size == 2) {
        select_key(opaque, value);
    } else {
        log_guest_error("fw-cfg: %u-byte write of port %" PRIu64 "\n", size, offset);
    }
}

static const MemoryOps fw_cfg_port_ops = {
    .read = fw_cfg_port_read,
    .write = fw_cfg_port_write,
    .min_access = 1,
    .max_access = 2,
};

static uint64_t fw_cfg_dma_read(void *opaque, hwaddr offset, unsigned size)
{
    return fw_cfg_read(opaque, REG_DMA + offset, size);
}

static void fw_cfg_dma_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    fw_cfg_write(opaque, REG_DMA + offset, value, size);
}

static const MemoryOps fw_cfg_dma_ops = {
    .read = fw_cfg_dma_read,
    .write = fw_cfg_dma_write,
    .min_access = 1,
    .max_access = 8,
    .endian = ENDIAN_BIG,
};

static FwCfg *fw_cfg(Device *dev)
{
    return container_of(dev, FwCfg, sysbus.device);
}

static void set_item(FwCfgItem *item, const void *bytes, uint32_t length)
{
    g_free(item->bytes);
    item->bytes = g_malloc((size_t)length + 1);
    memcpy(item->bytes, bytes, length);
    item->length = length;
}

void fw_cfg_add(Device *dev, uint16_t key, const void *bytes, uint32_t length)
{
    g_assert(key < KEY_COUNT);
    set_item(&fw_cfg(dev)->items[key], bytes, length);
}

void fw_cfg_add_local(Device *dev, unsigned number, const void *bytes, uint32_t length)
{
    g_assert(number < FW_CFG_LOCAL_ITEMS);
    set_item(&fw_cfg(dev)->local[number], bytes, length);
}

void fw_cfg_add_u16(Device *dev, uint16_t key, uint16_t value)
{
    value = GUINT16_TO_LE(value);
    fw_cfg_add(dev, key, &value, sizeof(value));
}

void fw_cfg_add_u32(Device *dev, uint16_t key, uint32_t value)
{
    value = GUINT32_TO_LE(value);
    fw_cfg_add(dev, key, &value, sizeof(value));
}

void fw_cfg_add_u64(Device *dev, uint16_t key, uint64_t value)
{
    value = GUINT64_TO_LE(value);
    fw_cfg_add(dev, key, &value, sizeof(value));
}

/* The directory is an item too: a count, then an entry for each file. */
static FwCfgFile *directory(FwCfg *cfg)
{
    return (FwCfgFile *)(cfg->items[FW_CFG_FILE_DIR].bytes + sizeof(uint32_t));
}

bool fw_cfg_add_file(Device *dev, const char *name, const void *bytes, uint32_t length,
                     GError **errp)
{
    FwCfg *cfg = fw_cfg(dev);
    if (strlen(name) >= FW_CFG_NAME_BYTES) {
        error_set(errp, "fw-cfg: file name '%s' is longer than %u characters", name,
                  FW_CFG_NAME_BYTES - 1);
        return false;
    }
    for (unsigned i = 0; i < cfg->file_count; i++) {
        if (strcmp(directory(cfg)[i].name, name) == 0) {
            error_set(errp, "fw-cfg: there are two files '%s'", name);
            return false;
        }
    }
    if (cfg->file_count == FW_CFG_MAX_FILES) {
        error_set(errp, "fw-cfg: '%s' is one file too many, %u are possible", name,
                  FW_CFG_MAX_FILES);
        return false;
    }
    uint16_t key = FW_CFG_FIRST_FILE + cfg->file_count;
    FwCfgItem *item = &cfg->items[FW_CFG_FILE_DIR];
    item->bytes = g_realloc(item->bytes, item->length + sizeof(FwCfgFile));
    item->length += sizeof(FwCfgFile);
    FwCfgFile *file = &directory(cfg)[cfg->file_count++];
    *file = (FwCfgFile){ .size = GUINT32_TO_BE(length), .key = GUINT16_TO_BE(key) };
    g_strlcpy(file->name, name, sizeof(file->name));
    *(uint32_t *)item->bytes = GUINT32_TO_BE(cfg->file_count);
    fw_cfg_add(dev, key, bytes, length);
    return true;
}

static FwCfgItem *find_file(FwCfg *cfg, const char *name)
{
    for (unsigned i = 0; i < cfg->file_count; i++) {
        if (strcmp(directory(cfg)[i].name, name) == 0) {
            return &cfg->items[FW_CFG_FIRST_FILE + i];
        }
    }
    g_assert_not_reached();
}

void fw_cfg_on_select(Device *dev, const char *name, void (*fn)(void *opaque), void *opaque)
{
    FwCfgItem *item = find_file(fw_cfg(dev), name);
    item->on_select = fn;
    item->opaque = opaque;
}

void fw_cfg_on_write(Device *dev, const char *name, void (*fn)(void *opaque), void *opaque)
{
    FwCfgItem *item = find_file(fw_cfg(dev), name);
    item->on_write = fn;
    item->on_write_opaque = opaque;
}

const void *fw_cfg_file(Device *dev, const char *name, uint32_t *length)
{
    const FwCfgItem *item = find_file(fw_cfg(dev), name);
    *length = item->length;
    return item->bytes;
}

void fw_cfg_update_file(Device *dev, const char *name, const void *bytes, uint32_t length)
{
    FwCfgItem *item = find_file(fw_cfg(dev), name);
    g_assert(length <= item->length);
    memcpy(item->bytes, bytes, length);
    memset(item->bytes + length, 0, item->length - length);
}

/* The items that every firmware looks for first. */
static void add_first_items(FwCfg *cfg, Device *dev)
{
    uint32_t id = GUINT32_TO_LE(ID_TRADITIONAL | ID_DMA), no_files = 0;
    cfg->memory = &device_machine(dev)->memory;
    fw_cfg_add(dev, FW_CFG_SIGNATURE, "QEMU", 4);
    fw_cfg_add(dev, FW_CFG_ID, &id, sizeof(id));
    fw_cfg_add(dev, FW_CFG_FILE_DIR, &no_files, sizeof(no_files));
}

static bool fw_cfg_mmio_realize(Device *dev, GError **errp)
{
    FwCfg *cfg = fw_cfg(dev);
    add_first_items(cfg, dev);
    memory_region_init_io(&cfg->mmio, &dev->object, &fw_cfg_ops, cfg, "fw-cfg", REGION_BYTES);
    sysbus_add_mmio(&cfg->sysbus, &cfg->mmio);
    return true;
}

static bool fw_cfg_io_realize(Device *dev, GError **errp)
{
    FwCfg *cfg = fw_cfg(dev);
    add_first_items(cfg, dev);
    memory_region_init_io(&cfg->mmio, &dev->object, &fw_cfg_port_ops, cfg, "fw-cfg", PORT_BYTES);
    memory_region_init_io(&cfg->dma, &dev->object, &fw_cfg_dma_ops, cfg, "fw-cfg-dma",
                          PORT_DMA_BYTES);
    sysbus_add_mmio(&cfg->sysbus, &cfg->mmio);
    sysbus_add_mmio(&cfg->sysbus, &cfg->dma);
    return true;
}

static void fw_cfg_finalize(Object *obj)
{
    FwCfg *cfg = container_of(obj, FwCfg, sysbus.device.object);
    for (unsigned i = 0; i < KEY_COUNT; i++) {
        g_free(cfg->items[i].bytes);
    }
    for (unsigned i = 0; i < FW_CFG_LOCAL_ITEMS; i++) {
        g_free(cfg->local[i].bytes);
    }
}

static void fw_cfg_reset(Device *dev)
{
    FwCfg *cfg = fw_cfg(dev);
    cfg->key = FW_CFG_SIGNATURE;
    cfg->offset = 0;
    cfg->dma_address = 0;
}

/* Items are made again by the same board; only the position is state. */
static const VmState fw_cfg_vmstate = {
    .version = 1,
    .fields =
        (const VmField[]){
            VM_U16(FwCfg, key), VM_U32(FwCfg, offset), VM_U64(FwCfg, dma_address), {} },
};

const DeviceClass fw_cfg_mmio_class = {
    .object = { .name = "fw-cfg-mmio",
                .parent = &sysbus_device_class.device.object,
                .instance_size = sizeof(FwCfg),
                .finalize = fw_cfg_finalize },
    .summary = "firmware configuration device",
    .realize = fw_cfg_mmio_realize,
    .reset = fw_cfg_reset,
    .vmstate = &fw_cfg_vmstate,
};
CLASS_REGISTER(fw_cfg_mmio_class);

const DeviceClass fw_cfg_io_class = {
    .object = { .name = "fw-cfg-io",
                .parent = &sysbus_device_class.device.object,
                .instance_size = sizeof(FwCfg),
                .finalize = fw_cfg_finalize },
    .summary = "firmware configuration device at I/O ports",
    .realize = fw_cfg_io_realize,
    .reset = fw_cfg_reset,
    .vmstate = &fw_cfg_vmstate,
};
CLASS_REGISTER(fw_cfg_io_class);
