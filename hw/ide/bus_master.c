/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/ide/bus_master.h"

#include "util/endian.h"
#include "util/log.h"

enum { REG_COMMAND = 0, REG_STATUS = 2, REG_TABLE = 4 };
enum { COMMAND_START = 0x01, COMMAND_TO_MEMORY = 0x08 };
enum { STATUS_ACTIVE = 0x01, STATUS_ERROR = 0x02, STATUS_INTERRUPT = 0x04, STATUS_DRIVES = 0x60 };
enum { ENTRY_BYTES = 8, ENTRY_MAX_BYTES = 0x10000 };
#define ENTRY_LAST 0x80000000u

/* Guest memory, and only that: no device is reached, least of all this one. */
static MemTxAttrs memory_attrs(const BusMaster *master)
{
    MemTxAttrs attrs = pci_dma_attrs(master->pci);

    attrs.memory_only = true;
    return attrs;
}

/* False: there is none. */
static bool next_entry(BusMaster *master)
{
    uint32_t entry[2];

    if (master->last || address_space_read(&master->pci->dma, master->next, entry, ENTRY_BYTES,
                                           memory_attrs(master)) != MEMTX_OK) {
        return false;
    }
    uint32_t count = GUINT32_FROM_LE(entry[1]);
    master->next += ENTRY_BYTES;
    master->address = GUINT32_FROM_LE(entry[0]) & ~1u;
    master->left = count & (ENTRY_MAX_BYTES - 2) ? count & (ENTRY_MAX_BYTES - 2) : ENTRY_MAX_BYTES;
    master->last = count & ENTRY_LAST;
    return true;
}

static bool move(void *opaque, void *buffer, uint32_t bytes, bool to_guest)
{
    BusMaster *master = opaque;
    AddressSpace *as = &master->pci->dma;
    uint8_t *at = buffer;

    if (!(master->status & STATUS_ACTIVE)) {
        return false;
    }
    while (bytes) {
        if (!master->left && !next_entry(master)) {
            master->status = (master->status & ~STATUS_ACTIVE) | STATUS_ERROR;
            return false;
        }
        uint32_t piece = MIN(bytes, master->left);
        MemTxResult result =
            to_guest ? address_space_write(as, master->address, at, piece, memory_attrs(master))
                     : address_space_read(as, master->address, at, piece, memory_attrs(master));
        if (result != MEMTX_OK) {
            log_guest_error("ide: no memory at %#x\n", master->address);
            master->status = (master->status & ~STATUS_ACTIVE) | STATUS_ERROR;
            return false;
        }
        master->address += piece;
        master->left -= piece;
        at += piece;
        bytes -= piece;
    }
    return true;
}

static void wanted(void *opaque)
{
    BusMaster *master = opaque;

    if (master->status & STATUS_ACTIVE) {
        ide_channel_dma_start(&master->channel);
    }
}

/* 3.1: still active means that the list was longer than what the drive had. */
static void interrupt(void *opaque, bool ended)
{
    BusMaster *master = opaque;

    master->status |= STATUS_INTERRUPT;
    if (ended && !master->left && master->last) {
        master->status &= ~STATUS_ACTIVE;
    }
}

static const IdeMasterOps master_ops = { .wanted = wanted, .move = move, .interrupt = interrupt };

static void write_command(BusMaster *master, uint8_t value)
{
    bool starts = value & ~master->command & COMMAND_START;

    master->command = value & (COMMAND_START | COMMAND_TO_MEMORY);
    if (!(value & COMMAND_START)) {
        master->status &= ~STATUS_ACTIVE;
    } else if (starts) {
        master->status |= STATUS_ACTIVE;
        master->next = master->table;
        master->left = 0;
        master->last = false;
        ide_channel_dma_start(&master->channel);
    }
}

static uint64_t master_read(void *opaque, hwaddr offset, unsigned size)
{
    const BusMaster *master = opaque;

    switch (offset) {
    case REG_COMMAND: return master->command;
    case REG_STATUS: return master->status;
    case REG_TABLE:
    case REG_TABLE + 1:
    case REG_TABLE + 2:
    case REG_TABLE + 3: return master->table >> 8 * (offset - REG_TABLE) & 0xff;
    default: return 0xff;
    }
}

static void master_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    BusMaster *master = opaque;
    unsigned shift = 8 * (offset - REG_TABLE);

    switch (offset) {
    case REG_COMMAND: write_command(master, value); break;
    case REG_STATUS:
        master->status &= ~(value & (STATUS_INTERRUPT | STATUS_ERROR));
        master->status = (master->status & ~STATUS_DRIVES) | (value & STATUS_DRIVES);
        break;
    case REG_TABLE:
    case REG_TABLE + 1:
    case REG_TABLE + 2:
    case REG_TABLE + 3:
        master->table = (master->table & ~(0xffu << shift)) | (uint32_t)value << shift;
        master->table &= ~3u;
        break;
    }
}

static const MemoryOps master_memory_ops = {
    .read = master_read, .write = master_write, .max_access = 4, .impl_min = 1, .impl_max = 1
};

void bus_master_init(BusMaster *master, PciDevice *pci, const char *name)
{
    master->pci = pci;
    ide_channel_init(&master->channel, &pci->device, name, &master_ops, master);
    memory_region_init_io(&master->ports, &pci->device.object, &master_memory_ops, master,
                          "bus-master", BUS_MASTER_PORTS);
}

void bus_master_reset(BusMaster *master)
{
    master->command = master->status = 0;
    master->table = master->next = master->address = master->left = 0;
    master->last = false;
    ide_channel_reset(&master->channel);
}

static bool bus_master_post_load(void *opaque, uint32_t version, GError **errp)
{
    BusMaster *master = opaque;

    master->table &= ~3u;
    master->left = MIN(master->left, ENTRY_MAX_BYTES);
    return true;
}

const VmState bus_master_vmstate = {
    .name = "bus-master",
    .version = 1,
    .post_load = bus_master_post_load,
    .fields = (const VmField[]){ VM_STRUCT(BusMaster, channel, ide_channel_vmstate),
                                 VM_U8(BusMaster, command),
                                 VM_U8(BusMaster, status),
                                 VM_U32(BusMaster, table),
                                 VM_U32(BusMaster, next),
                                 VM_U32(BusMaster, address),
                                 VM_U32(BusMaster, left),
                                 VM_BOOL(BusMaster, last),
                                 {} },
};
