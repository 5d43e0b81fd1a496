/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernels of every kind, whole and damaged, as x86 boards load them without firmware. */
#include "hw/x86/boot.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/device_fixture.h"

enum { RAM_END = FIXTURE_RAM_BYTES, ZERO_PAGE = 0x10000, INFO = 0x18000, LINE = 0x20000 };

typedef struct {
    DeviceFixture f;
    char *kernel, *initrd;
    X86Entry entry;
    GError *error;
    bool has_64;
} Rig;

static void setup(Rig *r, gconstpointer unused)
{
    fixture_init(&r->f);
    fixture_add(&r->f, "sifive-test", NULL);
    close(g_file_open_tmp("kernel-XXXXXX", &r->kernel, NULL));
    close(g_file_open_tmp("initrd-XXXXXX", &r->initrd, NULL));
    r->f.machine->boot.kernel = g_strdup(r->kernel);
    r->f.machine->boot.append = g_strdup("quiet");
    r->has_64 = true;
}

static void teardown(Rig *r, gconstpointer unused)
{
    g_clear_error(&r->error);
    unlink(r->kernel);
    unlink(r->initrd);
    g_free(r->kernel);
    g_free(r->initrd);
    fixture_cleanup(&r->f);
}

static bool boot(Rig *r, const void *bytes, size_t length)
{
    X86BootBoard board = { .low_ram_end = RAM_END, .more_append = "more", .has_64 = r->has_64 };
    g_assert_true(g_file_set_contents(r->kernel, bytes, length, NULL));
    g_clear_error(&r->error);
    return x86_boot(r->f.machine, &board, &r->entry, &r->error);
}

static void expect_error(Rig *r, const char *text)
{
    g_assert_nonnull(r->error);
    if (!strstr(r->error->message, text) || strchr(r->error->message, '\n')) {
        g_error("unexpected message: %s", r->error->message);
    }
}

static void set_initrd(Rig *r, const char *contents, const char *text)
{
    g_assert_true(g_file_set_contents(r->initrd, contents, -1, NULL));
    g_free(r->f.machine->boot.initrd);
    r->f.machine->boot.initrd = g_strconcat(r->initrd, text, NULL);
}

static void put(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        at[i] = value >> 8 * i;
    }
}

/* A bzImage of one setup sector more and 1000 bytes of code. */
enum { SETUP_BYTES = 1024, CODE_BYTES = 1000, IMAGE_BYTES = SETUP_BYTES + CODE_BYTES };

static void make_image(uint8_t image[IMAGE_BYTES], unsigned version)
{
    memset(image, 0, IMAGE_BYTES);
    memset(image + SETUP_BYTES, 0xcc, CODE_BYTES);
    image[0x1f1] = 1;
    image[0x201] = 0x66;
    memcpy(image + 0x202, "HdrS", 4);
    put(image + 0x206, version, 2);
    image[0x211] = 1;
    put(image + 0x22c, 0x7fffffff, 4);
    image[0x234] = 1;
    put(image + 0x236, 1, 2);
    put(image + 0x238, 100, 4);
    put(image + 0x258, 0x400000, 8);
    put(image + 0x260, 0x10000, 4);
}

static void test_linux(Rig *r, gconstpointer unused)
{
    uint8_t image[IMAGE_BYTES];
    make_image(image, 0x20f);
    set_initrd(r, "initrd", "");
    g_assert_true(boot(r, image, sizeof(image)));
    g_assert_cmpint(r->entry.mode, ==, X86_ENTRY_LONG);
    g_assert_cmphex(r->entry.pc, ==, 0x400200);
    g_assert_cmphex(r->entry.rsi, ==, ZERO_PAGE);
    g_assert_cmphex(fixture_load(&r->f, 0x400000, 4), ==, 0xcccccccc);
    uint32_t initrd = fixture_load(&r->f, ZERO_PAGE + 0x218, 4);
    g_assert_cmphex(initrd, ==, RAM_END - 4096);
    g_assert_cmpuint(fixture_load(&r->f, ZERO_PAGE + 0x21c, 4), ==, 6);
    g_assert_cmphex(fixture_load(&r->f, initrd, 4), ==, 0x74696e69);
    g_assert_cmphex(fixture_load(&r->f, ZERO_PAGE + 0x228, 4), ==, LINE);
    g_assert_cmphex(fixture_load(&r->f, LINE, 8), ==, 0x6f6d207465697571); /* "quiet mo" */
    g_assert_cmpuint(fixture_load(&r->f, ZERO_PAGE + 0x1e8, 1), ==, 4);
    g_assert_cmphex(fixture_load(&r->f, ZERO_PAGE + 0x2d0 + 8, 8), ==, 0x9fc00);
    /* long mode: the page of the entry is mapped to itself */
    uint64_t pdpt = fixture_load(&r->f, X86_ENTRY_PML4, 8) & ~0xfffull;
    uint64_t pd = fixture_load(&r->f, pdpt, 8) & ~0xfffull;
    g_assert_cmphex(fixture_load(&r->f, pd + 8 * 2, 8), ==, 0x400083);
}

