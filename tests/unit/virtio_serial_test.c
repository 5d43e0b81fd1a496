/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A console on virtio-mmio, driven as a driver does it: the dialogue on the control queues, and
 * characters both ways. Spec: VIRTIO 1.2, section 5.3. */
#include "hw/virtio/virtio_serial.h"

#include <string.h>

#include "tests/unit/device_fixture.h"

enum { QUEUES = 4, QUEUE_ENTRIES = 8, RINGS = 0x10000, RING_STEP = 0x1000, BUFFERS = 0x40000 };
enum { AVAIL = 0x400, USED = 0x800, BUFFER_BYTES = 0x100, WRITE = 2 };
enum { RECEIVE, TRANSMIT, CONTROL_RX, CONTROL_TX };
enum { READY = 0, ADD = 1, PORT_READY = 3, CONSOLE = 4, OPEN = 6, NAME = 7 };
enum { STATUS = 0x70, F_MULTIPORT = 1 };

typedef struct {
    DeviceFixture f;
    Device *serial, *port;
    unsigned made[QUEUES]; /* buffers given so far */
} Rig;

static hwaddr ring(unsigned queue)
{
    return RINGS + queue * RING_STEP;
}

static hwaddr buffer(unsigned queue, unsigned number)
{
    return BUFFERS + (queue * QUEUE_ENTRIES + number % QUEUE_ENTRIES) * BUFFER_BYTES;
}

/* The next buffer of @queue goes to the device; nothing writable: @length bytes of it count. */
static void give(Rig *r, unsigned queue, uint32_t length, uint16_t flags)
{
    unsigned number = r->made[queue]++, slot = number % QUEUE_ENTRIES;
    fixture_store(&r->f, ring(queue) + 16 * slot, 8, buffer(queue, number));
    fixture_store(&r->f, ring(queue) + 16 * slot + 8, 4, length);
    fixture_store(&r->f, ring(queue) + 16 * slot + 12, 4, flags);
    fixture_store(&r->f, ring(queue) + AVAIL + 4 + 2 * slot, 2, slot);
    fixture_store(&r->f, ring(queue) + AVAIL + 2, 2, number + 1);
    fixture_write(&r->f, 0x50, 4, queue);
}

static unsigned used(Rig *r, unsigned queue)
{
    return fixture_load(&r->f, ring(queue) + USED + 2, 2);
}

static Device *plug(Rig *r, const char *class_name, const char *name, Device *owner)
{
    const ObjectClass *class = object_class_by_name(class_name);
    Device *dev = machine_add_device(r->f.machine, name, container_of(class, DeviceClass, object));
    if (owner != r->f.dev) {
        g_assert_true(property_set_link(&dev->object, "chardev", &r->f.host->chardev.object, NULL));
        g_assert_true(property_set(&dev->object, "name", "org.test", NULL));
    }
    g_assert_true(device_realize(dev, g_ptr_array_index(owner->buses, 0), NULL));
    return dev;
}

static void start(Rig *r)
{
    static const char *const modern[] = { "force-legacy", "off", NULL };
    *r = (Rig){ 0 };
    fixture_init(&r->f);
    fixture_add(&r->f, "virtio-mmio", modern);
    fixture_place(&r->f);
    r->serial = plug(r, "virtio-serial-device", "serial", r->f.dev);
    r->port = plug(r, "virtconsole", "console", r->serial);
    fixture_write(&r->f, STATUS, 4, 3);
    for (unsigned i = 0; i < 2; i++) {
        fixture_write(&r->f, 0x24, 4, i);
        fixture_write(&r->f, 0x20, 4, i ? 1 : 1 << F_MULTIPORT);
    }
    fixture_write(&r->f, STATUS, 4, 11);
    for (unsigned q = 0; q < QUEUES; q++) {
        fixture_write(&r->f, 0x30, 4, q);
        fixture_write(&r->f, 0x38, 4, QUEUE_ENTRIES);
        fixture_write(&r->f, 0x80, 4, ring(q));
        fixture_write(&r->f, 0x90, 4, ring(q) + AVAIL);
        fixture_write(&r->f, 0xa0, 4, ring(q) + USED);
        fixture_write(&r->f, 0x44, 4, 1);
    }
    fixture_write(&r->f, STATUS, 4, 15);
    for (unsigned i = 0; i < QUEUE_ENTRIES; i++) {
        give(r, CONTROL_RX, BUFFER_BYTES, WRITE);
    }
}

