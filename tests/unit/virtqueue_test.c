/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rings as a driver writes them, good and hostile, against an entropy device on virtio-mmio. */
#include "hw/virtio/virtio.h"
#include "tests/unit/device_fixture.h"

enum {
    DESC = 0x10000,
    AVAIL = 0x20000,
    USED = 0x30000,
    BUFFER = 0x40000,
    TABLE = 0x50000,
    QUEUE = 8
};
enum { NEXT = 1, WRITE = 2, INDIRECT = 4 };
enum { STATUS = 0x70, INTERRUPT = 0x60, ACK = 0x64 };

typedef struct {
    DeviceFixture f;
    Device *rng;
} Rig;

/* Plug @class_name into a slot and bring it to DRIVER_OK with @features and one queue. */
static void start(Rig *r, bool packed, uint64_t features)
{
    static const char *const modern[] = { "force-legacy", "off", NULL };
    DeviceFixture *f = &r->f;
    fixture_init(f);
    fixture_add(f, "virtio-mmio", modern);
    fixture_place(f);
    const ObjectClass *class = object_class_by_name("virtio-rng-device");
    r->rng = machine_add_device(f->machine, "rng", container_of(class, DeviceClass, object));
    g_assert_true(property_set_bool(&r->rng->object, "packed", packed, NULL));
    Bus *bus = g_ptr_array_index(f->dev->buses, 0);
    g_assert_true(device_realize(r->rng, bus, NULL));

    g_assert_cmphex(fixture_read(f, 0x0, 4), ==, 0x74726976);
    g_assert_cmpuint(fixture_read(f, 0x4, 4), ==, 2);
    g_assert_cmpuint(fixture_read(f, 0x8, 4), ==, VIRTIO_ID_ENTROPY);
    fixture_write(f, STATUS, 4, 3);
    features |= 1ull << VIRTIO_F_VERSION_1 | (packed ? 1ull << VIRTIO_F_RING_PACKED : 0);
    for (unsigned i = 0; i < 2; i++) {
        fixture_write(f, 0x24, 4, i);
        fixture_write(f, 0x20, 4, (uint32_t)(features >> 32 * i));
    }
    fixture_write(f, STATUS, 4, 11);
    g_assert_cmphex(fixture_read(f, STATUS, 4), ==, 11);
    fixture_write(f, 0x30, 4, 0);
    g_assert_cmpuint(fixture_read(f, 0x34, 4), ==, QUEUE);
    fixture_write(f, 0x38, 4, QUEUE);
    fixture_write(f, 0x80, 4, DESC);
    fixture_write(f, 0x90, 4, AVAIL);
    fixture_write(f, 0xa0, 4, USED);
    fixture_write(f, 0x44, 4, 1);
    g_assert_cmpuint(fixture_read(f, 0x44, 4), ==, 1);
    fixture_write(f, STATUS, 4, 15);
}

static void stop(Rig *r)
{
    device_unrealize(r->rng);
    fixture_cleanup(&r->f);
}

/* @at: address of the table plus 16 times the index; @a and @b are flags and next, or id and flags
 * of a packed ring */
static void put_desc(Rig *r, hwaddr at, uint64_t address, uint32_t length, uint16_t a, uint16_t b)
{
    fixture_store(&r->f, at, 8, address);
    fixture_store(&r->f, at + 8, 4, length);
    fixture_store(&r->f, at + 12, 2, a);
    fixture_store(&r->f, at + 14, 2, b);
}

static void make_available(Rig *r, unsigned position, uint16_t head)
{
    fixture_store(&r->f, AVAIL + 4 + 2 * (position % QUEUE), 2, head);
    fixture_store(&r->f, AVAIL + 2, 2, position + 1);
    fixture_write(&r->f, 0x50, 4, 0);
}

static bool is_broken(Rig *r)
{
    return fixture_read(&r->f, STATUS, 4) & VIRTIO_STATUS_NEEDS_RESET;
}

