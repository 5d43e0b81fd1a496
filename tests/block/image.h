/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of images share: making, opening, checking; failures end the test. */
#pragma once

#include "block/driver.h"
#include "block/info.h"
#include "block/open.h"

/** image_create - @options as after -o: "cluster_size=4k,compat=0.10" */
void coroutine_fn image_create(const char *format, const char *filename, const char *options);
BlockChild *coroutine_fn image_open(const char *format, const char *filename, uint32_t flags);
/** image_check - of an image that is open; the problems go to the test's log */
BlockCheck coroutine_fn image_check(BlockNode *node, BlockRepair repair);

/* A small generator whose seed a failing test prints. */
typedef struct {
    uint64_t state;
} Random;
uint64_t random_next(Random *random);
/** random_below - 0 to @limit - 1 */
uint64_t random_below(Random *random, uint64_t limit);
/** random_seed - from RHEA_TEST_SEED, or @fallback */
uint64_t random_seed(uint64_t fallback);
