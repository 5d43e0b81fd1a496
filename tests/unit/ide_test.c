/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disk and CD drive on the parallel channels of a PIIX3, as drivers program them, and as nobody
 * should. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "block/backend.h"
#include "tests/unit/pci_fixture.h"

enum { PORT = 0x1f0, CONTROL = 0x3f6, MASTER = 0xc000, IDE = PCI_DEVFN(1, 1) };
enum { DATA = 0, ERROR = 1, COUNT = 2, LOW = 3, MID = 4, HIGH = 5, DEVICE = 6, STATUS = 7 };
enum { BSY = 0x80, DRQ = 0x08, ERR = 0x01, READY = 0x50 };
enum { SECTOR = 512, SECTORS = 4096, TABLE = 0x10000, MEMORY = 0x20000 };

typedef struct {
    PciFixture f;
    BlockBackend *backend;
    Device *drive;
    char *path;
} Rig;

static uint8_t in(Rig *r, unsigned reg)
{
    return pci_fixture_in(&r->f, PORT + reg, 1);
}

static void out(Rig *r, unsigned reg, uint8_t value)
{
    pci_fixture_out(&r->f, PORT + reg, 1, value);
}

static char *make_image(unsigned sectors)
{
    g_autofree char *content = g_malloc(sectors * SECTOR);
    char *path;
    int fd = g_file_open_tmp("rhea-ide-XXXXXX", &path, NULL);

    for (unsigned i = 0; i < sectors * SECTOR; i++) {
        content[i] = (char)(i / SECTOR + i);
    }
    g_assert_cmpint(write(fd, content, sectors * SECTOR), ==, sectors * SECTOR);
    close(fd);
    return path;
}

static void start(Rig *r, const char *class_name, bool writable)
{
    BlockOpen how = { .format = "raw", .flags = writable ? BLOCK_OPEN_WRITABLE : 0 };

    *r = (Rig){ 0 };
    pci_fixture_init(&r->f, "i440FX-pcihost", "PIIX3", PCI_DEVFN(1, 0));
    Machine *machine = r->f.device.machine;
    g_assert_nonnull(pci_add(machine, r->f.root, "piix3-ide", IDE, NULL));
    Object *drives = object_child(r->f.device.root, "drives");
    drives =
        drives ? drives : object_new_child(r->f.device.root, "drives", &block_drives_class, NULL);
    r->path = make_image(SECTORS);
    r->backend = block_backend_open(drives, "disk", r->path, &how, NULL);
    g_assert_nonnull(r->backend);
    const ObjectClass *class = object_class_by_name(class_name);
    Bus *bus = bus_find(&machine->object, "ide.0",
                        container_of(object_class_by_name("IDE"), BusClass, object), NULL);
    r->drive = machine_add_device(machine, "drive", container_of(class, DeviceClass, object));
    g_assert_true(property_set(&r->drive->object, "drive", "disk", NULL));
    g_assert_true(property_set(&r->drive->object, "serial", "S-42", NULL));
    g_assert_true(device_realize(r->drive, bus, NULL));
    g_assert_true(machine_reset(machine, NULL));
    pci_fixture_write(&r->f, IDE, PCI_BAR0 + 16, 4, MASTER);
    pci_fixture_write(&r->f, IDE, PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MASTER);
    pci_fixture_write(&r->f, IDE, 0x40, 2, 0x8000);
}

static void stop(Rig *r)
{
    device_unrealize(r->drive);
    pci_fixture_cleanup(&r->f);
    g_unlink(r->path);
    g_free(r->path);
}

/* Registers for LBA28, then the command, then what waits for the medium. */
static void command(Rig *r, uint8_t code, uint32_t lba, uint8_t count)
{
    out(r, DEVICE, 0xe0 | lba >> 24);
    out(r, COUNT, count);
    out(r, LOW, lba);
    out(r, MID, lba >> 8);
    out(r, HIGH, lba >> 16);
    out(r, STATUS, code);
    block_backend_drain(r->backend, NULL);
}

