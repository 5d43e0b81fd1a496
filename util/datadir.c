/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where firmware and other data files that come with distributions lie. */
#include "util/datadir.h"

#include <glib.h>

/* Debian's packages opensbi, u-boot-qemu, seabios, ovmf and the like, and what others call those
 * places. */
static const char *const usual[] = {
    "/usr/local/share/rhea",
    "/usr/share/rhea",
    "/usr/lib/riscv64-linux-gnu/opensbi/generic",
    "/usr/lib/riscv32-linux-gnu/opensbi/generic",
    "/usr/lib/u-boot/qemu-riscv64_smode",
    "/usr/share/qemu",
    "/usr/share/seabios",
    "/usr/lib/ipxe/qemu",
    "/usr/share/OVMF",
    "/usr/share/opensbi",
};

/* Of the process, like the working directory: set once while options are parsed. */
static GPtrArray *added;

void datadir_add(const char *path)
{
    if (!added) {
        added = g_ptr_array_new_with_free_func(g_free);
    }
    g_ptr_array_add(added, g_strdup(path));
}

static char *find_in(const char *folder, const char *name)
{
    char *path = g_build_filename(folder, name, NULL);
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        g_clear_pointer(&path, g_free);
    }
    return path;
}

char *datadir_find(const char *name)
{
    char *path = NULL;
    for (guint i = 0; !path && added && i < added->len; i++) {
        path = find_in(g_ptr_array_index(added, i), name);
    }
    for (gsize i = 0; !path && i < G_N_ELEMENTS(usual); i++) {
        path = find_in(usual[i], name);
    }
    return path;
}

char *datadir_list(void)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; added && i < added->len; i++) {
        g_string_append_printf(text, "%s\n", (char *)g_ptr_array_index(added, i));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(usual); i++) {
        g_string_append_printf(text, "%s\n", usual[i]);
    }
    return g_string_free(text, FALSE);
}
