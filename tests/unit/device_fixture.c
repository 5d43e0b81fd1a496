/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/device_fixture.h"

#include "hw/core/machine_state.h"

static const MachineClass board_class = {
    .object = { .name = "fixture-board", .parent = &machine_class.object },
};

static size_t host_write(Chardev *chardev, const uint8_t *bytes, size_t length)
{
    FixtureChardev *host = container_of(chardev, FixtureChardev, chardev);
    size_t taken = MIN(length, host->room);
    g_string_append_len(host->written, (const char *)bytes, taken);
    host->room -= taken;
    return taken;
}

static void host_finalize(Object *obj)
{
    g_string_free(container_of(obj, FixtureChardev, chardev.object)->written, TRUE);
}

static bool host_open(Chardev *chardev, GError **errp)
{
    FixtureChardev *host = container_of(chardev, FixtureChardev, chardev);
    host->written = g_string_new(NULL);
    host->room = SIZE_MAX;
    chardev_set_connected(chardev, true);
    return true;
}

static const ChardevClass host_class = {
    .object = { .name = "chardev-fixture",
                .parent = &chardev_class.object,
                .instance_size = sizeof(FixtureChardev),
                .finalize = host_finalize },
    .open = host_open,
    .write = host_write,
};

static void request_shutdown(Machine *machine, ShutdownCause cause, int status)
{
    DeviceFixture *f = machine->ops_opaque;
    f->shutdown_cause = cause;
    f->shutdown_status = status;
}

static void request_reset(Machine *machine, bool by_guest)
{
    ((DeviceFixture *)machine->ops_opaque)->resets++;
}

static const MachineOps machine_ops = {
    .request_shutdown = request_shutdown,
    .request_reset = request_reset,
};

static int64_t fixture_now(void *opaque)
{
    return ((DeviceFixture *)opaque)->now_ns;
}

void fixture_init(DeviceFixture *f)
{
    *f = (DeviceFixture){ .shutdown_status = -1 };
    f->lines = g_ptr_array_new_with_free_func((GDestroyNotify)irq_free);
    f->root = object_new(&container_class);
    Object *obj = object_new_child(f->root, "machine", &board_class.object, NULL);
    f->machine = container_of(obj, Machine, object);
    f->machine->clocks = clock_set_new(NULL);
    clock_set_virtual_source(f->machine->clocks, fixture_now, f);
    f->machine->ops = &machine_ops;
    f->machine->ops_opaque = f;
    f->machine->ram_bytes = FIXTURE_RAM_BYTES;
    g_assert_true(machine_init_ram(f->machine, "ram", NULL));
    machine_lock();
    memory_region_add(&f->machine->system_memory, 0, &f->machine->ram);
    Chardev *chardev = chardev_new(f->root, "host", (const ChardevClass *)&host_class, NULL, NULL);
    f->host = container_of(chardev, FixtureChardev, chardev);
}

void fixture_cleanup(DeviceFixture *f)
{
    ClockSet *clocks = f->machine->clocks;
    device_unrealize(f->dev);
    machine_unlock();
    machine_free(f->machine);
    chardev_close(&f->host->chardev);
    object_unref(f->root);
    clock_set_free(clocks);
    g_ptr_array_unref(f->lines);
}

Device *fixture_add(DeviceFixture *f, const char *class_name, const char *const *properties)
{
    const ObjectClass *class = object_class_by_name(class_name);
    f->dev = machine_add_device(f->machine, class_name, container_of(class, DeviceClass, object));
    for (; properties && *properties; properties += 2) {
        g_assert_true(property_set(&f->dev->object, properties[0], properties[1], NULL));
    }
    if (property_find(class, "chardev")) {
        g_assert_true(
            property_set_link(&f->dev->object, "chardev", &f->host->chardev.object, NULL));
    }
    g_ptr_array_add(f->machine->resettable, f->dev);
    return f->dev;
}

static void line_changed(void *opaque, unsigned line, int level)
{
    DeviceFixture *f = opaque;
    f->edges += f->level[line] != level;
    f->level[line] = level;
}

