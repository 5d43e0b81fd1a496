/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options about the machine and its processors. */
#include <string.h>
#include <sys/prctl.h>

#include "hw/core/host_input.h"
#include "system/config_internal.h"
#include "util/error.h"

static void replace(char **field, const char *value)
{
    g_free(*field);
    *field = g_strdup(value);
}

/* Keys of -machine that are not properties of the board. */
static char **machine_key_field(Config *config, const char *key)
{
    const struct {
        const char *key;
        char **field;
    } fields[] = {
        { "type", &config->machine.name },
        { "accel", &config->machine.accel_list },
        { "memory-backend", &config->machine.memory_backend },
        { "dumpdtb", &config->boot.paths.dump_dtb },
        { "firmware", &config->boot.paths.firmware },
        { "kernel", &config->boot.paths.kernel },
        { "initrd", &config->boot.paths.initrd },
        { "append", &config->boot.paths.append },
        { "dtb", &config->boot.paths.dtb },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (strcmp(fields[i].key, key) == 0) {
            return fields[i].field;
        }
    }
    return NULL;
}

/* What every machine takes and none has as a property. *@taken: it is one of these. */
static bool take_general(Config *config, const KeyvalEntry *entry, bool *taken, GError **errp)
{
    static const char *const names[] = { "usb", "dump-guest-core", "mem-merge", NULL };
    bool on = true;
    *taken = g_strv_contains(names, entry->key);
    if (!*taken) {
        return true;
    }
    if (entry->value && !keyval_parse_bool(entry->value, &on)) {
        error_set(errp, "%s=%s: must be on or off", entry->key, entry->value);
        return false;
    }
    if (strcmp(entry->key, "usb") == 0 && on) {
        error_set(errp, "usb=on: USB is not there yet");
        return false;
    }
    config->machine.hide_memory |= strcmp(entry->key, "dump-guest-core") == 0 && !on;
    config->machine.merge_memory |= strcmp(entry->key, "mem-merge") == 0 && on;
    return true;
}

bool config_apply_machine(Config *config, const OptionUse *use, GError **errp)
{
    config->machine.use = use;
    for (unsigned i = 0; i < keyval_count(use->keys); i++) {
        const KeyvalEntry *entry = keyval_entry(use->keys, i);
        char **field = machine_key_field(config, entry->key);
        bool taken;
        if (!take_general(config, entry, &taken, errp)) {
            return false;
        }
        if (taken) {
            continue;
        }
        if (field && (!entry->value || !*entry->value)) {
            error_set(errp, "%s= wants a value", entry->key);
            return false;
        }
        if (field) {
            replace(field, entry->value);
        } else {
            keyval_add(config->machine.properties, entry->key, entry->value);
        }
    }
    return true;
}

bool config_apply_accel(Config *config, const OptionUse *use, GError **errp)
{
    if (!keyval_get(use->keys, "accel")) {
        error_set(errp, "the name of an accelerator is missing");
        return false;
    }
    g_ptr_array_add(config->machine.accels, (gpointer)use);
    return true;
}

bool config_apply_singlestep(Config *config, const OptionUse *use, GError **errp)
{
    config->machine.singlestep_use = use;
    return true;
}

bool config_apply_enable_kvm(Config *config, const OptionUse *use, GError **errp)
{
    replace(&config->machine.accel_list, "kvm");
    return true;
}

bool config_apply_icount(Config *config, const OptionUse *use, GError **errp)
{
    if (!option_string(use, "shift", NULL)) {
        error_set(errp, "shift= is missing");
        return false;
    }
    config->machine.icount_use = use;
    return true;
}

bool config_apply_cpu(Config *config, const OptionUse *use, GError **errp)
{
    if (!keyval_get(use->keys, "model")) {
        error_set(errp, "the name of a CPU model is missing");
        return false;
    }
    config->machine.cpu_use = use;
    return true;
}

bool config_apply_memory(Config *config, const OptionUse *use, GError **errp)
{
    const char *size = option_string(use, "size", NULL);
    if (option_string(use, "slots", NULL) || option_string(use, "maxmem", NULL)) {
        error_set(errp, "memory hot-plug (slots=, maxmem=) is not there yet");
        return false;
    }
    uint64_t bytes = 0;
    if (!size || !keyval_parse_size(size, UINT64_C(1) << 20, &bytes) || bytes == 0) {
        error_set(errp, "not an amount of memory such as 512M or 2G");
        return false;
    }
    if (bytes > UINT64_C(1) << 52) {
        error_set(errp, "no machine has that much memory");
        return false;
    }
    config->machine.memory_use = use;
    config->machine.ram_bytes = (bytes + 4095) & ~UINT64_C(4095);
    return true;
}

