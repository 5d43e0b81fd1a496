/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a machine does, and why it ends or goes on. */
#pragma once

typedef enum {
    RUN_STATE_PRELAUNCH,
    RUN_STATE_RUNNING,
    RUN_STATE_PAUSED,
    RUN_STATE_SHUTDOWN,
    RUN_STATE_INTERNAL_ERROR,
    RUN_STATE_GUEST_PANICKED,
    RUN_STATE_IO_ERROR, /* a drive stopped it; its requests are tried again */
    RUN_STATE_DEBUG,    /* a CPU stopped for the debugger */
    RUN_STATE_WATCHDOG,
    RUN_STATE_SUSPENDED, /* the guest sleeps in RAM: time goes on, processors do not */
} RunState;

/* What ends a guest's sleep. */
typedef enum { WAKE_NONE, WAKE_OTHER, WAKE_POWER_BUTTON, WAKE_RTC, WAKE_TIMER } WakeCause;

typedef enum {
    SHUTDOWN_HOST_SIGNAL, /* SIGINT, SIGTERM, SIGHUP */
    SHUTDOWN_HOST_QUIT,   /* monitor, Ctrl-A x */
    SHUTDOWN_GUEST_OFF,
    SHUTDOWN_GUEST_SLEEP, /* the guest has saved itself to disk */
    SHUTDOWN_GUEST_EXIT,  /* test finisher, semihosting: carries an exit status */
    SHUTDOWN_GUEST_PANIC,
    SHUTDOWN_ERROR,
} ShutdownCause;
