/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/southbridge/ich9_tco.h"

#include "hw/core/machine.h"
#include "util/log.h"

enum {
    REG_RELOAD = 0x00,
    REG_DATA_IN = 0x02,
    REG_DATA_OUT = 0x03,
    REG_STATUS_1 = 0x04,
    REG_STATUS_2 = 0x06,
    REG_CONTROL_1 = 0x08,
    REG_CONTROL_2 = 0x0a,
    REG_MESSAGE = 0x0c,
    REG_BOOT_STATUS = 0x0e,
    REG_IRQ = 0x10,
    REG_TIME = 0x12,
};
enum { STATUS_1_TIMEOUT = 0x0008, STATUS_1_BITS = 0x1d8d };
enum { STATUS_2_SECOND = 0x0002, STATUS_2_BOOT = 0x0004, STATUS_2_BITS = 0x0017 };
enum { CONTROL_1_HALT = 0x0800, CONTROL_1_LOCK = 0x1000, CONTROL_1_BITS = 0x1f00 };
enum { CONTROL_2_BITS = 0x0038, TIME_BITS = 0x03ff, TIME_FIRST = 4, TIME_LEAST = 2, IRQ_FIRST = 3 };
static const int64_t tick_ns = 600000000;

static int64_t now_ns(const Ich9Tco *tco)
{
    return clock_ns(tco->machine->clocks, CLOCK_KIND_VIRTUAL);
}

static void arm(Ich9Tco *tco, int64_t expire_ns)
{
    tco->expire_ns = expire_ns;
    if (expire_ns == INT64_MAX) {
        timer_cancel(&tco->timer);
    } else {
        timer_set_ns(&tco->timer, expire_ns);
    }
}

static void start(Ich9Tco *tco)
{
    bool halted = (tco->control1 & CONTROL_1_HALT) || tco->reload < TIME_LEAST;
    arm(tco, halted ? INT64_MAX : now_ns(tco) + tco->reload * tick_ns);
}

/* 13.9.4, 13.9.5: the first timeout asks for an SMI, the second one resets. */
static void expired(void *opaque)
{
    Ich9Tco *tco = opaque;
    tco->status1 |= STATUS_1_TIMEOUT;
    if (++tco->timeouts < 2) {
        tco->first_timeout(tco->opaque);
        start(tco);
        return;
    }
    tco->timeouts = 0;
    tco->status2 |= STATUS_2_SECOND | STATUS_2_BOOT;
    if (tco->may_reboot(tco->opaque)) {
        arm(tco, INT64_MAX);
        machine_watchdog_expired(tco->machine);
    } else {
        start(tco);
    }
}

static uint16_t ticks_left(const Ich9Tco *tco)
{
    if (tco->expire_ns == INT64_MAX) {
        return tco->reload;
    }
    return MAX(tco->expire_ns - now_ns(tco), 0) / tick_ns & TIME_BITS;
}

static uint64_t tco_read(void *opaque, hwaddr offset, unsigned size)
{
    const Ich9Tco *tco = opaque;
    switch (offset) {
    case REG_RELOAD: return ticks_left(tco);
    case REG_DATA_IN: return tco->data_in | tco->data_out << 8;
    case REG_STATUS_1: return tco->status1;
    case REG_STATUS_2: return tco->status2;
    case REG_CONTROL_1: return tco->control1;
    case REG_CONTROL_2: return tco->control2;
    case REG_MESSAGE: return tco->message[0] | tco->message[1] << 8;
    case REG_BOOT_STATUS: return tco->boot_status;
    case REG_IRQ: return tco->irq_select;
    case REG_TIME: return tco->reload;
    }
    return 0;
}

static void write_control_1(Ich9Tco *tco, uint16_t value)
{
    uint16_t before = tco->control1;
    tco->control1 = (value & CONTROL_1_BITS) | (before & CONTROL_1_LOCK);
    if ((before ^ tco->control1) & CONTROL_1_HALT) {
        tco->timeouts = 0;
        start(tco);
    }
}

static void tco_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    Ich9Tco *tco = opaque;
    switch (offset) {
    case REG_RELOAD:
        tco->timeouts = 0;
        start(tco);
        break;
    case REG_DATA_IN:
        tco->data_in = value;
        tco->data_out = value >> 8;
        break;
    case REG_STATUS_1: tco->status1 &= ~(value & STATUS_1_BITS); break;
    case REG_STATUS_2: tco->status2 &= ~(value & STATUS_2_BITS); break;
    case REG_CONTROL_1: write_control_1(tco, value); break;
    case REG_CONTROL_2: tco->control2 = value & CONTROL_2_BITS; break;
    case REG_MESSAGE:
        tco->message[0] = value;
        tco->message[1] = value >> 8;
        break;
    case REG_BOOT_STATUS: tco->boot_status = value; break;
    case REG_IRQ: tco->irq_select = value & 3; break;
    case REG_TIME: tco->reload = value & TIME_BITS; break;
    default: log_guest_error("ich9-tco: write of register %#x\n", (unsigned)offset); break;
    }
}

static const MemoryOps tco_ops = {
    .read = tco_read,
    .write = tco_write,
    .min_access = 1,
    .max_access = 4,
    .impl_min = 2,
    .impl_max = 2,
};

void ich9_tco_init(Ich9Tco *tco, Device *owner)
{
    tco->machine = device_machine(owner);
    tco->expire_ns = INT64_MAX;
    timer_init(&tco->timer, tco->machine->clocks, CLOCK_KIND_VIRTUAL, expired, tco);
    memory_region_init_io(&tco->ports, &owner->object, &tco_ops, tco, "ich9-tco", ICH9_TCO_BYTES);
}

void ich9_tco_cleanup(Ich9Tco *tco)
{
    timer_cancel(&tco->timer);
}

/* What the second timeout says stays for who looks after the reset (13.9.5, SECOND_TO_STS). */
void ich9_tco_reset(Ich9Tco *tco)
{
    tco->reload = TIME_FIRST;
    tco->status1 = 0;
    tco->status2 &= STATUS_2_SECOND | STATUS_2_BOOT;
    tco->control1 = CONTROL_1_HALT;
    tco->control2 = 8;
    tco->data_in = tco->data_out = tco->boot_status = tco->timeouts = 0;
    tco->message[0] = tco->message[1] = 0;
    tco->irq_select = IRQ_FIRST;
    arm(tco, INT64_MAX);
}

static bool tco_post_load(void *opaque, uint32_t version, GError **errp)
{
    Ich9Tco *tco = opaque;
    tco->reload &= TIME_BITS;
    tco->timeouts &= 1;
    arm(tco, MAX(tco->expire_ns, 0));
    return true;
}

const VmState ich9_tco_vmstate = {
    .name = "ich9-tco",
    .version = 1,
    .post_load = tco_post_load,
    .fields =
        (const VmField[]){
            VM_U16(Ich9Tco, reload),
            VM_U16(Ich9Tco, status1),
            VM_U16(Ich9Tco, status2),
            VM_U16(Ich9Tco, control1),
            VM_U16(Ich9Tco, control2),
            VM_U8(Ich9Tco, data_in),
            VM_U8(Ich9Tco, data_out),
            VM_U8_ARRAY(Ich9Tco, message),
            VM_U8(Ich9Tco, boot_status),
            VM_U8(Ich9Tco, irq_select),
            VM_U8(Ich9Tco, timeouts),
            VM_I64(Ich9Tco, expire_ns),
            {},
        },
};
