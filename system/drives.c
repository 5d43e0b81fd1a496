/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drives as people write them. */
#include "system/drives.h"

#include <string.h>

#include "block/backend.h"
#include "block/driver.h"
#include "hw/ide/ide_bus.h"
#include "hw/pci/pci_bus.h"
#include "system/config.h"
#include "util/error.h"

/* cache=: how far a write may stay behind. */
static const struct {
    const char *name;
    uint32_t flags;
    bool write_through;
} cache_modes[] = {
    { "writeback", 0, false },
    { "none", BLOCK_OPEN_DIRECT, false },
    { "writethrough", 0, true },
    { "directsync", BLOCK_OPEN_DIRECT, true },
    { "unsafe", BLOCK_OPEN_NO_FLUSH, false },
};

/* Where drives go that come with a device of their own. */
static const struct {
    const char *name;
    unsigned units; /* a bus; 0: as many as there are */
} interfaces[] = {
    { "ide", 2 },
    { "floppy", 2 },
    { "virtio", 0 },
    { "none", 0 },
};

static bool is_short(const OptionUse *use) /* -hda file, -cdrom file */
{
    return !use->keys;
}

static bool is_cdrom(const OptionUse *use)
{
    return is_short(use) ? strcmp(use->row->name, "cdrom") == 0
                         : strcmp(option_string(use, "media", "disk"), "cdrom") == 0;
}

static const char *default_interface(const Vm *vm)
{
    const char *usual =
        CLASS_METHOD(&vm->machine->object, machine_class, MachineClass, default_drive);

    return usual ? usual : "ide";
}

static const char *interface_of(const Vm *vm, const OptionUse *use)
{
    if (is_short(use)) {
        return g_str_has_prefix(use->row->name, "fd") ? "floppy" : default_interface(vm);
    }
    return option_string(use, "if", default_interface(vm));
}

/* Drives a bus of @interface has; 0: they are not counted by buses. */
static unsigned units_of(const Vm *vm, const char *interface)
{
    const MachineClass *class = (const MachineClass *)vm->machine->object.class;

    if (class->drive_units && strcmp(interface, default_interface(vm)) == 0) {
        return class->drive_units;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(interfaces); i++) {
        if (strcmp(interface, interfaces[i].name) == 0) {
            return interfaces[i].units;
        }
    }
    return 0;
}

static bool check_interface(const char *interface, GError **errp)
{
    for (size_t i = 0; i < G_N_ELEMENTS(interfaces); i++) {
        if (strcmp(interface, interfaces[i].name) == 0) {
            return true;
        }
    }
    error_set(errp,
              "if=%s: there is no such controller yet; there are ide, floppy, virtio, and none for "
              "a -device with drive=ID",
              interface);
    return false;
}

static bool apply_cache(const OptionUse *use, BlockOpen *how, bool *write_through, GError **errp)
{
    const char *mode = is_short(use) ? NULL : option_string(use, "cache", NULL);

    for (size_t i = 0; mode && i < G_N_ELEMENTS(cache_modes); i++) {
        if (strcmp(mode, cache_modes[i].name) == 0) {
            how->flags |= cache_modes[i].flags;
            *write_through = cache_modes[i].write_through;
            return true;
        }
    }
    if (mode) {
        error_set(errp, "cache=%s: must be writeback, none, writethrough, directsync or unsafe",
                  mode);
    }
    return !mode;
}

/* Places */

static DrivePlace *find_place(const Vm *vm, const char *interface, unsigned bus, unsigned unit)
{
    for (guint i = 0; i < vm->drive_places->len; i++) {
        DrivePlace *place = g_ptr_array_index(vm->drive_places, i);
        if (strcmp(place->interface, interface) == 0 && place->bus == bus && place->unit == unit) {
            return place;
        }
    }
    return NULL;
}

static void place_at(DrivePlace *place, unsigned units, uint64_t index)
{
    place->bus = units ? index / units : 0;
    place->unit = units ? index % units : index;
}

