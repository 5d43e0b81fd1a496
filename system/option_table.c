/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every option: what it is called, what it takes, what it does, what help says. */
#include "system/config_internal.h"

#define TEXT(n, s, c, f, h)                                                    \
    {                                                                          \
        .name = (n), .category = (c), .syntax = (s), .help = (h), .apply = (f) \
    }
#define FLAG(n, c, f, h)                                        \
    {                                                           \
        .name = (n), .category = (c), .help = (h), .apply = (f) \
    }
#define MISSING(n, s, what)                           \
    {                                                 \
        .name = (n), .syntax = (s), .missing = (what) \
    }
#define KEYS(n, s, c, i, k, f, h)                                                   \
    {                                                                               \
        .name = (n), .category = (c), .syntax = (s), .help = (h),                   \
        .argument = OPTION_ARGUMENT_KEYS, .implied = (i), .keys = (k), .apply = (f) \
    }

static const OptionKey memory_keys[] = {
    { "size" },
    { "slots", OPTION_KEY_NUMBER },
    { "maxmem", OPTION_KEY_SIZE },
    {},
};
static const OptionKey smp_keys[] = {
    { "cpus", OPTION_KEY_NUMBER },     { "maxcpus", OPTION_KEY_NUMBER },
    { "sockets", OPTION_KEY_NUMBER },  { "dies", OPTION_KEY_NUMBER },
    { "clusters", OPTION_KEY_NUMBER }, { "cores", OPTION_KEY_NUMBER },
    { "threads", OPTION_KEY_NUMBER },  {},
};
static const OptionKey name_keys[] = {
    { "guest" },
    { "process" },
    { "debug-threads", OPTION_KEY_BOOL },
    {},
};
static const char *const drift_values[] = { "none", NULL };
static const OptionKey rtc_keys[] = {
    { "base" },
    { "clock" },
    { "driftfix", OPTION_KEY_STRING, drift_values },
    {},
};
static const OptionKey icount_keys[] = {
    { "shift" },
    { "align", OPTION_KEY_BOOL },
    { "sleep", OPTION_KEY_BOOL },
    {},
};
static const char *const drive_media[] = { "disk", "cdrom", NULL };
static const char *const drive_discard[] = { "ignore", "off", "unmap", "on", NULL };
static const OptionKey drive_keys[] = {
    { "if" },
    { "file" },
    { "format" },
    { "media", OPTION_KEY_STRING, drive_media },
    { "cache" },
    { "discard", OPTION_KEY_STRING, drive_discard },
    { "bus", OPTION_KEY_NUMBER },
    { "unit", OPTION_KEY_NUMBER },
    { "index", OPTION_KEY_NUMBER },
    { "readonly", OPTION_KEY_BOOL },
    { "serial" },
    { "rerror" },
    { "werror" },
    { "id" },
    {},
};
static const OptionKey pflash_keys[] = { { "file" }, {} };
static const char *const semihosting_values[] = { "native", "auto", NULL }; /* gdb: no stub yet */
static const OptionKey semihosting_keys[] = {
    { "enable", OPTION_KEY_BOOL },
    { "target", OPTION_KEY_STRING, semihosting_values },
    { "userspace", OPTION_KEY_BOOL },
    { "arg" },
    { "chardev" },
    {},
};
static const char *const reboot_values[] = { "reset", "shutdown", NULL };
static const char *const shutdown_values[] = { "poweroff", "pause", NULL };
static const char *const panic_values[] = { "shutdown", "pause", "exit-failure", "none", NULL };
static const char *const watchdog_values[] = { "reset", "shutdown", "poweroff",   "pause",
                                               "debug", "none",     "inject-nmi", NULL };