static void test_split_requests_are_answered(void)
{
    Rig r;
    start(&r, false, 1ull << VIRTIO_F_INDIRECT_DESC);
    put_desc(&r, DESC + 16 * 3, BUFFER, 16, NEXT | WRITE, 5);
    put_desc(&r, DESC + 16 * 5, BUFFER + 0x100, 16, WRITE, 0);
    make_available(&r, 0, 3);
    g_assert_cmpuint(fixture_load(&r.f, USED + 2, 2), ==, 1);
    g_assert_cmpuint(fixture_load(&r.f, USED + 4, 4), ==, 3);
    g_assert_cmpuint(fixture_load(&r.f, USED + 8, 4), ==, 32);
    g_assert_cmphex(fixture_load(&r.f, BUFFER + 0x108, 8), !=, 0);
    g_assert_cmphex(fixture_load(&r.f, BUFFER + 0x110, 8), ==, 0);
    g_assert_cmpint(r.f.level[0], ==, 1);
    g_assert_cmpuint(fixture_read(&r.f, INTERRUPT, 4), ==, 1);
    fixture_write(&r.f, ACK, 4, 1);
    g_assert_cmpint(r.f.level[0], ==, 0);

    put_desc(&r, TABLE, BUFFER, 8, NEXT | WRITE, 1);
    put_desc(&r, TABLE + 16 * 1, BUFFER + 0x200, 4, WRITE, 0);
    put_desc(&r, DESC, TABLE, 32, INDIRECT, 0);
    fixture_store(&r.f, AVAIL, 2, 1); /* no interrupt, please */
    make_available(&r, 1, 0);
    g_assert_cmpuint(fixture_load(&r.f, USED + 2, 2), ==, 2);
    g_assert_cmpuint(fixture_load(&r.f, USED + 16, 4), ==, 12);
    g_assert_cmpint(r.f.level[0], ==, 0);
    fixture_check_state(&r.f);
    stop(&r);
}

static void test_event_index(void)
{
    Rig r;
    start(&r, false, 1ull << VIRTIO_F_EVENT_IDX);
    put_desc(&r, DESC, BUFFER, 4, WRITE, 0);
    fixture_store(&r.f, AVAIL + 4 + 2 * QUEUE, 2, 1); /* tell me at the second */
    make_available(&r, 0, 0);
    fixture_write(&r.f, ACK, 4, 1);
    g_assert_cmpuint(fixture_load(&r.f, USED + 4 + 8 * QUEUE, 2), ==, 1);
    for (unsigned i = 1; i < 20; i++) {
        int before = r.f.level[0];
        make_available(&r, i, 0);
        g_assert_cmpuint(fixture_load(&r.f, USED + 2, 2), ==, i + 1);
        g_assert_cmpint(r.f.level[0] - before, ==, i == 1);
        g_assert_cmpuint(fixture_load(&r.f, USED + 4 + 8 * QUEUE, 2), ==, i + 1);
    }
    stop(&r);
}

static void test_packed_requests_are_answered(void)
{
    Rig r;
    start(&r, true, 1ull << VIRTIO_F_INDIRECT_DESC);
    bool wrap = true;
    unsigned slot = 0;
    for (unsigned i = 0; i < 30; i++) { /* chains of two, across the end of the ring */
        uint16_t avail = wrap ? 1 << 7 : 1 << 15;
        unsigned next = (slot + 1) % QUEUE;
        bool next_wrap = next ? wrap : !wrap;
        uint16_t next_avail = next_wrap ? 1 << 7 : 1 << 15;
        put_desc(&r, DESC + 16 * next, BUFFER + 0x40, 8, 100 + i, next_avail | WRITE);
        put_desc(&r, DESC + 16 * slot, BUFFER, 8, 0, avail | NEXT | WRITE);
        fixture_write(&r.f, 0x50, 4, 0);
        g_assert_cmpuint(fixture_load(&r.f, DESC + 16 * slot + 8, 4), ==, 16);
        g_assert_cmpuint(fixture_load(&r.f, DESC + 16 * slot + 12, 2), ==, 100 + i);
        g_assert_cmphex(fixture_load(&r.f, DESC + 16 * slot + 14, 2), ==,
                        (wrap ? 0x8080 : 0) | WRITE);
        slot = (next + 1) % QUEUE;
        wrap = slot ? next_wrap : !next_wrap;
        g_assert_false(is_broken(&r));
        fixture_check_state(&r.f);
    }
    g_assert_cmpint(r.f.level[0], ==, 1);
    stop(&r);
}

