/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "migration/vmstate.h"

#include <string.h>

#include "migration/stream.h"
#include "util/error.h"
#include "util/timer.h"

typedef struct {
    uint16_t low, high;
} Inner;

typedef struct {
    bool on;
    uint8_t small;
    int32_t negative;
    uint64_t large;
    uint16_t table[3];
    uint8_t raw[5];
    Inner inner, inners[2];
    uint8_t *buffer;
    uint32_t buffer_bytes;
    Timer timer;
    uint32_t newer;
    uint32_t extra; /* in a subsection */
    bool loaded;
} Thing;

static const VmState inner_state = {
    .name = "inner",
    .version = 3,
    .min_version = 2,
    .fields = (const VmField[]){ VM_U16(Inner, low), VM_U16(Inner, high), {} },
};

static bool thing_loaded(void *opaque, uint32_t version, GError **errp)
{
    Thing *thing = opaque;

    if (thing->small > 100) {
        error_set(errp, "small is %u", thing->small);
        return false;
    }
    thing->loaded = true;
    return true;
}

static bool extra_needed(void *opaque)
{
    return ((Thing *)opaque)->extra != 0;
}

static const VmState extra_state = {
    .name = "extra",
    .version = 1,
    .fields = (const VmField[]){ VM_U32(Thing, extra), {} },
    .needed = extra_needed,
};

static const VmState *const subsections[] = { &extra_state, NULL };

enum { BUFFER_MAX = 16 };

#define THING_FIELDS                                                                             \
    VM_BOOL(Thing, on), VM_U8(Thing, small), VM_I32(Thing, negative), VM_U64(Thing, large),      \
        VM_U16_ARRAY(Thing, table), VM_BUFFER(Thing, raw), VM_STRUCT(Thing, inner, inner_state), \
        VM_STRUCT_ARRAY(Thing, inners, inner_state, Inner),                                      \
        VM_VBUFFER(Thing, buffer, buffer_bytes, BUFFER_MAX), VM_TIMER(Thing, timer)

static const VmState thing_state = {
    .name = "thing",
    .version = 1,
    .fields = (const VmField[]){ THING_FIELDS, {} },
    .post_load = thing_loaded,
    .subsections = subsections,
};

static const VmState newer_state = {
    .name = "thing",
    .version = 2,
    .min_version = 1,
    .fields = (const VmField[]){ THING_FIELDS,
                                 { .name = "newer",
                                   .kind = VM_FIELD_U32,
                                   .offset = offsetof(Thing, newer),
                                   .elem_size = 4,
                                   .version = 2 },
                                 {} },
    .subsections = subsections,
};

static ClockSet *clocks;

static void ignore(void *opaque)
{
}

static void thing_init(Thing *thing)
{
    memset(thing, 0, sizeof(*thing));
    timer_init(&thing->timer, clocks, CLOCK_KIND_VIRTUAL, ignore, NULL);
}

static void thing_fill(Thing *thing)
{
    thing_init(thing);
    thing->on = true;
    thing->small = 100;
    thing->negative = -5;
    thing->large = 0x0123456789abcdef;
    memcpy(thing->table, (uint16_t[]){ 1, 2, 3 }, sizeof(thing->table));
    memcpy(thing->raw, "abcde", 5);
    thing->inner = (Inner){ 4, 5 };
    thing->inners[1].high = 9;
    thing->buffer = g_memdup2("xyz", 3);
    thing->buffer_bytes = 3;
    timer_set_ns(&thing->timer, 12345);
    thing->extra = 6;
}

static void thing_clear(Thing *thing)
{
    timer_cancel(&thing->timer);
    g_clear_pointer(&thing->buffer, g_free);
}

static GByteArray *save(const VmState *state, Thing *thing)
{
    GByteArray *out = g_byte_array_new();

    g_assert_true(vmstate_save(state, "s", thing, out, NULL));
    return out;
}

static void test_what_is_saved_comes_back(void)
{
    Thing a, b;

    thing_fill(&a);
    thing_init(&b);
    g_autoptr(GByteArray) first = save(&thing_state, &a);
    g_assert_true(vmstate_load(&thing_state, "s", &b, first->data, first->len, NULL));
    g_assert_true(b.loaded);
    g_assert_cmpint(b.negative, ==, -5);
    g_assert_cmpint(b.inners[1].high, ==, 9);
    g_assert_cmpmem(b.buffer, b.buffer_bytes, "xyz", 3);
    g_assert_cmpint(b.timer.expire_ns, ==, 12345);
    g_assert_cmpint(b.extra, ==, 6);
    g_autoptr(GByteArray) second = save(&thing_state, &b);
    g_assert_cmpmem(first->data, first->len, second->data, second->len);
    thing_clear(&a);
    thing_clear(&b);
}

static void test_older_versions_are_read(void)
{
    Thing a, b;

    thing_fill(&a);
    thing_init(&b);
    b.newer = 7;
    g_autoptr(GByteArray) old = save(&thing_state, &a);
    g_assert_true(vmstate_load(&newer_state, "s", &b, old->data, old->len, NULL));
    g_assert_cmpint(b.newer, ==, 7);
    g_autoptr(GByteArray) newer = save(&newer_state, &a);
    g_autoptr(GError) error = NULL;
    g_assert_false(vmstate_load(&thing_state, "s", &b, newer->data, newer->len, &error));
    g_assert_cmpstr(error->message, ==,
                    "saved state: section 's': it has version 2; this program reads 0 to 1");
    thing_clear(&a);
    thing_clear(&b);
}

