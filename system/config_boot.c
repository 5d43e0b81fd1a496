/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options about what the machine starts: firmware, kernel, and where such files are looked for. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/config_internal.h"
#include "util/datadir.h"
#include "util/error.h"
#include "util/fdset.h"

bool config_check_file(const char *path, const char *what, GError **errp)
{
    struct stat st;
    int fd = fdset_open(path, O_RDONLY | O_NONBLOCK, 0);
    int err = fd < 0 || fstat(fd, &st) < 0 ? errno : 0;
    if (fd >= 0) {
        close(fd);
    }
    if (err) {
        error_set_errno(errp, err, "%s", what);
    } else if (S_ISDIR(st.st_mode)) {
        error_set(errp, "%s: it is a directory", what);
        err = EISDIR;
    } else if (S_ISREG(st.st_mode) && st.st_size == 0) {
        error_set(errp, "%s: the file is empty", what);
        err = EINVAL;
    }
    return err == 0;
}

char *config_read_text(const char *path, GError **errp)
{
    enum { MAX_BYTES = 1 << 20 };
    FILE *file = config_check_file(path, "cannot be read", errp) ? fdset_fopen(path, "r") : NULL;
    g_autofree char *text = g_malloc0(MAX_BYTES + 1);
    if (!file) {
        if (errp && !*errp) {
            error_set_errno(errp, errno, "cannot be read");
        }
        return NULL;
    }
    size_t length = fread(text, 1, MAX_BYTES, file);
    bool whole = !ferror(file) && length < MAX_BYTES;
    fclose(file);
    if (!whole) {
        error_set(errp, "cannot be read: it is longer than %d bytes, or damaged", MAX_BYTES);
    }
    return whole ? g_steal_pointer(&text) : NULL;
}

/* Now, not when the machine is made: options that follow may name what is in the set. */
bool config_apply_add_fd(Config *config, const OptionUse *use, GError **errp)
{
    uint64_t fd = option_number(use, "fd", G_MAXUINT64);
    uint64_t set = option_number(use, "set", G_MAXUINT64);
    if (!keyval_get(use->keys, "fd") || !keyval_get(use->keys, "set")) {
        error_set(errp, "fd= and set= are needed");
    } else if (fd <= STDERR_FILENO || fd > INT_MAX) {
        error_set(errp, "fd=%s cannot be used: 0, 1 and 2 are this program's own",
                  keyval_get(use->keys, "fd"));
    } else if (set > INT64_MAX) {
        error_set(errp, "set=%s is too large", keyval_get(use->keys, "set"));
    } else if (fdset_check((int)fd, errp)) {
        fcntl((int)fd, F_SETFD, FD_CLOEXEC);
        return fdset_add((int64_t)set, (int)fd, keyval_get(use->keys, "opaque"), errp) >= 0;
    }
    return false;
}

static bool take_file(char **path, const OptionUse **path_use, const OptionUse *use,
                      const char *what, GError **errp)
{
    if (!config_check_file(use->argument, what, errp)) {
        return false;
    }
    g_free(*path);
    *path = g_strdup(use->argument);
    *path_use = use;
    return true;
}

bool config_apply_kernel(Config *config, const OptionUse *use, GError **errp)
{
    return take_file(&config->boot.paths.kernel, &config->boot.kernel_use, use,
                     "could not load kernel", errp);
}

bool config_apply_initrd(Config *config, const OptionUse *use, GError **errp)
{
    return take_file(&config->boot.paths.initrd, &config->boot.initrd_use, use,
                     "could not load initial ramdisk", errp);
}

bool config_apply_dtb(Config *config, const OptionUse *use, GError **errp)
{
    return take_file(&config->boot.paths.dtb, &config->boot.dtb_use, use,
                     "could not load device tree", errp);
}

bool config_apply_append(Config *config, const OptionUse *use, GError **errp)
{
    config->boot.append_use = use;
    g_free(config->boot.paths.append);
    config->boot.paths.append = g_strdup(use->argument);
    return true;
}

/* "none" and "default" are the board's business; anything else is a file, here or among the data
 * files. */
bool config_apply_bios(Config *config, const OptionUse *use, GError **errp)
{
    g_autofree char *path = g_strdup(use->argument);
    if (strcmp(path, "none") != 0 && strcmp(path, "default") != 0) {
        if (!g_file_test(path, G_FILE_TEST_EXISTS) && !strchr(path, '/')) {
            char *found = datadir_find(path);
            if (found) {
                g_free(path);
                path = found;
            }
        }
        if (!config_check_file(path, "could not load firmware", errp)) {
            return false;
        }
    }
    g_free(config->boot.paths.firmware);
    config->boot.paths.firmware = g_steal_pointer(&path);
    config->boot.firmware_use = use;
    return true;
}

bool config_apply_datadir(Config *config, const OptionUse *use, GError **errp)
{
    if (!g_file_test(use->argument, G_FILE_TEST_IS_DIR)) {
        error_set(errp, "not a folder");
        return false;
    }
    datadir_add(use->argument);
    return true;
}

void config_list_datadirs(Config *config, const OptionUse *use)
{
    g_autofree char *list = datadir_list();
    fputs(list, stdout);
}

bool config_check_boot(const Config *config, GError **errp)
{
    const OptionUse *uses[] = { config->boot.append_use, config->boot.initrd_use };
    for (size_t i = 0; !config->boot.paths.kernel && i < G_N_ELEMENTS(uses); i++) {
        if (uses[i]) {
            GError *error = NULL;
            error_set(&error, "it is for a kernel, but -kernel is missing");
            option_use_prefix(uses[i], &error);
            g_propagate_error(errp, error);
            return false;
        }
    }
    return true;
}
