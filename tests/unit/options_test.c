/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What command lines turn into; tests/cli says what wrong ones are answered. */
#include "system/options.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "system/config.h"

/* @line is split at spaces. */
static Config *parse(const char *line, GError **errp)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    Config *config = config_new("rhea", "riscv64");
    if (!options_parse(config, *line ? (int)g_strv_length(words) : 0, words, errp)) {
        g_clear_pointer(&config, config_free);
    }
    return config;
}

static Config *must_parse(const char *line)
{
    GError *error = NULL;
    Config *config = parse(line, &error);
    g_assert_no_error(error);
    g_assert_nonnull(config);
    return config;
}

static void test_memory_counts_mib_without_a_suffix(void)
{
    static const struct {
        const char *line;
        uint64_t bytes;
    } cases[] = {
        { "-m 512", UINT64_C(512) << 20 },
        { "-m 2G", UINT64_C(2) << 30 },
        { "-m size=1.5G", UINT64_C(1536) << 20 },
        { "--m 64M -m 128M", 128u << 20 },
        { "-m 1k", 4096 },
        { "", 0 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Config) config = must_parse(cases[i].line);
        g_assert_cmpuint(config->machine.ram_bytes, ==, cases[i].bytes);
    }
}

static void test_topology_is_completed_with_cores(void)
{
    static const struct {
        const char *line;
        unsigned cpus, max_cpus, sockets, cores, threads;
    } cases[] = {
        { "", 1, 1, 1, 1, 1 },
        { "-smp 4", 4, 4, 1, 4, 1 },
        { "-smp cpus=4,sockets=2", 4, 4, 2, 2, 1 },
        { "-smp 4,cores=2", 4, 4, 2, 2, 1 },
        { "-smp 8,sockets=2,cores=2", 8, 8, 2, 2, 2 },
        { "-smp sockets=2,cores=3", 6, 6, 2, 3, 1 },
        { "-smp 2,maxcpus=8", 2, 8, 1, 8, 1 },
        { "-smp threads=2", 2, 2, 1, 1, 2 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Config) config = must_parse(cases[i].line);
        MachineTopology t;
        g_assert_true(config_topology(config, 16, &t, NULL));
        g_assert_cmpuint(t.cpus, ==, cases[i].cpus);
        g_assert_cmpuint(t.max_cpus, ==, cases[i].max_cpus);
        g_assert_cmpuint(t.sockets, ==, cases[i].sockets);
        g_assert_cmpuint(t.cores, ==, cases[i].cores);
        g_assert_cmpuint(t.threads, ==, cases[i].threads);
    }
}

static void test_topology_that_does_not_multiply_is_refused(void)
{
    static const struct {
        const char *line, *answer;
    } cases[] = {
        { "-smp 4,sockets=3", "-smp 4,sockets=3: 3 sockets x 1 dies x 1 clusters x 1 cores x 1 "
                              "threads do not make 4 CPUs" },
        { "-smp 17", "-smp 17: 17 CPUs are too many; this machine takes at most 16" },
        { "-smp 4,maxcpus=2", "-smp 4,maxcpus=2: cpus=4 is more than maxcpus=2" },
        { "-smp sockets=65536,dies=65536,clusters=65536", NULL },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Config) config = must_parse(cases[i].line);
        g_autoptr(GError) error = NULL;
        MachineTopology t;
        g_assert_false(config_topology(config, 16, &t, &error));
        if (cases[i].answer) {
            g_assert_cmpstr(error->message, ==, cases[i].answer);
        }
    }
}

static void test_machine_keys_go_to_boot_or_board(void)
{
    g_autoptr(Config) config =
        must_parse("-M virt,accel=kvm:tcg,dumpdtb=a,,b,aclint=on -machine acpi=off");
    g_assert_cmpstr(config->machine.name, ==, "virt");
    g_assert_cmpstr(config->machine.accel_list, ==, "kvm:tcg");
    g_assert_cmpstr(config->boot.paths.dump_dtb, ==, "a,b");
    g_assert_cmpuint(keyval_count(config->machine.properties), ==, 2);
    g_assert_cmpstr(keyval_get(config->machine.properties, "aclint"), ==, "on");
    g_assert_cmpstr(keyval_get(config->machine.properties, "acpi"), ==, "off");
}

static void test_actions_have_short_forms(void)
{
    g_autoptr(Config) config = must_parse("-no-reboot -no-shutdown -action panic=exit-failure -S");
    g_assert_cmpint(config->life.on_reboot, ==, CONFIG_ON_REBOOT_SHUTDOWN);
    g_assert_cmpint(config->life.on_shutdown, ==, CONFIG_ON_SHUTDOWN_PAUSE);
    g_assert_cmpint(config->life.on_panic, ==, CONFIG_ON_PANIC_EXIT_FAILURE);
    g_assert_true(config->life.paused);
    g_autoptr(Config) other = must_parse("-no-reboot -action reboot=reset,shutdown=poweroff");
    g_assert_cmpint(other->life.on_reboot, ==, CONFIG_ON_REBOOT_RESET);
    g_assert_cmpint(other->life.on_shutdown, ==, CONFIG_ON_SHUTDOWN_POWEROFF);
}

static void test_escape_key_is_a_letter_or_a_code(void)
{
    g_autoptr(Config) letter = must_parse("-echr t");
    g_autoptr(Config) code = must_parse("-echr 0x11");
    g_assert_cmpuint(letter->lines.escape, ==, 20);
    g_assert_cmpuint(code->lines.escape, ==, 17);
}

static void test_files_of_options_are_read(void)
{
    static const char text[] =
        "# a machine\n[machine]\n type = \"virt\"\n\n[smp]\ncpus=3\n[chardev \"c0\"]\n"
        "backend = \"file\"\npath = \"a = b, c\"\n";
    g_autofree char *path = NULL;
    close(g_file_open_tmp("options-XXXXXX", &path, NULL));
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_autofree char *line = g_strconcat("-readconfig ", path, NULL);
    g_autoptr(Config) config = must_parse(line);
    g_assert_cmpstr(config->machine.name, ==, "virt");
    g_assert_cmpuint(config->machine.topology.cpus, ==, 3);
    const OptionUse *use = g_ptr_array_index(config->lines.chardevs, 0);
    g_assert_cmpstr(keyval_get(use->keys, "id"), ==, "c0");
    g_assert_cmpstr(keyval_get(use->keys, "path"), ==, "a = b, c");
    g_unlink(path);
}

static void test_table_is_complete(void)
{
    for (const OptionRow *row = option_table; row->name; row++) {
        g_assert_true(row->missing ? !row->help : row->apply && row->help);
        g_assert_true(!row->keys || row->argument == OPTION_ARGUMENT_KEYS);
        g_assert_true(row->argument == OPTION_ARGUMENT_TEXT || row->syntax);
        for (const OptionRow *other = row + 1; other->name; other++) {
            g_assert_cmpstr(row->name, !=, other->name);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/options/memory", test_memory_counts_mib_without_a_suffix);
    g_test_add_func("/options/topology", test_topology_is_completed_with_cores);
    g_test_add_func("/options/topology-wrong", test_topology_that_does_not_multiply_is_refused);
    g_test_add_func("/options/machine", test_machine_keys_go_to_boot_or_board);
    g_test_add_func("/options/actions", test_actions_have_short_forms);
    g_test_add_func("/options/escape", test_escape_key_is_a_letter_or_a_code);
    g_test_add_func("/options/files", test_files_of_options_are_read);
    g_test_add_func("/options/table", test_table_is_complete);
    return g_test_run();
}
