/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors belong to the process, not to a machine: so do these sets. */
#include "util/fdset.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/error.h"

#define PREFIX "/dev/fdset/"

typedef struct {
    int64_t set;
    int fd;
    char *opaque;
} Passed;

/* lock guards list: Passed *, sorted by set */
static GMutex lock;
static GPtrArray *list;

static void passed_free(gpointer data)
{
    Passed *passed = data;
    close(passed->fd);
    g_free(passed->opaque);
    g_free(passed);
}

static const Passed *at(guint index)
{
    return g_ptr_array_index(list, index);
}

/* The lowest number that no set has. */
static int64_t free_set(void)
{
    int64_t set = 0;
    for (guint i = 0; i < list->len; i++) {
        set = at(i)->set == set ? set + 1 : set;
    }
    return set;
}

bool fdset_check(int fd, GError **errp)
{
    bool known = false;
    if (fd < 0 || fcntl(fd, F_GETFD) < 0) {
        error_set(errp, "fd=%d is not open", fd);
        return false;
    }
    g_mutex_lock(&lock);
    for (guint i = 0; list && i < list->len; i++) {
        known |= at(i)->fd == fd;
    }
    g_mutex_unlock(&lock);
    if (known) {
        error_set(errp, "fd=%d is part of a set already", fd);
    }
    return !known;
}

int64_t fdset_add(int64_t set, int fd, const char *opaque, GError **errp)
{
    guint place = 0;
    if (set < FDSET_NEW) {
        error_set(errp, "a set's number is not negative");
        return -1;
    }
    g_mutex_lock(&lock);
    list = list ? list : g_ptr_array_new_with_free_func(passed_free);
    set = set == FDSET_NEW ? free_set() : set;
    while (place < list->len && at(place)->set <= set) {
        place++;
    }
    Passed *passed = g_new0(Passed, 1);
    *passed = (Passed){ set, fd, g_strdup(opaque) };
    g_ptr_array_insert(list, (gint)place, passed);
    g_mutex_unlock(&lock);
    return set;
}

bool fdset_remove(int64_t set, int fd, GError **errp)
{
    bool found = false;
    g_mutex_lock(&lock);
    for (guint i = list ? list->len : 0; i-- > 0;) {
        if (at(i)->set == set && (fd < 0 || at(i)->fd == fd)) {
            g_ptr_array_remove_index(list, i);
            found = true;
        }
    }
    g_mutex_unlock(&lock);
    if (!found && fd >= 0) {
        error_set(errp, "there is no descriptor %d in set %" G_GINT64_FORMAT, fd, set);
    } else if (!found) {
        error_set(errp, "there is no descriptor set %" G_GINT64_FORMAT, set);
    }
    return found;
}

void fdset_foreach(void (*fn)(int64_t set, int fd, const char *opaque, void *data), void *data)
{
    g_mutex_lock(&lock);
    for (guint i = 0; list && i < list->len; i++) {
        fn(at(i)->set, at(i)->fd, at(i)->opaque, data);
    }
    g_mutex_unlock(&lock);
}

/* A descriptor of @set that can be used as @flags says: one opened in exactly that way, or for
 * both. */
static int find(int64_t set, int flags)
{
    int wanted = flags & O_ACCMODE, best = -1;
    errno = ENOENT;
    for (guint i = 0; list && i < list->len; i++) {
        if (at(i)->set != set) {
            continue;
        }
        int mode = fcntl(at(i)->fd, F_GETFL) & O_ACCMODE;
        if (mode == wanted) {
            return at(i)->fd;
        }
        if (mode == O_RDWR && best < 0) {
            best = at(i)->fd;
        }
        errno = EACCES;
    }
    return best;
}

/* What open() would have done besides finding the file. */
static bool apply_flags(int fd, int flags)
{
    struct stat st;
    int now = fcntl(fd, F_GETFL);
    if (flags & O_APPEND && (now < 0 || fcntl(fd, F_SETFL, now | O_APPEND) < 0)) {
        return false;
    }
    bool empty = flags & O_TRUNC && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    return !empty || ftruncate(fd, 0) == 0;
}

static int open_passed(const char *text, int flags)
{
    guint64 set;
    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, &set, NULL)) {
        errno = ENOENT;
        return -1;
    }
    g_mutex_lock(&lock);
    int fd = find((int64_t)set, flags);
    int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
    int err = errno;
    g_mutex_unlock(&lock);
    if (copy >= 0 && !apply_flags(copy, flags)) {
        err = errno;
        close(copy);
        copy = -1;
    }
    errno = err;
    return copy;
}

int fdset_open(const char *path, int flags, unsigned mode)
{
    return g_str_has_prefix(path, PREFIX) ? open_passed(path + strlen(PREFIX), flags)
                                          : open(path, flags | O_CLOEXEC, mode);
}

FILE *fdset_fopen(const char *path, const char *mode)
{
    int flags = *mode == 'r' ? O_RDONLY : O_WRONLY | O_CREAT | (*mode == 'a' ? O_APPEND : O_TRUNC);
    int fd = fdset_open(path, flags, 0666);
    FILE *file = fd < 0 ? NULL : fdopen(fd, mode);
    if (fd >= 0 && !file) {
        close(fd);
    }
    return file;
}

bool fdset_write_file(const char *path, const void *bytes, size_t length, GError **errp)
{
    FILE *file = fdset_fopen(path, "w");
    if (!file) {
        error_set_errno(errp, errno, "file '%s' cannot be opened", path);
        return false;
    }
    bool ok = fwrite(bytes, 1, length, file) == length;
    int err = errno;
    if (fclose(file) != 0 && ok) {
        err = errno;
        ok = false;
    }
    if (!ok) {
        error_set_errno(errp, err, "file '%s' cannot be written", path);
    }
    return ok;
}

bool fdset_read_file(const char *path, char **contents, size_t *length, GError **errp)
{
    if (!g_str_has_prefix(path, PREFIX)) {
        return g_file_get_contents(path, contents, length, errp);
    }
    int fd = fdset_open(path, O_RDONLY, 0);
    if (fd < 0) {
        error_set_errno(errp, errno, "file '%s' cannot be opened", path);
        return false;
    }
    g_autofree char *name = g_strdup_printf("/proc/self/fd/%d", fd);
    bool ok = g_file_get_contents(name, contents, length, errp);
    close(fd);
    return ok;
}