/* -hda to -hdd, -fda, -fdb count from 0; the CD drive of old stood behind two disks. */
static uint64_t short_index(const OptionUse *use)
{
    const char *name = use->row->name;

    return strcmp(name, "cdrom") == 0 ? 2 : (uint64_t)(name[2] - 'a');
}

static bool choose_place(const Vm *vm, const OptionUse *use, DrivePlace *place, GError **errp)
{
    enum { MAX_INDEX = 0xffff };
    unsigned units = units_of(vm, place->interface);
    uint64_t none = UINT64_MAX;
    uint64_t index = is_short(use) ? short_index(use) : option_number(use, "index", none);
    uint64_t bus = is_short(use) ? none : option_number(use, "bus", none);
    uint64_t unit = is_short(use) ? none : option_number(use, "unit", none);
    bool counted = index != none || bus != none || unit != none;

    if (index != none && (bus != none || unit != none)) {
        error_set(errp, "index= and bus=, unit= cannot be used together");
        return false;
    }
    if ((units && unit != none && unit >= units) ||
        (counted && (MIN(index, none - 1) > MAX_INDEX && index != none)) ||
        (bus != none && bus > MAX_INDEX) || (unit != none && unit > MAX_INDEX)) {
        error_set(errp, "a bus of if=%s has no such unit", place->interface);
        return false;
    }
    if (index != none) {
        place_at(place, units, index);
    } else if (unit != none || (bus != none && !units)) {
        place->bus = bus == none ? 0 : bus;
        place->unit = unit == none ? 0 : unit;
    } else {
        index = bus == none ? 0 : bus * units;
        do {
            place_at(place, units, index++);
        } while (find_place(vm, place->interface, place->bus, place->unit));
    }
    if (find_place(vm, place->interface, place->bus, place->unit)) {
        error_set(errp, "there is a drive at if=%s,bus=%u,unit=%u already", place->interface,
                  place->bus, place->unit);
        return false;
    }
    return true;
}

/* "virtio0", "ide0-hd1": what a drive without id= is called. */
static char *name_of(const Vm *vm, const OptionUse *use, const DrivePlace *place)
{
    const char *id = use && !is_short(use) ? option_string(use, "id", NULL) : NULL;
    const char *media = place->cdrom ? "-cd" : "-hd";

    if (id) {
        return g_strdup(id);
    }
    if (units_of(vm, place->interface) && strcmp(place->interface, "floppy") != 0) {
        return g_strdup_printf("%s%u%s%u", place->interface, place->bus, media, place->unit);
    }
    return g_strdup_printf("%s%s%u", place->interface, place->cdrom ? media : "", place->unit);
}

/* Opening */

static bool get_policies(const OptionUse *use, BlockBackend *backend, GError **errp)
{
    static const struct {
        const char *key;
        bool write;
    } keys[] = { { "rerror", false }, { "werror", true } };

    for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *value = is_short(use) ? NULL : option_string(use, keys[i].key, NULL);
        unsigned policy = 0;
        while (value && block_policy_names[policy] &&
               strcmp(value, block_policy_names[policy]) != 0) {
            policy++;
        }
        bool known = !value || block_policy_names[policy];
        if (!known || (!keys[i].write && value && strcmp(value, "enospc") == 0)) {
            error_set(errp, "%s=%s: must be %sreport, ignore or stop", keys[i].key, value,
                      keys[i].write ? "enospc, " : "");
            return false;
        }
        block_backend_set_policy(backend, keys[i].write ? 0 : policy, keys[i].write ? policy : 0);
    }
    return true;
}

static bool get_format(const OptionUse *use, BlockOpen *how, GError **errp)
{
    how->format = is_short(use) ? NULL : option_string(use, "format", NULL);
    return !how->format || block_driver_find(how->format, errp);
}

