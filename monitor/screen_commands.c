/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands about screens. */
#include <string.h>

#include "hw/core/machine.h"
#include "schema/commands.h"
#include "ui/screen.h"
#include "util/error.h"
#include "util/fdset.h"

/* By id or path; NULL names the first there is. */
static Object *find_screen(Machine *machine, const char *device, GError **errp)
{
    if (!device) {
        Object *first = screen_find(&machine->object);
        if (!first) {
            error_set(errp, "this machine has no screen");
        }
        return first;
    }
    Object *peripheral = object_child(&machine->object, "peripheral");
    Object *obj = strchr(device, '/') ? object_resolve(object_root(&machine->object), device, NULL)
                  : peripheral        ? object_child(peripheral, device)
                                      : NULL;
    if (!obj) {
        error_set_class(errp, ERROR_DEVICE_NOT_FOUND, "there is no device '%s'", device);
        return NULL;
    }
    if (!object_interface(obj, &screen_interface)) {
        error_set(errp, "device '%s' has no screen", device);
        return NULL;
    }
    return obj;
}

bool qmp_screendump(CommandContext *context, const QmpScreendumpArgs *args, GError **errp)
{
    Object *screen = find_screen(context->machine, args->device, errp);
    Surface surface = { 0 };

    if (!screen) {
        return false;
    }
    bool png = args->has_format ? args->format == QMP_IMAGE_FORMAT_PNG
                                : g_str_has_suffix(args->filename, ".png");
    const ScreenOps *ops = object_interface(screen, &screen_interface);
    ops->render(screen, &surface);
    g_autoptr(GByteArray) image = png ? surface_to_png(&surface) : surface_to_ppm(&surface);
    surface_cleanup(&surface);
    return fdset_write_file(args->filename, image->data, image->len, errp);
}
