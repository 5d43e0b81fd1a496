/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/core/machine_state.h"

#include <string.h>

#include "memory/ram.h"

static const MachineClass board_class = {
    .object = { .name = "state-board", .parent = &machine_class.object },
};

/* Two levels with state each. */
typedef struct {
    Device device;
    uint32_t base_value;
    uint32_t value;
    Timer timer;
} Counter;

static void ignore(void *opaque)
{
}

static bool counter_realize(Device *dev, GError **errp)
{
    Counter *counter = container_of(dev, Counter, device);

    timer_init(&counter->timer, device_machine(dev)->clocks, CLOCK_KIND_VIRTUAL, ignore, NULL);
    return true;
}

static void counter_unrealize(Device *dev)
{
    timer_cancel(&container_of(dev, Counter, device)->timer);
}

static const VmState base_vmstate = {
    .version = 1,
    .fields = (const VmField[]){ VM_U32(Counter, base_value), {} },
};
static const VmState counter_vmstate = {
    .version = 1,
    .fields = (const VmField[]){ VM_U32(Counter, value), VM_TIMER(Counter, timer), {} },
};
static const DeviceClass base_class = {
    .object = { .name = "state-base",
                .parent = &device_class.object,
                .instance_size = sizeof(Counter),
                .abstract = true },
    .realize = counter_realize,
    .unrealize = counter_unrealize,
    .vmstate = &base_vmstate,
};
static const DeviceClass counter_class = {
    .object = { .name = "state-counter", .parent = &base_class.object },
    .vmstate = &counter_vmstate,
};

typedef struct {
    Machine *machine;
    ClockSet *clocks;
    Counter *counter;
} World;

static void setup(World *w, gconstpointer unused)
{
    w->clocks = clock_set_new(NULL);
    w->machine = (Machine *)object_new(&board_class.object);
    w->machine->clocks = w->clocks;
    w->machine->ram_bytes = 3 << 20;
    g_assert_true(machine_init_ram(w->machine, "ram", NULL));
    machine_lock();
    memory_region_add(&w->machine->system_memory, 0, &w->machine->ram);
    Device *dev = machine_add_device(w->machine, "counter", &counter_class);
    g_assert_true(device_realize(dev, NULL, NULL));
    w->counter = container_of(dev, Counter, device);
}

static void teardown(World *w, gconstpointer unused)
{
    machine_unlock();
    machine_free(w->machine);
    clock_set_free(w->clocks);
}

static GByteArray *save(World *w)
{
    GByteArray *out = g_byte_array_new();
    VmSink sink = vm_sink_bytes(out);

    g_assert_true(machine_save(w->machine, &sink, NULL));
    return out;
}

static bool load(World *w, const uint8_t *data, size_t length, GError **errp)
{
    VmBytes bytes = { data, length };
    VmSource source = vm_source_bytes(&bytes);

    return machine_load(w->machine, &source, errp);
}

static void test_machine_comes_back(World *w, gconstpointer unused)
{
    uint8_t *ram = memory_region_ram_pointer(&w->machine->ram);

    ram[5] = 1;
    ram[(2 << 20) + 7] = 2;
    w->counter->base_value = 3;
    w->counter->value = 4;
    timer_set_ns(&w->counter->timer, 1000);
    clock_set_virtual_ns(w->clocks, 500);
    g_autoptr(GByteArray) saved = save(w);
    g_assert_cmpuint(saved->len, <, (2 << 20) + 4096); /* the piece of zeros is left out */
    g_autofree char *hash = machine_state_hash(w->machine, NULL);

    ram[5] = ram[(1 << 20) + 9] = 77;
    w->counter->base_value = w->counter->value = 0;
    timer_cancel(&w->counter->timer);
    clock_set_virtual_ns(w->clocks, 9999);
    g_autofree char *other_hash = machine_state_hash(w->machine, NULL);
    g_assert_cmpstr(hash, !=, other_hash);

    g_assert_true(load(w, saved->data, saved->len, NULL));
    g_assert_cmpint(ram[5], ==, 1);
    g_assert_cmpint(ram[(1 << 20) + 9], ==, 0);
    g_assert_cmpint(ram[(2 << 20) + 7], ==, 2);
    g_assert_cmpint(w->counter->base_value, ==, 3);
    g_assert_cmpint(w->counter->value, ==, 4);
    g_assert_cmpint(w->counter->timer.expire_ns, ==, 1000);
    g_assert_cmpint(clock_ns(w->clocks, CLOCK_KIND_VIRTUAL), ==, 500);
    g_autofree char *again = machine_state_hash(w->machine, NULL);
    g_assert_cmpstr(hash, ==, again);
    g_assert_true(machine_check_state(w->machine, NULL));
}

static void test_other_machines_are_refused(World *w, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;

    g_autoptr(GByteArray) saved = save(w);
    Device *more = machine_add_device(w->machine, "more", &counter_class);
    g_assert_true(device_realize(more, NULL, NULL));
    g_assert_false(load(w, saved->data, saved->len, &error));
    g_assert_cmpstr(error->message, ==,
                    "saved state: section 'end' stands in the place of '/more:state-base'");
    g_clear_error(&error);
    g_autoptr(GByteArray) larger = save(w);
    device_unrealize(more);
    g_assert_false(load(w, larger->data, larger->len, &error));
    g_assert_cmpstr(error->message, ==,
                    "saved state: section '/more:state-base' belongs to nothing in this machine");
    g_clear_error(&error);
    g_assert_false(load(w, (const uint8_t *)"not a state", 11, &error));
    g_assert_cmpstr(error->message, ==, "saved state: it is not the state of a machine");
}

static void test_damage_is_harmless(World *w, gconstpointer unused)
{
    uint8_t *ram = memory_region_ram_pointer(&w->machine->ram);

    ram[(2 << 20) + 7] = 2;
    g_autoptr(GByteArray) saved = save(w);
    guint head = saved->len - (1 << 20) - 64; /* leave most of the memory's contents alone */
    for (guint length = 0; length < head; length += 1) {
        g_assert_false(load(w, saved->data, length, NULL));
    }
    for (int round = 0; round < 2000; round++) {
        guint at = (guint)g_test_rand_int_range(0, (int)head + 60);
        uint8_t before = saved->data[at];
        saved->data[at] ^= (uint8_t)g_test_rand_int_range(1, 256);
        load(w, saved->data, saved->len, NULL);
        saved->data[at] = before;
    }
    g_assert_true(load(w, saved->data, saved->len, NULL));
}

#define ADD(name, fn) g_test_add(name, World, NULL, setup, fn, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/machine-state/round", test_machine_comes_back);
    ADD("/machine-state/other", test_other_machines_are_refused);
    ADD("/machine-state/damage", test_damage_is_harmless);
    return g_test_run();
}
