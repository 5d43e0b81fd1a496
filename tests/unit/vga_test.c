/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The standard VGA: memory modes, text and graphics pictures, VBE modes, pictures as files. */
#include <string.h>

#include "tests/unit/pci_fixture.h"
#include "ui/screen.h"

enum { VGA = PCI_DEVFN(2, 0), LFB = 0xe0000000, BAR2 = 0xe8000000 };
enum { TEXT = 0xb8000, GRAPHICS = 0xa0000, RED = 0xaa0000, WHITE = 0xffffff };

typedef struct {
    PciFixture pci;
    Object *screen;
    Surface surface;
} VgaFixture;

static void begin(VgaFixture *f)
{
    *f = (VgaFixture){ 0 };
    pci_fixture_init(&f->pci, "i440FX-pcihost", "PIIX3", PCI_DEVFN(1, 0));
    PciDevice *dev = pci_new(f->pci.device.machine, "VGA", VGA, NULL);
    g_assert_true(property_set(&dev->device.object, "vgamem_mb", "4", NULL));
    g_assert_true(device_realize(&dev->device, &f->pci.root->bus, NULL));
    g_assert_true(machine_reset(f->pci.device.machine, NULL));
    f->screen = screen_find(&f->pci.device.machine->object);
    g_assert_true(f->screen == &dev->device.object);
    pci_fixture_write(&f->pci, VGA, PCI_BAR0, 4, LFB);
    pci_fixture_write(&f->pci, VGA, PCI_BAR0 + 8, 4, BAR2);
    pci_fixture_write(&f->pci, VGA, PCI_COMMAND, 2, 3);
}

static void end(VgaFixture *f)
{
    surface_cleanup(&f->surface);
    pci_fixture_cleanup(&f->pci);
}

static void out(VgaFixture *f, uint16_t port, uint8_t value)
{
    pci_fixture_out(&f->pci, port, 1, value);
}

static void indexed(VgaFixture *f, uint16_t port, uint8_t index, uint8_t value)
{
    out(f, port, index);
    out(f, port + 1, value);
}

static void attribute(VgaFixture *f, uint8_t index, uint8_t value)
{
    pci_fixture_in(&f->pci, 0x3da, 1);
    out(f, 0x3c0, index);
    out(f, 0x3c0, value);
}

static void dac(VgaFixture *f, uint8_t index, uint8_t red, uint8_t green, uint8_t blue)
{
    out(f, 0x3c8, index);
    out(f, 0x3c9, red);
    out(f, 0x3c9, green);
    out(f, 0x3c9, blue);
}

static void store(VgaFixture *f, hwaddr address, unsigned size, uint64_t value)
{
    fixture_store(&f->pci.device, address, size, value);
}

static uint64_t load(VgaFixture *f, hwaddr address, unsigned size)
{
    return fixture_load(&f->pci.device, address, size);
}

static uint32_t pixel(VgaFixture *f, unsigned x, unsigned y)
{
    const ScreenOps *ops = object_interface(f->screen, &screen_interface);
    ops->render(f->screen, &f->surface);
    g_assert_cmpuint(x, <, f->surface.width);
    g_assert_cmpuint(y, <, f->surface.height);
    return f->surface.pixels[y * f->surface.width + x];
}

/* 16 colours whose first and last are black and white, and the screen on. */
static void colours(VgaFixture *f)
{
    for (unsigned i = 0; i < 16; i++) {
        attribute(f, i, i);
    }
    attribute(f, 0x12, 0x0f);
    dac(f, 4, 42, 0, 0);
    dac(f, 15, 63, 63, 63);
    pci_fixture_in(&f->pci, 0x3da, 1);
    out(f, 0x3c0, 0x20);
}

static void geometry(VgaFixture *f, unsigned columns, unsigned last_line, unsigned row_height,
                     unsigned offset)
{
    indexed(f, 0x3d4, 0x01, columns - 1);
    indexed(f, 0x3d4, 0x07, (last_line >> 8 & 1) << 1 | (last_line >> 9 & 1) << 6);
    indexed(f, 0x3d4, 0x12, last_line & 0xff);
    indexed(f, 0x3d4, 0x09, row_height);
    indexed(f, 0x3d4, 0x13, offset);
    indexed(f, 0x3d4, 0x17, 0xa3);
}

