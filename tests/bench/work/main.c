/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs pieces of work under Linux, in a guest or on the host: work NAME...
 * With "-2" before them, each runs in two processes at once, bound to two CPUs.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "work.h"

static const struct {
    const char *name;
    uint64_t (*run)(void);
} works[] = {
#define WORK(name) { #name, bench_##name },
#include "work.def"
#undef WORK
};

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t run_twice(uint64_t (*run)(void))
{
    for (int i = 0; i < 2; i++) {
        if (fork() == 0) {
            cpu_set_t set;
            CPU_ZERO(&set);
            CPU_SET(i, &set);
            sched_setaffinity(0, sizeof(set), &set);
            _exit(run() == 0);
        }
    }
    while (wait(NULL) > 0) {
    }
    return 0;
}

int main(int argc, char **argv)
{
    int twice = 0;

    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "-2")) {
            twice = 1;
            continue;
        }
        size_t at = 0;
        while (at < sizeof(works) / sizeof(works[0]) && strcmp(works[at].name, argv[i])) {
            at++;
        }
        if (at == sizeof(works) / sizeof(works[0])) {
            fprintf(stderr, "work: nothing is called '%s'\n", argv[i]);
            return 1;
        }
        uint64_t start = now_ns();
        uint64_t digest = twice ? run_twice(works[at].run) : works[at].run();
        uint64_t took = now_ns() - start;
        printf("result %s%s %llu %llx\n", works[at].name, twice ? "-2" : "",
               (unsigned long long)took, (unsigned long long)digest);
        fflush(stdout);
    }
    return 0;
}
