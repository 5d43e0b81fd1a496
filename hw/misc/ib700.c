/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watchdog of the iBase IB700 single-board computer: two ports. Spec: IB700 user's manual,
 * "Watchdog Timer Configuration"; Linux Documentation/watchdog, driver ib700wdt.
 */
#include "hw/core/machine.h"
#include "hw/isa/isa.h"
#include "util/timer.h"

enum { PORT_STOP = 0x441, PORT_START = 0x443, SECONDS_MAX = 30, SECONDS_STEP = 2 };
static const int64_t second_ns = 1000000000;

typedef struct {
    IsaDevice isa;
    MemoryRegion stop, start;
    Timer timer;
    int64_t expire_ns; /* guest time; INT64_MAX: it is off */
} Ib700;

static void arm(Ib700 *dog, int64_t expire_ns)
{
    dog->expire_ns = expire_ns;
    if (expire_ns == INT64_MAX) {
        timer_cancel(&dog->timer);
    } else {
        timer_set_ns(&dog->timer, expire_ns);
    }
}

static void expired(void *opaque)
{
    Ib700 *dog = opaque;
    arm(dog, INT64_MAX);
    machine_watchdog_expired(device_machine(&dog->isa.device));
}

static uint64_t ib700_read(void *opaque, hwaddr port, unsigned size)
{
    return UINT8_MAX;
}

static void stop_write(void *opaque, hwaddr port, uint64_t value, unsigned size)
{
    arm(opaque, INT64_MAX);
}

/* Each step of the value is two seconds less. */
static void start_write(void *opaque, hwaddr port, uint64_t value, unsigned size)
{
    Ib700 *dog = opaque;
    int64_t now_ns = clock_ns(device_machine(&dog->isa.device)->clocks, CLOCK_KIND_VIRTUAL);
    arm(dog, now_ns + (SECONDS_MAX - SECONDS_STEP * (int64_t)(value & 15)) * second_ns);
}

static const MemoryOps stop_ops = {
    .read = ib700_read, .write = stop_write, .max_access = 4, .impl_min = 1, .impl_max = 1
};
static const MemoryOps start_ops = {
    .read = ib700_read, .write = start_write, .max_access = 4, .impl_min = 1, .impl_max = 1
};

static bool ib700_setup(IsaDevice *isa, GError **errp)
{
    Ib700 *dog = container_of(isa, Ib700, isa);
    Object *owner = &isa->device.object;
    timer_init(&dog->timer, device_machine(&isa->device)->clocks, CLOCK_KIND_VIRTUAL, expired, dog);
    dog->expire_ns = INT64_MAX;
    memory_region_init_io(&dog->stop, owner, &stop_ops, dog, "ib700-stop", 1);
    memory_region_init_io(&dog->start, owner, &start_ops, dog, "ib700-start", 1);
    isa_add_ports(isa, &dog->stop, PORT_STOP);
    isa_add_ports(isa, &dog->start, PORT_START);
    return true;
}

static void ib700_cleanup(IsaDevice *isa)
{
    timer_cancel(&container_of(isa, Ib700, isa)->timer);
}

static void ib700_reset(Device *dev)
{
    arm(container_of(dev, Ib700, isa.device), INT64_MAX);
}

static bool ib700_post_load(void *opaque, uint32_t version, GError **errp)
{
    Ib700 *dog = opaque;
    arm(dog, MAX(dog->expire_ns, 0));
    return true;
}

static const VmState ib700_vmstate = {
    .version = 1,
    .post_load = ib700_post_load,
    .fields = (const VmField[]){ VM_I64(Ib700, expire_ns), {} },
};

static const IsaDeviceClass ib700_class = {
    .device = { .object = { .name = "ib700",
                            .parent = &isa_device_class.device.object,
                            .instance_size = sizeof(Ib700) },
                .summary = "Watchdog of the iBase 700",
                .user_creatable = true,
                .reset = ib700_reset,
                .vmstate = &ib700_vmstate },
    .setup = ib700_setup,
    .cleanup = ib700_cleanup,
};
CLASS_REGISTER(ib700_class);
