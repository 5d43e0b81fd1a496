/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A disk on virtio-mmio: requests as a driver makes them, good and hostile, against a raw file. */
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "block/backend.h"
#include "hw/virtio/virtio.h"
#include "tests/unit/device_fixture.h"

enum { DESC = 0x10000, AVAIL = 0x20000, USED = 0x30000, HEADER = 0x40000, DATA = 0x50000 };
enum { STATUS_AT = 0x41000, QUEUE = 16, IMAGE_SECTORS = 64, SECTOR = 512 };
enum { NEXT = 1, WRITE = 2 };
enum { IN = 0, OUT = 1, FLUSH = 4, GET_ID = 8, DISCARD = 11, WRITE_ZEROES = 13 };
enum { OK = 0, IOERR = 1, UNSUPP = 2, NOT_ANSWERED = 0xee };

typedef struct {
    DeviceFixture f;
    Device *blk;
    BlockBackend *backend;
    char *path;
    unsigned made;
} Rig;

static void negotiate(DeviceFixture *f)
{
    fixture_write(f, 0x70, 4, 3);
    for (unsigned i = 0; i < 2; i++) {
        fixture_write(f, 0x14, 4, i);
        uint64_t offered = fixture_read(f, 0x10, 4);
        fixture_write(f, 0x24, 4, i);
        fixture_write(f, 0x20, 4, offered & (i ? 1 : 0xffff));
    }
    fixture_write(f, 0x70, 4, 11);
    g_assert_cmphex(fixture_read(f, 0x70, 4), ==, 11);
    fixture_write(f, 0x30, 4, 0);
    fixture_write(f, 0x38, 4, QUEUE);
    fixture_write(f, 0x80, 4, DESC);
    fixture_write(f, 0x90, 4, AVAIL);
    fixture_write(f, 0xa0, 4, USED);
    fixture_write(f, 0x44, 4, 1);
    fixture_write(f, 0x70, 4, 15);
}

static void start(Rig *r, bool writable)
{
    static const char *const modern[] = { "force-legacy", "off", NULL };
    DeviceFixture *f = &r->f;
    BlockOpen how = { .format = "raw", .flags = writable ? BLOCK_OPEN_WRITABLE : 0 };
    g_autofree char *content = g_malloc0(IMAGE_SECTORS * SECTOR);

    *r = (Rig){};
    fixture_init(f);
    int fd = g_file_open_tmp("rhea-blk-XXXXXX", &r->path, NULL);
    for (unsigned i = 0; i < IMAGE_SECTORS * SECTOR; i++) {
        content[i] = (char)(i / SECTOR + 1);
    }
    g_assert_cmpint(write(fd, content, IMAGE_SECTORS * SECTOR), ==, IMAGE_SECTORS * SECTOR);
    close(fd);
    Object *drives = object_child(f->root, "drives");
    drives = drives ? drives : object_new_child(f->root, "drives", &container_class, NULL);
    r->backend = block_backend_open(drives, "disk", r->path, &how, NULL);
    g_assert_nonnull(r->backend);
    fixture_add(f, "virtio-mmio", modern);
    fixture_place(f);
    const ObjectClass *class = object_class_by_name("virtio-blk-device");
    r->blk = machine_add_device(f->machine, "blk", container_of(class, DeviceClass, object));
    g_assert_true(property_set(&r->blk->object, "drive", "disk", NULL));
    g_assert_true(property_set(&r->blk->object, "serial", "S-42", NULL));
    g_assert_true(device_realize(r->blk, g_ptr_array_index(f->dev->buses, 0), NULL));
    negotiate(f);
}

static void stop(Rig *r)
{
    device_unrealize(r->blk);
    fixture_cleanup(&r->f);
    g_unlink(r->path);
    g_free(r->path);
}

static void describe(Rig *r, unsigned i, uint64_t address, uint32_t length, uint16_t flags)
{
    fixture_store(&r->f, DESC + 16 * i, 8, address);
    fixture_store(&r->f, DESC + 16 * i + 8, 4, length);
    fixture_store(&r->f, DESC + 16 * i + 12, 2, flags);
    fixture_store(&r->f, DESC + 16 * i + 14, 2, i + 1);
}

