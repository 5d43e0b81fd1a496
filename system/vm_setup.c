/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes a machine from a configuration, one step a function, in the order in which the parts need
 * each other. */
#include <string.h>

#include "block/backend.h"
#include "chardev/chardev_spec.h"
#include "hw/pci/pci_bus.h"
#include "memory/backend.h"
#include "qom/root.h"
#include "qom/user_object.h"
#include "system/drives.h"
#include "system/lines.h"
#include "system/machine_list.h"
#include "system/memory_advice.h"
#include "system/vm_gdb.h"
#include "util/error.h"

/* Moves @error with the option it is about in front; always false. */
static bool blame(const OptionUse *use, GError *error, GError **errp)
{
    option_use_prefix(use, &error);
    g_propagate_error(errp, error);
    return false;
}

static void copy_boot(MachineBoot *to, const MachineBoot *from)
{
    to->firmware = g_strdup(from->firmware);
    to->kernel = g_strdup(from->kernel);
    to->initrd = g_strdup(from->initrd);
    to->append = g_strdup(from->append);
    to->dtb = g_strdup(from->dtb);
    to->dump_dtb = g_strdup(from->dump_dtb);
}

/* -object: below /objects, under its id. */
static bool add_object(Vm *vm, const OptionUse *use, GError **errp)
{
    static const char *const skip[] = { "qom-type", "id", NULL };
    const char *type = keyval_get(use->keys, "qom-type"), *id = keyval_get(use->keys, "id");
    const ObjectClass *class = machine_list_find_object(type, errp);
    if (!class) {
        return false;
    }
    if (!id || !*id) {
        error_set(errp, "id= is missing");
        return false;
    }
    Object *obj = object_new_child(vm->objects, id, class, errp);
    if (!obj) {
        return false;
    }
    if (!property_set_all(obj, use->keys, skip, errp) || !user_object_complete(obj, errp)) {
        object_unparent(obj);
        return false;
    }
    return true;
}

/* -global: "driver.property=value", or the three of them as keys. */
static bool add_global(Vm *vm, const OptionUse *use, GError **errp)
{
    const char *driver = keyval_get(use->keys, "driver");
    const char *name = keyval_get(use->keys, "property");
    const char *value = keyval_get(use->keys, "value");
    if (driver && name && value && keyval_count(use->keys) == 3) {
        return object_root_add_global(vm->root, driver, name, value, errp);
    }
    g_auto(GStrv) sides = g_strsplit(use->argument ? use->argument : "", "=", 2);
    char *dot = sides[0] ? strchr(sides[0], '.') : NULL;
    if (!dot || dot == sides[0] || !dot[1] || !sides[1]) {
        error_set(errp, "expected DRIVER.PROPERTY=VALUE");
        return false;
    }
    *dot = '\0';
    return object_root_add_global(vm->root, sides[0], dot + 1, sides[1], errp);
}

static bool setup_globals(Vm *vm, GError **errp)
{
    for (guint i = 0; i < vm->config->globals->len; i++) {
        const OptionUse *use = g_ptr_array_index(vm->config->globals, i);
        GError *error = NULL;
        if (!add_global(vm, use, &error)) {
            return blame(use, error, errp);
        }
    }
    return true;
}

static bool setup_objects(Vm *vm, GError **errp)
{
    for (guint i = 0; i < vm->config->objects->len; i++) {
        const OptionUse *use = g_ptr_array_index(vm->config->objects, i);
        GError *error = NULL;
        if (!add_object(vm, use, &error)) {
            return blame(use, error, errp);
        }
    }
    return true;
}

/* -m, or the machine's default, or as much as the back end of -machine memory-backend= has. */
static bool setup_memory(Vm *vm, const MachineClass *class, GError **errp)
{
    const ConfigMachine *config = &vm->config->machine;
    GError *error = NULL;
    vm->machine->ram_bytes = config->ram_bytes ? config->ram_bytes : class->default_ram_bytes;
    if (!config->memory_backend) {
        return true;
    }
    Object *backend = object_child(vm->objects, config->memory_backend);
    RamBlock *block = backend ? memory_backend_block(backend) : NULL;
    if (!block) {
        error_set(&error, "there is no memory backend '%s'", config->memory_backend);
        return blame(config->use, error, errp);
    }
    if (!config->ram_bytes) {
        vm->machine->ram_bytes = ram_block_size(block);
    }
    vm->machine->memory_backend = backend;
    return true;
}

