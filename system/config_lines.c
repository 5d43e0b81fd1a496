/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options about devices and what they are connected to on the host. */
#include <string.h>

#include "system/config_internal.h"
#include "util/error.h"

static bool must_be_none(const OptionUse *use, const char *missing, GError **errp)
{
    if (strcmp(use->argument, "none") != 0) {
        error_set(errp, "%s not there yet; only 'none' is accepted", missing);
        return false;
    }
    return true;
}

bool config_apply_nothing(Config *config, const OptionUse *use, GError **errp)
{
    return true;
}

bool config_apply_chardev(Config *config, const OptionUse *use, GError **errp)
{
    if (!keyval_get(use->keys, "backend") || !keyval_get(use->keys, "id")) {
        error_set(errp, "%s missing: -chardev BACKEND,id=ID,...",
                  keyval_get(use->keys, "backend") ? "id= is" : "the back end is");
        return false;
    }
    g_ptr_array_add(config->lines.chardevs, (gpointer)use);
    return true;
}

bool config_apply_serial(Config *config, const OptionUse *use, GError **errp)
{
    if (config->lines.serials->len == MACHINE_MAX_SERIAL) {
        error_set(errp, "a machine has at most %d serial lines", MACHINE_MAX_SERIAL);
        return false;
    }
    g_ptr_array_add(config->lines.serials, (gpointer)use);
    return true;
}

bool config_apply_parallel(Config *config, const OptionUse *use, GError **errp)
{
    if (config->lines.parallels->len == MACHINE_MAX_PARALLEL) {
        error_set(errp, "a machine has at most %d parallel ports", MACHINE_MAX_PARALLEL);
        return false;
    }
    g_ptr_array_add(config->lines.parallels, (gpointer)use);
    return true;
}

bool config_apply_monitor(Config *config, const OptionUse *use, GError **errp)
{
    config->lines.no_console_monitor |= strcmp(use->row->name, "monitor") == 0;
    if (strcmp(use->argument, "none") != 0 && strcmp(use->argument, "null") != 0) {
        g_ptr_array_add(config->lines.monitors, (gpointer)use);
    }
    return true;
}

bool config_apply_mon(Config *config, const OptionUse *use, GError **errp)
{
    if (!keyval_get(use->keys, "chardev")) {
        error_set(errp, "the character device is missing: -mon chardev=ID,mode=control");
        return false;
    }
    g_ptr_array_add(config->lines.monitors, (gpointer)use);
    return true;
}

bool config_apply_net(Config *config, const OptionUse *use, GError **errp)
{
    return must_be_none(use, "network devices are", errp);
}

bool config_apply_display(Config *config, const OptionUse *use, GError **errp)
{
    config->lines.headless = true;
    return must_be_none(use, "displays are", errp);
}

bool config_apply_vga(Config *config, const OptionUse *use, GError **errp)
{
    if (strcmp(use->argument, "std") == 0) {
        config->vga = CONFIG_VGA_STD;
    } else if (strcmp(use->argument, "none") == 0) {
        config->vga = CONFIG_VGA_NONE;
    } else {
        error_set(errp, "there is no such graphics card; 'std' and 'none' are accepted");
        return false;
    }
    return true;
}

bool config_apply_nographic(Config *config, const OptionUse *use, GError **errp)
{
    config->lines.nographic = true;
    return true;
}

bool config_apply_nodefaults(Config *config, const OptionUse *use, GError **errp)
{
    config->nodefaults = true;
    return true;
}

/* "c" or "0x11": the key that is pressed with Ctrl, or its code. */
bool config_apply_echr(Config *config, const OptionUse *use, GError **errp)
{
    guint64 code;
    bool number = g_ascii_string_to_unsigned(use->argument, 10, 1, 255, &code, NULL) ||
                  (g_str_has_prefix(use->argument, "0x") &&
                   g_ascii_string_to_unsigned(use->argument + 2, 16, 1, 255, &code, NULL));
    if (!number && strlen(use->argument) == 1 && g_ascii_isalpha(use->argument[0])) {
        code = g_ascii_tolower(use->argument[0]) - 'a' + 1;
        number = true;
    }
    if (!number) {
        error_set(errp, "must be a letter or a character code from 1 to 255");
        return false;
    }
    config->lines.escape = (uint8_t)code;
    return true;
}

bool config_apply_gdb(Config *config, const OptionUse *use, GError **errp)
{
    config->lines.gdb_use = use;
    return true;
}

bool config_apply_qtest(Config *config, const OptionUse *use, GError **errp)
{
    config->lines.qtest_use = use;
    return true;
}

bool config_apply_device(Config *config, const OptionUse *use, GError **errp)
{
    if (!keyval_get(use->keys, "driver")) {
        error_set(errp, "the name of a device is missing");
        return false;
    }
    g_ptr_array_add(config->devices, (gpointer)use);
    return true;
}

bool config_apply_global(Config *config, const OptionUse *use, GError **errp)
{
    g_ptr_array_add(config->globals, (gpointer)use);
    return true;
}

bool config_apply_object(Config *config, const OptionUse *use, GError **errp)
{
    if (!keyval_get(use->keys, "qom-type")) {
        error_set(errp, "the type of the object is missing");
        return false;
    }
    g_ptr_array_add(config->objects, (gpointer)use);
    return true;
}