static BlockBackend *open_image(Vm *vm, const OptionUse *use, const DrivePlace *place,
                                const char *name, GError **errp)
{
    const char *file = is_short(use) ? use->argument : option_string(use, "file", NULL);
    bool read_only = place->cdrom || (!is_short(use) && option_bool(use, "readonly", false));
    BlockOpen how = { .flags = read_only ? 0 : BLOCK_OPEN_WRITABLE };
    const char *discard = is_short(use) ? "ignore" : option_string(use, "discard", "ignore");
    bool write_through = false;

    if (!apply_cache(use, &how, &write_through, errp)) {
        return NULL;
    }
    bool removable = place->cdrom || strcmp(place->interface, "floppy") == 0;
    if ((!file || !*file) && !removable) {
        error_set(errp, "file= is missing");
        return NULL;
    }
    if (!get_format(use, &how, errp)) {
        return NULL;
    }
    how.flags |= strcmp(discard, "unmap") == 0 || strcmp(discard, "on") == 0 ? BLOCK_OPEN_UNMAP : 0;
    BlockBackend *backend = file && *file ? block_backend_open(vm->drives, name, file, &how, errp)
                                          : block_backend_new(vm->drives, name, errp);
    if (backend) {
        backend->write_through = write_through;
    }
    return backend;
}

/* The controller reads raw images by itself. */
static bool keep_floppy(Vm *vm, const OptionUse *use, DrivePlace *place, GError **errp)
{
    const char *format = is_short(use) ? "raw" : option_string(use, "format", "raw");

    place->file = is_short(use) ? use->argument : option_string(use, "file", NULL);
    place->readonly = !is_short(use) && option_bool(use, "readonly", false);
    if (place->bus > 0 || strcmp(format, "raw") != 0 || !place->file || !*place->file) {
        error_set(errp, place->bus > 0 ? "there are two floppy drives"
                        : place->file  ? "floppy disks are format=raw only"
                                       : "file= is missing");
        return false;
    }
    g_ptr_array_add(vm->drive_places, g_memdup2(place, sizeof(*place)));
    return true;
}

static bool open_one(Vm *vm, const OptionUse *use, GError **errp)
{
    DrivePlace place = { .use = use, .interface = interface_of(vm, use), .cdrom = is_cdrom(use) };

    if (!check_interface(place.interface, errp) || !choose_place(vm, use, &place, errp)) {
        return false;
    }
    if (strcmp(place.interface, "floppy") == 0) {
        return keep_floppy(vm, use, &place, errp);
    }
    g_autofree char *name = name_of(vm, use, &place);
    place.backend = open_image(vm, use, &place, name, errp);
    if (!place.backend || !get_policies(use, place.backend, errp)) {
        return false;
    }
    place.backend->is_cdrom = place.cdrom;
    place.serial = is_short(use) ? NULL : option_string(use, "serial", NULL);
    g_ptr_array_add(vm->drive_places, g_memdup2(&place, sizeof(place)));
    return true;
}

bool drives_open(Vm *vm, GError **errp)
{
    drives_listen(vm);
    for (guint i = 0; i < vm->config->drives->len; i++) {
        const OptionUse *use = g_ptr_array_index(vm->config->drives, i);
        GError *error = NULL;
        if (!open_one(vm, use, &error)) {
            option_use_prefix(use, &error);
            g_propagate_error(errp, error);
            return false;
        }
    }
    return true;
}

/* Devices */

static bool add_device(Vm *vm, const DrivePlace *place, Keyval *keys, GError **errp)
{
    keyval_add(keys, "drive", place->backend->id);
    if (place->serial) {
        keyval_add(keys, "serial", place->serial);
    }
    return vm_add_device(vm, keys, errp);
}

static bool add_ide(Vm *vm, const DrivePlace *place, GError **errp)
{
    g_autoptr(Keyval) keys = keyval_new();
    g_autofree char *bus = g_strdup_printf("ide.%u", place->bus);
    g_autofree char *unit = g_strdup_printf("%u", place->unit);

    keyval_add(keys, "driver", place->cdrom ? "ide-cd" : "ide-hd");
    keyval_add(keys, "bus", bus);
    keyval_add(keys, "unit", unit);
    return add_device(vm, place, keys, errp);
}