/* -semihosting is a matter of the CPU: its keys are properties there. */
static bool add_semihosting(Vm *vm, GString *properties, GError **errp)
{
    const OptionUse *use = vm->config->machine.semihosting_use;
    GError *error = NULL;
    if (!use) {
        return true;
    }
    if (!vm->machine->cpu_class || !property_find(vm->machine->cpu_class, "semihosting")) {
        error_set(&error, "the CPU of this machine has no semihosting");
        return blame(use, error, errp);
    }
    g_autoptr(Keyval) keys = keyval_new();
    g_autoptr(GString) arguments = g_string_new(NULL);
    keyval_add(keys, "semihosting", use->keys ? option_string(use, "enable", "on") : "on");
    for (unsigned i = 0; use->keys && i < keyval_count(use->keys); i++) {
        const KeyvalEntry *entry = keyval_entry(use->keys, i);
        g_autofree char *name = g_strconcat("semihosting-", entry->key, NULL);
        if (strcmp(entry->key, "enable") == 0 || strcmp(entry->key, "target") == 0) {
            continue; /* the target is the host, always */
        }
        if (strcmp(entry->key, "arg") == 0) {
            g_string_append_printf(arguments, "%s%s", arguments->len ? " " : "", entry->value);
            continue;
        }
        if (!property_find(vm->machine->cpu_class, name)) {
            error_set(&error, "%s= is not there yet", entry->key);
            return blame(use, error, errp);
        }
        keyval_add(keys, name, entry->value);
    }
    if (arguments->len) {
        keyval_add(keys, "semihosting-arg", arguments->str);
    }
    g_autofree char *text = keyval_join(keys);
    g_string_append_printf(properties, "%s%s", properties->len ? "," : "", text);
    return true;
}

static bool setup_cpu(Vm *vm, const MachineClass *class, GError **errp)
{
    const OptionUse *use = vm->config->machine.cpu_use;
    GError *error = NULL;
    if (!config_topology(vm->config, class->max_cpus ? class->max_cpus : 1, &vm->machine->topology,
                         errp)) {
        return false;
    }
    vm->machine->cpu_class =
        machine_list_find_cpu(class, use ? keyval_get(use->keys, "model") : NULL, &error);
    if (error) {
        return blame(use, error, errp);
    }
    g_autoptr(GString) properties = g_string_new(NULL);
    if (use) {
        g_free(keyval_take(use->keys, "model"));
        g_autofree char *text = keyval_join(use->keys);
        g_string_assign(properties, text);
    }
    if (!add_semihosting(vm, properties, errp)) {
        return false;
    }
    vm->machine->cpu_properties = properties->len ? g_strdup(properties->str) : NULL;
    return true;
}

/* What only some boards understand goes there as it was written. */
static bool pass_board_options(Vm *vm, const MachineClass *class, GError **errp)
{
    for (unsigned i = 0; i < MACHINE_OPTION_COUNT; i++) {
        const GPtrArray *uses = vm->config->machine.options[i];
        for (guint n = 0; uses && n < uses->len; n++) {
            const OptionUse *use = g_ptr_array_index(uses, n);
            GPtrArray **options = &vm->machine->options[i];
            GError *error = NULL;
            if (!(class->options & 1u << i)) {
                error_set(&error, "this machine has no use for it");
                return blame(use, error, errp);
            }
            *options = *options ? *options : g_ptr_array_new();
            g_ptr_array_add(*options, use->keys);
        }
    }
    return true;
}

static bool setup_machine(Vm *vm, const MachineClass *class, GError **errp)
{
    const Config *config = vm->config;
    GError *error = NULL;
    Object *obj = object_new(&class->object);
    object_add_child(vm->root, "machine", obj, NULL);
    vm->machine = container_of(obj, Machine, object);
    vm->machine->ops = &vm_machine_ops;
    vm->machine->ops_opaque = vm;
    vm->machine->clocks = clock_set_new(NULL);
    vm->machine->name = g_strdup(config->name);
    vm->machine->uuid = g_strdup(config->uuid);
    vm->machine->no_graphics = config->lines.nographic;
    copy_boot(&vm->machine->boot, &config->boot.paths);
    if (!property_set_all(obj, config->machine.properties, NULL, &error)) {
        return blame(config->machine.use, error, errp);
    }
    vm->machine->no_graphics |= !vm->machine->graphics;
    return setup_memory(vm, class, errp) && setup_cpu(vm, class, errp) &&
           pass_board_options(vm, class, errp);
}

/* The boards take the contents of flash banks as properties pflash0 and pflash1, and -semihosting
 * as another. */
