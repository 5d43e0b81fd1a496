/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACLINT machine-level timer: MTIME, which counts guest time, and one MTIMECMP a hart.
 * Spec: RISC-V Advanced Core Local Interruptor 1.0-rc4, chapter 2.
 */
#include "hw/core/machine.h"
#include "hw/core/sysbus.h"
#include "hw/intc/riscv_aclint.h"
#include "util/atomic.h"
#include "util/error.h"
#include "util/log.h"

typedef struct {
    struct RiscvAclintMtimer *owner;
    Timer timer;
    uint64_t compare; /* MTIMECMP */
} AclintHart;

typedef struct RiscvAclintMtimer {
    SysbusDevice sysbus;
    MemoryRegion mmio;
    ClockSet *clocks;
    Irq **irqs;
    uint32_t hart_count;   /* property */
    uint32_t frequency_hz; /* property */
    AclintHart *harts;
    uint64_t
        offset; /* MTIME minus ticks of the virtual clock; atomic, written under the machine lock */
    uint64_t *saved_compare;
    uint32_t saved_bytes;
} RiscvAclintMtimer;

static uint64_t ns_to_ticks(const RiscvAclintMtimer *mtimer, int64_t ns)
{
    return (unsigned __int128)ns * mtimer->frequency_hz / 1000000000u;
}

uint64_t riscv_aclint_mtimer_time(void *opaque)
{
    RiscvAclintMtimer *mtimer = container_of((Device *)opaque, RiscvAclintMtimer, sysbus.device);
    return ns_to_ticks(mtimer, clock_ns(mtimer->clocks, CLOCK_KIND_VIRTUAL)) +
           atomic_read(&mtimer->offset);
}

/* Guest time at which MTIME reaches @ticks, or -1 if that lies beyond what the clock can count. */
static int64_t ticks_to_deadline_ns(const RiscvAclintMtimer *mtimer, uint64_t now, uint64_t ticks)
{
    uint64_t base = now - mtimer->offset; /* ticks of the virtual clock */
    unsigned __int128 ns = (unsigned __int128)base + (ticks - now);
    ns = (ns * 1000000000u + mtimer->frequency_hz - 1) / mtimer->frequency_hz;
    return ns > INT64_MAX ? -1 : (int64_t)ns;
}

/* The line follows MTIME >= MTIMECMP (section 2.1). */
static void update_hart(AclintHart *hart)
{
    RiscvAclintMtimer *mtimer = hart->owner;
    uint64_t now = riscv_aclint_mtimer_time(&mtimer->sysbus.device);
    if (now >= hart->compare) {
        timer_cancel(&hart->timer);
        irq_raise(mtimer->irqs[hart - mtimer->harts]);
        return;
    }
    irq_lower(mtimer->irqs[hart - mtimer->harts]);
    int64_t deadline = ticks_to_deadline_ns(mtimer, now, hart->compare);
    if (deadline >= 0) {
        timer_set_ns(&hart->timer, deadline);
    } else {
        timer_cancel(&hart->timer);
    }
}

static void hart_timer_expired(void *opaque)
{
    update_hart(opaque);
}

static void update_all(RiscvAclintMtimer *mtimer)
{
    for (unsigned i = 0; i < mtimer->hart_count; i++) {
        update_hart(&mtimer->harts[i]);
    }
}

static uint64_t merge(uint64_t old, hwaddr offset, uint64_t value, unsigned size)
{
    unsigned shift = (offset & 7) * 8;
    uint64_t mask = (size == 8 ? UINT64_MAX : UINT32_MAX) << shift;
    return (old & ~mask) | ((value << shift) & mask);
}

static uint64_t mtimer_read(void *opaque, hwaddr offset, unsigned size)
{
    RiscvAclintMtimer *mtimer = opaque;
    uint64_t value = 0;
    if (offset >= RISCV_ACLINT_MTIME_OFFSET) {
        value = riscv_aclint_mtimer_time(&mtimer->sysbus.device);
    } else if (offset / 8 < mtimer->hart_count) {
        value = mtimer->harts[offset / 8].compare;
    } else {
        log_guest_error("riscv-aclint-mtimer: read of MTIMECMP %u, there are %u\n",
                        (unsigned)(offset / 8), mtimer->hart_count);
    }
    value >>= (offset & 7) * 8;
    return size == 8 ? value : (uint32_t)value;
}

static void mtimer_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    RiscvAclintMtimer *mtimer = opaque;
    if (offset >= RISCV_ACLINT_MTIME_OFFSET) {
        uint64_t now = riscv_aclint_mtimer_time(&mtimer->sysbus.device);
        atomic_set(&mtimer->offset, mtimer->offset + merge(now, offset, value, size) - now);
        update_all(mtimer);
    } else if (offset / 8 < mtimer->hart_count) {
        AclintHart *hart = &mtimer->harts[offset / 8];
        hart->compare = merge(hart->compare, offset, value, size);
        update_hart(hart);
    } else {
        log_guest_error("riscv-aclint-mtimer: write of MTIMECMP %u, there are %u\n",
                        (unsigned)(offset / 8), mtimer->hart_count);
    }
}