static void read_data(Rig *r, uint8_t *to, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i += 2) {
        uint32_t word = pci_fixture_in(&r->f, PORT, 2);
        to[i] = word;
        to[i + 1] = word >> 8;
    }
}

static uint8_t expected(unsigned sector, unsigned at)
{
    return sector + sector * SECTOR + at;
}

static void check_sector(const uint8_t *data, unsigned sector)
{
    for (unsigned i = 0; i < SECTOR; i++) {
        g_assert_cmphex(data[i], ==, expected(sector, i));
    }
}

static void test_identify_names_the_disk(void)
{
    Rig r;
    uint8_t data[SECTOR], sum = 0;

    start(&r, "ide-hd", true);
    command(&r, 0xec, 0, 0);
    g_assert_cmphex(in(&r, STATUS), ==, READY | DRQ);
    read_data(&r, data, SECTOR);
    g_assert_cmphex(in(&r, STATUS), ==, READY);
    g_assert_cmpmem(data + 20, 4, "-S24", 4);
    g_assert_cmpuint(data[120] | data[121] << 8, ==, SECTORS);
    for (unsigned i = 0; i < SECTOR; i++) {
        sum += data[i];
    }
    g_assert_cmpuint(sum, ==, 0);
    stop(&r);
}

static void test_pio_moves_sectors_both_ways(void)
{
    Rig r;
    uint8_t data[SECTOR];

    start(&r, "ide-hd", true);
    command(&r, 0x20, 7, 2);
    for (unsigned i = 0; i < 2; i++) {
        block_backend_drain(r.backend, NULL);
        g_assert_cmphex(in(&r, STATUS), ==, READY | DRQ);
        read_data(&r, data, SECTOR);
        check_sector(data, 7 + i);
    }
    g_assert_cmphex(in(&r, STATUS), ==, READY);
    command(&r, 0xc5, 100, 8); /* WRITE MULTIPLE: one block */
    for (unsigned i = 0; i < 8 * SECTOR / 4; i++) {
        pci_fixture_out(&r.f, PORT, 4, 0x01010101 * (i & 0xff));
    }
    block_backend_drain(r.backend, NULL);
    g_assert_cmphex(in(&r, STATUS), ==, READY);
    command(&r, 0xe7, 0, 0);
    g_autofree char *content = NULL;
    g_assert_true(g_file_get_contents(r.path, &content, NULL, NULL));
    g_assert_cmphex((uint8_t)content[100 * SECTOR + 4 * 77], ==, 77);
    stop(&r);
}

static void put_entry(Rig *r, unsigned i, uint32_t address, uint32_t count)
{
    fixture_store(&r->f.device, TABLE + 8 * i, 4, address);
    fixture_store(&r->f.device, TABLE + 8 * i + 4, 4, count);
}

static void dma(Rig *r, uint8_t code, uint32_t lba, uint8_t count, bool to_memory)
{
    pci_fixture_out(&r->f, MASTER + 4, 4, TABLE);
    pci_fixture_out(&r->f, MASTER + 2, 1, 6);
    command(r, code, lba, count);
    pci_fixture_out(&r->f, MASTER, 1, 1 | (to_memory ? 8 : 0));
    block_backend_drain(r->backend, NULL);
}

static void test_dma_moves_sectors_both_ways(void)
{
    Rig r;

    start(&r, "ide-hd", true);
    put_entry(&r, 0, MEMORY, 100);
    put_entry(&r, 1, MEMORY + 0x1000, 0x80000000u | (2 * SECTOR - 100));
    dma(&r, 0xc8, 9, 2, true);
    g_assert_cmphex(pci_fixture_in(&r.f, MASTER + 2, 1) & 7, ==, 4);
    g_assert_cmphex(in(&r, STATUS), ==, READY);
    g_assert_cmphex(fixture_load(&r.f.device, MEMORY, 1), ==, expected(9, 0));
    g_assert_cmphex(fixture_load(&r.f.device, MEMORY + 0x1000, 1), ==, expected(9, 100));
    pci_fixture_out(&r.f, MASTER, 1, 0);
    fixture_store(&r.f.device, MEMORY, 8, 0x1122334455667788);
    dma(&r, 0xca, 20, 2, false);
    g_autofree char *content = NULL;
    g_assert_true(g_file_get_contents(r.path, &content, NULL, NULL));
    g_assert_cmphex((uint8_t)content[20 * SECTOR], ==, 0x88);
    stop(&r);
}

