/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/core/device.h"

#include <string.h>

#include "hw/core/machine.h"
#include "hw/core/sysbus.h"
#include "util/error.h"

static GString *trail;

typedef struct {
    MachineClass machine;
} TestMachineClass;

static bool load(Machine *machine, GError **errp)
{
    g_string_append(trail, "load ");
    return true;
}

static const MachineClass board_class = {
    .object = { .name = "test-board", .parent = &machine_class.object },
    .load = load,
};
CLASS_REGISTER(board_class);

/* A bus with two slots that dislikes odd devices. */
typedef struct {
    Device device;
    char *tag;
    bool odd;
    bool fails;
    Irq *out[2];
    int levels[2];
    Bus bus;
    bool has_bus;
} Part;

static bool slot_check(Bus *bus, Device *dev, GError **errp)
{
    if (container_of(dev, Part, device)->odd) {
        error_set(errp, "odd");
        return false;
    }
    return true;
}

static const BusClass slot_bus_class = {
    .object = { .name = "test-slot-bus",
                .parent = &bus_class.object,
                .instance_size = sizeof(Bus) },
    .check_address = slot_check,
    .max_devices = 2,
};

static void note(Device *dev, const char *what)
{
    g_string_append_printf(trail, "%s:%s ", container_of(dev, Part, device)->tag, what);
}

static void part_irq(void *opaque, unsigned line, int level)
{
    ((Part *)opaque)->levels[line] = level;
}

static bool part_realize(Device *dev, GError **errp)
{
    Part *part = container_of(dev, Part, device);

    if (part->fails) {
        error_set(errp, "broken");
        return false;
    }
    device_add_irq_inputs(dev, "in", part_irq, part, 2);
    device_add_irq_outputs(dev, NULL, part->out, 2);
    if (part->has_bus) {
        bus_init(&part->bus, &slot_bus_class, dev, "slots");
    }
    note(dev, "realize");
    return true;
}

static void part_unrealize(Device *dev)
{
    note(dev, "unrealize");
}

static void part_enter(Device *dev)
{
    note(dev, "enter");
}

static void part_hold(Device *dev)
{
    note(dev, "hold");
}

static void part_exit(Device *dev)
{
    note(dev, "exit");
}

static const Property part_properties[] = {
    PROPERTY_STRING("tag", Part, tag, "part"),
    PROPERTY_BOOL("odd", Part, odd, false),
    PROPERTY_BOOL("fails", Part, fails, false),
    PROPERTY_BOOL("has-bus", Part, has_bus, false),
    {},
};

static const DeviceClass part_class = {
    .object = { .name = "test-part",
                .parent = &device_class.object,
                .instance_size = sizeof(Part),
                .properties = part_properties },
    .realize = part_realize,
    .unrealize = part_unrealize,
    .reset_enter = part_enter,
    .reset = part_hold,
    .reset_exit = part_exit,
};
static const DeviceClass card_class = {
    .object = { .name = "test-card", .parent = &part_class.object },
    .bus = &slot_bus_class,
    .hotpluggable = true,
};
static const DeviceClass fine_card_class = {
    .object = { .name = "test-fine-card", .parent = &card_class.object },
    .hotpluggable = true,
};

static Machine *machine_new(void)
{
    g_string_truncate(trail, 0);
    return (Machine *)object_new(&board_class.object);
}

static Device *card_new(Machine *machine, const char *tag, const DeviceClass *class)
{
    Device *dev = machine_add_device(machine, tag, class);

    g_assert_true(property_set(&dev->object, "tag", tag, NULL));
    return dev;
}

static Part *hub_new(Machine *machine)
{
    Device *dev = card_new(machine, "hub", &part_class);

    g_assert_true(property_set(&dev->object, "has-bus", "on", NULL));
    g_assert_true(device_realize(dev, NULL, NULL));
    g_ptr_array_add(machine->resettable, dev);
    return container_of(dev, Part, device);
}

static void test_reset_has_three_phases_children_first(void)
{
    Machine *machine = machine_new();
    Part *hub = hub_new(machine);
    Device *a = card_new(machine, "a", &card_class), *b = card_new(machine, "b", &fine_card_class);

    g_assert_true(device_realize(a, &hub->bus, NULL));
    g_assert_true(device_realize(b, &hub->bus, NULL));
    g_assert_true(device_machine(a) == machine);
    g_string_truncate(trail, 0);
    g_assert_true(machine_reset(machine, NULL));
    g_assert_cmpstr(
        trail->str, ==,
        "a:enter b:enter hub:enter a:hold b:hold hub:hold a:exit b:exit hub:exit load ");
    g_string_truncate(trail, 0);
    machine_free(machine);
    g_assert_cmpstr(trail->str, ==, "b:unrealize a:unrealize hub:unrealize ");
}

static void assert_realize_fails(Device *dev, Bus *bus, const char *message)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(device_realize(dev, bus, &error));
    g_assert_cmpstr(error->message, ==, message);
    g_assert_null(dev->bus);
    g_assert_false(dev->realized);
}

