/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor commands about running, stopping and what the command line could say. */
#include <string.h>

#include "monitor/qom_types.h"
#include "schema/commands.h"
#include "schema/events.h"
#include "system/machine_list.h"
#include "system/vm.h"
#include "util/error.h"

QmpStatusInfo *qmp_query_status(CommandContext *context, GError **errp)
{
    static const QmpRunState states[] = {
        [RUN_STATE_PRELAUNCH] = QMP_RUN_STATE_PRELAUNCH,
        [RUN_STATE_RUNNING] = QMP_RUN_STATE_RUNNING,
        [RUN_STATE_PAUSED] = QMP_RUN_STATE_PAUSED,
        [RUN_STATE_SHUTDOWN] = QMP_RUN_STATE_SHUTDOWN,
        [RUN_STATE_INTERNAL_ERROR] = QMP_RUN_STATE_INTERNAL_ERROR,
        [RUN_STATE_GUEST_PANICKED] = QMP_RUN_STATE_GUEST_PANICKED,
        [RUN_STATE_IO_ERROR] = QMP_RUN_STATE_IO_ERROR,
        [RUN_STATE_DEBUG] = QMP_RUN_STATE_DEBUG,
        [RUN_STATE_SUSPENDED] = QMP_RUN_STATE_SUSPENDED,
        [RUN_STATE_WATCHDOG] = QMP_RUN_STATE_WATCHDOG,
    };
    Object *accel = &context->machine->accel->object;
    QmpStatusInfo *info = qmp_status_info_new();
    g_autofree char *single =
        property_find(accel->class, "one-insn") ? property_get(accel, "one-insn", NULL) : NULL;
    info->running = context->machine->run_state == RUN_STATE_RUNNING;
    info->singlestep = g_strcmp0(single, "on") == 0;
    info->status = states[context->machine->run_state];
    return info;
}

bool qmp_quit(CommandContext *context, GError **errp)
{
    vm_request_quit(context->vm);
    return true;
}

bool qmp_stop(CommandContext *context, GError **errp)
{
    RunState state = context->machine->run_state;
    bool running = state == RUN_STATE_RUNNING || state == RUN_STATE_PAUSED;
    vm_stop(context->vm, running ? RUN_STATE_PAUSED : state);
    return true;
}

bool qmp_cont(CommandContext *context, GError **errp)
{
    RunState state = context->machine->run_state;
    if (state == RUN_STATE_SHUTDOWN || state == RUN_STATE_INTERNAL_ERROR ||
        state == RUN_STATE_GUEST_PANICKED) {
        error_set(errp, "the machine cannot go on from where it is; reset it with system_reset");
        return false;
    }
    if (dump_is_active(context->vm->dump)) {
        error_set(errp, "the machine is being dumped and goes on by itself");
        return false;
    }
    vm_start(context->vm);
    return true;
}

bool qmp_system_reset(CommandContext *context, GError **errp)
{
    machine_request_reset(context->machine, false);
    return true;
}

bool qmp_system_wakeup(CommandContext *context, GError **errp)
{
    if (context->machine->run_state != RUN_STATE_SUSPENDED) {
        error_set(errp, "the guest does not sleep");
        return false;
    }
    machine_request_wake(context->machine, WAKE_OTHER);
    return true;
}

bool qmp_system_powerdown(CommandContext *context, GError **errp)
{
    if (!context->machine->power_button) {
        error_set(errp, "this machine has no power button");
        return false;
    }
    irq_pulse(context->machine->power_button);
    return true;
}

bool qmp_set_action(CommandContext *context, const QmpSetActionArgs *args, GError **errp)
{
    static const ConfigOnPanic panics[] = {
        [QMP_PANIC_ACTION_PAUSE] = CONFIG_ON_PANIC_PAUSE,
        [QMP_PANIC_ACTION_SHUTDOWN] = CONFIG_ON_PANIC_SHUTDOWN,
        [QMP_PANIC_ACTION_EXIT_FAILURE] = CONFIG_ON_PANIC_EXIT_FAILURE,
        [QMP_PANIC_ACTION_NONE] = CONFIG_ON_PANIC_NONE,
    };
    ConfigLife *life = &context->vm->life;
    if (args->has_reboot) {
        life->on_reboot = args->reboot == QMP_REBOOT_ACTION_SHUTDOWN ? CONFIG_ON_REBOOT_SHUTDOWN
                                                                     : CONFIG_ON_REBOOT_RESET;
    }
    if (args->has_shutdown) {
        life->on_shutdown = args->shutdown == QMP_SHUTDOWN_ACTION_PAUSE
                                ? CONFIG_ON_SHUTDOWN_PAUSE
                                : CONFIG_ON_SHUTDOWN_POWEROFF;
    }
    if (args->has_watchdog) {
        vm_set_watchdog_action(context->vm, args->watchdog);
    }
    if (args->has_panic) {
        life->on_panic = panics[args->panic];
    }
    return true;
}