static void test_dma_stops_where_memory_ends(void)
{
    Rig r;

    start(&r, "ide-hd", true);
    put_entry(&r, 0, MEMORY, 0x80000000u | 100);
    dma(&r, 0xc8, 9, 2, true);
    g_assert_cmphex(in(&r, STATUS) & ERR, ==, ERR);
    g_assert_cmphex(pci_fixture_in(&r.f, MASTER + 2, 1) & 1, ==, 0);
    pci_fixture_out(&r.f, MASTER, 1, 0);
    put_entry(&r, 0, 0xfffff000, 0x80000000u); /* no memory there, nor is the table in any */
    dma(&r, 0xc8, 9, 2, true);
    g_assert_cmphex(in(&r, STATUS) & ERR, ==, ERR);
    stop(&r);
}

static void test_addresses_beyond_the_end_are_refused(void)
{
    Rig r;

    start(&r, "ide-hd", true);
    command(&r, 0x20, SECTORS - 1, 2);
    g_assert_cmphex(in(&r, STATUS) & (ERR | DRQ | BSY), ==, ERR);
    g_assert_cmphex(in(&r, ERROR), ==, 0x10);
    command(&r, 0xc8, 0x0fffffff, 0);
    g_assert_cmphex(in(&r, STATUS) & (ERR | DRQ | BSY), ==, ERR);
    stop(&r);
}

static void test_a_read_only_disk_refuses_writes(void)
{
    Rig r;

    start(&r, "ide-hd", false);
    command(&r, 0x30, 0, 1);
    g_assert_cmphex(in(&r, STATUS) & (ERR | DRQ), ==, ERR);
    stop(&r);
}

static void test_reset_ends_a_request_under_way(void)
{
    Rig r;

    start(&r, "ide-hd", true);
    out(&r, COUNT, 1);
    out(&r, STATUS, 0x20);
    g_assert_cmphex(pci_fixture_in(&r.f, CONTROL, 1) & BSY, ==, BSY);
    pci_fixture_out(&r.f, CONTROL, 1, 4);
    pci_fixture_out(&r.f, CONTROL, 1, 0);
    g_assert_cmphex(in(&r, STATUS), ==, BSY);
    block_backend_drain(r.backend, NULL);
    g_assert_cmphex(in(&r, STATUS), ==, READY);
    g_assert_cmphex(in(&r, COUNT), ==, 1);
    stop(&r);
}

typedef struct {
    unsigned count;
    BlockOnError action;
} Errors;

static void note_error(void *opaque, BlockBackend *backend, const BlockIo *io, int result,
                       BlockOnError action)
{
    Errors *errors = opaque;

    g_assert_cmpint(result, ==, -EFBIG);
    errors->count++;
    errors->action = action;
}

static void note_tray(void *opaque, BlockBackend *backend, bool open)
{
}

static void write_sector(Rig *r, uint32_t lba)
{
    command(r, 0x30, lba, 1);
    for (unsigned i = 0; i < SECTOR / 4; i++) {
        pci_fixture_out(&r->f, PORT, 4, 0xabababab);
    }
    block_backend_drain(r->backend, NULL);
}