static void notify(Rig *r, unsigned head)
{
    fixture_store(&r->f, AVAIL + 4 + 2 * (r->made++ % QUEUE), 2, head);
    fixture_store(&r->f, AVAIL + 2, 2, r->made);
    fixture_write(&r->f, 0x50, 4, 0);
}

static void header(Rig *r, uint32_t type, uint64_t sector)
{
    fixture_store(&r->f, HEADER, 4, type);
    fixture_store(&r->f, HEADER + 4, 4, 0);
    fixture_store(&r->f, HEADER + 8, 8, sector);
    fixture_store(&r->f, STATUS_AT, 1, NOT_ANSWERED);
}

/* One request with @bytes of data at DATA; what its status became. */
static unsigned ask(Rig *r, uint32_t type, uint64_t sector, uint32_t bytes)
{
    bool in = type == IN || type == GET_ID;

    header(r, type, sector);
    describe(r, 0, HEADER, 16, NEXT);
    if (bytes) {
        describe(r, 1, DATA, bytes, NEXT | (in ? WRITE : 0));
    }
    describe(r, bytes ? 2 : 1, STATUS_AT, 1, WRITE);
    notify(r, 0);
    block_backend_drain(r->backend, NULL);
    g_assert_cmpuint(fixture_load(&r->f, USED + 2, 2), ==, r->made);
    return fixture_load(&r->f, STATUS_AT, 1);
}

static void test_reads_and_writes_reach_the_image(void)
{
    Rig r;
    start(&r, true);
    g_assert_cmpuint(fixture_read(&r.f, 0x100, 4), ==, IMAGE_SECTORS);
    g_assert_cmpuint(ask(&r, IN, 3, 2 * SECTOR), ==, OK);
    g_assert_cmphex(fixture_load(&r.f, DATA, 4), ==, 0x04040404);
    g_assert_cmphex(fixture_load(&r.f, DATA + SECTOR, 4), ==, 0x05050505);
    g_assert_cmpint(r.f.level[0], ==, 1);
    fixture_store(&r.f, DATA, 8, 0x1122334455667788);
    g_assert_cmpuint(ask(&r, OUT, 63, SECTOR), ==, OK);
    g_assert_cmpuint(ask(&r, FLUSH, 0, 0), ==, OK);
    g_autofree char *content = NULL;
    g_assert_true(g_file_get_contents(r.path, &content, NULL, NULL));
    g_assert_cmphex((uint8_t)content[63 * SECTOR], ==, 0x88);
    g_assert_cmphex((uint8_t)content[62 * SECTOR], ==, 63);
    g_assert_cmpuint(ask(&r, GET_ID, 0, 20), ==, OK);
    g_assert_cmphex(fixture_load(&r.f, DATA, 4), ==, 0x32342d53);
    fixture_check_state(&r.f);
    stop(&r);
}

static void test_zeroes_and_discards(void)
{
    Rig r;
    start(&r, true);
    fixture_store(&r.f, DATA, 8, 10);
    fixture_store(&r.f, DATA + 8, 4, 2);
    fixture_store(&r.f, DATA + 12, 4, 1);
    g_assert_cmpuint(ask(&r, WRITE_ZEROES, 0, 16), ==, OK);
    g_assert_cmpuint(ask(&r, DISCARD, 0, 16), ==, UNSUPP); /* unmap is no flag of discards */
    fixture_store(&r.f, DATA + 12, 4, 0);
    g_assert_cmpuint(ask(&r, DISCARD, 0, 16), ==, OK);
    g_assert_cmpuint(ask(&r, IN, 9, 4 * SECTOR), ==, OK);
    g_assert_cmphex(fixture_load(&r.f, DATA, 4), ==, 0x0a0a0a0a);
    g_assert_cmphex(fixture_load(&r.f, DATA + SECTOR, 4), ==, 0);
    g_assert_cmphex(fixture_load(&r.f, DATA + 3 * SECTOR, 4), ==, 0x0d0d0d0d);
    stop(&r);
}