static bool setup_board_options(Vm *vm, GError **errp)
{
    const ConfigMachine *config = &vm->config->machine;
    Object *obj = &vm->machine->object;
    for (unsigned i = 0; i < CONFIG_MAX_FLASH; i++) {
        const OptionUse *use = config->flash_use[i];
        g_autofree char *name = g_strdup_printf("pflash%u", i);
        g_autofree char *readonly = g_strdup_printf("pflash%u-readonly", i);
        GError *error = NULL;
        if (!use) {
            continue;
        }
        if (!property_find(obj->class, name)) {
            error_set(&error, "this machine has no flash bank %u", i);
        } else if (property_set(obj, name, option_string(use, "file", ""), &error)) {
            property_set_bool(obj, readonly, option_bool(use, "readonly", false), &error);
        }
        if (error) {
            return blame(use, error, errp);
        }
    }
    return true;
}

/* Sets an accelerator property that belongs to an option of its own; not every accelerator has it.
 */
static bool set_accel_option(Vm *vm, const OptionUse *use, const char *name, const char *value,
                             GError **errp)
{
    GError *error = NULL;
    if (!property_find(vm->accel->object.class, name)) {
        error_set(&error, "%s has no property '%s', which this needs",
                  vm->accel->object.class->name, name);
    } else {
        property_set(&vm->accel->object, name, value, &error);
    }
    return error ? blame(use, error, errp) : true;
}

static bool setup_accel_options(Vm *vm, GError **errp)
{
    const OptionUse *icount = vm->config->machine.icount_use;
    const OptionUse *singlestep = vm->config->machine.singlestep_use;
    if (singlestep && !set_accel_option(vm, singlestep, "one-insn", "on", errp)) {
        return false;
    }
    for (unsigned i = 0; icount && i < keyval_count(icount->keys); i++) {
        const KeyvalEntry *entry = keyval_entry(icount->keys, i);
        bool shift = strcmp(entry->key, "shift") == 0;
        g_autofree char *name =
            shift ? g_strdup("icount") : g_strconcat("icount-", entry->key, NULL);
        if (!set_accel_option(vm, icount, name, entry->value, errp)) {
            return false;
        }
    }
    return true;
}

/* The first accelerator of all -accel options that works on this host. */
static Accel *create_accel(const ConfigMachine *config, GError **errp)
{
    GError *error = NULL;
    Accel *accel = NULL;
    if (config->accels->len == 0) {
        accel = accel_create(config->accel_list ? config->accel_list : "tcg", NULL, &error);
        if (!accel) {
            blame(config->accel_list ? config->use : NULL, error, errp);
        }
        return accel;
    }
    if (config->accel_list) {
        error_set(errp, "-accel and -machine accel= cannot be used together");
        return NULL;
    }
    for (guint i = 0; i < config->accels->len && !accel; i++) {
        const OptionUse *use = g_ptr_array_index(config->accels, i);
        g_autofree char *list = keyval_take(use->keys, "accel");
        g_autofree char *properties = keyval_count(use->keys) ? keyval_join(use->keys) : NULL;
        GError *why = NULL;
        accel = accel_create(list, properties, &why);
        if (why && !error) {
            option_use_prefix(use, &why);
            error = g_steal_pointer(&why);
        }
        g_clear_error(&why);
    }
    if (accel) {
        g_clear_error(&error);
    } else {
        g_propagate_error(errp, error);
    }
    return accel;
}

static bool setup_accel(Vm *vm, GError **errp)
{
    vm->accel = create_accel(&vm->config->machine, errp);
    if (!vm->accel || !setup_accel_options(vm, errp)) {
        return false;
    }
    bool (*setup)(Accel *, Machine *, GError **) =
        CLASS_METHOD(&vm->accel->object, accel_class, AccelClass, setup);
    vm->accel->machine = vm->machine;
    vm->machine->accel = vm->accel;
    return !setup || setup(vm->accel, vm->machine, errp);
}

/* @obj stays in the tree where it was put; -device ID lands in peripheral, the nameless in
 * peripheral-anon. */
/* "virtio-blk" means the kind of it that this machine has a bus for. */
static char *device_name(Machine *machine, const char *driver)
{
    if (g_str_has_prefix(driver, "virtio-") && !object_class_by_name(driver)) {
        g_autofree char *pci = g_strconcat(driver, "-pci", NULL);
        g_autofree char *plain = g_strconcat(driver, "-device", NULL);
        if (object_class_by_name(pci) &&
            (pci_bus_default(machine) || !object_class_by_name(plain))) {
            return g_steal_pointer(&pci);
        }
        if (object_class_by_name(plain)) {
            return g_steal_pointer(&plain);
        }
    }
    return g_strdup(driver);
}