/* Each breaks one rule; the device asks for a reset and goes on after one. */
static void test_broken_rings(void)
{
    for (unsigned i = 0; i < 9; i++) {
        Rig r;
        uint16_t head = 0;
        start(&r, false, 1ull << VIRTIO_F_INDIRECT_DESC);
        switch (i) {
        case 0: /* a loop */
            put_desc(&r, DESC, BUFFER, 4, NEXT | WRITE, 1);
            put_desc(&r, DESC + 16 * 1, BUFFER, 4, NEXT | WRITE, 0);
            break;
        case 1: head = QUEUE; break;
        case 2: put_desc(&r, DESC, BUFFER, 4, NEXT | WRITE, 0xffff); break;
        case 3: /* writable before readable */
            put_desc(&r, DESC, BUFFER, 4, NEXT | WRITE, 1);
            put_desc(&r, DESC + 16 * 1, BUFFER, 4, 0, 0);
            break;
        case 4: put_desc(&r, DESC, UINT64_MAX - 3, 100, WRITE, 0); break;
        case 5: /* onto a device */ put_desc(&r, DESC, FIXTURE_DEVICE_BASE, 4, WRITE, 0); break;
        case 6: put_desc(&r, DESC, TABLE, 17, INDIRECT, 0); break;
        case 7:
            put_desc(&r, DESC, TABLE, 16, INDIRECT, 0);
            put_desc(&r, TABLE, TABLE, 16, INDIRECT, 0);
            break;
        case 8: /* an indirect loop */
            put_desc(&r, DESC, TABLE, 32, INDIRECT, 0);
            put_desc(&r, TABLE, BUFFER, 4, NEXT | WRITE, 1);
            put_desc(&r, TABLE + 16 * 1, BUFFER, 4, NEXT | WRITE, 0);
            break;
        }
        make_available(&r, 0, head);
        g_assert_true(is_broken(&r));
        g_assert_cmpuint(fixture_load(&r.f, USED + 2, 2), ==, 0);
        fixture_write(&r.f, 0x50, 4, 0);
        fixture_check_state(&r.f);
        fixture_write(&r.f, STATUS, 4, 0);
        g_assert_cmphex(fixture_read(&r.f, STATUS, 4), ==, 0);
        stop(&r);
    }
}

static void test_too_many_available(void)
{
    Rig r;
    start(&r, false, 0);
    fixture_store(&r.f, AVAIL + 2, 2, QUEUE + 1);
    fixture_write(&r.f, 0x50, 4, 0);
    g_assert_true(is_broken(&r));
    stop(&r);
}

static void test_features_not_offered_are_refused(void)
{
    Rig r;
    start(&r, false, 0);
    fixture_write(&r.f, STATUS, 4, 0);
    fixture_write(&r.f, STATUS, 4, 3);
    fixture_write(&r.f, 0x24, 4, 1);
    fixture_write(&r.f, 0x20, 4, 0xffffffff);
    fixture_write(&r.f, STATUS, 4, 11);
    g_assert_cmphex(fixture_read(&r.f, STATUS, 4), ==, 3);
    stop(&r);
}

/* Random rings, random registers: nothing may fall over. */
static void test_random(void)
{
    for (unsigned round = 0; round < 200; round++) {
        Rig r;
        bool packed = round & 1;
        start(&r, packed,
              1ull << VIRTIO_F_INDIRECT_DESC | (round & 2 ? 1ull << VIRTIO_F_EVENT_IDX : 0));
        for (unsigned step = 0; step < 50; step++) {
            for (unsigned i = 0; i < QUEUE; i++) {
                hwaddr address =
                    g_test_rand_int_range(0, 3) ? BUFFER + g_test_rand_int_range(0, 4096) : TABLE;
                put_desc(&r, (g_test_rand_int_range(0, 2) ? DESC : TABLE) + 16 * i, address,
                         g_test_rand_int_range(0, 200),
                         g_test_rand_int_range(0, packed ? 65536 : 8),
                         g_test_rand_int_range(0, packed ? 65536 : 10));
            }
            for (unsigned i = 0; i < QUEUE; i++) {
                fixture_store(&r.f, AVAIL + 4 + 2 * i, 2, g_test_rand_int_range(0, QUEUE));
            }
            fixture_store(&r.f, AVAIL + 2, 2,
                          fixture_load(&r.f, USED + 2, 2) + g_test_rand_int_range(0, 3));
            fixture_write(&r.f, 0x50, 4, g_test_rand_int_range(0, 2));
            if (is_broken(&r)) {
                break;
            }
        }
        fixture_check_state(&r.f);
        stop(&r);
    }
    Rig r;
    start(&r, false, 0);
    fixture_hostile(&r.f, 0x110);
    stop(&r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virtqueue/split", test_split_requests_are_answered);
    g_test_add_func("/virtqueue/event-index", test_event_index);
    g_test_add_func("/virtqueue/packed", test_packed_requests_are_answered);
    g_test_add_func("/virtqueue/broken", test_broken_rings);
    g_test_add_func("/virtqueue/too-many", test_too_many_available);
    g_test_add_func("/virtqueue/features", test_features_not_offered_are_refused);
    g_test_add_func("/virtqueue/random", test_random);
    return g_test_run();
}
