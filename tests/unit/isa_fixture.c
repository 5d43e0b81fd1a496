/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/isa_fixture.h"

void isa_fixture_init(IsaFixture *isa)
{
    fixture_init(&isa->f);
    Device *bridge = machine_add_device(isa->f.machine, "bridge", &isabus_bridge_class);
    g_assert_true(device_realize(bridge, NULL, NULL));
    g_ptr_array_add(isa->f.machine->resettable, bridge);
    Bus *bus = bus_find(&isa->f.machine->object, NULL, &isa_bus_class.bus, NULL);
    g_assert_nonnull(bus);
    isa->bus = container_of(bus, IsaBus, bus);
    for (unsigned i = 0; i < ISA_IRQ_COUNT; i++) {
        isa_bus_connect_irq(isa->bus, i, fixture_irq(&isa->f, i));
    }
}

void isa_fixture_cleanup(IsaFixture *isa)
{
    fixture_check_state(&isa->f);
    fixture_cleanup(&isa->f);
}

Device *isa_fixture_add(IsaFixture *isa, const char *class_name, const char *const *properties)
{
    g_autoptr(GError) error = NULL;
    Device *dev = fixture_add(&isa->f, class_name, properties);
    g_ptr_array_remove(isa->f.machine->resettable, dev); /* the bus resets it */
    device_realize(dev, &isa->bus->bus, &error);
    g_assert_no_error(error);
    return dev;
}

void isa_fixture_reset(IsaFixture *isa)
{
    g_assert_true(machine_reset(isa->f.machine, NULL));
}

uint32_t isa_in(IsaFixture *isa, uint16_t port)
{
    uint64_t value = 0xff;
    address_space_load(&isa->f.machine->io, port, 1, ENDIAN_LITTLE, &value, (MemTxAttrs){ 0 });
    return value;
}

void isa_out(IsaFixture *isa, uint16_t port, uint8_t value)
{
    address_space_store(&isa->f.machine->io, port, 1, ENDIAN_LITTLE, value, (MemTxAttrs){ 0 });
}

static void access_port(IsaFixture *isa, uint16_t port, uint32_t value)
{
    for (unsigned size = 1; size <= 4; size *= 2) {
        uint64_t read;
        address_space_store(&isa->f.machine->io, port, size, ENDIAN_LITTLE, value,
                            (MemTxAttrs){ 0 });
        address_space_load(&isa->f.machine->io, port, size, ENDIAN_LITTLE, &read,
                           (MemTxAttrs){ 0 });
    }
}

void isa_hostile(IsaFixture *isa, uint16_t base, unsigned count)
{
    for (unsigned port = base; port < base + count; port++) {
        for (unsigned value = 0; value < 0x100; value++) {
            access_port(isa, port, value * 0x01010101u);
        }
        fixture_step(&isa->f, 1000000);
    }
    for (unsigned value = 0; value < 0x10000; value++) { /* sequences over all ports */
        isa_out(isa, base + value * 7 % 31 % count, value * 0x9e3779b9u >> 24);
        isa_in(isa, base + value * 5 % 29 % count);
    }
    fixture_step(&isa->f, 10000000);
    fixture_check_state(&isa->f);
}