bool vm_add_device(Vm *vm, const Keyval *keys, GError **errp)
{
    static const char *const skip[] = { "driver", "id", "bus", NULL };
    const char *id = keyval_get(keys, "id");
    g_autofree char *driver = device_name(vm->machine, keyval_get(keys, "driver"));
    const DeviceClass *class = machine_list_find_device(driver, errp);
    if (!class) {
        return false;
    }
    Object *parent = object_child(&vm->machine->object, id ? "peripheral" : "peripheral-anon");
    Object *obj = object_new_child(parent, id ? id : "device[*]", &class->object, errp);
    if (!obj) {
        return false;
    }
    Device *dev = container_of(obj, Device, object);
    dev->id = g_strdup(id);
    const BusClass *wanted = device_class_bus(&class->object);
    const char *bus_name = keyval_get(keys, "bus");
    Bus *bus = wanted ? bus_find(&vm->machine->object, bus_name, wanted, errp) : NULL;
    if (!wanted && bus_name) {
        error_set(errp, "%s plugs into no bus", driver);
    }
    bool ok = (wanted ? bus != NULL : !bus_name) && property_set_all(obj, keys, skip, errp) &&
              device_realize(dev, bus, errp);
    if (!ok) {
        object_unparent(obj);
    }
    return ok;
}

static bool add_devices(Vm *vm, GError **errp)
{
    for (guint i = 0; i < vm->config->devices->len; i++) {
        const OptionUse *use = g_ptr_array_index(vm->config->devices, i);
        GError *error = NULL;
        if (!vm_add_device(vm, use->keys, &error)) {
            return blame(use, error, errp);
        }
    }
    return true;
}

/* Whether the user adds a display device, which then is the only one. */
static bool has_own_display(const Config *config)
{
    for (guint i = 0; i < config->devices->len; i++) {
        const OptionUse *use = g_ptr_array_index(config->devices, i);
        const DeviceClass *class = machine_list_find_device(keyval_get(use->keys, "driver"), NULL);
        if (class && class->category == DEVICE_CATEGORY_DISPLAY) {
            return true;
        }
    }
    return false;
}

/* PCs have a graphics card unless told otherwise, also where nobody looks at it. */
static bool add_vga(Vm *vm, GError **errp)
{
    const Config *config = vm->config;
    const MachineClass *machine = (const MachineClass *)vm->machine->object.class;
    const char *name = machine->default_display ? machine->default_display : "VGA";
    bool wanted = config->vga == CONFIG_VGA_STD ||
                  (config->vga == CONFIG_VGA_DEFAULT && machine->default_display &&
                   !config->nodefaults && !has_own_display(config));
    if (!wanted) {
        return true;
    }
    const ObjectClass *class = object_class_by_name(name);
    g_autoptr(GError) why = NULL;
    Bus *bus = bus_find(&vm->machine->object, NULL, device_class_bus(class), &why);
    if (!bus) {
        error_set(errp, "-vga std: this machine has no bus for it");
        return false;
    }
    Device *vga = machine_add_device(vm->machine, "vga", (const DeviceClass *)class);
    return device_realize(vga, bus, errp);
}

static void mux_quit(void *opaque)
{
    vm_request_quit(opaque);
}

static void test_exit(void *opaque, int status)
{
    machine_request_shutdown(((Vm *)opaque)->machine, SHUTDOWN_GUEST_EXIT, status);
}

static const ChardevMuxOps mux_ops = { .quit = mux_quit, .exit = test_exit };

static MonitorKind monitor_kind(const OptionUse *use)
{
    bool pretty = strcmp(use->row->name, "qmp-pretty") == 0;
    if (use->keys) { /* -mon */
        if (strcmp(option_string(use, "mode", "readline"), "control") != 0) {
            return MONITOR_HUMAN;
        }
        return option_bool(use, "pretty", false) ? MONITOR_QMP_PRETTY : MONITOR_QMP;
    }
    if (strcmp(use->row->name, "monitor") == 0) {
        return MONITOR_HUMAN;
    }
    return pretty ? MONITOR_QMP_PRETTY : MONITOR_QMP;
}