static void test_linux_32(Rig *r, gconstpointer unused)
{
    uint8_t image[IMAGE_BYTES];
    make_image(image, 0x204);
    g_assert_true(boot(r, image, sizeof(image)));
    g_assert_cmpint(r->entry.mode, ==, X86_ENTRY_PROTECTED);
    g_assert_cmphex(r->entry.pc, ==, 0x100000);
    make_image(image, 0x20f);
    r->has_64 = false;
    g_assert_true(boot(r, image, sizeof(image)));
    g_assert_cmpint(r->entry.mode, ==, X86_ENTRY_PROTECTED);
    g_assert_cmphex(r->entry.pc, ==, 0x400000);
}

static void test_linux_bad(Rig *r, gconstpointer unused)
{
    uint8_t image[IMAGE_BYTES];
    make_image(image, 0x20f);
    g_assert_false(boot(r, image, SETUP_BYTES));
    expect_error(r, "truncated");
    image[0x211] = 0;
    g_assert_false(boot(r, image, sizeof(image)));
    expect_error(r, "zImage");
    make_image(image, 0x20f);
    put(image + 0x238, 5, 4);
    g_assert_false(boot(r, image, sizeof(image)));
    expect_error(r, "this kernel takes 5");
    make_image(image, 0x20f);
    put(image + 0x260, 0xffffffff, 4); /* needs 4 GiB */
    g_assert_false(boot(r, image, sizeof(image)));
    expect_error(r, "do not fit in RAM");
    make_image(image, 0x20f);
    put(image + 0x22c, 0x800, 4);
    set_initrd(r, "a ramdisk that must lie below 2 KiB", "");
    g_assert_false(boot(r, image, sizeof(image)));
    expect_error(r, "initial ramdisk");
    g_assert_false(boot(r, "nonsense, nothing but nonsense", 30));
    expect_error(r, "neither a Linux kernel");
}

/* Code at 2 MiB; a PVH note behind the headers. */
typedef struct {
    Elf64_Ehdr header;
    Elf64_Phdr segment[2];
    Elf64_Nhdr note;
    char name[4];
    uint32_t entry;
    uint8_t code[4];
} Program;

static Program make_program(bool pvh)
{
    Program p = {
        .header = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
                    .e_type = ET_EXEC,
                    .e_machine = EM_X86_64,
                    .e_entry = 0x200000,
                    .e_phoff = offsetof(Program, segment),
                    .e_phentsize = sizeof(Elf64_Phdr),
                    .e_phnum = pvh ? 2 : 1 },
        .segment = { { .p_type = PT_LOAD,
                       .p_offset = offsetof(Program, code),
                       .p_vaddr = 0x200000,
                       .p_paddr = 0x200000,
                       .p_filesz = 4,
                       .p_memsz = 4 },
                     { .p_type = PT_NOTE,
                       .p_offset = offsetof(Program, note),
                       .p_filesz = sizeof(Elf64_Nhdr) + 8 } },
        .note = { .n_namesz = 4, .n_descsz = 4, .n_type = 18 },
        .name = "Xen",
        .entry = 0x200002,
        .code = { 0x90, 0x90, 0xf4, 0xf4 },
    };
    return p;
}