static void stop(Rig *r)
{
    device_unrealize(r->port);
    device_unrealize(r->serial);
    fixture_cleanup(&r->f);
}

static void tell(Rig *r, uint32_t port, uint16_t event, uint16_t value)
{
    hwaddr at = buffer(CONTROL_TX, r->made[CONTROL_TX]);
    fixture_store(&r->f, at, 4, port);
    fixture_store(&r->f, at + 4, 2, event);
    fixture_store(&r->f, at + 6, 2, value);
    give(r, CONTROL_TX, 8, 0);
}

static void assert_told(Rig *r, unsigned number, uint16_t event, uint16_t value)
{
    hwaddr at = buffer(CONTROL_RX, number);
    g_assert_cmpuint(used(r, CONTROL_RX), >, number);
    g_assert_cmpuint(fixture_load(&r->f, at, 4), ==, 0);
    g_assert_cmpuint(fixture_load(&r->f, at + 4, 2), ==, event);
    g_assert_cmpuint(fixture_load(&r->f, at + 6, 2), ==, value);
}

/* 5.3.6.2: which ports there are, what they are called, and whether somebody is there. */
static void make_ready(Rig *r)
{
    tell(r, 0, READY, 1);
    assert_told(r, 0, ADD, 1);
    tell(r, 0, PORT_READY, 1);
    assert_told(r, 1, CONSOLE, 1);
    assert_told(r, 2, NAME, 1);
    tell(r, 0, OPEN, 1);
}

static void test_ports_are_announced(void)
{
    Rig r;
    start(&r);
    make_ready(&r);
    g_assert_cmphex(fixture_load(&r.f, buffer(CONTROL_RX, 2) + 8, 8), ==, 0x747365742e67726f);
    tell(&r, 7, PORT_READY, 1); /* no such port */
    tell(&r, 0, 99, 1);         /* no such event */
    g_assert_cmpuint(used(&r, CONTROL_TX), ==, 5);
    fixture_check_state(&r.f);
    stop(&r);
}

static void test_characters_go_both_ways(void)
{
    Rig r;
    start(&r);
    make_ready(&r);
    fixture_store(&r.f, buffer(TRANSMIT, 0), 8, 0x6f6c6c6568); /* "hello" */
    give(&r, TRANSMIT, 5, 0);
    g_assert_cmpstr(r.f.host->written->str, ==, "hello");
    g_assert_cmpuint(used(&r, TRANSMIT), ==, 1);

    g_assert_cmpuint(fixture_type(&r.f, "x"), ==, 0); /* the driver has given no room */
    give(&r, RECEIVE, 4, WRITE);
    give(&r, RECEIVE, 4, WRITE);
    g_assert_cmpuint(fixture_type(&r.f, "abc"), ==, 2); /* typed one by one, a buffer for each */
    g_assert_cmpuint(used(&r, RECEIVE), ==, 2);
    g_assert_cmpuint(fixture_load(&r.f, ring(RECEIVE) + USED + 8, 4), ==, 1);
    g_assert_cmphex(fixture_load(&r.f, buffer(RECEIVE, 0), 1), ==, 'a');
    g_assert_cmphex(fixture_load(&r.f, buffer(RECEIVE, 1), 1), ==, 'b');
    fixture_check_state(&r.f);
    stop(&r);
}

static void test_output_waits_for_the_host(void)
{
    Rig r;
    start(&r);
    make_ready(&r);
    r.f.host->room = 2;
    fixture_store(&r.f, buffer(TRANSMIT, 0), 8, 0x64636261);
    give(&r, TRANSMIT, 4, 0);
    g_assert_cmpint(strncmp(r.f.host->written->str, "ab", 2), ==, 0);
    fixture_check_state(&r.f);
    stop(&r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virtio-serial/control", test_ports_are_announced);
    g_test_add_func("/virtio-serial/characters", test_characters_go_both_ways);
    g_test_add_func("/virtio-serial/full", test_output_waits_for_the_host);
    return g_test_run();
}
