/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SiFive test finisher: one register that ends or resets the machine.
 * Spec: the "sifive,test0" and "sifive,test1" device tree bindings; value in bits 15:0, exit code
 * in 31:16.
 */
#include "hw/core/machine.h"
#include "hw/core/sysbus.h"
#include "util/log.h"

enum {
    FINISHER_FAIL = 0x3333,
    FINISHER_PASS = 0x5555,
    FINISHER_RESET = 0x7777,
    REGION_BYTES = 0x1000
};

/* No guest state: the register reads zero. */
typedef struct {
    SysbusDevice sysbus;
    MemoryRegion mmio;
} SifiveTest;

static uint64_t sifive_test_read(void *opaque, hwaddr offset, unsigned size)
{
    return 0;
}

/* Only eight bits of a status reach the parent process, and a failure must not become 0 there. */
static int failure_status(uint32_t code)
{
    return code & 0xff ? code & 0xff : 1;
}

static void sifive_test_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    SifiveTest *test = opaque;
    Machine *machine = device_machine(&test->sysbus.device);
    if (offset == 0) {
        switch (value & 0xffff) {
        case FINISHER_FAIL:
            machine_request_shutdown(machine, SHUTDOWN_GUEST_EXIT,
                                     failure_status(value >> 16 & 0xffff));
            return;
        case FINISHER_PASS: machine_request_shutdown(machine, SHUTDOWN_GUEST_OFF, 0); return;
        case FINISHER_RESET: machine_request_reset(machine, true); return;
        }
    }
    log_guest_error("sifive-test: write of %#x to offset %#x means nothing\n", (unsigned)value,
                    (unsigned)offset);
}

static const MemoryOps sifive_test_ops = {
    .read = sifive_test_read,
    .write = sifive_test_write,
    .min_access = 2,
    .max_access = 4,
};

static bool sifive_test_realize(Device *dev, GError **errp)
{
    SifiveTest *test = container_of(dev, SifiveTest, sysbus.device);
    memory_region_init_io(&test->mmio, &dev->object, &sifive_test_ops, test, "sifive-test",
                          REGION_BYTES);
    sysbus_add_mmio(&test->sysbus, &test->mmio);
    return true;
}

static const DeviceClass sifive_test_class = {
    .object = { .name = "sifive-test",
                .parent = &sysbus_device_class.device.object,
                .instance_size = sizeof(SifiveTest) },
    .summary = "SiFive test finisher: power off, exit status, reset",
    .realize = sifive_test_realize,
};
CLASS_REGISTER(sifive_test_class);
