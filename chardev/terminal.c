/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The controlling terminal in raw mode, and back again on every way out.
 *
 * A process has one controlling terminal, and signal handlers have no argument: the state stands in
 * this file.
 */
#include "chardev/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

static const int fatal_signals[] = {
    SIGSEGV, SIGBUS,  SIGILL, SIGFPE,  SIGABRT, SIGQUIT,
    SIGSYS,  SIGXCPU, SIGINT, SIGTERM, SIGHUP, /* until the owner of the process takes them */
};

static struct {
    int fd;
    struct termios saved, raw;
    volatile sig_atomic_t wanted; /* raw while in the foreground */
    volatile sig_atomic_t active; /* raw now */
} terminal = { .fd = -1 };

static bool in_foreground(void)
{
    return tcgetpgrp(terminal.fd) == getpgrp();
}

/* Both are called from signal handlers: only async-signal-safe functions, errno kept by the
 * handlers. */
static void enter(void)
{
    if (terminal.wanted && in_foreground()) {
        terminal.active = 1; /* before: a signal may come as soon as the modes have changed */
        if (tcsetattr(terminal.fd, TCSANOW, &terminal.raw) != 0) {
            terminal.active = 0;
        }
    }
}

static void leave(void)
{
    if (terminal.active) {
        terminal.active = 0;
        if (in_foreground()) { /* else the shell has set its own modes long ago */
            tcsetattr(terminal.fd, TCSANOW, &terminal.saved);
        }
    }
}

static void on_fatal_signal(int number)
{
    leave();
    raise(number); /* the default action by now, so the exit status and the core file are the usual
                      ones */
}

static void on_stop(int number)
{
    int saved_errno = errno;
    leave();
    raise(SIGSTOP);
    enter();
    errno = saved_errno;
}

static void on_continue(int number)
{
    int saved_errno = errno;
    enter();
    errno = saved_errno;
}

/* Takes a signal nobody has claimed yet. */
static void handle(int number, void (*handler)(int), int flags)
{
    struct sigaction old;
    struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
    sigemptyset(&action.sa_mask);
    if (sigaction(number, NULL, &old) == 0 && !(old.sa_flags & SA_SIGINFO) &&
        old.sa_handler == SIG_DFL) {
        sigaction(number, &action, NULL);
    }
}

void terminal_set_raw(int fd, bool signals)
{
    if (tcgetattr(fd, &terminal.saved) < 0) {
        return;
    }
    bool first = terminal.fd < 0;
    terminal.fd = fd;
    terminal.raw = terminal.saved;
    terminal.raw.c_iflag &= ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    terminal.raw.c_oflag |= OPOST;
    terminal.raw.c_cflag = (terminal.raw.c_cflag & ~(CSIZE | PARENB)) | CS8;
    terminal.raw.c_lflag &= ~(ECHO | ECHONL | ICANON | IEXTEN | (signals ? 0 : ISIG));
    terminal.raw.c_cc[VMIN] = 1;
    terminal.raw.c_cc[VTIME] = 0;
    terminal.wanted = 1;
    if (first) {
        for (size_t i = 0; i < sizeof(fatal_signals) / sizeof(fatal_signals[0]); i++) {
            handle(fatal_signals[i], on_fatal_signal, SA_RESETHAND | SA_NODEFER);
        }
        handle(SIGTSTP, on_stop, SA_RESTART);
        handle(SIGCONT, on_continue, SA_RESTART);
        atexit(terminal_restore);
    }
    enter();
}

void terminal_restore(void)
{
    terminal.wanted = 0;
    leave();
}