static const OptionKey watchdog_keys[] = {
    { "action", OPTION_KEY_STRING, watchdog_values },
    {},
};
static const OptionKey action_keys[] = {
    { "reboot", OPTION_KEY_STRING, reboot_values },
    { "shutdown", OPTION_KEY_STRING, shutdown_values },
    { "panic", OPTION_KEY_STRING, panic_values },
    { "watchdog", OPTION_KEY_STRING, watchdog_values },
    {},
};
static const OptionKey msg_keys[] = {
    { "timestamp", OPTION_KEY_BOOL },
    { "guest-name", OPTION_KEY_BOOL },
    {},
};
static const char *const mon_modes[] = { "readline", "control", NULL };
static const OptionKey mon_keys[] = {
    { "chardev" },
    { "mode", OPTION_KEY_STRING, mon_modes },
    { "pretty", OPTION_KEY_BOOL },
    { "id" },
    {},
};
static const OptionKey add_fd_keys[] = {
    { "set", OPTION_KEY_NUMBER },
    { "fd", OPTION_KEY_NUMBER },
    { "opaque" },
    {},
};
static const OptionKey overcommit_keys[] = {
    { "mem-lock", OPTION_KEY_BOOL },
    { "cpu-pm", OPTION_KEY_BOOL },
    {},
};
static const char *const audiodev_values[] = { "none", NULL };
static const OptionKey audiodev_keys[] = {
    { "driver", OPTION_KEY_STRING, audiodev_values },
    { "id" },
    {},
};
static const OptionKey boot_keys[] = {
    { "order" },
    { "once" },
    { "menu", OPTION_KEY_BOOL },
    { "splash" },
    { "splash-time", OPTION_KEY_NUMBER },
    { "reboot-timeout" },
    { "strict", OPTION_KEY_BOOL },
    {},
};
static const OptionKey numa_keys[] = {
    { "kind" },
    { "nodeid", OPTION_KEY_NUMBER },
    { "cpus" },
    { "mem", OPTION_KEY_SIZE },
    { "memdev" },
    { "src", OPTION_KEY_NUMBER },
    { "dst", OPTION_KEY_NUMBER },
    { "val", OPTION_KEY_NUMBER },
    { "initiator", OPTION_KEY_NUMBER },
    { "node-id", OPTION_KEY_NUMBER },
    { "socket-id", OPTION_KEY_NUMBER },
    { "die-id", OPTION_KEY_NUMBER },
    { "core-id", OPTION_KEY_NUMBER },
    { "thread-id", OPTION_KEY_NUMBER },
    {},
};
static const OptionKey fw_cfg_keys[] = { { "name" }, { "file" }, { "string" }, {} };
static const OptionKey option_rom_keys[] = {
    { "file" },
    { "bootindex", OPTION_KEY_NUMBER },
    {},
};
static const OptionKey acpi_table_keys[] = { { "file" }, {} };
static const OptionKey trace_keys[] = { { "enable" }, { "events" }, { "file" }, {} };

