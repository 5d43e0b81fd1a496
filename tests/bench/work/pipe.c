/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two processes hand a byte back and forth. */
#include <sys/wait.h>
#include <unistd.h>

#include "work.h"

enum { ROUNDS = 20000 };

uint64_t bench_pipe(void)
{
    int there[2], back[2];
    uint64_t sum = 0;
    char byte = 1;

    if (pipe(there) || pipe(back)) {
        return 0;
    }
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < ROUNDS && read(there[0], &byte, 1) == 1; i++) {
            byte++;
            if (write(back[1], &byte, 1) != 1) {
                break;
            }
        }
        _exit(0);
    }
    for (int i = 0; i < ROUNDS && write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1;
         i++) {
        sum += (uint8_t)byte;
    }
    waitpid(child, NULL, 0);
    for (int i = 0; i < 2; i++) {
        close(there[i]);
        close(back[i]);
    }
    return sum;
}
