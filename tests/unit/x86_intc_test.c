/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 8259 pair and I/O APIC. */
#include "hw/intc/i8259.h"
#include "hw/intc/ioapic.h"
#include "tests/unit/isa_fixture.h"

enum { PIC1 = 0x20, PIC2 = 0xa0, INTR = 40 };

static Device *pic_setup(IsaFixture *isa)
{
    isa_fixture_init(isa);
    Device *pic = isa_fixture_add(isa, "isa-i8259", NULL);
    device_connect_irq(pic, NULL, 0, fixture_irq(&isa->f, INTR));
    isa_fixture_reset(isa);
    static const uint8_t words[][2] = { { PIC1, 0x11 },  { PIC1 + 1, 0x30 }, { PIC1 + 1, 4 },
                                        { PIC1 + 1, 1 }, { PIC2, 0x11 },     { PIC2 + 1, 0x38 },
                                        { PIC2 + 1, 2 }, { PIC2 + 1, 1 } };
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        isa_out(isa, words[i][0], words[i][1]);
    }
    return pic;
}

static void test_pic_nested_and_cascaded(void)
{
    IsaFixture isa;
    Device *pic = pic_setup(&isa);
    Irq *four = device_irq_input(pic, NULL, 4), *ten = device_irq_input(pic, NULL, 10);
    irq_raise(four);
    g_assert_cmpint(isa.f.level[INTR], ==, 1);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x34);
    g_assert_cmpint(isa.f.level[INTR], ==, 0);
    irq_raise(ten); /* higher: behind input 2 */
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x3a);
    isa_out(&isa, PIC1, 0x0b); /* read in-service */
    g_assert_cmphex(isa_in(&isa, PIC1), ==, 0x14);
    irq_raise(device_irq_input(pic, NULL, 8)); /* higher than 10, but first's 2 is in service */
    g_assert_cmpint(isa.f.level[INTR], ==, 0);
    isa_out(&isa, PIC2, 0x20);
    isa_out(&isa, PIC1, 0x20);
    g_assert_cmpint(isa.f.level[INTR], ==, 1);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x38);
    isa_out(&isa, PIC2, 0x60); /* specific */
    isa_out(&isa, PIC1, 0x62);
    isa_out(&isa, PIC1, 0x64);
    g_assert_cmphex(isa_in(&isa, PIC1), ==, 0);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x37); /* spurious */
    g_assert_cmphex(isa_in(&isa, PIC1), ==, 0);
    isa_fixture_cleanup(&isa);
}

static void test_pic_masks_and_levels(void)
{
    IsaFixture isa;
    Device *pic = pic_setup(&isa);
    Irq *eleven = device_irq_input(pic, NULL, 11);
    isa_out(&isa, 0x4d1, 0xff);
    g_assert_cmphex(isa_in(&isa, 0x4d1), ==, 0xde);
    irq_raise(eleven);
    isa_out(&isa, PIC2 + 1, 0x08);
    g_assert_cmpint(isa.f.level[INTR], ==, 0);
    isa_out(&isa, PIC2 + 1, 0);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x3b);
    isa_out(&isa, PIC2, 0x20);
    isa_out(&isa, PIC1, 0x20);
    g_assert_cmpint(isa.f.level[INTR], ==, 1); /* still up */
    irq_lower(eleven);
    g_assert_cmpint(isa.f.level[INTR], ==, 0);
    isa_fixture_cleanup(&isa);
}

static void test_pic_rotation_poll_special(void)
{
    IsaFixture isa;
    Device *pic = pic_setup(&isa);
    isa_out(&isa, PIC1, 0xc4); /* 4 is the lowest: 5 the highest */
    irq_pulse(device_irq_input(pic, NULL, 0));
    irq_pulse(device_irq_input(pic, NULL, 5));
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x35);
    isa_out(&isa, PIC1, 0xa0); /* rotate: 6 the highest */
    isa_out(&isa, PIC1, 0x0c); /* poll */
    g_assert_cmphex(isa_in(&isa, PIC1), ==, 0x80);
    irq_pulse(device_irq_input(pic, NULL, 1));
    g_assert_cmpint(isa.f.level[INTR], ==, 0);
    isa_out(&isa, PIC1 + 1, 0x01);
    isa_out(&isa, PIC1, 0x68); /* special mask: 0, masked, holds nobody back */
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x31);
    isa_out(&isa, PIC1, 0x20); /* clears 1, not the masked 0 */
    isa_out(&isa, PIC1, 0x0b);
    g_assert_cmphex(isa_in(&isa, PIC1), ==, 0x01);
    isa_hostile(&isa, PIC1, 2);
    isa_hostile(&isa, PIC2, 2);
    isa_hostile(&isa, 0x4d0, 2);
    isa_fixture_cleanup(&isa);
}

