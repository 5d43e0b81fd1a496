/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program: which architecture its name stands for, then options, machine, main loop, exit
 * status. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "system/daemon.h"
#include "system/loop.h"
#include "system/message.h"
#include "system/vm.h"
#include "util/error.h"
#include "util/nearest.h"
#include "util/version.h"

/* What PROGRAM-system-ARCH and "rhea system ARCH" may say. */
static const char *const architectures[] = {
    "aarch64", "arm", "i386", "ppc", "ppc64", "riscv32", "riscv64", "x86_64", NULL,
};

/* What the command line begins with, apart from options. */
typedef struct {
    char *program;    /* as messages name it */
    const char *arch; /* NULL: none named */
    int options;      /* index of the first option */
} Invocation;

static const char *known_arch(const char *name)
{
    for (const char *const *arch = architectures; *arch; arch++) {
        if (strcmp(*arch, name) == 0) {
            return *arch;
        }
    }
    return NULL;
}

static bool is_any(const char *word, const char *const *words)
{
    return word && g_strv_contains(words, word);
}

static bool parse_invocation(Invocation *invocation, int argc, char **argv, GError **errp)
{
    g_autofree char *base = g_path_get_basename(argc > 0 ? argv[0] : "rhea");
    const char *mark = strstr(base, "-system-");
    const char *name = mark ? mark + strlen("-system-") : NULL;
    invocation->program = g_strdup(base);
    invocation->options = 1;
    if (!name && argc > 2 && strcmp(argv[1], "system") == 0) {
        g_free(invocation->program);
        invocation->program = g_strdup_printf("%s system %s", base, argv[2]);
        invocation->options = 3;
        name = argv[2];
    }
    if (!name) {
        return true;
    }
    invocation->arch = known_arch(name);
    if (!invocation->arch) {
        const char *near = nearest_word(name, architectures);
        g_autofree char *all = g_strjoinv(", ", (char **)architectures);
        error_set(errp, "unknown architecture '%s'; %s%s%s", name,
                  near ? "did you mean '" : "there are ", near ? near : all, near ? "'?" : "");
    }
    return invocation->arch != NULL;
}

/* "rhea doctor" and its like: programs in Python, beside the binary in a build folder, or where it
 * was installed. Does not return if the tool is there. */
static void run_tool(const Invocation *invocation, int argc, char **argv)
{
    static const char *const places[] = { "tools/rhea-tools", "../share/rhea/tools", NULL };
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self ? g_path_get_dirname(self) : g_strdup(".");
    for (const char *const *place = places; *place; place++) {
        g_autofree char *path = g_build_filename(folder, *place, NULL);
        g_autofree char *start = g_build_filename(path, "__main__.py", NULL);
        if (g_file_test(start, G_FILE_TEST_IS_REGULAR)) {
            g_autoptr(GPtrArray) words = g_ptr_array_new();
            g_ptr_array_add(words, (char *)"python3");
            g_ptr_array_add(words, path);
            for (int i = 1; i < argc; i++) {
                g_ptr_array_add(words, argv[i]);
            }
            g_ptr_array_add(words, NULL);
            g_setenv("RHEA_BINARY", self, FALSE);
            execvp("python3", (char **)words->pdata);
            fprintf(stderr, "%s: '%s %s' needs python3, which is not installed\n",
                    invocation->program, invocation->program, argv[1]);
            return;
        }
    }
    fprintf(stderr, "%s: the files of '%s %s' are missing; install Rhea again\n",
            invocation->program, invocation->program, argv[1]);
}

/* "rhea" alone can tell about itself only. */
static int run_bare(const Invocation *invocation, int argc, char **argv)
{
    static const char *const version[] = { "--version", "-version", "version", NULL };
    static const char *const help[] = { "--help", "-help", "-h", "help", NULL };
    g_autofree char *all = g_strjoinv(", ", (char **)architectures);
    static const char *const tools[] = { "doctor", "qmp", "top", NULL };
    const char *word = argc > 1 ? argv[1] : NULL;
    if (is_any(word, tools)) {
        run_tool(invocation, argc, argv);
        return 1;
    }
    if (is_any(word, version)) {
        printf("Rhea emulator version %s\n", version_string());
        return 0;
    }
    if (is_any(word, help)) {
        g_autofree char *text = options_help("rhea system ARCH");
        printf("%s\nARCH is one of %s. rhea-system-ARCH is the same thing.\n"
               "Tools: rhea doctor, rhea top SOCKET, rhea qmp SOCKET; each has --help.\n",
               text, all);
        return 0;
    }
    fprintf(
        stderr,
        "%s: which machine? Use 'rhea system ARCH' or 'rhea-system-ARCH', with ARCH one of %s\n",
        invocation->program, all);
    return 1;
}

static bool start_process(const Config *config, GError **errp)
{
    signal(SIGPIPE, SIG_IGN); /* a peer that goes away is seen by write() */
    return !config->life.daemonize || daemon_fork(errp);
}

static int run(Config *config, GError **errp)
{
    if (!config_check_boot(config, errp) || !start_process(config, errp)) {
        return 1;
    }
    loop_init();
    Vm *vm = vm_new(config, errp);
    int status = vm ? 0 : 1;
    bool only_dump = config->boot.paths.dump_dtb != NULL; /* written by now */
    if (vm && !only_dump) {
        bool ready = (!config->life.pidfile || daemon_write_pidfile(config->life.pidfile, errp)) &&
                     daemon_ready(errp);
        status = ready ? vm_run(vm) : 1;
    }
    vm_free(vm);
    loop_cleanup();
    return status;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    Invocation invocation = { 0 };
    int status = 1;
    if (parse_invocation(&invocation, argc, argv, &error) && !invocation.arch) {
        status = run_bare(&invocation, argc, argv);
        g_free(invocation.program);
        return status;
    }
    message_set_program(invocation.program);
    if (invocation.arch) {
        g_autoptr(Config) config = config_new(invocation.program, invocation.arch);
        int first = invocation.options;
        if (options_parse(config, argc - first, argv + first, &error) &&
            config_write_files(config, &error)) {
            message_set_guest(config->name);
            status = config->done ? 0 : run(config, &error);
        }
    }
    if (error) {
        message_error(error);
    }
    g_free(invocation.program);
    return status;
}