static bool add_virtio(Vm *vm, const DrivePlace *place, GError **errp)
{
    bool pci = bus_find(&vm->machine->object, NULL, &pci_bus_class.bus, NULL) != NULL;
    g_autoptr(Keyval) keys = keyval_new();

    keyval_add(keys, "driver", pci ? "virtio-blk-pci" : "virtio-blk-device");
    return add_device(vm, place, keys, errp);
}

static bool add_all(Vm *vm, const char *interface,
                    bool (*add)(Vm *vm, const DrivePlace *place, GError **errp), GError **errp)
{
    for (guint i = 0; i < vm->drive_places->len; i++) {
        const DrivePlace *place = g_ptr_array_index(vm->drive_places, i);
        GError *error = NULL;
        if (strcmp(place->interface, interface) == 0 && !add(vm, place, &error)) {
            option_use_prefix(place->use, &error);
            g_propagate_error(errp, error);
            return false;
        }
    }
    return true;
}

/* Whether the user adds a drive by himself: then there is no empty one. */
static bool has_own_drives(const Vm *vm)
{
    static const char *const drivers[] = { "ide-hd", "ide-cd", "ide-drive", "scsi-hd", "scsi-cd" };

    for (guint i = 0; i < vm->config->devices->len; i++) {
        const OptionUse *use = g_ptr_array_index(vm->config->devices, i);
        const char *driver = keyval_get(use->keys, "driver");
        for (unsigned n = 0; driver && n < G_N_ELEMENTS(drivers); n++) {
            if (strcmp(driver, drivers[n]) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Machines with IDE have an empty CD drive where -cdrom would be. */
static bool add_empty_cdrom(Vm *vm, GError **errp)
{
    DrivePlace place = { .interface = "ide", .cdrom = true };
    bool has_ide = bus_find(&vm->machine->object, "ide.0", &ide_bus_class.bus, NULL) != NULL;

    place_at(&place, units_of(vm, "ide"), 2);
    if (vm->config->nodefaults || !has_ide || has_own_drives(vm) ||
        find_place(vm, "ide", place.bus, place.unit)) {
        return true;
    }
    g_autofree char *name = name_of(vm, NULL, &place);
    place.backend = block_backend_new(vm->drives, name, errp);
    if (!place.backend) {
        return false;
    }
    place.backend->is_cdrom = true;
    g_ptr_array_add(vm->drive_places, g_memdup2(&place, sizeof(place)));
    return add_ide(vm, &place, errp);
}

/* One controller with what lies in its two drives; blamed on the first. */
static bool add_floppies(Vm *vm, GError **errp)
{
    g_autoptr(Keyval) keys = keyval_new();
    const OptionUse *use = NULL;
    GError *error = NULL;

    keyval_add(keys, "driver", "isa-fdc");
    for (unsigned unit = 0; unit < 2; unit++) {
        const DrivePlace *place = find_place(vm, "floppy", 0, unit);
        if (place) {
            keyval_add(keys, unit ? "file1" : "file0", place->file);
            keyval_add(keys, unit ? "readonly1" : "readonly0", place->readonly ? "on" : "off");
            use = use ? use : place->use;
        }
    }
    if (use && !vm_add_device(vm, keys, &error)) {
        option_use_prefix(use, &error);
        g_propagate_error(errp, error);
        return false;
    }
    return true;
}

bool drives_add_onboard(Vm *vm, GError **errp)
{
    return add_floppies(vm, errp) && add_all(vm, "ide", add_ide, errp) && add_empty_cdrom(vm, errp);
}

bool drives_add_devices(Vm *vm, GError **errp)
{
    return add_all(vm, "virtio", add_virtio, errp);
}
