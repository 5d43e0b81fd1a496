/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Five bodies that attract each other. */
#include <math.h>

#include "work.h"

typedef struct {
    double x[3], v[3], mass;
} Body;

static void advance(Body *body, double step)
{
    for (int i = 0; i < 5; i++) {
        for (int j = i + 1; j < 5; j++) {
            double d[3], square = 1e-9;
            for (int k = 0; k < 3; k++) {
                d[k] = body[i].x[k] - body[j].x[k];
                square += d[k] * d[k];
            }
            double pull = step / (square * sqrt(square));
            for (int k = 0; k < 3; k++) {
                body[i].v[k] -= d[k] * body[j].mass * pull;
                body[j].v[k] += d[k] * body[i].mass * pull;
            }
        }
    }
    for (int i = 0; i < 5; i++) {
        for (int k = 0; k < 3; k++) {
            body[i].x[k] += step * body[i].v[k];
        }
    }
}

uint64_t bench_nbody(void)
{
    Body body[5];
    double sum = 0;

    for (int i = 0; i < 5; i++) {
        body[i] = (Body){ .x = { i * 1.7, i * i * 0.3 - 1, 2 - i * 0.9 },
                          .v = { 0.1 * i, 0.2 - 0.1 * i, 0.05 * i * i },
                          .mass = i ? 0.01 * i : 1 };
    }
    for (int i = 0; i < 150000; i++) {
        advance(body, 0.0005);
    }
    for (int i = 0; i < 5; i++) {
        sum += body[i].x[0] * body[i].x[0] + body[i].v[1] * body[i].v[1];
    }
    return (uint64_t)(sum * 1e6);
}
