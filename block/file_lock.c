/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Locks on images.  Spec: fcntl(2) "Open file description locks", proc_pid_fdinfo(5). */
#include "block/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "block/node.h"
#include "util/error.h"

enum { PERM_BASE = 100, UNSHARED_BASE = 200, PERMISSIONS = 4 };

static int lock_byte(int fd, int type, off_t byte)
{
    struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
    return fcntl(fd, F_OFD_SETLK, &lock) == 0 ? 0 : errno;
}

/* Whether another open file holds a lock on @byte. */
static bool byte_is_locked(int fd, off_t byte)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

bool file_lock_works(int fd)
{
    struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1 };
    return fcntl(fd, F_OFD_GETLK, &lock) == 0;
}

static void take(FileLock *lock, uint32_t perm, uint32_t unshared, int *err)
{
    *err = 0;
    for (int i = 0; i < PERMISSIONS; i++) {
        if (!*err && (perm & ~lock->perm & (1u << i))) {
            *err = lock_byte(lock->fd, F_RDLCK, PERM_BASE + i);
        }
        if (!*err && (unshared & ~lock->unshared & (1u << i))) {
            *err = lock_byte(lock->fd, F_RDLCK, UNSHARED_BASE + i);
        }
    }
}

/* Gives up what is held beyond @perm and @unshared. */
static void release(FileLock *lock, uint32_t perm, uint32_t unshared)
{
    for (int i = 0; i < PERMISSIONS; i++) {
        if (!(perm & (1u << i))) {
            lock_byte(lock->fd, F_UNLCK, PERM_BASE + i);
        }
        if (!(unshared & (1u << i))) {
            lock_byte(lock->fd, F_UNLCK, UNSHARED_BASE + i);
        }
    }
    lock->perm = perm;
    lock->unshared = unshared;
}

/* Whether the open file described by @fdinfo holds a lock on @byte of the file with @inode. */
static bool fdinfo_has_lock(const char *fdinfo, uint64_t inode, off_t byte)
{
    g_auto(GStrv) lines = g_strsplit(fdinfo, "\n", -1);
    for (unsigned i = 0; lines[i]; i++) {
        unsigned long long found;
        long long start, end;
        if (g_str_has_prefix(lines[i], "lock:") &&
            sscanf(lines[i], "lock: %*d: OFDLCK %*s %*s %*d %*x:%*x:%llu %lld %lld", &found, &start,
                   &end) == 3 &&
            found == inode && start <= byte && byte <= end) {
            return true;
        }
    }
    return false;
}

static bool process_holds(const char *pid, const struct stat *file, int own_fd, off_t byte)
{
    g_autofree char *folder = g_strdup_printf("/proc/%s/fd", pid);
    GDir *dir = g_dir_open(folder, 0, NULL);
    bool holds = false;
    bool own = atoi(pid) == getpid();
    const char *name;
    while (dir && !holds && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_strdup_printf("%s/%s", folder, name);
        struct stat status;
        if ((own && atoi(name) == own_fd) || stat(path, &status) != 0 ||
            status.st_ino != file->st_ino || status.st_dev != file->st_dev) {
            continue;
        }
        g_autofree char *info_path = g_strdup_printf("/proc/%s/fdinfo/%s", pid, name);
        g_autofree char *info = NULL;
        holds = g_file_get_contents(info_path, &info, NULL, NULL) &&
                fdinfo_has_lock(info, file->st_ino, byte);
    }
    if (dir) {
        g_dir_close(dir);
    }
    return holds;
}

/* "process 17 (qemu-system-x86)"; the kernel tells only of processes that we may look into. */
static char *find_holder(int fd, off_t byte)
{
    struct stat file;
    GDir *dir = g_dir_open("/proc", 0, NULL);
    char *holder = NULL;
    const char *pid;
    while (fstat(fd, &file) == 0 && dir && !holder && (pid = g_dir_read_name(dir))) {
        if (!g_ascii_isdigit(pid[0]) || !process_holds(pid, &file, fd, byte)) {
            continue;
        }
        g_autofree char *path = g_strdup_printf("/proc/%s/comm", pid);
        g_autofree char *command = NULL;
        g_file_get_contents(path, &command, NULL, NULL);
        holder = g_strdup_printf("process %s (%s)", pid, command ? g_strchomp(command) : "?");
    }
    if (dir) {
        g_dir_close(dir);
    }
    return holder ? holder : g_strdup("another user's process");
}

static bool refuse(const FileLock *lock, const char *filename, off_t byte, GError **errp)
{
    static const char *const doing[] = { "reads", "writes to", "writes to", "resizes" };
    static const char *const guarding[] = { "reading", "writing", "writing", "resizing" };
    g_autofree char *holder = find_holder(lock->fd, byte);
    if (byte >= UNSHARED_BASE) {
        error_set(errp, "'%s' is in use: %s does not allow %s meanwhile", filename, holder,
                  guarding[byte - UNSHARED_BASE]);
    } else {
        error_set(errp, "'%s' is in use: %s %s it", filename, holder, doing[byte - PERM_BASE]);
    }
    return false;
}

static bool no_conflict(const FileLock *lock, const char *filename, uint32_t perm,
                        uint32_t unshared, GError **errp)
{
    for (int i = 0; i < PERMISSIONS; i++) {
        if ((perm & (1u << i)) && byte_is_locked(lock->fd, UNSHARED_BASE + i)) {
            return refuse(lock, filename, UNSHARED_BASE + i, errp);
        }
        if ((unshared & (1u << i)) && byte_is_locked(lock->fd, PERM_BASE + i)) {
            return refuse(lock, filename, PERM_BASE + i, errp);
        }
    }
    return true;
}

bool file_lock_set(FileLock *lock, const char *filename, uint32_t perm, uint32_t unshared,
                   GError **errp)
{
    int err;
    take(lock, perm, unshared, &err);
    if (err) {
        error_set_errno(errp, err, "'%s' cannot be locked", filename);
    }
    if (err || !no_conflict(lock, filename, perm, unshared, errp)) {
        release(lock, lock->perm, lock->unshared);
        return false;
    }
    release(lock, perm, unshared);
    return true;
}