static void test_refusals_name_section_and_field(void)
{
    Thing a, b;
    g_autoptr(GError) error = NULL;

    thing_fill(&a);
    thing_init(&b);
    a.small = 101;
    g_autoptr(GByteArray) bytes = save(&thing_state, &a);
    g_assert_false(vmstate_load(&thing_state, "s", &b, bytes->data, bytes->len, &error));
    g_assert_cmpstr(error->message, ==, "saved state: section 's': small is 101");
    g_clear_error(&error);
    bytes->data[4 + 1 + 1 + 2 + 4] = 2; /* version, kind, length, "on", size: the truth value */
    g_assert_false(vmstate_load(&thing_state, "s", &b, bytes->data, bytes->len, &error));
    g_assert_cmpstr(error->message, ==,
                    "saved state: section 's', field 'on': 2 is no truth value");
    g_clear_error(&error);
    bytes->data[4 + 2] = 'x';
    g_assert_false(vmstate_load(&thing_state, "s", &b, bytes->data, bytes->len, &error));
    g_assert_cmpstr(error->message, ==,
                    "saved state: section 's', field 'on': 'xn' stands in its place");
    thing_clear(&a);
    thing_clear(&b);
}

/* Every truncation is refused; random damage never does worse than load something else. */
static void test_damage_is_harmless(void)
{
    Thing a, b;

    thing_fill(&a);
    thing_init(&b);
    g_autoptr(GByteArray) bytes = save(&thing_state, &a);
    for (guint length = 0; length < bytes->len; length++) {
        g_autofree uint8_t *exact = g_memdup2(bytes->data, length);
        g_autoptr(GError) error = NULL;
        g_assert_false(vmstate_load(&thing_state, "s", &b, exact, length, &error));
        g_assert_nonnull(strstr(error->message, "section 's'"));
    }
    for (int round = 0; round < 20000; round++) {
        g_autofree uint8_t *copy = g_memdup2(bytes->data, bytes->len);
        g_autoptr(GError) error = NULL;
        for (int i = g_test_rand_int_range(1, 4); i > 0; i--) {
            copy[g_test_rand_int_range(0, (int)bytes->len)] = (uint8_t)g_test_rand_int();
        }
        if (!vmstate_load(&thing_state, "s", &b, copy, bytes->len, &error)) {
            g_assert_nonnull(error);
        }
        g_assert_cmpint(b.buffer_bytes, <=, BUFFER_MAX);
    }
    thing_clear(&a);
    thing_clear(&b);
}

static void test_sections_are_bounded(void)
{
    static const uint8_t huge[] = "\x01\0a\xff\xff\xff\xff", cut[] = "\x01\0a\x10\0\0\1xyz",
                         name[] = "\xff\xff", latin[] = "\x01\0\xff\0\0\0\0";
    static const struct {
        const uint8_t *data;
        size_t length;
    } bad[] = { { huge, 7 }, { cut, 10 }, { name, 2 }, { latin, 7 }, { huge, 1 }, { huge, 0 } };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GByteArray) data = g_byte_array_new();
        VmBytes bytes = { bad[i].data, bad[i].length };
        VmSource source = vm_source_bytes(&bytes);
        VmSection section = { .data = data };
        g_autoptr(GError) error = NULL;
        g_assert_false(vm_section_read(&source, &section, &error));
        g_assert_nonnull(error);
        g_assert_cmpuint(data->len, <=, 1 << 20);
    }
}

static void test_sections_come_back(void)
{
    g_autoptr(GByteArray) out = g_byte_array_new(), data = g_byte_array_new(),
                          back = g_byte_array_new();
    VmSink sink = vm_sink_bytes(out);
    VmSection section = { .data = back };

    g_byte_array_set_size(data, 3 << 20);
    memset(data->data, 7, data->len);
    g_assert_true(vm_section_write(&sink, "/machine/x:y", data, NULL));
    g_byte_array_set_size(data, 0);
    g_assert_true(vm_section_write(&sink, "end", data, NULL));
    VmBytes bytes = { out->data, out->len };
    VmSource source = vm_source_bytes(&bytes);
    g_assert_true(vm_section_read(&source, &section, NULL));
    g_assert_cmpstr(section.name, ==, "/machine/x:y");
    g_assert_cmpuint(back->len, ==, 3 << 20);
    g_assert_cmpint(back->data[back->len - 1], ==, 7);
    g_assert_true(vm_section_read(&source, &section, NULL));
    g_assert_cmpstr(section.name, ==, "end");
    g_assert_cmpuint(bytes.left, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    clocks = clock_set_new(NULL);
    g_test_add_func("/vmstate/round", test_what_is_saved_comes_back);
    g_test_add_func("/vmstate/versions", test_older_versions_are_read);
    g_test_add_func("/vmstate/refusals", test_refusals_name_section_and_field);
    g_test_add_func("/vmstate/damage", test_damage_is_harmless);
    g_test_add_func("/stream/bounds", test_sections_are_bounded);
    g_test_add_func("/stream/round", test_sections_come_back);
    int status = g_test_run();
    clock_set_free(clocks);
    return status;
}
