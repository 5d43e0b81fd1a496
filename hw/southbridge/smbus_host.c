/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/southbridge/smbus_host.h"

#include <string.h>

enum {
    REG_STATUS = 0x00,
    REG_CONTROL = 0x02,
    REG_COMMAND = 0x03,
    REG_ADDRESS = 0x04,
    REG_DATA0 = 0x05,
    REG_DATA1 = 0x06,
    REG_BLOCK = 0x07,
    REG_PEC = 0x08,
};
enum { STATUS_NO_ANSWER = 0x04, STATUS_FAILED = 0x10, STATUS_CLEARABLE = 0xde };
enum { CONTROL_IRQ = 0x01, CONTROL_KILL = 0x02, CONTROL_START = 0x40 };

static void update_irq(SmbusHost *host)
{
    if (host->set_irq) {
        host->set_irq(host->opaque,
                      (host->control & CONTROL_IRQ) && (host->status & STATUS_CLEARABLE));
    }
}

static uint64_t ports_read(void *opaque, hwaddr offset, unsigned size)
{
    const SmbusHost *host = opaque;
    switch (offset) {
    case REG_STATUS: return host->status;
    case REG_CONTROL: return host->control;
    default: return host->store[offset];
    }
}

static void ports_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    SmbusHost *host = opaque;
    switch (offset) {
    case REG_STATUS: host->status &= ~(value & STATUS_CLEARABLE); break;
    case REG_CONTROL:
        host->control = value & ~CONTROL_START;
        if (value & CONTROL_KILL) {
            host->status |= STATUS_FAILED;
        } else if (value & CONTROL_START) {
            host->status |= STATUS_NO_ANSWER;
        }
        break;
    case REG_COMMAND:
    case REG_ADDRESS:
    case REG_DATA0:
    case REG_DATA1:
    case REG_BLOCK:
    case REG_PEC: host->store[offset] = value; break;
    default: break; /* slave side: nobody addresses us */
    }
    update_irq(host);
}

static const MemoryOps ports_ops = {
    .read = ports_read,
    .write = ports_write,
    .min_access = 1,
    .max_access = 4,
    .impl_min = 1,
    .impl_max = 1,
};

void smbus_host_init(SmbusHost *host, Device *owner, unsigned bytes,
                     void (*set_irq)(void *opaque, bool level), void *opaque)
{
    g_assert(bytes <= SMBUS_HOST_MAX_BYTES);
    host->set_irq = set_irq;
    host->opaque = opaque;
    memory_region_init_io(&host->ports, &owner->object, &ports_ops, host, "smbus", bytes);
}

void smbus_host_reset(SmbusHost *host)
{
    host->status = host->control = 0;
    memset(host->store, 0, sizeof(host->store));
    update_irq(host);
}

static bool smbus_host_post_load(void *opaque, uint32_t version, GError **errp)
{
    SmbusHost *host = opaque;
    host->status &= STATUS_CLEARABLE;
    host->control &= ~CONTROL_START;
    update_irq(host);
    return true;
}

const VmState smbus_host_vmstate = {
    .name = "smbus-host",
    .version = 1,
    .post_load = smbus_host_post_load,
    .fields =
        (const VmField[]){
            VM_U8(SmbusHost, status),
            VM_U8(SmbusHost, control),
            VM_BUFFER(SmbusHost, store),
            {},
        },
};
