/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/core/loader.h"

#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "tests/unit/device_fixture.h"

enum { BASE = 0x100000 };

typedef struct {
    DeviceFixture f;
    Loader loader;
    char *path;
    LoadedImage image;
    GError *error;
} Rig;

static void setup(Rig *r, gconstpointer unused)
{
    fixture_init(&r->f);
    fixture_add(&r->f, "sifive-test", NULL);
    loader_init(&r->loader, &r->f.machine->memory, 0, FIXTURE_RAM_BYTES);
    r->loader.elf_machine = EM_RISCV;
    r->loader.elf_class = ELFCLASS64;
    r->loader.uimage_arch = 26;
    close(g_file_open_tmp("loader-XXXXXX", &r->path, NULL));
}

static void teardown(Rig *r, gconstpointer unused)
{
    g_clear_error(&r->error);
    unlink(r->path);
    g_free(r->path);
    loader_cleanup(&r->loader);
    fixture_cleanup(&r->f);
}

static bool load(Rig *r, const void *bytes, size_t length)
{
    g_assert_true(g_file_set_contents(r->path, bytes, length, NULL));
    g_clear_error(&r->error);
    loader_cleanup(&r->loader);
    uint16_t machine = r->loader.elf_machine;
    loader_init(&r->loader, &r->f.machine->memory, 0, FIXTURE_RAM_BYTES);
    r->loader.elf_machine = machine;
    r->loader.elf_class = ELFCLASS64;
    r->loader.uimage_arch = 26;
    return loader_load_kernel(&r->loader, "kernel", r->path, BASE, &r->image, &r->error);
}

static void expect_error(Rig *r, const char *text)
{
    g_assert_nonnull(r->error);
    if (!strstr(r->error->message, text) ||
        !g_str_has_prefix(r->error->message, "could not load kernel '")) {
        g_error("unexpected message: %s", r->error->message);
    }
}

/* Header, two segments, contents: 4 bytes at 0x200000 with 12 more of zeros, 4 bytes at 0x300000.
 */
typedef struct {
    Elf64_Ehdr header;
    Elf64_Phdr segment[2];
    char contents[8];
} Program;

static Program good_program(void)
{
    Program p = {
        .header = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
                    .e_type = ET_EXEC,
                    .e_machine = EM_RISCV,
                    .e_entry = 0xffffffff80000002,
                    .e_phoff = offsetof(Program, segment),
                    .e_phentsize = sizeof(Elf64_Phdr),
                    .e_phnum = 2 },
        .segment = { { .p_type = PT_LOAD,
                       .p_offset = offsetof(Program, contents),
                       .p_vaddr = 0xffffffff80000000,
                       .p_paddr = 0x200000,
                       .p_filesz = 4,
                       .p_memsz = 16 },
                     { .p_type = PT_LOAD,
                       .p_offset = offsetof(Program, contents) + 4,
                       .p_vaddr = 0x300000,
                       .p_paddr = 0x300000,
                       .p_filesz = 4,
                       .p_memsz = 4 } },
        .contents = "abcdefg",
    };
    return p;
}

static void test_elf(Rig *r, gconstpointer unused)
{
    Program p = good_program();
    fixture_store(&r->f, 0x200008, 8, UINT64_MAX);
    g_assert_true(load(r, &p, sizeof(p)));
    g_assert_cmphex(r->image.entry, ==, 0x200002);
    g_assert_cmphex(r->image.start, ==, 0x200000);
    g_assert_cmphex(r->image.end, ==, 0x300004);
    g_assert_cmphex(fixture_load(&r->f, 0x200000, 4), ==, 0x64636261);
    g_assert_cmphex(fixture_load(&r->f, 0x200008, 8), ==, 0);
}

static void test_bad_elf(Rig *r, gconstpointer unused)
{
    Program p = good_program();
    g_assert_false(load(r, &p, 40));
    expect_error(r, "truncated");
    g_assert_false(load(r, &p, sizeof(p) - 6));
    expect_error(r, "truncated");
    p.header.e_machine = EM_X86_64;
    g_assert_false(load(r, &p, sizeof(p)));
    expect_error(r, "another architecture");
    p = good_program();
    p.header.e_ident[EI_CLASS] = ELFCLASS32;
    g_assert_false(load(r, &p, sizeof(p)));
    p = good_program();
    p.segment[1].p_paddr = 0x20000c;
    g_assert_false(load(r, &p, sizeof(p)));
    expect_error(r, "overlaps the kernel");
    p = good_program();
    p.segment[0].p_memsz = UINT64_MAX;
    g_assert_false(load(r, &p, sizeof(p)));
    expect_error(r, "do not fit in RAM");
    p = good_program();
    p.segment[0].p_paddr = UINT64_MAX - 2;
    g_assert_false(load(r, &p, sizeof(p)));
    expect_error(r, "do not fit in RAM");
    p = good_program();
    p.segment[0].p_offset = UINT64_MAX - 1;
    g_assert_false(load(r, &p, sizeof(p)));
    p = good_program();
    p.header.e_phoff = UINT64_MAX - 10;
    g_assert_false(load(r, &p, sizeof(p)));
    expect_error(r, "truncated");
}

static void test_damaged_elf_is_harmless(Rig *r, gconstpointer unused)
{
    Program p = good_program();
    for (unsigned i = 0; i < 3000; i++) {
        Program damaged = p;
        for (int n = g_test_rand_int_range(1, 4); n; n--) {
            ((uint8_t *)&damaged)[g_test_rand_int_range(0, sizeof(p))] =
                g_test_rand_int_range(0, 256);
        }
        uint64_t value;
        load(r, &damaged, sizeof(damaged));
        loader_elf_symbol(r->path, "tohost", &value);
    }
}

