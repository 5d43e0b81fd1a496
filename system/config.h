/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command line asks for, in terms of the machine that is going to be made. */
#pragma once

#include "hw/core/machine.h"
#include "system/options.h"

enum { CONFIG_MAX_FLASH = 2 };

typedef enum { CONFIG_ON_REBOOT_RESET, CONFIG_ON_REBOOT_SHUTDOWN } ConfigOnReboot;
typedef enum { CONFIG_ON_SHUTDOWN_POWEROFF, CONFIG_ON_SHUTDOWN_PAUSE } ConfigOnShutdown;
typedef enum {
    CONFIG_ON_PANIC_SHUTDOWN,
    CONFIG_ON_PANIC_PAUSE,
    CONFIG_ON_PANIC_EXIT_FAILURE,
    CONFIG_ON_PANIC_NONE,
} ConfigOnPanic;

typedef enum {
    CONFIG_ON_WATCHDOG_RESET,
    CONFIG_ON_WATCHDOG_SHUTDOWN,
    CONFIG_ON_WATCHDOG_POWEROFF,
    CONFIG_ON_WATCHDOG_PAUSE,
    CONFIG_ON_WATCHDOG_DEBUG,
    CONFIG_ON_WATCHDOG_NONE,
    CONFIG_ON_WATCHDOG_INJECT_NMI,
} ConfigOnWatchdog;

/* The machine and its processors. A "use" is the option that the values came from, for error
 * messages. */
typedef struct {
    const OptionUse *use;
    char *name;           /* NULL: the default machine */
    Keyval *properties;   /* -machine key=value that are properties of the board */
    GPtrArray *accels;    /* const OptionUse * of -accel */
    char *accel_list;     /* -machine accel= */
    char *memory_backend; /* -machine memory-backend= */
    bool hide_memory;     /* dump-guest-core=off: core files of this program have no guest memory */
    bool merge_memory;    /* mem-merge=on: the host may merge equal pages */
    const OptionUse *icount_use, *singlestep_use;
    const OptionUse *cpu_use;
    const OptionUse *memory_use;
    uint64_t ram_bytes; /* 0: the machine's default */
    const OptionUse *smp_use;
    MachineTopology topology; /* as written; 0: not given */
    const OptionUse *flash_use[CONFIG_MAX_FLASH];
    const OptionUse *semihosting_use;
    GPtrArray *options[MACHINE_OPTION_COUNT]; /* const OptionUse * */
} ConfigMachine;

/* -kernel and friends, and the options they came from. */
typedef struct {
    MachineBoot paths;
    const OptionUse *firmware_use, *kernel_use, *initrd_use, *dtb_use, *append_use;
} ConfigBoot;

typedef enum { CONFIG_VGA_DEFAULT, CONFIG_VGA_NONE, CONFIG_VGA_STD } ConfigVga;

/* Ends of lines on the host, in the order written. */
typedef struct {
    GPtrArray *chardevs;     /* const OptionUse * of -chardev */
    GPtrArray *serials;      /* ... of -serial */
    GPtrArray *parallels;    /* ... of -parallel */
    GPtrArray *monitors;     /* ... of -mon, -monitor, -qmp and -qmp-pretty */
    bool no_console_monitor; /* -monitor was given: the console has none of its own */
    const OptionUse *qtest_use;
    const OptionUse *gdb_use; /* -gdb, or -s */
    uint8_t escape;           /* the key that starts a mux command */
    bool nographic;           /* console and monitor share the terminal */
    bool headless;            /* -display none: no console unless asked for */
} ConfigLines;

typedef struct {
    bool paused; /* -S */
    bool daemonize;
    ConfigOnReboot on_reboot;
    ConfigOnShutdown on_shutdown;
    ConfigOnPanic on_panic;
    ConfigOnWatchdog on_watchdog;
    char *pidfile;
} ConfigLife;

struct Config {
    const char *program; /* as error messages name it */
    const char *arch;    /* "riscv64" */
    GPtrArray *uses;     /* OptionUse *, owned, in order */
    GPtrArray *objects;  /* const OptionUse * of -object */
    GPtrArray *devices;  /* ... of -device */
    GPtrArray *drives;   /* ... of -drive but for flash, -hda..., -cdrom */
    GPtrArray *globals;  /* ... of -global */
    ConfigMachine machine;
    ConfigBoot boot;
    ConfigLines lines;
    ConfigLife life;
    char *name, *uuid;
    bool nodefaults;
    ConfigVga vga;
    bool print_config;  /* --print-config */
    char *write_config; /* -writeconfig */
    bool done;          /* an option has printed what it was asked for: run nothing */
};

Config *config_new(const char *program, const char *arch);
void config_free(Config *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_free)

/** config_machine_class - the machine that was named, or the default one of this architecture */
const MachineClass *config_machine_class(const Config *config, GError **errp);
/** config_topology - -smp completed for a machine of at most @max_cpus, and checked */
bool config_topology(const Config *config, unsigned max_cpus, MachineTopology *topology,
                     GError **errp);
/** config_to_json - what --config reads; caller frees */
char *config_to_json(const Config *config);
/** config_write_files - what --print-config and -writeconfig ask for */
bool config_write_files(Config *config, GError **errp);
/** config_check_boot - the options about what to start make sense together */
bool config_check_boot(const Config *config, GError **errp);