static const MemoryOps mtimer_ops = {
    .read = mtimer_read, .write = mtimer_write, .min_access = 4, .max_access = 8
};

static bool mtimer_realize(Device *dev, GError **errp)
{
    RiscvAclintMtimer *mtimer = container_of(dev, RiscvAclintMtimer, sysbus.device);
    mtimer->clocks = device_machine(dev)->clocks;
    mtimer->harts = g_new0(AclintHart, mtimer->hart_count);
    mtimer->irqs = g_new0(Irq *, mtimer->hart_count);
    mtimer->saved_compare = g_new0(uint64_t, mtimer->hart_count);
    for (unsigned i = 0; i < mtimer->hart_count; i++) {
        mtimer->harts[i].owner = mtimer;
        timer_init(&mtimer->harts[i].timer, mtimer->clocks, CLOCK_KIND_VIRTUAL, hart_timer_expired,
                   &mtimer->harts[i]);
    }
    device_add_irq_outputs(dev, NULL, mtimer->irqs, mtimer->hart_count);
    memory_region_init_io(&mtimer->mmio, &dev->object, &mtimer_ops, mtimer, "riscv-aclint-mtimer",
                          RISCV_ACLINT_MTIMER_BYTES);
    sysbus_add_mmio(&mtimer->sysbus, &mtimer->mmio);
    return true;
}

static void mtimer_unrealize(Device *dev)
{
    RiscvAclintMtimer *mtimer = container_of(dev, RiscvAclintMtimer, sysbus.device);
    for (unsigned i = 0; i < mtimer->hart_count; i++) {
        timer_cancel(&mtimer->harts[i].timer);
    }
    g_clear_pointer(&mtimer->harts, g_free);
    g_clear_pointer(&mtimer->irqs, g_free);
    g_clear_pointer(&mtimer->saved_compare, g_free);
}

/* Section 2.2: MTIME restarts at zero; MTIMECMP is unspecified, all ones keeps the timer quiet. */
static void mtimer_reset(Device *dev)
{
    RiscvAclintMtimer *mtimer = container_of(dev, RiscvAclintMtimer, sysbus.device);
    atomic_set(&mtimer->offset, -ns_to_ticks(mtimer, clock_ns(mtimer->clocks, CLOCK_KIND_VIRTUAL)));
    for (unsigned i = 0; i < mtimer->hart_count; i++) {
        mtimer->harts[i].compare = UINT64_MAX;
        update_hart(&mtimer->harts[i]);
    }
}

static bool mtimer_pre_save(void *opaque)
{
    RiscvAclintMtimer *mtimer = opaque;
    for (unsigned i = 0; i < mtimer->hart_count; i++) {
        mtimer->saved_compare[i] = GUINT64_TO_LE(mtimer->harts[i].compare);
    }
    mtimer->saved_bytes = mtimer->hart_count * 8;
    return true;
}

static bool mtimer_post_load(void *opaque, uint32_t version, GError **errp)
{
    RiscvAclintMtimer *mtimer = opaque;
    if (mtimer->saved_bytes != mtimer->hart_count * 8) {
        error_set(errp, "riscv-aclint-mtimer: saved with another number of harts than %u",
                  mtimer->hart_count);
        return false;
    }
    for (unsigned i = 0; i < mtimer->hart_count; i++) {
        mtimer->harts[i].compare = GUINT64_FROM_LE(mtimer->saved_compare[i]);
        update_hart(&mtimer->harts[i]);
    }
    return true;
}

static const Property mtimer_properties[] = {
    PROPERTY_U32("num-harts", RiscvAclintMtimer, hart_count, 1, .min = 1,
                 .max = RISCV_ACLINT_MAX_HARTS, .help = "number of MTIMECMP registers"),
    PROPERTY_U32("timebase-freq", RiscvAclintMtimer, frequency_hz, 10000000, .min = 1,
                 .max = 1000000000, .help = "rate of MTIME in Hz"),
    {},
};

static const VmState mtimer_vmstate = {
    .version = 1,
    .pre_save = mtimer_pre_save,
    .post_load = mtimer_post_load,
    .fields =
        (const VmField[]){
            VM_U64(RiscvAclintMtimer, offset),
            VM_VBUFFER(RiscvAclintMtimer, saved_compare, saved_bytes, RISCV_ACLINT_MAX_HARTS * 8),
            {},
        },
};

const DeviceClass riscv_aclint_mtimer_class = {
    .object = { .name = "riscv-aclint-mtimer",
                .parent = &sysbus_device_class.device.object,
                .instance_size = sizeof(RiscvAclintMtimer),
                .properties = mtimer_properties },
    .summary = "RISC-V ACLINT machine timer",
    .realize = mtimer_realize,
    .unrealize = mtimer_unrealize,
    .reset = mtimer_reset,
    .vmstate = &mtimer_vmstate,
};
CLASS_REGISTER(riscv_aclint_mtimer_class);
