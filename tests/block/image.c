/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of images share. */
#include "tests/block/image.h"

#include <stdlib.h>

void coroutine_fn image_create(const char *format, const char *filename, const char *options)
{
    GError *error = NULL;
    const BlockDriver *driver = block_driver_find(format, &error);
    g_assert_no_error(error);
    Object *object = object_new(driver->create_options);
    g_autoptr(Keyval) keyval = keyval_parse(options, NULL, &error);
    g_assert_no_error(error);
    for (unsigned i = 0; i < keyval_count(keyval); i++) {
        const KeyvalEntry *entry = keyval_entry(keyval, i);
        g_autofree char *name = g_strdelimit(g_strdup(entry->key), "_", '-');
        property_set(object, name, entry->value ? entry->value : "on", &error);
        g_assert_no_error(error);
    }
    block_create(driver, filename, object, &error);
    g_assert_no_error(error);
    object_unref(object);
}

BlockChild *coroutine_fn image_open(const char *format, const char *filename, uint32_t flags)
{
    GError *error = NULL;
    BlockOpen how = { .format = format, .flags = flags };
    BlockNode *node = block_open(filename, &how, &error);
    g_assert_no_error(error);
    uint32_t perm = BLOCK_PERM_CONSISTENT_READ;
    perm |= block_node_writable(node) ? BLOCK_PERM_WRITE | BLOCK_PERM_RESIZE : 0;
    BlockChild *image = block_child_attach(NULL, "test", node, perm, BLOCK_PERM_ALL, &error);
    g_assert_no_error(error);
    return image;
}

static void print_problem(const char *line, void *opaque)
{
    g_test_message("%s", line);
}

BlockCheck coroutine_fn image_check(BlockNode *node, BlockRepair repair)
{
    GError *error = NULL;
    BlockCheck check = { .report = print_problem };
    block_node_driver(node)->check->check(node, repair, &check, &error);
    g_assert_no_error(error);
    return check;
}

/* xorshift64*: Marsaglia, "Xorshift RNGs", 2003. */
uint64_t random_next(Random *random)
{
    uint64_t x = random->state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    random->state = x;
    return x * UINT64_C(0x2545f4914f6cdd1d);
}

uint64_t random_below(Random *random, uint64_t limit)
{
    return (random_next(random) >> 11) % limit;
}

uint64_t random_seed(uint64_t fallback)
{
    const char *text = g_getenv("RHEA_TEST_SEED");
    return text ? g_ascii_strtoull(text, NULL, 0) : fallback;
}
