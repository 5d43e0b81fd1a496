/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host side of serial lines and consoles, made from -chardev, -serial and -nographic. */
#include "system/lines.h"

#include <stdio.h>
#include <string.h>

#include "chardev/chardev_spec.h"
#include "util/error.h"

typedef struct {
    const Config *config;
    Object *parent;
    const ChardevMuxOps *ops;
    void *ops_opaque;
} Lines;

static void announce(Chardev *chardev)
{
    g_autofree char *text = chardev_describe(chardev);
    if (g_str_has_prefix(text, "pty:")) {
        printf("char device redirected to %s (label %s)\n", text + strlen("pty:"), chardev->label);
        fflush(stdout);
    }
}

static void announce_wait(Chardev *chardev)
{
    g_autofree char *text = chardev_describe(chardev);
    printf("waiting for a connection on %s ('nowait' goes on without one)\n", text);
    fflush(stdout);
}

/* Consumes @keys. */
static Chardev *create(const Lines *lines, Keyval *keys, GError **errp)
{
    const char *backend = keyval_get(keys, "backend");
    if (lines->config->life.daemonize && backend && strcmp(backend, "stdio") == 0) {
        error_set(errp, "stdio cannot be used with -daemonize");
        return NULL;
    }
    Chardev *chardev =
        chardev_spec_create(lines->parent, keys, lines->ops, lines->ops_opaque, errp);
    if (!chardev) {
        return NULL;
    }
    if (object_cast(&chardev->object, &chardev_mux_class.object) &&
        !property_set_u64(&chardev->object, "escape", lines->config->lines.escape, errp)) {
        return NULL;
    }
    announce(chardev);
    return chardev_wait(chardev, announce_wait, errp) ? chardev : NULL;
}

static Chardev *find(const Lines *lines, const char *id, GError **errp)
{
    Chardev *chardev = object_cast(object_child(lines->parent, id), &chardev_class.object);
    if (!chardev) {
        error_set(errp, "there is no chardev '%s'", id);
    }
    return chardev;
}

/* @chardev is NULL for "none". */
static bool open_text(const Lines *lines, const char *text, const char *label, Chardev **chardev,
                      GError **errp)
{
    ChardevSpecKind kind;
    g_autoptr(Keyval) keys = chardev_spec_parse(text, label, &kind, errp);
    *chardev = NULL;
    if (!keys || kind == CHARDEV_SPEC_NONE) {
        return keys != NULL;
    }
    *chardev = kind == CHARDEV_SPEC_EXISTING ? find(lines, keyval_get(keys, "id"), errp)
                                             : create(lines, keys, errp);
    return *chardev != NULL;
}

/* -serial or -parallel, by what labels begin with. */
static bool open_all(const Lines *lines, const GPtrArray *uses, const char *kind,
                     Chardev **chardevs, GError **errp)
{
    for (guint i = 0; i < uses->len; i++) {
        const OptionUse *use = g_ptr_array_index(uses, i);
        g_autofree char *label = g_strdup_printf("%s%u", kind, i);
        GError *error = NULL;
        if (!open_text(lines, use->argument, label, &chardevs[i], &error)) {
            option_use_prefix(use, &error);
            g_propagate_error(errp, error);
            return false;
        }
    }
    return true;
}

static bool monitor_takes_terminal(const Config *config)
{
    bool taken = false;
    for (guint i = 0; i < config->lines.monitors->len; i++) {
        const OptionUse *use = g_ptr_array_index(config->lines.monitors, i);
        taken |= use->argument && strcmp(use->argument, "stdio") == 0;
    }
    return taken;
}

/* Without a window the terminal is the console, unless the options say otherwise. */
bool lines_wants_console(const Config *config)
{
    bool background = config->life.daemonize && !config->lines.nographic;
    return !config->nodefaults && !monitor_takes_terminal(config) &&
           config->lines.serials->len == 0 && !background &&
           (config->lines.nographic || !config->lines.headless);
}