static void test_text_when_a_character_is_written(void)
{
    VgaFixture f;
    begin(&f);
    colours(&f);
    geometry(&f, 80, 399, 15, 40);
    indexed(&f, 0x3d4, 0x0a, 0x20);
    indexed(&f, 0x3c4, 1, 0);
    indexed(&f, 0x3c4, 2, 0x04); /* the font: plane 2 */
    indexed(&f, 0x3c4, 4, 0x06);
    indexed(&f, 0x3ce, 6, 0x04);
    indexed(&f, 0x3ce, 8, 0xff);
    store(&f, GRAPHICS + 'A' * 32 + 3, 1, 0x80);
    indexed(&f, 0x3c4, 2, 0x03); /* text: planes 0 and 1, odd and even */
    indexed(&f, 0x3c4, 4, 0x02);
    indexed(&f, 0x3ce, 5, 0x10);
    indexed(&f, 0x3ce, 6, 0x0e);
    store(&f, TEXT + 2 * 81, 2, 0x4f00 | 'A');
    g_assert_cmphex(load(&f, TEXT + 2 * 81, 2), ==, 0x4f41);
    g_assert_cmphex(pixel(&f, 9, 16 + 3), ==, WHITE);
    g_assert_cmpuint(f.surface.width, ==, 720);
    g_assert_cmpuint(f.surface.height, ==, 400);
    g_assert_cmphex(pixel(&f, 10, 16 + 3), ==, RED);
    g_assert_cmphex(pixel(&f, 9, 16 + 4), ==, RED);
    g_assert_cmphex(pixel(&f, 0, 0), ==, 0);
    fixture_check_state(&f.pci.device);
    end(&f);
}

static void test_planar_writes_in_every_mode(void)
{
    VgaFixture f;
    begin(&f);
    colours(&f);
    geometry(&f, 80, 479, 0, 40);
    indexed(&f, 0x3c4, 1, 1);
    indexed(&f, 0x3c4, 2, 0x0f);
    indexed(&f, 0x3c4, 4, 0x06);
    indexed(&f, 0x3ce, 6, 0x05);
    indexed(&f, 0x3ce, 8, 0xff);
    indexed(&f, 0x3ce, 5, 2); /* mode 2: a colour */
    indexed(&f, 0x3ce, 8, 0x80);
    load(&f, GRAPHICS + 80, 1);
    store(&f, GRAPHICS + 80, 1, 4);
    g_assert_cmphex(pixel(&f, 0, 1), ==, RED);
    g_assert_cmphex(pixel(&f, 1, 1), ==, 0);
    g_assert_cmpuint(f.surface.width, ==, 640);
    g_assert_cmpuint(f.surface.height, ==, 480);
    indexed(&f, 0x3ce, 5, 0); /* mode 0 with set/reset */
    indexed(&f, 0x3ce, 0, 0x0f);
    indexed(&f, 0x3ce, 1, 0x0f);
    indexed(&f, 0x3ce, 8, 0x40);
    load(&f, GRAPHICS + 80, 1);
    store(&f, GRAPHICS + 80, 1, 0);
    g_assert_cmphex(pixel(&f, 1, 1), ==, WHITE);
    g_assert_cmphex(pixel(&f, 0, 1), ==, RED);
    indexed(&f, 0x3ce, 5, 1); /* mode 1 copies the latch */
    load(&f, GRAPHICS + 80, 1);
    store(&f, GRAPHICS + 160, 1, 0);
    g_assert_cmphex(pixel(&f, 1, 2), ==, WHITE);
    indexed(&f, 0x3ce, 5, 3); /* mode 3: a mask of set/reset */
    indexed(&f, 0x3ce, 8, 0xff);
    load(&f, GRAPHICS + 240, 1);
    store(&f, GRAPHICS + 240, 1, 0x01);
    g_assert_cmphex(pixel(&f, 7, 3), ==, WHITE);
    indexed(&f, 0x3ce, 5, 8); /* reading compares colours */
    indexed(&f, 0x3ce, 2, 0x0f);
    indexed(&f, 0x3ce, 7, 0x0f);
    g_assert_cmphex(load(&f, GRAPHICS + 80, 1), ==, 0x40);
    end(&f);
}

static void test_256_colours_in_chain4(void)
{
    VgaFixture f;
    begin(&f);
    colours(&f);
    geometry(&f, 80, 399, 0x41, 40);
    indexed(&f, 0x3c4, 2, 0x0f);
    indexed(&f, 0x3c4, 4, 0x0e);
    indexed(&f, 0x3ce, 5, 0x40);
    indexed(&f, 0x3ce, 6, 0x05);
    store(&f, GRAPHICS + 320 + 7, 1, 4);
    g_assert_cmphex(pixel(&f, 7, 1), ==, RED);
    g_assert_cmpuint(f.surface.width, ==, 320);
    g_assert_cmpuint(f.surface.height, ==, 200);
    end(&f);
}

static void dispi(VgaFixture *f, uint16_t index, uint16_t value)
{
    pci_fixture_out(&f->pci, 0x1ce, 2, index);
    pci_fixture_out(&f->pci, 0x1cf, 2, value);
}

static uint16_t dispi_value(VgaFixture *f, uint16_t index)
{
    pci_fixture_out(&f->pci, 0x1ce, 2, index);
    return pci_fixture_in(&f->pci, 0x1cf, 2);
}

