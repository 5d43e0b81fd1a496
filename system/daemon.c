/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Going to the background, and the file that says which process did. */
#include "system/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/error.h"

/* Of the process: the pipe to the foreground process, and the locked file that goes when the
 * process does. */
static int ready_fd = -1;
static char *pidfile_path;
static pid_t pidfile_owner;

static G_NORETURN void wait_for_child(int fd)
{
    char byte;
    ssize_t length;
    do {
        length = read(fd, &byte, 1);
    } while (length < 0 && errno == EINTR);
    _exit(length == 1 ? 0 : 1);
}

bool daemon_fork(GError **errp)
{
    int fds[2];
    fflush(NULL);
    if (pipe2(fds, O_CLOEXEC) < 0) {
        error_set_errno(errp, errno, "cannot go to the background");
        return false;
    }
    pid_t child = fork();
    if (child < 0) {
        error_set_errno(errp, errno, "cannot go to the background");
        return false;
    }
    if (child > 0) {
        close(fds[1]);
        wait_for_child(fds[0]);
    }
    close(fds[0]);
    setsid();
    child = fork(); /* not a session leader, so that it never gets a controlling terminal again */
    if (child != 0) {
        _exit(child < 0 ? 1 : 0);
    }
    ready_fd = fds[1];
    return true;
}

bool daemon_ready(GError **errp)
{
    if (ready_fd < 0) {
        return true;
    }
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null_fd < 0 || chdir("/") < 0) {
        error_set_errno(errp, errno, "cannot go to the background");
        return false;
    }
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        dup2(null_fd, fd);
    }
    close(null_fd);
    ssize_t length;
    do {
        length = write(ready_fd, "", 1);
    } while (length < 0 && errno == EINTR);
    close(ready_fd);
    ready_fd = -1;
    return true;
}

static void remove_pidfile(void)
{
    if (pidfile_owner == getpid()) {
        unlink(pidfile_path);
    }
}

bool daemon_write_pidfile(const char *path, GError **errp)
{
    /* The descriptor stays open: its lock says that the process lives. */
    int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    if (fd < 0) {
        error_set_errno(errp, errno, "cannot create pid file '%s'", path);
        return false;
    }
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
        error_set(errp, "pid file '%s' belongs to a running process", path);
        close(fd);
        return false;
    }
    g_autofree char *text = g_strdup_printf("%ld\n", (long)getpid());
    if (ftruncate(fd, 0) < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
        error_set_errno(errp, errno, "cannot write pid file '%s'", path);
        close(fd);
        return false;
    }
    pidfile_path = realpath(path, NULL);
    pidfile_owner = getpid();
    if (pidfile_path) {
        atexit(remove_pidfile);
    }
    return true;
}
