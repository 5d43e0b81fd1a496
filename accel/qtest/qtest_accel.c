/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The accelerator of tests: CPUs never run, and guest time stands still until a test moves it. */
#include "accel/qtest/qtest_accel.h"

#include "util/atomic.h"

typedef struct {
    Accel accel;
    int64_t now_ns; /* atomic: any thread may read the clock */
} QtestAccel;

static const AccelClass qtest_accel_class;

static int64_t now_ns(void *opaque)
{
    return atomic_read(&((QtestAccel *)opaque)->now_ns);
}

static bool qtest_setup(Accel *accel, Machine *machine, GError **errp)
{
    clock_set_virtual_source(machine->clocks, now_ns, container_of(accel, QtestAccel, accel));
    return true;
}

static bool qtest_cpu_realize(Accel *accel, Cpu *cpu, GError **errp)
{
    return true;
}

/* CPUs have no threads and no translations, so there is nothing to stop, wake or forget. */
static void qtest_cpu_ignore(Accel *accel, Cpu *cpu)
{
}

static void qtest_ignore(Accel *accel)
{
}

int64_t qtest_accel_deadline_ns(Machine *machine)
{
    int64_t wait_ns = clock_deadline_ns(machine->clocks, CLOCK_KIND_VIRTUAL);
    return wait_ns < 0 ? -1 : clock_ns(machine->clocks, CLOCK_KIND_VIRTUAL) + wait_ns;
}

bool qtest_accel_set_ns(Machine *machine, int64_t ns)
{
    QtestAccel *qtest = object_cast(&machine->accel->object, &qtest_accel_class.object);
    if (!qtest) {
        return false;
    }
    for (;;) {
        int64_t deadline_ns = qtest_accel_deadline_ns(machine);
        bool due = deadline_ns >= 0 && deadline_ns <= ns;
        /* A timer may be late already; time never goes back. */
        atomic_set(&qtest->now_ns, MAX(now_ns(qtest), due ? deadline_ns : ns));
        if (!clock_run(machine->clocks, CLOCK_KIND_VIRTUAL) || !due) {
            return true;
        }
    }
}

static const AccelClass qtest_accel_class = {
    .object = { .name = "qtest-accel",
                .parent = &accel_class.object,
                .instance_size = sizeof(QtestAccel) },
    .summary = "no CPU at all: a test drives the devices",
    .setup = qtest_setup,
    .cpu_realize = qtest_cpu_realize,
    .cpu_unrealize = qtest_cpu_ignore,
    .cpu_reset = qtest_cpu_ignore,
    .cpu_kick = qtest_cpu_ignore,
    .resume_all = qtest_ignore,
    .pause_all = qtest_ignore,
};
CLASS_REGISTER(qtest_accel_class);