/* A console whose device was written "mon:..." has a monitor behind it, and so has the terminal. */
static bool add_console_monitors(Vm *vm, GError **errp)
{
    const ConfigLines *lines = &vm->config->lines;
    Chardev *const *serial = vm->machine->serial;
    if (lines_wants_console(vm->config) && !lines->no_console_monitor) {
        return monitors_add(vm->monitors, serial[0], MONITOR_HUMAN, errp);
    }
    for (guint i = 0; i < lines->serials->len; i++) {
        const OptionUse *use = g_ptr_array_index(lines->serials, i);
        if (g_str_has_prefix(use->argument, "mon:") && serial[i] &&
            !monitors_add(vm->monitors, serial[i], MONITOR_HUMAN, errp)) {
            return false;
        }
    }
    return true;
}

static bool setup_monitors(Vm *vm, const GPtrArray *chardevs, GError **errp)
{
    CommandContext context = {
        .vm = vm, .root = vm->root, .machine = vm->machine, .arch = vm->config->arch
    };
    vm->monitors = monitors_new(&context);
    for (guint i = 0; i < chardevs->len; i++) {
        const OptionUse *use = g_ptr_array_index(vm->config->lines.monitors, i);
        GError *error = NULL;
        if (!monitors_add(vm->monitors, g_ptr_array_index(chardevs, i), monitor_kind(use),
                          &error)) {
            return blame(use, error, errp);
        }
    }
    return add_console_monitors(vm, errp);
}

static bool setup_qtest(Vm *vm, GError **errp)
{
    const OptionUse *use = vm->config->lines.qtest_use;
    GError *error = NULL;
    if (use) {
        Chardev *chardev = lines_open_one(vm->config, vm->chardevs, use->argument, "qtest", &error);
        vm->qtest = chardev ? qtest_new(vm->machine, chardev, &error) : NULL;
    }
    return error ? blame(use, error, errp) : true;
}

static bool setup_gdb(Vm *vm, GError **errp)
{
    const OptionUse *use = vm->config->lines.gdb_use;
    GError *error = NULL;
    bool ok = !use || vm_gdb_open(vm, use->argument ? use->argument : "tcp::1234", &error);
    return ok || blame(use, error, errp);
}

static bool setup(Vm *vm, GError **errp)
{
    const MachineClass *class = config_machine_class(vm->config, errp);
    g_autoptr(GPtrArray) monitors = g_ptr_array_new();
    if (!class || !setup_globals(vm, errp) || !setup_objects(vm, errp) ||
        !setup_machine(vm, class, errp) || !setup_board_options(vm, errp) ||
        !setup_accel(vm, errp) ||
        !lines_open(vm->config, vm->chardevs, vm->machine, &mux_ops, vm, errp) ||
        !lines_open_monitors(vm->config, vm->chardevs, monitors, &mux_ops, vm, errp)) {
        return false;
    }
    if (!drives_open(vm, errp)) {
        return false;
    }
    vm_watch_signals(vm); /* lines may have waited for somebody, which Ctrl-C ends at once */
    bool (*build)(Machine *, GError **) =
        CLASS_METHOD(&vm->machine->object, machine_class, MachineClass, build);
    bool (*setup_done)(Accel *, GError **) =
        CLASS_METHOD(&vm->accel->object, accel_class, AccelClass, setup_done);
    bool built = !build || build(vm->machine, errp);
    memory_advice_give(&vm->config->machine);
    return built && object_root_check(vm->root, errp) && add_vga(vm, errp) &&
           drives_add_onboard(vm, errp) && add_devices(vm, errp) && drives_add_devices(vm, errp) &&
           lines_check(vm->config, vm->machine, errp) &&
           (!setup_done || setup_done(vm->accel, errp)) && machine_reset(vm->machine, errp) &&
           setup_qtest(vm, errp) && setup_monitors(vm, monitors, errp) && setup_gdb(vm, errp);
}

Vm *vm_new(const Config *config, GError **errp)
{
    Vm *vm = g_new0(Vm, 1);
    vm->config = config;
    vm->life = config->life;
    vm->root = object_new(&object_root_class);
    vm->objects = object_new_child(vm->root, "objects", &container_class, NULL);
    vm->chardevs = object_new_child(vm->root, "chardevs", &container_class, NULL);
    vm->drives = object_new_child(vm->root, "drives", &block_drives_class, NULL);
    vm->drive_places = g_ptr_array_new_with_free_func(g_free);
    vm->loop = g_main_loop_new(NULL, FALSE);
    vm->signals = g_ptr_array_new();
    if (!setup(vm, errp)) {
        vm_free(vm);
        return NULL;
    }
    return vm;
}