static size_t gzip(const void *bytes, size_t length, uint8_t *out, size_t room)
{
    z_stream z = {
        .next_in = (Bytef *)bytes, .avail_in = length, .next_out = out, .avail_out = room
    };
    g_assert_cmpint(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), ==,
                    Z_OK);
    g_assert_cmpint(deflate(&z, Z_FINISH), ==, Z_STREAM_END);
    deflateEnd(&z);
    return z.total_out;
}

static void make_image(uint8_t image[4096])
{
    memset(image, 0x5a, 4096);
    uint64_t size = GUINT64_TO_LE(0x8000);
    memcpy(image + 16, &size, 8);
    memcpy(image + 56, "RSC\x05", 4);
}

static void expect_image(Rig *r, bool loaded)
{
    g_assert_no_error(r->error);
    g_assert_true(loaded);
    g_assert_cmphex(r->image.entry, ==, BASE);
    g_assert_cmphex(r->image.end, ==, BASE + 0x8000);
    g_assert_cmphex(fixture_load(&r->f, BASE + 4088, 8), ==, 0x5a5a5a5a5a5a5a5a);
    memset((uint8_t *)memory_region_ram_pointer(&r->f.machine->ram) + BASE, 0, 4096);
}

static void test_images(Rig *r, gconstpointer unused)
{
    uint8_t image[4096], packed[8192], zboot[8192] = "MZ";
    make_image(image);
    expect_image(r, load(r, image, sizeof(image)));
    size_t length = gzip(image, sizeof(image), packed, sizeof(packed));
    expect_image(r, load(r, packed, length));
    g_assert_false(load(r, packed, length - 9));
    expect_error(r, "damaged or truncated");
    packed[length / 2] ^= 0x55;
    g_assert_false(load(r, packed, length));
    packed[length / 2] ^= 0x55;

    memcpy(zboot + 4, "zimg", 4);
    uint32_t at = GUINT32_TO_LE(512), size = GUINT32_TO_LE(length);
    memcpy(zboot + 8, &at, 4);
    memcpy(zboot + 12, &size, 4);
    memcpy(zboot + 24, "gzip", 5);
    memcpy(zboot + 512, packed, length);
    expect_image(r, load(r, zboot, 512 + length));
    g_assert_false(load(r, zboot, 512 + length - 1));
    expect_error(r, "truncated");
    memcpy(zboot + 24, "zstd22", 7);
    g_assert_false(load(r, zboot, 512 + length));
    expect_error(r, "compression 'zstd22'");
}

static void test_gzip_bomb(Rig *r, gconstpointer unused)
{
    size_t length = 2 * FIXTURE_RAM_BYTES;
    g_autofree uint8_t *zeros = g_malloc0(length), *packed = g_malloc(length);
    g_assert_false(load(r, packed, gzip(zeros, length, packed, length)));
    expect_error(r, "does not fit in RAM");
}

static void put_big(uint8_t *at, uint32_t value)
{
    value = GUINT32_TO_BE(value);
    memcpy(at, &value, 4);
}

static void test_uimage(Rig *r, gconstpointer unused)
{
    uint8_t file[64 + 4096] = { 0 };
    make_image(file + 64);
    put_big(file, 0x27051956);
    put_big(file + 12, 4096);
    put_big(file + 16, 0x400000);
    put_big(file + 20, 0x400010);
    put_big(file + 24, crc32(0, file + 64, 4096));
    file[29] = 26;
    file[30] = 2;
    put_big(file + 4, crc32(0, file, 64));
    g_assert_true(load(r, file, sizeof(file)));
    g_assert_cmphex(r->image.entry, ==, 0x400010);
    g_assert_cmphex(fixture_load(&r->f, 0x400ff8, 8), ==, 0x5a5a5a5a5a5a5a5a);
    g_assert_false(load(r, file, sizeof(file) - 1));
    expect_error(r, "truncated");
    file[100] ^= 1;
    g_assert_false(load(r, file, sizeof(file)));
    expect_error(r, "data is damaged");
    file[40] ^= 1;
    g_assert_false(load(r, file, sizeof(file)));
    expect_error(r, "header is damaged");
}

static void test_files_that_cannot_be(Rig *r, gconstpointer unused)
{
    g_assert_false(load(r, "", 0));
    expect_error(r, "empty");
    g_clear_error(&r->error);
    g_assert_false(
        loader_load_kernel(&r->loader, "kernel", "/nowhere", BASE, &r->image, &r->error));
    expect_error(r, "No such file");
    g_clear_error(&r->error);
    g_assert_false(loader_load_kernel(&r->loader, "kernel", "/", BASE, &r->image, &r->error));
    expect_error(r, "directory");
    g_clear_error(&r->error);
    g_assert_false(
        loader_load_kernel(&r->loader, "kernel", "/dev/zero", BASE, &r->image, &r->error));
    expect_error(r, "regular file");
}

#define ADD(name, fn) g_test_add(name, Rig, NULL, setup, fn, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/loader/elf", test_elf);
    ADD("/loader/bad-elf", test_bad_elf);
    ADD("/loader/damaged-elf", test_damaged_elf_is_harmless);
    ADD("/loader/images", test_images);
    ADD("/loader/gzip-bomb", test_gzip_bomb);
    ADD("/loader/uimage", test_uimage);
    ADD("/loader/no-file", test_files_that_cannot_be);
    return g_test_run();
}
