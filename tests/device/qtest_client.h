/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A real rhea without CPUs, and its devices at the fingertips of a test. Every failure ends the
 * test with the command and the answer. The environment names the program: RHEA_SYSTEM_<ARCH>, else
 * it is the one of the build folder.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct QtestClient QtestClient;

enum { QTEST_CLIENT_MAX_IRQ = 256 };

/** qtest_client_start - run rhea-system-@arch with -accel qtest and the words of @options, split as
 * a shell would */
QtestClient *qtest_client_start(const char *arch, const char *options);
/** qtest_client_stop - end it; fails unless it leaves cleanly, and without a word on stderr */
void qtest_client_stop(QtestClient *client);

/* Guest memory and registers; @size is 1, 2, 4 or 8 bytes, values in the guest's byte order. */
uint64_t qtest_client_read(QtestClient *client, uint64_t address, unsigned size);
void qtest_client_write(QtestClient *client, uint64_t address, unsigned size, uint64_t value);
/** qtest_client_try_read - false: nothing answers there, or not in this size */
bool qtest_client_try_read(QtestClient *client, uint64_t address, unsigned size, uint64_t *value);
bool qtest_client_try_write(QtestClient *client, uint64_t address, unsigned size, uint64_t value);
void qtest_client_read_bytes(QtestClient *client, uint64_t address, void *bytes, size_t length);
void qtest_client_write_bytes(QtestClient *client, uint64_t address, const void *bytes,
                              size_t length);

/* Guest time moves only here. */
/** qtest_client_step - let @ns pass and fire the timers in between; returns the new time */
int64_t qtest_client_step(QtestClient *client, int64_t ns);
/** qtest_client_step_next - go on to the next timer; returns the new time */
int64_t qtest_client_step_next(QtestClient *client);

/** qtest_client_watch_in - watch the inputs of the device at @path (of set @name; NULL: the unnamed
 * one) */
void qtest_client_watch_in(QtestClient *client, const char *path, const char *name);
/** qtest_client_watch_out - watch its outputs */
void qtest_client_watch_out(QtestClient *client, const char *path, const char *name);
/** qtest_client_irq - level of watched line @number */
bool qtest_client_irq(QtestClient *client, unsigned number);
/** qtest_client_irq_edges - how often it rose since the start */
unsigned qtest_client_irq_edges(QtestClient *client, unsigned number);
/** qtest_client_set_irq - drive an input; @name NULL: the unnamed set */
void qtest_client_set_irq(QtestClient *client, const char *path, const char *name, unsigned number,
                          int level);

/** qtest_client_ask - send any command; returns what follows "OK", which stays valid until the next
 * call */
const char *qtest_client_ask(QtestClient *client, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