static void test_bus_refuses_what_does_not_fit(void)
{
    Machine *machine = machine_new();
    Part *hub = hub_new(machine);
    Device *card = card_new(machine, "card", &card_class);
    Device *part = card_new(machine, "part", &part_class);
    g_autoptr(GError) error = NULL;

    assert_realize_fails(card, NULL, "test-card needs a bus of type test-slot-bus");
    assert_realize_fails(part, &hub->bus,
                         "test-part cannot be plugged into bus 'slots' of type test-slot-bus");
    property_set(&card->object, "odd", "on", NULL);
    assert_realize_fails(card, &hub->bus, "odd");
    property_set(&card->object, "odd", "off", NULL);
    property_set(&card->object, "fails", "on", NULL);
    assert_realize_fails(card, &hub->bus, "broken");
    g_assert_cmpint(hub->bus.devices->len, ==, 0);
    property_set(&card->object, "fails", "off", NULL);
    g_assert_true(device_realize(card, &hub->bus, NULL));
    g_assert_false(property_set(&card->object, "odd", "on", NULL)); /* too late */
    g_assert_true(bus_find(&machine->object, NULL, &slot_bus_class, NULL) == &hub->bus);
    g_assert_true(bus_find(&machine->object, "slots", &slot_bus_class, NULL) == &hub->bus);
    g_assert_true(bus_find(&machine->object, "/hub/slots", &slot_bus_class, NULL) == &hub->bus);
    g_assert_null(bus_find(&machine->object, "slot", &slot_bus_class, &error));
    g_assert_cmpstr(error->message, ==, "there is no bus 'slot' of type test-slot-bus");
    g_clear_error(&error);
    g_assert_true(device_realize(card_new(machine, "second", &card_class), &hub->bus, NULL));
    assert_realize_fails(card_new(machine, "third", &card_class), &hub->bus,
                         "test-card: bus 'slots' is full");
    g_assert_null(bus_find(&machine->object, NULL, &slot_bus_class, &error));
    g_assert_cmpstr(error->message, ==, "every bus of type test-slot-bus is full");
    machine_free(machine);
}

static void test_machine_in_a_tree_is_the_trees(void)
{
    Object *root = object_new(&container_class);

    g_string_truncate(trail, 0);
    Object *obj = object_new_child(root, "machine", &board_class.object, NULL);
    hub_new(container_of(obj, Machine, object));
    machine_free(container_of(obj, Machine, object));
    g_assert_null(object_child(root, "machine"));
    g_assert_cmpint(root->refcount, ==, 1);
    object_unref(root);
}

static void test_orphans_go_to_unattached(void)
{
    Machine *machine = machine_new();
    Part *hub = hub_new(machine);
    Device *dev = (Device *)object_new(&card_class.object);

    g_assert_true(device_realize(dev, &hub->bus, NULL));
    g_autofree char *path = object_path(&dev->object);
    g_assert_cmpstr(path, ==, "/unattached/device[0]");
    object_unref(&dev->object);
    machine_free(machine);
}

/* A slot controller that asks the guest first. */
typedef struct {
    Object object;
    bool refuse;
    Device *asked;
} Slots;

static bool slots_pre_plug(Object *handler, Device *dev, GError **errp)
{
    note(dev, "pre-plug");
    if (container_of(handler, Slots, object)->refuse) {
        error_set(errp, "refused");
        return false;
    }
    return true;
}

static bool slots_plug(Object *handler, Device *dev, GError **errp)
{
    note(dev, "plug");
    return true;
}

static bool slots_request(Object *handler, Device *dev, GError **errp)
{
    container_of(handler, Slots, object)->asked = dev;
    return true;
}

static void slots_unplug(Object *handler, Device *dev)
{
    note(dev, "unplug");
}

static const HotplugOps slots_ops = { slots_pre_plug, slots_plug, slots_request, slots_unplug };
static const ObjectClass slots_class = {
    .name = "test-slots",
    .instance_size = sizeof(Slots),
    .interfaces = (const InterfaceEntry[]){ { &hotplug_interface, &slots_ops }, {} },
};

static void test_hotplug_handler_is_told(void)
{
    Machine *machine = machine_new();
    Part *hub = hub_new(machine);
    Slots *slots = (Slots *)object_new(&slots_class);
    Device *card = card_new(machine, "card", &card_class);
    g_autoptr(GError) error = NULL;

    g_assert_false(device_unplug(&hub->device, &error));
    hub->bus.hotplug_handler = &slots->object;
    slots->refuse = true;
    card->hotplugged = true;
    assert_realize_fails(card, &hub->bus, "refused");
    slots->refuse = false;
    g_string_truncate(trail, 0);
    g_assert_true(device_realize(card, &hub->bus, NULL));
    g_assert_cmpstr(trail->str, ==,
                    "card:pre-plug card:realize card:enter card:hold card:exit card:plug ");
    g_assert_true(device_unplug(card, NULL));
    g_assert_true(slots->asked == card);
    g_string_truncate(trail, 0);
    device_unrealize(card);
    g_assert_cmpstr(trail->str, ==, "card:unplug card:unrealize ");
    object_unparent(&card->object);
    hub->bus.hotplug_handler = NULL;
    object_unref(&slots->object);
    machine_free(machine);
}