static void test_vbe_when_a_mode_is_set(void)
{
    VgaFixture f;
    begin(&f);
    g_assert_cmphex(dispi_value(&f, 0), ==, 0xb0c5);
    g_assert_cmphex(dispi_value(&f, 10), ==, 4 << 4);
    dispi(&f, 4, 2);
    g_assert_cmpuint(dispi_value(&f, 1), ==, 16000);
    dispi(&f, 4, 0);
    dispi(&f, 1, 800);
    dispi(&f, 2, 600);
    dispi(&f, 3, 32);
    dispi(&f, 4, 0x41);
    store(&f, LFB + (2 * 800 + 3) * 4, 4, 0x123456);
    g_assert_cmphex(pixel(&f, 3, 2), ==, 0x123456);
    g_assert_cmpuint(f.surface.width, ==, 800);
    g_assert_cmpuint(f.surface.height, ==, 600);
    dispi(&f, 9, 2);
    g_assert_cmphex(pixel(&f, 3, 0), ==, 0x123456);
    g_assert_cmphex(load(&f, BAR2 + 0x502, 2), ==, 800);
    store(&f, BAR2 + 0x506, 2, 16);
    g_assert_cmpuint(dispi_value(&f, 3), ==, 16);
    indexed(&f, 0x3ce, 6, 0x05);
    dispi(&f, 5, 1);
    store(&f, GRAPHICS, 2, 0xf800);
    g_assert_cmphex(load(&f, LFB + 0x10000, 2), ==, 0xf800);
    fixture_check_state(&f.pci.device);
    dispi(&f, 1, 0xffff);
    dispi(&f, 2, 0xffff);
    dispi(&f, 6, 0xffff);
    dispi(&f, 8, 0xffff);
    dispi(&f, 9, 0xffff);
    pixel(&f, 0, 0); /* whatever is left of it lies in memory */
    end(&f);
}

static void test_pictures_as_files(void)
{
    uint32_t pixels[] = { 0x112233, 0x445566 };
    const Surface surface = { 2, 1, pixels };
    g_autoptr(GByteArray) ppm = surface_to_ppm(&surface);
    g_autoptr(GByteArray) png = surface_to_png(&surface);
    g_assert_cmpmem(ppm->data, ppm->len, "P6\n2 1\n255\n\x11\x22\x33\x44\x55\x66", 17);
    g_assert_cmpmem(png->data, 16, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
    g_assert_cmpmem(png->data + png->len - 12, 12, "\0\0\0\0IEND\xae\x42\x60\x82", 12);
}

static void test_hostile_values_in_every_register(void)
{
    static const uint16_t values[] = { 0,    1,    3,    7,    0xf,    0x10,  0x20,
                                       0x41, 0x7f, 0x80, 0xff, 0x7fff, 0xffff };
    VgaFixture f;
    begin(&f);
    for (unsigned round = 0; round < 3000; round++) {
        uint16_t value = values[g_test_rand_int_range(0, G_N_ELEMENTS(values))];
        unsigned index = g_test_rand_int_range(0, 40);
        switch (g_test_rand_int_range(0, 7)) {
        case 0: indexed(&f, 0x3c4, index, value); break;
        case 1: indexed(&f, 0x3ce, index, value); break;
        case 2: indexed(&f, 0x3d4, index, value); break;
        case 3: attribute(&f, index, value); break;
        case 4: dispi(&f, index % 12, value % 2048); break;
        case 5: store(&f, GRAPHICS + value * 2, 1 << index % 4, value); break;
        default: pci_fixture_out(&f.pci, 0x3b0 + index, 1, value); break;
        }
        load(&f, GRAPHICS + value * 2, 1);
        if (round % 100 == 0) {
            pixel(&f, 0, 0);
        }
    }
    fixture_check_state(&f.pci.device);
    pci_fixture_hostile(&f.pci, VGA, 256);
    end(&f);
}

static void test_monitor_tells_of_itself(void)
{
    static const uint8_t header[] = { 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0 };
    VgaFixture f;
    uint8_t sum = 0;
    begin(&f);
    for (unsigned i = 0; i < 128; i++) {
        uint8_t byte = fixture_load(&f.pci.device, BAR2 + i, 1);
        g_assert_true(i >= sizeof(header) || byte == header[i]);
        sum += byte;
    }
    g_assert_cmphex(sum, ==, 0);
    g_assert_cmphex(fixture_load(&f.pci.device, BAR2 + 56, 1), ==, 1280 & 0xff);
    g_assert_cmphex(fixture_load(&f.pci.device, BAR2 + 58, 1) >> 4, ==, 1280 >> 8);
    g_assert_cmphex(fixture_load(&f.pci.device, BAR2 + 59, 1), ==, 800 & 0xff);
    fixture_store(&f.pci.device, BAR2, 4, 0x5a5a5a5a);
    g_assert_cmphex(fixture_load(&f.pci.device, BAR2, 1), ==, 0);
    end(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vga/text", test_text_when_a_character_is_written);
    g_test_add_func("/vga/planar", test_planar_writes_in_every_mode);
    g_test_add_func("/vga/chain4", test_256_colours_in_chain4);
    g_test_add_func("/vga/vbe", test_vbe_when_a_mode_is_set);
    g_test_add_func("/vga/files", test_pictures_as_files);
    g_test_add_func("/vga/hostile", test_hostile_values_in_every_register);
    g_test_add_func("/vga/edid", test_monitor_tells_of_itself);
    return g_test_run();
}