static bool take_count(const OptionUse *use, const char *key, unsigned *count, GError **errp)
{
    if (!option_string(use, key, NULL)) {
        return true;
    }
    uint64_t value = option_number(use, key, 0);
    if (value < 1 || value > 65536) {
        error_set(errp, "%s=%s: must be 1 to 65536", key, option_string(use, key, ""));
        return false;
    }
    *count = (unsigned)value;
    return true;
}

bool config_apply_smp(Config *config, const OptionUse *use, GError **errp)
{
    MachineTopology t = { 0 };
    bool ok =
        take_count(use, "cpus", &t.cpus, errp) && take_count(use, "maxcpus", &t.max_cpus, errp) &&
        take_count(use, "sockets", &t.sockets, errp) && take_count(use, "dies", &t.dies, errp) &&
        take_count(use, "clusters", &t.clusters, errp) &&
        take_count(use, "cores", &t.cores, errp) && take_count(use, "threads", &t.threads, errp);
    if (ok) {
        config->machine.smp_use = use;
        config->machine.topology = t;
    }
    return ok;
}

bool config_apply_drive(Config *config, const OptionUse *use, GError **errp)
{
    const char *interface = use->keys ? option_string(use, "if", "") : "";
    if (strcmp(interface, "pflash") != 0 && strcmp(use->row->name, "pflash") != 0) {
        g_ptr_array_add(config->drives, (gpointer)use);
        return true;
    }
    if (strcmp(option_string(use, "format", "raw"), "raw") != 0) {
        error_set(errp, "flash banks are format=raw only");
        return false;
    }
    if (!option_string(use, "file", NULL)) {
        error_set(errp, "file= is missing");
        return false;
    }
    if (!config_check_file(option_string(use, "file", NULL), "could not load flash contents",
                           errp)) {
        return false;
    }
    uint64_t unit = option_number(use, "unit", option_number(use, "index", G_MAXUINT64));
    if (unit == G_MAXUINT64) {
        unit = config->machine.flash_use[0] ? 1 : 0;
    }
    if (unit >= CONFIG_MAX_FLASH) {
        error_set(errp, "unit=%" G_GUINT64_FORMAT ": must be 0 or 1", unit);
        return false;
    }
    if (config->machine.flash_use[unit]) {
        error_set(errp, "flash unit %" G_GUINT64_FORMAT " is given twice", unit);
        return false;
    }
    config->machine.flash_use[unit] = use;
    return true;
}

/* Kept for the board; whether it understands the option shows when it is known. */
bool config_apply_board_option(Config *config, const OptionUse *use, GError **errp)
{
    static const char *const names[MACHINE_OPTION_COUNT] = {
        [MACHINE_OPTION_BOOT] = "boot",
        [MACHINE_OPTION_SMBIOS] = "smbios",
        [MACHINE_OPTION_NUMA] = "numa",
        [MACHINE_OPTION_FW_CFG] = "fw_cfg",
        [MACHINE_OPTION_ACPI_TABLE] = "acpitable",
        [MACHINE_OPTION_ROM] = "option-rom",
    };
    for (unsigned i = 0; i < MACHINE_OPTION_COUNT; i++) {
        if (strcmp(use->row->name, names[i]) == 0) {
            GPtrArray **uses = &config->machine.options[i];
            *uses = *uses ? *uses : g_ptr_array_new();
            g_ptr_array_add(*uses, (gpointer)use);
        }
    }
    return true;
}

bool config_apply_semihosting(Config *config, const OptionUse *use, GError **errp)
{
    config->machine.semihosting_use = use;
    return true;
}

bool config_apply_name(Config *config, const OptionUse *use, GError **errp)
{
    const char *process = option_string(use, "process", NULL);
    if (!option_bool(use, "debug-threads", true)) {
        error_set(errp, "threads always have names; debug-threads=off cannot be had");
        return false;
    }
    if (process) {
        prctl(PR_SET_NAME, process);
    }
    if (option_string(use, "guest", NULL)) {
        replace(&config->name, option_string(use, "guest", NULL));
    }
    return true;
}

bool config_apply_uuid(Config *config, const OptionUse *use, GError **errp)
{
    if (!g_uuid_string_is_valid(use->argument)) {
        error_set(errp, "not a UUID such as 550e8400-e29b-41d4-a716-446655440000");
        return false;
    }
    replace(&config->uuid, use->argument);
    return true;
}

bool config_apply_rtc(Config *config, const OptionUse *use, GError **errp)
{
    return host_input_set_rtc(option_string(use, "base", NULL), option_string(use, "clock", NULL),
                              errp);
}

bool config_apply_seed(Config *config, const OptionUse *use, GError **errp)
{
    return host_input_set_seed(use->argument, errp);
}