static void test_lines_connect_by_name(void)
{
    Machine *machine = machine_new();
    Part *a = hub_new(machine);
    Device *other = card_new(machine, "other", &part_class);
    Part *b = container_of(other, Part, device);

    g_assert_true(device_realize(other, NULL, NULL));
    device_connect_irq(&a->device, NULL, 1, device_irq_input(other, "in", 0));
    irq_raise(a->out[1]);
    irq_raise(a->out[0]); /* unconnected */
    g_assert_cmpint(b->levels[0], ==, 1);
    g_assert_cmpint(b->levels[1], ==, 0);
    machine_free(machine);
}

static void record(void *opaque, unsigned line, int level)
{
    g_string_append_printf(opaque, "%u%d ", line, level);
}

static void test_line_combinators(void)
{
    g_autoptr(GString) out = g_string_new(NULL);
    Irq *lines[2] = { irq_new(record, out, 7), irq_new(record, out, 8) }, *inputs[3];
    Irq *split = irq_split(lines, 2), *inverted = irq_invert(lines[0]);

    irq_raise(split);
    irq_raise(inverted);
    g_assert_cmpstr(out->str, ==, "71 81 70 ");
    irq_or(lines[1], inputs, 3);
    g_string_truncate(out, 0);
    irq_raise(inputs[0]);
    irq_raise(inputs[2]);
    irq_lower(inputs[0]);
    irq_lower(inputs[2]);
    g_assert_cmpstr(out->str, ==, "81 81 81 80 ");
    g_string_truncate(out, 0);
    irq_intercept(lines[0], record, out, 3);
    irq_pulse(lines[0]);
    g_assert_cmpstr(out->str, ==, "31 71 30 70 ");
    irq_set(NULL, 1);
    for (int i = 0; i < 3; i++) {
        irq_free(inputs[i]);
    }
    irq_free(split);
    irq_free(inverted);
    irq_free(lines[0]);
    irq_free(lines[1]);
    irq_free(NULL);
}

/* A board device leaves the address space when it ends. */
static const MemoryOps silent_ops;

typedef struct {
    SysbusDevice sysbus;
    MemoryRegion mmio;
    Irq *irq;
} Chip;

static bool chip_realize(Device *dev, GError **errp)
{
    Chip *chip = container_of(dev, Chip, sysbus.device);

    memory_region_init_io(&chip->mmio, &dev->object, &silent_ops, chip, "chip", 0x1000);
    sysbus_add_mmio(&chip->sysbus, &chip->mmio);
    sysbus_add_irq(&chip->sysbus, &chip->irq);
    return true;
}

static const SysbusDeviceClass chip_class = {
    .device = { .object = { .name = "test-chip",
                            .parent = &sysbus_device_class.device.object,
                            .instance_size = sizeof(Chip) },
                .realize = chip_realize },
};

static void test_sysbus_device_is_mapped_and_goes(void)
{
    Machine *machine = machine_new();
    Device *dev = machine_add_device(machine, "chip", &chip_class.device);
    Chip *chip = container_of(dev, Chip, sysbus.device);
    g_autoptr(GString) out = g_string_new(NULL);
    Irq *line = irq_new(record, out, 4);

    g_assert_true(device_realize(dev, NULL, NULL));
    sysbus_map(&chip->sysbus, 0, &machine->system_memory, 0x1000);
    sysbus_connect_irq(&chip->sysbus, 0, line);
    irq_raise(chip->irq);
    g_assert_cmpstr(out->str, ==, "41 ");
    machine_lock();
    g_assert_cmpint(machine->memory.view->count, ==, 1);
    device_unrealize(dev);
    g_assert_cmpint(machine->memory.view->count, ==, 0);
    object_unparent(&dev->object);
    machine_unlock();
    machine_free(machine);
    irq_free(line);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    trail = g_string_new(NULL);
    g_test_add_func("/device/reset", test_reset_has_three_phases_children_first);
    g_test_add_func("/device/bus", test_bus_refuses_what_does_not_fit);
    g_test_add_func("/device/tree", test_machine_in_a_tree_is_the_trees);
    g_test_add_func("/device/unattached", test_orphans_go_to_unattached);
    g_test_add_func("/device/hotplug", test_hotplug_handler_is_told);
    g_test_add_func("/device/lines", test_lines_connect_by_name);
    g_test_add_func("/device/combinators", test_line_combinators);
    g_test_add_func("/device/sysbus", test_sysbus_device_is_mapped_and_goes);
    int status = g_test_run();
    g_string_free(trail, TRUE);
    return status;
}