static void test_elf(Rig *r, gconstpointer unused)
{
    Program p = make_program(false);
    g_assert_true(boot(r, &p, sizeof(p)));
    g_assert_cmpint(r->entry.mode, ==, X86_ENTRY_LONG);
    g_assert_cmphex(r->entry.pc, ==, 0x200000);
    r->has_64 = false;
    g_assert_false(boot(r, &p, sizeof(p)));
    expect_error(r, "64-bit");
    p.header.e_machine = EM_RISCV;
    r->has_64 = true;
    g_assert_false(boot(r, &p, sizeof(p)));
    expect_error(r, "another architecture");
}

static void test_pvh(Rig *r, gconstpointer unused)
{
    Program p = make_program(true);
    set_initrd(r, "initrd", "");
    g_assert_true(boot(r, &p, sizeof(p)));
    g_assert_cmpint(r->entry.mode, ==, X86_ENTRY_PROTECTED);
    g_assert_cmphex(r->entry.pc, ==, 0x200002);
    g_assert_cmphex(r->entry.rbx, ==, INFO);
    g_assert_cmphex(fixture_load(&r->f, INFO, 4), ==, 0x336ec578);
    g_assert_cmpuint(fixture_load(&r->f, INFO + 12, 4), ==, 1);
    uint64_t module = fixture_load(&r->f, INFO + 16, 8);
    g_assert_cmphex(fixture_load(&r->f, module, 8), ==, RAM_END - 4096);
    g_assert_cmpuint(fixture_load(&r->f, module + 8, 8), ==, 6);
    g_assert_cmpuint(fixture_load(&r->f, INFO + 48, 4), ==, 4);
    p.note.n_namesz = 0xfffffff0; /* a note that goes on for ever is none */
    g_assert_true(boot(r, &p, sizeof(p)));
    g_assert_cmpint(r->entry.mode, ==, X86_ENTRY_LONG);
}

static void test_multiboot(Rig *r, gconstpointer unused)
{
    uint8_t image[256] = { 0 };
    put(image + 64, 0x1badb002, 4);
    put(image + 68, 0x10003, 4);
    put(image + 72, -(0x1badb002u + 0x10003u), 4);
    put(image + 76, 0x300040, 4); /* header, load, load end, bss end, entry */
    put(image + 80, 0x300000, 4);
    put(image + 84, 0, 4);
    put(image + 88, 0x301000, 4);
    put(image + 92, 0x300010, 4);
    set_initrd(r, "module", " its arguments");
    g_assert_true(boot(r, image, sizeof(image)));
    g_assert_cmpint(r->entry.mode, ==, X86_ENTRY_PROTECTED);
    g_assert_cmphex(r->entry.pc, ==, 0x300010);
    g_assert_cmphex(r->entry.rax, ==, 0x2badb002);
    g_assert_cmphex(r->entry.rbx, ==, INFO);
    g_assert_cmpuint(fixture_load(&r->f, INFO + 20, 4), ==, 1);
    uint32_t module = fixture_load(&r->f, INFO + 24, 4);
    g_assert_cmphex(fixture_load(&r->f, module, 4), ==, 0x301000);
    g_assert_cmphex(fixture_load(&r->f, module + 4, 4), ==, 0x301006);
    g_assert_cmphex(fixture_load(&r->f, 0x301000, 4), ==, 0x75646f6d);
    uint32_t map = fixture_load(&r->f, INFO + 48, 4);
    g_assert_cmpuint(fixture_load(&r->f, map, 4), ==, 20);
    put(image + 80, 0x300060, 4); /* loads from before the file's start */
    g_assert_false(boot(r, image, sizeof(image)));
    expect_error(r, "contradict");
    put(image + 80, 0x300000, 4);
    put(image + 84, 0x200000, 4);
    g_assert_false(boot(r, image, sizeof(image)));
    expect_error(r, "contradict");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/x86-boot/linux", Rig, NULL, setup, test_linux, teardown);
    g_test_add("/x86-boot/linux-32", Rig, NULL, setup, test_linux_32, teardown);
    g_test_add("/x86-boot/linux-bad", Rig, NULL, setup, test_linux_bad, teardown);
    g_test_add("/x86-boot/elf", Rig, NULL, setup, test_elf, teardown);
    g_test_add("/x86-boot/pvh", Rig, NULL, setup, test_pvh, teardown);
    g_test_add("/x86-boot/multiboot", Rig, NULL, setup, test_multiboot, teardown);
    return g_test_run();
}
