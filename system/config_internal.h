/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What option_table.c refers to: one function an option, in the file of its subject. */
#pragma once

#include "system/config.h"

typedef bool OptionApplyFn(Config *config, const OptionUse *use, GError **errp);
typedef void OptionListFn(Config *config, const OptionUse *use);

/** config_check_file - @path can be read and is neither a folder nor empty; @what begins the
 * message if not */
bool config_check_file(const char *path, const char *what, GError **errp);

/** config_read_text - contents of @path, which may be a pipe but not without end; caller frees */
char *config_read_text(const char *path, GError **errp);

/* config_file.c */
OptionApplyFn config_apply_config, config_apply_print_config, config_apply_set,
    config_apply_writeconfig;
/* config_machine.c */
OptionApplyFn config_apply_accel, config_apply_cpu, config_apply_drive, config_apply_enable_kvm,
    config_apply_board_option, config_apply_icount, config_apply_machine, config_apply_memory,
    config_apply_name, config_apply_seed, config_apply_semihosting, config_apply_singlestep,
    config_apply_smp, config_apply_rtc, config_apply_uuid;
/* config_boot.c */
OptionApplyFn config_apply_add_fd, config_apply_append, config_apply_bios, config_apply_datadir,
    config_apply_dtb, config_apply_initrd, config_apply_kernel;
OptionListFn config_list_datadirs;
/* config_lines.c */
OptionApplyFn config_apply_chardev, config_apply_device, config_apply_display, config_apply_echr,
    config_apply_global, config_apply_mon, config_apply_monitor, config_apply_net,
    config_apply_nodefaults, config_apply_nographic, config_apply_nothing, config_apply_object,
    config_apply_gdb, config_apply_parallel, config_apply_qtest, config_apply_serial,
    config_apply_vga;
/* config_life.c */
OptionApplyFn config_apply_action, config_apply_daemonize, config_apply_debug,
    config_apply_debug_file, config_apply_debug_filter, config_apply_help, config_apply_msg,
    config_apply_no_reboot, config_apply_no_shutdown, config_apply_overcommit, config_apply_paused,
    config_apply_pidfile, config_apply_readconfig, config_apply_trace, config_apply_version,
    config_apply_watchdog_action;
OptionListFn config_list_debug, config_list_trace;
/* listing.c */
OptionListFn config_list_accels, config_list_chardevs, config_list_cpus, config_list_devices,
    config_list_displays, config_list_machines, config_list_objects;