static void test_pic_automatic_eoi(void)
{
    IsaFixture isa;
    Device *pic = pic_setup(&isa);
    isa_out(&isa, PIC1, 0x13); /* single, with ICW4 */
    isa_out(&isa, PIC1 + 1, 0x40);
    isa_out(&isa, PIC1 + 1, 0x03);
    irq_pulse(device_irq_input(pic, NULL, 3));
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x43);
    isa_out(&isa, PIC1, 0x0b);
    g_assert_cmphex(isa_in(&isa, PIC1), ==, 0);
    isa_fixture_cleanup(&isa);
}

typedef struct {
    DeviceFixture f;
    hwaddr address;
    uint32_t data;
    unsigned count;
} Bench;

static void got_message(void *opaque, hwaddr address, uint32_t data)
{
    Bench *b = opaque;
    b->address = address;
    b->data = data;
    b->count++;
}

static void ioapic_set(Bench *b, unsigned index, uint32_t value)
{
    fixture_write(&b->f, 0, 4, index);
    fixture_write(&b->f, 0x10, 4, value);
}
static uint32_t ioapic_get(Bench *b, unsigned index)
{
    fixture_write(&b->f, 0, 4, index);
    return fixture_read(&b->f, 0x10, 4);
}

static void test_ioapic(void)
{
    Bench b = { .count = 0 };
    fixture_init(&b.f);
    fixture_add(&b.f, "ioapic", NULL);
    fixture_place(&b.f);
    ioapic_set_target(b.f.dev, got_message, &b);
    g_assert_cmphex(ioapic_get(&b, 1), ==, 0x170020);
    g_assert_cmphex(ioapic_get(&b, 0x10 + 2 * 23), ==, 0x10000);
    Irq *four = device_irq_input(b.f.dev, NULL, 4), *nine = device_irq_input(b.f.dev, NULL, 9);
    irq_pulse(four); /* masked edges are lost */
    ioapic_set(&b, 0x19, 0x03000000);
    ioapic_set(&b, 0x18, 0x00000941);
    g_assert_cmpuint(b.count, ==, 0);
    irq_pulse(four);
    g_assert_cmphex(b.address, ==, 0xfee03004);
    g_assert_cmphex(b.data, ==, 0x141);
    irq_raise(nine);
    ioapic_set(&b, 0x22, 0x00008062); /* level and up: at once */
    g_assert_cmpuint(b.count, ==, 2);
    g_assert_cmphex(b.data, ==, 0xc062);
    g_assert_cmphex(ioapic_get(&b, 0x22), ==, 0xc062);
    irq_lower(nine);
    irq_raise(nine);
    g_assert_cmpuint(b.count, ==, 2); /* waits for the end */
    ioapic_eoi(b.f.dev, 0x61);
    g_assert_cmpuint(b.count, ==, 2);
    ioapic_eoi(b.f.dev, 0x62);
    g_assert_cmpuint(b.count, ==, 3);
    irq_lower(nine);
    fixture_write(&b.f, 0x40, 4, 0x62);
    g_assert_cmphex(ioapic_get(&b, 0x22), ==, 0x8062);
    g_assert_cmpuint(b.count, ==, 3);
    fixture_hostile(&b.f, 0x60);
    for (unsigned i = 0; i < 256; i++) {
        ioapic_set(&b, i, UINT32_MAX);
        ioapic_get(&b, i);
    }
    fixture_check_state(&b.f);
    fixture_cleanup(&b.f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/i8259/nested", test_pic_nested_and_cascaded);
    g_test_add_func("/i8259/level", test_pic_masks_and_levels);
    g_test_add_func("/i8259/rotation", test_pic_rotation_poll_special);
    g_test_add_func("/i8259/auto-eoi", test_pic_automatic_eoi);
    g_test_add_func("/ioapic/routing", test_ioapic);
    return g_test_run();
}
