/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drives as people write them. */
#include "system/drives.h"

#include <string.h>

#include "block/backend.h"
#include "block/driver.h"
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

static bool is_short(const OptionUse *use) /* -hda file, -cdrom file */
{
    return !use->keys;
}

static bool is_cdrom(const OptionUse *use)
{
    return is_short(use) ? strcmp(use->row->name, "cdrom") == 0
                         : strcmp(option_string(use, "media", "disk"), "cdrom") == 0;
}

static const char *interface_of(const Vm *vm, const OptionUse *use)
{
    const char *usual =
        CLASS_METHOD(&vm->machine->object, machine_class, MachineClass, default_drive);

    usual = usual ? usual : "ide";
    return is_short(use) ? usual : option_string(use, "if", usual);
}

static bool check_interface(const Vm *vm, const OptionUse *use, GError **errp)
{
    const char *interface = interface_of(vm, use);

    if (strcmp(interface, "none") != 0 && strcmp(interface, "virtio") != 0) {
        error_set(errp,
                  "if=%s: there is no such controller yet; use if=virtio, or if=none and a -device "
                  "with drive=ID",
                  interface);
        return false;
    }
    return true;
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

/* "virtio0", "none1": what a drive without id= is called. */
static char *name_of(Vm *vm, const OptionUse *use)
{
    const char *interface = interface_of(vm, use);
    const char *id = is_short(use) ? NULL : option_string(use, "id", NULL);
    char *name = g_strdup(id);

    for (unsigned i = 0; !name || (!id && object_child(vm->drives, name)); i++) {
        g_free(name);
        name = g_strdup_printf("%s%u", interface, i);
    }
    return name;
}

static bool open_one(Vm *vm, const OptionUse *use, GError **errp)
{
    const char *file = is_short(use) ? use->argument : option_string(use, "file", NULL);
    bool read_only = is_cdrom(use) || (!is_short(use) && option_bool(use, "readonly", false));
    BlockOpen how = { .flags = read_only ? 0 : BLOCK_OPEN_WRITABLE };
    bool write_through = false;

    if (!check_interface(vm, use, errp) || !apply_cache(use, &how, &write_through, errp)) {
        return false;
    }
    if (!file || !*file) {
        error_set(errp, "file= is missing");
        return false;
    }
    how.format = is_short(use) ? NULL : option_string(use, "format", NULL);
    if (how.format && !block_driver_find(how.format, errp)) {
        return false;
    }
    const char *discard = is_short(use) ? "ignore" : option_string(use, "discard", "ignore");
    how.flags |= strcmp(discard, "unmap") == 0 || strcmp(discard, "on") == 0 ? BLOCK_OPEN_UNMAP : 0;
    g_autofree char *name = name_of(vm, use);
    BlockBackend *backend = block_backend_open(vm->drives, name, file, &how, errp);
    if (!backend) {
        return false;
    }
    backend->write_through = write_through;
    if (strcmp(interface_of(vm, use), "virtio") == 0) {
        g_ptr_array_add(vm->drive_devices, backend);
    }
    return true;
}

bool drives_open(Vm *vm, GError **errp)
{
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

static const char *disk_driver(Vm *vm)
{
    bool pci = bus_find(&vm->machine->object, NULL, &pci_bus_class.bus, NULL) != NULL;

    return pci ? "virtio-blk-pci" : "virtio-blk-device";
}

bool drives_add_devices(Vm *vm, GError **errp)
{
    for (guint i = 0; i < vm->drive_devices->len; i++) {
        const BlockBackend *backend = g_ptr_array_index(vm->drive_devices, i);
        g_autoptr(Keyval) keys = keyval_new();
        keyval_add(keys, "driver", disk_driver(vm));
        keyval_add(keys, "drive", backend->id);
        if (!vm_add_device(vm, keys, errp)) {
            error_prefix(errp, "drive '%s': ", backend->id);
            return false;
        }
    }
    return true;
}