/* The host refuses to write beyond a limit, which the policies take in their ways. */
static void test_a_failed_write_waits_is_told_or_is_not(void)
{
    static const BlockEvents events = { .io_error = note_error, .tray_moved = note_tray };
    Errors errors = { 0 };
    struct rlimit old, small;
    Rig r;

    start(&r, "ide-hd", true);
    BlockDrives *drives = object_cast(r.backend->object.parent, &block_drives_class);
    g_assert_nonnull(drives);
    drives->events = &events;
    drives->opaque = &errors;
    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &old), ==, 0);
    small = old;
    small.rlim_cur = SECTORS / 2 * SECTOR;
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &small), ==, 0);
    r.backend->on_write_error = BLOCK_ON_ERROR_ENOSPC; /* another error: reported */
    write_sector(&r, SECTORS - 1);
    g_assert_cmphex(in(&r, STATUS) & (ERR | BSY), ==, ERR);
    g_assert_cmpint(errors.action, ==, BLOCK_ON_ERROR_REPORT);
    r.backend->on_write_error = BLOCK_ON_ERROR_IGNORE;
    write_sector(&r, SECTORS - 1);
    g_assert_cmphex(in(&r, STATUS), ==, READY);
    r.backend->on_write_error = BLOCK_ON_ERROR_STOP;
    write_sector(&r, SECTORS - 1);
    g_assert_cmphex(in(&r, STATUS) & BSY, ==, BSY);
    g_assert_cmpint(errors.action, ==, BLOCK_ON_ERROR_STOP);
    g_assert_cmpuint(errors.count, ==, 3);
    fixture_check_state(&r.f.device);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &old), ==, 0);
    block_backend_resume(r.backend);
    block_backend_drain(r.backend, NULL);
    g_assert_cmphex(in(&r, STATUS), ==, READY);
    g_autofree char *content = NULL;
    g_assert_true(g_file_get_contents(r.path, &content, NULL, NULL));
    g_assert_cmphex((uint8_t)content[(SECTORS - 1) * SECTOR], ==, 0xab);
    stop(&r);
}

/* A packet with a reply of at most @bytes by PIO; returns the status. */
static uint8_t packet(Rig *r, const uint8_t cdb[12], uint8_t *reply, unsigned bytes)
{
    out(r, DEVICE, 0xa0);
    out(r, ERROR, 0);
    out(r, MID, bytes);
    out(r, HIGH, bytes >> 8);
    out(r, STATUS, 0xa0);
    g_assert_cmphex(in(r, STATUS) & DRQ, ==, DRQ);
    for (unsigned i = 0; i < 12; i += 2) {
        pci_fixture_out(&r->f, PORT, 2, cdb[i] | cdb[i + 1] << 8);
    }
    block_backend_drain(r->backend, NULL);
    while (in(r, STATUS) & DRQ) {
        unsigned piece = in(r, MID) | in(r, HIGH) << 8;
        g_assert_cmpuint(piece, <=, bytes);
        read_data(r, reply, piece);
        reply += piece;
        block_backend_drain(r->backend, NULL);
    }
    return in(r, STATUS);
}