const OptionRow option_table[] = {
    { .name = "help",
      .alias = "h",
      .category = OPTION_STANDARD,
      .apply = config_apply_help,
      .help = "display this help and exit" },
    FLAG("version", OPTION_STANDARD, config_apply_version, "display version information and exit"),
    { .name = "machine",
      .alias = "M",
      .category = OPTION_STANDARD,
      .syntax = "[type=]name[,prop[=value][,...]]",
      .argument = OPTION_ARGUMENT_KEYS,
      .implied = "type",
      .apply = config_apply_machine,
      .list = config_list_machines,
      .help = "selects emulated machine ('-machine help' for list)\n"
              "accel=name[:name...]: the first of these accelerators that works\n"
              "dumpdtb=file: write the device tree there and exit\n"
              "further properties: '-machine name,help'" },
    { .name = "cpu",
      .category = OPTION_STANDARD,
      .syntax = "model[,prop[=value][,...]]",
      .argument = OPTION_ARGUMENT_KEYS,
      .implied = "model",
      .apply = config_apply_cpu,
      .list = config_list_cpus,
      .help = "select CPU model ('-cpu help' for list)" },
    { .name = "accel",
      .category = OPTION_STANDARD,
      .syntax = "[accel=]name[:name...][,prop[=value][,...]]",
      .argument = OPTION_ARGUMENT_KEYS,
      .implied = "accel",
      .apply = config_apply_accel,
      .list = config_list_accels,
      .help =
          "select what runs guest code ('-accel help' for list); the first that works is used" },
    FLAG("enable-kvm", OPTION_STANDARD, config_apply_enable_kvm, "same as -accel kvm"),
    KEYS("smp", "[[cpus=]n][,maxcpus=n][,sockets=n][,dies=n][,clusters=n][,cores=n][,threads=n]",
         OPTION_STANDARD, "cpus", smp_keys, config_apply_smp,
         "number of CPUs [default: 1], and how they are grouped"),
    KEYS("m", "[size=]n[kMGT]", OPTION_STANDARD, "size", memory_keys, config_apply_memory,
         "guest memory, in MiB without a suffix"),
    KEYS("name", "[guest=]name[,process=name][,debug-threads=on]", OPTION_STANDARD, "guest",
         name_keys, config_apply_name, "name of the guest, and of the process on the host"),
    TEXT("uuid", "uuid", OPTION_STANDARD, config_apply_uuid, "UUID of the machine"),
    KEYS("rtc", "[base=utc|localtime|date][,clock=host|rt|vm][,driftfix=none]", OPTION_STANDARD,
         "base", rtc_keys, config_apply_rtc,
         "time of day that the guest starts with, and the clock that moves it"),
    TEXT("seed", "number", OPTION_STANDARD, config_apply_seed,
         "random numbers for the guest are made from this one, the same in every run"),

    { .name = "device",
      .category = OPTION_DEVICE,
      .syntax = "driver[,prop[=value][,...]]",
      .argument = OPTION_ARGUMENT_KEYS,
      .implied = "driver",
      .apply = config_apply_device,
      .list = config_list_devices,
      .help = "add a device ('-device help' for list, '-device driver,help' for its properties)" },
    { .name = "object",
      .category = OPTION_DEVICE,
      .syntax = "type,id=id[,prop[=value][,...]]",
      .argument = OPTION_ARGUMENT_KEYS,
      .implied = "qom-type",
      .apply = config_apply_object,
      .list = config_list_objects,
      .help = "make an object that devices are given by its id ('-object help' for list)" },
    KEYS("global", "driver.prop=value", OPTION_DEVICE, NULL, NULL, config_apply_global,
         "value of a property in every device of that driver, the board's own too,\n"
         "unless something else sets it; also driver=driver,property=prop,value=value"),
    KEYS("drive",
         "file=path[,if=none|virtio|pflash][,format=f][,id=id][,media=disk|cdrom][,readonly=on|off]"
         "\n"
         "[,cache=writeback|none|writethrough|directsync|unsafe][,discard=ignore|unmap][,unit=n]",
         OPTION_DEVICE, "file", drive_keys, config_apply_drive,
         "an image: a disk of its own, one for a -device with drive=id, or a flash bank"),
    TEXT("hda", "file", OPTION_DEVICE, config_apply_drive, "the same as -drive file=file"),
    TEXT("hdb", "file", OPTION_DEVICE, config_apply_drive, "likewise, the second"),
    TEXT("hdc", "file", OPTION_DEVICE, config_apply_drive, "likewise, the third"),
    TEXT("hdd", "file", OPTION_DEVICE, config_apply_drive, "likewise, the fourth"),
    TEXT("fda", "file", OPTION_DEVICE, config_apply_drive, "raw image in the first floppy drive"),
    TEXT("fdb", "file", OPTION_DEVICE, config_apply_drive, "likewise, the second"),
    KEYS("pflash", "file", OPTION_DEVICE, "file", pflash_keys, config_apply_drive,
         "the same as -drive if=pflash,format=raw,file=file"),
    TEXT("cdrom", "file", OPTION_DEVICE, config_apply_drive,
         "the same as -drive file=file,media=cdrom"),
    TEXT("nic", "none", OPTION_DEVICE, config_apply_net, "no network device"),
    TEXT("net", "none", OPTION_DEVICE, config_apply_net, "no network device"),
    FLAG("nodefaults", OPTION_DEVICE, config_apply_nodefaults,
         "no console unless one is asked for"),

    { .name = "chardev",
      .category = OPTION_CHARDEV,
      .syntax = "backend,id=id[,mux=on][,prop[=value][,...]]",
      .argument = OPTION_ARGUMENT_KEYS,
      .implied = "backend",
      .apply = config_apply_chardev,
      .list = config_list_chardevs,
      .help = "make the host side of a character device ('-chardev help' for list)" },
    TEXT(
        "serial", "dev", OPTION_CHARDEV, config_apply_serial,
        "next serial line: stdio, mon:stdio, none, null, pty, file:path, pipe:path,\n"
        "tcp:host:port[,server][,nowait], unix:path[,server][,nowait], telnet:..., websocket:...,\n"
        "udp:host:port[@host:port], /dev/ttyS0, chardev:id"),
    TEXT("monitor", "dev", OPTION_CHARDEV, config_apply_monitor,
         "human monitor on a character device as for -serial; none: also not on the console"),
    TEXT("qmp", "dev", OPTION_CHARDEV, config_apply_monitor, "likewise, a monitor for programs"),
    TEXT("qmp-pretty", "dev", OPTION_CHARDEV, config_apply_monitor,
         "likewise, with its answers spread over lines"),
    KEYS("mon", "[chardev=]id[,mode=readline|control][,pretty=on|off]", OPTION_CHARDEV, "chardev",
         mon_keys, config_apply_mon, "monitor on a character device: for people, or for programs"),
    KEYS("add-fd", "fd=n,set=n[,opaque=text]", OPTION_CHARDEV, NULL, add_fd_keys,
         config_apply_add_fd,
         "an open descriptor for set n: where a file is named, /dev/fdset/n means it"),
    TEXT("parallel", "dev", OPTION_CHARDEV, config_apply_parallel,
         "what the next parallel port prints on: a character device as for -serial, or none"),
    TEXT("echr", "c", OPTION_CHARDEV, config_apply_echr,
         "key that starts a command on a shared line, instead of Ctrl-A"),

    FLAG("nographic", OPTION_DISPLAY, config_apply_nographic,
         "no window; the first serial line is this terminal"),
    { .name = "display",
      .category = OPTION_DISPLAY,
      .syntax = "none",
      .apply = config_apply_display,
      .list = config_list_displays,
      .help = "no window, and no console unless one is asked for" },
    KEYS("audiodev", "[driver=]none,id=id", OPTION_DISPLAY, "driver", audiodev_keys,
         config_apply_nothing, "no sound"),
    TEXT("vga", "std|none", OPTION_DISPLAY, config_apply_vga,
         "graphics card, where there is PCI; std is the default"),

    TEXT("bios", "file", OPTION_BOOT, config_apply_bios, "firmware: a file, 'default' or 'none'"),
    TEXT("kernel", "file", OPTION_BOOT, config_apply_kernel, "kernel to start"),
    TEXT("initrd", "file", OPTION_BOOT, config_apply_initrd, "initial ramdisk for the kernel"),
    TEXT("append", "text", OPTION_BOOT, config_apply_append, "command line for the kernel"),
    TEXT("dtb", "file", OPTION_BOOT, config_apply_dtb, "device tree instead of the machine's own"),
    { .name = "L",
      .category = OPTION_BOOT,
      .syntax = "folder",
      .apply = config_apply_datadir,
      .list = config_list_datadirs,
      .help = "look for firmware here first ('-L help' lists the usual places)" },
    KEYS("boot",
         "[order=drives][,once=drives][,menu=on|off][,splash=file][,splash-time=ms]\n"
         "[,reboot-timeout=ms][,strict=on|off]",
         OPTION_BOOT, "order", boot_keys, config_apply_board_option,
         "what firmware tries in turn: floppy (a), hard disk (c), CD (d), network (n)"),
    { .name = "smbios",
      .category = OPTION_BOOT,
      .syntax = "file=path or type=n[,field=text][,...]",
      .argument = OPTION_ARGUMENT_KEYS,
      .apply = config_apply_board_option,
      .help = "what the machine tells of itself: a structure, or fields of type 0 to 4, 11, 17" },
    KEYS("numa",
         "node[,nodeid=n][,cpus=first[-last]][,mem=size|,memdev=id] or dist,src=n,dst=n,val=n\n"
         "or cpu,node-id=n[,socket-id=n][,die-id=n][,core-id=n][,thread-id=n]",
         OPTION_STANDARD, "kind", numa_keys, config_apply_board_option,
         "divide memory and processors into nodes, and say how far apart these are"),
    KEYS("fw_cfg", "[name=]name,file=path or string=text", OPTION_BOOT, "name", fw_cfg_keys,
         config_apply_board_option, "a file that the guest finds in fw_cfg, named opt/..."),
    KEYS("acpitable", "file=path", OPTION_BOOT, NULL, acpi_table_keys, config_apply_board_option,
         "a further ACPI table"),
    KEYS("option-rom", "[file=]path[,bootindex=n]", OPTION_BOOT, "file", option_rom_keys,
         config_apply_board_option, "an option ROM that firmware runs"),
    FLAG("semihosting", OPTION_BOOT, config_apply_semihosting,
         "let the guest use files and console of the host"),
    KEYS("semihosting-config",
         "[enable=on|off][,target=native|auto][,chardev=id][,userspace=on|off][,arg=text...]",
         OPTION_BOOT, "enable", semihosting_keys, config_apply_semihosting, "the same, in detail"),

    FLAG("S", OPTION_DEBUG, config_apply_paused, "do not start the CPUs"),
    FLAG("no-reboot", OPTION_DEBUG, config_apply_no_reboot, "exit instead of rebooting"),
    FLAG("no-shutdown", OPTION_DEBUG, config_apply_no_shutdown,
         "stop instead of exiting when the guest powers off"),
    KEYS("action",
         "[reboot=reset|shutdown][,shutdown=poweroff|pause][,panic=shutdown|pause|exit-failure|"
         "none]\n[,watchdog=reset|shutdown|poweroff|pause|debug|none|inject-nmi]",
         OPTION_DEBUG, NULL, action_keys, config_apply_action, "what to do on such an event"),
    KEYS("watchdog-action", "reset|shutdown|poweroff|pause|debug|none|inject-nmi", OPTION_DEBUG,
         "action", watchdog_keys, config_apply_watchdog_action,
         "what to do when the guest does not reset its watchdog in time"),
    FLAG("daemonize", OPTION_DEBUG, config_apply_daemonize,
         "go to the background once everything is set up"),
    TEXT("pidfile", "file", OPTION_DEBUG, config_apply_pidfile, "write the process id there"),
    TEXT("readconfig", "file", OPTION_DEBUG, config_apply_readconfig,
         "read further options from an ini file"),
    TEXT("writeconfig", "file", OPTION_DEBUG, config_apply_writeconfig,
         "write the options into an ini file ('-': here); those without keys become comments"),
    TEXT("config", "file", OPTION_DEBUG, config_apply_config,
         "read options from a JSON file, as --print-config writes it"),
    FLAG("print-config", OPTION_DEBUG, config_apply_print_config,
         "print all options as such a file, and exit"),
    TEXT("set", "group.id.key=value", OPTION_DEBUG, config_apply_set,
         "a further key of the -device, -object, -chardev or -drive with that id"),
    KEYS("overcommit", "[mem-lock=on|off][,cpu-pm=off]", OPTION_STANDARD, NULL, overcommit_keys,
         config_apply_overcommit, "keep all memory of this program out of swap"),
    FLAG("no-user-config", OPTION_DEBUG, config_apply_nothing,
         "accepted: configuration files are read only when named"),
    { .name = "d",
      .category = OPTION_DEBUG,
      .syntax = "item[,...]",
      .apply = config_apply_debug,
      .list = config_list_debug,
      .help = "log these items ('-d help' for list)" },
    TEXT("D", "file", OPTION_DEBUG, config_apply_debug_file,
         "where the log goes [default: stderr]"),
    TEXT("dfilter", "range[,...]", OPTION_DEBUG, config_apply_debug_filter,
         "log code of these guest addresses only: start..end, start+size, start-size"),
    { .name = "trace",
      .category = OPTION_DEBUG,
      .syntax = "[enable=]pattern[,events=file][,file=file]",
      .argument = OPTION_ARGUMENT_KEYS,
      .implied = "enable",
      .keys = trace_keys,
      .apply = config_apply_trace,
      .list = config_list_trace,
      .help = "switch trace points on ('-trace help' for list)" },
    FLAG("singlestep", OPTION_DEBUG, config_apply_singlestep,
         "translate one instruction at a time, as -accel tcg,one-insn=on"),
    KEYS("icount", "[shift=]n|auto[,align=on|off][,sleep=on|off]", OPTION_DEBUG, "shift",
         icount_keys, config_apply_icount,
         "guest time is the number of executed instructions times 2^n ns; with auto, n follows\n"
         "the host's speed; align: wait where guest time is before the host's;\n"
         "sleep=off: skip idle guest time"),
    KEYS("msg", "[timestamp=on|off][,guest-name=on|off]", OPTION_DEBUG, NULL, msg_keys,
         config_apply_msg, "what messages begin with"),
    TEXT("gdb", "dev", OPTION_DEBUG, config_apply_gdb,
         "let gdb debug the guest through this device: tcp::port, unix:path, chardev:id, none"),
    FLAG("s", OPTION_DEBUG, config_apply_gdb, "the same as -gdb tcp::1234"),
    TEXT("qtest", "dev", OPTION_DEBUG, config_apply_qtest,
         "let a test drive the devices through this character device"),

    /* Known elsewhere: refused by name, so that nobody looks for a typing error. */
    MISSING("sd", "file", "block devices are"),
    MISSING("mtdblock", "file", "block devices are"),
    MISSING("blockdev", "...", "block devices are"),
    MISSING("snapshot", NULL, "block devices are"),
    MISSING("fsdev", "...", "shared folders are"),
    MISSING("virtfs", "...", "shared folders are"),
    MISSING("netdev", "...", "network devices are"),
    MISSING("usb", NULL, "USB is"),
    MISSING("usbdevice", "...", "USB is"),
    MISSING("audio", "...", "sound is"),
    MISSING("vnc", "...", "displays are"),
    MISSING("spice", "...", "displays are"),
    MISSING("full-screen", NULL, "displays are"),
    MISSING("k", "layout", "displays are"),
    MISSING("g", "WxH", "displays are"),
    MISSING("mem-path", "path", "memory in files is"),
    MISSING("mem-prealloc", NULL, "preallocated memory is"),
    MISSING("loadvm", "name", "snapshots are"),
    MISSING("incoming", "...", "migration is"),
    MISSING("only-migratable", NULL, "migration is"),
    MISSING("preconfig", NULL, "monitors before the machine are"),
    MISSING("sandbox", "...", "the sandbox is"),
    MISSING("runas", "user", "dropping privileges is"),
    MISSING("run-with", "...", "dropping privileges is"),
    MISSING("chroot", "folder", "dropping privileges is"),
    MISSING("tpmdev", "...", "TPM devices are"),
    MISSING("plugin", "...", "plug-ins are"),
    MISSING("compat", "...", "deprecation policies are"),
    {},
};
