/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine object: containers of its tree, system memory, reset. */
#include "hw/core/machine.h"

#include <string.h>

#include "hw/core/host_input.h"
#include "hw/core/numa.h"
#include "memory/backend.h"
#include "memory/ram.h"
#include "util/error.h"

enum { MACHINE_IO_BYTES = 1 << 16 };

static void machine_init(Object *obj)
{
    static const char *const containers[] = { "peripheral", "peripheral-anon", "unattached" };
    Machine *machine = container_of(obj, Machine, object);

    for (size_t i = 0; i < G_N_ELEMENTS(containers); i++) {
        object_new_child(obj, containers[i], &container_class, NULL);
    }
    memory_region_init(&machine->system_memory, obj, "system", UINT64_MAX);
    address_space_init(&machine->memory, &machine->system_memory, "memory");
    memory_region_init(&machine->system_io, obj, "io", MACHINE_IO_BYTES);
    address_space_init(&machine->io, &machine->system_io, "I/O");
    machine->cpus = g_ptr_array_new();
    machine->resettable = g_ptr_array_new();
}

static void unrealize_children(Object *obj)
{
    for (guint i = obj->children ? obj->children->len : 0; i-- > 0;) {
        Object *child = g_ptr_array_index(obj->children, i);
        Device *dev = object_cast(child, &device_class.object);
        if (dev) {
            device_unrealize(dev);
        } else {
            unrealize_children(child);
        }
        i = MIN(i, obj->children->len);
    }
}

static void machine_finalize(Object *obj)
{
    Machine *machine = container_of(obj, Machine, object);

    g_ptr_array_unref(machine->cpus);
    g_ptr_array_unref(machine->resettable);
    host_input_free(machine->input);
    numa_free(machine->numa);
    g_free(machine->boot.firmware);
    g_free(machine->boot.kernel);
    g_free(machine->boot.initrd);
    g_free(machine->boot.append);
    g_free(machine->boot.dtb);
    g_free(machine->boot.dump_dtb);
    g_free(machine->cpu_properties);
    g_free(machine->name);
    g_free(machine->uuid);
    for (unsigned i = 0; i < MACHINE_OPTION_COUNT; i++) {
        g_clear_pointer(&machine->options[i], g_ptr_array_unref);
    }
}

/* Things that guests cannot have yet, and that programs switch off by name all the same. */
static bool refuse_nvdimm(Object *obj, const char *text, GError **errp)
{
    if (strcmp(text, "off") != 0) {
        error_set(errp, "nvdimm=%s: persistent memory is not there yet; only 'off' is accepted",
                  text);
        return false;
    }
    return true;
}

static bool refuse_hmat(Object *obj, const char *text, GError **errp)
{
    if (strcmp(text, "off") != 0) {
        error_set(errp,
                  "hmat=%s: tables of heterogeneous memory are not there yet; only 'off' is "
                  "accepted",
                  text);
        return false;
    }
    return true;
}

static char *get_off(Object *obj)
{
    return g_strdup("off");
}

static const char *const irqchips[] = { "off", "on", "split", NULL };

static const Property machine_properties[] = {
    PROPERTY_BOOL("graphics", Machine, graphics, true,
                  .help = "off: firmware talks on the first serial line"),
    PROPERTY_BOOL("usb", Machine, usb, false, .help = "a USB controller of the board's time"),
    PROPERTY_BOOL("mem-merge", Machine, mem_merge, true,
                  .help = "the host may merge equal pages, if it does so at all"),
    PROPERTY_BOOL("dump-guest-core", Machine, dump_guest_core, true,
                  .help = "guest memory is part of a core file of this process"),
    PROPERTY_BOOL("suppress-vmdesc", Machine, suppress_vmdesc, false,
                  .help = "no description in saved states"),
    PROPERTY_ENUM("kernel-irqchip", Machine, kernel_irqchip, irqchips, 0,
                  .help = "interrupt controllers of the host's kernel, where it runs the guest"),
    PROPERTY_TEXT("nvdimm", get_off, refuse_nvdimm, .help = "persistent memory"),
    PROPERTY_TEXT("hmat", get_off, refuse_hmat, .help = "tables of heterogeneous memory"),
    {},
};

