/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done when the guest does not reset its watchdog in time. */
#include "hw/core/irq.h"
#include "schema/commands.h"
#include "schema/events.h"
#include "system/vm.h"
#include "util/error.h"
#include "util/log.h"

static const QmpWatchdogAction wire_actions[] = {
    [CONFIG_ON_WATCHDOG_RESET] = QMP_WATCHDOG_ACTION_RESET,
    [CONFIG_ON_WATCHDOG_SHUTDOWN] = QMP_WATCHDOG_ACTION_SHUTDOWN,
    [CONFIG_ON_WATCHDOG_POWEROFF] = QMP_WATCHDOG_ACTION_POWEROFF,
    [CONFIG_ON_WATCHDOG_PAUSE] = QMP_WATCHDOG_ACTION_PAUSE,
    [CONFIG_ON_WATCHDOG_DEBUG] = QMP_WATCHDOG_ACTION_DEBUG,
    [CONFIG_ON_WATCHDOG_NONE] = QMP_WATCHDOG_ACTION_NONE,
    [CONFIG_ON_WATCHDOG_INJECT_NMI] = QMP_WATCHDOG_ACTION_INJECT_NMI,
};

void vm_set_watchdog_action(Vm *vm, QmpWatchdogAction action)
{
    for (int i = 0; i < (int)G_N_ELEMENTS(wire_actions); i++) {
        if (wire_actions[i] == action) {
            vm->life.on_watchdog = (ConfigOnWatchdog)i;
        }
    }
}

bool qmp_watchdog_set_action(CommandContext *context, const QmpWatchdogSetActionArgs *args,
                             GError **errp)
{
    vm_set_watchdog_action(context->vm, args->action);
    return true;
}

bool qmp_inject_nmi(CommandContext *context, GError **errp)
{
    if (!context->machine->nmi) {
        error_set(errp, "this machine has no such interrupt");
        return false;
    }
    context->machine->nmi(context->machine);
    return true;
}

void vm_watchdog_expired(Machine *machine)
{
    Vm *vm = machine->ops_opaque;
    qmp_event_watchdog(vm_events(vm),
                       &(QmpWatchdogEvent){ .action = wire_actions[vm->life.on_watchdog] });
    switch (vm->life.on_watchdog) {
    case CONFIG_ON_WATCHDOG_RESET: machine_request_reset(machine, true); break;
    case CONFIG_ON_WATCHDOG_SHUTDOWN:
        if (machine->power_button) {
            irq_pulse(machine->power_button);
        }
        break;
    case CONFIG_ON_WATCHDOG_POWEROFF:
        machine_request_shutdown(machine, SHUTDOWN_GUEST_OFF, 0);
        break;
    case CONFIG_ON_WATCHDOG_PAUSE: vm_request_watchdog_stop(vm); break;
    case CONFIG_ON_WATCHDOG_DEBUG: g_printerr("watchdog: the time is over\n"); break;
    case CONFIG_ON_WATCHDOG_NONE: break;
    case CONFIG_ON_WATCHDOG_INJECT_NMI:
        if (machine->nmi) {
            machine->nmi(machine);
        }
        break;
    }
}