Irq *fixture_irq(DeviceFixture *f, unsigned line)
{
    Irq *irq = irq_new(line_changed, f, line);
    g_ptr_array_add(f->lines, irq);
    return irq;
}

void fixture_place(DeviceFixture *f)
{
    SysbusDevice *sysbus = container_of(f->dev, SysbusDevice, device);
    g_autoptr(GError) error = NULL;
    device_realize(f->dev, NULL, &error);
    g_assert_no_error(error);
    sysbus_map(sysbus, 0, &f->machine->system_memory, FIXTURE_DEVICE_BASE);
    if (sysbus->irq_count) {
        sysbus_connect_irq(sysbus, 0, fixture_irq(f, 0));
    }
    g_assert_true(machine_reset(f->machine, NULL));
}

void fixture_step(DeviceFixture *f, int64_t ns)
{
    ClockSet *clocks = f->machine->clocks;
    int64_t end = f->now_ns + ns, next;
    while ((next = clock_deadline_ns(clocks, CLOCK_KIND_VIRTUAL)) >= 0 && next <= end - f->now_ns) {
        f->now_ns += next;
        clock_run(clocks, CLOCK_KIND_VIRTUAL);
    }
    f->now_ns = end;
}

size_t fixture_type(DeviceFixture *f, const char *text)
{
    size_t taken = 0;
    while (text[taken] && chardev_can_receive(&f->host->chardev)) {
        chardev_receive(&f->host->chardev, (const uint8_t *)text + taken, 1);
        taken++;
    }
    return taken;
}

void fixture_check_state(DeviceFixture *f)
{
    g_autoptr(GError) error = NULL;
    machine_check_state(f->machine, &error);
    g_assert_no_error(error);
}

uint64_t fixture_load(DeviceFixture *f, hwaddr address, unsigned size)
{
    uint64_t value = 0;
    address_space_load(&f->machine->memory, address, size, ENDIAN_LITTLE, &value,
                       (MemTxAttrs){ 0 });
    return value;
}

void fixture_store(DeviceFixture *f, hwaddr address, unsigned size, uint64_t value)
{
    address_space_store(&f->machine->memory, address, size, ENDIAN_LITTLE, value,
                        (MemTxAttrs){ 0 });
}

uint64_t fixture_read(DeviceFixture *f, hwaddr offset, unsigned size)
{
    return fixture_load(f, FIXTURE_DEVICE_BASE + offset, size);
}

void fixture_write(DeviceFixture *f, hwaddr offset, unsigned size, uint64_t value)
{
    fixture_store(f, FIXTURE_DEVICE_BASE + offset, size, value);
}

void fixture_hostile(DeviceFixture *f, hwaddr bytes)
{
    static const uint64_t values[] = {
        0,          1,          2,           3,          4,          7,       8,
        0x0f,       0x10,       0x20,        0x40,       0x70,       0x80,    0xd0,
        0xe8,       0xff,       0x100,       0x7fff,     0xffff,     0x10000, 0x7fffffff,
        0x80000000, 0xffffffff, 0x100000000, 1ull << 63, UINT64_MAX,
    };
    for (hwaddr at = 0; at < bytes; at++) {
        for (unsigned size = 1; size <= 8; size *= 2) {
            for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
                fixture_write(f, at, size, values[i]);
            }
            fixture_read(f, at, size);
        }
    }
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t value = (uint64_t)g_test_rand_int() << 32 | (uint32_t)g_test_rand_int();
        fixture_write(f, (uint32_t)g_test_rand_int() % bytes, 1 << g_test_rand_int_range(0, 4),
                      value >> g_test_rand_int_range(0, 64));
        fixture_step(f, g_test_rand_int_range(0, 1000));
    }
    fixture_check_state(f);
    g_assert_true(machine_reset(f->machine, NULL));
    g_autofree char *first = machine_state_hash(f->machine, NULL);
    g_assert_true(machine_reset(f->machine, NULL));
    g_autofree char *second = machine_state_hash(f->machine, NULL);
    g_assert_cmpstr(first, ==, second);
    fixture_check_state(f);
}