static void add_machine(const MachineClass *class, void *opaque)
{
    QmpMachineInfo *info = qmp_machine_info_new();
    info->name = machine_list_name(class);
    info->alias = class->aliases ? g_strdup(class->aliases[0]) : NULL;
    info->has_is_default = info->is_default = class->is_default;
    info->cpu_max = MAX(class->max_cpus, 1);
    info->default_cpu_type = g_strdup(class->default_cpu);
    g_ptr_array_add(opaque, info);
}

GPtrArray *qmp_query_machines(CommandContext *context, GError **errp)
{
    GPtrArray *list = g_ptr_array_new();
    machine_list_foreach(context->arch, add_machine, list);
    return list;
}

static QmpCommandLineOptionInfo *describe_option(const OptionRow *row)
{
    static const QmpCommandLineParameterType types[] = {
        [OPTION_KEY_STRING] = QMP_COMMAND_LINE_PARAMETER_TYPE_STRING,
        [OPTION_KEY_BOOL] = QMP_COMMAND_LINE_PARAMETER_TYPE_BOOLEAN,
        [OPTION_KEY_NUMBER] = QMP_COMMAND_LINE_PARAMETER_TYPE_NUMBER,
        [OPTION_KEY_SIZE] = QMP_COMMAND_LINE_PARAMETER_TYPE_SIZE,
    };
    QmpCommandLineOptionInfo *info = qmp_command_line_option_info_new();
    info->option = g_strdup(row->name);
    info->parameters = g_ptr_array_new();
    for (const OptionKey *key = row->keys; key && key->name; key++) {
        QmpCommandLineParameterInfo *parameter = qmp_command_line_parameter_info_new();
        parameter->name = g_strdup(key->name);
        parameter->type = types[key->kind];
        g_ptr_array_add(info->parameters, parameter);
    }
    return info;
}

GPtrArray *qmp_query_command_line_options(CommandContext *context,
                                          const QmpQueryCommandLineOptionsArgs *args, GError **errp)
{
    GPtrArray *list = g_ptr_array_new();
    for (const OptionRow *row = option_table; row->name; row++) {
        if (!row->missing && (!args->option || strcmp(args->option, row->name) == 0)) {
            g_ptr_array_add(list, describe_option(row));
        }
    }
    if (args->option && list->len == 0) {
        g_ptr_array_unref(list);
        error_set(errp, "there is no option '-%s'", args->option);
        return NULL;
    }
    return list;
}

/* What -device would have been given. */
static Keyval *device_keys(JsonObject *args, GError **errp)
{
    g_autoptr(Keyval) keys = keyval_new();
    g_autoptr(GList) members = json_object_get_members(args);
    for (GList *item = members; item; item = item->next) {
        JsonNode *value = json_object_get_member(args, item->data);
        g_autofree char *text = qom_types_text(item->data, value, errp);
        if (!text) {
            return NULL;
        }
        keyval_add(keys, item->data, text);
    }
    return g_steal_pointer(&keys);
}

bool qmp_device_add(CommandContext *context, JsonObject *args, GError **errp)
{
    const char *driver = json_object_get_string_member(args, "driver");
    const DeviceClass *class = machine_list_find_device(driver, errp);
    if (!class) {
        return false;
    }
    if (!class->hotpluggable) {
        error_set(errp, "device '%s' cannot be plugged in while the machine exists; use -device",
                  driver);
        return false;
    }
    g_autoptr(Keyval) keys = device_keys(args, errp);
    return keys && vm_add_device(context->vm, keys, errp);
}

static Device *find_device(CommandContext *context, const char *id, GError **errp)
{
    Object *obj = *id == '/'
                      ? object_resolve(context->root, id, NULL)
                      : object_child(object_child(&context->machine->object, "peripheral"), id);
    Device *dev = object_cast(obj, &device_class.object);
    if (!dev) {
        error_set_class(errp, ERROR_DEVICE_NOT_FOUND, "there is no device '%s'", id);
    }
    return dev;
}

bool qmp_device_del(CommandContext *context, const QmpDeviceDelArgs *args, GError **errp)
{
    Device *dev = find_device(context, args->id, errp);
    if (!dev) {
        return false;
    }
    g_autofree char *path = object_path(&dev->object), *id = g_strdup(dev->id);
    if (!device_unplug(dev, errp)) {
        return false;
    }
    if (!object_resolve(context->root, path, NULL)) { /* the guest need not be asked */
        qmp_event_device_deleted(context->events,
                                 &(QmpDeviceDeletedEvent){ .device = id, .path = path });
    }
    return true;
}