const MachineClass machine_class = {
    .object = { .name = "machine",
                .instance_size = sizeof(Machine),
                .abstract = true,
                .properties = machine_properties,
                .init = machine_init,
                .finalize = machine_finalize },
};
CLASS_REGISTER(machine_class);

Device *machine_add_device(Machine *machine, const char *name, const DeviceClass *class)
{
    Object *obj = object_new_child(&machine->object, name, &class->object, NULL);

    g_assert(obj);
    return container_of(obj, Device, object);
}

bool machine_reset(Machine *machine, GError **errp)
{
    bool (*load)(Machine *, GError **) =
        CLASS_METHOD(&machine->object, machine_class, MachineClass, load);

    for (guint i = 0; i < machine->resettable->len; i++) {
        device_reset(g_ptr_array_index(machine->resettable, i));
    }
    for (guint i = 0; i < machine->cpus->len; i++) {
        device_reset(g_ptr_array_index(machine->cpus, i)); /* a Cpu starts with its Device */
    }
    return !load || load(machine, errp);
}

void machine_request_shutdown(Machine *machine, ShutdownCause cause, int status)
{
    if (machine->ops) {
        machine->ops->request_shutdown(machine, cause, status);
    }
}

void machine_request_reset(Machine *machine, bool by_guest)
{
    if (machine->ops) {
        machine->ops->request_reset(machine, by_guest);
    }
}

void machine_request_debug(Machine *machine)
{
    if (machine->ops && machine->ops->request_debug) {
        machine->ops->request_debug(machine);
    }
}

void machine_request_suspend(Machine *machine)
{
    if (machine->ops && machine->ops->request_suspend) {
        machine->ops->request_suspend(machine);
    }
}

void machine_request_wake(Machine *machine, WakeCause cause)
{
    bool wakes = machine->run_state == RUN_STATE_SUSPENDED &&
                 (!machine->wakes || machine->wakes(machine->wakes_opaque, cause));
    if (wakes && machine->ops && machine->ops->request_wake) {
        machine->ops->request_wake(machine, cause);
    }
}

void machine_watchdog_expired(Machine *machine)
{
    if (machine->ops && machine->ops->watchdog_expired) {
        machine->ops->watchdog_expired(machine);
    }
}

bool machine_init_ram(Machine *machine, const char *label, GError **errp)
{
    Object *owner = &machine->object;

    if (machine->numa && numa_has_backends(machine->numa)) {
        numa_init_ram(machine, label);
        return true;
    }
    if (!machine->memory_backend) {
        return memory_region_init_ram(&machine->ram, owner, label, machine->ram_bytes, errp);
    }
    RamBlock *block = memory_backend_block(machine->memory_backend);
    if (!block) {
        error_set(errp, "memory-backend: '%s' is not a memory backend",
                  machine->memory_backend->class->name);
        return false;
    }
    if (ram_block_size(block) != machine->ram_bytes) {
        error_set(errp,
                  "memory-backend: it has %" G_GUINT64_FORMAT " MiB, the machine %" G_GUINT64_FORMAT
                  " MiB",
                  ram_block_size(block) >> 20, machine->ram_bytes >> 20);
        return false;
    }
    memory_region_init_ram_block(&machine->ram, owner, label, block);
    return true;
}

void machine_free(Machine *machine)
{
    machine_lock();
    unrealize_children(&machine->object);
    address_space_cleanup(&machine->io);
    address_space_cleanup(&machine->memory);
    machine_unlock();
    rcu_drain();
    machine_lock();
    if (machine->object.parent) {
        object_unparent(&machine->object);
    } else {
        object_unref(&machine->object);
    }
    machine_unlock();
    rcu_drain();
}