static void test_hostile_requests_fail(void)
{
    static const uint64_t sectors[] = { 64, 1ull << 40, 1ull << 55, ~0ull, ~0ull / SECTOR };
    Rig r;
    start(&r, true);
    for (unsigned i = 0; i < G_N_ELEMENTS(sectors); i++) {
        g_assert_cmpuint(ask(&r, IN, sectors[i], SECTOR), ==, IOERR);
        g_assert_cmpuint(ask(&r, OUT, sectors[i], SECTOR), ==, IOERR);
        fixture_store(&r.f, DATA, 8, sectors[i]);
        fixture_store(&r.f, DATA + 8, 8, 1);
        g_assert_cmpuint(ask(&r, DISCARD, 0, 16), ==, IOERR);
        g_assert_cmpuint(ask(&r, WRITE_ZEROES, 0, 16), ==, IOERR);
    }
    g_assert_cmpuint(ask(&r, IN, 63, 2 * SECTOR), ==, IOERR);
    g_assert_cmpuint(ask(&r, IN, 0, 100), ==, IOERR);
    g_assert_cmpuint(ask(&r, OUT, 0, 513), ==, IOERR);
    g_assert_cmpuint(ask(&r, DISCARD, 0, 15), ==, IOERR);
    g_assert_cmpuint(ask(&r, DISCARD, 0, 32), ==, IOERR);
    g_assert_cmpuint(ask(&r, 77, 0, SECTOR), ==, UNSUPP);
    g_assert_cmpuint(ask(&r, IN, 0, 0), ==, OK);
    stop(&r);
}

static void test_requests_without_header_or_status(void)
{
    Rig r;
    start(&r, true);
    header(&r, IN, 0);
    describe(&r, 0, HEADER, 15, NEXT);
    describe(&r, 1, STATUS_AT, 1, WRITE);
    notify(&r, 0);
    describe(&r, 0, HEADER, 16, 0);
    notify(&r, 0);
    g_assert_cmpuint(fixture_load(&r.f, USED + 2, 2), ==, 2);
    g_assert_cmpuint(fixture_load(&r.f, STATUS_AT, 1), ==, NOT_ANSWERED);
    stop(&r);
}

static void test_read_only_drives_are_not_written_to(void)
{
    Rig r;
    start(&r, false);
    g_assert_cmpuint(ask(&r, OUT, 0, SECTOR), ==, IOERR);
    fixture_store(&r.f, DATA, 8, 0);
    fixture_store(&r.f, DATA + 8, 8, 1);
    g_assert_cmpuint(ask(&r, DISCARD, 0, 16), ==, IOERR);
    g_assert_cmpuint(ask(&r, IN, 0, SECTOR), ==, OK);
    g_assert_cmpuint(ask(&r, FLUSH, 0, 0), ==, OK);
    stop(&r);
}

static void test_reset_ends_what_is_under_way(void)
{
    Rig r;
    start(&r, true);
    header(&r, IN, 0);
    describe(&r, 0, HEADER, 16, NEXT);
    describe(&r, 1, DATA, SECTOR, NEXT | WRITE);
    describe(&r, 2, STATUS_AT, 1, WRITE);
    notify(&r, 0);
    fixture_write(&r.f, 0x70, 4, 0);
    g_assert_cmpuint(r.backend->in_flight, ==, 0);
    g_assert_cmpuint(fixture_load(&r.f, STATUS_AT, 1), ==, NOT_ANSWERED);
    g_assert_cmpuint(fixture_load(&r.f, USED + 2, 2), ==, 0);
    stop(&r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virtio_blk/transfers", test_reads_and_writes_reach_the_image);
    g_test_add_func("/virtio_blk/erase", test_zeroes_and_discards);
    g_test_add_func("/virtio_blk/hostile", test_hostile_requests_fail);
    g_test_add_func("/virtio_blk/malformed", test_requests_without_header_or_status);
    g_test_add_func("/virtio_blk/read_only", test_read_only_drives_are_not_written_to);
    g_test_add_func("/virtio_blk/reset", test_reset_ends_what_is_under_way);
    return g_test_run();
}