static void test_a_cd_reads_blocks_once_it_told_of_the_medium(void)
{
    static const uint8_t ready[12] = { 0x00 }, sense[12] = { 0x03, 0, 0, 0, 18 };
    static const uint8_t read[12] = { 0x28, 0, 0, 0, 0, 3, 0, 0, 2 };
    static const uint8_t beyond[12] = { 0xa8, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    Rig r;
    uint8_t data[4096];

    start(&r, "ide-cd", false);
    command(&r, 0xec, 0, 0);
    g_assert_cmphex(in(&r, STATUS) & ERR, ==, ERR);
    g_assert_cmphex(in(&r, MID), ==, 0x14);
    g_assert_cmphex(packet(&r, ready, data, 512) & ERR, ==, ERR); /* power on */
    g_assert_cmphex(in(&r, ERROR) >> 4, ==, 6);
    g_assert_cmphex(packet(&r, sense, data, 512), ==, READY);
    g_assert_cmphex(data[2], ==, 6);
    g_assert_cmphex(data[12], ==, 0x29);
    g_assert_cmphex(packet(&r, ready, data, 512), ==, READY);
    g_assert_cmphex(packet(&r, read, data, 2048), ==, READY);
    check_sector(data, 12);
    check_sector(data + 7 * SECTOR, 19);
    g_assert_cmphex(packet(&r, beyond, data, 2048) & ERR, ==, ERR);
    stop(&r);
}

static void hostile(const char *class_name)
{
    static const uint8_t packets[] = { 0x00, 0x03, 0x12, 0x1a, 0x1b, 0x25, 0x28, 0x42, 0x43, 0x46,
                                       0x4a, 0x51, 0x52, 0x5a, 0xa8, 0xad, 0xb9, 0xbd, 0xbe, 0xff };
    Rig r;

    start(&r, class_name, true);
    for (unsigned i = 0; i < TABLE; i += 8) { /* tables of everything */
        fixture_store(&r.f.device, TABLE + i % 0x10000, 8, 0x9e3779b97f4a7c15ull * (i + 1));
    }
    for (unsigned pass = 0; pass < 3; pass++) {
        for (unsigned code = 0; code < 256; code++) {
            for (unsigned reg = 1; reg < 7; reg++) {
                out(&r, reg, pass == 0 ? 0 : pass == 1 ? 0xff : code * 31 + reg * 7);
            }
            out(&r, DEVICE, pass == 1 ? 0xef : 0xe0);
            out(&r, STATUS, code);
            pci_fixture_out(&r.f, MASTER + 4, 4, pass ? 0xfffffffc : TABLE);
            pci_fixture_out(&r.f, MASTER, 4, 0xff);
            for (unsigned i = 0; i < 700; i++) {
                pci_fixture_in(&r.f, PORT, 4);
                pci_fixture_out(&r.f, PORT, 2, packets[(i + code) % sizeof(packets)] | i << 8);
            }
            block_backend_drain(r.backend, NULL);
            pci_fixture_out(&r.f, MASTER, 1, 0);
            pci_fixture_out(&r.f, CONTROL, 1, code % 2 ? 4 : 0x80);
            pci_fixture_out(&r.f, CONTROL, 1, 0);
        }
        fixture_check_state(&r.f.device);
    }
    pci_fixture_hostile(&r.f, IDE, PCI_CONFIG_BYTES);
    block_backend_drain(r.backend, NULL);
    stop(&r);
}

static void test_hostile_registers_of_a_disk(void)
{
    hostile("ide-hd");
}

static void test_hostile_registers_of_a_cd(void)
{
    hostile("ide-cd");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ide/identify_names_the_disk", test_identify_names_the_disk);
    g_test_add_func("/ide/pio_moves_sectors_both_ways", test_pio_moves_sectors_both_ways);
    g_test_add_func("/ide/dma_moves_sectors_both_ways", test_dma_moves_sectors_both_ways);
    g_test_add_func("/ide/dma_stops_where_memory_ends", test_dma_stops_where_memory_ends);
    g_test_add_func("/ide/addresses_beyond_the_end_are_refused",
                    test_addresses_beyond_the_end_are_refused);
    g_test_add_func("/ide/a_read_only_disk_refuses_writes", test_a_read_only_disk_refuses_writes);
    g_test_add_func("/ide/reset_ends_a_request_under_way", test_reset_ends_a_request_under_way);
    g_test_add_func("/ide/a_cd_reads_blocks_once_it_told_of_the_medium",
                    test_a_cd_reads_blocks_once_it_told_of_the_medium);
    g_test_add_func("/ide/a_failed_write_waits_is_told_or_is_not",
                    test_a_failed_write_waits_is_told_or_is_not);
    g_test_add_func("/ide/hostile_registers_of_a_disk", test_hostile_registers_of_a_disk);
    g_test_add_func("/ide/hostile_registers_of_a_cd", test_hostile_registers_of_a_cd);
    return g_test_run();
}
