/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options about the process: start and end, logs, help. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "system/config_internal.h"
#include "system/message.h"
#include "util/error.h"
#include "util/log.h"
#include "util/version.h"

bool config_apply_help(Config *config, const OptionUse *use, GError **errp)
{
    g_autofree char *text = options_help(config->program);
    fputs(text, stdout);
    config->done = true;
    return true;
}

bool config_apply_version(Config *config, const OptionUse *use, GError **errp)
{
    printf("Rhea emulator version %s\n", version_string());
    config->done = true;
    return true;
}

bool config_apply_readconfig(Config *config, const OptionUse *use, GError **errp)
{
    return options_read_file(config, use->argument, errp);
}

bool config_apply_overcommit(Config *config, const OptionUse *use, GError **errp)
{
    if (option_bool(use, "cpu-pm", false)) {
        error_set(errp, "cpu-pm=on: guests have no power over this host's processors");
        return false;
    }
    if (option_bool(use, "mem-lock", false) && mlockall(MCL_CURRENT | MCL_FUTURE) < 0) {
        error_set_errno(errp, errno, "mem-lock=on: memory cannot be locked ('ulimit -l' may help)");
        return false;
    }
    return true;
}

bool config_apply_paused(Config *config, const OptionUse *use, GError **errp)
{
    config->life.paused = true;
    return true;
}

bool config_apply_daemonize(Config *config, const OptionUse *use, GError **errp)
{
    config->life.daemonize = true;
    return true;
}

bool config_apply_pidfile(Config *config, const OptionUse *use, GError **errp)
{
    g_free(config->life.pidfile);
    config->life.pidfile = g_strdup(use->argument);
    return true;
}

bool config_apply_no_reboot(Config *config, const OptionUse *use, GError **errp)
{
    config->life.on_reboot = CONFIG_ON_REBOOT_SHUTDOWN;
    return true;
}

bool config_apply_no_shutdown(Config *config, const OptionUse *use, GError **errp)
{
    config->life.on_shutdown = CONFIG_ON_SHUTDOWN_PAUSE;
    return true;
}

static void set_watchdog(Config *config, const char *action)
{
    static const char *const actions[] = { "reset", "shutdown", "poweroff",  "pause",
                                           "debug", "none",     "inject-nmi" };
    for (int i = 0; action && i < (int)G_N_ELEMENTS(actions); i++) {
        if (strcmp(action, actions[i]) == 0) {
            config->life.on_watchdog = (ConfigOnWatchdog)i;
        }
    }
}

bool config_apply_action(Config *config, const OptionUse *use, GError **errp)
{
    static const char *const panics[] = { "shutdown", "pause", "exit-failure", "none" };
    const char *reboot = option_string(use, "reboot", NULL);
    const char *shutdown = option_string(use, "shutdown", NULL);
    const char *panic = option_string(use, "panic", NULL);
    set_watchdog(config, option_string(use, "watchdog", NULL));
    if (reboot) {
        bool ends = strcmp(reboot, "shutdown") == 0;
        config->life.on_reboot = ends ? CONFIG_ON_REBOOT_SHUTDOWN : CONFIG_ON_REBOOT_RESET;
    }
    if (shutdown) {
        bool pauses = strcmp(shutdown, "pause") == 0;
        config->life.on_shutdown = pauses ? CONFIG_ON_SHUTDOWN_PAUSE : CONFIG_ON_SHUTDOWN_POWEROFF;
    }
    for (int i = 0; panic && i < (int)G_N_ELEMENTS(panics); i++) {
        if (strcmp(panic, panics[i]) == 0) {
            config->life.on_panic = (ConfigOnPanic)i;
        }
    }
    return true;
}

bool config_apply_watchdog_action(Config *config, const OptionUse *use, GError **errp)
{
    set_watchdog(config, option_string(use, "action", NULL));
    return true;
}

bool config_apply_msg(Config *config, const OptionUse *use, GError **errp)
{
    message_set_format(option_bool(use, "timestamp", false), option_bool(use, "guest-name", false));
    return true;
}

bool config_apply_debug(Config *config, const OptionUse *use, GError **errp)
{
    return log_set_items(use->argument, errp);
}

bool config_apply_debug_file(Config *config, const OptionUse *use, GError **errp)
{
    return log_set_file(use->argument, errp);
}

bool config_apply_debug_filter(Config *config, const OptionUse *use, GError **errp)
{
    return log_set_filter(use->argument, errp);
}

static bool enable_trace(const char *pattern, GError **errp)
{
    bool on = pattern[0] != '-';
    if (!log_trace_enable(pattern + !on, on)) {
        error_set(errp, "no trace point is called '%s'; '-trace help' lists them", pattern + !on);
        return false;
    }
    return true;
}

static bool enable_traces_of_file(const char *path, GError **errp)
{
    g_autofree char *text = config_read_text(path, errp);
    if (!text) {
        return false;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        const char *pattern = g_strstrip(*line);
        if (*pattern && *pattern != '#' && !enable_trace(pattern, errp)) {
            return false;
        }
    }
    return true;
}

bool config_apply_trace(Config *config, const OptionUse *use, GError **errp)
{
    const char *events = option_string(use, "events", NULL);
    const char *file = option_string(use, "file", NULL);
    const char *pattern = option_string(use, "enable", NULL);
    return (!file || log_set_file(file, errp)) &&
           (!events || enable_traces_of_file(events, errp)) &&
           (!pattern || enable_trace(pattern, errp));
}

void config_list_debug(Config *config, const OptionUse *use)
{
    g_autofree char *text = log_help();
    fputs(text, stdout);
}

void config_list_trace(Config *config, const OptionUse *use)
{
    g_autofree char *text = log_trace_list();
    fputs(text, stdout);
}