/* What a PC has at least, where it leads nowhere. */
static bool open_default_ports(const Lines *lines, Machine *machine, GError **errp)
{
    const Config *config = lines->config;
    const MachineClass *class = (const MachineClass *)machine->object.class;
    if (!class->default_ports || config->nodefaults) {
        return true;
    }
    if (config->lines.serials->len == 0 && !machine->serial[0] &&
        !open_text(lines, "null", "serial0", &machine->serial[0], errp)) {
        return false;
    }
    return config->lines.parallels->len ||
           open_text(lines, "null", "parallel0", &machine->parallel[0], errp);
}

bool lines_open(const Config *config, Object *parent, Machine *machine, const ChardevMuxOps *ops,
                void *ops_opaque, GError **errp)
{
    Lines lines = { config, parent, ops, ops_opaque };
    for (guint i = 0; i < config->lines.chardevs->len; i++) {
        const OptionUse *use = g_ptr_array_index(config->lines.chardevs, i);
        GError *error = NULL;
        if (!create(&lines, use->keys, &error)) {
            option_use_prefix(use, &error);
            g_propagate_error(errp, error);
            return false;
        }
    }
    if (!open_all(&lines, config->lines.serials, "serial", machine->serial, errp) ||
        !open_all(&lines, config->lines.parallels, "parallel", machine->parallel, errp)) {
        return false;
    }
    if (lines_wants_console(config) &&
        !open_text(&lines, "mon:stdio", "serial0", &machine->serial[0], errp)) {
        error_prefix(errp, "-nographic: ");
        return false;
    }
    return open_default_ports(&lines, machine, errp);
}

bool lines_open_monitors(const Config *config, Object *parent, GPtrArray *chardevs,
                         const ChardevMuxOps *ops, void *ops_opaque, GError **errp)
{
    Lines lines = { config, parent, ops, ops_opaque };
    for (guint i = 0; i < config->lines.monitors->len; i++) {
        const OptionUse *use = g_ptr_array_index(config->lines.monitors, i);
        g_autofree char *label = g_strdup_printf("compat_monitor%u", i);
        Chardev *chardev = NULL;
        GError *error = NULL;
        if (use->keys) {
            chardev = find(&lines, keyval_get(use->keys, "chardev"), &error);
        } else {
            open_text(&lines, use->argument, label, &chardev, &error);
        }
        if (error) {
            option_use_prefix(use, &error);
            g_propagate_error(errp, error);
            return false;
        }
        g_ptr_array_add(chardevs, chardev);
    }
    return true;
}

Chardev *lines_open_one(const Config *config, Object *parent, const char *text, const char *label,
                        GError **errp)
{
    Lines lines = { .config = config, .parent = parent };
    Chardev *chardev;
    if (open_text(&lines, text, label, &chardev, errp) && !chardev) {
        error_set(errp, "a character device is needed");
    }
    return chardev;
}

static bool check_all(const GPtrArray *uses, const char *what, Chardev *const *chardevs,
                      GError **errp)
{
    for (guint i = 0; i < uses->len; i++) {
        const OptionUse *use = g_ptr_array_index(uses, i);
        bool wanted = chardevs[i] && strcmp(use->argument, "null") != 0;
        if (wanted && chardevs[i]->ports->len == 0) {
            error_set(errp, "this machine has no %s number %u", what, i + 1);
            option_use_prefix(use, errp);
            return false;
        }
    }
    return true;
}

bool lines_check(const Config *config, const Machine *machine, GError **errp)
{
    return check_all(config->lines.serials, "serial line", machine->serial, errp) &&
           check_all(config->lines.parallels, "parallel port", machine->parallel, errp);
}

void lines_close(Object *parent)
{
    for (guint i = parent->children ? parent->children->len : 0; i-- > 0;) {
        Chardev *chardev =
            object_cast(g_ptr_array_index(parent->children, i), &chardev_class.object);
        if (chardev) { /* a mux comes after what it stands on, so its output is handed down first */
            chardev_close(chardev);
        }
    }
}
